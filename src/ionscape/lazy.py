"""Public names that are loaded where they are first used: the stub beside a package is the one list of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str, file: str) -> tuple[Callable[[str], Any], list[str]]:
    """`__getattr__` and `__all__` of a package, as its stub imports its names.

    Importing the package loads nothing, and type checkers read the stub itself. What the stub only annotates is in
    `__all__` too; the package gives it itself.

    Args:
        package: its `__name__`.
        file: its `__file__`; the stub `__init__.pyi` stands beside it.
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8")).body
    homes = {alias.name: str(node.module) for node in stub if isinstance(node, ast.ImportFrom) for alias in node.names}
    own = [node.target.id for node in stub if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if homes[name] == package:
            return import_module(f"{package}.{name}")
        return getattr(import_module(homes[name]), name)

    return load, sorted([*homes, *own])
