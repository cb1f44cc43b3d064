"""The files around the package agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ionscape.references import PAPERS

MARKED_COMMAND = re.compile(r"<!-- command: (\w+) -->\n```shell\n(.*?)\n```", re.DOTALL)
SHELL_BLOCK = re.compile(r"^```(?:shell|bash|console|sh)$", re.MULTILINE)


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(readme: str) -> dict[str, str]:
    return dict(MARKED_COMMAND.findall(readme))


@pytest.fixture(scope="module")
def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_readme_names_exactly_two_commands_for_a_fresh_machine(readme, commands):
    assert set(commands) == {"simulate", "test"}
    assert len(SHELL_BLOCK.findall(readme)) == 2
    for command in commands.values():
        assert command.startswith("python3.11 -m venv .venv && ")
        assert "\n" not in command


def test_ci_takes_both_commands_from_the_readme(repository, commands):
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")
    for name, command in commands.items():
        assert f"readme_command {name})" in script
        assert f'-c "${name}_command"' in script
        assert command.removeprefix("python3.11 -m venv .venv && ") not in script  # no second, ageing copy


def test_contributing_names_the_test_command_of_the_readme(repository, commands):
    assert commands["test"] in (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_simulate_command_uses_an_example_that_ships_with_the_project(repository, commands):
    (example,) = re.findall(r"examples/\S+\.toml", commands["simulate"])
    assert (repository / example).is_file()


def test_citation_has_the_version_and_licence_of_the_package(repository, project):
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in citation
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    (released,) = re.findall(r"^date-released: (\S+)$", citation, re.MULTILINE)
    assert f"\n## [{project['version']}] - {released}\n" in changelog
    assert f"\nlicense: {project['license']}\n" in citation


def test_citation_and_the_command_cite_name_the_same_papers(repository):
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^    doi: (\S+)$", citation, re.MULTILINE) == [paper.doi for paper in PAPERS]
    titles = re.findall(r"^    title: (?:>-\n\s+)?(.+(?:\n {6}\S.*)*)$", citation, re.MULTILINE)
    assert [" ".join(title.split()) for title in titles] == [paper.title for paper in PAPERS]


def test_ci_tries_every_python_that_is_named(repository, project):
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")
    named = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    assert project["requires-python"] == f">={named[0]}"
    assert re.findall(r"^    try_python (.+)$", script, re.MULTILINE) == named[1:]  # the first one runs all tests


def test_license_is_the_one_that_is_declared(repository, project):
    assert project["license"] == "BSD-3-Clause"
    assert (repository / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")


def test_changelog_has_room_for_the_next_change(repository):
    assert "## [Unreleased]" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


def test_diagram_of_the_readme_has_every_folder_of_the_package(repository, readme):
    (diagram,) = (block for block in re.findall(r"```text\n(.*?)```", readme, re.DOTALL) if "─►" in block)
    folders = {path.parent.name for path in (repository / "src" / "ionscape").glob("*/__init__.py")}
    assert set(re.findall(r"(\w+)/", diagram)) == folders
    for steps, below in zip(diagram.split("\n")[::3][:2], diagram.split("\n")[1::3][:2], strict=True):
        # each folder stands under its step
        assert [match.start() for match in re.finditer(r"\w+/", below)] == [
            0, *(match.end() for match in re.finditer(r"─+► ", steps))
        ]  # fmt: skip
