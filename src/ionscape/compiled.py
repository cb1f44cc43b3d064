"""How kernels are compiled: once, cached on disk beside the installed package (or in the user's cache folder).

Where neither can be written, as in a shared installation without a home, they are kept in a folder of the user's own
in that for temporary files; where that is not to be had either, they are compiled anew in every process.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from ionscape.makeshift import makeshift_folder, makeshift_path

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Fused multiply-add and reordering of sums, but no assumption that numbers are finite: tests for that stay.
_FAST = {"contract", "reassoc", "arcp", "nsz"}
_IN_ORDER = {"contract"}

_NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
KERNELS = "kernels"  # name of their makeshift folder
_REMEDY = f"set {CACHE_VARIABLE} to a folder that can be written and lasts"
_state: dict[str, bool] = {}


FIRST_USE = "after an installation it is compiled first, once (about a minute)"


def first_use(package: str) -> str:
    """What to say before kernels of a subpackage, such as "transport", are used; empty if they are compiled already."""
    return "" if kernels_are_cached(package) else FIRST_USE


def kernels_are_cached(package: str) -> bool:
    """Whether a kernel of a subpackage has been compiled on this machine since its file was written.

    numba keeps them beside the source, in a folder of the user, or in that of the variable NUMBA_CACHE_DIR,
    or in the makeshift one.
    """
    folder = Path(__file__).parent / package
    given = os.environ.get(CACHE_VARIABLE)
    makeshift = makeshift_path(KERNELS)
    places = [Path(given)] if given else [folder, *_folders_of_the_user(), *([makeshift] if makeshift else [])]
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
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
    usual = {
        "win32": Path(os.environ.get("LOCALAPPDATA", home)) / "numba" / "Cache",
        "darwin": home / "Library" / "Caches" / "numba",
    }
    return [usual.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba")]


def kernel(function: _Function) -> _Function:
    """Compile a function at its first call. Divisions by zero give infinities, as in numpy."""
    return cast(_Function, _compiled(function))


def ordered_kernel(function: _Function) -> _Function:
    """The same, but sums keep their order: a result does not depend on how the compiler arranges the calls."""
    return cast(_Function, _compiled(function, fastmath=_IN_ORDER))


def rounding_kernel(function: _Function) -> _Function:
    """The same, but no product is fused with a sum: each is rounded, wherever the compiler puts it."""
    return cast(_Function, _compiled(function, fastmath=set()))


def inner_kernel(function: _Function) -> _Function:
    """An ordered one that other kernels alone call: Python cannot call it, and nothing is compiled for that.

    What takes apart the arguments of a call from Python, nested tuples of arrays, would be compiled for every kernel.
    """
    return cast(_Function, _compiled(function, fastmath=_IN_ORDER, **_inner_options()))


def summing_kernel(function: _Function) -> _Function:
    """An inlined one whose sums may be rearranged: for long sums, which the processor then adds several at a time."""
    return cast(_Function, _compiled(function, fastmath=_FAST, forceinline=True, **_inner_options()))


def inlined_kernel(function: _Function) -> _Function:
    """The same, and copied into its callers by the compiler however large it is: for the loops over all cells."""
    return cast(_Function, _compiled(function, fastmath=_IN_ORDER, forceinline=True, **_inner_options()))


def _inner_options() -> dict[str, Any]:
    """Without what Python calls; compiled as `inner_compiler` says, if this numba has its parts where they were."""
    with suppress(ImportError):
        from ionscape.inner_compiler import InnerCompiler  # it loads numba

        return {**_NO_WRAPPERS, "pipeline_class": InnerCompiler}
    return {**_NO_WRAPPERS}


def _compiled(function: Callable[..., Any], *, fastmath: set[str] = _FAST, **options: Any) -> Any:
    from numba import config, njit  # only here: the pages of the workbench ask for `first_use` alone

    if cast(Any, config).DISABLE_JIT:
        return function
    cached = "no cache" not in _state
    while True:
        try:
            made: Any = njit(cache=cached, error_model="numpy", fastmath=fastmath, **options)(function)
        except RuntimeError as error:
            if not cached or "cannot cache" not in str(error):
                raise
            cached = _fall_back()
        else:
            return _with_patience(made) if cached else made


def _with_patience(made: Any) -> Any:
    """The same; a disk that is full costs it its place in the cache and not the run."""
    save = made._cache.save_overload

    def save_if_possible(*arguments: Any) -> None:
        with suppress(OSError):
            save(*arguments)

    made._cache.save_overload = save_if_possible
    return made


def _fall_back() -> bool:
    """Choose another folder for the cache, and say so; whether there is one."""
    folder = None if "fallen back" in _state else makeshift_folder(KERNELS)
    _state["fallen back"] = True
    if folder is None:
        _state["no cache"] = True
        _say(f"compiled code cannot be kept anywhere, so every start compiles for a minute; {_REMEDY}")
        return False
    import numba

    # both: numba has read the variable already, and processes that are started from here read it
    os.environ[CACHE_VARIABLE] = str(folder)
    cast(Any, numba).config.CACHE_DIR = str(folder)
    _say(f"compiled code is kept in {folder}, since no other folder for it can be written; {_REMEDY}")
    return True


def _say(sentence: str) -> None:
    """One line on standard error, unless the program has arranged otherwise, and not of every process again."""
    if multiprocessing.parent_process() is None:
        logging.getLogger("ionscape").warning(sentence)


def cache_folder() -> tuple[Path | None, bool]:
    """Where compiled code is kept, and whether that is a makeshift; None if it is kept nowhere.

    Asked is numba itself, with a function of this file: what a folder allows can only be found out by trying.
    """
    made = kernel(_nothing)
    makeshift = "fallen back" in _state
    return (None, makeshift) if "no cache" in _state else (Path(cast(Any, made).stats.cache_path), makeshift)


def _nothing() -> None:
    """Compiled by nobody."""
