"""D(n, T) of a landscape as a table of text, which an experiment can carry along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.diffusivity.landscape import ORIGINS, Origin
from ionscape.errors import InputError
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import Bounds, Number, Quantity

SHARES: dict[Origin, str] = {"replacement": "share of native ions", "filling": "density over native density"}
"""Name of the column that tells what varied."""
TEMPERATURE, ENERGY = "temperature", "energy"
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
        energies: activation energies of the native ions (k,) [J].
    """

    origin: Origin
    temperatures: tuple[float, ...]
    shares: tuple[float, ...]
    native: tuple[tuple[float, ...], ...]
    foreign: tuple[float, ...]
    energies: tuple[float, ...]


def text_of_mobility(path: Path) -> str:
    """The tables of a result of `ionscape mobility`, one for each origin of its D, an empty line between them.

    Raises:
        InputError: the file does not exist, or is none.
    """
    from ionscape.hopping import load_mobility
    from ionscape.hopping.mobility_result import PARTS

    found = load_mobility(path)
    tables: list[str] = []
    for origin in found.origins:
        model, (begins, _) = found.model(origin=origin), PARTS[origin]
        energies = np.nan_to_num(found.dataset[f"{begins}activation_energy"].values)
        foreign = np.zeros(len(model.temperatures))
        if origin == "replacement":
            foreign = found.dataset["foreign_diffusion_coefficient"].values
        lines = [f"{TEMPERATURE} (K),{SHARES[origin]},native (m^2/s),foreign (m^2/s),{ENERGY} (J)"]
        for temperature, row, other in zip(model.temperatures, model.coefficients, foreign, strict=True):
            lines += [f"{temperature!r},{share!r},{value!r},{float(other)!r},{float(energy)!r}"
                      for share, value, energy in zip(model.shares, row, energies, strict=True)]  # fmt: skip
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def parse_landscape_table(text: str, origin: Origin, *, file: str) -> LandscapeTable:
    """Read one of the tables of `text_of_mobility`, or of the same columns that were made otherwise.

    Args:
        text: tables in CSV, an empty line between them.
        origin: of the table that is wanted.
        file: its name, for messages.

    Raises:
        InputError: there is no such table; or names the line, counted from 1, or what the table lacks.
    """
    tables = {_origin(part, file=file): part for part in text.strip("\n").split("\n\n")}
    if origin not in tables:
        other = next(iter(tables))
        raise InputError(f"holds D {ORIGINS[other]}, where D {ORIGINS[origin]} is wanted", file=file,
                         remedy=f'calculate it, or say over = "{other}" if that is meant')  # fmt: skip
    not_negative = Bounds(at_least=0.0)
    wanted = {
        TEMPERATURE: Quantity("temperature", Bounds(above=0.0)), SHARES[origin]: Number(Bounds(above=0.0)),
        **{name: Quantity("diffusion coefficient", not_negative) for name in COEFFICIENTS},
        ENERGY: Quantity("energy", not_negative),
    }  # fmt: skip
    columns = read_csv_table(tables[origin], file=file).quantities(wanted, example=_example(origin))
    temperatures, shares = np.unique(columns[TEMPERATURE]), np.unique(columns[SHARES[origin]])
    order = np.lexsort((columns[SHARES[origin]], columns[TEMPERATURE]))
    shape = temperatures.size, shares.size
    if len(order) != temperatures.size * shares.size:
        raise InputError("has not each share at each temperature", file=file,
                         remedy="give a result of `ionscape mobility`")  # fmt: skip
    native: FloatArray = columns["native"][order].reshape(shape)
    return LandscapeTable(
        origin=origin, temperatures=tuple(temperatures.tolist()), shares=tuple(shares.tolist()),
        native=tuple(tuple(row) for row in native.tolist()),
        foreign=tuple(columns["foreign"][order].reshape(shape)[:, 0].tolist()),
        energies=tuple(columns[ENERGY][order].reshape(shape)[0].tolist()),
    )  # fmt: skip


def _origin(text: str, *, file: str) -> Origin:
    names = {cell.strip().lower() for cell in text.partition("\n")[0].split(",")}
    for origin, name in SHARES.items():
        if name in names:
            return origin
    raise InputError(
        "does not say what varied",
        file=file,
        key="line 1",
        remedy=f"give a result of `ionscape mobility`, or a header line {_example('replacement')}",
    )


def _example(origin: Origin) -> str:
    return f'"{TEMPERATURE} (K), {SHARES[origin]}, native (m^2/s), foreign (m^2/s), {ENERGY} (eV)"'
