"""The whole analysis in a real browser: from an export to the report, and on after the server died."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from synthetic_result import population_result

EXAMPLES = Path(__file__).parents[2] / "examples"
MEASUREMENT = [EXAMPLES / "measurements" / name for name in (
    "rb-mono-a.txt", "rb-mono-a-crater-1.csv", "rb-mono-a-crater-2.csv", "rb-mono-a-crater-3.csv")]  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1280,800",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    # a request to any other host fails, and shows up in the log that is looked at below
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
LONGEST = 120.0  # s, for any one step

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the server is killed by a signal"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(DRIVER is None, reason="chromedriver (Debian: chromium-driver) is not installed"),
]


def wait_for(condition, what):
    end = time.monotonic() + LONGEST
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"waited too long for {what}"
        time.sleep(0.1)


class Server:
    """The installed command as a process."""

    def __init__(self, command, folder, port):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NICEGUI"))}
        self.log = (folder.parent / f"server-{time.monotonic_ns()}.log").open("w")
        self.port = port
        self.process = subprocess.Popen(
            [command, "workbench", str(folder), "--port", str(port), "--no-browser"],
            env=environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        wait_for(self.answers, "the server")
        self.address = re.search(r"http://\S+", self.told())[0]
        assert self.address.startswith(f"http://127.0.0.1:{port}/?token=")

    def told(self):
        return Path(self.log.name).read_text()

    def answers(self):
        assert self.process.poll() is None, self.told()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/favicon.ico", timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 403  # it asks for the token
        except OSError:
            return False

    def kill(self):
        """As if the power failed."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


class Page:
    """The page in the browser, used as people do: by what is written on it, and what screen readers say."""

    def __init__(self, folder):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={folder / 'browser'}"):
            options.add_argument(flag)
        downloads = folder / "downloads"
        downloads.mkdir()
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "SEVERE"})
        service = webdriver.ChromeService(executable_path=DRIVER)
        self.driver = webdriver.Chrome(options=options, service=service)
        self.downloads = downloads
        self.clicks = 0
        self.used: list[str] = []

    def find(self, xpath, what=None):
        """The first visible element."""
        from selenium.common.exceptions import StaleElementReferenceException

        def visible():
            try:
                return next((one for one in self.driver.find_elements("xpath", xpath) if one.is_displayed()), None)
            except StaleElementReferenceException:
                return None

        return wait_for(visible, what or xpath)

    def click(self, xpath, what=None):
        from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException

        def clicked():
            element = self.find(xpath, what)
            if not element.is_enabled():
                return False
            try:
                element.click()
            except (ElementClickInterceptedException, StaleElementReferenceException):
                return False
            return True

        wait_for(clicked, what or xpath)
        self.clicks += 1

    def tab(self, label):
        self.used.append(label)
        self.click(f"//div[@role='tab' and normalize-space(.)='{label}']", f"tab {label}")

    def button(self, text):
        self.used.append(text)
        self.click(f"//button[.//span[normalize-space(text())='{text}']]", f"button {text}")

    def choose(self, menu, entry):
        """An entry of a menu, which a redrawn page may close once."""
        item = f"//div[contains(@class, 'q-item') and contains(., '{entry}')]"

        def opened():
            if not any(one.is_displayed() for one in self.driver.find_elements("xpath", item)):
                self.button(menu)
                time.sleep(1.0)
            return any(one.is_displayed() for one in self.driver.find_elements("xpath", item))

        wait_for(opened, f"menu {menu}")
        self.used.append(entry)
        self.click(item, entry)

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def requests(self):
        """Addresses of all requests so far."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]
            elif message["method"] == "Network.webSocketCreated":
                yield message["params"]["url"]


@pytest.fixture
def page(tmp_path):
    opened = Page(tmp_path)
    yield opened
    opened.driver.quit()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def job_states(folder):
    records = [json.loads(path.read_text()) for path in sorted((folder / "jobs").glob("[0-9]*.json"))]
    return {record["kind"]: record["state"] for record in records}


def finished(folder, kind):
    state = job_states(folder).get(kind)
    assert state not in ("failed", "cancelled"), next((folder / "jobs").glob("*.json")).read_text()
    return state == "finished"


def start(page, folder, button, kind):
    """Press a button until its job is there: a page that is drawn anew in that moment loses a press."""

    def started():
        if kind not in job_states(folder):
            page.button(button)
            time.sleep(3.0)
        return kind in job_states(folder)

    wait_for(started, f"the start of {kind}")


def steps_of_the_tutorial():
    """What the tutorial says to press, in its order, each once."""
    text = (EXAMPLES.parent / "docs" / "tutorial" / "from-an-export-to-site-energies.md").read_text(encoding="utf-8")
    return list(dict.fromkeys(re.findall(r"\*\*(.+?)\*\*", text)))


def analyse(page, folder, log):
    """From an empty project to the report; `log` holds the addresses of all requests."""
    chooser = wait_for(lambda: page.driver.find_elements("xpath", "//input[@type='file']"), "the place for files")[0]
    chooser.send_keys("\n".join(map(str, MEASUREMENT)))
    wait_for(lambda: len(list((folder / "uploads").glob("rb-mono-a*"))) == 4, "the uploads")
    page.find("//*[contains(text(), 'rb-mono-a-crater-3.csv')]")

    # what the files say has been written before the next page is opened
    wait_for(lambda: "[measurement]" in (folder / "analysis.toml").read_text(), "the measurement")

    page.tab("Experiment")
    page.choose("Preset", "one irradiation")
    wait_for(lambda: "[ions.Li.diffusion]" in (folder / "analysis.toml").read_text(), "the experiment")

    page.tab("Measurement")
    page.find("//*[@aria-label='Calibrated densities over depth']//*[local-name()='path']", "the calibrated profile")
    wait_for(lambda: (folder / "results" / "profile.nc").is_file(), "the profile")

    page.tab("Simulate")
    start(page, folder, "Simulate", "simulate")
    wait_for(lambda: finished(folder, "simulate"), "the simulation")
    page.find("//*[@aria-label='densities over depth']//*[contains(@class, 'scatterlayer')]//*[local-name()='path']")

    page.tab("Fit")
    # one start is enough here
    page.click("//div[contains(@class, 'q-expansion-item') and contains(., 'Settings of the fit')]//*[@role='button']")
    from selenium.webdriver.common.keys import Keys

    starts = page.find("//input[@aria-label='fit starts']")
    starts.send_keys("1", Keys.TAB)  # it is taken when the field is left
    wait_for(lambda: "starts = 1" in (folder / "analysis.toml").read_text(), "the number of starts")
    start(page, folder, "Start the fit", "fit")
    wait_for(lambda: finished(folder, "fit"), "the fit")
    page.find("//*[normalize-space(text())='Least squares']", "the result")
    page.button("Report")
    wait_for(lambda: finished(folder, "report"), "the report")
    wait_for(lambda: list(page.downloads.glob("report*.zip")), "the report in the folder of downloads")
    with zipfile.ZipFile(next(page.downloads.glob("report*.zip"))) as archive:
        names = set(archive.namelist())
    assert "report.html" in names
    assert {"report-data/profile.csv", "report-data/site-energies.csv"} <= names
    log.extend(page.requests())


def test_from_the_export_to_the_report_and_on_after_the_server_died(command, page, tmp_path):
    folder, port, requests = tmp_path / "project", free_port(), []
    server = Server(command, folder, port)
    try:
        page.driver.get(f"http://127.0.0.1:{port}/")
        assert "open the address that it printed" in page.text()
        page.driver.get(server.address)
        assert page.driver.current_url == f"http://127.0.0.1:{port}/"
        analyse(page, folder, requests)
        before = {path.name: path.read_bytes() for path in folder.glob("*.toml")}
    finally:
        server.kill()
    (folder / "uploads" / "elsewhere.txt").symlink_to(Path(__file__))
    population_result().to_netcdf(folder / "results" / "simulations" / "0002.nc")
    # what stands on the page stays there until it is loaded again
    server = Server(command, folder, port)
    try:
        assert {path.name: path.read_bytes() for path in folder.glob("*.toml")} == before
        page.driver.get(f"{server.address}&tab=fit")
        assert page.driver.current_url == f"http://127.0.0.1:{port}/?tab=fit"
        page.find("//*[normalize-space(text())='Least squares']", "the result, again")
        page.tab("Measurement")
        page.find("//*[@aria-label='Calibrated densities over depth']//*[local-name()='path']")
        page.find("//*[contains(text(), 'rb-mono-a.txt')]")
        page.tab("Simulate")
        page.find("//button[contains(., '0001')]", "the run")
        page.click("//div[@role='tab' and normalize-space(.)='Populations']", "the populations of the other run")
        page.find("//*[contains(@aria-label, 'populations over site energy')]//*[text()='Rb 0.90']")
        page.tab("Files")
        page.find("//*[contains(text(), 'results/fit.nc')]")
        page.find("//*[text()='uploads/elsewhere.txt: a link that leads out of the project']")
        page.find("//button[@aria-label='fit as CSV']", "the figures")
        page.button("Everything (zip)")
        wait_for(lambda: set(page.downloads.glob("*.zip")) - set(page.downloads.glob("report*.zip")), "the archive")
        requests.extend(page.requests())
        severe = {entry["message"] for entry in page.driver.get_log("browser")}
        assert "Traceback" not in server.told()
        assert "has been deleted" not in server.told()
    finally:
        server.kill()
    # the page opens on the first of the steps
    assert steps_of_the_tutorial() == list(dict.fromkeys(["Measurement", *page.used]))
    here = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", f"blob:http://127.0.0.1:{port}/", "data:")
    # chrome: the pages of the browser itself, before ours
    strangers = {url for url in requests if not url.startswith((*here, "chrome:", "chrome-"))}
    assert len(requests) > 20
    assert not strangers
    # while the server was away the page could not reach it, and the next one has another token; figures of a page that
    # is not shown are not resized, and tips of controls that are being replaced find nothing to stand beside
    harmless = (
        "ERR_CONNECTION",
        "403 (Forbidden)",
        "WebSocket",
        "Resize must be passed a displayed plot",
        "Anchor: target",
    )
    assert {message for message in severe if not any(part in message for part in harmless)} == set()
