"""Texts in TOML to plain data; what is none, or what no key can mean, becomes one `InputError` that names the line."""

from __future__ import annotations

import re
import tomllib
from typing import Any, cast

from ionscape.errors import InputError, toml_value

LONGEST_LIST = 10_000
LONGEST_TYPED = 60
SINGLE_QUOTES = "write / or put the path in single quotes"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PATH_KEY = re.compile(r"(?:.*\.)?(?:file|experiment|measured_units|units|crater_scans\[\d+\])|datasets\..*", re.DOTALL)


def parse_toml(text: str, *, file: str | None) -> dict[str, Any]:
    """The tables of a text in TOML.

    Raises:
        InputError: it is not TOML, or is nested too deeply; names the line.
    """
    _check_size(text, file=file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, file=file) from None
    except RecursionError:
        raise InputError("is nested too deeply", file=file, remedy="use tables as in the examples") from None
    for key, value in data.items():
        _check_value(value, key, text, file=file)
    return data


def _check_size(text: str, *, file: str | None) -> None:
    """Refuse an endless list before it is parsed, which takes seconds for a million numbers."""
    if text.count(",") <= LONGEST_LIST or "attachments" in text:
        return
    line = 1
    before, *lists = text.split("[")
    if len(lists) > LONGEST_LIST:
        raise InputError(f"has {len(lists)} lists and tables", file=file, bound=f"at most {LONGEST_LIST} are read",
                         remedy="give fewer, or a table in a file")  # fmt: skip
    for part in lists:
        line += before.count("\n")
        values = part.split("]", 1)[0].count(",") + 1
        if values > LONGEST_LIST and (name := re.search(r"([\w.-]+)\s*=\s*$", before)):
            raise _too_long(values, file=file, key=f"line {line}, {name[1]}")
        before = part


def _too_long(values: int, *, file: str | None, key: str) -> InputError:
    return InputError(f"has {values} values", file=file, key=key, bound=f"at most {LONGEST_LIST} are read",
                      remedy="give fewer, or a table in a file")  # fmt: skip


def _check_value(value: object, key: str, text: str, *, file: str | None) -> None:
    """Refuse what no key can mean: endless lists, and control characters that a backslash made.

    A folder and "rb.txt" with a backslash between them hold a carriage return. That is TOML, yet names no file, and a
    message that only echoes it shows what the user typed and can see to exist.
    """
    if isinstance(value, dict):
        for name, entry in cast(dict[str, object], value).items():
            _check_value(entry, f"{key}.{name}", text, file=file)
    elif isinstance(value, list):
        entries = cast(list[object], value)
        if len(entries) > LONGEST_LIST:
            raise _too_long(len(entries), file=file, key=key)
        for number, entry in enumerate(entries):
            _check_value(entry, f"{key}[{number}]", text, file=file)
    elif (
        isinstance(value, str)
        and _PATH_KEY.fullmatch(key)
        and (made := _CONTROL.search(value))
        and toml_value(value)[1:-1] in text
    ):
        code = toml_value(made[0])[1:-1]
        raise InputError(f"has a backslash in a path, where {code} is a control character", file=file, key=key,
                         value=value, remedy=SINGLE_QUOTES)  # fmt: skip


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, *, file: str | None) -> InputError:
    """The sentence about text that is not TOML."""
    message = str(error)
    place = re.search(r"\(at (line \d+, column \d+|end of document)\)", message)
    reason = message[: place.start()].strip() if place else message
    at_end = "Illegal character" in reason and re.search(r"\\\"[ \t]*(?:#.*)?$", _line_of(message, text))
    if at_end or re.search(r"hex value|'\\'|escape", reason):
        return _backslash(message, text, file=file, key=place[1] if place else None)
    if place and re.search(r"overwrite|twice", reason):
        found = re.match(r"line (\d+)", place[1])
        number = int(found[1]) if found else len(text.rstrip().split("\n"))
        if told := _twice(text, number):
            return InputError(told[0], file=file, key=f"line {number}", remedy=told[1])
    remedy = "correct it there; texts stand in quotation marks, tables in [brackets], and a key may occur once"
    return InputError(
        f"is not valid TOML ({reason[:1].lower() + reason[1:]})",
        file=file,
        key=place[1] if place else None,
        remedy=remedy,
    )


def _backslash(message: str, text: str, *, file: str | None, key: str | None) -> InputError:
    """The sentence about a backslash between double quotes that begins no code; it shows the text as it was typed."""
    line = _line_of(message, text)
    found = re.search(r"column (\d+)", message)
    column = int(found[1]) if found else len(line)
    # the error lies behind the code that it is about
    codes = [code for code in _CODE.finditer(line) if code.start() < column and code[0][1:] not in tuple('btnfr"\\')]
    typed = next((part[0] for part in _QUOTED.finditer(line) if part.start() < column <= part.end() + 1), line.strip())
    shown = typed if len(typed) <= LONGEST_TYPED else typed[:LONGEST_TYPED] + "..."
    begins = f", where {codes[-1][0]} begins a code" if codes else ""
    return InputError(f"has a backslash in a path between double quotes ({shown}{begins})", file=file, key=key,
                      remedy=SINGLE_QUOTES)  # fmt: skip


def _line_of(message: str, text: str) -> str:
    """The line that an error of the parser is about; the last one where it names none."""
    found = re.search(r"line (\d+)", message)
    lines = text.rstrip().split("\n")
    return lines[min(int(found[1]), len(lines)) - 1] if found else lines[-1]


_CODE = re.compile(r"\\.")
_QUOTED = re.compile(r"\"[^\"\n]*\"?")
_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([^\s=#\[\]{}]+)\s*=")


def _twice(text: str, number: int) -> tuple[str, str] | None:
    """What is there twice in a line, counted from 1, and what to do; None if the line does not tell."""
    lines = text.split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    if header := _HEADER.match(line):
        name = header[2]
        headers = [found for found in map(_HEADER.match, lines) if found and found[2] == name]
        if name == "stages" or len({found[1] for found in headers}) > 1:
            return (
                f"is one of several tables [{name}]",
                f"write [[{name}]], in two pairs of brackets, above each of them",
            )
        if len(headers) > 1:
            return f"has the table [{name}] a second time", "put all of its keys below one of the two"
    elif key := _KEY.match(line):
        return f'has the key "{key[1]}" a second time in its table', "leave one of the two out"
    return None
