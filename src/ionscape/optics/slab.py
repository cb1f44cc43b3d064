"""Guided modes of a planar waveguide: TE and TM by finite elements, with an estimate of their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ionscape.arguments import positive_number, whole_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .eigenvalues import count_above, eigenvalues_between, product
from .elements import gauss_points, in_second_degree, inner, mass, stiffness
from .index_profile import IndexFunction, IndexProfile, index_profile
from .modes import PolarisedModes, SlabModes
from .wkb import Polarisation, wkb_effective_indices

DEGREE = 3
"""Of the elements; those of one degree less tell the error."""
PHASE = 0.3
"""Largest phase √(n² − n_s²) k h across an element."""
GROWTH = 1.3
"""Ratio of neighbouring elements in cover and substrate, where light fades."""
FADING = 45.0
"""Decay lengths that the elements reach beyond the guide: exp(-45) is below rounding."""
LONGEST_CUTOFF = 100.0
"""Cut-off wavelength, in units of that asked for, at which light still fades within the cover."""
LEAST_CONTRAST = 1e-9
"""Of n_eff above the substrate; a mode nearer to its cut-off reaches through any plate."""
NEGLIGIBLE = 1e-10
"""Departure of n² from the substrate's, relative to the largest, at which the substrate begins."""
SHORTFALL = 0.01
"""By how much less than the substrate's the continued index of a mode is whose cut-off wavelength is 0."""
FAINTEST = 1e-4
"""Square of the least cut-off wavelength that is told from 0, in units of the wavelength."""
MOST_ELEMENTS = 100_000
MOST_MODES = 400


def slab_modes(
    depth: ArrayLike,
    index: ArrayLike | IndexFunction,
    *,
    wavelength: float,
    cover_index: float = 1.0,
    substrate_index: float | None = None,
    index_normal: ArrayLike | IndexFunction | None = None,
    modes: int = MOST_MODES,
) -> SlabModes:
    """Guided modes of a plate whose refractive index depends on the depth.

    With k = 2π/λ and the effective index N, TE: E'' + k² (n² − N²) E = 0; TM: (H'/n∥²)' + k² (1 − N²/n⊥²) H = 0, with
    n∥ in the plane and n⊥ across it, which stress makes differ. Elements of third degree reach into cover and substrate
    until the slowest mode has faded, so that no boundary condition is approximated.

    Args:
        depth: from the surface downwards [m], (points,); a depth given twice is a step.
        index: refractive index at these depths (points,), or a function of an array of depths.
        wavelength: in vacuum [m].
        cover_index: refractive index above the surface.
        substrate_index: that below the last depth; if None that at the last depth.
        index_normal: index for the field across the plane, which TM modes feel; that of `index` if None.
        modes: of each polarisation at most, those of the largest effective indices.

    Returns:
        Effective indices of both polarisations with their estimated errors, those of the WKB method, cut-off
        wavelengths and fields.

    Raises:
        InputError: a value out of range, or the plate guides no mode.

    Source: H. Kogelnik in "Integrated Optics", Topics in Applied Physics 7 (1975), for the equations of both.
    """
    profile = index_profile(depth, index, substrate_index)
    normal = profile if index_normal is None else index_profile(depth, index_normal, substrate_index)
    length = positive_number(wavelength, key="wavelength")
    if length > 1e-3:
        raise InputError("is no wavelength of light", key="wavelength", value=length, remedy="give it in metres")
    cover = float(index_profile([0.0, 1.0], [cover_index, cover_index]).substrate)
    most, least = max(profile.largest, normal.largest), max(profile.substrate, normal.substrate, cover)
    if not most > least * (1.0 + 1e-12):
        raise InputError(
            "guides no mode: nowhere is the index above those of substrate and cover", key="index", value=most,
            bound=f"{least:.9g}",
        )  # fmt: skip
    number = whole_number(modes, key="modes", least=1)
    found = {which: _of_polarisation(_guide(profile, normal, length, cover, which), number) for which in ("TE", "TM")}
    if not any(each.effective_index.size for each in found.values()):
        longest = max(each.cutoff_wavelength[0] if each.cutoff_wavelength.size else 0.0 for each in found.values())
        remedy = f"the first mode appears below {longest * 1e9:.4g} nm" if longest > 0.0 else "give a larger index"
        raise InputError("guides no mode at this wavelength", key="wavelength", value=length, remedy=remedy)
    return SlabModes(
        wavelength=length, cover_index=cover, substrate_index=profile.substrate, TE=found["TE"], TM=found["TM"]
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Guide:
    """One polarisation of a plate, on elements; lengths in 1/k.

    Attributes:
        profile: index in the plane.
        normal: index across it.
        cover: index above.
        wavenumber: k [1/m].
        polarisation: "TE" or "TM".
        nodes: of the elements, 0 at the surface, (elements + 1,).
    """

    profile: IndexProfile
    normal: IndexProfile
    cover: float
    wavenumber: float
    polarisation: Polarisation
    nodes: FloatArray = field(repr=False)

    @property
    def least(self) -> float:
        """Effective index above which a mode is guided."""
        across = self.normal if self.polarisation == "TM" else self.profile
        return max(across.substrate, self.cover)

    def squares(self, degree: int, *, coarser: bool = False) -> tuple[FloatArray, FloatArray]:
        """n² in and across the plane at the Gauss points of the elements."""
        at = gauss_points(self.nodes, degree) / self.wavenumber
        inside = (at > 0.0) & (at < self.profile.nodes[-1])

        def filled(profile: IndexProfile) -> FloatArray:
            of = profile.coarser if coarser and profile.coarser is not None else profile.of
            values = np.where(at < 0.0, self.cover, profile.substrate)
            values[inside] = of(at[inside])
            return values**2

        plane = filled(self.profile)
        return plane, plane if self.normal is self.profile else filled(self.normal)

    def matrices(self, degree: int, *, coarser: bool = False) -> tuple[FloatArray, FloatArray]:
        """A and B of A x = N² B x as bands."""
        plane, across = self.squares(degree, coarser=coarser)
        one = np.ones_like(plane)
        if self.polarisation == "TE":
            return inner(mass(self.nodes, plane, degree) - stiffness(self.nodes, one, degree)), inner(
                mass(self.nodes, one, degree)
            )
        bent = mass(self.nodes, one, degree) - stiffness(self.nodes, 1.0 / plane, degree)
        return inner(bent), inner(mass(self.nodes, 1.0 / across, degree))


def _guide(
    profile: IndexProfile, normal: IndexProfile, wavelength: float, cover: float, polarisation: Polarisation
) -> _Guide:
    """The elements of a plate, as small as the light asks for."""
    wavenumber = 2.0 * math.pi / wavelength
    middles = 0.5 * (profile.nodes[1:] + profile.nodes[:-1])
    steepest = max(profile.largest, normal.largest) ** 2
    lowest = max(profile.substrate, normal.substrate, cover) ** 2
    contrast = steepest - lowest
    away = np.maximum(
        np.abs(profile.of(middles) ** 2 - profile.substrate**2), np.abs(normal.of(middles) ** 2 - normal.substrate**2)
    )
    last = int(np.flatnonzero(away > NEGLIGIBLE * contrast)[-1]) + 2
    edges = profile.nodes[: max(last, 2)] * wavenumber
    sizes = np.diff(edges)
    parts = np.ceil(sizes * math.sqrt(contrast) / PHASE).astype(int)
    if parts.sum() > MOST_ELEMENTS:
        raise InputError("is too deep a guide for its wavelength", key="depth", value=float(edges[-1] / wavenumber),
                         bound=f"{MOST_ELEMENTS} elements", remedy="give a longer wavelength")  # fmt: skip
    starts = np.repeat(edges[:-1], parts)
    count = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    guided = np.append(starts + count * np.repeat(sizes / parts, parts), edges[-1])
    slowest = math.sqrt(2.0 * math.sqrt(lowest) * LEAST_CONTRAST)
    above = min(guided[1] - guided[0], PHASE / math.sqrt(max(steepest - cover**2, contrast)))
    covered = _outwards(above, LONGEST_CUTOFF * FADING / max(math.sqrt(max(lowest - cover**2, 0.0)), slowest))
    below = _outwards(guided[-1] - guided[-2], FADING / slowest)
    nodes = np.concatenate([-covered[::-1], guided, guided[-1] + below])
    return _Guide(profile=profile, normal=normal, cover=cover, wavenumber=wavenumber, polarisation=polarisation,
                  nodes=nodes)  # fmt: skip


def _outwards(first: float, reach: float) -> FloatArray:
    """Distances of nodes that lie further and further apart (nodes,)."""
    count = max(2, math.ceil(math.log1p(reach * (GROWTH - 1.0) / first) / math.log(GROWTH)))
    return np.cumsum(first * GROWTH ** np.arange(count, dtype=np.float64))


def _of_polarisation(guide: _Guide, most: int) -> PolarisedModes:
    """The guided modes, their errors and fields.

    Each error is the sum of two: what Rayleigh's quotient becomes with what elements of one degree less keep of the
    field, which is of the order of what these would miss, and with an index from every second value of the profile.
    """
    low = guide.least**2 * (1.0 + 2.0 * LEAST_CONTRAST / guide.least)
    high = max(guide.profile.largest, guide.normal.largest) ** 2 * (1.0 + 1e-9)
    values, vectors = eigenvalues_between(*guide.matrices(DEGREE), low, high, most)
    indices, errors = np.sqrt(values), np.zeros(values.size)
    columns = list(np.ascontiguousarray(vectors.T))
    if values.size:
        rough = [in_second_degree(vector) for vector in columns]
        errors = np.abs(_quotients(guide.matrices(DEGREE - 1), rough) - values)
        if guide.profile.coarser is not None:
            errors = errors + np.abs(_quotients(guide.matrices(DEGREE, coarser=True), columns) - values)
        errors = errors / (2.0 * indices)
    felt = guide.normal if guide.polarisation == "TM" else guide.profile  # E of TM modes stands nearly across the plane
    wkb = wkb_effective_indices(felt, wavenumber=guide.wavenumber, cover=guide.cover, polarisation=guide.polarisation)
    beside = np.full(indices.size, np.nan)
    beside[: min(wkb.size, indices.size)] = wkb[: indices.size]
    at, fields = _fields(guide, vectors)
    return PolarisedModes(
        effective_index=indices, estimated_error=errors, wkb_effective_index=beside,
        cutoff_wavelength=_cutoff_wavelengths(guide, most), depth=at, field=fields,
    )  # fmt: skip


def _quotients(matrices: tuple[FloatArray, FloatArray], vectors: list[FloatArray]) -> FloatArray:
    """xᵀ A x / xᵀ B x of some vectors."""
    return np.array([(x @ product(matrices[0], x)) / (x @ product(matrices[1], x)) for x in vectors])


def _fields(guide: _Guide, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Depths of the nodes at which some mode is there [m], and the modes with ∫ |field|² dx = 1 (modes, depths)."""
    nodes = guide.nodes / guide.wavenumber
    corner = np.zeros((nodes.size, vectors.shape[1]))
    corner[1:-1] = vectors[DEGREE - 1 :: DEGREE][: nodes.size - 2]
    if not vectors.shape[1]:
        return nodes, corner.T
    norms = scipy.integrate.trapezoid(corner**2, nodes, axis=0)
    fields = corner / np.sqrt(norms)
    fields = fields * np.sign(fields[np.abs(fields).argmax(axis=0), np.arange(fields.shape[1])])
    strong = np.flatnonzero((np.abs(fields) > 1e-4 * np.abs(fields).max(axis=0)).any(axis=1))
    shown = slice(strong[0], strong[-1] + 1)
    return nodes[shown], fields[shown].T


def _at_cutoff(guide: _Guide) -> tuple[FloatArray, FloatArray]:
    """M and K of M x = ν K x at N = n_s, with ν = 1/k² in units of that of the guide, as bands.

    The weight n² − n_s² in M has both signs, and K is positive definite. Below the guide the light does not fade: its
    slope is 0.
    """
    plane, across = guide.squares(DEGREE)
    least = guide.least**2
    one = np.ones_like(plane)
    if guide.polarisation == "TE":
        bent, weight = stiffness(guide.nodes, one, DEGREE), mass(guide.nodes, plane - least, DEGREE)
    else:
        bent = stiffness(guide.nodes, 1.0 / plane, DEGREE)
        weight = mass(guide.nodes, 1.0 - least / across, DEGREE)
    return inner(weight, last=True), inner(bent, last=True)


def _above_all(weight: FloatArray, bent: FloatArray) -> float:
    """A value above all ν of `_at_cutoff`."""
    longest = 1.0
    while count_above(weight, bent, longest):
        longest *= 4.0
    return longest


def _cutoff_wavelengths(guide: _Guide, most: int) -> FloatArray:
    """Wavelengths below which each mode is guided, falling [m], of the guided ones and the next, if near."""
    weight, bent = _at_cutoff(guide)
    guided = count_above(weight, bent, 1.0)
    found = eigenvalues_between(weight, bent, 0.25, _above_all(weight, bent), min(most, guided + 1))[0]
    return 2.0 * math.pi / guide.wavenumber * np.sqrt(found)


def followed_indices(
    depth: FloatArray,
    plates: Sequence[tuple[FloatArray, FloatArray, float]],
    *,
    wavelength: float,
    polarisation: Polarisation,
    modes: int,
) -> tuple[FloatArray, FloatArray]:
    """Effective indices of the first modes of a plate, guided or not, and what plates beside it change of them.

    A mode m that is not guided has the index of the substrate continued, n_s − `SHORTFALL` (1 − λ_m/λ), by how far its
    cut-off wavelength λ_m falls short of the wavelength: a number with a slope, by which a search finds back to plates
    that guide it. It is that of the substrate at cut-off, as is the effective index of a guided mode.

    Changes are those of first order, by Rayleigh's quotients of the matrices of `slab_modes` with the modes of the
    first plate, so that no other mode is sought.

    Args:
        depth: from the surface downwards [m], (points,).
        plates: refractive index in the plane and across it at these depths, (points,) each, and that of the cover; the
            first one is that whose modes are sought.
        wavelength: in vacuum [m].
        polarisation: "TE" or "TM".
        modes: how many, from the fundamental one on.

    Returns:
        (modes,) and (plates − 1, modes).
    """
    profiles = [(index_profile(depth, plane), index_profile(depth, normal)) for plane, normal, _ in plates]
    (profile, normal), cover = profiles[0], plates[0][2]
    least = np.array([max((each[1] if polarisation == "TM" else each[0]).substrate, plate[2])
                      for each, plate in zip(profiles, plates, strict=True)])  # fmt: skip
    found = np.full(modes, least[0] - SHORTFALL)
    changes = np.repeat((least[1:] - least[0])[:, None], modes, axis=1)
    lowest = max(profile.substrate, normal.substrate, cover)
    if not max(profile.largest, normal.largest) > lowest * (1.0 + 1e-12):
        return found, changes
    guide = _guide(profile, normal, wavelength, cover, polarisation)
    others = [
        replace(guide, profile=each[0], normal=each[1], cover=plate[2])
        for each, plate in zip(profiles[1:], plates[1:], strict=True)
    ]
    low = guide.least**2 * (1.0 + 2.0 * LEAST_CONTRAST / guide.least)
    high = max(profile.largest, normal.largest) ** 2 * (1.0 + 1e-9)
    values, vectors = eigenvalues_between(*guide.matrices(DEGREE), low, high, modes)
    guided = values.size
    found[:guided] = np.sqrt(values)
    columns = list(np.ascontiguousarray(vectors.T))
    for row, other in enumerate(others):
        changes[row, :guided] = (_quotients(other.matrices(DEGREE), columns) - values) / (2.0 * found[:guided])
    if guided < modes:
        weight, bent = _at_cutoff(guide)
        shares, shapes = eigenvalues_between(weight, bent, FAINTEST, _above_all(weight, bent), modes)
        shares, columns = shares[guided:], list(np.ascontiguousarray(shapes.T[guided:]))
        near = slice(guided, guided + shares.size)
        # between the last guided mode that is told apart from its cut-off and that cut-off itself
        found[near] += SHORTFALL * np.minimum(np.sqrt(shares), 1.0)
        for row, other in enumerate(others):
            rise = _quotients(_at_cutoff(other), columns) - shares
            changes[row, near] += SHORTFALL * rise / (2.0 * np.sqrt(shares))
    return found, changes
