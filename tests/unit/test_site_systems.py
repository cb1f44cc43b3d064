"""Site systems that ions share, in experiment files: what they are, who sits on them, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest

from ionscape.constants import ELECTRON_VOLT
from ionscape.diffusivity import Histogram, PopulationDiffusion, SiteEnergyDiffusion, SiteEnergyDistribution
from ionscape.diffusivity.branches import histogram_branches
from ionscape.errors import InputError
from ionscape.experiment import Experiment, load_experiment, parse_experiment
from ionscape.files.values import scalars
from ionscape.inference.information import _freed  # pyright: ignore[reportPrivateUsage]
from ionscape.transport.grid import make_grid

BULK = 1.4e28

SITES = """
[sites.borate]
holds = ["Li"]
excess_sites = 0.10
width = "0.16 eV"
trapped_fraction = 0.10
trapped_width = "0.05 eV"
"""

LITHIUM = """
[ions.Li.diffusion]
model = "populations"
sites = "borate"
bulk_coefficient = "5.8e-19 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"
hop_length = "4 angstrom"
"""

RUBIDIUM = """
[ions.Rb.diffusion]
model = "populations"
sites = "borate"
bulk_coefficient = "2.67e-22 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.86 eV"
release_rate = "1e-3 1/s"
"""

STAGE = """
[[stages]]
kind = "irradiation"
beam = "Rb"
source_potential = "15 V"
temperature = "323.15 K"
duration = "94.46 h"
"""

SAMPLE = """
[sample]
thickness = "2.325 mm"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = { Li = "1.4e28 1/m^3" }
"""

POPULATIONS = SAMPLE + SITES + LITHIUM + RUBIDIUM + STAGE

OWN_KEYS = 'width = "0.16 eV"\ntrapped_fraction = 0.10\ntrapped_width = "0.05 eV"'


def closure(of: str, sites: str) -> str:
    """The model of an ion by the closure D(n), on sites that are stated like this."""
    kept = of.replace('model = "populations"', 'model = "site-energies"').replace('hop_length = "4 angstrom"\n', "")
    return kept.replace('sites = "borate"', sites).replace('release_rate = "1e-3 1/s"\n', "")


CLOSURES = SAMPLE + SITES + closure(LITHIUM + RUBIDIUM, 'sites = "borate"') + STAGE
ALONE = SAMPLE + SITES + closure(LITHIUM, 'sites = "borate"') + closure(RUBIDIUM, OWN_KEYS) + STAGE
NATIVE_RUBIDIUM = SAMPLE.replace("{ Li", '{ Rb = "1e27 1/m^3", Li')


def message_of(text: str, *, folder: Path = Path()) -> str:
    """The sentence with which a text is refused."""
    with pytest.raises(InputError) as raised:
        parse_experiment(text, file="rb.toml", folder=folder)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_populations_of_two_ions_on_one_system() -> None:
    """κ of hops of 4 Å is 217 1/s; both models share one system, which has the sites of the native glass."""
    described = parse_experiment(POPULATIONS)
    assert described.warnings == ()
    (system,) = described.site_systems.values()
    assert (system.name, system.ions, system.native_density) == ("borate", ("Li", "Rb"), BULK)
    assert system.distribution.total_sites == pytest.approx(1.1 * BULK, rel=1e-12)
    lithium, rubidium = described.diffusion_models(0).values()
    assert isinstance(lithium, PopulationDiffusion)
    assert isinstance(rubidium, PopulationDiffusion)
    assert lithium.sites is rubidium.sites is system is described.site_systems["borate"]
    assert lithium.release_rate_at_reference == pytest.approx(217.5, rel=1e-12)
    assert rubidium.release_rate_at_reference == 1e-3
    assert float(lithium.coefficient(0.0, 323.15)) == 5.8e-19
    # the distance of sites, (1.54e28)^(-1/3) m, if nothing is said
    usual = parse_experiment(POPULATIONS.replace('hop_length = "4 angstrom"\n', "")).diffusion_model("Li", 0)
    assert isinstance(usual, PopulationDiffusion)
    assert usual.hop_length == pytest.approx(1.54e28 ** (-1 / 3), rel=1e-12)


def test_a_density_of_sites_says_the_same_as_their_excess() -> None:
    stated = parse_experiment(POPULATIONS.replace("excess_sites = 0.10", 'density = "1.54e28 1/m^3"'))
    found = stated.site_systems["borate"].distribution
    expected = parse_experiment(POPULATIONS).site_systems["borate"].distribution
    assert [branch.weight for branch in found.branches] == pytest.approx(
        [branch.weight for branch in expected.branches], rel=1e-12
    )


@pytest.mark.parametrize("text", [POPULATIONS, CLOSURES])
def test_an_experiment_with_sites_is_a_value(text: str) -> None:
    described = parse_experiment(text)
    assert parse_experiment(described.to_toml()) == described
    assert Experiment.model_validate(described.model_dump()) == described
    varied = described.replace({"sites.borate.trapped_fraction": 0.03, "ions.Rb.diffusion.bulk_coefficient": 1e-22})
    assert varied.site_systems["borate"].distribution.branches[1].weight == pytest.approx(0.03 * BULK)
    assert parse_experiment(varied.to_toml()) == varied
    assert {"sites.borate.width", "sites.borate.trapped_fraction", "sites.borate.excess_sites"} <= scalars(
        described
    ).keys()


def test_release_rates_are_replaced_by_their_path() -> None:
    varied = parse_experiment(POPULATIONS).replace({"ions.Rb.diffusion.release_rate": "6e-4 1/s"})
    model = varied.diffusion_model("Rb", 0)
    assert isinstance(model, PopulationDiffusion)
    assert model.release_rate_at_reference == 6e-4
    assert '"0.0006 1/s"' in varied.to_toml()


def test_the_closure_on_a_system_is_that_on_sites_of_its_own() -> None:
    """To the last bit: the distribution, D, the grid; the Fermi level counts the ions on the system."""
    shared = parse_experiment(CLOSURES)
    counting = f'fermi_level_counts = ["Li", "Rb"]\n{OWN_KEYS}'
    own = parse_experiment(SAMPLE + closure(LITHIUM + RUBIDIUM, counting) + STAGE)
    assert shared.diffusion_models(0) == own.diffusion_models(0)
    assert shared.reference_density("Rb") == own.reference_density("Rb") == BULK
    assert shared.native_fermi_density("Rb", 0) == BULK
    assert make_grid(shared).faces.tolist() == make_grid(own).faces.tolist()
    # an ion alone on its system is the short form without counted ions
    alone = parse_experiment(
        SAMPLE + SITES + closure(LITHIUM, 'sites = "borate"') + closure(RUBIDIUM, OWN_KEYS) + STAGE
    )
    short = parse_experiment(SAMPLE + closure(LITHIUM, OWN_KEYS) + closure(RUBIDIUM, OWN_KEYS) + STAGE)
    density = np.linspace(0.0, 1.1 * BULK, 57)
    for name in ("Li", "Rb"):
        found, expected = (each.diffusion_model(name, 0).coefficient(density, 323.15) for each in (alone, short))
        assert found.tolist() == expected.tolist()


def test_a_reference_density_may_be_stated_on_a_system() -> None:
    stated = closure(RUBIDIUM, 'sites = "borate"\nreference_density = "1.33e28 1/m^3"')
    described = parse_experiment(SAMPLE + SITES + closure(LITHIUM, 'sites = "borate"') + stated + STAGE)
    model = described.diffusion_model("Rb", 0)
    assert model.fermi_level_counts == ("Li", "Rb")
    assert float(model.coefficient(1.33e28, 323.15)) == pytest.approx(2.67e-22, rel=1e-9, abs=0)
    beyond = stated.replace("1.33e28", "1.6e28")
    message = message_of(SAMPLE + SITES + closure(LITHIUM, 'sites = "borate"') + beyond + STAGE)
    assert "ions.Rb.diffusion.reference_density" in message
    assert "at most 1.54e+28 1/m^3" in message


def test_two_systems_in_one_glass() -> None:
    """Sodium and calcium on sublattices of their own each have their own Fermi level."""
    native = 'native = { Na = "0.9e28 1/m^3", Ca = "0.25e28 1/m^3" }'
    sites = SITES.replace("Li", "Na") + '[sites.calcium]\nholds = ["Ca"]\ndensity = "0.3e28 1/m^3"\nwidth = "0.1 eV"\n'
    sodium = LITHIUM.replace("ions.Li", "ions.Na")
    calcium = RUBIDIUM.replace("ions.Rb", "ions.Ca").replace("[ions", "[ions.Ca]\ncharge = 2\n[ions")
    described = parse_experiment(
        SAMPLE.replace('native = { Li = "1.4e28 1/m^3" }', native) + sites + sodium
        + closure(calcium, 'sites = "calcium"') + RUBIDIUM + STAGE
    )  # fmt: skip
    assert {name: system.ions for name, system in described.site_systems.items()} == {
        "borate": ("Na", "Rb"), "calcium": ("Ca",)
    }  # fmt: skip
    assert described.native_fermi_density("Ca", 0) == 0.25e28
    assert described.diffusion_model("Ca", 0).density_limit == pytest.approx(0.3e28, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (POPULATIONS.replace('["Li"]', "[]"), ["sites.borate.holds", "must not be empty"]),
        (POPULATIONS.replace('["Li"]', '["Li", "Li"]'), ["sites.borate.holds[1]", "named twice"]),
        (POPULATIONS.replace('["Li"]', '["Rb"]'), ["sites.borate.holds[0]", "Rb, which is not native", "leave it out"]),
        (POPULATIONS.replace('["Li"]', '["Lj"]'), ["sites.borate.holds[0]", "Lj, which is not native", '"Li"']),
        (POPULATIONS.replace("width = \"0.16 eV\"", ""), ["sites.borate.width", "is missing"]),
        (POPULATIONS.replace("excess_sites = 0.10", "excess_sites = 0"), ["excess_sites = 0", "greater than 0"]),
        (
            POPULATIONS.replace("excess_sites = 0.10", 'density = "1.4e28 1/m^3"'),
            ["sites.borate.density", "must be more than the 1.4e+28 1/m^3 of Li"],
        ),
        (
            POPULATIONS.replace("excess_sites = 0.10", 'excess_sites = 0.1\ndensity = "1.54e28 1/m^3"'),
            ["sites.borate.excess_sites", "together with density"],
        ),
        (
            POPULATIONS.replace("[ions.Rb.diff", "[ions.Rb]\ncharge = 1\n[ions.Li]\ncharge = 2\n[ions.Rb.diff")
            + '[[stages]]\nkind = "contact"\ntemperature = "323 K"\nduration = "1 h"\ncomposition = { Rb = 1.0 }\n',
            ["stages[1].composition", "asks the site system borate to hold 2.8e+28", "less than the 1.54e+28"],
        ),
        (
            POPULATIONS + '[sites.spare]\nholds = ["Li"]\nwidth = "0.16 eV"\n',
            ["sites.spare.holds[0]", "the system borate holds too"],
        ),
        (
            POPULATIONS.replace("native = {", 'native = { Na = "1e27 1/m^3",')
            + '[ions.Na.diffusion]\nmodel = "constant"\ncoefficient = "0 m^2/s"\n'
            + '[sites.spare]\nholds = ["Na"]\nwidth = "0.16 eV"\n',
            ["sites.spare", "has no ions", "sites = "],
        ),
        (POPULATIONS.replace('sites = "borate"', 'sites = "borat"', 1), ["ions.Li.diffusion.sites", '"borate"']),
        (
            POPULATIONS.replace('release_rate = "1e-3 1/s"', 'release_rate = "1e-3 1/s"\nhop_length = "1 nm"'),
            ["ions.Rb.diffusion.release_rate", "together with hop_length"],
        ),
        (
            CLOSURES.replace('sites = "borate"', 'sites = "borate"\nwidth = "0.2 eV"', 1),
            ["ions.Li.diffusion.width", "together with sites", "leave out"],
        ),
        (
            CLOSURES.replace('sites = "borate"', 'sites = "borate"\nexcess_sites = 0.1', 1),
            ["ions.Li.diffusion.excess_sites", "together with sites"],
        ),
        (
            CLOSURES.replace('sites = "borate"', 'sites = "borate"\nfermi_level_counts = ["Li"]', 1),
            ["ions.Li.diffusion.fermi_level_counts", "together with sites"],
        ),
        (
            NATIVE_RUBIDIUM + SITES + LITHIUM + RUBIDIUM + STAGE,
            ["ions.Rb.diffusion.sites", "the native ion Rb", "add Rb to sites.borate.holds"],
        ),
        (
            NATIVE_RUBIDIUM + SITES + '[sites.rest]\nholds = ["Rb"]\nwidth = "0.1 eV"\n' + LITHIUM + RUBIDIUM + STAGE,
            ["ions.Rb.diffusion.sites", "second site system", "held by the system rest"],
        ),
        (
            POPULATIONS.replace("[ions.Rb", "[ions.Rb]\ncharge = -1\n[ions.Rb").replace('"15 V"', '"-15 V"'),
            ["sites.borate", "opposite charge", "Li with +1 and Rb with -1"],
        ),
        (
            POPULATIONS + closure(RUBIDIUM, OWN_KEYS).replace("ions.Rb.diffusion", "stages.diffusion.Rb"),
            ["stages[0].diffusion.Rb", "no population", "its population in other stages"],
        ),
        (
            SAMPLE + SITES + LITHIUM + closure(RUBIDIUM, 'sites = "borate"') + STAGE,
            ["ions.Rb.diffusion", "no population", "the population of Li is resolved"],
        ),
        (
            POPULATIONS + '[sites.other]\nholds = ["Li"]\nwidth = "0.1 eV"\n'
            + RUBIDIUM.replace("ions.Rb.diffusion", "stages.diffusion.Rb").replace('"borate"', '"other"'),
            ["sites.other.holds[0]", "the system borate holds too"],
        ),
        (
            POPULATIONS.replace('"4 angstrom"', '"4 angstrom"\nlevel_spacing = "10 meV"'),
            ["ions.Li.diffusion.level_spacing", "differs between the ions"],
        ),
        (POPULATIONS.replace("sites.borate", 'sites."bo rate"'), ["sites"]),
        (POPULATIONS.replace("release_rate", "release_rat"), ["release_rat", '"release_rate"']),
        (POPULATIONS.replace('"1e-3 1/s"', '"1e-3 s"'), ["release_rate", "rate"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(text: str, said: list[str]) -> None:
    message = message_of(text)
    for words in ["rb.toml: ", *said]:
        assert words in message


def test_a_stage_moves_no_population_to_another_system() -> None:
    """Its state would be lost."""
    native = SAMPLE.replace("{ Li", '{ Na = "1e27 1/m^3", Li')
    other = '[sites.other]\nholds = ["Na"]\nwidth = "0.1 eV"\n' + LITHIUM.replace("ions.Li", "ions.Na").replace(
        "borate", "other"
    )
    moved = RUBIDIUM.replace("ions.Rb.diffusion", "stages.diffusion.Rb").replace('"borate"', '"other"')
    message = message_of(native + SITES + LITHIUM + RUBIDIUM + other + STAGE + moved)
    for words in ("stages[0].diffusion.Rb.sites", "second site system", "is on the system borate elsewhere"):
        assert words in message


def test_long_hops_are_warned_of() -> None:
    """A release rate that means hops of 127 nm is a slip of its unit."""
    (sentence,) = parse_experiment(POPULATIONS.replace("1e-3 1/s", "1e-6 1/s")).warnings
    assert sentence.startswith("The length of hops that follows from ions.Rb.diffusion.release_rate is 126.")


# histograms -----------------------------------------------------------------------------------------------------------

ENERGIES = (-0.3, -0.2, 0.0, 0.1, 0.2)
WEIGHTS = (1.0, 0.0, 2.0, 4.0, 1.0)
TABLE = "energy (eV), sites\n" + "".join(f"{e}, {w}\n" for e, w in zip(ENERGIES, WEIGHTS, strict=True))


def test_a_histogram_is_inverted_exactly() -> None:
    """By hand: intervals halfway between the energies, 8 units of sites, straight lines in between, and a gap."""
    branches = histogram_branches(energies=ENERGIES, weights=WEIGHTS, total_sites=16.0)
    upper, lower = branches  # the mobile ones first
    assert upper.edges == pytest.approx((-0.1, 0.05, 0.15, 0.25))
    assert upper.sites == pytest.approx((4.0, 8.0, 2.0))
    assert lower.edges == pytest.approx((-0.35, -0.25))
    distribution = SiteEnergyDistribution(branches=branches)
    assert distribution.total_sites == 16.0
    assert distribution.gaps == (2.0,)
    density = [0.0, 1.0, 2.0, 4.0, 6.0, 10.0, 14.0, 15.0, 16.0]
    energy = [-0.35, -0.30, -0.1, -0.025, 0.05, 0.10, 0.15, 0.20, 0.25]
    assert distribution.fermi_energy(density) == pytest.approx(energy, abs=1e-15)
    assert distribution.cumulative(energy) == pytest.approx(density, abs=1e-13)
    assert distribution.density_of_states([-0.3, -0.2, 0.0, 0.1, 0.3]) == pytest.approx(
        [20.0, 0.0, 4.0 / 0.15, 80.0, 0.0]
    )
    assert upper.full_width_at_half_maximum == pytest.approx(0.1)
    assert distribution.shifted(1.0).fermi_energy(6.0) == pytest.approx(1.05)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"energies": (0.0,), "weights": (1.0,)}, "two or more"),
        ({"energies": (0.0, 0.0), "weights": (1.0, 1.0)}, "must increase"),
        ({"energies": (0.0, 1.0), "weights": (0.0, 0.0)}, "do not make a histogram"),
        ({"energies": (0.0, 1.0), "weights": (1.0,)}, "as many weights"),
    ],
)
def test_what_is_no_histogram_is_said(options: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        histogram_branches(**options, total_sites=1.0)
    with pytest.raises(InputError, match="one edge more"):
        Histogram(edges=(0.0, 1.0), sites=(1.0, 1.0))


def with_histogram(text: str, given: str) -> str:
    """The text with a histogram in the place of branches."""
    return text.replace(OWN_KEYS, given)


def test_a_system_with_a_histogram_from_a_file(tmp_path: Path) -> None:
    """The same system as with lists; the numbers become part of the experiment."""
    (tmp_path / "sites.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "rb.toml").write_text(with_histogram(POPULATIONS, 'file = "sites.csv"'), encoding="utf-8")
    read = load_experiment(tmp_path / "rb.toml")
    lists = f"energies = {[f'{e} eV' for e in ENERGIES]}\nweights = {list(WEIGHTS)}"
    assert read == parse_experiment(with_histogram(POPULATIONS, lists))
    assert parse_experiment(read.to_toml()) == read
    assert parse_experiment(read.self_contained_source()) == read
    system = read.site_systems["borate"]
    assert system.distribution.total_sites == pytest.approx(1.1 * BULK, rel=1e-12)
    assert system.distribution.gaps == pytest.approx((1.1 * BULK / 8.0,), rel=1e-12)
    assert system.levels(0.01 * ELECTRON_VOLT).sites.sum() == pytest.approx(1.1 * BULK, rel=1e-12)
    assert read.replace({"sites.borate.weights[0]": 0.5}) != read


def test_the_closure_takes_a_histogram_too() -> None:
    """By hand: 7.27 of 8 units are filled at the reference; at 2.2 units E_F is 0.175 eV lower or so, D with it."""
    lists = f"energies = {[f'{e} eV' for e in ENERGIES]}\nweights = {list(WEIGHTS)}"
    shared = parse_experiment(with_histogram(CLOSURES, lists))
    own = parse_experiment(SAMPLE + closure(LITHIUM + RUBIDIUM, f'fermi_level_counts = ["Li", "Rb"]\n{lists}') + STAGE)
    assert shared.diffusion_models(0) == own.diffusion_models(0)
    model = shared.diffusion_model("Li", 0)
    assert isinstance(model, SiteEnergyDiffusion)
    unit = 1.1 * BULK / 8.0
    highest = 0.15 + 0.1 * (8.0 / 1.1 - 7.0)  # E_F of the native glass, in the last interval [eV]
    lower = -0.1 + 0.15 * (2.2 - 1.0) / 2.0
    energies = model.activation_energy([BULK, 2.2 * unit]) / ELECTRON_VOLT
    assert energies == pytest.approx([0.65, 0.65 + highest - lower], abs=1e-12)
    assert model.jumps == pytest.approx((unit,))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("energy (eV), sites\n0.1, 1\n", ["sites.borate.file", "1 lines of numbers"]),
        ("energy (eV), sites\n0.1, 1\n0.1, 2\n", ["line 3", "not greater", "sort the lines by energy"]),
        ("energy (eV), sites\n0.1, 1\n0.2, -2\n", ["line 3, column 2", "at least 0"]),
        ("energy (eV), sites\n0.1, 0\n0.2, 0\n", ["has no sites"]),
        ("energy, sites\n0.1, 1\n0.2, 2\n", ["line 1, column 1", "energy (eV), sites"]),
        ("energy (nm), sites\n0.1, 1\n0.2, 2\n", ["line 1, column 1", "energy"]),
        ("energy (eV), sites (nm)\n0.1, 1\n0.2, 2\n", ["line 1, column 2", "number density"]),
        ("energy (eV), weight (1)\n0.1, 1\n0.2, 2\n", ["line 1, column 2", "unknown column"]),
    ],
)
def test_unusable_histograms_name_line_and_column(tmp_path: Path, table: str, said: list[str]) -> None:
    (tmp_path / "sites.csv").write_text(table, encoding="utf-8")
    message = message_of(with_histogram(POPULATIONS, 'file = "sites.csv"'), folder=tmp_path)
    for words in said:
        assert words in message


def test_sites_may_be_counted_by_volume(tmp_path: Path) -> None:
    """Only their ratios matter."""
    (tmp_path / "sites.csv").write_text(TABLE.replace("sites\n", "sites (1/cm^3)\n"), encoding="utf-8")
    read = parse_experiment(with_histogram(POPULATIONS, 'file = "sites.csv"'), folder=tmp_path)
    assert read.sites["borate"].weights == pytest.approx([1e6 * weight for weight in WEIGHTS])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('file = "sites.csv"\nwidth = "0.1 eV"', ["sites.borate.width", "sites are a histogram"]),
        ('energies = ["0 eV", "1 eV"]', ["sites.borate", "one source of its histogram"]),
        ('energies = ["0 eV", "0 eV"]\nweights = [1, 1]', ["sites.borate.energies", "must increase"]),
        ('file = "sites.csv"\nenergies = ["0 eV", "1 eV"]\nweights = [1, 1]', ["one source of its histogram"]),
    ],
)
def test_a_histogram_is_stated_once(given: str, said: list[str]) -> None:
    message = message_of(with_histogram(POPULATIONS, given))
    for words in said:
        assert words in message


def test_an_ion_that_leaves_its_system_leaves_no_system_without_ions() -> None:
    """What an experiment would tell of D(n) is asked of a table in its place."""
    alone = parse_experiment(ALONE)
    assert _freed(alone, "Li", 0)[0].sites == {}
    assert list(_freed(parse_experiment(CLOSURES), "Li", 0)[0].sites) == ["borate"]
