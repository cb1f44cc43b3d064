"""`ionscape doctor`: what this installation consists of, and what it lacks."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import typer

from ionscape.cli.terminal import say
from ionscape.optional import EXTRAS, install_command

FAULTY = 1


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A line of the report: what, how it is, and whether that is a fault."""

    name: str
    value: str
    faulty: bool = False


def doctor_command() -> None:
    """Print versions, processors, the cache of compiled code and the optional parts; exit status 1 for a fault."""
    findings = [*_machine(), _cache(), *_needed(), *_optional()]
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        # plain lines: they are pasted into the report of a fault
        say(f"{finding.name:<{width}}  {finding.value}")
    faulty = [finding.name for finding in findings if finding.faulty]
    verdict = f"to be mended: {', '.join(faulty)}" if faulty else "nothing is missing that the package needs"
    say(verdict)
    if faulty:
        raise typer.Exit(FAULTY)


def _machine() -> Iterator[Finding]:
    from ionscape.provenance import package_version

    yield Finding(name="ionscape", value=package_version())
    yield Finding(name="Python", value=f"{platform.python_version()} ({sys.executable})")
    yield Finding(name="system", value=f"{platform.system()} {platform.release()}, {platform.machine()}")
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding(name="processors", value=f"{os.cpu_count()}, of which this process may use {allowed}")


def _cache() -> Finding:
    """Where numba keeps compiled kernels, how many there are, and whether they outlast this process."""
    # only here, as numba takes a second to load
    from ionscape.compiled import CACHE_VARIABLE, cache_folder

    name, remedy = "compiled code", f"set {CACHE_VARIABLE} to a folder that can be written and lasts"
    logging.getLogger("ionscape").disabled = True  # the line that says the same
    place, makeshift = cache_folder()
    if place is None:
        return Finding(name=name, value=f"can be kept nowhere, every start compiles; {remedy}", faulty=True)
    folder = _all_of_it(place)
    kernels = [path for path in folder.rglob("*.nbc") if path.is_file()]
    if kernels:
        size = sum(path.stat().st_size for path in kernels) / 1e6
        value = f"{len(kernels)} kernels in {folder}, {size:.1f} MB"
    else:
        value = f"none yet; the first simulation fills {folder}"
    given = os.environ.get(CACHE_VARIABLE)
    passed_over = bool(given) and not place.is_relative_to(Path(str(given)).absolute())
    if makeshift:
        value = f"{value}, a makeshift since no other folder for it can be written; {remedy}"
    elif passed_over:
        value = f"{value}, since {CACHE_VARIABLE} = {given} cannot be written; {remedy}"
    return Finding(name=name, value=value, faulty=makeshift or passed_over)


def _all_of_it(place: Path) -> Path:
    """The folder of the whole cache, from that of the kernels of one folder of the package."""
    import ionscape

    own = Path(str(ionscape.__file__)).parent
    return own if place.is_relative_to(own) else place.parent


def _needed() -> Iterator[Finding]:
    """Distributions that the package cannot do without, in the order of its metadata."""
    for requirement in _requirements():
        if "extra ==" in requirement:
            continue
        name, least = _name_and_least(requirement)
        found = _version(name)
        if found is None:
            yield Finding(name=name, value="missing: install ionscape again", faulty=True)
        elif _order(found) < _order(least):
            yield Finding(name=name, value=f"{found}, older than {least}: install ionscape again", faulty=True)
        else:
            yield Finding(name=name, value=found)


def _optional() -> Iterator[Finding]:
    """The extras: versions of their modules, and what they are for."""
    for name, extra in EXTRAS.items():
        found = {module: _version(module) for module in extra.modules}
        if all(found.values()):
            value = ", ".join(f"{module} {its_version}" for module, its_version in found.items())
        else:
            value = f"not installed; `{install_command(name)}`"
        yield Finding(name=f"extra {name}", value=f"{value} ({extra.enables})")


def _requirements() -> list[str]:
    from ionscape.provenance import DISTRIBUTION

    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _name_and_least(requirement: str) -> tuple[str, str]:
    """Name and lowest version of a requirement such as `numpy>=2.0`; the version is empty where none is stated."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    least = re.search(r">=\s*([0-9][0-9.]*)", requirement)
    return (name.group() if name else requirement), (least.group(1) if least else "")


def _order(text: str) -> tuple[int, ...]:
    """The numbers of a release in the order in which releases follow; what comes after them is left out."""
    start = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    numbers = [int(number) for number in start.group().split(".")] if start else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
