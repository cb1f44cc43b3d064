"""Files that are no stored results are refused in one way, whatever was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xarray

import ionscape as isc

LOADERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "ionscape simulate": (isc.load_result, "the result of a simulation"),
    "ionscape calibrate": (isc.load_profile, "a calibrated profile"),
    "ionscape fit": (isc.load_fit_result, "the result of a fit"),
    "ionscape conductivity": (isc.load_series_result, "the result of a series"),
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
