"""Damaged exports: each is refused in one sentence or read to the last data point, never anything between."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ionscape.errors import InputError
from ionscape.profiling.raw import RawProfile
from ionscape.profiling.readers import read_raw_profile, write_raw_profile

DATA = Path(__file__).resolve().parent.parent / "data"
EXPORT = (DATA / "surfacelab-perovskite-cut.txt").read_bytes()
TABLE = b"# made by hand\nsputter time (s), data point, total, Li-6, Li, Rb\n" + b"".join(
    f"{1.5 * point:.6g}, {point}, {9000 + 7 * point}, {40 + point}, {500 + 3 * point}, {2000.5 - point}\n".encode()
    for point in range(1, 25)
)
GERMAN = EXPORT.replace(b".", b",").replace(b"\r\n", b"\n")
SEMICOLONS = TABLE.replace(b", ", b";").replace(b".", b",")
SOURCES = {"export.txt": EXPORT, "german.txt": GERMAN, "table.csv": TABLE, "semicolons.csv": SEMICOLONS}

NUMBERS = re.compile(r"(?:^|[\t;,])\s*\d+(?:[.,]\d+)?\s*(?=[\t;,]|$)")
CASES_EACH = 700
INTERESTING = (b"\t", b"\n", b"\r\n", b"#", b",", b".", b"-", b"nan", b"inf", b"1e999", b"\x00", b"\xff", b"", b"N/A",
               b"/", b"(", b"^", b"_", b'"', b";", b" ", b"\x1a", b"\xe2\x82\xac")  # fmt: skip


def read_or_sentence(path: Path) -> RawProfile | None:
    """The profile, or None after checking that the refusal is one sentence."""
    try:
        return read_raw_profile(path)
    except InputError as error:
        refusal = error
    sentence = str(refusal)
    assert refusal.exit_status == 2
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert path.name in sentence
    return None


def data_lines(content: bytes) -> int:
    """Lines that hold anything but a header, a comment or blanks."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return sum(bool(line.strip()) and not line.lstrip().startswith(b"#") for line in lines)


def check(path: Path, content: bytes, original: RawProfile) -> bool:
    """Whether damaged content is read; if it is, then with all of its data points."""
    path.write_bytes(content)
    raw = read_or_sentence(path)
    if raw is None:
        return False
    # titles, the names of the columns, and masses below nothing; a row of numbers must not be among them
    header = [line for line in raw.header if line.strip() and not line.lstrip().startswith("#")]
    assert not [line for line in header if len(NUMBERS.findall(line)) > 3 and line[:3] != "\t\t\t"]
    assert raw.points >= data_lines(content) - len(header)
    if any(name.lower().strip("#").startswith("data point") for name in raw.columns):
        assert raw.points >= original.points
    assert raw.intensity.shape == (len(raw.channels), raw.points)
    assert len({channel.name for channel in raw.channels}) == len(raw.channels)
    counted = [place for place, channel in enumerate(raw.channels) if channel.kind != "ratio"]
    assert np.all(np.isfinite(raw.intensity[counted]))
    assert np.all(raw.intensity[counted] >= 0.0)
    axis = raw.sputter_time if raw.sputter_time is not None else raw.depth
    assert axis is not None
    assert np.all(np.diff(axis) > 0.0)
    return True


def replace_bytes(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def insert_token(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + chance.choice(INTERESTING) + content[place + chance.randrange(3) :]


def delete_span(content: bytes, chance: random.Random) -> bytes:
    # Not up to the very end: a file that ends between two lines looks like a shorter measurement.
    place = chance.randrange(content.rstrip().rfind(b"\n"))
    return content[:place] + content[min(place + chance.randrange(1, 60), content.rstrip().rfind(b"\n") + 1) :]


def truncate(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    while content[place - 1 : place] in (b"\n", b"\r"):
        place -= 1
    return content[:place]


def change_cell(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    row = chance.randrange(len(lines) - 1)
    delimiter = b"\t" if b"\t" in lines[row] else b";" if b";" in lines[row] else b","
    cells = lines[row].split(delimiter)
    cells[chance.randrange(len(cells))] = chance.choice(INTERESTING)
    lines[row] = delimiter.join(cells)
    return b"\n".join(lines)


def drop_or_double_cell(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    row = chance.randrange(len(lines) - 1)
    delimiter = b"\t" if b"\t" in lines[row] else b";" if b";" in lines[row] else b","
    cells = lines[row].split(delimiter)
    place = chance.randrange(len(cells))
    cells[place : place + 1] = [] if chance.random() < 0.5 else [cells[place]] * 2
    lines[row] = delimiter.join(cells)
    return b"\n".join(lines)


def move_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.rstrip().split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    # A last line that is missing looks like a shorter measurement, so the last one stays.
    what = chance.choice(("swap", "double", "delete"))
    if what == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif what == "double":
        lines.insert(second, lines[first])
    elif first < len(lines) - 1:
        del lines[first]
    return b"\n".join(lines) + b"\n"


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    replace_bytes, insert_token, delete_span, truncate, change_cell, drop_or_double_cell, move_lines,
)  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_a_damaged_export_is_refused_in_one_sentence_or_read_completely(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    path = tmp_path / name
    path.write_bytes(SOURCES[name])
    original = read_raw_profile(path)
    read = 0
    for case in range(CASES_EACH):
        content = SOURCES[name]
        chosen = chance.choices(MUTATIONS, k=1 if case % 2 else chance.randrange(1, 4))
        # A cut comes last: whatever closed the broken line again would hide it for good.
        for mutation in sorted(chosen, key=lambda mutation: mutation is truncate):
            if content.count(b"\n") > 2:
                content = mutation(content, chance)
        if not content.strip():
            continue
        try:
            read += check(path, content, original)
        except Exception as error:
            path.with_suffix(".failed").write_bytes(content)
            raise AssertionError(f"case {case}: {error!r}, kept beside {path}") from error
    # Both must occur, otherwise nothing was tried.
    assert 0 < read < CASES_EACH


@pytest.mark.parametrize("name", SOURCES)
def test_every_cut_inside_a_line_is_noticed(name: str, tmp_path: Path) -> None:
    content, path = SOURCES[name], tmp_path / name
    last = content.rstrip().rfind(b"\n") + 1
    for place in range(last + 1, len(content)):
        path.write_bytes(content[:place])
        assert read_or_sentence(path) is None, place


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_are_refused_in_one_sentence_or_read(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.txt"
    path.write_bytes(content)
    read_or_sentence(path)


def test_a_damaged_stored_profile_is_refused_or_read(tmp_path: Path) -> None:
    (tmp_path / "export.txt").write_bytes(EXPORT)
    whole = write_raw_profile(read_raw_profile(tmp_path / "export.txt"), tmp_path / "profile.nc").read_bytes()
    chance, path = random.Random(7), tmp_path / "damaged.nc"
    for case in range(40):
        content = whole[: chance.randrange(8, len(whole))] if case % 2 else replace_bytes(whole, chance)
        path.write_bytes(content)
        raw = read_or_sentence(path)
        if case % 2:
            assert raw is None
        elif raw is not None:
            assert raw.points == 25
