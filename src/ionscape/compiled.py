"""How kernels are compiled: once, cached on disk beside the installed package (or in the user's cache folder)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Fused multiply-add and reordering of sums, but no assumption that numbers are finite: tests for that stay.
_FAST = {"contract", "reassoc", "arcp", "nsz"}


FIRST_USE = "after an installation it is compiled first, once (about a minute)"


def first_use(package: str) -> str:
    """What to say before kernels of a subpackage, such as "transport", are used; empty if they are compiled already."""
    return "" if kernels_are_cached(package) else FIRST_USE


def kernels_are_cached(package: str) -> bool:
    """Whether a kernel of a subpackage has been compiled on this machine since its file was written.

    numba keeps them beside the source, in a folder of the user, or in that of the variable NUMBA_CACHE_DIR.
    """
    folder = Path(__file__).parent / package
    given = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(given)] if given else [folder, *_folders_of_the_user()]
    ending = f".py{sys.version_info.major}{sys.version_info.minor}.nbi"
    written = {path.stem: path.stat().st_mtime for path in folder.glob("*.py")}
    try:
        return any(
            path.name.endswith(ending) and path.stat().st_mtime >= written.get(path.name.split(".")[0], float("inf"))
            for place in places
            for path in place.rglob("*.nbi")
        )
    except OSError:
        return False


def _folders_of_the_user() -> list[Path]:
    """Where numba keeps what it cannot keep beside the source; numba itself takes a second to load."""
    home = Path.home()
    usual = {
        "win32": Path(os.environ.get("LOCALAPPDATA", home)) / "numba" / "Cache",
        "darwin": home / "Library" / "Caches" / "numba",
    }
    return [usual.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba")]


def kernel(function: _Function) -> _Function:
    """Compile a function at its first call. Divisions by zero give infinities, as in numpy."""
    from numba import njit

    return cast(_Function, njit(cache=True, error_model="numpy", fastmath=_FAST)(function))


def kernel_inline(function: _Function) -> _Function:
    """The same, but copied into its callers before they are compiled: for large functions of the innermost loops."""
    from numba import njit

    return cast(_Function, njit(cache=True, error_model="numpy", fastmath=_FAST, inline="always")(function))
