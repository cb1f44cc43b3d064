"""Printing that no command dies of, whatever the other end can read and however long it listens."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

ERRORS = "ionscape-readable"
"""Name of the way in which letters are written that an encoding does not have."""

_WORDS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "…": "...", "×": "x", "·": "*", "±": "+/-", "°": "deg ", "µ": "u", "μ": "u",
    "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~", "√": "sqrt", "∞": "inf", "∂": "d", "∇": "grad ", "Å": "A",
    "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
"""Readings of letters; a minus above all has to stay a minus. An accent, as in a name, is not left out."""


def say(text: str, *, err: bool = False) -> None:
    """Print a line as it is, in the encoding of the stream, which the function of typer does not keep to."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


@dataclass
class Trouble:
    """What happened to the standard output: the first error of writing to it, but for a reader that has gone."""

    error: OSError | None = None


class Patient(io.TextIOWrapper):
    """A stream that never raises for what it is given to write: what cannot be written is dropped."""

    trouble: Trouble

    def write(self, text: str, /) -> int:
        """Write a text; returns its length."""
        with self._forgiving():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        with self._forgiving():
            super().flush()

    @contextmanager
    def _forgiving(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            # `| head` has read enough, which is no fault; on Windows it shows as an invalid argument
            if error.errno not in (errno.EPIPE, errno.EINVAL) and self.trouble.error is None:
                self.trouble.error = error
            with suppress(OSError, ValueError):  # the rest goes nowhere, and what is still held back with it
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.fileno())
                os.close(nowhere)


@contextmanager
def patient_output() -> Generator[Trouble]:
    """From here on the standard streams of this process never raise; gives what happens to the output in the block.

    Letters that their encoding lacks are written in those that it has: σ as sigma, − as -. Streams that somebody has
    put in their place, such as a test, are left alone.
    """
    codecs.register_error(ERRORS, _readable)
    trouble = Trouble()
    replaced: list[Patient] = []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not getattr(sys, f"__{name}__") or type(stream) is not io.TextIOWrapper:
            continue
        stream.flush()
        patient = Patient(
            stream.buffer, encoding=stream.encoding, errors=ERRORS, line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )  # fmt: skip
        patient.trouble = trouble if name == "stdout" else Trouble()
        replaced.append(patient)
        setattr(sys, name, patient)
    try:
        yield trouble
    finally:
        # they stay: libraries keep the streams that they found, and write to them until the interpreter ends
        for patient in replaced:
            patient.flush()


def _readable(error: UnicodeError) -> tuple[str, int]:
    """Letters that an encoding lacks, in ASCII; a name of a file that is no text in bytes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, end = error.object, error.end
    while end < len(text) and _is_raised(text[end - 1]) and _is_raised(text[end]):
        end += 1  # all of an exponent, some digits of which the encoding may have
    found = ""
    for place in range(error.start, end):
        begins = _is_raised(text[place]) and not (place > 0 and _is_raised(text[place - 1]))
        found += ("^" if begins else "") + _in_ascii(text[place])
    return found, end


def _is_raised(letter: str) -> bool:
    return unicodedata.decomposition(letter).startswith("<super>")


def _in_ascii(letter: str) -> str:
    if letter in _WORDS:
        return _WORDS[letter]
    if unicodedata.decomposition(letter).startswith("<"):  # the same letter in another place or shape, as in m²
        plain = "".join(_WORDS.get(part, part) for part in unicodedata.normalize("NFKD", letter))
        if plain.isascii():
            return plain
    name = unicodedata.name(letter, "")
    if name.startswith("GREEK") and " LETTER " in name:
        word = name.partition(" LETTER ")[2].split(" WITH ")[0].split()[-1].lower()
        return word.capitalize() if "CAPITAL" in name else word
    return letter.encode("ascii", "backslashreplace").decode("ascii")
