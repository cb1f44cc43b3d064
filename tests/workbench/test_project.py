"""Projects: the document, uploads, results, and that nothing of them is lost or leaves the folder."""

import os
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.errors import InputError
from ionscape.experiment import load_experiment, parse_experiment
from ionscape.profiling import load_measurement
from ionscape.workbench.document import Document, join_path, split_path
from ionscape.workbench.project import assumed_in, open_project, safe_name
from ionscape.workbench.reading import read_document
from rubidium_project import fill, one_document
from strange_files import STRANGE, make_strange

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    opened = open_project(tmp_path / "project")
    yield opened
    opened.close()


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "analysis.toml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return Document(path, changed=lambda: None)


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "parts"),
        [
            ("stages[0].duration", ("stages", 0, "duration")),
            ("ions.Li.diffusion.width", ("ions", "Li", "diffusion", "width")),
            (
                'fit.parameters."ions.Li.diffusion.width".lower',
                ("fit", "parameters", "ions.Li.diffusion.width", "lower"),
            ),
            ("measurement.surface_regions[1][0]", ("measurement", "surface_regions", 1, 0)),
            ("ions.Na+", ("ions", "Na+")),
        ],
    )
    def test_are_split_and_joined(self, path, parts):
        assert split_path(path) == parts
        assert join_path(parts) == path

    @given(st.lists(st.one_of(st.text(min_size=1, max_size=8), st.integers(0, 99)), min_size=1, max_size=5))
    def test_every_key_survives(self, parts):
        # control characters are escaped in TOML in ways that a path does not need
        parts = ["key", *(part if isinstance(part, int) or part.isprintable() else "x" for part in parts)]
        assert split_path(join_path(parts)) == tuple(parts)


class TestDocument:
    def test_keeps_comments_and_order(self, document):
        document.set("ions.Li.diffusion.width", "0.2 eV")
        assert document.text == EXPERIMENT.replace('width = "0.16 eV"  ', 'width = "0.2 eV"  ')
        assert document.path.read_text(encoding="utf-8") == document.text

    def test_is_what_the_command_line_takes(self, document):
        document.set("stages[0].duration", "10 h")
        assert load_experiment(document.path).stages[0].duration == 36000.0

    def test_makes_tables_on_the_way(self, document):
        table = {
            "model": "constant", "coefficient": "1e-22 m^2/s", "reference_temperature": "300 K",
            "activation_energy": "0.6 eV",
        }  # fmt: skip
        document.set("ions.Cs.diffusion", table)
        document.set('fit.parameters."ions.Li.diffusion.width"', {"lower": "0.1 eV", "upper": "0.3 eV"})
        found = tomllib.loads(document.path.read_text(encoding="utf-8"))
        assert found["ions"]["Cs"]["diffusion"] == table
        assert found["fit"]["parameters"]["ions.Li.diffusion.width"]["upper"] == "0.3 eV"
        assert "# number density of each mobile ion before the experiment" in document.text

    def test_none_removes_and_leaves_no_empty_tables(self, document):
        document.set('fit.parameters."ions.Li.diffusion.width"', {"lower": "0.1 eV"})
        document.set('fit.parameters."ions.Li.diffusion.width".lower', None)
        assert "fit" not in document.data
        document.set("ions.K", None)  # is not there
        assert document.data == tomllib.loads(EXPERIMENT)

    def test_stages_are_inserted_moved_and_removed(self, document):
        storage = {"kind": "storage", "temperature": "300 K", "duration": "2 h"}
        document.insert("stages", 0, storage)
        assert [stage["kind"] for stage in document.get("stages")] == ["storage", "irradiation"]
        document.move("stages", 0, 1)
        assert [stage["kind"] for stage in document.get("stages")] == ["irradiation", "storage"]
        assert "# beam_current" in document.text
        document.set("stages[0]", None)
        assert document.get("stages") == [storage]
        assert tomllib.loads(document.path.read_text(encoding="utf-8"))["stages"] == [storage]

    def test_the_first_stage_makes_the_list(self, tmp_path):
        document = Document(tmp_path / "new.toml", changed=lambda: None)
        document.insert("stages", 0, {"kind": "storage", "duration": "2 h"})
        document.insert("stages", 1, {"kind": "storage", "duration": "3 h"})
        document.set("title", "new")
        assert tomllib.loads(document.path.read_text(encoding="utf-8")) == {
            "title": "new",
            "stages": [{"kind": "storage", "duration": "2 h"}, {"kind": "storage", "duration": "3 h"}],
        }

    def test_undo(self, document):
        assert not document.undo()
        document.set("title", "a")
        document.set("title", "b")
        revision = document.revision
        assert document.undo()
        assert document.get("title") == "a"
        assert document.revision == revision + 1
        assert document.undo()
        assert document.path.read_text(encoding="utf-8") == EXPERIMENT

    def test_setting_the_same_value_changes_nothing(self, document):
        document.set("title", "Rb@Li3B7O12")
        assert document.revision == 0
        assert not document.can_undo

    def test_text_that_is_no_toml_is_refused(self, document):
        with pytest.raises(InputError, match="is not valid TOML"):
            document.replace("title = ")
        assert document.text == EXPERIMENT

    @pytest.mark.parametrize("path", ["title.x", "stages[7].duration", "sample[0]", ""])
    def test_places_that_do_not_exist(self, document, path):
        with pytest.raises(InputError):
            document.set(path, "1")
        assert document.text == EXPERIMENT

    def test_changes_by_another_program_are_kept(self, document):
        document.path.write_text(EXPERIMENT + "# by hand\n", encoding="utf-8")
        document.set("title", "mine")
        assert "# by hand" in document.text
        assert document.get("title") == "mine"

    def test_two_threads_lose_nothing(self, tmp_path):
        document = Document(tmp_path / "analysis.toml", changed=lambda: None)

        def write(name):
            for number in range(25):
                document.set(f"sample.{name}{number}", number)

        threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = tomllib.loads(document.path.read_text(encoding="utf-8"))["sample"]
        assert found == {f"{name}{number}": number for name in "ab" for number in range(25)}

    @given(
        st.recursive(
            st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
            ),
            max_leaves=8,
        )
    )
    def test_any_value_is_written_and_read_again(self, value):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            document = Document(Path(folder) / "analysis.toml", changed=lambda: None)
            document.set("measurement.value", value)
            document.set("other.value", 1)
            document.set("measurement.last", "x")
            found = tomllib.loads(document.path.read_text(encoding="utf-8"))
            assert found == {"measurement": {"value": value, "last": "x"}, "other": {"value": 1}}


class TestProject:
    def test_is_an_ordinary_folder(self, project):
        names = {path.name for path in project.folder.iterdir()}
        assert names - {".lock"} == {"project.json", "uploads", "results", "jobs"}

    def test_is_opened_by_one_workbench_only(self, project):
        with pytest.raises(InputError, match="is open in another workbench already"):
            open_project(project.folder)
        project.close()
        open_project(project.folder).close()

    def test_a_killed_workbench_leaves_it_free_and_whole(self, tmp_path):
        script = (
            "import os, signal, sys; from ionscape.workbench.project import open_project;"
            "p = open_project(sys.argv[1]); p.document.set('sample.thickness', '2 mm');"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "p")], timeout=60, check=False)
        assert killed.returncode < 0
        project = open_project(tmp_path / "p")
        assert project.document.get("sample.thickness") == "2 mm"
        project.close()

    def test_foreign_folders_are_left_alone(self, tmp_path):
        (tmp_path / "thesis.txt").write_text("x")
        with pytest.raises(InputError, match="not a project"):
            open_project(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
        with pytest.raises(InputError, match="is a file"):
            open_project(tmp_path / "thesis.txt")

    @pytest.mark.parametrize("name", ["a" * 300, "測" * 90, "a\0b"])
    def test_a_name_that_no_folder_can_have_is_a_sentence(self, tmp_path, name):
        with pytest.raises(InputError, match="is no name for a folder"):
            open_project(tmp_path / name)

    def test_a_folder_with_a_document_becomes_a_project(self, tmp_path):
        (tmp_path / "analysis.toml").write_text(EXPERIMENT, encoding="utf-8")
        project = open_project(tmp_path)
        assert project.title == "Rb@Li3B7O12"
        assert project.look().errors == {}
        project.close()

    def test_a_damaged_description_is_a_sentence(self, project):
        project.close()
        (project.folder / "project.json").write_text("{", encoding="utf-8")
        with pytest.raises(InputError, match="is not the description of a project"):
            open_project(project.folder)

    def test_subscribers_hear_of_changes(self, project):
        heard = []
        end = project.subscribe(heard.append)
        project.document.set("title", "a")
        project.series.set("title", "b")
        project.add_upload("a.txt", b"x")
        end()
        project.document.set("title", "c")
        assert heard == ["document", "series", "uploads"]


class TestUploads:
    def test_are_kept_as_they_are(self, project):
        path = project.add_upload("m.txt", b"\x00\xff")
        assert path == project.folder / "uploads" / "m.txt"
        assert path.read_bytes() == b"\x00\xff"
        assert project.relative(path) == "uploads/m.txt"

    def test_another_content_gets_another_name(self, project):
        first, same, other = (project.add_upload("m.txt", content) for content in (b"1", b"1", b"2"))
        assert first == same
        assert other.name == "m-2.txt"
        assert first.read_bytes() == b"1"
        assert [path.name for path in project.uploads()] == ["m-2.txt", "m.txt"]

    def test_limits(self, project, tmp_path):
        large = tmp_path / "large.txt"
        large.write_bytes(b"x" * 101)
        for content in (b"x" * 101, large):
            with pytest.raises(InputError, match="is too large"):
                project.add_upload("m.txt", content, limit=100)
        with pytest.raises(InputError, match="is empty"):
            project.add_upload("m.txt", b"")
        assert project.uploads() == []

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd", "/etc/passwd", "..\\..\\x.txt", "C:\\windows\\x.txt", "..", ".", "", "\0", "a\0b.txt",
            ".lock", ".ssh/config", "con.txt", "a/../../b.txt", "x" * 400 + ".txt", "%2e%2e%2fx", "a\nb.txt",
            "\u202ex.txt", "測" * 99 + ".txt", "測" * 99, "a." + "測" * 99, "\U0001f600" * 99, "é" * 250 + ".txt",
            "e\u0301" * 250, "-rf.txt", "--", "....", " . . ", "con.tar.gz", "CON .txt", "com\u00b9.txt", "nul.",
            "\udcff.txt",
            "a." + "b" * 300, "x" * 99 + " .txt",
        ],
    )  # fmt: skip
    def test_names_cannot_leave_the_folder(self, project, name):
        path = project.add_upload(name, b"x")
        assert path.parent == project.folder / "uploads"
        assert path.resolve() == path
        assert path.name[0] not in ".-"
        assert len(path.name) < 120
        assert len(path.name.encode()) <= 180  # of 255, which the names of numbered and temporary files have too
        assert path.name.partition(".")[0].strip().lower() not in ("con", "nul", "com\u00b9")
        assert project.add_upload(name, b"another").name != path.name
        assert [one.read_bytes() for one in project.uploads()].count(b"x") == 1

    @given(st.text(max_size=300))
    def test_every_name_becomes_a_plain_one(self, name):
        found = safe_name(name)
        assert 0 < len(found) <= 101
        assert len(found.encode()) <= 180
        assert not set(found) & set('/\\\0\n:*?"<>|')
        assert found[0] not in ".-"
        assert found == found.strip(" ")
        assert safe_name(found) == found

    @pytest.mark.parametrize("name", ["../x.nc", "/etc/passwd", "..", "", "a/../../../x", "a\0b"])
    def test_results_stay_inside(self, project, name):
        with pytest.raises(InputError, match="lies outside"):
            project.result_path(name)

    @pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
    @pytest.mark.parametrize("kind", STRANGE)
    def test_what_is_no_file_of_the_project_is_named_and_left_out(self, project, tmp_path, kind):
        own = project.add_upload("own.txt", b"own")
        for folder in ("uploads", "results", "results/simulations"):
            (project.folder / folder).mkdir(exist_ok=True)
            make_strange(kind, project.folder / folder / "0001.nc", tmp_path)
        names = {"results/0001.nc", "results/simulations/0001.nc", "uploads/0001.nc"}
        if kind == "hard link":  # is a file like any other
            assert {project.relative(path) for path in (*project.uploads(), *project.results())} == {
                "uploads/own.txt", *names,
            }  # fmt: skip
            return
        assert project.uploads() == [own]
        assert project.results() == project.results("simulations/*.nc") == []
        assert project.result("0001.nc") is None
        assert set(project.foreign()) - {"uploads/own.txt"} == names
        assert project.add_upload("0001.nc", b"secret").name != "0001.nc"
        assert project.same_upload(b"secret").name != "0001.nc"

    @pytest.mark.skipif(os.name != "posix", reason="needs links")
    @pytest.mark.parametrize("name", ["uploads", "results"])
    def test_a_folder_that_is_a_link_out_of_the_project_holds_nothing(self, project, tmp_path, name):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "secret.txt").write_text("secret")
        (project.folder / name).rmdir()
        (project.folder / name).symlink_to(tmp_path / "other")
        assert project.uploads() == project.results() == []
        assert project.foreign() == {name: "a link that leads out of the project"}
        with pytest.raises(InputError, match="lies outside of the project"):
            project.add_upload("a.txt", b"x") if name == "uploads" else project.result_path("fit.nc")
        assert [path.name for path in (tmp_path / "other").iterdir()] == ["secret.txt"]

    def test_links_out_of_the_project_are_not_followed(self, project, tmp_path):
        (tmp_path / "secret.txt").write_text("x")
        (project.folder / "results" / "link").symlink_to(tmp_path)
        with pytest.raises(InputError, match="lies outside"):
            project.inside("results/link/secret.txt")


def test_a_job_sees_what_is_assumed_in_an_open_project(project):
    project.document.replace(EXPERIMENT)
    project.assume({"sample.thickness": "2.325 mm", "sample.relative_permittivity": 5})
    assert assumed_in(project.folder) == project.assumed == {"sample.thickness"}  # the other has another value by now
    project.confirm("sample.thickness")
    assert assumed_in(project.folder) == set()


class TestProblems:
    """The sentences are those of the command line, and stand where the value is."""

    def test_of_an_empty_project(self, project):
        assert project.look().errors == {}
        assert project.series_problem() == {}

    def test_are_those_of_the_package(self, project):
        project.document.replace(EXPERIMENT)
        project.document.set("sample.thickness", "-2 mm")
        with pytest.raises(InputError) as caught:
            parse_experiment(project.document.text, file="analysis.toml")
        (found,) = project.look().errors.items()
        assert (found[0], str(found[1])) == ("sample.thickness", str(caught.value))

    def test_are_all_keys_that_are_missing(self, project):
        project.document.replace(EXPERIMENT)
        project.document.set_many({"sample": None, "stages[0].duration": None, "ions.Li.diffusion.width": None})
        found = project.look().errors
        keys = {"stages[0].duration", "ions.Li.diffusion.width", "sample.thickness", "sample.native"}
        assert keys <= set(found)
        assert "sample" not in found
        project.document.set_many({"sample": {"thickness": "2 mm"}, "stages[0].source_potential": None})
        with pytest.raises(InputError) as caught:
            parse_experiment(project.document.text, file="analysis.toml")
        assert str(caught.value) in map(str, project.look().errors.values())

    def test_each_part_has_its_own(self, project):
        project.document.replace(one_document())
        project.document.set_many({
            "stages[0].duration": "1 m", "measurement.density_method": "guess", "fit.method": "magic",
        })  # fmt: skip
        found = project.look().errors
        assert {"stages[0].duration", "measurement.density_method", "fit.method", "measurement.file"} <= set(found)
        assert str(found["fit.method"]).startswith('analysis.toml: fit.method = "magic": ')

    def test_of_fit_parameters_have_quoted_paths(self, project):
        project.document.replace(one_document())
        path = 'fit.parameters."ions.Li.diffusion.width".scale'
        project.document.set(path, "cubic")
        assert path in project.look().errors


class TestReading:
    @pytest.fixture
    def full(self, project):
        fill(project)
        return project

    def test_the_document_gives_what_the_separate_files_give(self, full):
        from ionscape.inference import load_fit
        from ionscape.inference.parts import problem_key

        assert full.look().errors == {}
        experiment = load_experiment(EXAMPLES / "rb-mono-cait.toml")
        found = read_document(full.document.path, load_experiment)
        assert found.model_dump(exclude={"title"}) == experiment.model_dump(exclude={"title"})
        apart, together = load_fit(EXAMPLES / "rb-mono-fit.toml"), read_document(full.document.path, load_fit)
        assert together.names == apart.names
        assert together.parameters == apart.parameters
        assert (together.datasets[0].intensity == apart.datasets[0].intensity).all()
        assert together.source == full.document.text
        assert problem_key(together)

    def test_leaves_nothing_behind(self, full):
        before = sorted(full.folder.rglob("*"))
        read_document(full.document.path, load_measurement)
        assert sorted(full.folder.rglob("*")) == before

    def test_errors_name_the_document(self, full):
        full.document.set("measurement.file", "uploads/none.txt")
        with pytest.raises(InputError, match=r"^.*analysis.toml: measurement.file.*does not exist"):
            read_document(full.document.path, load_measurement)

    def test_the_experiment_alone(self):
        assert parse_experiment(one_document()).sample.thickness == pytest.approx(2.325e-3)


def test_uploads_are_removed_unless_a_document_names_them(project):
    kept, spare = (project.add_upload(name, name.encode()) for name in ("kept.txt", "spare.txt"))
    project.document.set("measurement.file", "uploads/kept.txt")
    project.remove_upload(spare)
    assert project.uploads() == [kept]
    with pytest.raises(InputError, match="is in use"):
        project.remove_upload(kept)
    with pytest.raises(InputError, match="not there any more"):
        project.remove_upload(spare)


def test_what_follows_a_change_is_taken_back_with_it(project):
    project.document.set("title", "a")
    project.document.set("title", "b")
    project.document.set_many({"fit.starts": 4}, follows=True)
    assert project.document.undo()
    assert project.document.get("title") == "a"
    assert project.document.get("fit") is None
