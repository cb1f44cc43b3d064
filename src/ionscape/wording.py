"""Keys of files in words: `stages[0].beam_current` is `stage 1 beam current`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ionscape.errors import toml_value

Part = str | int

LABELS = {
    "width": "width Γ",
    "trapped_width": "trapped width Γ",
    "discrepancy": "discrepancy of the model",
    "resamples": "resamples of the noise",
    "single_scan_scatter": "scatter of a single scan",
    "sensitivity_factor": "factor",
    "sites": "site system",
}
"""Of keys that people know by another name."""
SINGULAR = {"stages": "stage", "crater_scans": "crater scan", "surface_regions": "surface"}
PASSED_OVER = ("measurement", "ions", "parameters")
"""Tables that the place of a field says already."""
ENDS = ("from", "to")
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)')
_PATH = re.compile(r'(?:[^\s."\[\]]+|"(?:[^"\\]|\\.)*")(?:\[\d+\]|\.[^."\[\]]+|\."(?:[^"\\]|\\.)*")*')


def split_path(path: str) -> tuple[Part, ...]:
    """Parts of a path such as `stages[0].duration` or `fit.parameters."ions.Li.diffusion.width".lower`."""
    parts: list[Part] = []
    for quoted, index, bare in _PART.findall(path):
        parts.append(int(index) if index else bare or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(parts)


def join_path(parts: Sequence[Part]) -> str:
    """The path with these parts; names with dots, brackets or quotation marks are quoted."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part if re.fullmatch(r'[^.\[\]"\\]+', part) else toml_value(part)
            path = f"{path}.{name}" if path else name
    return path


def label_of(key: str) -> str:
    """A key as words."""
    return LABELS.get(key, key.replace("_", " "))


def name_of(path: str) -> str:
    """A key for people: `stages[0].beam_current` is `stage 1 beam current`, `fit_region[1]` is `fit region, to`.

    What is no path stays, as `line 3` of a table does.
    """
    if path and not _PATH.fullmatch(path):
        return path
    parts = [part for inner in split_path(path) for part in (_inner(inner) if isinstance(inner, str) else [inner])]
    words: list[str] = []
    for place, part in enumerate(parts):
        last = place + 1 == len(parts)
        before = parts[place - 1] if place else ""
        if isinstance(part, int):
            if isinstance(before, str) and before.endswith("_region"):
                words[-1] += f", {ENDS[min(part, 1)]}"
            else:
                words.append(str(part + 1))
        elif last or not (part in PASSED_OVER or (part == "fit" and parts[place + 1] == "parameters")
                          or (part == "diffusion" and place > 1)):  # fmt: skip
            counted = not last and isinstance(parts[place + 1], int)
            words.append(SINGULAR.get(part, label_of(part)) if counted else label_of(part))
    return " ".join(words) or "the file"


def parameter_words(name: str) -> str:
    """A parameter of a fit for people: `K:ions.Li.diffusion.width`, of the data set K, is `K: Li width Γ`."""
    data_set, colon, path = name.rpartition(":")
    return f"{data_set}{colon} {name_of(path)}".strip()


def _inner(part: str) -> list[str | int]:
    """Parts of a name that is a path itself, as those of free parameters are."""
    return list(split_path(part)) if "." in part else [part]
