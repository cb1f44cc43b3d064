"""The report of a fit: what stands in it, what it needs, and what its figures draw."""

from __future__ import annotations

import base64
import csv
import json
import math
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fit_results import ERROR, ESTIMATE, EVIL, hand_made, with_posterior
from ionscape import figures
from ionscape.cli.report import report_command
from ionscape.errors import InputError
from ionscape.experiment import parse_experiment
from ionscape.figures import fit_values
from ionscape.inference.remarks import STOPPED, UNDETERMINED
from ionscape.remarks import remark_attributes
from ionscape.report import write_report
from ionscape.report.conditions import conditions_table
from ionscape.report.contents import neighbour_correlation
from ionscape.report.values import decimals_of

EXAMPLES = Path(__file__).parents[2] / "examples"


class Page(HTMLParser):
    """Rows of the tables, headings, sources and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.addresses: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.text = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.inside = "" if tag == "wbr" and self.inside not in ("td", "th") else self.inside if tag == "wbr" else tag
        self.addresses += [(tag, value or "") for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside != "style" else ""
        if self.inside in ("td", "th") and data.strip("\n"):
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row and row[0] == first)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(hand_made(), path, result_file="rb fit.nc")
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTML pages whose figures are empty, for what is not about them: drawing takes most of a second."""
    monkeypatch.setattr("ionscape.report.html.draw", lambda _plot: None)
    monkeypatch.setattr("ionscape.report.html.figure_bytes", lambda _figure, _form: b"<svg/>")


def test_the_parameters_are_in_units_of_people(page: Page) -> None:
    row = page.row("Li bulk coefficient")
    assert "ions.Li.diffusion.bulk_coefficient" in page.text
    assert row[1:6] == ["10⁻¹⁹\N{NO-BREAK SPACE}m²/s", "5.453", "0.062", "5.391 to 5.514", "5.332 to 5.574"]
    assert row[6] == "2 to 15"
    # 2.4362e-20 J over e, and π/2 times it
    assert page.row("Li width Γ")[1:4] == ["eV", "0.15206", "0.00043"]
    derived = page.row("full width at half maximum of Li width Γ")
    assert float(derived[2]) == pytest.approx(math.pi / 2.0 * 2.4362e-20 / 1.602176634e-19, abs=1e-5)
    assert "one standard deviation" in page.text
    assert page.row("depth scale")[2:4] == ["0.999", "0.011"]


def test_goodness_versions_and_commands(page: Page) -> None:
    assert page.row("reduced chi square (cost by degrees of freedom)")[1] == "0.940"
    assert page.row("starts that reached the best optimum")[1] == "2 of 3"
    assert page.row("raw file")[1] == "raw & <wild>.txt"
    assert page.row("SHA-256 of the fit file")[1] == "0" * 64
    assert page.row("crater scans")[1] == "a.csv, b.csv"
    assert page.row("ionscape of the fit")[1] == "0.0.1"
    assert "ionscape fit 'rb fit.toml' --output 'rb fit.nc'" in page.text
    assert "depth_scale is bad Rb on glass." in page.text  # a sentence of an older version stays as it is
    assert "10.1039/d4cp00262h" in page.text


@pytest.mark.usefixtures("undrawn")
def test_what_was_assumed_is_marked(tmp_path: Path) -> None:
    text = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
    experiment = parse_experiment("".join(line for line in text.splitlines(True) if "excess_sites" not in line))
    path = "ions.Rb.diffusion.activation_energy"
    parameters = [SimpleNamespace(paths=((0, "ions.Li.diffusion.width"),))]
    problem: Any = SimpleNamespace(parameters=parameters, datasets=[SimpleNamespace(name="", experiment=experiment)])
    result = hand_made()
    result.dataset.attrs["assumed"] = json.dumps([path, "ions.Li.diffusion.width"])
    table = conditions_table(result, problem)
    found = dict(zip(table.hints, table.rows, strict=True))
    assert found[path] == ("Rb activation energy", "0.65 eV", "assumed")
    assert found["ions.Li.diffusion.excess_sites"] == ("Li excess sites", "0.1", "assumed")  # a default
    assert found["stages[0].temperature"] == ("stage 1 temperature", "323.15 K", "")
    assert "ions.Li.diffusion.width" not in found
    result.dataset.attrs |= remark_attributes([])
    page = Page(write_report(result, tmp_path / "r.html")[0].read_text(encoding="utf-8"))
    assert "1 condition is assumed, given or confirmed by nobody: Rb activation energy." in page.text
    assert "The fit gave no warnings." in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_search_that_did_not_converge_has_no_estimates(tmp_path: Path) -> None:
    result = hand_made()
    result.dataset.attrs |= remark_attributes([STOPPED(), UNDETERMINED("ions.Li.diffusion.width")])
    page = Page(write_report(result, tmp_path / "r.html")[0].read_text(encoding="utf-8"))
    assert page.text.index("The search did not converge") < page.text.index("Measured and fitted densities")
    assert "its best so far, no estimates" in page.text
    assert "The data leave Li width Γ undetermined within its bounds." in page.text


def test_the_page_needs_nothing_else(page: Page) -> None:
    loaded = [address for tag, address in page.addresses if tag != "a"]
    assert len(loaded) == 6
    assert all(address.startswith("data:image/svg+xml;base64,") for address in loaded)
    assert not {"link", "script", "iframe", "object"} & page.tags
    outside = [address for tag, address in page.addresses if tag == "a" and not address.startswith(("#", "data:"))]
    assert outside
    assert all(address.startswith("https://doi.org/") for address in outside)


@pytest.mark.usefixtures("undrawn")
def test_text_of_users_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "evil.html"
    write_report(hand_made(title=EVIL, names=(EVIL, "b")), path)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert EVIL in page.text
    for name in tmp_path.joinpath("evil-data").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.csv", name.name)


@pytest.mark.usefixtures("undrawn")
def test_the_numbers_of_every_figure(tmp_path: Path) -> None:
    result = with_posterior(hand_made(names=("Li", "K")))
    written = write_report(result, tmp_path / "r.html")
    assert {path.name for path in written[1:]} == {
        "profile-1-Li.csv", "profile-2-K.csv", "diffusion-coefficient-1-Li.csv", "diffusion-coefficient-2-K.csv",
        "activation-energy-1-Li.csv", "activation-energy-2-K.csv", "site-energies-1-Li.csv", "site-energies-2-K.csv",
        "correlation.csv", "starts.csv", "profile-likelihood.csv", "posterior.csv",
    }  # fmt: skip
    rows = list(csv.DictReader(StringIO((tmp_path / "r-data" / "profile-2-K.csv").read_text(encoding="utf-8"))))
    stored = result.dataset["fitted_1"].values[:, 1]
    np.testing.assert_allclose([float(row["Rb fitted (1/m^3)"]) for row in rows], stored, rtol=1e-9)
    page = Page(written[0].read_text(encoding="utf-8"))
    links = [address for tag, address in page.addresses if tag == "a" and address.startswith("data:text/csv")]
    embedded = [base64.b64decode(link.partition("base64,")[2]).decode() for link in links]
    assert embedded == [path.read_text(encoding="utf-8") for path in written[1:]]
    first = next(csv.reader(StringIO(embedded[0])))
    assert first[0] == "depth (m)"
    assert any(row == ["depth scale", "1.003", "420"] for row in page.rows)


@pytest.mark.usefixtures("undrawn")
def test_a_pdf_has_the_same_numbers_beside_it(tmp_path: Path) -> None:
    result = with_posterior(hand_made(title=EVIL))
    page, *tables = write_report(result, tmp_path / "r.pdf")
    again = write_report(result, tmp_path / "again.pdf")
    assert page.read_bytes().startswith(b"%PDF")
    assert page.read_bytes() == again[0].read_bytes()
    html = write_report(result, tmp_path / "h.html")
    assert [path.read_bytes() for path in tables] == [path.read_bytes() for path in html[1:]]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown extension"):
        write_report(hand_made(), tmp_path / "r.txt")
    (tmp_path / "r-data").write_text("mine")
    with pytest.raises(InputError, match="a file where a folder"):
        write_report(hand_made(), tmp_path / "r.html")
    (tmp_path / "q.html").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_report(hand_made(), tmp_path / "q.html", overwrite=False)
    assert (tmp_path / "q.html").read_text() == "mine"


@pytest.mark.usefixtures("undrawn")
def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hand_made().to_netcdf("rb fit.nc")
    application = typer.Typer()
    application.command()(report_command)
    called = CliRunner().invoke(application, ["rb fit.nc"], catch_exceptions=False)
    assert called.output == "written: rb fit.html and 6 tables in rb fit-data\n"
    assert "'rb fit.nc' --output report.html" in Page(Path("rb fit.html").read_text(encoding="utf-8")).text
    refused = CliRunner().invoke(application, ["rb fit.nc", "--output", "report.doc"])
    assert isinstance(refused.exception, InputError)
    assert refused.exception.key == "--output"


@pytest.mark.usefixtures("undrawn")
def test_options_of_the_command_that_made_it(tmp_path: Path) -> None:
    result = hand_made(method="mcmc")
    result.dataset.attrs["settings"] = '{"starts": 10, "method": "least-squares"}'
    path = tmp_path / "r.html"
    write_report(result, path)
    assert "'rb fit.toml' --starts 3 --method mcmc" in Page(path.read_text(encoding="utf-8")).text


def test_residuals_and_data_are_drawn() -> None:
    result = hand_made()
    figure = figures.fitted_profile(result)
    figure.draw_without_rendering()
    upper, lithium, rubidium = figure.axes
    drawn = {str(line.get_label()): line for line in upper.lines}
    np.testing.assert_allclose(drawn["Rb fitted"].get_ydata(), result.dataset["fitted_0"].values[:, 1] / 1e27)
    for axes, place in ((lithium, 0), (rubidium, 1)):
        np.testing.assert_allclose(axes.lines[0].get_ydata(), result.dataset["residual_0"].values[:, place])


def test_the_bands_are_those_of_the_result() -> None:
    figure = figures.fitted_diffusion_coefficients(hand_made())
    figure.draw_without_rendering()
    lower = figure.axes[1]
    heights = [float(collection.get_paths()[0].vertices[:, 1].max()) for collection in lower.collections]
    assert heights == pytest.approx([10.0, 5.0, 10.0, 5.0])  # per cent, 95 and 68 % of each ion


def test_starts_are_placed_between_their_bounds() -> None:
    axes = figures.fit_starts(hand_made()).axes[1]
    best = axes.lines[-1].get_xdata()
    expected = [math.log(5.4528e-19 / 2e-19) / math.log(7.5), (2.4362 - 1.2) / 3.7, (0.9991 - 0.93) / 0.13]
    assert list(best) == pytest.approx(expected)


def test_the_parabola_follows_the_scale_of_the_parameter() -> None:
    figure = figures.likelihood_profiles(with_posterior(hand_made()))
    assert len([axes for axes in figure.axes if axes.get_visible()]) == 2
    parabola = figure.axes[1].lines[1]
    shown = (parabola.get_xdata() * 1.602176634e-19 - ESTIMATE[1]) / ERROR[1]
    np.testing.assert_allclose(parabola.get_ydata(), shown**2, atol=1e-6)


def test_what_a_result_does_not_hold() -> None:
    result = hand_made()
    with pytest.raises(InputError, match="holds no draws"):
        figures.posterior_corner(result)
    with pytest.raises(InputError, match="holds no profile likelihood"):
        figures.likelihood_profiles(result)
    with pytest.raises(InputError, match="there is no such data set"):
        figures.fitted_profile(result, 1)


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("J", 2.4e-20, ("eV", 1.602176634e-19)), ("J", 4e-21, ("meV", 1.602176634e-22)), ("m", 3e-9, ("nm", 1e-9)),
        ("m^2/s", 3.1e-23, ("10⁻²³ m²/s", 1e-23)), ("1/m^3", 3.9e24, ("10²⁴ m⁻³", 1e24)), ("", 0.08, ("", 1.0)),
        ("K", 323.0, ("K", 1.0)), ("", 0.0, ("", 1.0)),
    ],
)  # fmt: skip
def test_units_for_people(unit: str, value: float, expected: tuple[str, float]) -> None:
    shown = fit_values.readable_unit(unit, value)
    assert (shown.unit, pytest.approx(shown.size)) == expected


def test_names_stay_different() -> None:
    assert fit_values.short_names(["ions.Li.diffusion.width", "K:depth_scale"]) == ["Li width Γ", "K: depth scale"]
    names = ["measurement.depth_scale", "depth_scale"]
    assert fit_values.short_names(names) == names


def test_two_digits_of_the_error() -> None:
    assert [decimals_of(error) for error in (0.0162, 0.0996, 34.0, 0.0, math.nan)] == [3, 2, 0, 4, 4]


def test_neighbours_that_are_alike_are_found() -> None:
    rng = np.random.default_rng(11)
    noise = rng.standard_normal(2000)
    alike, error = neighbour_correlation(noise)
    assert error == pytest.approx(1.0 / math.sqrt(2000.0), rel=0.1)
    assert abs(alike) < 3.0 * error
    smooth = np.convolve(noise, [0.5, 0.5], mode="valid")
    assert neighbour_correlation(smooth)[0] == pytest.approx(0.5, abs=0.1)  # of a moving mean of two
    padded, wider = neighbour_correlation(np.concatenate([noise[:500], np.zeros(1500)]))
    assert wider == pytest.approx(1.0 / math.sqrt(500.0), rel=0.15)
    assert abs(padded) < 3.0 * wider
