"""Readers: what stands in a file is in the profile, and what is wrong with it is one sentence with its place."""

from __future__ import annotations

import hashlib
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.profiling.raw import RawProfile
from ionscape.profiling.readers import FORMATS, make_raw_profile, read_raw_profile, write_raw_profile

DATA = Path(__file__).resolve().parent.parent / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CUT = DATA / "surfacelab-perovskite-cut.txt"

EXPORT = """\
# Profile Smoothing is Disabled
#\t\t\t\ttotal\t^6Li+\tLi+\tRb+\tI+ / ( Li+ )\t
#\t\t\t\tN/A\t6.0151\t7.0160\t84.9118\tN/A\t
#Data Point #\tSputter Time (s)\tDose (ions)\tFluence (ions/cm^2)\
\tIntensity\tIntensity\tIntensity\tIntensity\tIntensity\t
1\t0\t4.1e+11\t4.7e+14\t19723.1\t44.0592\t669.494\t10250.7\t0.5\t
2\t2.5\t1.2e+12\t1.4e+15\t16770\t37.0418\t522.235\t8752.82\tinf\t
3\t4.25\t2.1e+12\t2.3e+15\t14871.8\t36.0396\t497.477\t-0\t-nan(ind)\t
"""
TABLE = """\
sputter time (min), data point, total, Li-6, Li, Rb (counts)
1, 1, 9007, 41, 503, 1999
2, 2, 9014, 42, 506, 1998
"""


def write(folder: Path, content: str | bytes, name: str = "profile.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(folder: Path, content: str | bytes, name: str = "profile.txt") -> str:
    """The sentence with which a file is refused, without its name."""
    path = write(folder, content, name)
    with pytest.raises(InputError) as caught:
        read_raw_profile(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    assert caught.value.exit_status == 2
    return sentence.removeprefix(f"{path}: ")


def test_everything_in_an_export_is_in_the_profile(tmp_path: Path) -> None:
    raw = read_raw_profile(write(tmp_path, EXPORT))
    assert raw.format == "surfacelab"
    assert raw.sha256 == hashlib.sha256(EXPORT.encode()).hexdigest()
    assert raw.smoothing == "Profile Smoothing is Disabled"
    assert raw.header == tuple(EXPORT.split("\n")[:4])
    assert [(channel.name, channel.kind, channel.mass, channel.column) for channel in raw.channels] == [
        ("total", "total", None, 5), ("^6Li+", "ion", 6.0151, 6), ("Li+", "ion", 7.016, 7),
        ("Rb+", "ion", 84.9118, 8), ("I+ / ( Li+ )", "ratio", None, 9),
    ]  # fmt: skip
    assert raw.sputter_time is not None
    np.testing.assert_array_equal(raw.sputter_time, [0.0, 2.5, 4.25])
    np.testing.assert_array_equal(raw.counts("Rb+"), [10250.7, 8752.82, 0.0])
    np.testing.assert_array_equal(raw.counts("I+ / ( Li+ )"), [0.5, np.inf, np.nan])
    assert {name: list(values) for name, values in raw.columns.items()} == {
        "Data Point #": [1.0, 2.0, 3.0],
        "Dose (ions)": [4.1e11, 1.2e12, 2.1e12],
        "Fluence (ions/cm^2)": [4.7e14, 1.4e15, 2.3e15],
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(".", ",").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\t\n", "\n").encode(),
        lambda text: text.replace("Disabled", "Disabled für µ").encode("latin-1"),
        lambda text: text.replace("Disabled", "Disabled für µ").encode(),
        lambda text: (text + "\n\n").encode(),
    ],
    ids=["crlf", "cr", "comma", "utf-16", "mark", "no closing tabs", "latin-1", "utf-8", "blank lines"],
)
def test_spellings_of_an_export_give_the_same_profile(change, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    plain = read_raw_profile(write(tmp_path, EXPORT, "plain.txt"))
    raw = read_raw_profile(write(tmp_path, change(EXPORT)))
    assert raw.channels == plain.channels
    np.testing.assert_array_equal(raw.intensity, plain.intensity)
    np.testing.assert_array_equal(raw.sputter_time, plain.sputter_time)


def test_an_export_without_masses_and_with_depths(tmp_path: Path) -> None:
    lines = EXPORT.replace("Sputter Time (s)", "Depth (nm)").splitlines(keepends=True)
    raw = read_raw_profile(write(tmp_path, "".join(lines[:2] + lines[3:])))
    assert raw.sputter_time is None
    np.testing.assert_allclose(raw.depth, [0.0, 2.5e-9, 4.25e-9])
    assert all(channel.mass is None for channel in raw.channels)


def test_comments_behind_the_numbers_stay(tmp_path: Path) -> None:
    assert read_raw_profile(write(tmp_path, EXPORT + "# stopped by hand\n")).comments == ("# stopped by hand",)


FAULTS = {
    "": "is empty",
    "   \n": "is empty",
    "\x00\x01binary": "none of the known formats and is no text (byte 0x00 at line 1, character 1)",
    EXPORT.replace("16770", "16\x01770"): "is no text (byte 0x01 at line 6, character 25)",
    EXPORT.replace("16770", "1_677"): 'line 6, column 5 = "1_677": is not a number',
    EXPORT.replace("16770", "0x41"): 'line 6, column 5 = "0x41": is not a number',
    EXPORT.replace("\n2\t2.5", "\n2\t-2.5"): "line 6, column 2 = -2.5: is a time that is not finite or negative",
    EXPORT.replace("\n2\t2.5", "\n2\t0"): "line 6, column 2: is a time of 0 s that is not greater than the 0 s before",
    EXPORT.replace("16770", "16x70"): 'line 6, column 5 = "16x70": is not a number',
    EXPORT.replace("16770", ""): "line 6, column 5: is empty",
    EXPORT.replace("16770", "nan"): "line 6, column 5 = nan: must be a finite number of counts",
    EXPORT.replace("16770", "1e999"): "line 6, column 5 = inf: must be a finite",
    EXPORT.replace("16770", "-5"): "line 6, column 5 = -5.0: must be a finite number of counts of total of at least 0",
    EXPORT.replace("16770\t", ""): "line 6: has 8 cells where 9 are expected",
    EXPORT.replace("16770\t", "16770\t1\t"): "line 6: has 10 cells where 9 are expected",
    EXPORT.replace("16770", "16,770"): 'line 6, column 5 = "16,770": has a decimal comma where',
    EXPORT.replace("2.5\t", "5.5\t"): "line 7, column 2: is a time of 4.25 s that is not greater than the 5.5 s",
    EXPORT.replace("\n2\t2.5", "\n3\t2.5"): "line 6: is data point 3 where 2 is expected",
    EXPORT.replace("\n2\t2.5", "\n#2\t2.5"): "line 6: is a comment with as many cells as a line of numbers",
    EXPORT.replace("Rb+\t", "Li+\t"): None,
    EXPORT.replace("7.0160", "6.0151").replace("\tLi+\t", "\t^6Li+\t"): "is there twice, also in column 6",
    EXPORT.replace("\tRb+\t", "\t\t"): "line 2, column 8: is a channel without a name",
    EXPORT.replace("7.0160", "heavy"): 'line 3, column 7 = "heavy": is not a mass',
    EXPORT.replace("\tRb+\t", "\t"): "line 2: has 8 cells with the names of the columns where 9 are expected",
    EXPORT.replace("Sputter Time (s)", "Sputter Time"): "line 4, column 2 = \"Sputter Time\": has no unit of time",
    EXPORT.replace("Sputter Time (s)", "Sputter Time (nm)"): "line 4, column 2",
    EXPORT.replace("Sputter Time (s)", "Cycle"): "line 4: has no column of sputter time or depth",
    "".join(EXPORT.splitlines(keepends=True)[:4]): "line 4: is the last line, there are no numbers behind the header",
    "".join(EXPORT.splitlines(keepends=True)[:3]): "has no line of column heads",
    "".join(EXPORT.splitlines(keepends=True)[2:]): "must name the channels",
    EXPORT.replace("7.0160\t", ""): "line 3: has 8 cells with the masses of the columns where 9 are expected",
    EXPORT.removesuffix("-nan(ind)\t\n"): "line 7: ends without a line break",
    EXPORT.removesuffix("\t\n"): "line 7: ends without a line break",
    EXPORT.removesuffix("\n"): "line 7: ends without a line break",
    EXPORT.replace("\n", "\r\n").removesuffix("\n"): "half a line break",
}  # fmt: skip


@pytest.mark.parametrize("content", [content for content, sentence in FAULTS.items() if sentence])
def test_a_faulty_export_is_refused_with_its_place(content: str, tmp_path: Path) -> None:
    expected = FAULTS[content]
    assert expected is not None
    assert expected in refusal(tmp_path, content)


def test_two_peaks_of_one_species_are_told_apart_by_their_masses(tmp_path: Path) -> None:
    raw = read_raw_profile(write(tmp_path, EXPORT.replace("Rb+\t", "Li+\t")))
    assert [channel.name for channel in raw.channels[2:4]] == ["Li+ (7.016 u)", "Li+ (84.9118 u)"]
    with pytest.raises(InputError, match="nearest channel"):
        raw.counts("Li+")


def test_files_that_are_not_there_name_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, EXPORT, "measurement.txt")
    with pytest.raises(InputError, match="the nearest file there is"):
        read_raw_profile(tmp_path / "mesurement.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_raw_profile(tmp_path)
    with pytest.raises(InputError, match='the nearest is "surfacelab"'):
        read_raw_profile(tmp_path / "measurement.txt", "surface-lab")


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.replace(", ", "\t"),
        TABLE.replace(", ", ";"),
        "# by hand\n# " + TABLE,
        TABLE.replace(", Rb", ',"Rb"'),
    ],
    ids=["commas", "tabs", "semicolons", "commented header", "quoted"],
)
def test_tables_are_read(content: str, tmp_path: Path) -> None:
    raw = read_raw_profile(write(tmp_path, content.replace('"Rb (counts)', '"Rb (counts)"'), "table.csv"))
    assert raw.format == "table"
    assert [(channel.name, channel.kind) for channel in raw.channels] == [
        ("total", "total"), ("Li-6", "ion"), ("Li", "ion"), ("Rb", "ion"),
    ]  # fmt: skip
    np.testing.assert_allclose(raw.sputter_time, [60.0, 120.0])
    np.testing.assert_array_equal(raw.counts("Li-6"), [41.0, 42.0])
    np.testing.assert_array_equal(raw.columns["data point"], [1.0, 2.0])


def test_tables_with_depth_decimal_commas_and_scattered_channels(tmp_path: Path) -> None:
    content = "Li;depth (nm);Rb;odd thing\n1,5;0,5;2;3\n2;1,5;2,25;4\n"
    raw = read_raw_profile(write(tmp_path, content, "table.csv"))
    assert raw.sputter_time is None
    np.testing.assert_allclose(raw.depth, [0.5e-9, 1.5e-9])
    np.testing.assert_array_equal(raw.intensity, [[1.5, 2.0], [2.0, 2.25], [3.0, 4.0]])
    assert raw.channels[2].kind == "not recognised"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (TABLE.replace("(min)", ""), "has no unit of time"),
        (TABLE.replace("(min)", "(mm)"), "line 1, column 1"),
        (TABLE.replace("(counts)", "(cps)"), 'is a rate ("cps"), not counts'),
        (TABLE.replace("Li,", "Li-6,"), "is there twice"),
        (TABLE.replace("Li,", ","), "is a column without a name"),
        (TABLE.replace("sputter time (min)", "Cs"), "has no column of time or depth"),
        ("time (s), point\n1, 1\n", "has no column of counts"),
        ("1, 2, 3\n2, 3, 4\n", "is no header"),
        ("1, 2, 3", "is no header"),
        (TABLE.replace("506", "5o6"), 'line 3, column 5 = " 5o6": is not a number'),
        (TABLE.removesuffix(" 1998\n"), "ends without a line break"),
        ("just a sentence\nand another\n", "has no column of time or depth"),
    ],
)
def test_a_faulty_table_is_refused_with_its_place(content: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in refusal(tmp_path, content, "table.csv")


def test_a_stored_profile_is_the_same(tmp_path: Path) -> None:
    raw = read_raw_profile(CUT)
    again = read_raw_profile(write_raw_profile(raw, tmp_path / "stored.nc"))
    for name in ("file", "format", "sha256", "channels", "header", "comments", "smoothing", "depth"):
        assert getattr(again, name) == getattr(raw, name)
    np.testing.assert_array_equal(again.intensity, raw.intensity)
    np.testing.assert_array_equal(again.sputter_time, raw.sputter_time)
    assert list(again.columns) == list(raw.columns)
    for name, values in raw.columns.items():
        np.testing.assert_array_equal(again.columns[name], values)


def test_another_netcdf_file_is_refused(tmp_path: Path) -> None:
    import xarray

    xarray.Dataset({"x": ("t", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="holds no raw depth profile"):
        read_raw_profile(tmp_path / "other.nc")


def test_without_the_library_an_instrument_file_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pySPM", None)
    assert 'pip install "ionscape[ita]"' in refusal(tmp_path, b"ITStrF01 whatever", "profile.ita")
    assert "holds single events" in refusal(tmp_path, b"ITStrF01 whatever", "profile.itm")


def test_an_instrument_file_is_summed_over_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Document:
        Nscan = 3

        def __init__(self, path: str) -> None:
            assert Path(path).name == "profile.ita"

        def get_masses(self) -> list[dict[str, object]]:
            return [{"assign": "Li+", "desc": "", "cmass": 7.0155}, {"assign": "", "desc": "odd", "cmass": 0.0}]

        def get_value(self, name: str) -> dict[str, float]:
            return {"Analysis.SputterTime": {"float": 6.0}}[name]

        def get_image(self, channel: int, scan: int) -> np.ndarray:
            return np.full((2, 2), 10.0 * channel + scan)

    monkeypatch.setitem(sys.modules, "pySPM", types.SimpleNamespace(ITA=Document))  # type: ignore[arg-type]
    raw = read_raw_profile(write(tmp_path, b"ITStrF01", "profile.ita"))
    np.testing.assert_array_equal(raw.intensity, [[0.0, 4.0, 8.0], [40.0, 44.0, 48.0]])
    np.testing.assert_allclose(raw.sputter_time, [0.0, 2.0, 4.0])
    assert [channel.kind for channel in raw.channels] == ["ion", "not recognised"]

    def fail(_path: str) -> None:
        raise AssertionError

    monkeypatch.setitem(sys.modules, "pySPM", types.SimpleNamespace(ITA=fail))  # type: ignore[arg-type]
    assert "cannot be read by pySPM (AssertionError)" in refusal(tmp_path, b"ITStrF01", "profile.ita")


def test_every_format_describes_itself() -> None:
    assert len({known.NAME for known in FORMATS}) == len(FORMATS)
    assert all(known.DESCRIPTION and known.EXTENSIONS for known in FORMATS)


def test_the_cut_of_a_real_export() -> None:
    raw = read_raw_profile(CUT)
    assert raw.intensity.shape == (19, 25)
    assert {channel.kind for channel in raw.channels} == {"total", "ion", "ratio"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real exports")
@pytest.mark.parametrize("path", sorted((SHARED / "surfacelab").glob("*.txt")), ids=lambda path: path.stem[:9])
def test_real_exports_are_read_completely_and_fast(path: Path) -> None:
    read_raw_profile(CUT)
    start = time.perf_counter()
    raw = read_raw_profile(path)
    assert time.perf_counter() - start < 0.2
    # The last data point states how many there are.
    assert raw.points == int(path.read_text().rstrip().splitlines()[-1].split("\t")[0])
    assert len(raw.channels) == 106
    assert not [channel.name for channel in raw.channels if channel.kind == "not recognised"]
    assert sum(channel.kind == "ratio" for channel in raw.channels) == 5


@pytest.mark.parametrize(
    "content",
    [
        "Sputter Time / min,Li+ / counts,Rb+\n1,41,503\n2,42,506\n",
        "Sputter Time\tLi+\tRb+\nmin\tcounts\tcounts\n1\t41\t503\n2\t42\t506\n",
        "Sputter Time;Li+;Rb+\n(min);;\n1,0;41;503\n2,0;42;506\n",
    ],
    ids=["slash", "row of units", "row with gaps"],
)
def test_headers_as_plotting_programs_write_them(content: str, tmp_path: Path) -> None:
    raw = read_raw_profile(write(tmp_path, content, "origin.txt"))
    assert [channel.name for channel in raw.channels] == ["Li+", "Rb+"]
    np.testing.assert_allclose(raw.sputter_time, [60.0, 120.0])
    np.testing.assert_array_equal(raw.counts("Rb+"), [503.0, 506.0])


def test_a_ratio_with_a_slash_stays_a_ratio(tmp_path: Path) -> None:
    raw = read_raw_profile(write(tmp_path, "time (s),Li+,total,Li+ / ( total )\n1,2,4,0.5\n2,3,6,0.5\n", "table.csv"))
    assert [channel.kind for channel in raw.channels] == ["ion", "total", "ratio"]


def test_what_is_no_export_is_called_by_its_name(tmp_path: Path) -> None:
    assert "is a TOML file" in refusal(tmp_path, "[measurement]\n", "m.toml")
    scan = "Lateral (um),Height (nm)\n" + "".join(f"{place},{-place}\n" for place in range(60))
    assert "is a scan across the crater" in refusal(tmp_path, scan, "scan.csv")
    with pytest.raises(InputError, match="does not exist; check its folder and name"):
        read_raw_profile(tmp_path / "something else.csv")


def test_a_profile_shows_itself_briefly() -> None:
    assert repr(read_raw_profile(CUT)) == f"RawProfile({str(CUT)!r}, surfacelab, 19 channels, 25 points)"


class Blocks:
    """A format from outside: a line with the time of a cycle, then name and counts of each channel."""

    NAME = "blocks"

    @staticmethod
    def read(path: Path) -> RawProfile:
        first, *rows = path.read_text().splitlines()
        counts = {name: [float(cell) for cell in cells] for name, *cells in map(str.split, rows)}
        times = float(first) * np.arange(1.0, 1.0 + len(next(iter(counts.values()))))
        return make_raw_profile(counts, sputter_time=times, masses={"^6Li+": 6.0151}, file=path, format="blocks")


def test_a_format_from_outside_is_read_and_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "2.5\n^6Li+ 44 37 36\ntotal 900 800 700\n")
    raw = read_raw_profile(path, Blocks)
    np.testing.assert_array_equal(raw.sputter_time, [2.5, 5.0, 7.5])
    np.testing.assert_array_equal(raw.intensity, [[44.0, 37.0, 36.0], [900.0, 800.0, 700.0]])
    assert [(channel.kind, channel.mass) for channel in raw.channels] == [("ion", 6.0151), ("total", None)]
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    again = read_raw_profile(write_raw_profile(raw, tmp_path / "stored.nc"))
    assert (again.file, again.format, again.sha256, again.channels) == (str(path), "blocks", raw.sha256, raw.channels)
    with pytest.raises(InputError, match="does not exist"):
        read_raw_profile(tmp_path / "absent.blocks", Blocks)


def test_a_format_from_outside_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "2.5\n")
    with pytest.raises(InputError, match="has no NAME"):
        read_raw_profile(path, types.SimpleNamespace())  # type: ignore[arg-type]
    careless = types.SimpleNamespace(NAME="careless", read=lambda path: path.read_text())
    with pytest.raises(InputError, match="format careless: gave str where a RawProfile is expected"):
        read_raw_profile(path, careless)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sputter_time": None}, "neither sputter times nor depths"),
        ({"counts": {}}, "has no channels"),
        ({"counts": {"Li+": [1, 2], "Rb+": [1]}}, "counts of Rb\\+: has the shape \\(1,\\)"),
        ({"counts": {"Li+": [1, "many"]}}, "counts of Li\\+: holds something that is no number"),
        ({"counts": {"Li+": [1, -2]}}, "data point 2, column 2 = -2.0: must be a finite number of counts"),
        ({"counts": {"Li+": [], "Rb+": []}, "sputter_time": []}, "has the shape"),
        ({"sputter_time": [2, 1]}, "data point 2, column 1: is a time of 1 s that is not greater"),
        ({"depth": [1e-9]}, "depth: has the shape"),
        ({"masses": {"Li": 7.0}}, 'the nearest channel is "Li\\+"'),
        ({"columns": {"dose": [1]}}, "dose: has the shape"),
    ],
)
def test_numbers_that_make_no_profile_are_refused(changes: dict[str, object], sentence: str) -> None:
    whole: dict[str, object] = {"counts": {"Li+": [1, 2], "Rb+": [3, 4]}, "sputter_time": [1, 2], **changes}
    with pytest.raises(InputError, match=sentence) as caught:
        make_raw_profile(**whole)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
