"""What is printed reaches whoever reads it, or nobody, and never ends a command; signals end it as Ctrl-C does."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ionscape.cli.terminal import ERRORS, patient_output
from ionscape.interrupts import interrupted_status, signals_as_interrupts, undisturbed

posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices of POSIX")

PRINTS = """
import sys
import ionscape.cli.main
from ionscape.errors import InputError
def prints(**_):
    from rich.console import Console
    Console(soft_wrap=True).print(TEXT, highlight=False)
    module.say(TEXT)
    print(TEXT)
    open("done", "w").close()
    if len(sys.argv) > 1: raise InputError(TEXT)
module = sys.modules["ionscape.cli.main"]
TEXT = "Γ₁ − σ ± 3 µm, 10⁻²⁰ m², 猫, ö, \\udcff" + "." * 100_000 * ("long" in sys.argv)
module.application = prints
module.main([])
"""


def run(tmp_path, *words: str, encoding: str = "utf-8", **more) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    return subprocess.run(
        [sys.executable, "-c", PRINTS, *words], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, timeout=60,
        check=False, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", "Gamma1 - sigma +/- 3 um, 10^-20 m^2, \\u732b, \\xf6, \\udcff"),
        ("cp1252", "Gamma1 - sigma ± 3 µm, 10^-20 m², \\u732b, ö, \\udcff"),
        ("gbk", "Γ1 - σ ± 3 um, 10^-20 m^2, 猫, \\xf6, \\udcff"),
        ("utf-8", "Γ₁ − σ ± 3 µm, 10⁻²⁰ m², 猫, ö, \\udcff"),
    ],
)
def test_letters_that_an_encoding_lacks_are_written_in_those_that_it_has(tmp_path, encoding, expected) -> None:
    done = run(tmp_path, "fail", encoding=encoding, stdout=subprocess.PIPE)
    assert done.stdout.decode(encoding).splitlines() == [expected] * 3
    assert done.stderr.decode(encoding).count("\n") == 1
    assert done.returncode == 2


def test_a_minus_stays_a_minus_in_every_encoding_of_python() -> None:
    with patient_output():
        pass
    for encoding in ("ascii", "cp437", "cp1252", "koi8_r", "shift_jis", "big5", "euc_kr", "mac_roman"):
        shown = codecs.encode("−1.5 ≤ x", encoding, ERRORS).decode(encoding)
        assert shown[0] in "-−", encoding


@posix
def test_a_reader_that_goes_does_not_end_the_work(tmp_path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(tmp_path, "long", stdout=writer)
    os.close(writer)
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "done").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_written_is_said_after_the_work(tmp_path) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(tmp_path, stdout=full)
    assert done.stderr.decode() == "the standard output cannot be written (No space left on device)\n"
    assert done.returncode == 2
    assert (tmp_path / "done").exists()


@posix
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGXCPU", 152)])
def test_signals_that_ask_to_end_are_heard_as_an_interruption(name, status) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with signals_as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert interrupted_status() == status
        with undisturbed():
            signal.raise_signal(number)
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(number) is before
    with signals_as_interrupts():
        assert interrupted_status() == 130


@posix
def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with signals_as_interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
