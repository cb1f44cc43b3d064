"""The page around the pages: tabs, jobs, and two tabs on one project."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from ionscape.workbench.project import open_project
from page_visits import short_collections

EXPERIMENT = (Path(__file__).parents[2] / "examples" / "rb-mono-cait.toml").read_text(encoding="utf-8")


@pytest.fixture
def workbench(tmp_path):
    from ionscape.workbench.session import Workbench

    made = Workbench.of(open_project(tmp_path / "project"))
    made.project.document.replace(EXPERIMENT)
    yield made
    made.close()


def in_browser(workbench, check, *, tab="files", users=1):
    """Run a check with simulated browser tabs on the page; it gets them and their sessions."""
    from nicegui.testing.user import User
    from nicegui.testing.user_simulation import user_simulation

    from ionscape.workbench.app import page

    sessions = []

    async def run():
        async with user_simulation(root=lambda: sessions.append(page(workbench, tab))) as user:
            others = [User(user.http_client) for _ in range(users - 1)]
            for each in (user, *others):
                await each.open("/")
            await check([user, *others], sessions)

    with short_collections():
        asyncio.run(run())


async def until(condition, seconds=30.0):
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it took too long")


def test_shows_all_tabs_and_the_title(workbench):
    async def check(users, sessions):
        (user,) = users
        for label in ("Measurement", "Experiment", "Simulate", "Fit", "Glass", "Files"):
            await user.should_see(label)
        await user.should_see("Rb@Li3B7O12")
        await user.should_see("no jobs")
        assert not sessions[0].errors

    in_browser(workbench, check)


def test_two_tabs_see_each_other_and_lose_nothing(workbench):
    async def check(users, sessions):
        heard = [[], []]
        for session, changes in zip(sessions, heard, strict=True):
            session.on_change(changes.append)
        assert sessions[0].edit("title", "seen by both") is None
        assert sessions[1].edit("sample.thickness", "2 mm") is None
        await until(lambda: "document" in heard[0] and "document" in heard[1])
        for user in users:
            await user.should_see("seen by both")
        assert workbench.project.document.get("sample.thickness") == "2 mm"
        assert workbench.project.document.get("title") == "seen by both"

    in_browser(workbench, check, users=2)


def test_an_edit_answers_with_the_sentence_of_the_package(workbench):
    async def check(users, sessions):
        first, second = sessions
        error = first.edit("sample.thickness", "-2 mm")
        assert str(error) == (
            'analysis.toml: sample.thickness = "-2 mm": must be greater than 0; give a length such as "2.325 mm".'
        )
        assert first.error("sample") is error
        await until(lambda: {key: str(each) for key, each in second.errors.items()} == {"sample.thickness": str(error)})
        assert str(first.edit("title.x", "a")).endswith("name an existing table or list.")
        assert first.undo()
        assert first.errors == {}
        assert users

    in_browser(workbench, check, users=2)


def test_jobs_are_shown_and_failures_told(workbench):
    async def check(users, sessions):
        (user,) = users
        (session,) = sessions
        session.edit("stages[0].duration", "-1 h")
        job = session.jobs.submit("simulate")
        await until(lambda: job.state == "failed")
        await until(lambda: any("simulate failed" in text for text in user.notify.messages))
        user.find(marker="jobs-button").click()
        await user.should_see("1 simulate: failed")
        session.edit("stages[0].duration", "1 h")
        user.find(marker="job-take-up-0001").click()
        await until(lambda: job.state == "finished")

    in_browser(workbench, check)


def test_a_coroutine_may_listen_and_a_fault_stops_nobody(workbench, caplog):
    async def check(users, sessions):
        (session,) = sessions
        heard = []

        def faulty(what):
            raise RuntimeError(f"a fault of one page: {what}")

        async def listen(what):
            await asyncio.sleep(0)
            heard.append(what)

        session.on_change(faulty)
        session.on_change(listen)
        session.edit("title", "new")
        await until(lambda: heard == ["document"])
        assert users

    in_browser(workbench, check)
    assert "a fault of one page" in caplog.text


def test_the_command_opens_the_page_only_with_what_it_needs(monkeypatch, tmp_path):
    from ionscape.cli.workbench import workbench_command
    from ionscape.errors import InputError

    monkeypatch.setitem(sys.modules, "tomlkit", None)
    with pytest.raises(InputError, match=r'needs tomlkit, .*pip install "ionscape\[workbench\]"'):
        workbench_command(tmp_path, port=None, host=None, no_browser=True, upload_limit=1)


def test_an_interrupted_job_is_told_and_taken_up(tmp_path):
    from ionscape.workbench.session import Workbench

    project = open_project(tmp_path / "project")
    project.document.replace(EXPERIMENT.replace("94.46 h", "1 h"))
    workbench = Workbench.of(project)
    job = workbench.jobs.submit("simulate", {"model": "electroneutral"})
    workbench.close()
    assert job.state == "interrupted"
    workbench = Workbench.of(open_project(tmp_path / "project"))

    async def check(users, sessions):
        (user,) = users
        await user.should_see("1 interrupted")
        await user.should_see("Run 1 (simulate) was interrupted.")
        user.find(marker="simulate-take-up").click()
        (job,) = sessions[0].jobs.jobs
        await until(lambda: job.state == "finished", 60.0)
        await user.should_see("no jobs")
        await user.should_not_see("was interrupted.")

    try:
        in_browser(workbench, check, tab="simulate")
    finally:
        workbench.close()


def test_a_tab_may_lose_its_server_for_a_minute(monkeypatch, workbench):
    from ionscape.workbench import app

    given = {}
    monkeypatch.setattr(app.app, "add_middleware", lambda *_, **__: None)
    monkeypatch.setattr(app.ui, "run", lambda **options: given.update(options))
    app.serve(workbench, host="127.0.0.1", port=1)
    assert given["reconnect_timeout"] >= 60.0


@pytest.mark.parametrize("tab", ["measurement", "experiment", "simulate", "fit", "glass", "files"])
def test_what_a_closed_tab_began_ends_in_silence(workbench, caplog, tab):
    """Its timers, figures that are being made and handlers that wait find no browser at the end of their work."""
    from nicegui import ui
    from nicegui.helpers import warnings

    async def check(users, sessions):
        (session,) = sessions
        warnings.reset()  # told once in a process
        caplog.clear()
        client = session._client
        session.edit("sample.thickness", "2 mm")
        session.edit("title", "a", "series")
        session.project.add_upload("a.txt", b"x")
        session.project.changed("results")
        await asyncio.sleep(0.03)  # the news are told, and figures begun
        client.delete()
        session.edit("sample.thickness", "3 mm")
        session.notify("to nobody")
        with client:
            ui.label("to nobody").set_text("at all")
            ui.download(b"x", "x.txt")
        await asyncio.sleep(1.5)
        assert users

    in_browser(workbench, check, tab=tab)
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_the_rules_of_the_page_are_whole():
    """A rule within another one is dropped, or takes the next one along: rings of focus were light on light ground."""
    from ionscape.workbench.app import _STYLE

    without_comments = re.sub(r"/\*.*?\*/", "", _STYLE, flags=re.S)
    assert without_comments.count("{") == without_comments.count("}")
    for selector in re.findall(r"([^{}]*)\{", without_comments):
        assert selector.strip().startswith("@") or "@" not in selector
    rings = dict(re.findall(r"([^{}]*:focus-visible[^{}]*)\{[^}]*(var\(--q-primary\)|#8ec5f4)", without_comments))
    assert {name.strip(): colour for name, colour in rings.items()} == {
        # Quasar's buttons have none of their own
        ".q-btn:focus-visible": "var(--q-primary)",
        ".body--dark .q-btn:focus-visible, .q-header .q-btn:focus-visible": "#8ec5f4",
        "*:focus-visible": "var(--q-primary)",
        # on dark ground, of which the head of the page is one in both themes
        ".body--dark *:focus-visible, .q-header *:focus-visible": "#8ec5f4",
    }
