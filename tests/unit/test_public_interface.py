"""The public interface: what `__all__` names is documented, on one page, and complete."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import ionscape

APPLICATIONS = ("ionscape.cli", "ionscape.workbench")  # commands and pages are no Python interface


@pytest.fixture(scope="module")
def listed(repository: Path) -> tuple[str, ...]:
    """The packages of the page, as `docs/hooks.py` lists them; importing it would need what builds the pages."""
    tree = ast.parse((repository / "docs" / "hooks.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PUBLIC_PACKAGES":
            return tuple(package for _, package in ast.literal_eval(node.value))
    raise AssertionError("docs/hooks.py lists no PUBLIC_PACKAGES")


def public_modules() -> dict[str, ModuleType]:
    """Packages and modules directly within the package that name what is public, and the quantities of files."""
    names = [f"ionscape.{found.name}" for found in pkgutil.iter_modules(ionscape.__path__)]
    names.append("ionscape.files.quantities")
    modules = {name: importlib.import_module(name) for name in names if name not in APPLICATIONS}
    return {name: module for name, module in modules.items() if hasattr(module, "__all__")}


def test_page_lists_every_package_with_public_names(listed: tuple[str, ...], repository: Path) -> None:
    assert sorted(listed) == sorted(public_modules())
    assert "<!-- generated: python -->" in (repository / "docs/reference/python.md").read_text(encoding="utf-8")


def test_names_at_hand_are_public_where_they_are_defined() -> None:
    modules = public_modules()
    for name in ionscape.__all__:
        if name == "__version__" or f"ionscape.{name}" in modules:
            continue
        homes = [module for module in modules.values() if name in module.__all__]
        assert homes, f"isc.{name} is public in no package"
        assert all(getattr(home, name) is getattr(ionscape, name) for home in homes)


@pytest.mark.parametrize("package", sorted(public_modules()))
def test_public_names_exist_once_and_in_order(package: str) -> None:
    module = public_modules()[package]
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)
        assert not name.startswith("_")


@pytest.mark.parametrize("package", sorted(public_modules()))
def test_docstrings_have_what_a_reader_needs(package: str) -> None:
    module = public_modules()[package]
    lacking = {name: found for name in module.__all__ if (found := sections_lacking(getattr(module, name), package))}
    assert lacking == {}


def sections_lacking(value: object, package: str) -> list[str]:
    """What the docstring of a function or class lacks; of other values nothing is asked."""
    text = inspect.getdoc(value) or ""
    if inspect.isclass(value):
        known = [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
        fields = [name for name in known if not name.startswith("_") and f"{name}:" not in text]
        return fields if text else ["docstring"]
    if not inspect.isfunction(value):
        return []
    lacking = [] if text else ["docstring"]
    # the relations have tables of their letters, or refer to the function that has it
    if len(inspect.signature(value).parameters) > 1 and package != "ionscape.relations" and "\nArgs:\n" not in text:
        lacking.append("Args")
    if re.search(r"^    +raise \w", inspect.getsource(value), re.MULTILINE) and "\nRaises:\n" not in text:
        lacking.append("Raises")
    return lacking
