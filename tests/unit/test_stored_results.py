"""Files that are no stored results are refused in one way, whatever was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
import pytest
import xarray

import ionscape as isc
from commands import call_here
from ionscape.datasets import check_content, file_remarks, load_checked, write_dataset
from ionscape.hopping.hops_result import CONTENT as HOPS
from ionscape.inference.result import CONTENT as FIT
from ionscape.profiling.profile import CONTENT as PROFILE
from ionscape.series.hops_result import CONTENT as HOPS_OF_GLASSES
from ionscape.series.result import CONTENT as SERIES
from ionscape.sweeps import CONTENT as SWEEP
from ionscape.transport.solution import CONTENT as SIMULATION
from ionscape.transport.solution import OF_SUMMARY
from synthetic_result import EXPERIMENT

LOADERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "ionscape simulate": (isc.load_result, "the result of a simulation"),
    "ionscape calibrate": (isc.load_profile, "a calibrated profile"),
    "ionscape fit": (isc.load_fit_result, "the result of a fit"),
    "ionscape conductivity": (isc.load_series_result, "the result of a series"),
    "ionscape sweep": (isc.load_sweep, "a sweep"),
}


@pytest.mark.parametrize("command", LOADERS)
def test_one_sentence_for_each_mistake(command: str, tmp_path: Path) -> None:
    load, what = LOADERS[command]
    text, other = tmp_path / "text.nc", tmp_path / "other.nc"
    text.write_text("no data")
    xarray.Dataset({"x": ("y", [1.0])}, attrs={"format": "of somebody else"}).to_netcdf(other, engine="h5netcdf")
    sentences = {
        tmp_path: f"{tmp_path}: is a folder; give the file in it.",
        tmp_path / "none.nc": f"{tmp_path / 'none.nc'}: does not exist; give a file that `{command}` wrote.",
        other: f"{other}: is not {what}; give a file that `{command}` wrote.",
    }
    for path, sentence in sentences.items():
        with pytest.raises(isc.InputError) as caught:
            load(path)
        assert str(caught.value) == sentence
    with pytest.raises(isc.InputError) as caught:
        load(text)
    sentence = f"{text}: is not a NetCDF file; give a file that `{command}` wrote ("
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


KINDS = {
    "simulation": (SIMULATION, isc.load_result),
    "profile": (PROFILE, isc.load_profile),
    "fit": (FIT, lambda path: isc.load_fit_result(path, with_problem=False)),
    "series": (SERIES, isc.load_series_result),
    "hops": (HOPS, isc.load_hops),
    "hops of glasses": (HOPS_OF_GLASSES, isc.load_hops_result),
    "sweep": (SWEEP, isc.load_sweep),
}


def smallest(kind: str) -> xarray.Dataset:
    """A dataset with what a file of a kind holds at least, made by hand: every number 1.5, every text "a"."""
    content, _ = KINDS[kind]
    numbers = {
        **content.variables,
        **content.gaps,
        **(OF_SUMMARY.variables if kind == "simulation" else {}),
        **{f"{n}_0": tuple(f"{d}_0" for d in dims) for n, dims in content.numbered.items()},
    }
    texts = dict(content.labels)
    if kind == "sweep":
        numbers |= {"V": ("V",), **dict.fromkeys(("collected_charge", "front_depth"), ("V", "stage"))}
        numbers |= dict.fromkeys(("front_width", "plateau"), ("V", "stage"))
        texts["error"] = ("V",)
    variables = {name: (dims, np.full([2] * len(dims), 1.5)) for name, dims in numbers.items()}
    variables |= {name: (dims, np.full([2] * len(dims), "a", dtype=object)) for name, dims in texts.items()}
    values = {"text": "text", "number": 1.5, "pair of numbers": [1.0, 2.0], "JSON": '["a"]'}
    attributes = {name: values[meant] for name, meant in content.attributes.items()}
    if kind in ("simulation", "sweep"):
        attributes["experiment"] = EXPERIMENT
    if kind == "fit":
        attributes["source_sha256"] = hashlib.sha256(b"text").hexdigest()
    return xarray.Dataset(variables, attrs={**attributes, "format": content.form})


def dataset_of(loaded: Any) -> xarray.Dataset:
    return getattr(loaded, "dataset", loaded)


def refusal(load: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(isc.InputError) as caught:
        load(path)
    assert caught.value.exit_status == 2
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: is ")
    assert "\n" not in sentence
    assert "give a file that `ionscape" in sentence
    return sentence


def test_the_checksum_is_what_the_documents_say(tmp_path: Path) -> None:
    """Put together by hand: the pieces, each behind its length, of one attribute and one variable."""
    dataset = xarray.Dataset({"x": ("t", np.array([1, -2], dtype=np.int16), {"units": "K"})}, attrs={"title": "Γ"})
    write_dataset(dataset, tmp_path / "a.nc")
    pieces = [
        b"attribute", b"title", b"text", b"(1,)", "Γ".encode(),
        b"variable", b"x", b"t", b"i2", b"(2,)", b"\x01\x00\xfe\xff", b"attribute", b"units", b"text", b"(1,)", b"K",
    ]  # fmt: skip
    by_hand = hashlib.sha256(b"".join(len(piece).to_bytes(8, "little") + piece for piece in pieces)).hexdigest()
    assert xarray.load_dataset(tmp_path / "a.nc", engine="h5netcdf").attrs["content_sha256"] == by_hand
    written = (tmp_path / "a.nc").read_bytes()
    seal = written[-64:]
    assert hashlib.sha256(written[: -64 - len("\nionscape sha256 ")]).hexdigest().encode() == seal


MIXED = xarray.Dataset(
    {
        "density": (("time", "ion"), np.arange(600.0).reshape(300, 2), {"units": "1/m^3"}),
        "whole": ("time", np.arange(300, dtype=np.int32)), "flag": ("ion", np.array([True, False])),
        "single": ((), 2.5), "missing": ("ion", np.array([np.nan, 1.0])), "none": ("nothing", np.zeros(0)),
    },
    coords={"ion": np.array(["Li", "Γ₁"], dtype=object), "time": np.linspace(0.0, 1.0, 300)},
    attrs={"text": "σ", "numbers": [1.0, 2.0], "one": ["a"], "count": 3, "empty": "", "share": np.float32(0.1)},
)  # fmt: skip


def test_what_is_read_is_what_was_written_however_it_is_packed(tmp_path: Path) -> None:
    plain, packed, again = tmp_path / "plain.nc", tmp_path / "packed.nc", tmp_path / "again.nc"
    write_dataset(MIXED, plain)
    write_dataset(MIXED, packed, encoding={"density": {"zlib": True, "shuffle": True}, "whole": {"dtype": ">i4"}})
    read = load_checked(plain, remedy="")
    assert read.identical(MIXED)
    assert file_remarks(read) == ()
    assert load_checked(packed, remedy="").identical(MIXED)
    stated = [xarray.load_dataset(path, engine="h5netcdf").attrs["content_sha256"] for path in (plain, packed)]
    assert stated[0] == stated[1]
    # what is changed on purpose and written again has a checksum of its own
    write_dataset(read.assign_attrs(count=4), again)
    assert load_checked(again, remedy="").attrs["count"] == 4
    # without the seal, as another program leaves it behind, the checksum of the content holds
    plain.write_bytes(plain.read_bytes()[:-81])
    assert load_checked(plain, remedy="").identical(MIXED)
    with h5py.File(plain, "r+") as file:
        file["whole"][7] += 1
    with pytest.raises(isc.InputError, match="does not fit its checksum"):
        load_checked(plain, remedy="")


def test_a_flipped_bit_anywhere_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    write_dataset(MIXED, path, encoding={"density": {"zlib": True}})
    written = path.read_bytes()
    rng = np.random.default_rng(20261129)
    for place, bit in zip(rng.integers(len(written), size=150), rng.integers(8, size=150), strict=True):
        damaged = bytearray(written)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            read = load_checked(path, remedy="")
        except isc.InputError:
            continue
        assert read.identical(MIXED), f"bit {bit} of byte {place}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_a_checksum_is_read_with_a_remark(kind: str, tmp_path: Path) -> None:
    _, load = KINDS[kind]
    path, again = tmp_path / "old.nc", tmp_path / "new.nc"
    smallest(kind).to_netcdf(path, engine="h5netcdf")
    loaded = load(path)
    (remark,) = file_remarks(dataset_of(loaded))
    assert str(remark).startswith(f"{path} has no checksum")
    if kind != "sweep":
        assert str(remark) in cast(Any, loaded).warnings
    write_dataset(dataset_of(loaded), again)
    assert file_remarks(dataset_of(load(again))) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_and_incomplete_files_of_every_kind_get_one_sentence(kind: str, tmp_path: Path) -> None:
    """Without a checksum too: what 0.1.0 wrote is looked through by what it must hold."""
    content, load = KINDS[kind]
    whole, path = smallest(kind), tmp_path / "a.nc"

    def without_checksum(dataset: xarray.Dataset) -> str:
        with pytest.raises(isc.InputError) as caught:
            check_content(dataset.assign_attrs(file_without_checksum="a.nc"), content, file="a.nc")
        return str(caught.value)

    gone = "error" if kind == "sweep" else next(iter(content.labels or content.variables))
    whole.drop_vars(gone).to_netcdf(path, engine="h5netcdf")
    refusal(load, path)
    content = replace(content, labels={**content.labels, "error": ("V",)}) if kind == "sweep" else content
    for name in {**content.variables, **content.labels, **content.gaps}:
        variable = whole.variables[name]
        assert f"{name!r}" in without_checksum(whole.drop_vars(name))
        if variable.dtype.kind == "f" and name in content.variables:
            gone = whole.assign({name: (variable.dims, np.full(variable.shape, np.nan))})
            assert f"{name!r} holds no values" in without_checksum(gone)
    for name, meant in {**content.attributes, **content.possible}.items():
        left = {key: value for key, value in whole.attrs.items() if key != name}
        if name in content.attributes:
            assert f"{name!r} is missing" in without_checksum(whole.drop_attrs(deep=False).assign_attrs(left))
        if meant == "JSON":
            assert f"{name!r} is no JSON" in without_checksum(whole.assign_attrs({name: '["a'}))
        if meant == "JSON object":
            for broken in ('{"a', "[1, 2]"):
                assert f"{name!r} is no JSON object" in without_checksum(whole.assign_attrs({name: broken}))
    other_text = "source" if kind not in ("simulation", "sweep") else "experiment"
    changed = whole.assign_attrs({other_text: "[a]", f"{other_text}_sha256": hashlib.sha256(b"[b]").hexdigest()})
    assert "does not fit its hash" in without_checksum(changed)
    write_dataset(whole, path)
    written = path.read_bytes()
    for cut in (b"", written[: len(written) // 2], written[:-1], b"\x89HDF\r\n\x1a\n" + bytes(90)):
        path.write_bytes(cut)
        refusal(load, path)


def test_every_command_says_that_a_file_has_no_checksum(tmp_path: Path) -> None:
    isc.simulate(isc.parse_experiment(EXPERIMENT)).dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    for words in (("summary",), ("figure", "profiles", "-o", "b.png"), ("export", "b.csv")):
        done = call_here(words[0], "a.nc", *words[1:], folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("has no checksum") == 1


def test_a_file_of_another_program_is_refused_without_a_word_of_a_library(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["numbers"] = np.arange(5.0)
    for words in (("summary",), ("export", "b.csv")):
        done = call_here(words[0], "a.nc", *words[1:], folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("a.nc: ")
        assert done.stderr.count("\n") == 1
        assert "Warning" not in done.stderr


COMMANDS = (
    ("summary", "a.nc"), ("figure", "a.nc", "overview", "-o", "b.png"), ("export", "a.nc", "b.csv"), ("fit", "a.nc"),
    ("report", "a.nc"), ("inspect", "a.nc"), ("calibrate", "a.nc"), ("simulate", "a.nc"),
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_every_command_refuses_a_damaged_file_in_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    for kind in ("fit", "sweep"):
        write_dataset(smallest(kind), tmp_path / "a.nc")
        written = bytearray((tmp_path / "a.nc").read_bytes())
        written[len(written) // 2] ^= 4
        for content in (written, written[:900], b""):
            (tmp_path / "a.nc").write_bytes(content)
            done = call_here(*words, folder=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith("a.nc: ")
            assert done.stderr.count("\n") == 1
