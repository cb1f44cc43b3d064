"""The page of the workbench and the server behind it."""

from __future__ import annotations

import importlib
import json
import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from nicegui import app, ui

from ionscape.errors import InputError

from .jobs import Job
from .pages.job_panel import interrupted
from .parts import column, line, row, text_button
from .project import open_project
from .security import MEBIBYTE, SecurityMiddleware, bracketed, make_token
from .session import Session, Workbench
from .wording import page_words

TABS = (
    ("measurement", "Measurement"),
    ("experiment", "Experiment"),
    ("simulate", "Simulate"),
    ("fit", "Fit"),
    ("glass", "Glass"),
    ("files", "Files"),
)
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8420
PORTS_TRIED = 20
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What stands for all addresses of a machine, and one of them."""
SHOWN_JOBS = 12
RECONNECT_TIMEOUT = 120.0
"""Time [s] that a tab may be without its server, as while a computer sleeps, before it is built again."""

_KEEP_TAB = """
const address = new URL(location.href);
address.searchParams.set("tab", {name});
history.replaceState(history.state, "", address);
"""

_STYLE = """
:root { --nicegui-default-padding: 0; --nicegui-default-gap: 0.5rem; }
body { font-size: 13px; }
.q-tab { min-height: 36px; text-transform: none; }
.q-tab-panel { padding: 0; }
.q-btn { text-transform: none; }
.workbench-settings { width: 380px; min-width: 380px; padding: 8px 12px; overflow-y: auto; height: calc(100vh - 50px); }
.workbench-figures { flex: 1 1 0; min-width: 0; padding: 8px; overflow-y: auto; height: calc(100vh - 50px); }
.workbench-tabs-within .workbench-settings, .workbench-tabs-within .workbench-figures { height: calc(100vh - 94px); }
.workbench-error { color: var(--q-negative); font-size: 12px; line-height: 1.3; }
.workbench-note { opacity: 0.72; font-size: 12px; line-height: 1.35; }
.workbench-warning { color: var(--q-warning); font-size: 12px; line-height: 1.3; }
.workbench-banner { border-left: 4px solid #e69f00; background: rgba(230, 159, 0, 0.16); padding: 6px 12px;
  font-size: 14px; line-height: 1.4; font-weight: 500; }
.workbench-stale { opacity: 0.3; filter: grayscale(1); }
/* on dark ground the colours of texts and flat buttons are lighter; filled ones keep the others. Among important rules
   the earliest layer wins, and Quasar's own stand in the last one. */
@layer theme {
  .body--dark .text-primary, .body--dark .q-field--focused .q-field__label { color: #8ec5f4 !important; }
  .body--dark .text-negative { color: #ff9d94 !important; }
  .body--dark .text-warning { color: #f0c36d !important; }
  .body--dark .text-positive { color: #8fd694 !important; }
  .q-btn:focus-visible { outline: 2px solid var(--q-primary) !important; outline-offset: 1px !important; }
  .body--dark .q-btn:focus-visible, .q-header .q-btn:focus-visible { outline-color: #8ec5f4 !important; }
}
.body--dark .workbench-error { color: #ff9d94; }
.body--dark .workbench-warning { color: #e0a84a; }
@media (max-width: 1000px) { .workbench-title { display: none; } .q-tab { padding: 0 8px; } }
*:focus-visible { outline: 2px solid var(--q-primary); outline-offset: 1px; }
.body--dark *:focus-visible, .q-header *:focus-visible { outline-color: #8ec5f4; }
"""


def page(workbench: Workbench, tab: str = "measurement") -> Session:
    """Build the whole page in the current client.

    Args:
        workbench: shared by all tabs.
        tab: that is shown first.
    """
    session = Session(workbench)
    ui.add_css(_STYLE)
    ui.page_title(f"{workbench.project.title} - ionscape")
    ui.colors(primary="#1f5a8a", negative="#b3261e", positive="#2e7d32", warning="#8a5a00")
    names = [name for name, _ in TABS]
    first = tab if tab in names else names[0]
    with ui.header().classes("items-center no-wrap").style("height: 46px; gap: 16px; padding: 0 12px"):
        ui.label("ionscape").classes("text-weight-bold")
        tabs = ui.tabs().props('dense no-caps inline-label aria-label="Steps of the analysis"').mark("tabs")
        with tabs:
            for name, label in TABS:
                ui.tab(name, label=label).mark(f"tab-{name}")
        ui.space()
        title = ui.label().classes("ellipsis").style("max-width: 260px; min-width: 0").mark("project-title")
        title.classes("workbench-title")
        title.tooltip(str(workbench.project.folder))
        _jobs_indicator(session)
        button = ui.button(icon="contrast", on_click=session.theme.switch).props(
            'flat dense round color=white aria-label="Dark or light"'
        )
        button.mark("dark-switch").tooltip("Dark or light")
    built: set[str] = set()
    panels: dict[str, ui.tab_panel] = {}
    with ui.tab_panels(tabs, value=first, keep_alive=True).classes("w-full").style("padding: 0"):
        for name in names:
            with ui.tab_panel(name) as panel:
                panels[name] = panel

    def show(name: str) -> None:
        if name in panels and name not in built:
            built.add(name)
            with panels[name]:
                importlib.import_module(f"ionscape.workbench.pages.{name}").Page(session)

    def chosen(name: str) -> None:
        show(name)
        if name in panels:
            # a reload comes back to this tab
            ui.run_javascript(_KEEP_TAB.replace("{name}", json.dumps(name)))

    def on_change(what: str) -> None:
        if what == "document":
            title.set_text(workbench.project.title)

    title.set_text(workbench.project.title)
    tabs.on_value_change(lambda event: chosen(str(event.value)))
    session.on_change(on_change)
    show(first)
    return session


def _jobs_indicator(session: Session) -> None:
    """How many jobs wait or run, and a list of the latest ones with their buttons."""

    @ui.refreshable
    def rows() -> None:
        if not session.jobs.jobs:
            line("note", "Nothing has been started yet.")
        for job in reversed(session.jobs.jobs[-SHOWN_JOBS:]):
            _job_row(session, job)

    with ui.button().props('flat dense color=white aria-label="Jobs"').mark("jobs-button"):
        spinner = ui.spinner(size="1.2em", color="white").classes("q-mr-sm")
        label = ui.label().mark("jobs-label")
        with ui.menu().props("max-width=440px"), column().classes("q-pa-sm").style("width: 420px").mark("jobs-list"):
            rows()
    told = _states(session)

    def refresh() -> None:
        active = session.jobs.active
        spinner.set_visibility(any(job.state == "running" for job in active))
        label.set_text(_headline(active, len(interrupted(session))))

    def on_change(what: str) -> None:
        nonlocal told
        if what != "jobs":
            return
        before, told = told, _states(session)
        for job in session.jobs.jobs:
            if job.state == "failed" and before.get(job.identifier, ("", ""))[0] != "failed":
                session.notify(f"{job.kind} failed: {job.ending.told(page_words)}", kind="negative")
        if told != before:
            rows.refresh()
        refresh()

    session.on_change(on_change)
    refresh()


def _states(session: Session) -> dict[str, tuple[str, str]]:
    return {job.identifier: (job.state, job.ending.told()) for job in session.jobs.jobs}


def _headline(active: tuple[Job, ...], stopped: int) -> str:
    running = [job for job in active if job.state == "running"]
    if not active:
        return f"{stopped} interrupted" if stopped else "no jobs"
    if not running:
        return f"{len(active)} waiting"
    job, share = running[0], ""
    if job.fraction and job.fraction >= 0.01:
        share = f" {int(100 * job.fraction)} %"
    elif job.progress.get("simulations"):
        share = f", {job.progress['simulations']} simulations"  # of a search nobody knows how many it takes
    more = f" + {len(active) - 1}" if len(active) > 1 else ""
    return f"{job.kind}{share}{more}"


def _job_row(session: Session, job: Job) -> None:
    """A line of the list of jobs."""
    with row(8):
        with ui.column().style("gap: 0; flex: 1 1 0; min-width: 0"):
            ui.label(f"{int(job.identifier)} {job.kind}: {job.state}").classes("text-weight-medium")
            line("note", job.ending.told(page_words))
            if job.state == "running":
                bar = ui.linear_progress(show_value=False).props("instant-feedback")
                bar.bind_value_from(job, "fraction", backward=lambda fraction: fraction or 0.0)
        if job.active:
            text_button("Cancel", partial(session.jobs.cancel, job), f"job-cancel-{job.identifier}")
        elif job.state in ("interrupted", "failed", "cancelled"):
            text_button("Take up", partial(session.jobs.take_up, job), f"job-take-up-{job.identifier}")


def run_workbench(
    folder: str | Path,
    *,
    host: str | None = None,
    port: int | None = None,
    browser: bool = True,
    upload_limit: int = 512 * MEBIBYTE,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Open a project and serve its page until the process is interrupted.

    Args:
        folder: of the project, made if it is not there.
        host: address to listen on; None for this machine alone.
        port: None for the first free one from 8420 on.
        browser: open the page in the user's browser.
        upload_limit: most bytes of an uploaded file.
        announce: gets the lines that say where the page is; the address has the token in it.

    Raises:
        InputError: the project cannot be opened, or the port is taken.
    """
    address = host or DEFAULT_HOST
    chosen = free_port(address, port)
    workbench = Workbench.of(open_project(folder), upload_limit=upload_limit)
    token = make_token()
    if announce is not None:
        announce(f"ionscape workbench: {start_address(address, chosen, token)}")
        announce("whoever has this address can read and change the project, so keep it to yourself")
        if address in EVERY_ADDRESS:
            announce("on another machine, put the name of this one in place of the numbers")
        announce(f"project: {workbench.project.folder}; end with Ctrl-C, everything is saved at every change")
    serve(workbench, host=address, port=chosen, token=token, browser=browser)


def serve(workbench: Workbench, *, host: str, port: int, token: str | None = None, browser: bool = False) -> None:
    """Serve the page of an open project until the process is interrupted, then close it.

    Args:
        workbench: closed at the end.
        host: address to listen on.
        port: to listen on.
        token: that requests must bring; a new one if none is given, since other accounts of a machine reach every port.
        browser: open the page in the user's browser.
    """
    token = token or make_token()
    app.add_middleware(
        SecurityMiddleware, host=host, port=port, token=token, largest_request=workbench.upload_limit + MEBIBYTE
    )
    app.on_shutdown(workbench.close)

    @ui.page("/", response_timeout=30)
    def index(tab: str = "measurement") -> None:  # pyright: ignore[reportUnusedFunction]
        page(workbench, tab)

    with ExitStack() as ending:
        ending.callback(workbench.close)
        if browser:
            # other accounts see the words with which a browser is started, so they must not hold the token
            launch = ending.enter_context(TemporaryDirectory(prefix="ionscape-workbench-"))  # its mode is 0700
            app.on_shutdown(ending.close)  # after some signals nothing below is reached
            threading.Thread(
                target=_open_browser, args=(launch_page(Path(launch), start_address(host, port, token)), host, port),
                daemon=True, name="browser",
            ).start()  # fmt: skip
        with suppress(KeyboardInterrupt):  # that is how it is ended
            ui.run(
                host=host, port=port, title="ionscape", show=False, reload=False, show_welcome_message=False,
                favicon=_ICON, dark=None, endpoint_documentation="none", server_header=False, date_header=False,
                reconnect_timeout=RECONNECT_TIMEOUT,
            )  # fmt: skip


def start_address(host: str, port: int, token: str) -> str:
    """The address of the page with its token."""
    # an address that stands for all of the machine cannot be opened everywhere; this one is always right on it
    named = EVERY_ADDRESS.get(host, host)
    return f"http://{bracketed(named)}:{port}/?token={token}"


def launch_page(folder: Path, address: str) -> Path:
    """Write a page that leads to an address, into a folder that only its owner can look into."""
    target = escape(address)
    path = folder / "open.html"
    path.write_text(
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>ionscape</title>'
        f'<meta http-equiv="refresh" content="0; url={target}"><a href="{target}">Open the workbench</a>\n',
        encoding="utf-8",
    )
    return path


def _open_browser(page: Path, host: str, port: int) -> None:
    """Open a page in the browser once the server listens."""
    while True:
        try:
            socket.create_connection((EVERY_ADDRESS.get(host, host), port), timeout=5.0).close()
        except OSError:
            time.sleep(0.1)
        else:
            break
    webbrowser.open(page.as_uri())


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f5a8a"/>'
    '<path d="M2 12 C6 12 6 4 9 4 S12 10 14 10" fill="none" stroke="#fff" stroke-width="1.8"/></svg>'
)


def free_port(host: str, port: int | None) -> int:
    """The port to listen on: the wanted one, or the first free one from 8420 on.

    Raises:
        InputError: it is taken.
    """
    candidates = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else (port,)
    reason = ""
    for candidate in candidates:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except (OSError, OverflowError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                continue
            return probe.getsockname()[1]
    if port is None:
        raise InputError(f"no port from {DEFAULT_PORT} on is free ({reason})", key="--port", remedy="name one")
    raise InputError(f"cannot be used ({reason})", key="--port", value=port, remedy="choose another port")
