"""Inspection: a drawn profile whose peculiarities are known, the real exports, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from ionscape.cli.inspect import inspect_command
from ionscape.profiling.inspection import inspect
from ionscape.profiling.raw import RawProfile
from ionscape.profiling.readers.build import make_channel

DATA = Path(__file__).resolve().parent.parent / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PULSES = 4096


def drawn_profile() -> RawProfile:
    """Counts of known means, Poisson-corrected and printed with six digits as an instrument does."""
    rng = np.random.default_rng(21)
    means = {
        "^85Rb+": 800.0, "^87Rb+": 800.0 * 0.2783 / 0.7217, "C_10H_8+": 900.0, "C_10H_9+": 300.0,
        "In+": 30000.0, "^116Sn+": 50.0, "odd": 20.0,
    }  # fmt: skip
    detected = np.array([rng.binomial(PULSES, -np.expm1(-mean / PULSES), 200) for mean in means.values()])
    exact = -PULSES * np.log1p(-np.minimum(detected, PULSES - 1) / PULSES)
    counts = np.array([[float(f"{value:.6g}") for value in row] for row in exact])
    counts[:, -1] = 0.0
    masses = {"^85Rb+": 84.9112, "^116Sn+": 115.95}
    return RawProfile(
        file="drawn.txt",
        format="drawn",
        sha256="0",
        sputter_time=np.arange(200.0),
        channels=tuple(
            make_channel(name, column=column, mass=masses.get(name)) for column, name in enumerate(means, start=1)
        ),
        intensity=counts,
    )


def test_a_drawn_profile_is_recognised() -> None:
    found = inspect(drawn_profile())
    assert found.pulses == PULSES
    assert found.points == 200
    assert found.sputter_time == (0.0, 199.0)
    assert found.not_recognised == ("odd",)
    assert found.empty_points == (200,)
    assert [channel.name for channel in found.doubtful_masses] == ["^116Sn+"]
    channels = {channel.name: channel for channel in found.channels}
    assert channels["^85Rb+"].mass_difference == pytest.approx(84.9112 - (84.9117897 - 5.486e-4), abs=1e-6)
    assert channels["^85Rb+"].total_counts == pytest.approx(199 * 800.0, rel=0.02)
    assert channels["In+"].dead_time_limited == 199
    assert channels["In+"].detected_fraction == pytest.approx(1.0, abs=0.01)
    assert channels["^85Rb+"].dead_time_limited == 0
    assert {(ratio.numerator, ratio.verdict) for ratio in found.isotope_ratios} == {("^87Rb+", "natural")}


def test_interferences_are_suspected_where_the_masses_meet() -> None:
    found = {(entry.channel, entry.reason): entry for entry in inspect(drawn_profile()).interferences}
    # Ten carbons: 10 x 0.0107/0.9893 of the ions of one mass less; 13C against CH is 4.47 mu.
    carbon = found["C_10H_9+", "carbon-13"]
    assert carbon.contribution == pytest.approx(10 * 0.0107 / 0.9893 * 900.0 / 300.0, rel=0.1)
    assert carbon.resolving_power == pytest.approx(129.070 / 0.00447, rel=0.01)
    assert ("^116Sn+", "hydride") in found
    assert ("^85Rb+", "hydride") not in found


def test_given_pulses_are_used() -> None:
    found = inspect(drawn_profile(), pulses=8192)
    assert (found.pulses, found.pulses_status) == (8192, "given")


def test_the_command_prints_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    application = typer.Typer()
    application.command()(inspect_command)
    target = tmp_path / "inspection.json"
    export = DATA / "surfacelab-perovskite-cut.txt"
    outcome = CliRunner().invoke(application, [str(export), "--pulses", "16384", "--summary", str(target)])
    assert outcome.exit_code == 0, outcome.output
    assert max(map(len, outcome.output.splitlines())) <= 120
    assert "16384 pulses per data point (given" in outcome.output
    assert "No counts in any channel at data points 25." in outcome.output
    assert "^118Sn+ /" in outcome.output
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["title"] == export.name
    assert "No counts in any channel at data points 25." in written["warnings"]
    assert written["points"] == 25
    assert len(written["channels"]) == 19
    assert {ratio["element"] for ratio in written["isotope_ratios"]} == {"Sn", "Pb", "In"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real exports")
@pytest.mark.parametrize("path", sorted((SHARED / "surfacelab").glob("*.txt")), ids=lambda path: path.stem[:9])
def test_real_exports_are_inspected(path: Path) -> None:
    found = inspect(path)
    assert found.pulses == (4096 if "lat-ROI" in path.name else 16384)
    assert not found.not_recognised
    assert found.empty_points == (found.points,)
    assert {ratio.numerator for ratio in found.isotope_ratios if ratio.element == "Sn"} == {
        f"^{mass}Sn+" for mass in (116, 117, 118, 119, 122, 124)
    }


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the synthetic export")
def test_the_synthetic_export_has_natural_rubidium() -> None:
    found = inspect(SHARED / "synthetic" / "rb-mono-a.txt")
    assert found.pulses == 16384
    verdicts = {ratio.numerator: ratio.verdict for ratio in found.isotope_ratios}
    assert verdicts["^87Rb+"] == "natural"
