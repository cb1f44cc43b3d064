"""Names of files in documents: what lies outside of the project is refused before it is opened."""

import os
import tomllib
from pathlib import Path

import pytest

from ionscape.errors import InputError
from ionscape.experiment import load_experiment, parse_experiment
from ionscape.inference import load_fit
from ionscape.profiling import load_measurement
from ionscape.series import load_series
from ionscape.workbench.named_files import check_named_files, refused_files
from ionscape.workbench.plots import with_draft
from ionscape.workbench.reading import look_at, parse_document, read_document, series_problems

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
SERIES = (EXAMPLES / "li-borophosphate-series.toml").read_text(encoding="utf-8")
TABLE = "density (1/m^3),coefficient (m^2/s)\n1e27,1e-22\n2e28,1e-20\n"


@pytest.fixture
def root(tmp_path):
    """A project beside a file that is none of its own."""
    folder = tmp_path / "project"
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads" / "own.csv").write_text(TABLE)
    (tmp_path / "secret.csv").write_text(TABLE)
    return folder


def with_name(key: str, name: str) -> dict:
    """A document that has a name of a file at a key."""
    return {
        "measurement.file": {"measurement": {"file": name}},
        "measurement.crater_scans[1]": {"measurement": {"crater_scans": ["uploads/own.csv", name]}},
        "experiment": {"experiment": name},
        "experiment.file": {"experiment": {"file": name}},
        "glass.measured_units": {"glass": {"measured_units": name}},
        "fit.current_curve.file": {"fit": {"current_curve": {"file": name}}},
        "datasets.K": {"datasets": {"K": name}},
        "ions.Li.diffusion.file": {"ions": {"Li": {"diffusion": {"kind": "table", "file": name}}}},
        "ions.Li.diffusion.parts[0].file": {"ions": {"Li": {"diffusion": {"parts": [{"file": name}]}}}},
        "stages[1].diffusion.Li.file": {"stages": [{}, {"diffusion": {"Li": {"kind": "table", "file": name}}}]},
        "sites.borate.file": {"sites": {"borate": {"holds": ["Li"], "file": name}}},
    }[key]


KEYS = (
    "measurement.file", "measurement.crater_scans[1]", "experiment", "experiment.file", "glass.measured_units",
    "fit.current_curve.file", "datasets.K", "ions.Li.diffusion.file", "ions.Li.diffusion.parts[0].file",
    "stages[1].diffusion.Li.file", "sites.borate.file",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.csv", "uploads/../../secret.csv", "no/../../../x", "//x/y"])
def test_names_that_lead_out_are_refused(root, key, name):
    found = refused_files(with_name(key, name), root=root, file="analysis.toml")
    assert list(found) == [key]
    assert str(found[key]) == (
        f'analysis.toml: {key} = "{name}": lies outside of the project;'
        " upload the file, and name it as it is listed under uploads."
    )
    with pytest.raises(InputError, match="outside of the project"):
        check_named_files(with_name(key, name), root=root, file="analysis.toml")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["uploads/own.csv", "uploads/absent.csv", "uploads/../uploads/own.csv"])
def test_names_of_the_project_are_taken(root, key, name):
    assert refused_files(with_name(key, name), root=root, file="analysis.toml") == {}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("key", KEYS)
def test_links_and_special_files_are_refused(root, key):
    (root / "uploads" / "link.csv").symlink_to(root.parent / "secret.csv")
    (root / "uploads" / "folder").symlink_to(root.parent)
    (root / "uploads" / "round").symlink_to(root / "uploads" / "round")
    (root / "uploads" / "near.csv").symlink_to(root / "uploads" / "own.csv")
    os.mkfifo(root / "uploads" / "pipe")

    def problem(name: str) -> str:
        found = refused_files(with_name(key, name), root=root, file="analysis.toml")
        return found[key].problem if found else ""

    assert problem("uploads/link.csv") == "lies outside of the project"
    assert problem("uploads/folder/secret.csv") == "lies outside of the project"
    assert problem("uploads/pipe") == "is not a regular file"
    assert problem("uploads") == "is not a regular file"
    assert problem("uploads/near.csv") == ""
    assert problem("a\0b") == "is no name that a file can have"
    problem("uploads/round")  # ends


def test_documents_that_are_named_are_looked_into(root):
    inner = root / "uploads" / "experiment.toml"
    inner.write_text('[ions.Li.diffusion]\nfile = "../../secret.csv"\n')
    (error,) = refused_files({"experiment": "uploads/experiment.toml"}, root=root, file="analysis.toml").values()
    assert error.problem == 'names "../../secret.csv" (ions.Li.diffusion.file), which lies outside of the project'
    (root / "uploads" / "k.toml").write_text('experiment = "experiment.toml"\n')
    (error,) = refused_files({"datasets": {"K": "uploads/k.toml"}}, root=root, file="analysis.toml").values()
    assert "secret.csv" in error.problem
    inner.write_text('experiment = "experiment.toml"\n[ions.Li.diffusion]\nfile = "own.csv"\n')  # names itself
    assert refused_files({"experiment": "uploads/experiment.toml"}, root=root, file="analysis.toml") == {}


def test_nothing_is_opened_before(root, monkeypatch):
    secret = root.parent / "secret.csv"
    opened = []
    reading = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (opened.append(path.resolve()), reading(path))[1])
    document = root / "analysis.toml"
    text = EXPERIMENT + '\n[measurement]\nfile = "../secret.csv"\n[fit]\n'
    document.write_text(text)
    for load in (load_experiment, load_measurement, load_fit):
        with pytest.raises(InputError, match="outside of the project"):
            read_document(document, load)
    with pytest.raises(InputError, match="outside of the project"):
        parse_document(text, parse_experiment, file="analysis.toml", folder=root)
    series = SERIES.replace('file = "', 'file = "../')
    assert series != SERIES
    (root / "series.toml").write_text(series)
    with pytest.raises(InputError, match="outside of the project"):
        read_document(root / "series.toml", load_series)
    assert "outside of the project" in str(series_problems(series, folder=root)["experiment.file"])
    table = {"ions": {"Li": {"diffusion": {"model": "table", "file": "../secret.csv"}}}, "sample": {}}
    assert list(look_at(table, folder=root).errors) == ["ions.Li.diffusion.file"]
    assert (
        with_draft(tomllib.loads(EXPERIMENT), {"ions.Li.diffusion": table["ions"]["Li"]["diffusion"]}, folder=root)
        is None
    )
    assert secret not in opened
    with pytest.raises(InputError) as caught:
        load_fit(document)  # the command line reads what its user names
    assert "outside of the project" not in str(caught.value)
