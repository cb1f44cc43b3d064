"""Layers of space charge at faces that ions do not pass, and the cells that resolve them.

Three kinds, for a charge density e N of the mobile ions and the Debye length lambda. A potential U that pulls ions away
from a face empties a layer of the width sqrt(2 eps U / e N). A small one, such as a diffusion potential, makes a double
layer as thick as lambda. Ions that pile up obey Boltzmann's law at rest; a charge per area e N q, with q a length, is
then screened by the layer of Gouy and Chapman (Gouy 1910; Chapman 1913), in which the potential falls by 2 kT/e over
b = 2 lambda^2 / q. Cells that are larger put the charge too far from the face, and the potential that falls there comes
out too large by far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment
from ionscape.experiment.native_glass import native_coefficient, native_conduction

CELLS_PER_LAYER = 5.0
"""Outermost cells that would share b: the drop over the layer is then right to a few thousandths of kT/e."""
OUTERMOST_PER_DEBYE_LENGTH = 10.0
ROUNDING = 2.2e-16 / 1e-5
"""Rounding error of a number over that of a scaled density which Newton's method bears: the potential phi has one of
its own, which makes one of a density in a cell of the size h of (lambda / h)^2 e phi / kT times as much."""
LARGEST_PILE = 30.0
"""Drop over the layer of ions that have piled up, in thermal voltages, at the most in any experiment."""
CELLS_PER_DEBYE_LENGTH = 6.0
EMPTIED_WIDTHS, DEBYE_LENGTHS = 1.2, 3.0
"""How deep those cells reach: in widths of the emptied layer, and in Debye lengths behind it."""
MOST_LAYER_CELLS = 800


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What the cells at a face must resolve [m]; infinite sizes ask for nothing.

    Attributes:
        outermost: size of the cell at the face.
        cell: largest size of the cells behind it ...
        depth: ... down to this depth.
    """

    outermost: float = math.inf
    cell: float = math.inf
    depth: float = 0.0

    def with_other(self, other: Layer) -> Layer:
        """What resolves both."""
        return Layer(
            outermost=min(self.outermost, other.outermost), cell=min(self.cell, other.cell),
            depth=max(self.depth, other.depth),
        )  # fmt: skip


def layers_at_the_faces(experiment: Experiment) -> tuple[Layer, Layer]:
    """The layers at the surface and at the back, of all stages together.

    Args:
        experiment: whose conditions are constant within each stage.
    """
    surface, back = Layer(), Layer()
    piled_up_at_surface, piled_up_at_back = 0.0, 0.0
    shortest, highest = math.inf, LARGEST_PILE
    came: set[str] = set()
    for index, stage in enumerate(experiment.stages):
        came.update(stage.newcomers)
        law, conduction = stage.surface_law(), native_conduction(experiment, index)
        if conduction is None or law.potential is None:
            continue
        length = conduction.debye_length
        at = _Conditions.of(experiment, index, length)
        shortest, highest = min(shortest, length), max(highest, abs(law.potential) / at.thermal)
        if law.blocks:
            if any(charge * law.potential > 0.0 for charge in at.native.values()):
                surface = surface.with_other(_emptied(at.emptied, length))
            piled_up_at_surface += at.piled_up_at_surface(conduction.conductivity)
        if any(charge * law.potential < 0.0 for charge in at.native.values()):
            back = back.with_other(_emptied(at.emptied, length))
        if law.touches and abs(law.potential) < at.diffusion_potential and _is_read_later(experiment, index):
            back = back.with_other(_emptied(0.0, length))
            surface = surface.with_other(_emptied(0.0, length)) if law.blocks else surface
        piled_up_at_back += at.piled_up_at_back(conduction.conductivity, came)
    return (
        surface.with_other(_piled_up(piled_up_at_surface, shortest, highest)),
        back.with_other(_piled_up(piled_up_at_back, shortest, LARGEST_PILE)),
    )


@dataclass(frozen=True, kw_only=True)
class _Conditions:
    """A stage with an applied potential.

    Attributes:
        experiment: to which it belongs.
        index: of the stage.
        ions: charge numbers of the mobile ions.
        native: those of the native ones among them.
        charge_density: of these [e/m^3].
        thermal: k_B T / e [V].
        emptied: width of the layer that the potential empties [m].
        diffusion_potential: the largest one [V].
        length: Debye length [m].
    """

    experiment: Experiment
    index: int
    ions: dict[str, int]
    native: dict[str, int]
    charge_density: float
    thermal: float
    emptied: float
    diffusion_potential: float
    length: float

    @classmethod
    def of(cls, experiment: Experiment, index: int, length: float) -> _Conditions:
        stage, sample = experiment.stages[index], experiment.sample
        ions = {name: ion.charge for name, ion in experiment.ions.items() if name not in experiment.immobile_ions}
        native = {name: charge for name, charge in ions.items() if name in sample.native}
        charge_density = sum(abs(charge) * sample.native[name] for name, charge in native.items())
        thermal = BOLTZMANN_CONSTANT * stage.first_temperature / ELEMENTARY_CHARGE
        permittivity = VACUUM_PERMITTIVITY * sample.relative_permittivity
        potential = abs(stage.surface_law().potential or 0.0)
        coefficients = [native_coefficient(experiment, name, index).coefficient for name in ions]
        slowest, fastest = max(min(coefficients), 1e-300), max(max(coefficients), 1e-300)
        return cls(
            experiment=experiment, index=index, ions=ions, native=native, charge_density=charge_density,
            thermal=thermal, length=length,
            emptied=math.sqrt(2.0 * permittivity * potential / (ELEMENTARY_CHARGE * charge_density)),
            diffusion_potential=thermal * (math.log(fastest / slowest) if len(ions) > 1 else 0.0),
        )  # fmt: skip

    @property
    def potential(self) -> float:
        return self.experiment.stages[self.index].surface_law().potential or 0.0

    def passed(self, conductivity: float) -> float:
        """What Ohm's law lets through in the native glass, and no more than makes one layer drop all of U [m]."""
        stage, sample = self.experiment.stages[self.index], self.experiment.sample
        field = abs(self.potential) / sample.thickness
        amount = conductivity * field * stage.duration / (ELEMENTARY_CHARGE * self.charge_density)
        largest = max(abs(charge) for charge in self.ions.values())
        exponent = min(0.5 * largest * abs(self.potential) / self.thermal, 100.0)
        return min(amount, math.sqrt(2.0) * self.length * math.exp(exponent))

    def piled_up_at_surface(self, conductivity: float) -> float:
        """Charge of the native ions that a blocking contact attracts [m]."""
        attracted = [name for name, charge in self.native.items() if charge * self.potential < 0.0]
        if not attracted:
            return 0.0
        amount = min(self.share(attracted) * self.passed(conductivity), self.there(attracted))
        # without ions of the other sign the back, which gives none, is emptied of as many
        alone = len(attracted) == len(self.native)
        return min(amount, max(self.emptied, self.length)) if alone else amount

    def piled_up_at_back(self, conductivity: float, came: set[str]) -> float:
        """Charge of the ions that come to the back electrode, which does not take them [m]."""
        deposits = self.experiment.back_electrode.deposits
        refused = [
            name for name, charge in self.ions.items()
            if charge * self.potential > 0.0 and deposits is not None and name not in deposits
            and (name in self.native or name in came)
        ]  # fmt: skip
        if not refused:
            return 0.0
        amount = self.passed(conductivity)
        if not came & set(refused):
            amount = min(self.share(refused) * amount, self.there(refused))
        alone = all(charge * self.potential > 0.0 for charge in self.native.values())
        blocks = self.experiment.stages[self.index].surface_law().blocks
        return min(amount, max(self.emptied, self.length)) if blocks and alone else amount

    def there(self, names: list[str]) -> float:
        """Charge of some native ions of the whole sample [m]."""
        sample = self.experiment.sample
        return (
            sum(abs(self.ions[name]) * sample.native[name] for name in names) / self.charge_density * sample.thickness
        )

    def share(self, names: list[str]) -> float:
        """Of some native ions in the conduction of the native glass."""
        strengths = {
            name: charge**2
            * self.experiment.sample.native[name]
            * native_coefficient(self.experiment, name, self.index).coefficient
            for name, charge in self.native.items()
        }
        total = sum(strengths.values())
        return sum(strengths[name] for name in names) / total if total > 0.0 else 1.0


def _emptied(width: float, length: float) -> Layer:
    """A layer that is emptied, with the Debye length behind it; of no width, a double layer."""
    depth = EMPTIED_WIDTHS * width + DEBYE_LENGTHS * length
    cell = max(length / CELLS_PER_DEBYE_LENGTH, depth / MOST_LAYER_CELLS)
    return Layer(outermost=min(cell, length / OUTERMOST_PER_DEBYE_LENGTH), cell=cell, depth=depth)


def _piled_up(charge: float, length: float, potential: float) -> Layer:
    """A layer of ions that have piled up, at a potential against the back of so many thermal voltages."""
    if charge == 0.0:
        return Layer()
    smallest = length * math.sqrt(ROUNDING * potential)
    thinnest = min(length / OUTERMOST_PER_DEBYE_LENGTH, 2.0 * length**2 / charge / CELLS_PER_LAYER)
    return Layer(outermost=max(thinnest, smallest))


def _is_read_later(experiment: Experiment, index: int) -> bool:
    """Whether a stage without a current follows, whose potential contains what is left at the faces."""
    return index + 1 < len(experiment.stages) and experiment.stages[index + 1].surface_law().potential is None
