"""Order of the discretisation in space: fronts at constant current against the electroneutral travelling wave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import interpolate

from experiments import FloatArray, Table, constant, experiment, irradiation, run, site_energies, table
from ionscape import relations
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.transport import Settings, make_grid, simulate

BULK_DENSITY = 1.4e28
AREA = 28.26e-6
FLUX = 1.3e-13  # m/s, about that of the first stage
NATIVE = 5.8e-19
FOREIGN = 2.67e-22
DECAY_LENGTH = 1.0 / (FLUX * (1.0 / FOREIGN - 1.0 / NATIVE))
WIDTHS_TRAVELLED = 24.0
CELLS_PER_DECAY_LENGTH = (3, 6, 12, 24)


@dataclass(frozen=True, kw_only=True)
class Front:
    """A simulated front: cells per decay length, its depth and 16-84 % width [m], largest error of a cell average."""

    cells: int
    depth: float
    width: float
    error: float


def simulate_front(
    *,
    native: Table,
    foreign: Table,
    exact: Callable[[FloatArray], FloatArray],
    behind: float = 0.0,
    cells: int,
    tolerance: float = 1e-7,
) -> Front:
    """The front after some widths; `exact` gives the native fraction against depth minus injected amount."""
    cell = DECAY_LENGTH / cells
    amount = WIDTHS_TRAVELLED * DECAY_LENGTH
    state = run(
        experiment(
            ions={"Li": native, "Rb": foreign},
            native={"Li": BULK_DENSITY},
            stages=[irradiation("Rb", 1e4, amount / FLUX, beam_current=FLUX * ELEMENTARY_CHARGE * BULK_DENSITY * AREA)],
            area=AREA,
            # the sample ends in the uniform bulk far ahead of the front
            thickness=1.6 * amount,
            grid={"cell": cell, "zone": 1.6 * amount, "surface_cell": cell},
        ),
        model="electroneutral",
        relative_tolerance=tolerance,
    )
    assert state.surface_potential < 1e4
    assert state.injected["Rb"] == pytest.approx(amount, rel=1e-9, abs=0.0)
    assert state.collected["Li"] == pytest.approx(amount, rel=1e-9, abs=0.0)
    points, weights = np.polynomial.legendre.leggauss(8)
    places = state.depth[:, None] + 0.5 * state.size[:, None] * points - amount
    averages = exact(places) @ weights / 2
    low, middle, high = crossings(state.depth, (state.fraction["Li"] - behind) / (1 - behind), [0.16, 0.5, 0.84])
    # near the surface the front remembers how it began
    formed = state.depth > 0.4 * amount
    return Front(
        cells=cells,
        depth=middle,
        width=high - low,
        error=float(np.max(np.abs(state.fraction["Li"] - averages)[formed])),
    )


def crossings(depth: FloatArray, fraction: FloatArray, levels: list[float]) -> list[float]:
    """Depths at which a rising fraction passes levels.

    The logit of a front is nearly a straight line, so that its spline adds no error of its own to that of the cells.
    """
    inside = (fraction > 0.01) & (fraction < 0.99)
    logit = np.log(fraction[inside] / (1 - fraction[inside]))
    rising = np.concatenate([[True], np.diff(logit) > 0])
    spline = interpolate.CubicSpline(logit[rising], depth[inside][rising])
    return [float(spline(np.log(level / (1 - level)))) for level in levels]


def orders(errors: list[float]) -> FloatArray:
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def show(title: str, fronts: list[Front], *, width: float, shift: float) -> None:
    print(f"\n{title}\n   cells/decay length   profile   order     front/nm     width error   order")
    errors = [front.error for front in fronts]
    widths = [abs(front.width / width - 1) for front in fronts]
    for k, front in enumerate(fronts):
        order = [f"{orders(values)[k - 1]:6.2f}" if k else "      " for values in (errors, widths)]
        moved = front.depth - (WIDTHS_TRAVELLED * DECAY_LENGTH + shift)
        row = f"   {front.cells:12d}       {front.error:9.1e}  {order[0]}   {moved * 1e9:+8.5f}"
        print(f"{row}     {widths[k]:9.1e}    {order[1]}")


Coefficient = Callable[[FloatArray], FloatArray]


def shifted_wave(native: Coefficient, foreign: Coefficient) -> tuple[Coefficient, float, float]:
    """The wave against depth minus injected amount, the depth of its middle in that frame and its 16-84 % width [m]."""
    arguments = {"flux": FLUX, "native_diffusion": native, "foreign_diffusion": foreign}
    reach = 30 * DECAY_LENGTH
    xi = np.linspace(-reach, reach, 24001)
    n1 = relations.travelling_wave_fraction(xi, **arguments)
    # injected ions = what the wave holds beyond a step at ξ = 0
    surplus = float(np.trapezoid(1.0 - n1, xi)) - reach
    width = relations.travelling_wave_width(**arguments)
    return lambda place: relations.travelling_wave_fraction(place + surplus, **arguments), -surplus, width


def test_second_order_for_constant_coefficients() -> None:
    def logistic(place: FloatArray) -> FloatArray:
        return relations.logistic_wave_fraction(
            place, flux=FLUX, native_diffusion_coefficient=NATIVE, foreign_diffusion_coefficient=FOREIGN
        )

    fronts = [
        simulate_front(native=constant(NATIVE), foreign=constant(FOREIGN), exact=logistic, cells=cells)
        for cells in CELLS_PER_DECAY_LENGTH
    ]
    width = 2.0 * np.log(0.84 / 0.16) * DECAY_LENGTH
    show("constant coefficients", fronts, width=width, shift=0.0)
    assert np.all(orders([front.error for front in fronts]) >= 1.8)
    # two errors of opposite sign meet in the width on the coarsest grid
    assert np.all(orders([abs(front.width - width) for front in fronts])[1:] >= 1.8)
    # the place of the front follows from conservation, whatever the grid
    assert [front.depth for front in fronts] == pytest.approx([WIDTHS_TRAVELLED * DECAY_LENGTH] * 4, abs=2e-3 * width)


def test_second_order_of_cells_that_move() -> None:
    """The same front on moving cells: means over the cells of the logistic wave, by Gauss' quadrature."""
    amount = WIDTHS_TRAVELLED * DECAY_LENGTH
    described = experiment(
        ions={"Li": constant(NATIVE), "Rb": constant(FOREIGN)}, native={"Li": BULK_DENSITY}, area=AREA,
        stages=[irradiation("Rb", 1e4, amount / FLUX, beam_current=FLUX * ELEMENTARY_CHARGE * BULK_DENSITY * AREA)],
        thickness=1.6 * amount,
    )  # fmt: skip
    settings = Settings(model="electroneutral", relative_tolerance=1e-6, snapshots_per_stage=3)
    points, weights = np.polynomial.legendre.leggauss(8)
    errors = []
    for cells in (50, 100, 200, 400):
        final = simulate(described, settings=settings, grid=replace(make_grid(described), moving=cells)).dataset
        depth, size = (final[f"mesh_{name}"].values[-1] for name in ("depth", "cell_size"))
        places = depth[:, None] + 0.5 * size[:, None] * points - amount
        exact = relations.logistic_wave_fraction(
            places, flux=FLUX, native_diffusion_coefficient=NATIVE, foreign_diffusion_coefficient=FOREIGN
        ) @ (0.5 * weights)
        formed = depth > 0.4 * amount
        errors.append(float(np.abs(final["mesh_density"].values[-1, :, 0] / BULK_DENSITY - exact)[formed].max()))
    assert np.all(orders(errors) >= 1.8)
    assert errors[-1] < 1e-4


def exponential(top: float, exponent: float) -> tuple[Table, Callable[[FloatArray], FloatArray]]:
    """D growing exponentially with the ion's own density, as a table and as a function of the fraction."""
    knots = np.linspace(0.0, 1.0, 5)
    return (
        table(knots * BULK_DENSITY, top * np.exp(exponent * (knots - 1.0))),
        lambda fraction: top * np.exp(exponent * (np.asarray(fraction) - 1.0)),
    )


@pytest.mark.parametrize(
    ("native_exponent", "foreign_exponent"), [(3.0, 0.0), (0.0, 1.0), (2.0, 1.0)], ids=["native", "foreign", "both"]
)
def test_second_order_for_smooth_coefficients(native_exponent: float, foreign_exponent: float) -> None:
    native, native_function = exponential(NATIVE, native_exponent)
    foreign, foreign_function = exponential(FOREIGN, foreign_exponent)
    wave, shift, width = shifted_wave(native_function, foreign_function)
    fronts = [
        simulate_front(native=native, foreign=foreign, exact=wave, cells=cells) for cells in CELLS_PER_DECAY_LENGTH
    ]
    show(
        f"ln D rising with the own density by {native_exponent} and {foreign_exponent}",
        fronts,
        width=width,
        shift=shift,
    )
    assert np.all(orders([front.error for front in fronts]) >= 1.8)
    # two errors of opposite sign meet in the width on the coarsest grid
    assert np.all(orders([abs(front.width - width) for front in fronts])[1:] >= 1.8)
    middle = WIDTHS_TRAVELLED * DECAY_LENGTH + shift
    places = [abs(front.depth - middle) for front in fronts]
    assert np.all(orders(places) >= 1.8) or max(places) < 1e-3 * width


def test_order_where_the_coefficient_jumps_is_reported() -> None:
    """Site energies: D falls by two decades at the trapped fraction; the front leaves residual ions behind."""
    described = site_energies(NATIVE)
    model = experiment(
        ions={"Li": described, "Rb": constant(FOREIGN)},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", 1.0, 1.0)],
    ).diffusion_models(0)["Li"]
    fronts = []
    for cells in CELLS_PER_DECAY_LENGTH:
        fronts.append(
            simulate_front(
                native=described,
                foreign=constant(FOREIGN),
                exact=lambda place: np.zeros_like(place),
                behind=0.1,
                cells=cells,
                tolerance=1e-6,
            )
        )
    assert float(model.coefficient(np.array(0.099 * BULK_DENSITY), 323.15)) < 0.01 * float(
        model.coefficient(np.array(0.101 * BULK_DENSITY), 323.15)
    )
    steps = [abs(a.depth - b.depth) for a, b in pairwise(fronts)]
    widths = [abs(a.width - b.width) for a, b in pairwise(fronts)]
    print("\nD jumps: change of the front depth and width from one grid to the next [nm], and order")
    for k in range(len(steps)):
        order = [f"{orders(values)[k - 1]:6.2f}" if k else "      " for values in (steps, widths)]
        row = f"   {fronts[k].cells:3d} -> {fronts[k + 1].cells:3d}: {steps[k] * 1e9:.5f} {order[0]}"
        print(f"{row}  {widths[k] * 1e9:.5f} {order[1]}")
    assert steps[-1] < steps[0]
    assert widths[-1] < widths[0]
    # on the finest pair the front is as good as the default accuracy asks for
    assert steps[-1] < 0.02e-9
