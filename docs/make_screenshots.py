"""Take the pictures of the workbench in the documentation, in a real browser: `python docs/make_screenshots.py`.

Needs the extra `workbench`, selenium, pillow, and Debian's packages chromium and chromium-driver. Goes through the
analysis of the synthetic measurement and writes docs/images/workbench-*.png; takes about three minutes.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
IMAGES = ROOT / "docs" / "images"
PORT = 8639
WIDTH, HEIGHT = 1280, 800
LARGEST = 200_000  # bytes of a picture
LONGEST = 400.0  # s, for any one step
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
SERIES = """title = "Li borophosphate, y = 0.33"

[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = { from = 0.0, to = 1.0, step = 0.1 }

[landscape]
energy_scale = "0.64 eV"
noise = 0.42

[hopping]
attempt_frequency = "4e14 Hz"

[percolation]
lattice = 60
landscapes = 6

[network]
lattice = 20
landscapes = 6
temperatures = ["20 degC", "100 degC", "150 degC"]

[experiment]
file = "uploads/sciglass-alkali-borophosphates.csv"
leave_out = ["Ibrahim"]
"""


def analysed(folder: Path) -> None:
    """Make a project in which everything has been done."""
    from ionscape.workbench.jobs import JobRunner
    from ionscape.workbench.landscapes import CALCULATIONS, hops_text
    from ionscape.workbench.opening import preset
    from ionscape.workbench.pages.glass import LITERATURE
    from ionscape.workbench.project import open_project

    project = open_project(folder)
    jobs = JobRunner(project)
    try:
        for path in sorted((EXAMPLES / "measurements").glob("rb-mono-a*")):
            if path.suffix != ".json":
                project.add_upload(path.name, path)
        project.add_upload(LITERATURE, preset(LITERATURE))
        experiment = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
        text = (EXAMPLES / "rb-mono-fit.toml").read_text(encoding="utf-8").replace("measurements/", "uploads/")
        project.document.replace(experiment + "\n" + text[text.index("[measurement]") :])
        project.series.replace(SERIES)
        wide = {"ions.Li.diffusion.width": 3.2e-20}
        for kind, options in (
            ("calibrate", {}), ("simulate", {"label": "wider sites", "values": wide}), ("simulate", {}),
            ("fit", {"method": "least-squares", "starts": 3}), ("report", {}), ("series", {}),
            ("spectrum", {"source": hops_text(project.series.data, {}, CALCULATIONS["spectrum"])}),
        ):  # fmt: skip
            job = jobs.submit(kind, options)
            if not jobs.wait(job, LONGEST) or job.state != "finished":
                raise SystemExit(f"{kind}: {job.state} {job.message}")
            print(kind, "done", flush=True)
    finally:
        jobs.close()
        project.close()


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """What a condition gives, once it gives something."""
    end = time.monotonic() + 60.0
    while not (found := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"waited too long for {what}")
        time.sleep(0.1)
    return found


def browser(folder: Path) -> Any:
    """A headless Chromium of its own."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is not None:
        options.binary_location = binary
    for flag in (*FLAGS, f"--window-size={WIDTH},{HEIGHT}", f"--user-data-dir={folder / 'browser'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return driver


def click(driver: Any, xpath: str) -> None:
    """Click the first visible element."""

    def visible() -> Any:
        return next((one for one in driver.find_elements("xpath", xpath) if one.is_displayed()), None)

    wait_for(visible, xpath).click()


def save(driver: Any, name: str) -> None:
    """Write a picture with at most 256 colours, which a page of lines and letters does not miss."""
    from PIL import Image

    # a tip under the mouse does not belong to the page
    driver.execute_script("document.querySelectorAll('.q-tooltip').forEach(tip => tip.remove())")
    # nor does the name of a folder that is gone afterwards
    driver.execute_script("""for (const label of document.querySelectorAll('.workbench-note'))
        if (label.innerText.startsWith('In the folder')) label.innerText = 'In the folder ~/rb-on-borate';""")
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    picture = picture.quantize(colors=256, dither=Image.Dither.NONE)
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"workbench-{name}.png"
    picture.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB", flush=True)
    if size > LARGEST:
        raise SystemExit(f"{path} is larger than {LARGEST / 1000:.0f} kB")


def take_pictures(driver: Any, address: str) -> None:
    """One picture of each page, and one of a dark one.

    Args:
        driver: of the browser.
        address: of the workbench, with its token.
    """
    drawn = "//*[@aria-label='{}']//*[contains(@class, 'trace') or contains(@class, 'scatterlayer')]"
    for name, label in (
        ("measurement", "Calibrated densities over depth"),
        ("experiment", "diffusion coefficients over density"),
        ("simulate", "densities over depth"),
        ("fit", "Figure of the fit"),
        ("glass", "activation energies over the mixing ratio"),
        ("files", "the chosen figure"),
    ):
        driver.get(f"{address}&tab={name}")
        path = drawn.format(label)
        wait_for(lambda path=path: driver.find_elements("xpath", path), f"the figure of {name}")
        time.sleep(3.0)  # the other figures
        if name == "simulate":
            click(driver, "//*[@role='checkbox' and starts-with(@aria-label, 'compare run 0002')]")
            time.sleep(2.0)
        save(driver, name)
        if name == "glass":
            click(driver, "//*[@role='tab' and normalize-space(.)='Spectrum']")
            time.sleep(5.0)
            save(driver, "spectrum")
    click(driver, "//button[.//span[normalize-space(text())='Script']]")
    time.sleep(2.0)
    save(driver, "script")
    driver.get(f"{address}&tab=simulate")
    time.sleep(4.0)
    click(driver, "//button[@aria-label='Dark or light']")
    time.sleep(2.0)
    save(driver, "dark")


def main() -> None:
    """Analyse, serve, take pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "rb-on-borate"
        if not project.exists():
            analysed(project)
        server = subprocess.Popen(
            [Path(sys.executable).with_name("ionscape"), "workbench", project, "--port", str(PORT), "--no-browser"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            address = server.stderr.readline().split()[-1] if server.stderr is not None else ""
            wait_for(_answers, "the server")
            driver = browser(folder)
            try:
                take_pictures(driver, address)
            finally:
                driver.quit()
        finally:
            server.terminate()
            server.wait()


def _answers() -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/favicon.ico", timeout=5)
    except urllib.error.HTTPError as error:
        return error.code == 403  # it asks for the token
    except OSError:
        pass
    return False


if __name__ == "__main__":
    main()
