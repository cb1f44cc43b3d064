"""D(n, T) of landscapes: as a result, as a diffusion model, and in experiment files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.diffusivity import LandscapeDiffusion

BORATE = "0.30 Li2O 0.70 B2O3"
EXPERIMENT = """
[sample]
thickness = "1 mm"
illuminated_area = "28 mm^2"
relative_permittivity = 7
native = {{ Li = "1.4e28 1/m^3" }}
[ions.Li]
diffusion = {diffusion}
[ions.Rb.diffusion]
model = "constant"
coefficient = "1e-22 m^2/s"
reference_temperature = "323 K"
activation_energy = "0.65 eV"
[[stages]]
kind = "irradiation"
beam = "Rb"
source_potential = "10 V"
temperature = "323 K"
duration = "1 h"
"""


def table() -> LandscapeDiffusion:
    """Three shares at two temperatures, without a path at the lowest."""
    rows = ((0.0, 1e-20, 4e-20), (0.0, 1e-18, 2e-18))
    return LandscapeDiffusion(native_density=1e28, shares=(0.5, 0.75, 1.0), temperatures=(300.0, 400.0),
                              coefficients=rows, origin="replacement")  # fmt: skip


def test_of_one_temperature_the_barriers_tell_the_others() -> None:
    model = LandscapeDiffusion(native_density=1e28, shares=(0.5, 1.0), temperatures=(300.0,),
                               coefficients=((1e-20, 4e-20),), origin="filling", energies=(1e-19, 2e-19))  # fmt: skip
    expected = 4e-20 * math.exp(-2e-19 / BOLTZMANN_CONSTANT * (1.0 / 330.0 - 1.0 / 300.0))
    assert model.coefficient(1e28, 330.0) == pytest.approx(expected)
    assert model.activation_energy(0.75e28) == pytest.approx(1.5e-19)


def test_between_the_knots_lines_of_ln_d() -> None:
    """Over the density and over 1/T; beyond the ends the last values, and nothing moves without a path."""
    model = table()
    assert model.coefficient([0.75e28, 1e28, 2e28], 300.0) == pytest.approx([1e-20, 4e-20, 4e-20])
    assert model.coefficient(0.875e28, 300.0) == pytest.approx(2e-20)
    assert model.coefficient(1e28, 2.0 / (1.0 / 300.0 + 1.0 / 400.0)) == pytest.approx(math.sqrt(4e-20 * 2e-18))
    assert model.jumps == (0.625e28,)
    assert model.coefficient([0.62e28, 0.63e28], 300.0) == pytest.approx([1e-60, 1e-20])
    energy = BOLTZMANN_CONSTANT * math.log(50.0) / (1.0 / 300.0 - 1.0 / 400.0)
    assert model.activation_energy(1e28) == pytest.approx(energy)
    beyond = 4e-20 * math.exp(-energy / BOLTZMANN_CONSTANT * (1.0 / 280.0 - 1.0 / 300.0))
    assert model.coefficient(1e28, 280.0) == pytest.approx(beyond)


@pytest.fixture(scope="module")
def frozen() -> isc.Mobility:
    return isc.landscape_diffusion(BORATE, temperature=[393.0, 323.0], filling=[0.8, 0.95], lattice=14, landscapes=2,
                                   shares=[0.5, 0.8, 0.9, 1.0])  # fmt: skip


def test_foreign_ions_that_stay_slow_native_ones_down(frozen: isc.Mobility, tmp_path: Path) -> None:
    """And end their paths at last; a file keeps all of it."""
    data = frozen.dataset
    assert data["temperature"].values.tolist() == [323.0, 393.0]
    rising = data["native_diffusion_coefficient"].values
    assert (rising[:, 0] == 0.0).all()
    assert (np.diff(rising[:, 1:], axis=1) > 0.0).all()
    assert [remark.code for remark in frozen.remarks] == ["mobility_of_filling", "mobility_without_path"]
    assert frozen.origins == ("filling", "replacement")
    # the native glass is the same in both
    assert data["diffusion_coefficient"][:, -1].values == pytest.approx(rising[:, -1])
    path = tmp_path / "mobility.nc"
    frozen.to_netcdf(path)
    assert isc.load(path).dataset.identical(data)
    experiment = tmp_path / "experiment.toml"
    experiment.write_text(EXPERIMENT.format(diffusion='{ model = "landscape", file = "mobility.nc" }'))
    described = isc.load_experiment(experiment)
    at_bulk = described.diffusion_model("Li", 0).coefficient(1.4e28, 323.0)
    assert at_bulk == pytest.approx(float(data["native_diffusion_coefficient"][0, -1]))
    # without the file: the numbers stand in the text
    assert isc.parse_experiment(described.self_contained_source()) == described
    assert isc.parse_experiment(described.to_toml()) == described
    over = isc.load_experiment(_changed(experiment, 'file = "mobility.nc"', 'file = "mobility.nc", over = "filling"'))
    fewer = over.diffusion_model("Li", 0).coefficient(1.4e28 * 0.8 / 0.95, 323.0)
    assert fewer == pytest.approx(float(data["diffusion_coefficient"][0, 0]))
    with pytest.raises(isc.InputError, match="foreign ions that do not move"):
        isc.load_experiment(_changed(experiment, 'file = "mobility.nc"', 'file = "mobility.nc", ion = "foreign"'))


def test_a_d_over_the_filling_is_not_taken_for_one_of_ions_that_are_replaced(tmp_path: Path) -> None:
    found = isc.landscape_diffusion(BORATE, temperature=323.0, filling=[0.8, 0.95], second_ion=None, lattice=10,
                                    landscapes=2)  # fmt: skip
    found.to_netcdf(tmp_path / "mobility.nc")
    text = '{ model = "landscape", file = "mobility.nc" }'
    with pytest.raises(isc.InputError, match=r'of native ions where foreign ones replace them.*over = "filling"'):
        isc.parse_experiment(EXPERIMENT.format(diffusion=text), folder=tmp_path)
    with pytest.raises(isc.InputError, match="choose of filling"):
        found.model()


def _changed(path: Path, old: str, new: str) -> Path:
    changed = path.with_name("changed.toml")
    changed.write_text(path.read_text().replace(old, new))
    return changed


def test_where_ions_share_every_site_alike_d_does_not_change() -> None:
    """Only the rates of the foreign ion distinguish it; the barrier stands in both networks alike."""
    jumps = isc.JumpLaw(barrier=0.1 * ELECTRON_VOLT)
    ion = isc.MobileIon(barrier=0.2 * ELECTRON_VOLT, attempt_frequency=0.5 * jumps.attempt_frequency)
    found = isc.landscape_diffusion(BORATE, temperature=[323.0, 393.0], filling=None, lattice=10, landscapes=2,
                                    shares=[0.5, 1.0], jumps=jumps, second_ion=ion)  # fmt: skip
    native = found.dataset["native_diffusion_coefficient"].values
    assert native[:, 0] == pytest.approx(native[:, 1], rel=1e-12)
    ratio = found.model("foreign").coefficient(1e27, 323.0) / found.model().coefficient(1e27, 323.0)
    assert ratio == pytest.approx(0.5 * math.exp(-0.1 * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * 323.0)))
    assert [remark.code for remark in found.remarks] == ["mobility_mixed"]


def test_ions_that_block_any_site_block_less_than_those_in_the_highest() -> None:
    """The highest occupied sites carry the current; others hardly matter."""
    low, high = (
        isc.landscape_diffusion(BORATE, temperature=400.0, filling=None, lattice=16, landscapes=2, shares=[0.85, 1.0],
                                second_ion=kind).dataset["native_diffusion_coefficient"].values[0]
        for kind in ("frozen", "random")
    )  # fmt: skip
    assert low[1] == pytest.approx(high[1])
    assert low[0] < high[0]


def test_over_the_filling_fewer_ions_are_faster() -> None:
    found = isc.landscape_diffusion(BORATE, temperature=[323.0, 393.0], lattice=10, landscapes=2, filling=[0.8, 0.95],
                                    second_ion=None)  # fmt: skip
    data = found.dataset
    assert (data["diffusion_coefficient"][:, 0] > data["diffusion_coefficient"][:, 1]).all()
    assert (data["thermodynamic_factor"].values > 1.0).all()
    assert found.model(origin="filling").shares == pytest.approx((0.8 / 0.95, 1.0))
    with pytest.raises(isc.InputError, match="over the filling"):
        found.model("foreign", origin="filling")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"temperature": [0.0]}, "temperature"),
        ({"second_ion": "absent"}, "second_ion"),
        ({"shares": [0.5, 0.9]}, "shares"),
        ({"filling": [1.0]}, "filling"),
        ({"filling": None, "second_ion": None}, "asks for nothing"),
        ({"landscapes": 1}, "landscapes"),
    ],
)
def test_values_out_of_range_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(isc.InputError, match=said):
        isc.landscape_diffusion(BORATE, **({"temperature": [300.0, 400.0], "lattice": 6} | changed))  # type: ignore[arg-type]
