"""Every snippet of the documentation runs: Python and shell blocks page by page and in order, TOML blocks are read.

Each page starts in a folder that holds nothing but a copy of ``examples/``, so it shows all that its reader has to do.
The costliest examples are coarser there: what they give is held by tests of their own.
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

import ionscape
from coarser import copy_coarser_examples

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "ionscape"
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
FENCED_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
WITH_A_PROCESS_FOR_EACH_CORE = {"fit-a-measurement", "run-on-a-cluster"}  # processes take two seconds to start
SET_UP_COMMANDS = ("python3.11 ", "pip ")


class Snippet(NamedTuple):
    """A fenced block: its language, its text, and the line of the page on which that text starts."""

    language: str
    text: str
    line: int


def snippets_of(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCED_BLOCK.finditer(text):
        indent = match["indent"]
        lines = [line.removeprefix(indent) for line in match["text"].splitlines()]
        found.append(Snippet(match["language"], "\n".join(lines), text.count("\n", 0, match.start("text"))))
    return found


def run_python(snippet: Snippet, page: Path, names: dict) -> None:
    # Empty lines in front make a traceback point to the line of the page.
    exec(compile("\n" * snippet.line + snippet.text, str(page), "exec"), names)


def run_shell(snippet: Snippet) -> None:
    from ionscape.cli import main

    for command in snippet.text.replace("\\\n", " ").splitlines():
        if not command.strip() or command.startswith(SET_UP_COMMANDS):
            continue
        program, *arguments = shlex.split(command, comments=True)
        assert program == "ionscape", f"line {snippet.line}: only commands of the package can be tried: {command}"
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        assert leaving.value.code == 0, command


def read_toml(snippet: Snippet, folder: Path) -> None:
    from ionscape.experiment import parse_experiment
    from ionscape.inference.problem import validate_fit
    from ionscape.profiling.load import validate_settings

    tables = tomllib.loads(snippet.text)
    if "fit" in tables:
        validate_fit(tables["fit"], file="snippet.toml")
    elif "measurement" in tables:
        validate_settings(tables["measurement"], file="snippet.toml")
    elif "title" in tables:
        parse_experiment(snippet.text, file="snippet.toml", folder=folder)


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    copy_coarser_examples(tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    return tmp_path


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.relative_to(REPOSITORY).as_posix()) for page in PAGES if snippets_of(page)],
)
def test_snippets_of_a_page_run_in_order(page, empty_folder, monkeypatch):
    if page.stem not in WITH_A_PROCESS_FOR_EACH_CORE:
        monkeypatch.setattr("ionscape.scaleout.ensemble.available_cores", lambda: 1)
    names = {"__name__": "__main__"}
    for snippet in snippets_of(page):
        match snippet.language:
            case "python":
                run_python(snippet, page, names)
            case "shell":
                run_shell(snippet)
            case "toml":
                read_toml(snippet, empty_folder)
            case language:
                assert language in {"text", "math"}, f"line {snippet.line}: {language} blocks are not tried"


def test_pages_are_found():
    languages = {snippet.language for page in PAGES for snippet in snippets_of(page)}
    assert languages >= {"python", "shell", "toml"}


def modules_with_examples() -> list[str]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            found.append(".".join(part for part in parts if part != "__init__"))
    return found


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize("name", modules_with_examples())
def test_docstring_examples_of_a_module_hold(name):
    module = importlib.import_module(name)
    outcome = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_the_kinds_of_stages_are_known_where_they_are_defined_alone():
    kinds = "irradiation|contact|storage"
    known = re.compile(rf'isinstance\(\w+, ({kinds})|\.kind [!=]= "({kinds})"|\bis contact\b', re.IGNORECASE)
    assert [path.name for path in SOURCE.rglob("*.py") if known.search(path.read_text(encoding="utf-8"))] == []


def test_the_page_on_result_files_names_all_that_a_result_holds():
    result = ionscape.simulate(ionscape.load_experiment(REPOSITORY / "examples" / "rb-mono-cait.toml"))
    page = (REPOSITORY / "docs" / "reference" / "result-file.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page))
    assert described >= {str(name) for name in result.dataset.variables}
    assert described >= set(result.dataset.attrs)
    assert described >= set(result.summary()) | set(result.summary()["stages"][0])


def test_the_page_on_profile_files_names_all_that_a_profile_holds():
    profile = ionscape.calibrate(ionscape.load_measurement(REPOSITORY / "examples" / "rb-mono-fit.toml"))
    page = (REPOSITORY / "docs" / "reference" / "profile-file.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page))
    assert described >= {str(name) for name in profile.dataset.variables}
    assert described >= set(profile.dataset.attrs)
    assert described >= set(profile.summary())
