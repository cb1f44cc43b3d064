"""Extras: what the metadata promise is what the package asks for, and a missing one is one sentence."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

import ionscape
from ionscape.cli import doctor, main
from ionscape.errors import InputError
from ionscape.optional import EXTRAS, require_extra

FOR_DEVELOPERS = {"test", "docs", "dev"}


@pytest.fixture(scope="module")
def stated(repository: Path) -> dict[str, list[str]]:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement).group() for requirement in requirements}  # type: ignore[union-attr]


def test_the_package_knows_the_extras_that_are_offered(stated) -> None:
    assert set(EXTRAS) == set(stated) - FOR_DEVELOPERS - {""}
    for name, extra in EXTRAS.items():
        # dask[distributed] brings the module distributed
        assert {module.replace("distributed", "dask") for module in extra.modules} == names(stated[name])
        assert not names(stated[name]) & names(stated[""])


def test_every_dependency_states_its_least_version(stated) -> None:
    for requirements in stated.values():
        for requirement in requirements:
            assert ">=" in requirement or requirement.startswith("ionscape["), requirement


@pytest.mark.parametrize(
    ("extra", "module"), [(name, each) for name, extra in EXTRAS.items() for each in extra.modules]
)
def test_a_missing_module_is_named_with_what_installs_it(extra: str, module: str, monkeypatch) -> None:
    for other in EXTRAS[extra].modules:
        monkeypatch.setitem(sys.modules, other, sys)
    require_extra(extra)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as raised:
        require_extra(extra, file="rb.ita", alternative="do without")
    assert str(raised.value) == (
        f'rb.ita: needs {module}, which is not installed; install it with `pip install "ionscape[{extra}]"`, '
        "or do without."
    )


def test_a_module_that_fails_says_why(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "pySPM.py").write_text("import no_such_module\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pySPM", raising=False)
    with pytest.raises(InputError, match=r"cannot be imported \(No module named 'no_such_module'\)"):
        require_extra("ita")


def test_a_posterior_without_its_sampler_is_refused_before_anything_runs(monkeypatch, capsys, tmp_path: Path) -> None:
    wanted = SimpleNamespace(settings=SimpleNamespace(method="mcmc"))
    monkeypatch.setitem(sys.modules, "emcee", None)
    monkeypatch.setattr("ionscape.inference.load_fit", lambda _file, **_options: wanted)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["fit", "rb.toml"])
    sentence = 'needs emcee, which is not installed; install it with `pip install "ionscape[samplers]"`.\n'
    assert left.value.code == 2
    assert capsys.readouterr().err == f'method = "mcmc": {sentence}'
    with pytest.raises(InputError, match=r"ionscape\[samplers\]"):
        ionscape.sample_posterior(None)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())

    tasks = pytest.importorskip("ionscape.workbench.tasks")
    monkeypatch.setattr(tasks, "read_document", lambda _document, _load: wanted)
    with pytest.raises(InputError, match=r"ionscape\[samplers\]"):
        tasks.fit_task(SimpleNamespace(document=None), {})


def report(capsys, *, status: int) -> dict[str, str]:
    with pytest.raises(SystemExit) as left:
        main(["doctor"])
    assert left.value.code == status
    lines = [re.split(r"\s{2,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    return {line[0]: line[-1] for line in lines}


def test_doctor_finds_what_is_missing_or_too_old(monkeypatch, capsys) -> None:
    needed = ["numpy>=2.0", "scipy>=999.1,<2000", "no-such-package>=1", "far-away>=1; extra == 'ita'"]
    monkeypatch.setattr(doctor, "requires", lambda _name: needed)
    lines = report(capsys, status=1)
    assert lines["numpy"] == version("numpy")
    assert lines["scipy"] == f"{version('scipy')}, older than 999.1: install ionscape again"
    assert lines["no-such-package"] == "missing: install ionscape again"
    assert "far-away" not in lines
    assert "to be mended: scipy, no-such-package" in lines
    assert lines["extra ita"].endswith("(reading ION-TOF .ita files)")


def test_doctor_finds_a_cache_that_cannot_be_written(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "kernels"))
    lines = report(capsys, status=1)
    assert "to be mended: compiled code" in lines
    assert "set NUMBA_CACHE_DIR" in lines["compiled code"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("2.0", "2.0.1"), ("1.9", "1.10"), ("2.9.9", "2.10rc1"), ("2025.9", "2025.10.0"), ("", "0.1")],
)
def test_versions_are_compared_by_their_numbers(older: str, newer: str) -> None:
    assert doctor._order(older) < doctor._order(newer)
    assert doctor._order(newer) == doctor._order(f"{newer}.0") or "rc" in newer
