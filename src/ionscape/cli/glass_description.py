"""What `ionscape glass` says about a glass: one landscape of it, a table, and the same as a mapping."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ionscape.cli.table import print_table, print_warnings
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError, PercolationError
from ionscape.remarks import Kind, Remark, remark_entries

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.glass import Glass, IonDensity
    from ionscape.hopping import Landscape, LandscapeModel, PublishedParameters

NO_LANDSCAPE = Kind("no_landscape", "There is no landscape, since y {reason}.")
NO_MISMATCH = Kind(
    "no_mismatch_energy",
    "There is no landscape, since it is not known what a site of the other ion costs: --mismatch-energy says it.",
)
NO_PATH = Kind("no_path", "{reason}")
NOT_PUBLISHED = Kind(
    "no_energy_scale", "No energy scale is published for {glass}: a landscape needs --energy-scale and --noise."
)


@dataclass(frozen=True, kw_only=True)
class Description:
    """All that the command says about a glass.

    Attributes:
        glass: composition and units.
        density: of the ions.
        landscape: None where no energy scale is known, or the ions find no room on its lattice.
        activation_energy: bottleneck of that landscape [J], of two ions the lower one; None without a path.
        of_ions: that of each of two ions [J], by symbol; empty otherwise.
        seed: of the landscape.
        remarks: what a reader must know.
        published: where the energy scale or the noise come from, if not both were given.
    """

    glass: Glass
    density: IonDensity
    landscape: Landscape | None
    activation_energy: float | None
    seed: int
    remarks: tuple[Remark, ...]
    published: PublishedParameters | None = None
    of_ions: Mapping[str, float] = field(default_factory=dict[str, float])

    def as_mapping(self) -> dict[str, Any]:
        """The same for a JSON file; energies in eV."""
        composition, landscape = self.glass.composition, self.landscape
        return {
            "title": composition.formula,
            **remark_entries(self.remarks),
            "alkali": composition.alkali,
            "alkalis": composition.alkalis,
            "network_formers": composition.formers,
            "y": composition.alkali_oxide_fraction,
            "x": composition.borate_fraction,
            "units": dict(self.glass.units.fractions),
            "charges": {kind.name: kind.charge for kind in self.glass.units.kinds},
            "ions_per_cation": composition.ions_per_cation,
            "ion_density": self.density.value,
            "ion_density_basis": self.density.basis,
            "landscape": None
            if landscape is None
            else {
                **_landscape_mapping(landscape, self.activation_energy, seed=self.seed),
                "activation_energies": {ion: energy / ELECTRON_VOLT for ion, energy in self.of_ions.items()},
                "published_for_y": None if self.published is None else self.published.alkali_oxide_fraction,
            },
        }


def describe(
    glass: Glass,
    model: LandscapeModel | None,
    *,
    lattice: int,
    seed: int,
    density: IonDensity,
    published: PublishedParameters | None = None,
    remarks: tuple[Remark, ...] = (),
) -> Description:
    """Generate one landscape of a glass and find its activation energy.

    Args:
        glass: the glass.
        model: parameters of the landscape; without them there is none.
        lattice: sites along each edge.
        seed: of the random numbers.
        density: of the ions.
        published: where energy scale and noise of the model come from, if not both were given.
        remarks: what is known already.
    """
    found = Description(
        glass=glass, density=density, landscape=None, activation_energy=None, seed=seed, remarks=remarks
    )
    if model is None:
        return found
    from ionscape.hopping import (
        activation_energy,
        generate_landscape,
        generate_mixed_landscape,
        mixed_activation_energies,
        published_warnings,
    )

    two = glass.composition.second_alkali is not None
    if two and model.mismatch_energy is None:
        return replace(found, remarks=(*remarks, NO_MISMATCH()))
    mixed = None
    try:
        if two:
            mixed = generate_mixed_landscape(glass, lattice=lattice, rng=seed, model=model)
        landscape = generate_landscape(glass, lattice=lattice, rng=seed, model=model) if mixed is None else mixed.shared
    except InputError as error:
        own = model.vacant_site_fraction != type(model).vacant_site_fraction
        if own or error.key != "alkali_oxide_fraction":
            raise
        # the units are known all the same
        reason = "; ".join(part for part in (error.problem, error.bound) if part)
        return replace(found, remarks=(*remarks, NO_LANDSCAPE(reason=reason)))
    if published is not None:
        remarks = (*remarks, *published_warnings(glass.composition))
    of_ions: dict[str, float] = {}
    try:
        if mixed is None:
            energy = activation_energy(landscape)
        else:
            of_ions = mixed_activation_energies(mixed)
            energy = min(of_ions.values())
    except PercolationError as error:
        energy, remarks = None, (*remarks, NO_PATH(reason=str(error)))
    return replace(
        found, landscape=landscape, activation_energy=energy, remarks=remarks, published=published, of_ions=of_ions
    )


def print_description(console: Console, found: Description) -> None:
    """Print a table of the units and what follows from them."""
    composition = found.glass.composition
    rows: list[list[str] | None] = []
    for kind in found.glass.units.kinds:
        fraction = found.glass.units[kind.name]
        if fraction > 0.0:
            share = kind.charge * fraction
            charges = ("0", "0") if kind.charge == 0 else (f"{kind.charge:+d}", f"{share:+.4f}")
            rows.append([kind.symbol, f"{fraction:.4f}", *charges])
    rows.append(None)
    for alkali, part in composition.alkalis.items():
        ions = f"{composition.ions_per_cation * part:.4f}"
        rows.append([f"{alkali}⁺", ions, "+1", f"+{ions}"])
    print_table(console, composition.formula, ["unit", "fraction", "charge", "charge per cation"], rows)
    for name, value in _lines(found):
        console.print(f"{name:<22}{value}", highlight=False, markup=False)
    print_warnings(map(str, found.remarks))


def _lines(found: Description) -> Iterator[tuple[str, str]]:
    composition = found.glass.composition
    yield "ions per cation", f"{composition.ions_per_cation:.4f}   (y = {composition.alkali_oxide_fraction:.4g})"
    yield "ion density", f"{found.density.value:.3g} 1/m^3   ({found.density.statement})"
    landscape = found.landscape
    if landscape is None:
        return
    model = landscape.model
    shape = " × ".join(str(edge) for edge in landscape.lattice)
    yield (
        "landscape",
        f"{shape} sites, {landscape.ions} ions, V0 = {model.energy_scale / ELECTRON_VOLT:.4g} eV, "
        f"noise {model.noise:g}, seed {found.seed}" + _origin(model, found.published),
    )
    yield "blocked sites", f"{1.0 - landscape.accessible_sites / landscape.accessible.size:.4f}"
    yield "Fermi energy", f"{landscape.fermi_energy / ELECTRON_VOLT:.4f} eV"
    energy = found.activation_energy
    for ion, of_ion in found.of_ions.items():
        yield f"barrier of {ion}⁺", f"{of_ion / ELECTRON_VOLT:.4f} eV   (activation energy of its part of σT)"
    yield "activation energy", "-" if energy is None else f"{energy / ELECTRON_VOLT:.4f} eV   (of σT; this landscape)"


def _origin(model: LandscapeModel, published: PublishedParameters | None) -> str:
    """For which glasses energy scale and noise were published, as far as they were not given."""
    if published is None:
        return ""
    own_noise = model.noise != published.noise
    own_scale = not math.isclose(model.energy_scale / ELECTRON_VOLT, published.energy_scale)
    what = "V0 " if own_noise else "noise " if own_scale else ""
    return f"   ({what}published for {published.glasses})"


def _landscape_mapping(landscape: Landscape, energy: float | None, *, seed: int) -> dict[str, Any]:
    model = landscape.model
    return {
        "lattice": list(landscape.lattice),
        "seed": seed,
        "energy_scale": model.energy_scale / ELECTRON_VOLT,
        "noise": model.noise,
        "vacant_site_fraction": model.vacant_site_fraction,
        "barrier": model.barrier,
        "transverse_faces": model.transverse_faces,
        "ions": landscape.ions,
        "accessible_sites": landscape.accessible_sites,
        "unshared_units": landscape.unshared_units,
        "fermi_energy": landscape.fermi_energy / ELECTRON_VOLT,
        "activation_energy": None if energy is None else energy / ELECTRON_VOLT,
    }
