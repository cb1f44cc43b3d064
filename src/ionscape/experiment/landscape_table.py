"""D(n, T) of a landscape as a table of text, which an experiment can carry along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.diffusivity.landscape import Origin
from ionscape.errors import InputError
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import Bounds, Number, Quantity

SHARES: dict[str, Origin] = {"share of native ions": "replacement", "density over native density": "filling"}
"""Name of the column that tells what varied."""
TEMPERATURE = "temperature"
COEFFICIENTS = ("native", "foreign")


@dataclass(frozen=True, kw_only=True)
class LandscapeTable:
    """D over temperature and share.

    Attributes:
        origin: what varied.
        temperatures: rising (t,) [K].
        shares: density over the native one, rising (k,).
        native: D of the native ions (t, k) [m^2/s].
        foreign: D of the foreign ions (t,) [m^2/s].
    """

    origin: Origin
    temperatures: tuple[float, ...]
    shares: tuple[float, ...]
    native: tuple[tuple[float, ...], ...]
    foreign: tuple[float, ...]


def text_of_mobility(path: Path) -> str:
    """The table of a result of `ionscape mobility`.

    Raises:
        InputError: the file does not exist, or is none.
    """
    from ionscape.hopping import load_mobility

    found = load_mobility(path)
    model = found.model()
    name = next(name for name, origin in SHARES.items() if origin == model.origin)
    foreign = found.dataset["foreign_diffusion_coefficient"].values
    lines = [f"{TEMPERATURE} (K),{name},native (m^2/s),foreign (m^2/s)"]
    for temperature, row, other in zip(model.temperatures, model.coefficients, foreign, strict=True):
        lines += [f"{temperature!r},{share!r},{value!r},{float(other)!r}"
                  for share, value in zip(model.shares, row, strict=True)]  # fmt: skip
    return "\n".join(lines) + "\n"


def parse_landscape_table(text: str, *, file: str) -> LandscapeTable:
    """Read the table of `text_of_mobility`, or one of the same columns that was made otherwise.

    Args:
        text: in CSV.
        file: its name, for messages.

    Raises:
        InputError: naming the line, counted from 1, or what the table lacks.
    """
    table = read_csv_table(text, file=file)
    names = {name.strip().lower() for name in table.names}
    found = [name for name in SHARES if name in names]
    example = f'"{TEMPERATURE} (K), {next(iter(SHARES))}, native (m^2/s), foreign (m^2/s)"'
    if len(found) != 1:
        raise InputError("does not say what varied", file=file, key=f"line {table.line}",
                         remedy=f"give a result of `ionscape mobility`, or a header line {example}")  # fmt: skip
    not_negative = Bounds(at_least=0.0)
    columns = table.quantities(
        {
            TEMPERATURE: Quantity("temperature", Bounds(above=0.0)), found[0]: Number(Bounds(above=0.0)),
            **{name: Quantity("diffusion coefficient", not_negative) for name in COEFFICIENTS},
        },
        example=example,
    )  # fmt: skip
    temperatures, shares = np.unique(columns[TEMPERATURE]), np.unique(columns[found[0]])
    order = np.lexsort((columns[found[0]], columns[TEMPERATURE]))
    if len(order) != temperatures.size * shares.size or temperatures.size < 2:
        raise InputError("has not each share at each of two temperatures or more", file=file,
                         remedy="give a result of `ionscape mobility`")  # fmt: skip
    native = columns["native"][order].reshape(temperatures.size, shares.size)
    foreign: FloatArray = columns["foreign"][order].reshape(temperatures.size, shares.size)[:, 0]
    return LandscapeTable(
        origin=SHARES[found[0]], temperatures=tuple(temperatures.tolist()), shares=tuple(shares.tolist()),
        native=tuple(tuple(row) for row in native.tolist()), foreign=tuple(foreign.tolist()),
    )  # fmt: skip
