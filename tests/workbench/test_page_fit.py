"""The page of the fit: what is suggested, what is typed, what is said about it; a fit that is watched and stopped."""

import json
import os
import re
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from fit_results import hand_made
from ionscape import transport
from ionscape.cli.progress import compiling
from ionscape.constants import ELECTRON_VOLT
from ionscape.experiment import parse_experiment
from ionscape.files.quantities import quantity
from ionscape.inference import load_fit_result
from ionscape.inference.remarks import AT_BOUND, DEPENDS, NOT_CONVERGED, TOGETHER, UNDETERMINED
from ionscape.remarks import AS_WRITTEN, remark_attributes
from ionscape.wording import parameter_words
from ionscape.workbench.app import _headline as jobs_headline
from ionscape.workbench.fitting import (
    _interval,
    at_bounds,
    bound_problems,
    choices,
    parameter_path,
    result_rows,
    suggested_parameters,
    widened,
)
from ionscape.workbench.jobs import Job
from ionscape.workbench.pages.fit import _cost_plot, _headline
from ionscape.workbench.pages.fit_results import grouped_warnings
from ionscape.workbench.pages.simulate import _state_of
from ionscape.workbench.reading import _same_fit, fit_problems
from page_visits import Visit, visit
from rubidium_project import one_document

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = EXAMPLES / "measurements"
TRUTH = json.loads((FILES / "rb-mono-a-truth.json").read_text(encoding="utf-8"))["parameters"]
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
MEASUREMENT = """
[measurement]
file = "uploads/rb-mono-a.txt"
crater_scans = ["uploads/rb-mono-a-crater-1.csv", "uploads/rb-mono-a-crater-2.csv", "uploads/rb-mono-a-crater-3.csv"]
depth_resolution = "2 nm"
"""
USUAL = [
    "ions.Li.diffusion.bulk_coefficient",
    "ions.Li.diffusion.width",
    "ions.Li.diffusion.trapped_fraction",
    "ions.Rb.diffusion.coefficient",
]
WIDTH = 'fit.parameters."ions.Li.diffusion.width"'


@pytest.fixture
def folder(tmp_path):
    """A project with the uploaded files."""
    project = tmp_path / "project"
    (project / "uploads").mkdir(parents=True)
    (project / "analysis.toml").write_text("", encoding="utf-8")
    for path in (*FILES.glob("*.txt"), *FILES.glob("*.csv")):
        shutil.copy(path, project / "uploads")
    return project


def test_the_usual_parameters_are_suggested_with_bounds_around_their_values():
    found = suggested_parameters(parse_experiment(EXPERIMENT))
    assert list(found) == USUAL
    bounds = found["ions.Li.diffusion.width"]
    assert quantity(bounds["lower"], "energy") == pytest.approx(0.08 * ELECTRON_VOLT)
    assert quantity(bounds["upper"], "energy") == pytest.approx(0.32 * ELECTRON_VOLT)
    assert found["ions.Rb.diffusion.coefficient"]["scale"] == "log"
    assert found["ions.Li.diffusion.trapped_fraction"] == {"lower": 0.01, "upper": 0.3}


def test_suggested_bounds_stay_where_the_experiment_allows_them():
    experiment = parse_experiment(EXPERIMENT).replace({"ions.Li.diffusion.trapped_fraction": 0.6})
    upper = suggested_parameters(experiment)["ions.Li.diffusion.trapped_fraction"]["upper"]
    assert 0.6 < upper < 1.0


def test_a_reference_density_is_varied_among_those_that_the_sites_hold():
    referred = parse_experiment(EXPERIMENT).replace({"ions.Li.diffusion.reference_density": 1.3e28})
    offered = {choice.path: choice for choice in choices(referred)}
    bounds = offered["ions.Li.diffusion.reference_density"].suggestion
    assert 1.0e28 < quantity(bounds["lower"], "number density") < 1.3e28
    assert 1.3e28 < quantity(bounds["upper"], "number density") <= 1.1 * 1.4e28


def test_the_numbers_of_a_site_system_are_offered_in_place_of_those_of_its_ions():
    described = parse_experiment(EXPERIMENT)
    sites = {"holds": ["Li"], "width": "0.16 eV", "trapped_fraction": 0.1, "trapped_width": "0.05 eV"}
    lithium = {
        "model": "site-energies", "sites": "borate", "bulk_coefficient": 5.8e-19, "reference_temperature": 323.15,
        "activation_energy": "0.65 eV",
    }  # fmt: skip
    shared = described.replace({"sites": {"borate": sites}, "ions.Li.diffusion": lithium})
    assert list(suggested_parameters(shared)) == [
        "ions.Li.diffusion.bulk_coefficient", "ions.Rb.diffusion.coefficient", "sites.borate.width",
        "sites.borate.trapped_fraction",
    ]  # fmt: skip
    offered = [choice.path for choice in choices(shared)]
    assert "sites.borate.excess_sites" in offered
    assert "ions.Li.diffusion.excess_sites" not in offered
    rates = {"model": "populations", "release_rate": 1e-3}
    kept = {key: value for key, value in lithium.items() if key != "model"}
    populations = shared.replace({"ions.Li.diffusion": kept | rates, "ions.Rb.diffusion": kept | rates})
    assert suggested_parameters(populations)["ions.Rb.diffusion.release_rate"]["scale"] == "log"


def test_everything_that_can_be_free_is_offered():
    offered = {choice.path: choice for choice in choices(parse_experiment(EXPERIMENT))}
    # the excess of sites, which moves with the width, stands below it, and is not ticked
    excess = "ions.Li.diffusion.excess_sites"
    assert list(offered)[:5] == [*USUAL[:2], excess, *USUAL[2:]]
    assert offered[excess].beside
    assert not offered[excess].usual
    assert offered["stages[0].temperature"].value == "323.15 K"
    assert not offered["sample.thickness"].usual
    assert (offered["ions.Rb.diffusion.coefficient"].group, offered["ions.Rb.diffusion.coefficient"].label) == (
        "Rb",
        "coefficient",
    )
    assert parameter_path("ions.Li.diffusion.width", "lower") == f"{WIDTH}.lower"
    assert parameter_words("ions.Li.diffusion.width") == "Li width Γ"
    assert parameter_words("sensitivity_factor.Rb") == "factor Rb"


def test_what_a_width_depends_on_is_said_in_the_words_of_the_page():
    result = hand_made()
    held = DEPENDS("ions.Li.diffusion.width", "ions.Li.diffusion.excess_sites", values=(0.1,))
    result.dataset.attrs |= remark_attributes([held])
    (told,) = grouped_warnings(result)
    assert told.startswith("Li width Γ holds for Li excess sites = 0.1, on which it depends")


def test_a_fit_that_did_not_converge_says_so_before_anything_else(folder):
    result = hand_made()
    result.dataset.attrs |= remark_attributes([NOT_CONVERGED(reason="slow"), AS_WRITTEN(text="Another.")])
    (folder / "results").mkdir()
    result.to_netcdf(folder / "results" / "fit.nc")

    async def act(page: Visit) -> None:
        await page.until(lambda: page.shown("fit-not-converged"))
        assert "given up before it converged (slow)" in page.element("fit-not-converged").text
        assert "a larger maximum simulations" in page.element("fit-not-converged").text
        assert page.element("fit-method").text == "Least squares: did not converge"
        assert grouped_warnings(result) == ["Another."]

    visit(folder, "fit", act)


def test_progress_is_told_and_drawn(monkeypatch, tmp_path):
    job = Job(identifier="0001", kind="fit", state="waiting")
    assert "waits" in _headline(job)
    job.state = "running"
    job.progress = {"done": 1, "starts": 3, "cost": 281.591, "simulations": 40, "values": {}}
    assert _headline(job) == "Least squares: 1 of 3 starts, cost 281.59, 40 simulations"
    job.progress["phase"] = "checking the intervals"
    assert _headline(job).endswith("40 simulations; checking the intervals …")
    job.progress["simulations"] = 0
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert "compiled first, once (about a minute)" in _headline(job)
    job.kind = "simulate"
    assert "compiled first, once (about a minute)" in _state_of(job)
    integrate = Path(transport.__file__).with_name("integrate.py")
    compiled = tmp_path / "transport_0a1b" / f"integrate.advance-1.py{sys.version_info[0]}{sys.version_info[1]}.nbi"
    compiled.parent.mkdir()
    compiled.touch()
    os.utime(compiled, (0, integrate.stat().st_mtime - 10.0))  # of a version before
    assert "compiled" in _state_of(job)
    os.utime(compiled, (0, integrate.stat().st_mtime + 10.0))
    assert _state_of(job) == "run 1 starts"
    assert compiling("transport") == ""
    assert compiling("hopping") == ", compiling on first use"
    job.kind = "fit"
    assert _headline(job) == "Least squares: first simulation"
    job.kind, job.progress = "mcmc", {"done": 3, "total": 20}
    assert _headline(job) == "Posterior: 3 of 20"
    job.kind, job.progress = "fit", {"done": 0, "starts": 3, "simulations": 12}
    assert jobs_headline((job,), 0) == "fit, 12 simulations"
    job.progress["simulations"] = 0
    assert jobs_headline((job,), 0) == "fit"
    job.progress["done"] = 1
    assert jobs_headline((job,), 0) == "fit 33 %"
    plot = _cost_plot([{"start": 0, "trace": [[1, 900.0], [3, 950.0], [5, 300.0]]}])
    assert plot.curves[0].y.tolist() == [900.0, 900.0, 300.0]


def test_parameters_are_ticked_bounded_and_given_priors(folder):
    async def act(page: Visit) -> None:
        assert list(page.document.get("fit.parameters")) == USUAL
        assert page.element("fit-start").enabled
        page.set("fit-free-ions.Rb.diffusion.coefficient", False)
        assert list(page.document.get("fit.parameters")) == USUAL[:3]
        await page.settled()
        page.set("fit-free-ions.Li.diffusion.excess_sites", True)
        assert page.document.get('fit.parameters."ions.Li.diffusion.excess_sites"') == {"lower": 0.05, "upper": 0.2}
        await page.until(lambda: page.there('form-fit.parameters."ions.Li.diffusion.excess_sites".lower'))
        page.set(f"form-{WIDTH}.upper", "0.25 eV")
        assert page.document.get(f"{WIDTH}.upper") == "0.25 eV"
        page.click("fit-prior-ions.Li.diffusion.width")
        await page.until(lambda: page.there(f"form-{WIDTH}.prior.mean"))
        assert page.document.get(f"{WIDTH}.prior") == {
            "kind": "log-normal",
            "mean": "0.16 eV",
            "standard_deviation": 0.2,
        }
        page.set(f"form-{WIDTH}.prior.standard_deviation", "0.1")
        assert page.document.get(f"{WIDTH}.prior.standard_deviation") == 0.1
        assert fit_problems(page.document.path) == {}
        page.click("fit-usual")
        assert list(page.document.get("fit.parameters")) == USUAL

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_untouched_suggestions_follow_the_experiment(folder):
    async def act(page: Visit) -> None:
        page.session.edit("ions.Li.diffusion.width", "0.2 eV")
        await page.until(lambda: page.document.get(f"{WIDTH}.upper") == "0.4 eV")
        page.session.edit(f"{WIDTH}.upper", "0.3 eV")
        await page.settled()
        page.session.edit("ions.Li.diffusion.width", "0.1 eV")
        await page.settled()
        assert page.document.get(f"{WIDTH}.upper") == "0.3 eV"

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_a_wrong_bound_stands_beside_its_field(folder):
    async def act(page: Visit) -> None:
        page.set(f"form-{WIDTH}.lower", "0.5 eV")
        await page.until(lambda: "0.5 eV must be less than the upper bound, 0.32 eV." in page.texts())
        assert not page.element("fit-start").enabled
        assert "Li width Γ lower" in page.element("fit-why").text
        page.set(f"form-{WIDTH}.lower", "3 nm")
        await page.until(lambda: "must be less than the upper bound" not in page.texts())
        await page.until(lambda: "is a length where an energy is expected" in page.texts())
        page.click("fit-undo")
        page.click("fit-undo")
        await page.until(lambda: page.element("fit-start").enabled)
        assert page.element("fit-welcome").text.startswith("Ready to start")

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_without_experiment_nothing_can_be_started(tmp_path):
    async def act(page: Visit) -> None:
        await page.settled()
        assert not page.element("fit-start").enabled
        assert "An experiment is needed first" in page.texts()
        assert page.document.get("fit") is None

    visit(tmp_path / "project", "fit", act)


def test_missing_resolution_is_told(folder):
    async def act(page: Visit) -> None:
        await page.settled()
        assert page.element("fit-no-resolution").visible

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT.replace('depth_resolution = "2 nm"', ""))


@pytest.mark.slow
def test_a_fit_is_watched_and_finds_the_truth(folder):
    async def act(page: Visit) -> None:
        # one start is enough here; with a looser tolerance the check of the intervals takes six times as long
        assert not page.session.edit("fit.starts", 1)
        await page.until(lambda: page.element("fit-start").enabled)
        page.click("fit-start")
        await page.until(lambda: bool(page.session.jobs.active), 30.0)
        await page.until(lambda: page.there("fit-cost-plot") or not page.session.jobs.active, 120.0)
        await page.until(lambda: page.there("fit-estimate-ions.Li.diffusion.width"), 240.0)
        assert page.shown("fit-results")
        estimate = float(page.element("fit-estimate-ions.Li.diffusion.width").text)
        error = float(page.element("fit-error-ions.Li.diffusion.width").text)
        assert estimate == pytest.approx(TRUTH["G1"], abs=4.0 * error)
        assert page.element("fit-unit-ions.Li.diffusion.width").text == "eV"
        assert page.element("fit-profile-likelihood").enabled
        for figure in ("diffusion", "energies", "activation-energy", "correlation", "starts", "profiles"):
            page.click(f"fit-figure-{figure}")
            assert page.there("fit-plot")
        page.session.edit(f"{WIDTH}.upper", "0.3 eV")
        await page.until(lambda: "has been changed since this fit" in page.texts())
        assert not page.element("fit-profile-likelihood").enabled

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


@pytest.mark.slow
def test_a_stopped_fit_keeps_the_best(folder):
    async def act(page: Visit) -> None:
        page.click("fit-start")
        await page.until(lambda: page.there("fit-cost-plot"), 120.0)
        page.click("fit-cancel")
        await page.until(lambda: not page.session.jobs.active, 60.0)
        await page.until(lambda: page.there("fit-estimate-ions.Li.diffusion.width"), 30.0)
        assert "stopped before it converged" in page.texts()

    wanted = {"starts": 40, "parameters": suggested_parameters(parse_experiment(EXPERIMENT))}
    visit(folder, "fit", act, text=one_document(wanted))
    assert load_fit_result(folder / "results" / "fit.nc").dataset.attrs["cost"] > 0.0


def test_an_assumed_resolution_is_told(folder, monkeypatch):
    async def act(page: Visit) -> None:
        told = frozenset({"measurement.depth_resolution"})
        monkeypatch.setattr(type(page.session.project), "assumed", told, raising=False)
        page.session.edit("title", "again")
        await page.until(lambda: "resolution of the measurement is assumed" in page.texts())

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_fitted_values_are_taken_into_the_experiment(folder):
    (folder / "results").mkdir()
    hand_made().to_netcdf(folder / "results" / "fit.nc")
    before = []

    async def act(page: Visit) -> None:
        await page.until(lambda: page.element("fit-take-values").enabled)
        before.append(page.document.get("fit.parameters"))
        page.click("fit-take-values")
        await page.until(lambda: page.document.get("ions.Li.diffusion.bulk_coefficient") != "5.46e-19 m^2/s")
        written = page.document.get("ions.Li.diffusion.bulk_coefficient")
        assert quantity(written, "diffusion coefficient") == pytest.approx(5.4528e-19, rel=1e-5)
        assert quantity(page.document.get("ions.Li.diffusion.width"), "energy") == pytest.approx(2.4362e-20, rel=1e-5)
        assert not page.session.errors
        await page.settled()
        assert page.document.get("fit.parameters") == before[0]  # the same fit

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_an_observed_charge_is_typed_and_never_assumed(folder):
    place = "fit.observed_charge"

    async def act(page: Visit) -> None:
        await page.until(lambda: page.element("fit-start").enabled)
        assert not page.shown("fit-unusual")
        page.click(f"add-{place}")
        await page.until(lambda: page.there(f"form-{place}.value"))
        assert [page.element(f"form-{place}.{key}").value for key in ("value", "relative_error")] == ["", ""]
        assert not page.session.project.assumed
        await page.until(lambda: not page.element("fit-start").enabled)
        page.set(f"form-{place}.value", "2 mC")
        await page.settled()
        assert not page.element("fit-start").enabled
        page.set(f"form-{place}.relative_error", "0.1")
        await page.until(lambda: page.element("fit-start").enabled)
        assert page.document.get(place) == {"value": "2 mC", "relative_error": 0.1}
        page.session.project.assume({f"{place}.value": "2 mC"})  # of a project of an earlier version
        page.session.edit("sample.thickness", "2.325 m")
        await page.until(lambda: page.shown("fit-unusual"))
        assert "sample thickness is 2.325 m" in page.element("fit-unusual").text
        assert "observed charge value" in page.element("fit-assumed").text
        assert page.there(f"assumed-{place}.value")

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_another_spelling_and_other_starting_values_are_the_same_fit():
    bounds = '{ lower = "0.08 eV", upper = "0.32 eV" }'
    text = f'{EXPERIMENT}\n[fit.parameters]\n"ions.Li.diffusion.width" = {bounds}\n'
    then = _same_fit(tomllib.loads(text))
    written = re.search(r'thickness = "([\d.]+) mm"', text)
    micrometres = f'thickness = "{float(written[1]) * 1000.0:.10g}µm"'
    for same in (text.replace('width = "0.16 eV"', 'width = "0.1523 eV"', 1), text.replace(written[0], micrometres)):
        assert same != text
        assert _same_fit(tomllib.loads(same)) == then
    for other in (text.replace("0.32 eV", "0.3 eV"), text.replace(written[0], 'thickness = "1 mm"')):
        assert _same_fit(tomllib.loads(other)) != then


def test_intervals_have_the_decimals_of_their_estimate():
    assert _interval(0.1512, 0.153, like="0.15206") == "0.15120 to 0.15300"
    assert _interval(1.1e-18, 1.3e-18, like="1.163e-18") == "1.100e-18 to 1.300e-18"


def test_a_mistake_in_the_experiment_is_named_and_no_parameter_is_offered_for_removal(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.element("fit-start").enabled)
        page.session.project.assume({"ions.Li.diffusion.width": "0.16 eV"})
        page.session.edit("stages[0].duration", "94.46")
        await page.until(lambda: not page.element("fit-start").enabled)
        assert page.shown("fit-why")
        assert (
            'a mistake, see its page: stage 1 duration = "94.46": is a number without' in page.element("fit-why").text
        )
        assert page.there(f"form-{WIDTH}.lower")
        assert not page.there("fit-remove-ions.Li.diffusion.width")
        assert "An experiment is needed" not in page.texts()
        assert "nobody" not in page.texts()
        assert "Li width Γ" in page.element("fit-assumed").text

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_a_stored_result_is_said_to_be_loading(folder):
    (folder / "results").mkdir()
    hand_made().to_netcdf(folder / "results" / "fit.nc")

    async def act(page: Visit) -> None:
        assert page.shown("fit-loading")
        assert not page.shown("fit-welcome")
        await page.until(lambda: page.shown("fit-results"))
        assert not page.shown("fit-loading")

    visit(folder, "fit", act, text=EXPERIMENT + MEASUREMENT)


def test_a_search_that_ended_at_bounds_is_told_first_and_its_bounds_can_be_moved():
    result = hand_made()
    assert at_bounds(result) == {}
    data = result.dataset.copy(deep=True)
    name, other = map(str, data["parameter"].values[:2])
    data["estimate"].values[0] = data["upper_bound"].values[0]
    told = [AT_BOUND(name, side="upper"), UNDETERMINED(other), TOGETHER(name, other, correlation=0.99)]
    ended = replace(result, dataset=data.assign_attrs(remark_attributes(told)))
    assert at_bounds(ended) == {name: "upper"}
    row = result_rows(ended)[0]
    assert (row["error"], row["interval"]) == ("", "at its upper bound")
    first, second = grouped_warnings(ended)
    assert first == f"Fix these, or give them priors: the data leave {parameter_words(other)} undetermined."
    assert f"{parameter_words(name)} and {parameter_words(other)} (0.990)" in second
    experiment = parse_experiment(EXPERIMENT)
    free = suggested_parameters(experiment)
    changed = widened(experiment, {USUAL[0]: "upper", USUAL[1]: "lower", USUAL[2]: "upper"}, free)
    # two decades, a third; what the model allows
    assert quantity(changed[f"{parameter_path(USUAL[0])}.upper"], "diffusion coefficient") == pytest.approx(5.8e-15)
    assert quantity(changed[f"{WIDTH}.lower"], "energy") == pytest.approx(0.08 / 3 * ELECTRON_VOLT, rel=1e-2)
    assert 0.3 < changed[f"{parameter_path(USUAL[2])}.upper"] < 1.0


def test_bounds_are_held_against_each_other_and_the_value():
    experiment = parse_experiment(EXPERIMENT)
    width = USUAL[1]
    assert bound_problems(suggested_parameters(experiment), experiment) == {}
    good = {"lower": "80 meV", "upper": "0.3 eV"}
    assert bound_problems({width: good}, experiment) == {}
    (swapped,) = bound_problems({width: {"lower": "0.3 eV", "upper": "80 meV"}}, experiment).items()
    assert swapped[0] == f"{WIDTH}.lower"
    assert str(swapped[1]) == "0.3 eV must be less than the upper bound, 80 meV."
    ((path, error),) = bound_problems({width: {**good, "lower": "0.2 eV"}}, experiment).items()
    assert path == f"{WIDTH}.lower"
    assert "0.16 eV" in str(error)
