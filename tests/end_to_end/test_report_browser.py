"""The page of a report in a real browser: it is laid out, its figures are seen, and nothing is asked of a network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fit_results import EVIL, hand_made, with_posterior
from ionscape.report import write_report

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 1000, 3000


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def browse(chromium: str, folder: Path, *options: str, page: Path) -> str:
    """Call the browser with a fresh profile and without a network; return what it prints."""
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH},{HEIGHT}",
        "--host-resolver-rules=MAP * ~NOTFOUND", *options, page.as_uri(),
    ]  # fmt: skip
    called = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return called.stdout


def test_the_page_is_seen(chromium: str, tmp_path: Path) -> None:
    from matplotlib.image import imread

    page = write_report(with_posterior(hand_made(title=EVIL)), tmp_path / "report.html")[0]
    dumped = browse(chromium, tmp_path, "--dump-dom", page=page)
    assert dumped.count("<figure") == 8
    assert "<script" not in dumped
    assert "<title>&lt;script&gt;" in dumped
    picture = tmp_path / "page.png"
    browse(chromium, tmp_path, f"--screenshot={picture}", page=page)
    pixels = imread(picture)[..., :3]
    assert pixels.shape[:2] == (HEIGHT, WIDTH)
    # the blue of lithium and the green of rubidium are in no text of the page: the figures are drawn
    for colour in ((0x00, 0x72, 0xB2), (0x00, 0x9E, 0x73)):
        near = (abs(pixels * 255.0 - colour).max(axis=2) < 12).sum()
        assert near > 200


def test_the_page_fits_a_narrow_window(chromium: str, tmp_path: Path) -> None:
    page = write_report(hand_made(), tmp_path / "report.html")[0]
    probe = tmp_path / "probe.html"
    measure = "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script></body>"
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))  # which forbids scripts
    probe.write_text(text.replace("</body>", measure), encoding="utf-8")
    dumped = browse(chromium, tmp_path, "--window-size=600,800", "--dump-dom", page=probe)
    match = re.search(r"<title>(\d+) of (\d+)</title>", dumped)
    assert match is not None
    assert int(match[1]) <= int(match[2])
