"""Crater scans: reading, regions, levelling, step height, mean depth and the depth scale."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.profiling.crater import crater_depth, step_height
from ionscape.profiling.crater_regions import Regions, find_regions
from ionscape.profiling.crater_scan import CraterScan, read_crater_scan
from ionscape.profiling.depth_scale import DepthScale, default_total_time

SURFACE = ((20e-6, 150e-6), (550e-6, 680e-6))
VALLEY = (260e-6, 440e-6)
SYNTHETIC = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthetic"


def crater(
    rng: np.random.Generator | None = None,
    *,
    depth: float = 160e-9,
    tilt: float = 1e-6,
    bow: float = 0.0,
    noise: float = 0.0,
    dust: int = 0,
    shift: float = 0.0,
) -> CraterScan:
    """A crater 320 µm wide in a scan of 700 µm with walls 20 µm wide; tilt and bow as height over the whole scan."""
    lateral = np.arange(1401) * 0.5e-6
    walls = np.interp(lateral - shift, [180e-6, 200e-6, 500e-6, 520e-6], [0.0, 1.0, 1.0, 0.0])
    height = tilt * lateral / 700e-6 - bow * ((lateral - 350e-6) / 350e-6) ** 2 - depth * walls
    if rng is not None:
        height += noise * rng.standard_normal(lateral.size)
        for place in rng.uniform(0.0, 700e-6, dust):
            height += rng.uniform(50e-9, 1e-6) * np.exp(-(((lateral - place) / 1.5e-6) ** 2))
    return CraterScan(file="", lateral=lateral, height=height)


def lines(separator: str = ",", decimal: str = ".", count: int = 60) -> str:
    rows = [f"{0.5 * k:.3f}{separator}{-0.25 * (k % 3):.3f}".replace(".", decimal) for k in range(count)]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("text", "lateral", "height"),
    [
        ("Lateral (um),Height (nm)\n" + lines(), 0.5e-6, -0.25e-9),
        ("Lateral [µm];Height [Å];\r\n" + lines(";", ",").replace("\n", ";\r\n"), 0.5e-6, -0.25e-10),
        ("Date,2026-01-05\nSpeed,10\nLateral(mm),Raw(A)\n" + lines(), 0.5e-3, -0.25e-10),
        ("Scan\n\nDistance um\tTotal Profile um\n" + lines("\t", ","), 0.5e-6, -0.25e-6),
        ("Lateral,Height\num,nm\n" + lines(), 0.5e-6, -0.25e-9),
        ("Height (nm),Lateral (um)\n" + "".join(f"{-0.25 * (k % 3)},{0.5 * k}\n" for k in range(60)), 0.5e-6, -0.25e-9),
        ("Lateral (um)\tHeight (nm)\tNotes\n" + lines("\t").replace("\n", "\t\n"), 0.5e-6, -0.25e-9),
        ("Lateral (um) Height (nm)\n", None, None),
    ],
    ids=["plain", "decimal-comma", "dektak", "tabs", "unit-line", "swapped", "empty-column", "no-numbers"],
)
def test_reading(tmp_path: Path, text: str, lateral: float | None, height: float | None):
    path = tmp_path / "scan.csv"
    path.write_bytes(text.encode("latin-1"))
    if lateral is None:
        with pytest.raises(InputError, match="no line with two numbers"):
            read_crater_scan(path)
        return
    scan = read_crater_scan(path)
    assert len(scan.lateral) == 60
    assert scan.lateral[1] == pytest.approx(lateral)
    assert scan.height[1] == pytest.approx(height)
    assert "".join(scan.header) in text.replace("\r\n", "").replace("\n", "")


def test_a_scan_from_right_to_left_is_turned_round(tmp_path: Path):
    path = tmp_path / "scan.csv"
    path.write_text("Lateral (um),Height (nm)\n" + "".join(f"{100 - k},{k}\n" for k in range(60)))
    scan = read_crater_scan(path)
    assert scan.lateral[0] == pytest.approx(41e-6)
    assert scan.height[0] == pytest.approx(59e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty"]),
        ("Lateral (um),Height (nm)\n" + lines() + "30.5\n", ["line 62", "1 values where 2"]),
        ("Lateral (um),Height (nm)\n" + lines() + "30.5,abc\n", ["line 62, column 2", "not a number"]),
        ("Lateral (um),Height (nm)\n" + lines() + "30.5,inf\n", ["line 62, column 2", "finite"]),
        ("Lateral (um),Height (nm)\n" + lines() + "1.0,1.0\n", ["line 62", "goes back"]),
        (lines(), ["no header line"]),
        ("Lateral,Height\n" + lines(), ["line 1, column 1", "without a unit"]),
        ("Lateral (um),Height (nV)\n" + lines(), ["line 1, column 2", "voltage"]),
        ("Lateral (um),Height (nm)\n" + lines(count=10), ["10 points"]),
        ("\x00\x01\x02", ["not a text"]),
        ("Lateral (um),Height (nm)\n" + lines()[:-2], ["line 61", "ends within a number", "cut off"]),
        ("Lateral (um);Height (nm)\n" + lines(";", ",")[:-3], ["line 61", "ends within a number", "cut off"]),
    ],
)
def test_bad_scans_are_one_sentence(tmp_path: Path, text: str, words: list[str]):
    path = tmp_path / "scan.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_crater_scan(path)
    message = str(caught.value)
    assert "\n" not in message
    assert "scan.csv" in message
    for word in words:
        assert word in message


def test_a_whole_last_line_needs_no_line_break(tmp_path: Path):
    path = tmp_path / "scan.csv"
    path.write_text("Lateral (um),Height (nm)\n" + lines().rstrip())
    assert len(read_crater_scan(path).lateral) == 60


def regional(form: Callable[[float], str], *, height: Callable[[float], str] | None = None, parting: str = ",") -> str:
    """A scan of a crater 1600 Å deep between walls at 300 and 1200 µm, its numbers written by `form`."""
    places = np.arange(0, 1501, 5)
    heights = np.interp(places, [300, 310, 1190, 1200], [0.0, -1600.0, -1600.0, 0.0]) + places % 3 - 1.0
    rows = (f"{form(x)}{parting}{(height or form)(h)}\n" for x, h in zip(places, heights, strict=True))
    return f"Lateral (um){parting}Height (A)\n" + "".join(rows)


@pytest.mark.parametrize(
    "text",
    [
        regional(str, height=lambda h: f'"{h:.2f}"'.replace(".", ",")),
        regional(lambda x: f'"{x:.1f}"'.replace(".", ",")),
        regional(lambda x: f'"{x:.1f}"'.replace(".", ","), parting=";"),
        regional(lambda x: f"{x:.3f}".replace(".", ","), parting="\t"),
        regional(lambda x: f'"{x:.3f}"'),
    ],
    ids=["quoted heights", "all quoted", "quoted between semicolons", "three decimals", "quoted points"],
)
def test_numbers_of_other_countries_are_read_whole(tmp_path: Path, text: str):
    path = tmp_path / "scan.csv"
    path.write_text(text)
    # 1600 Å as written
    assert crater_depth([read_crater_scan(path)]).depth == pytest.approx(160e-9, rel=1e-3)


def german(number: float) -> str:
    return f"{number:,.0f}".replace(",", ".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (regional(german), ["column 1", '"1.000"', "may be 1000"]),
        (regional(german, parting="\t"), ['"1.000"', "may be 1000"]),
        (regional(lambda x: f"{x:.0f}", height=german), ["column 2", "may be -1", "thousands"]),
        ("Lateral (nm),Height (nm)\n0,2.04\n" + "".join(f"{k}.000,{k}.5\n" for k in range(1, 99)), ["may be 1000"]),
        (regional(lambda x: f'"{x:,.0f}"'), ['"1,000"', "may be 1000"]),
        (regional(lambda x: f"{x:,.1f}", parting="\t"), ["has thousands separators", "-1,600.0"]),
        (regional(lambda x: f"{x:,.0f}".replace(",", " "), parting="\t"), ["has thousands separators", "-1 600"]),
        (regional(lambda x: f"{x:.1f}".replace(".", ",")), ["4 values below the names of 2 columns", "decimal commas"]),
        (regional(str, height=lambda h: f"{h:.2f}".replace(".", ",")), ["3 values below", "quotation marks"]),
        (regional(lambda x: f"{x:.1f}", height=lambda h: f'"{h - 2000:,.0f}"'), ["another decimal mark"]),
        ("Lateral (um);Height (nm);More\n" + lines(";"), ["2 values below the names of 3 columns"]),
    ],
)
def test_numbers_that_may_be_others_are_refused(tmp_path: Path, text: str, words: list[str]):
    path = tmp_path / "scan.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_crater_scan(path)
    for word in words:
        assert word in str(caught.value)


def test_three_decimals_in_each_number_are_decimals(tmp_path: Path):
    path = tmp_path / "scan.csv"
    path.write_text("Lateral (um),Height (nm)\n" + "".join(f"{0.125 * k:.3f},{k % 3}\n" for k in range(60)))
    assert read_crater_scan(path).lateral[9] == pytest.approx(1.125e-6)
    path.write_text("Lateral (um),Height (nm)\n" + "".join(f"{0.125 * k:g},{k % 3}\n" for k in range(60)))
    assert read_crater_scan(path).lateral[9] == pytest.approx(1.125e-6)


@pytest.mark.parametrize("turned", [False, True])
def test_positions_with_few_digits_are_spread(tmp_path: Path, turned: bool):
    # steps of 0.4 µm that are printed in whole ones: 0, 0, 1, 1, 2, 2, 2, 3, 3, 4 and so on
    true = 0.4 * np.arange(1401)
    height = np.interp(true, [180.0, 190.0, 400.0, 410.0], [0.0, -160.0, -160.0, 0.0])
    rows = [f"{x:.0f},{h + k % 3 - 1:.0f}\n" for k, (x, h) in enumerate(zip(true, height, strict=True))]
    path = tmp_path / "scan.csv"
    path.write_text("Lateral (um),Height (nm)\n" + "".join(rows[::-1] if turned else rows))
    scan = read_crater_scan(path)
    expected = true[-1] - true[::-1] if turned else true
    if not turned:
        # within the half micrometre that was rounded away
        assert np.abs(scan.lateral - expected * 1e-6).max() < 0.51e-6
    assert (np.diff(scan.lateral) > 0.0).all()
    assert len(scan.height) == 1401
    assert crater_depth([scan]).depth == pytest.approx(160e-9, rel=1e-3)


def test_equal_positions_of_a_scan_made_in_python():
    lateral = np.repeat(np.arange(30.0), 2) * 1e-6
    scan = CraterScan(file="", lateral=lateral, height=np.zeros(60))
    # The middle of each pair keeps its place: a quarter of the step to both sides.
    np.testing.assert_allclose(scan.lateral[:4], [-0.25e-6, 0.25e-6, 0.75e-6, 1.25e-6])
    with pytest.raises(InputError, match="do not rise"):
        CraterScan(file="", lateral=np.zeros(60), height=np.zeros(60))


def test_a_missing_scan_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="does not exist"):
        read_crater_scan(tmp_path / "none.csv")


def test_exact_step_under_tilt_and_bow():
    step = step_height(crater(tilt=5e-6, bow=300e-9), None)
    assert step.depth == pytest.approx(160e-9, rel=1e-6)
    step = step_height(crater(tilt=-5e-6, bow=0.0), find_regions(crater()), order=1)
    assert step.depth == pytest.approx(160e-9, rel=1e-6)


def test_levelled_surface_lies_at_zero():
    regions = Regions(surface=SURFACE, valley=VALLEY)
    scan = step_height(crater(tilt=2e-6, bow=100e-9), regions, order=2).levelled
    outside = (scan.lateral < 170e-6) | (scan.lateral > 530e-6)
    assert np.abs(scan.height[outside]).max() < 1e-15
    # Tilt alone leaves the bow: the middle stands above the sides by 100 nm times the mean of u² from 0.571 to 0.943.
    tilted = step_height(crater(tilt=2e-6, bow=100e-9), regions, order=1).levelled
    assert tilted.height[700] == pytest.approx(-160e-9 + 58.5e-9, abs=2e-9)


@pytest.mark.parametrize("tilt", [0.0, 3e-6, -10e-6])
def test_regions_are_found_between_the_walls(tilt: float):
    rng = np.random.default_rng(1)
    for _ in range(10):
        shift = rng.uniform(-50e-6, 50e-6)
        scan = crater(rng, tilt=tilt, bow=50e-9, noise=1e-9, dust=4, shift=shift)
        regions = find_regions(scan)
        (_, left), (right, _) = regions.surface
        assert 100e-6 + shift < left < 185e-6 + shift
        assert 515e-6 + shift < right < 600e-6 + shift
        assert 195e-6 + shift < regions.valley[0] < 260e-6 + shift
        assert 440e-6 + shift < regions.valley[1] < 505e-6 + shift


def test_a_scan_with_one_wall():
    scan = crater(np.random.default_rng(2), noise=1e-9)
    cut = CraterScan(file="", lateral=scan.lateral[:800], height=scan.height[:800])
    regions = find_regions(cut)
    assert len(regions.surface) == 1
    assert not regions.both_sides
    step = step_height(cut)
    assert step.order == 1
    assert abs(step.depth - 160e-9) < 4.0 * step.error


def test_no_crater_and_wrong_regions_are_said():
    flat = crater(np.random.default_rng(3), depth=0.0, noise=1e-9)
    with pytest.raises(InputError, match="no crater"):
        find_regions(flat)
    with pytest.raises(InputError, match="holds 0 points"):
        crater_depth([crater()], surface_regions=[(1.0, 2.0)], valley_region=VALLEY)
    with pytest.raises(InputError, match="above the surface"):
        crater_depth([crater(tilt=0.0)], surface_regions=[(210e-6, 490e-6)], valley_region=(20e-6, 150e-6), order=0)
    with pytest.raises(InputError, match="no scan"):
        crater_depth([])


def test_dust_does_not_move_the_step():
    rng = np.random.default_rng(4)
    depths = [step_height(crater(rng, noise=1e-9, dust=5, bow=100e-9)).depth for _ in range(20)]
    assert np.abs(np.array(depths) - 160e-9).max() < 1.5e-9


@pytest.mark.parametrize("scatter", [0.0, 1.5e-9])
def test_intervals_cover_the_depth(scatter: float):
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(150):
        scans = [
            crater(
                rng,
                depth=160e-9 + scatter * rng.standard_normal(),
                tilt=rng.uniform(-2e-6, 2e-6),
                bow=80e-9,
                noise=1e-9,
            )
            for _ in range(3)
        ]
        lower, upper = crater_depth(scans, surface_regions=SURFACE, valley_region=VALLEY).interval()
        covered.append(lower < 160e-9 < upper)
    # Without scatter between the scans two degrees of freedom are more careful than need be.
    assert 0.90 <= np.mean(covered) <= (0.99 if scatter else 1.0)


def test_error_knows_correlated_noise():
    rng = np.random.default_rng(6)
    depths, errors = [], []
    for _ in range(60):
        scan = crater(rng)
        # A moving average over nine points: variance kept, nine points in step.
        noise = 1e-9 * np.convolve(rng.standard_normal(1409), np.ones(9) / 3.0, mode="valid")
        scan = CraterScan(file="", lateral=scan.lateral, height=scan.height + noise)
        step = crater_depth([scan], surface_regions=SURFACE, valley_region=VALLEY)
        depths.append(step.depth)
        errors.append(step.error)
    assert np.mean(errors) == pytest.approx(np.std(depths), rel=0.3)


def test_error_of_the_height_scale_is_added():
    rng = np.random.default_rng(7)
    scans = [crater(rng, depth=depth, noise=1e-10) for depth in (159e-9, 160e-9, 161e-9)]
    alone, scaled = crater_depth(scans), crater_depth(scans, relative_calibration_error=0.02)
    # Scatter of 1 nm over three scans, and 2 % of 160 nm.
    assert alone.error == pytest.approx(1e-9 / math.sqrt(3.0), rel=0.05)
    assert alone.degrees_of_freedom == pytest.approx(2.0)
    assert scaled.error == pytest.approx(math.hypot(1e-9 / math.sqrt(3.0), 3.2e-9), rel=0.02)
    assert scaled.degrees_of_freedom > 100.0
    # Student's t for 95 % and two degrees of freedom is 4.303.
    assert alone.interval()[1] - alone.depth == pytest.approx(4.303 * alone.error, rel=1e-3)


def small(depth: float) -> CraterScan:
    """A crater without noise in a scan of 60 points, from 20 to 39 µm."""
    lateral = np.arange(60) * 1e-6
    return CraterScan(file="", lateral=lateral, height=np.where((lateral > 19e-6) & (lateral < 40e-6), -depth, 0.0))


def test_the_scatter_of_a_few_scans_is_pooled_with_the_assumed_one():
    given = {"surface_regions": [(0.0, 15e-6), (45e-6, 59e-6)], "valley_region": (22e-6, 37e-6)}
    # 159.6, 160 and 160.4 nm: mean 160 nm, S = 0.4 nm; with s = 1 % of it and one degree of freedom
    # σ² = (1 · 1.6² + 2 · 0.4²)/3 = 0.96 nm², var = σ²/3 = 0.32 nm²
    scans = [small(depth) for depth in (159.6e-9, 160e-9, 160.4e-9)]
    result = crater_depth(scans, single_scan_scatter=0.01, **given)  # type: ignore[arg-type]
    assert result.depth == pytest.approx(160e-9)
    assert result.scatter == pytest.approx(0.4e-9)
    assert result.error == pytest.approx(math.sqrt(0.32) * 1e-9)
    assert result.degrees_of_freedom == pytest.approx(3.0)
    # without an assumption the scans are left to themselves: 0.4 nm/√3 with two degrees of freedom
    alone = crater_depth(scans, **given)  # type: ignore[arg-type]
    assert (alone.error, alone.degrees_of_freedom) == pytest.approx((0.4e-9 / math.sqrt(3.0), 2.0))
    # a single scan has the assumed scatter as it stands
    single = crater_depth(scans[:1], single_scan_scatter=0.01, **given)  # type: ignore[arg-type]
    assert single.error == pytest.approx(0.01 * 159.6e-9)


def test_no_three_scans_claim_what_their_scatter_by_chance_says():
    # places of a crater differ by 1.2 %; those that happen to agree within 0.5 % must not claim a better depth
    rng = np.random.default_rng(11)
    given = {"surface_regions": [(0.0, 15e-6), (45e-6, 59e-6)], "valley_region": (22e-6, 37e-6)}
    held: list[bool] = []
    agreeing: list[bool] = []
    for _ in range(200):
        depths = 160e-9 * (1.0 + 0.012 * rng.standard_normal(3))
        result = crater_depth([small(depth) for depth in depths], single_scan_scatter=0.01, **given)  # type: ignore[arg-type]
        lower, upper = result.interval()
        held.append(lower < 160e-9 < upper)
        if depths.std(ddof=1) < 0.005 * 160e-9:
            agreeing.append(held[-1])
    assert 0.95 <= np.mean(held) < 1.0
    # with S alone these intervals hold three quarters, and with its standard error of 0.2 % hardly any
    assert len(agreeing) > 20
    assert np.mean(agreeing) > 0.85


def test_draws_follow_the_interval():
    rng = np.random.default_rng(8)
    result = crater_depth([crater(rng, depth=depth, noise=1e-10) for depth in (159e-9, 160e-9, 161e-9)])
    scale = DepthScale.from_crater(
        depth=result.depth, depth_error=result.error, total_time=1.0, degrees_of_freedom=result.degrees_of_freedom
    )
    draws = scale.draw_depths([1.0], np.random.default_rng(9), 40000)
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx(result.interval(), rel=2e-3)
    assert (draws > 0.0).all()


def test_depth_scale_of_a_crater():
    scale = DepthScale.from_crater(depth=160e-9, depth_error=1.6e-9, total_time=800.0, surface_time=10.0)
    assert scale.rate == pytest.approx(0.2e-9)
    assert scale.rate_error == pytest.approx(0.002e-9)
    assert scale.depth([10.0, 110.0]) == pytest.approx([0.0, 20e-9])
    assert scale.depth_error([110.0])[0] == pytest.approx(0.2e-9)
    assert scale.rate_interval() == pytest.approx((0.2e-9 - 1.96 * 0.002e-9, 0.2e-9 + 1.96 * 0.002e-9), rel=1e-4)
    drawn = scale.draw_depths([110.0], np.random.default_rng(1), 20000)
    assert drawn.shape == (20000, 1)
    assert drawn.std() == pytest.approx(0.2e-9, rel=0.05)


def test_depth_scale_of_layers():
    scale = DepthScale(rates=(1e-9, 2e-9), rate_errors=(1e-11, 4e-11), ends=(100.0,))
    assert scale.depth([0.0, 50.0, 100.0, 150.0]) == pytest.approx([0.0, 50e-9, 100e-9, 200e-9])
    # Independent errors: 100 s · 0.01 nm/s and 50 s · 0.04 nm/s.
    assert scale.depth_error([150.0])[0] == pytest.approx(math.hypot(1e-9, 2e-9))
    with pytest.raises(InputError, match="rise"):
        DepthScale(rates=(1e-9, 2e-9, 1e-9), rate_errors=(0.0,) * 3, ends=(100.0, 50.0))
    with pytest.raises(InputError, match="greater than 0"):
        DepthScale(rates=(0.0,), rate_errors=(0.0,))


def test_total_time():
    assert default_total_time([0.5, 1.5, 2.5]) == 3.0
    assert default_total_time([0.0, 1.0, 2.0]) == 2.0


@pytest.mark.skipif(not SYNTHETIC.is_dir(), reason="the synthetic measurement is not at hand")
def test_synthetic_measurement():
    scans = [read_crater_scan(SYNTHETIC / f"rb-mono-a-crater-{number}.csv") for number in (1, 2, 3)]
    for regions in ({}, {"surface_regions": SURFACE, "valley_region": VALLEY}):
        result = crater_depth(scans, **regions)
        lower, upper = result.interval()
        assert lower < 160e-9 < upper
        assert result.error < 0.02 * 160e-9
