"""The reference measurement: Arrhenius lines, impedance spectra, units, and D with its covariance."""

from __future__ import annotations

import json
import math
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import pytest

from commands import call_here
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ELEMENTARY_CHARGE
from ionscape.errors import InputError
from ionscape.reference import (
    Geometry,
    ImpedanceSpectrum,
    arrhenius_fit,
    bulk_resistance,
    kramers_kronig_residual,
    load_reference,
    read_impedance,
    reference_from_conductivities,
    reference_from_spectra,
)

KELVIN = np.array([303.15, 323.15, 343.15, 363.15, 383.15, 403.15])
GEOMETRY = Geometry(thickness=1.02e-3, area=78.5e-6, thickness_error=1e-5)
FREQUENCY = np.geomspace(1e6, 0.1, 50)


def conductivities(energy: float = 0.65 * ELECTRON_VOLT, log_prefactor: float = 12.0) -> np.ndarray:
    return np.exp(log_prefactor - energy / (BOLTZMANN_CONSTANT * KELVIN)) / KELVIN


def spectrum(resistance: float, rng=None, *, noise: float = 0.01, kelvin: float = 323.15) -> ImpedanceSpectrum:
    """R∥CPE with noise of the modulus in both parts."""
    clean = 1.0 / (1.0 / resistance + 2e-11 * (2j * math.pi * FREQUENCY) ** 0.92)
    if rng is not None:
        clean = clean + np.abs(clean) * noise * (rng.standard_normal(50) + 1j * rng.standard_normal(50))
    return ImpedanceSpectrum(file="made", temperature=kelvin, frequency=FREQUENCY, impedance=clean)


def test_line_is_that_of_least_squares_in_closed_form():
    """The textbook sums in 50 digits: cancellation leaves those nothing to lose."""
    getcontext().prec = 50
    rng = np.random.default_rng(2)
    sigma = conductivities() * np.exp(0.03 * rng.standard_normal(6))
    errors = np.array([0.01, 0.02, 0.01, 0.05, 0.02, 0.03])
    fitted = arrhenius_fit(KELVIN, sigma, relative_error=errors)
    x = [Decimal(-1) / (Decimal(BOLTZMANN_CONSTANT) * Decimal(each)) for each in KELVIN]
    y = [(Decimal(float(s)) * Decimal(float(t))).ln() for s, t in zip(sigma, KELVIN, strict=True)]
    w = [1 / Decimal(each) ** 2 for each in errors]
    total, sx, sy = sum(w), sum(a * b for a, b in zip(w, x, strict=True)), sum(a * b for a, b in zip(w, y, strict=True))
    sxx = sum(a * b * b for a, b in zip(w, x, strict=True))
    sxy = sum(a * b * c for a, b, c in zip(w, x, y, strict=True))
    det = total * sxx - sx * sx
    slope, offset = (total * sxy - sx * sy) / det, (sxx * sy - sx * sxy) / det
    assert fitted.activation_energy == pytest.approx(float(slope), rel=1e-12)
    assert fitted.log_prefactor == pytest.approx(float(offset), rel=1e-12)
    scale = max(1.0, fitted.reduced_chi_squared)
    assert fitted.covariance[1, 1] == pytest.approx(scale * float(total / det), rel=1e-10)
    assert fitted.covariance[0, 0] == pytest.approx(scale * float(sxx / det), rel=1e-10)
    assert fitted.covariance[0, 1] == pytest.approx(scale * float(-sx / det), rel=1e-10)


def test_an_outlier_is_found_and_good_points_are_not():
    rng = np.random.default_rng(7)
    sigma = conductivities() * np.exp(0.01 * rng.standard_normal(6))
    assert not arrhenius_fit(KELVIN, sigma).outliers.any()
    sigma[2] *= 1.5
    assert arrhenius_fit(KELVIN, sigma).outliers.tolist() == [False, False, True, False, False, False]


def test_resistance_lies_in_its_interval_as_often_as_it_should():
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(100):
        found = bulk_resistance(spectrum(1e7, rng))
        assert not found.electrode
        inside += abs(found.resistance - 1e7) < 1.96 * found.relative_error * found.resistance
    assert 90 <= inside <= 99


def test_a_blocking_electrode_is_told_apart_and_a_short_spectrum_too():
    rng = np.random.default_rng(3)
    plain = spectrum(1e6, rng)
    tail = 1.0 / (1e-6 * (2j * math.pi * FREQUENCY) ** 0.8)
    blocked = ImpedanceSpectrum(file="made", temperature=323.15, frequency=FREQUENCY, impedance=plain.impedance + tail)
    found = bulk_resistance(blocked)
    assert found.electrode
    assert found.resistance == pytest.approx(1e6, rel=5.0 * found.relative_error)
    high = FREQUENCY > 3e4
    short = ImpedanceSpectrum(file="made", temperature=323.15, frequency=FREQUENCY[high],
                              impedance=spectrum(1e9).impedance[high])  # fmt: skip
    assert bulk_resistance(short).extrapolated


def test_kramers_and_kronig_hold_for_circuits_and_not_for_drift():
    assert kramers_kronig_residual(spectrum(1e7)) < 1e-3
    noisy = [kramers_kronig_residual(spectrum(1e7, np.random.default_rng(seed))) for seed in range(16)]
    assert np.mean(noisy) == pytest.approx(0.01, rel=0.08)  # each scatters by a tenth
    clean = spectrum(1e7)
    drifting = clean.impedance * np.linspace(1.0, 1.6, 50)  # 60 % while it was measured
    bad = ImpedanceSpectrum(
        file="made", temperature=323.15, frequency=FREQUENCY, impedance=drifting.real * 1.0 + 1j * clean.impedance.imag
    )
    assert kramers_kronig_residual(bad) > 0.03


def test_coefficient_and_its_covariance_follow_from_nernst_and_einstein():
    density, kelvin = 1.4e28, 323.15
    reference = reference_from_conductivities(KELVIN, conductivities(), relative_error=0.02, common_error=0.03)
    expected = math.exp(12.0 - 0.65 * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * kelvin)) * BOLTZMANN_CONSTANT
    expected /= density * ELEMENTARY_CHARGE**2
    value, error = reference.diffusion_coefficient(kelvin, density=density)
    assert value == pytest.approx(expected, rel=1e-12)
    # the line is known best in its middle, but never better than the geometry
    assert 0.03 < error / value < 0.04
    mean, covariance = reference.diffusion_prior(kelvin, density=density)
    assert mean == pytest.approx([math.log(expected), 0.65 * ELECTRON_VOLT], rel=1e-12)
    # by Monte Carlo: lines through points that scatter as they say
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(4000):
        again = arrhenius_fit(KELVIN, conductivities() * np.exp(0.02 * rng.standard_normal(6)), relative_error=10.0)
        level = (
            again.log_prefactor - again.activation_energy / (BOLTZMANN_CONSTANT * kelvin) + 0.03 * rng.standard_normal()
        )
        draws.append([level, again.activation_energy])
    assert covariance == pytest.approx(np.cov(np.array(draws).T), rel=0.1)
    ratio, ratio_error = reference.haven_ratio(0.3 * expected, kelvin, density=density, tracer_error=0.03 * expected)
    assert ratio == pytest.approx(0.3, rel=1e-12)
    assert ratio_error == pytest.approx(0.3 * math.hypot(0.1, error / value), rel=1e-9)


HEADS = {
    "plain.csv": ("frequency (Hz),Z' (kOhm),-Z'' (kOhm)", 1.0, 1e3, -1e3),
    "im.csv": ("Freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", 1.0, 1.0, -1.0),
    "kilo.csv": ("f (kHz);Z_real (Mohm);Z_imag (Mohm)", 1e3, 1e6, 1e6),
    "novocontrol.txt": ("Freq. [Hz]\tZs' [Ohms]\tZs'' [Ohms]", 1.0, 1.0, 1.0),
    "bare.csv": ("", 1.0, 1.0, 1.0),
}


@pytest.mark.parametrize("name", HEADS)
def test_columns_are_read_in_their_units(tmp_path: Path, name: str):
    head, hertz, real, imaginary = HEADS[name]
    delimiter = "\t" if "\t" in head else ";" if ";" in head else ","
    made = spectrum(1e6)
    rows = [
        delimiter.join(map(repr, (float(f) / hertz, float(z.real) / real, float(z.imag) / imaginary)))
        for f, z in zip(made.frequency, made.impedance, strict=True)
    ]
    path = tmp_path / f"glass_50degC_{name}"
    path.write_text("\n".join([*([head] if head else []), *rows]) + "\n", encoding="utf-8")
    (found,) = read_impedance(path)
    assert found.temperature == pytest.approx(323.15)
    assert found.frequency == pytest.approx(made.frequency, rel=1e-12)
    assert found.impedance == pytest.approx(made.impedance, rel=1e-12)


def test_modulus_and_phase_and_a_column_of_temperatures_make_one_spectrum_for_each_sweep(tmp_path: Path):
    path = tmp_path / "sweeps.txt"
    lines = ["Sample: glass", "Freq. [Hz]\tTemp. [°C]\t|Z| [Ohms]\tPhase [deg]"]
    for celsius, resistance in ((50.0, 1e7), (70.0, 2e6)):
        made = spectrum(resistance)
        lines += [f"{f!r}\t{celsius}\t{abs(z)!r}\t{math.degrees(np.angle(z))!r}"
                  for f, z in zip(made.frequency.tolist(), made.impedance.tolist(), strict=True)]  # fmt: skip
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_impedance(path)
    assert [each.temperature for each in found] == pytest.approx([323.15, 343.15])
    reference = reference_from_spectra(found, GEOMETRY)
    assert reference.dataset["resistance"].values == pytest.approx([1e7, 2e6], rel=1e-4)
    assert reference.dataset["conductivity"].values == pytest.approx(
        GEOMETRY.cell_constant / np.array([1e7, 2e6]), rel=1e-4
    )


def test_geometry_is_read_with_its_units_and_errors():
    found = Geometry.parse("thickness = 1.02 mm, diameter = 1 cm, diameter_error = 0.1 mm")
    assert found.cell_constant == pytest.approx(1.02e-3 / (math.pi * 2.5e-5))
    assert found.relative_error == pytest.approx(0.02)
    for text, sentence in (("thickness = 1 mm", "lacks area"), ("thickness = 1, area = 2 mm^2", "without a unit"),
                           ("height = 1 mm", "no part of a geometry")):  # fmt: skip
        with pytest.raises(InputError, match=sentence):
            Geometry.parse(text)


def test_command_line_takes_spectra_and_tables_and_keeps_what_it_finds(tmp_path: Path):
    rng = np.random.default_rng(9)
    for kelvin, sigma in zip(KELVIN, conductivities(), strict=True):
        made = spectrum(GEOMETRY.cell_constant / sigma, rng)
        rows = [
            f"{f!r},{z.real!r},{z.imag!r}"
            for f, z in zip(made.frequency.tolist(), made.impedance.tolist(), strict=True)
        ]
        (tmp_path / f"{kelvin:.2f}K.csv").write_text("\n".join(rows), encoding="utf-8")
    files = sorted(path.name for path in tmp_path.glob("*.csv"))
    done = call_here("reference", *files, "--geometry", "thickness = 1.02 mm, area = 78.5 mm^2", "--output", "r.nc",
                     "--summary", "r.json", "--density", "1.4e28 1/m^3", folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    away = summary["activation_energy"] - 0.65 * ELECTRON_VOLT
    assert abs(away) < 4.0 * summary["activation_energy_error"] < 0.02 * ELECTRON_VOLT
    stored = load_reference(tmp_path / "r.nc")
    assert stored.summary()["activation_energy"] == summary["activation_energy"]
    assert (tmp_path / "r.png").stat().st_size > 10_000
    table = "temperature (degC),conductivity (S/cm)\n" + "\n".join(
        f"{kelvin - 273.15!r},{sigma / 100.0!r}"
        for kelvin, sigma in zip(KELVIN.tolist(), conductivities().tolist(), strict=True)
    )
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    done = call_here(
        "reference", "table.csv", "--output", "t.nc", "--summary", "t.json", "--no-figure", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert found["activation_energy"] == pytest.approx(0.65 * ELECTRON_VOLT, rel=1e-9)
    assert found["log_prefactor"] == pytest.approx(12.0, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "no table of three columns"),
        ("frequency (Hz),Z' (ohm),Z'' (V)\n1,2,3\n", "resistance"),
        ("frequency (Hz),Z' (ohm),other\n1,2,3\n", "does not name frequency"),
        ("frequency (Hz),Z' (ohm),Z'' (ohm)\n0,2,3\n", "must be above 0"),
        ("frequency (Hz),Z' (ohm),Z'' (ohm)\n1,2,3\n2,x,3\n", "is not a number"),
        ("frequency (Hz),Z' (ohm),Z'' (ohm)\n1,2,-3\n", "states no temperature"),
    ],
)
def test_a_spectrum_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str):
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    done = call_here("reference", "bad.csv", "--geometry", "thickness = 1 mm, area = 1 cm^2", folder=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
