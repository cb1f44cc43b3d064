"""Site energy landscapes from network former units: blocking, counter charges, noise, Fermi level."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import number, shown, whole_number
from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.glass import Composition, Glass, make_glass

from .landscape_kernels import CHARGE_PARTS, assign_counter_charges, site_energies
from .memory import LANDSCAPE_BYTES, check_memory
from .published import published_parameters
from .site_energies import SiteEnergies

TransverseFaces = Literal["periodic", "open"]
RandomSource = int | np.random.SeedSequence | np.random.Generator

LARGEST_RELATIVE_VALUE = 10.0
"""Of the noise and the barrier, in units of the energy scale; beyond it numbers overflow before anything is learnt."""


@dataclass(frozen=True, kw_only=True)
class LandscapeModel:
    """Parameters of a site energy landscape, Bosi 2021 sections II and III.

    Attributes:
        energy_scale: V0, energy of a site per elementary counter charge [J].
        noise: standard deviation of the Gaussian part of the site energies, in units of the energy scale.
        vacant_site_fraction: f0, vacant sites per accessible site.
        barrier: u0 / V0, least barrier of a jump in units of the energy scale.
        transverse_faces: whether the faces beside the field are joined ("periodic") or not ("open").
        mismatch_energy: what a site costs that another alkali ion has shaped [J]; None where it is not known, as in
            glasses with one alkali ion.

    Raises:
        InputError: a value out of range.
    """

    energy_scale: float
    noise: float
    vacant_site_fraction: float = 0.05
    barrier: float = 0.10
    transverse_faces: TransverseFaces = "periodic"
    mismatch_energy: float | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        for key in ("energy_scale", "noise", "barrier", "vacant_site_fraction"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise InputError("must be a number", key=key, value=shown(value))
        if self.mismatch_energy is not None and number(self.mismatch_energy, key="mismatch_energy") < 0.0:
            raise InputError("must be at least 0", key="mismatch_energy", value=self.mismatch_energy)
        if not 0.0 < self.energy_scale < math.inf:
            raise InputError("must be greater than 0", key="energy_scale", value=self.energy_scale)
        for key in ("noise", "barrier"):
            if not 0.0 <= getattr(self, key) <= LARGEST_RELATIVE_VALUE:
                problem = f"must be from 0 to {LARGEST_RELATIVE_VALUE:g}, in units of the energy scale"
                raise InputError(problem, key=key, value=getattr(self, key))
        if not 0.0 < self.vacant_site_fraction < 1.0:
            raise InputError("must be between 0 and 1", key="vacant_site_fraction", value=self.vacant_site_fraction)
        if self.transverse_faces not in ("periodic", "open"):
            raise InputError('must be "periodic" or "open"', key="transverse_faces", value=self.transverse_faces)

    @property
    def least_barrier(self) -> float:
        """u0 [J]."""
        return self.barrier * self.energy_scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Landscape(SiteEnergies):
    """Energies of the ion sites of one random glass. Arrays have one entry per site, shape (nx, ny, nz).

    Attributes:
        energies: site energies [J], NaN at blocked sites.
        periodic: whether opposite faces of the lattice are joined, but for those of electrodes.
        charge_parts: int16, counter charges in 1/840 of an elementary charge, 0 at blocked sites.
        ions: number of ions; round((1 - f0) accessible sites).
        fermi_energy: midway between the highest occupied and the lowest empty site at zero temperature [J].
        unshared_units: charged network former units all of whose eight ion sites are blocked.
        model: the parameters.
        glass: the glass.
        seed: what the random numbers were made of.
    """

    charge_parts: NDArray[np.int16] = field(repr=False)
    ions: int
    fermi_energy: float
    unshared_units: int
    model: LandscapeModel
    glass: Glass
    seed: str

    @property
    def counter_charge(self) -> FloatArray:
        """Counter charges Q of the sites in elementary charges, NaN at blocked ones; Bosi 2021 Fig. 2."""
        return np.where(self.accessible, self.charge_parts / CHARGE_PARTS, np.nan)


def published_model(composition: Composition) -> LandscapeModel:
    """Energy scale and noise of Bosi 2021 section V for the alkali, at the nearest alkali oxide fraction.

    They belong to 0.33 Li2O, 0.35 Na2O and 0.40 Na2O; `published_warnings` says where a glass has another content.

    Raises:
        InputError: the paper has none for this alkali.
    """
    found = published_parameters(composition)
    return LandscapeModel(energy_scale=found.energy_scale * ELECTRON_VOLT, noise=found.noise)


def generate_landscape(
    glass: Glass | Composition | str,
    *,
    lattice: int | Sequence[int] = 100,
    rng: RandomSource,
    model: LandscapeModel | None = None,
) -> Landscape:
    """One random site energy landscape of a glass: Bosi 2021 section II.

    Blocked sites, network former units, the sites that share their charges and the noise have a stream of random
    numbers each, used site by site. Landscapes of neighbouring compositions with the same `rng` therefore differ in few
    sites only, and their difference scatters less than that of independent landscapes. Counter charges are
    assigned as if the lattice were repeated in all three directions, whatever its faces are for the transport.

    Args:
        glass: a glass, a composition, or a formula such as "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)".
        lattice: sites along each axis, or along all of them.
        rng: a seed, which always gives the same landscape; or a generator, which gives another one at each call.
        model: parameters; those published for the alkali if None.

    Raises:
        InputError: more ions than the lattice can take, a lattice without both an ion and a vacancy or too large for
            the memory that is free, or no published parameters.
    """
    glass = glass if isinstance(glass, Glass) else make_glass(glass)
    if glass.composition.second_alkali is not None:
        raise InputError(
            "has two alkali ions, whose sites have different energies", key="glass", value=glass.composition.formula,
            remedy="take generate_mixed_landscape, or a glass with one of them",
        )  # fmt: skip
    model = published_model(glass.composition) if model is None else model
    return landscape_of_all_ions(glass, lattice=lattice, seed=seed_sequence(rng), model=model)


def landscape_of_all_ions(
    glass: Glass, *, lattice: int | Sequence[int], seed: np.random.SeedSequence, model: LandscapeModel
) -> Landscape:
    """The same, whichever alkali ions there are, as if they were one."""
    shape = _lattice_shape(lattice)
    sites = math.prod(shape)
    check_memory(LANDSCAPE_BYTES * sites, f"a landscape of {sites} sites")
    accessible_sites, ions = count_sites(glass.composition, model.vacant_site_fraction, sites)
    blocking, units, neighbours, noise = (np.random.Generator(np.random.PCG64(child_seed(seed, k))) for k in range(4))

    accessible = lowest(blocking.random(sites), accessible_sites)
    open_sites = accessible.view(np.uint8)
    kinds = glass.units.kinds
    charge_parts = np.zeros(sites, np.int16)
    unshared = assign_counter_charges(
        open_sites.reshape(shape),
        units.random(sites).reshape(shape),
        neighbours.integers(0, 2**64, size=sites, dtype=np.uint64).reshape(shape),
        np.cumsum(glass.units.as_array()),
        np.array([kind.charge for kind in kinds], np.int64),
        np.array([kind.sharing or 0 for kind in kinds], np.int64),
        charge_parts.reshape(shape),
    )
    energies = noise.standard_normal(sites)
    site_energies(open_sites, charge_parts, model.energy_scale, model.noise, energies)
    return Landscape(
        energies=energies.reshape(shape),
        periodic=model.transverse_faces == "periodic",
        charge_parts=charge_parts.reshape(shape),
        ions=ions,
        fermi_energy=middle_of_gap(energies[accessible], ions),
        unshared_units=int(unshared),
        model=model,
        glass=glass,
        seed=f"entropy {seed.entropy}, spawn key {seed.spawn_key}",
    )


def child_seed(seed: int | np.random.SeedSequence, index: int) -> np.random.SeedSequence:
    """The same child of a seed at every call, unlike `SeedSequence.spawn`, which counts its calls.

    Args:
        seed: of an ensemble.
        index: of the member, counted from 0.
    """
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(whole_number(seed, key="rng"))
    return np.random.SeedSequence(parent.entropy, spawn_key=(*parent.spawn_key, index), pool_size=parent.pool_size)


def seed_sequence(rng: RandomSource) -> np.random.SeedSequence:
    """The seed behind what is given as `rng`; a generator gives another one at each call."""
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator):
        return np.random.SeedSequence([int(word) for word in rng.integers(0, 2**32, size=4)])
    return np.random.SeedSequence(whole_number(rng, key="rng"))


def _lattice_shape(lattice: int | Sequence[int]) -> tuple[int, int, int]:
    counts: tuple[object, ...]
    if isinstance(lattice, Sequence | np.ndarray) and not isinstance(lattice, str):
        counts = tuple(lattice)
    else:
        counts = (lattice,) * 3
    try:
        nx, ny, nz = (whole_number(count, key="lattice", least=2) for count in counts)
    except (InputError, ValueError):
        problem = "must be a whole number of sites of at least 2, or three of them"
        raise InputError(problem, key="lattice", value=shown(lattice)) from None
    return nx, ny, nz


def accessible_fraction(composition: Composition, vacant_site_fraction: float) -> float:
    """Fraction of the ion sites that an ion can take, 1 - f_bl: Bosi 2021 (1)."""
    return composition.ions_per_cation / (1.0 - vacant_site_fraction)


def count_sites(composition: Composition, vacant_site_fraction: float, sites: int) -> tuple[int, int]:
    """Accessible sites of a lattice, and ions in them: Bosi 2021 (1).

    Args:
        composition: of the glass.
        vacant_site_fraction: f0, vacant sites per accessible site.
        sites: of the lattice.

    Raises:
        InputError: `alkali_oxide_fraction` needs more sites than there are, or `lattice` has no room for one ion and
            one vacancy.
    """
    needed = accessible_fraction(composition, vacant_site_fraction)
    if needed > 1.0:
        largest = 1.0 - vacant_site_fraction
        content = largest / (1.0 + composition.silicate_fraction + largest)
        raise InputError(
            f"leaves no room: the ions and their vacancies would need {needed:.3g} times the ion sites there are",
            key="alkali_oxide_fraction",
            value=composition.alkali_oxide_fraction,
            bound=f"y is at most {content:.4g} with {vacant_site_fraction:.3g} of the sites vacant",
        )
    accessible = round(needed * sites)
    ions = round((1.0 - vacant_site_fraction) * accessible)
    if not 0 < ions < accessible:
        raise InputError(
            f"is too small: {accessible} of its {sites} sites are accessible, {ions} of them taken by ions",
            key="lattice",
            bound="at least one ion and one vacancy are needed",
        )
    return accessible, ions


def lowest(keys: FloatArray, count: int) -> NDArray[np.bool_]:
    """The `count` sites with the lowest keys; equal keys in the order of the sites."""
    if count == len(keys):
        return np.ones(count, np.bool_)
    threshold = np.partition(keys, count)[count]
    below = keys < threshold
    missing = count - int(np.count_nonzero(below))
    if missing:
        below[np.flatnonzero(keys == threshold)[:missing]] = True
    return below


def middle_of_gap(energies: FloatArray, ions: int) -> float:
    """Midway between the highest occupied and the lowest empty site at zero temperature [J]."""
    sorted_there = cast("NDArray[Any]", np.partition(energies, (ions - 1, ions)))
    return 0.5 * float(sorted_there[ions - 1] + sorted_there[ions])
