"""The two solvers that judge the package agree with each other: the readable twin and SUNDIALS IDA."""

from __future__ import annotations

import numpy as np
import pytest

import ida_oracle
import oracles

HOURS = 3600.0


def lithium_rubidium(faces: np.ndarray, duration: float) -> ida_oracle.Irradiation:
    """The case of the twin: Rb+ on Li3B7O12 at 15 V."""
    twin = oracles.load_twin()
    lithium = oracles.tabulated(
        lambda fractions: oracles.cosine_squared_coefficients(fractions, bulk_coefficient=5.8e-19, temperature=323.15),
        highest=1.1,
        jump=0.1,
    )
    return ida_oracle.Irradiation(
        faces=faces,
        diffusion=(lambda n: lithium(n[0]), lambda n: np.full(n.shape[1], 2.67e-22)),
        charges=(1, 1),
        initial_densities=np.array([1.4e28, 0.0]),
        bulk_density=1.4e28,
        beam=1,
        source_potential=15.0,
        surface_stiffness=1.4e28 * twin.STIFFNESS / twin.THERMAL_VOLTAGE,
        relative_permittivity=7.0,
        aperture_distance=8e-3,
        temperature=323.15,
        duration=duration,
        area=28.26e-6,
    )


def test_twin_and_ida_agree() -> None:
    """Forty cells are exchanged; the same grid, densities to 1e-6 of bulk, potential to 1e-6 V."""
    faces = oracles.graded_faces(thickness=2.325e-3, cell=1e-9, zone=50e-9, growth=1.4)
    duration = 60 * HOURS
    by_twin = oracles.load_twin().run(faces, duration=duration)
    by_ida = ida_oracle.irradiate(lithium_rubidium(faces, duration))
    densities = by_ida.densities / 1.4e28
    assert by_twin["lithium"] == pytest.approx(densities[0], abs=1e-6)
    assert by_twin["rubidium"] == pytest.approx(densities[1], abs=1e-6)
    assert by_twin["potential"] == pytest.approx(by_ida.potential, abs=1e-6)
    assert by_twin["charge"] == pytest.approx(by_ida.collected_charge[0], rel=1e-7, abs=0)
    assert by_twin["current"] == pytest.approx(by_ida.current, rel=1e-6, abs=0)


def test_ida_keeps_poisson_and_the_injected_ions() -> None:
    faces = oracles.graded_faces(thickness=2.325e-3, cell=1e-9, zone=20e-9, growth=1.4)
    outcome = ida_oracle.irradiate(lithium_rubidium(faces, 10 * HOURS), rtol=1e-6, atol=1e-8)
    assert outcome.poisson_violation < 1e-12
    assert outcome.collected_charge[1] == pytest.approx(0, abs=1e-12 * outcome.collected_charge[0])
    # What stays in the sample is the charge of its surface: ε0 ε_r E inside and ε0 U/d outside, both times the area.
    inside = 8.8541878188e-12 * 7 * (outcome.potential[0] - outcome.potential[1]) / 1e-9
    outside = 8.8541878188e-12 * 15 / 8e-3
    kept = outcome.injected_charge[1] - outcome.collected_charge[0]
    excess = np.sum((outcome.densities[:, 1:].sum(axis=0) - 1.4e28) * np.diff(faces)[1:]) * 1.602176634e-19
    assert kept == pytest.approx(28.26e-6 * (inside + outside + excess), rel=1e-4, abs=0)


def test_current_limited_beam_injects_at_its_own_rate() -> None:
    """A third of the current that the source potential would drive: the surface stays below it."""
    faces = oracles.graded_faces(thickness=2.325e-3, cell=1e-9, zone=20e-9, growth=1.4)
    problem = lithium_rubidium(faces, 1 * HOURS)
    flux = 2.8e-9 / (1.602176634e-19 * 28.26e-6)
    limited = ida_oracle.irradiate(
        ida_oracle.Irradiation(**{**problem.__dict__, "beam_flux": flux}), rtol=1e-7, atol=1e-9
    )
    assert limited.injected_charge[1] == pytest.approx(2.8e-9 * HOURS, rel=1e-6, abs=0)
    assert limited.current == pytest.approx(2.8e-9, rel=1e-3, abs=0)
    assert limited.potential[0] < 6.0
