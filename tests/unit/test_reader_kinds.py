"""Files in the shapes in which other programs and countries write them: read whole, or named with the way out."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.experiment import load_experiment
from ionscape.files.columns import grouped_cell, has_thousands_separators
from ionscape.profiling import read_crater_scan
from ionscape.profiling.readers import read_raw_profile
from ionscape.profiling.readers.build import make_channel, scale_of

NAMES = "\ttotal\t^6Li+\tLi+\tRb+\t\n"
MASSES = "\t\t6.0151\t7.0160\t84.9118\t\n"
HEADS = "Sputter Time (s)\tIntensity (Raw)" + 3 * "\tIntensity (Raw Poisson Corrected)" + "\t\n"
ROWS = "0.0000\t20137\t34.0353\t616.453\t3257.37\t\n2.0000\t20006\t26.0207\t592.589\t3317.26\t\n"
OLD = NAMES + MASSES + HEADS + ROWS
TABLE = "Sputter Time (s),Li+,Rb+\n0.0,605,2954\n2.0,582,3003\n"


def write(folder: Path, content: str | bytes, name: str = "profile.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path, read: Callable[[Path], object] = read_raw_profile) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        OLD,
        OLD.replace(".", ","),
        "Sample A\tposition 2\nTotal sputter time (s)\t300\n\n" + OLD,
        OLD.replace("Intensity (Raw Poisson Corrected)", "Intensität").replace("Sputter Time", "Sputterzeit"),
        OLD.replace("Intensity (Raw Poisson Corrected)", "Counts").replace("Intensity (Raw)", "Counts"),
        OLD.replace("\t\n", "\n"),
        OLD.replace("\t", ","),
        "# Profile Smoothing is Disabled;;;;;\n" + OLD.replace("\t", ";").replace(".", ","),
        OLD.replace("\t", ",").replace("20137", '"20137"').replace("616.453", '"616.453"'),
    ],
    ids=["points", "commas", "title", "german", "other heads", "no closing tab", "as CSV", "semicolons", "quotes"],
)
def test_surfacelab_is_known_by_its_structure(content: str, tmp_path: Path):
    raw = read_raw_profile(write(tmp_path, content))
    assert raw.format == "surfacelab"
    assert [(channel.name, channel.kind, channel.mass) for channel in raw.channels] == [
        ("total", "total", None), ("^6Li+", "ion", 6.0151), ("Li+", "ion", 7.016), ("Rb+", "ion", 84.9118),
    ]  # fmt: skip
    np.testing.assert_array_equal(raw.sputter_time, [0.0, 2.0])
    np.testing.assert_array_equal(raw.intensity[[0, 2, 3]], [[20137, 20006], [616.453, 592.589], [3257.37, 3317.26]])


def test_surfacelab_without_masses(tmp_path: Path):
    raw = read_raw_profile(write(tmp_path, NAMES + HEADS + ROWS))
    assert (raw.format, [channel.mass for channel in raw.channels]) == ("surfacelab", [None] * 4)


@pytest.mark.parametrize(
    "content",
    [
        "SIMS laboratory\nSample A, piece 3\n01/02/2024\n2024\n\n" + TABLE,
        "Sample A,,\nDepth profile, positive ions,\n,,\n" + TABLE,
        ",Sample A,\nRaster,500,um\n" + TABLE,
        "Sputter time (s),300\nLast depth (nm),70 nm\n" + TABLE,
        "Operator;me\n" + TABLE.replace(",", ";"),
        "Title\nSputter Time\tLi+\tRb+\ns\t\t\n" + TABLE.split("\n", 1)[1].replace(",", "\t"),
        TABLE + ",,\n,,\n",
        TABLE + ",,\n\n,,",
        TABLE.replace("\n", ",,,\n"),
        TABLE.replace("Sputter Time (s)", "Sputterzeit (s)"),
        TABLE.replace("Sputter Time (s)", "Temps (s)"),
        TABLE.replace("Sputter Time (s)", "溅射 (s)"),
        TABLE.replace("0.0", '"0,0"').replace("2.0", '"2,0"'),
        TABLE.replace("0.0", '"0,0"').replace("2.0", '"2,0"').replace(",605,", ',"605,0",'),
    ],
)
def test_tables_as_laboratories_and_spreadsheets_write_them(content: str, tmp_path: Path):
    raw = read_raw_profile(write(tmp_path, content, "table.csv"))
    assert raw.format == "table"
    assert [channel.name for channel in raw.channels] == ["Li+", "Rb+"]
    np.testing.assert_array_equal(raw.sputter_time, [0.0, 2.0])
    np.testing.assert_array_equal(raw.intensity, [[605.0, 582.0], [2954.0, 3003.0]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TABLE.replace("\n2.0", "\n,,\n2.0"), ["line 3", "empty cells only, and numbers follow"]),
        ("0.5,600,2900\n" + TABLE, ["line 1", "no header"]),
        ("x,600,2900\n" + TABLE, ["line 1", "numbers above the names"]),
        # German thousands: 5035 counts
        (TABLE.replace(",", ";").replace("2954", "2.954").replace("3003", "3.003"), ["may be 2954", "three decimals"]),
        (
            TABLE.replace("2954", '"2,954"').replace("3003", '"3,003"').replace(".0", ""),
            ["may be 2954", "three decimals"],
        ),
        (TABLE.replace("(s)", "(ms)").replace("0.0", "0").replace("2.0", '"2,000"'), ["may be 2000"]),
        (
            TABLE.replace(",", ";").replace("2954", "2,954"),
            ['= "2,954"', "comma where the cells before have a decimal"],
        ),
        (TABLE.replace(",", ";").replace("2954", "2.954,5"), ["2.954,5", "has thousands separators"]),
        (TABLE.replace("2954", '"2,954"'), ["decimal comma where the cells before have a decimal point"]),
        (TABLE.replace(",", "\t").replace("2954", "1.002.954"), ["1.002.954", "has thousands separators"]),
        (TABLE.replace(",", "\t").replace("2954", "2 954"), ["has thousands separators"]),
        (TABLE.replace("0.0", "0,0").replace("2.0", "2,0"), ["has 4 cells where 3 are expected", "quotation marks"]),
        (TABLE.replace("Li+", "Li (1/cm^3)"), ["is a density", "quantified already"]),
        (TABLE.replace("Li+", "Li [atoms/cm3]"), ["is a density"]),
        (TABLE.replace("Li+", "Li / cm^-3"), ["is a density"]),
        (TABLE.replace("Li+", "Li (at.%)"), ["density or share"]),
        (TABLE.replace("Li+", "Li (cts/s)"), ["is a rate", "counting time"]),
        (TABLE.replace("Sputter Time (s)", "Lateral (um)").replace("Li+", "Height"), ["where counts are expected"]),
        (TABLE.replace("Rb+", "Sputter Time (s)"), ["second column of time", "one time axis"]),
    ],
)
def test_what_may_be_misread_is_refused(content: str, words: list[str], tmp_path: Path):
    sentence = refusal(write(tmp_path, content, "table.csv"))
    for word in words:
        assert word in sentence


def test_three_decimals_everywhere_are_decimals(tmp_path: Path):
    rows = "".join(f"{0.125 * k:.3f},{600 + k}.250,{300 + k}.035\n" for k in range(1, 20))
    raw = read_raw_profile(write(tmp_path, "depth (nm),Li+,Rb+\n" + rows))
    assert raw.depth is not None
    assert raw.depth[9] == pytest.approx(1.25e-9)
    assert raw.counts("Li+")[0] == 601.25


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["605", "5.035"], "5.035"), (["12", "-1,600", "0"], "-1,600"), (["1", "1.125", "1.25"], None),
        (["0", "0.125", "1.125", "7"], None), (["1035", "5.035"], None), (["5.035", "6.122"], None),
        (["0", "616.453"], None), (["1e3", "5.035", "3"], None), (["", "5.035", "7"], "5.035"),
        (["0", "2,000", "4,000"], "2,000"), (["0", "100.000", "616.453"], "100.000"), (["0", "0.500", "1.000"], None),
        (["0", "1.625", "3.25"], None), (["0.000", "1.000", "2.000"], None), (["0", "0"], None),
    ],
)  # fmt: skip
def test_which_columns_leave_open_what_they_say(cells: list[str], found: str | None):
    assert grouped_cell(cells) == found


def test_separators_that_are_no_decimal_marks():
    assert all(map(has_thousands_separators, ["1.234.567", "-5,035.2", "5.035,25", "5 035", "5'035", "5\u202f035,5"]))
    assert not any(map(has_thousands_separators, ["5.035", "0.125", "1234.5", "5035", "1e3", "12,5"]))


CAMECA = """*** DATA FILES ***

Raw data file name(s);X1.dp

*** DATA START ***

X1.dp
7Li;;;85Rb;;;
Time[s];Depth[nm];I[cnt/s];Time[s];Depth[nm];I[cnt/s];
3.2E+00;;8.3E+02;4.8E+00;;3.1E+03
1.9E+01;;7.6E+02;2.0E+01;;3.2E+03
"""


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook(folder: Path, inner: str, name: str) -> Path:
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr(inner, "x")
    return folder / name


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (CAMECA, "x.dp_rpc_asc", ["Cameca depth profile", "one time axis", "counting time"]),
        (CAMECA[CAMECA.index("7Li") :], "x.csv", ["Cameca depth profile", "one time axis"]),
        (CAMECA[CAMECA.index("Time[s]") :].replace(";", "\t"), "x.txt", ["Cameca depth profile"]),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"),
            "x.dat",
            ["Excel workbook"],
        ),
        (b"ITStrF01" + bytes(9), "x.itax", ["SurfaceLab 7", "export the profile from SurfaceLab as text"]),
        (b"%PDF-1.7\n\xe2\xe3", "x.txt", ["PDF document"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "x.csv", ["picture"]),
        (b"\x1f\x8b\x08\x00", "x.txt", ["compressed", "unpack"]),
        ("<html><table><tr><td>1</td></tr></table></html>", "x.xls", ["web page", "CSV"]),
        ('<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "x.xls", ["Excel"]),
    ],
)
def test_files_of_other_programs_are_named_with_the_way_out(
    content: str | bytes, name: str, words: list[str], tmp_path: Path
):
    sentence = refusal(write(tmp_path, content, name))
    for word in words:
        assert word in sentence


def test_a_workbook_is_named_wherever_a_text_is_expected(tmp_path: Path):
    path = workbook(tmp_path, "xl/workbook.xml", "book.csv")
    for read in (read_raw_profile, read_crater_scan, load_experiment):
        assert "is an Excel workbook; save the sheet as CSV" in refusal(path, read)
    document = write(tmp_path, '[measurement]\nfile = "book.csv"\ncrater_scans = ["book.csv"]\n', "m.toml")
    from ionscape.profiling import load_measurement

    assert "is an Excel workbook" in refusal(document, load_measurement)
    assert "a document of an office program" in refusal(workbook(tmp_path, "word/document.xml", "text.txt"))
    assert "an archive (ZIP)" in refusal(workbook(tmp_path, "profile.txt", "profile.zip"))


@pytest.mark.parametrize(
    ("name", "kind", "mass", "species"),
    [
        ("m/z 7.016", "not recognised", 7.016, None), ("m/z=84.91", "not recognised", 84.91, None),
        ("84,91 m/z", "not recognised", 84.91, None), ("m/z: 7", "not recognised", 7.0, None),
        ("Li+ (m/z 7.016)", "ion", 7.016, "Li+"), ("mass 23", "not recognised", 23.0, None),
        ("Li+ / ( total )", "ratio", None, None), ("Rb+/Li+", "ratio", None, None),
    ],
)  # fmt: skip
def test_a_mass_to_charge_ratio_is_no_ratio_of_channels(name: str, kind: str, mass: float | None, species: str | None):
    channel = make_channel(name, column=2)
    assert (channel.kind, channel.mass) == (kind, mass)
    assert (channel.species.name if channel.species else None) == species


def test_a_mass_in_brackets_is_no_unit(tmp_path: Path):
    heads = "Sputter Time (s),6Li (m/z 6.015),Rb+ [m/z = 84.912] (counts)\n"
    raw = read_raw_profile(write(tmp_path, TABLE.replace("Sputter Time (s),Li+,Rb+\n", heads)))
    assert [channel.mass for channel in raw.channels] == [6.015, 84.912]
    assert [channel.species.name for channel in raw.channels if channel.species] == ["6Li", "Rb+"]


def test_a_time_is_known_by_its_unit_in_any_language():
    assert scale_of("Sputterzeit (min)") == ("time", 60.0)
    assert scale_of("Zeit / min") == ("time", 60.0)
    assert scale_of("Sputterzeit (Sek.)") == ("time", 1.0)
    assert scale_of("Ätztiefe [nm]") == ("depth", pytest.approx(1e-9))
    assert scale_of("Depth (A)") == ("depth", pytest.approx(1e-10))
    assert scale_of("深度 (nm)") == ("depth", pytest.approx(1e-9))
    assert scale_of("Li+ (counts)") is None
    with pytest.raises(InputError, match="no unit of time"):
        scale_of("Sputterzeit")
