"""Landscapes: numbers of sites, counter charges, energies, random streams, statistics, links."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import constants, optimize, special

from ionscape.errors import InputError
from ionscape.glass import Glass, make_glass
from ionscape.hopping import (
    Landscape,
    LandscapeModel,
    Lattice,
    Links,
    activation_energy,
    chemical_potential,
    child_seed,
    conductivity,
    density_of_states,
    generate_landscape,
    links,
    memory,
    occupations,
    published_model,
)
from ionscape.hopping.landscape_kernels import assign_counter_charges

EV = constants.electron_volt
LITHIUM = "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)"
QUIET = LandscapeModel(energy_scale=0.64 * EV, noise=0.0)


def glass_of(formula: str, fractions: Mapping[str, float] | None = None) -> Glass:
    return make_glass(formula, fractions)


def one_unit(
    open_sites: NDArray[np.uint8], charge: int, sharing: int, choice: int = 0
) -> tuple[NDArray[np.float64], int]:
    """Counter charges of a lattice whose only charged unit is that at the origin; units without a site."""
    shape = open_sites.shape
    unit_choice = np.full(shape, 0.9)
    unit_choice[0, 0, 0] = 0.1
    counter_charge = np.zeros(shape, np.int16)
    unshared = assign_counter_charges(
        open_sites,
        unit_choice,
        np.full(shape, choice, np.uint64),
        np.array([0.5, 1.0]),
        np.array([charge, 0]),
        np.array([sharing, 0]),
        counter_charge,
    )
    return counter_charge / 840, int(unshared)


def test_numbers_follow_from_the_composition() -> None:
    landscape = generate_landscape(LITHIUM, lattice=(30, 20, 25), rng=1)
    ratio = 0.33 / 0.67
    assert landscape.lattice == (30, 20, 25)
    assert landscape.accessible_sites == round(ratio / 0.95 * 15000)
    assert landscape.ions == round(0.95 * landscape.accessible_sites)
    assert np.array_equal(np.isnan(landscape.energies), ~landscape.accessible)
    assert np.array_equal(np.isnan(landscape.counter_charge), ~landscape.accessible)


def test_the_fermi_energy_lies_between_the_ions_and_the_vacancies() -> None:
    landscape = generate_landscape(LITHIUM, lattice=20, rng=3)
    ordered = np.sort(landscape.energies[landscape.accessible])
    assert landscape.fermi_energy == (ordered[landscape.ions - 1] + ordered[landscape.ions]) / 2


def test_without_noise_energies_are_the_counter_charges() -> None:
    landscape = generate_landscape(LITHIUM, lattice=12, rng=4, model=QUIET)
    assert landscape.energies == pytest.approx(0.64 * EV * landscape.counter_charge, rel=1e-12, abs=0.0, nan_ok=True)


def test_noise_is_gaussian_and_independent_of_the_charges() -> None:
    landscape = generate_landscape(LITHIUM, lattice=60, rng=5)
    noise = (landscape.energies / (0.64 * EV) - landscape.counter_charge)[landscape.accessible]
    charges = landscape.counter_charge[landscape.accessible]
    assert noise.mean() == pytest.approx(0.0, abs=4 * 0.42 / math.sqrt(noise.size))
    assert noise.std() == pytest.approx(0.42, rel=4 / math.sqrt(2 * noise.size))
    assert abs(np.corrcoef(noise, charges)[0, 1]) < 4 / math.sqrt(noise.size)


@pytest.mark.parametrize(
    ("charge", "sharing", "share", "sharers"),
    [(-1, 0, -1 / 8, 8), (1, 0, 1 / 8, 8), (-1, 1, -1.0, 1), (-3, 4, -3 / 4, 4), (-2, 3, -2 / 3, 3), (-1, 2, -0.5, 2)],
)
def test_shares_of_a_unit_among_open_sites(charge: int, sharing: int, share: float, sharers: int) -> None:
    # Bosi 2021, Fig. 2; the eight ion sites of the unit at the origin are the corners of the first cell.
    charges, unshared = one_unit(np.ones((3, 3, 3), np.uint8), charge, sharing, choice=987654321)
    assert unshared == 0
    assert np.count_nonzero(charges) == sharers
    assert charges[charges != 0.0] == pytest.approx(share, rel=1e-12)
    assert np.count_nonzero(charges[:2, :2, :2]) == sharers


@pytest.mark.parametrize(("charge", "sharing"), [(-1, 0), (-1, 2), (-2, 3), (-3, 4)])
def test_too_few_open_sites_share_the_whole_charge(charge: int, sharing: int) -> None:
    open_sites = np.zeros((3, 3, 3), np.uint8)
    open_sites[1, 0, 1] = 1
    charges, unshared = one_unit(open_sites, charge, sharing)
    assert charges[1, 0, 1] == charge
    assert np.count_nonzero(charges) == 1
    assert unshared == 0


def test_a_unit_without_open_sites_is_counted() -> None:
    open_sites = np.ones((3, 3, 3), np.uint8)
    open_sites[:2, :2, :2] = 0
    charges, unshared = one_unit(open_sites, -1, 2)
    assert unshared == 1
    assert not charges.any()


def test_every_choice_of_sites_is_equally_likely() -> None:
    # P(2) with four open sites: the six pairs are the digits of the random number in base 4 and 3.
    open_sites = np.zeros((3, 3, 3), np.uint8)
    corners = [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    for corner in corners:
        open_sites[corner] = 1
    counts = dict.fromkeys(itertools.combinations(corners, 2), 0)
    for choice in range(12):
        charges, _ = one_unit(open_sites, -1, 2, choice)
        counts[tuple(corner for corner in corners if charges[corner] != 0.0)] += 1
    assert set(counts.values()) == {2}


def test_charges_are_periodic_in_all_directions() -> None:
    open_sites = np.zeros((3, 3, 3), np.uint8)
    open_sites[0, 0, 0] = 1
    unit_choice = np.full((3, 3, 3), 0.9)
    unit_choice[2, 2, 2] = 0.1
    counter_charge = np.zeros((3, 3, 3), np.int16)
    arguments = (np.zeros((3, 3, 3), np.uint64), np.array([0.5, 1.0]), np.array([-1, 0]), np.array([0, 0]))
    assert assign_counter_charges(open_sites, unit_choice, *arguments, counter_charge) == 0
    assert counter_charge[0, 0, 0] == -840


def test_unit_kinds_appear_with_their_concentrations() -> None:
    # All sites but 5 % open and only P(2), P(3): a site next to eight units collects -q/2 from each P(2) that picks it.
    glass = glass_of("0.33 Li2O 0.67 P2O5")
    landscape = generate_landscape(glass, lattice=60, rng=6, model=QUIET)
    total = -np.nansum(landscape.counter_charge)
    assert total + landscape.unshared_units == pytest.approx(
        33 / 67 * 60**3, abs=4 * math.sqrt(60**3 * 33 / 67 * 34 / 67)
    )
    assert np.all(np.nan_to_num(landscape.counter_charge) * 2 % 1 == 0)


def test_a_seed_always_gives_the_same_landscape() -> None:
    seed = np.random.SeedSequence(11)
    by_number, by_sequence, again = (generate_landscape(LITHIUM, lattice=10, rng=rng) for rng in (11, seed, seed))
    assert np.array_equal(by_number.energies, by_sequence.energies, equal_nan=True)
    assert np.array_equal(again.energies, by_sequence.energies, equal_nan=True)
    assert "11" in by_number.seed


def test_a_generator_gives_another_landscape_each_time() -> None:
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    first = generate_landscape(LITHIUM, lattice=10, rng=one)
    assert np.array_equal(first.energies, generate_landscape(LITHIUM, lattice=10, rng=two).energies, equal_nan=True)
    assert not np.array_equal(first.accessible, generate_landscape(LITHIUM, lattice=10, rng=one).accessible)


def test_children_of_a_seed_are_those_that_numpy_spawns() -> None:
    spawned = np.random.SeedSequence(5).spawn(3)[2]
    assert np.array_equal(child_seed(5, 2).generate_state(4), spawned.generate_state(4))


def test_neighbouring_compositions_share_their_random_numbers() -> None:
    near = [generate_landscape(f"0.33 Li2O 0.67 ({x} B2O3 {1 - x} P2O5)", lattice=30, rng=2) for x in (0.25, 0.26)]
    assert np.array_equal(near[0].accessible, near[1].accessible)
    different = np.nanmean(near[0].energies != near[1].energies) - np.mean(~near[0].accessible)
    # B4 and P2 change by 0.01 each, so at most 3 % of the units, each of which reaches up to five sites.
    assert 0.0 < different < 0.15
    assert np.all(
        generate_landscape("0.32 Li2O 0.68 P2O5", lattice=10, rng=2).accessible
        <= generate_landscape("0.33 Li2O 0.67 P2O5", lattice=10, rng=2).accessible
    )


def test_published_parameters() -> None:
    # Bosi 2021, section V
    expected = {
        "0.33 Li2O 0.67 P2O5": (0.64, 0.42),
        "0.35 Na2O 0.65 P2O5": (0.76, 0.30),
        "0.36 Na2O 0.64 P2O5": (0.76, 0.30),
        "0.40 Na2O 0.60 P2O5": (0.93, 0.25),
    }
    for formula, (energy_scale, noise) in expected.items():
        model = published_model(glass_of(formula).composition)
        assert (model.energy_scale, model.noise) == pytest.approx((energy_scale * EV, noise), abs=0.0)
        assert (model.vacant_site_fraction, model.barrier, model.transverse_faces) == (0.05, 0.10, "periodic")
    with pytest.raises(InputError, match='alkali = "K": has no published'):
        published_model(glass_of("0.33 K2O 0.67 P2O5").composition)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_scale": 0.0}, "energy_scale = 0.0: must be greater than 0"),
        ({"noise": -0.1}, "noise = -0.1"),
        ({"barrier": math.nan}, "barrier = nan"),
        ({"vacant_site_fraction": 1.0}, "vacant_site_fraction = 1.0: must be between 0 and 1"),
        ({"transverse_faces": "closed"}, "transverse_faces"),
    ],
)
def test_models_out_of_range_are_refused(change: dict[str, float | str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LandscapeModel(**({"energy_scale": EV, "noise": 0.3} | change))  # type: ignore[arg-type]


def test_landscapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match=r"alkali_oxide_fraction = 0.5: leaves no room.*at most 0.4872"):
        generate_landscape("0.5 Li2O 0.5 P2O5", lattice=10, rng=1)
    with pytest.raises(InputError, match="lattice: is too small: 4 of its 8 sites"):
        generate_landscape(LITHIUM, lattice=2, rng=1)
    for lattice in (1, (10, 10), (10, 10, 0)):
        with pytest.raises(InputError, match="lattice"):
            generate_landscape(LITHIUM, lattice=lattice, rng=1)
    with pytest.raises(InputError, match="rng = -1"):
        generate_landscape(LITHIUM, lattice=10, rng=-1)


def test_what_does_not_fit_into_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    landscape = generate_landscape(LITHIUM, lattice=12, rng=1)
    monkeypatch.setattr(memory, "free_memory", lambda: 2e9)
    with pytest.raises(InputError, match=r"too large: a landscape of .* would take 20\.0 GB .* 2\.0 GB are"):
        generate_landscape(LITHIUM, lattice=1000, rng=1)
    monkeypatch.setattr(memory, "WORTH_A_LOOK", 0.0)
    generate_landscape(LITHIUM, lattice=12, rng=1)
    monkeypatch.setattr(memory, "free_memory", lambda: 1e3)
    with pytest.raises(InputError, match="lattice: is too large: the best path over"):
        activation_energy(landscape)
    with pytest.raises(InputError, match="lattice: is too large: a network of"):
        conductivity(landscape, temperature=300.0)


Faces = bool | tuple[bool, bool, bool]


def full_links(shape: tuple[int, int, int], *, periodic: Faces = True, electrodes: int | None = 0) -> Links:
    """Links of a lattice without blocked sites."""
    lattice = Lattice(shape=shape, periodic=periodic)
    return Links(lattice=lattice, accessible=np.ones(shape, np.bool_), electrodes=electrodes)


def test_links_of_a_full_lattice() -> None:
    # (n - 1) planes of ny nz links along the field, and the links within the inner planes.
    network = full_links((4, 3, 5))
    assert len(network.first) == 3 * 15 + 2 * (15 + 15)
    network = full_links((4, 3, 5), periodic=False)
    assert len(network.first) == 3 * 15 + 2 * (10 + 12)
    # With two planes across, the pair is linked once although the faces are joined.
    assert len(full_links((3, 2, 1)).first) == 2 * 2 + 1
    # Without electrodes every site has a successor along each axis whose faces are joined.
    network = full_links((4, 3, 5), electrodes=None)
    assert (len(network.first), len(network.source), len(network.drain)) == (3 * 4 * 3 * 5, 0, 0)
    network = full_links((4, 3, 5), periodic=(True, False, True), electrodes=None)
    assert len(network.first) == 4 * 15 + 2 * 20 + 5 * 12


@pytest.mark.parametrize("direction", [0, 1, 2])
@pytest.mark.parametrize("periodic", [True, False, (False, True, True)])
@pytest.mark.parametrize("electrodes", [True, False])
def test_links_against_a_plain_search(direction: int, periodic: Faces, electrodes: bool) -> None:
    shape = (5, 4, 6)
    accessible = np.random.default_rng(1).random(shape) < 0.6
    expected: set[frozenset[int]] = set()
    for site in itertools.product(*map(range, shape)):
        for axis in range(3):
            step = list(site)
            step[axis] += 1
            joined = periodic if isinstance(periodic, bool) else periodic[axis]
            if step[axis] == shape[axis] and (not joined or (electrodes and axis == direction)):
                continue
            step[axis] %= shape[axis]
            planes = {site[direction], step[direction]}
            at_one_electrode = electrodes and planes in ({0}, {shape[direction] - 1})
            if accessible[site] and accessible[tuple(step)] and not at_one_electrode:
                ends = (np.ravel_multi_index(end, shape) for end in (site, tuple(step)))
                expected.add(frozenset(int(end) for end in ends))
    lattice = Lattice(shape=shape, periodic=periodic)
    network = Links(lattice=lattice, accessible=accessible, electrodes=direction if electrodes else None)
    pairs = [frozenset(pair) for pair in zip(network.first.tolist(), network.second.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected
    for ends, plane in ((network.source, 0), (network.drain, shape[direction] - 1)):
        inside = np.unravel_index(ends, shape)[direction] == plane
        assert inside.all()
        assert len(ends) == (accessible.take(plane, axis=direction).sum() if electrodes else 0)


def test_links_of_a_landscape_follow_its_faces() -> None:
    landscape = generate_landscape(LITHIUM, lattice=8, rng=1)
    model = dataclasses.replace(landscape.model, transverse_faces="open")
    opened = generate_landscape(LITHIUM, lattice=8, rng=1, model=model)
    assert len(links(opened).first) < len(links(landscape).first)


def test_impossible_links_are_refused() -> None:
    with pytest.raises(InputError, match="direction = 3"):
        full_links((3, 3, 3), electrodes=3)
    with pytest.raises(InputError, match="at least 2 along the field"):
        full_links((3, 1, 3), electrodes=1)
    with pytest.raises(InputError, match="sites of the lattice"):
        Links(lattice=Lattice(shape=(3, 3, 3)), accessible=np.ones((3, 3), np.bool_))


@pytest.fixture(scope="module")
def small() -> Landscape:
    return generate_landscape(LITHIUM, lattice=20, rng=8)


@pytest.mark.parametrize("temperature", [30.0, 150.0, 300.0, 1000.0, 5000.0])
def test_chemical_potential_against_a_root_of_the_number_of_ions(small: Landscape, temperature: float) -> None:
    energies = small.energies[small.accessible]
    kt = constants.k * temperature

    def missing(level: float) -> float:
        return float(special.expit((level * kt - energies) / kt).sum() - small.ions)

    expected = float(optimize.brentq(missing, energies.min() / kt - 50, energies.max() / kt + 50, xtol=1e-13)) * kt
    assert chemical_potential(small, temperature) == pytest.approx(expected, abs=1e-7 * kt)
    filled = occupations(small, temperature)
    assert np.nansum(filled) == pytest.approx(small.ions, rel=1e-12)
    assert np.array_equal(np.isnan(filled), ~small.accessible)


def test_at_low_temperature_the_gap_decides() -> None:
    # Of one kind of excitation each, the sites beside the gap alone count: the chemical potential tends to its middle.
    landscape = generate_landscape(LITHIUM, lattice=4, rng=1)
    for temperature in (1e-3, 0.1, 1.0):
        assert chemical_potential(landscape, temperature) == pytest.approx(
            landscape.fermi_energy, abs=5 * constants.k * temperature
        )
        assert np.nansum(occupations(landscape, temperature)) == pytest.approx(landscape.ions, rel=1e-12)


def test_equal_energies_have_the_analytic_chemical_potential() -> None:
    landscape = generate_landscape(LITHIUM, lattice=10, rng=1)
    flat = dataclasses.replace(
        landscape, energies=np.where(landscape.accessible, 0.3 * EV, np.nan), fermi_energy=0.3 * EV
    )
    filled = landscape.ions / landscape.accessible_sites
    expected = 0.3 * EV + constants.k * 300.0 * math.log(filled / (1 - filled))
    assert chemical_potential(flat, 300.0) == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("temperature", [0.0, -3.0, math.nan, math.inf])
def test_temperatures_out_of_range_are_refused(small: Landscape, temperature: float) -> None:
    with pytest.raises(InputError, match="temperature"):
        chemical_potential(small, temperature)


def test_density_of_states(small: Landscape) -> None:
    states = density_of_states(small, bins=40, environments=5)
    width = float(states.energy[1] - states.energy[0])
    assert float(states.density.sum()) * width == pytest.approx(1.0, rel=1e-12)
    assert np.allclose(states.density_by_environment.sum("environment"), states.density, rtol=1e-12, atol=0.0)
    assert float(states.share.sum()) == pytest.approx(1.0, rel=1e-12)
    energies = small.energies[small.accessible]
    counts, _ = np.histogram(energies, bins=40)
    assert np.abs(states.density.to_numpy() * width * energies.size - counts).sum() <= 2.0 + 1e-6
    charges = small.counter_charge[small.accessible]
    for charge, share in zip(states.counter_charge.to_numpy()[:-1], states.share.to_numpy()[:-1], strict=True):
        assert share == pytest.approx(np.mean(np.abs(charges - charge) < 1e-9), rel=1e-12)
    assert np.isnan(states.counter_charge.to_numpy()[-1])
    assert states.attrs["ions"] == small.ions
    for change in ({"bins": 0}, {"environments": 0}):
        with pytest.raises(InputError, match="must be a whole number of at least 1"):
            density_of_states(small, **change)


@pytest.mark.parametrize("lattice", [2.5, None, "10", [10, 10], [10, 10.0, 10], True, 1, [10, 10, None]])
def test_lattices_of_any_wrong_type_are_one_sentence(lattice: object) -> None:
    with pytest.raises(
        InputError, match=r"lattice = .*must be a whole number of sites of at least 2, or three of them"
    ):
        generate_landscape("0.33 Li2O 0.67 P2O5", lattice=lattice, rng=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("rng", [-1, 1.5, None, "1", True])
def test_seeds_of_any_wrong_type_are_one_sentence(rng: object) -> None:
    with pytest.raises(InputError, match=r"rng = .*must be a whole number of at least 0"):
        generate_landscape("0.33 Li2O 0.67 P2O5", lattice=6, rng=rng)  # type: ignore[arg-type]


def test_integers_of_numpy_are_seeds_and_lattices() -> None:
    one = generate_landscape("0.33 Li2O 0.67 P2O5", lattice=6, rng=7)
    other = generate_landscape("0.33 Li2O 0.67 P2O5", lattice=np.array([6, 6, 6]), rng=np.int64(7))  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.energies, other.energies)


@pytest.mark.parametrize("wrong", [None, "much", True, [1.0]])
def test_parameters_of_a_wrong_type_are_one_sentence(wrong: object) -> None:
    for key in ("noise", "energy_scale", "barrier", "vacant_site_fraction"):
        values = {"energy_scale": 1e-19, "noise": 0.3} | {key: wrong}
        with pytest.raises(InputError, match=rf"{key} = .*must be a number"):
            LandscapeModel(**values)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"glass = .*must be a formula or a composition"):
        generate_landscape(wrong if wrong != "much" else 3.0, lattice=6, rng=1)  # type: ignore[arg-type]


def test_absurd_noise_is_refused() -> None:
    with pytest.raises(InputError, match="noise = 1e\\+300: must be from 0 to 10"):
        LandscapeModel(energy_scale=1e-19, noise=1e300)
