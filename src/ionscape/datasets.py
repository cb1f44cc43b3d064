"""Stored results: one way to write a dataset, with a checksum over all of it, and one to read and check it again."""

from __future__ import annotations

import hashlib
import io
import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np

from ionscape.errors import InputError
from ionscape.files.table_files import Columns, csv_text
from ionscape.files.text import read_bytes
from ionscape.files.writing import write_bytes, write_text
from ionscape.provenance import text_hash
from ionscape.remarks import Kind, Remark, Remarked, stored_remarks

if TYPE_CHECKING:
    import h5py
    import xarray

CHECKSUM = "content_sha256"
"""Attribute of a file that holds the checksum; a loaded dataset has it no more, since it may be changed."""
UNCHECKED = "file_without_checksum"
"""Attribute of a loaded dataset: its file, if that had no checksum; it is not written."""
REASON_LENGTH = 60  # of what a library says about a file, in characters

SEAL = b"\nionscape sha256 "
SEAL_LENGTH = len(SEAL) + 64
NO_CHECKSUM = Kind(
    "no_checksum",
    "{file} has no checksum (ionscape 0.1.0 wrote none), so damage to its numbers would not be noticed.",
)

_SCALE_ONLY = "This is a netCDF dimension but not a netCDF variable"
_OF_THE_FORMAT = frozenset({
    "CLASS", "DIMENSION_LIST", "DIMENSION_LABELS", "NAME", "REFERENCE_LIST", "_NCProperties", "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
})  # fmt: skip
"""Attributes by which NetCDF ties its parts together: other programs may write them otherwise."""

Attribute = Literal["text", "number", "pair of numbers", "JSON", "JSON object"]


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a file of one kind holds at least.

    Attributes:
        form: its attribute `format`.
        what: it holds, with its article, such as "the result of a fit".
        command: that writes such files, such as "ionscape fit".
        variables: numbers by name, and their dimensions; none is empty, and in none all values are missing.
        gaps: the same of numbers that may all be missing.
        labels: texts by name, and their dimensions.
        attributes: by name, and of what kind.
        possible: the same of those that may be absent.
        numbered: numbers of each data set; their names and dimensions end in `_0`, `_1`, ...
        counted: attribute, a JSON list, that has an entry for each data set; one whose entry is empty has no numbers.
    """

    form: str
    what: str
    command: str
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    attributes: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    possible: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    numbered: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    counted: str = ""

    @property
    def remedy(self) -> str:
        """What to do where a file is none of these."""
        return f"give a file that `{self.command}` wrote"


def write_dataset(dataset: xarray.Dataset, path: str | Path, *, encoding: Mapping[str, Any] | None = None) -> None:
    """Write a dataset as NetCDF with a checksum, complete or not at all.

    Args:
        dataset: to write.
        path: of the file; an earlier one is replaced.
        encoding: of variables by name, as for xarray.

    Raises:
        InputError: the disk does not take it.
    """
    write_bytes(path, dataset_bytes(dataset, encoding=encoding), durable=True)


def dataset_bytes(dataset: xarray.Dataset, *, encoding: Mapping[str, Any] | None = None) -> bytes:
    """The file of a dataset: it is made in memory, since the HDF5 library does not survive a disk that is full."""
    import h5py

    buffer = io.BytesIO()
    kept = dataset.copy(deep=False)
    kept.attrs = {name: value for name, value in dataset.attrs.items() if name not in (CHECKSUM, UNCHECKED)}
    kept.to_netcdf(buffer, engine="h5netcdf", encoding=encoding)
    with h5py.File(buffer, "r+") as file:
        file.attrs[CHECKSUM] = content_sha256(file)
    return sealed(buffer.getvalue())


def sealed(content: bytes) -> bytes:
    """The bytes of a file with a line behind them that holds their SHA-256, which readers of HDF5 do not look at.

    The HDF5 library may run in a circle or take all memory for a single bit that is wrong: it must not see such a file.
    """
    return content + SEAL + hashlib.sha256(content).hexdigest().encode()


def seal_holds(content: bytes) -> bool | None:
    """Whether a file is as it was written, bit by bit; None if it has no seal, as after it was packed anew."""
    tail = content[-SEAL_LENGTH:]
    if not tail.startswith(SEAL):
        return False if SEAL[:9] in tail else None  # cut off within it
    return sealed(content[:-SEAL_LENGTH])[-64:] == tail[-64:]


def content_sha256(file: h5py.File) -> str:
    """SHA-256 over all variables and attributes of a file, hexadecimal (reference: result file, checksum).

    Hashed is what the file says and not how it is packed: the same content, compressed otherwise or in other byte
    order, has the same checksum. Every piece is preceded by its length in bytes, eight bytes with the lowest first.

    Args:
        file: opened; its own checksum is left out.
    """
    total = hashlib.sha256()
    for piece in _pieces(file):
        total.update(len(piece).to_bytes(8, "little"))
        total.update(piece)
    return total.hexdigest()


def _pieces(file: h5py.File) -> Iterator[bytes | memoryview]:
    """Attributes of the file and then the variables, each by the order of their names."""
    import h5py

    yield from _attribute_pieces(file.attrs)
    for name in sorted(file):
        variable = file[name]
        if not isinstance(variable, h5py.Dataset):
            raise ValueError(f"{name} is no variable")
        if _is_scale_only(variable):
            continue
        yield b"variable"
        yield name.encode()
        for dimension in _dimensions(variable):
            yield dimension.encode()
        yield from _value_pieces(variable[()])
        yield from _attribute_pieces(variable.attrs)


def _attribute_pieces(attributes: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    for name in sorted(attributes):
        if name not in _OF_THE_FORMAT and name != CHECKSUM:
            yield b"attribute"
            yield name.encode("utf-8", "surrogateescape")
            yield from _value_pieces(attributes[name])


def _value_pieces(value: Any) -> Iterator[bytes | memoryview]:
    """Kind, shape and content; numbers with their lowest byte first, texts in UTF-8, single ones as a list of one."""
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind in "OSU":
        yield b"text"
        yield str(array.shape).encode()
        for text in array.ravel().tolist():
            yield text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")
        return
    ordered = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    yield f"{ordered.dtype.kind}{ordered.dtype.itemsize}".encode()
    yield str(ordered.shape).encode()
    yield ordered.tobytes()


def _is_scale_only(variable: h5py.Dataset) -> bool:
    """Whether it is there only to name a dimension."""
    name = variable.attrs.get("NAME", b"")
    return (name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)).startswith(_SCALE_ONLY)


def _dimensions(variable: h5py.Dataset) -> list[str]:
    """Names of the dimensions; a variable without attached scales is the scale of its own."""
    scales = [cast(Any, dimension) for dimension in variable.dims]
    return [str((scale[0] if len(scale) else variable).name).removeprefix("/") for scale in scales]


def read_dataset(path: str | Path, content: Content) -> xarray.Dataset:
    """Read the dataset of a result that this package wrote as NetCDF, and check it.

    Returns:
        The dataset as it was written. If the file has no checksum, `file_remarks` says so.

    Raises:
        InputError: the file does not exist, is no NetCDF file, holds something else, or is damaged or incomplete.
    """
    file = str(path)
    dataset = load_checked(path, remedy=content.remedy)
    form = str(dataset.attrs.get("format", ""))
    if form != content.form:
        other_version = form.rpartition(" ")[0] == content.form.rpartition(" ")[0]
        problem = (
            f'holds "{form[:40]}", which this version does not know' if other_version else f"is not {content.what}"
        )
        raise InputError(problem, file=file, remedy=content.remedy)
    check_content(dataset, content, file=file)
    return dataset


def check_content(dataset: xarray.Dataset, content: Content, *, file: str) -> None:
    """Make sure that a dataset holds what a file of a kind holds at least.

    Raises:
        InputError: it does not.
    """
    fault = _first_fault(dataset, content)
    if fault is not None:
        raise InputError(f"is damaged or incomplete ({fault})", file=file, remedy=content.remedy)


def load_checked(path: str | Path, *, remedy: str) -> xarray.Dataset:
    """Read a NetCDF file of any content; one that has a checksum has to fit it.

    Args:
        path: of the file.
        remedy: what to do if it cannot be used.

    Raises:
        InputError: the file does not exist, is no NetCDF file, or is damaged.
    """
    import h5py
    import xarray

    file = str(path)
    # From memory: the HDF5 library gives an old state of a file that was replaced while it still holds it open.
    content = read_bytes(Path(path), remedy=remedy)
    damaged = InputError(
        "is damaged, or was changed after it had been written: its content does not fit its checksum",
        file=file, remedy=remedy,
    )  # fmt: skip
    whole = seal_holds(content)
    if whole is False:
        raise damaged
    stated: object = None
    try:
        # Whatever a damaged HDF5 file makes its readers raise has to leave here as one sentence.
        with h5py.File(io.BytesIO(content), "r") as opened:
            stated = opened.attrs.get(CHECKSUM)
            fits = whole or stated is None or content_sha256(opened) == stated
        dataset = xarray.load_dataset(io.BytesIO(content), engine="h5netcdf", phony_dims="access") if fits else None
    except Exception as error:  # noqa: BLE001
        problem = "is not a NetCDF file" if stated is None else "is damaged"
        raise InputError(problem, file=file, remedy=f"{remedy} ({_reason(error)})") from None
    if dataset is None:
        raise damaged
    dataset.attrs.pop(CHECKSUM, None)
    dataset.attrs.pop(UNCHECKED, None)
    if stated is None:
        dataset.attrs[UNCHECKED] = file
    return dataset


def stored_attributes(path: str | Path) -> dict[str, Any] | None:
    """Attributes of a file, unchecked; None if it is not there or cannot be read. Quicker than all of a file."""
    import h5py

    try:
        content = Path(path).read_bytes()
        if seal_holds(content) is False:
            return None
        with h5py.File(io.BytesIO(content), "r") as opened:
            return {name: value.item() if np.size(value) == 1 and hasattr(value, "item") else value
                    for name, value in opened.attrs.items()}  # fmt: skip
    except Exception:  # noqa: BLE001 - whoever needs the content reads it next, and says what is wrong
        return None


def file_remarks(dataset: xarray.Dataset) -> tuple[Remark, ...]:
    """What a reader must know about the file that a dataset was read from."""
    return (NO_CHECKSUM(file=dataset.attrs[UNCHECKED]),) if UNCHECKED in dataset.attrs else ()


class StoredResult(Remarked):
    """A result: its dataset is what is stored of it.

    Attributes:
        dataset: everything, with named axes and units.
        compressed: whether arrays of two dimensions or more are packed in its file.
    """

    dataset: xarray.Dataset
    compressed: ClassVar[bool] = False

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Title, remarks and numbers in SI units."""

    @abstractmethod
    def columns(self) -> Columns:
        """The result as a table, in SI units."""

    def to_netcdf(self, path: str | Path) -> None:
        """Write a NetCDF file that any NetCDF reader opens, complete or not at all."""
        encoding = {
            str(name): {"zlib": True, "complevel": 1}
            for name, variable in self.dataset.variables.items()
            if self.compressed and variable.ndim >= 2
        }
        write_dataset(self.dataset, path, encoding=encoding)

    def to_csv(self, path: str | Path) -> None:
        """Write the table of `columns`."""
        write_text(path, csv_text(self.columns()))

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know, as data: of the result, and of the file that it was read from."""
        return (*stored_remarks(self.dataset.attrs), *file_remarks(self.dataset))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:REASON_LENGTH] if lines else type(error).__name__


def _first_fault(dataset: xarray.Dataset, content: Content) -> str | None:
    """What is wrong with a dataset that calls itself one of these; None if nothing is."""
    there: dict[str, Attribute] = {name: kind for name, kind in content.possible.items() if name in dataset.attrs}
    wanted: dict[str, Attribute] = {**content.attributes, **there}
    for name, kind in wanted.items():
        fault = _attribute_fault(dataset.attrs, name, kind)
        if fault is not None:
            return fault
    for text in ("experiment", "source") if UNCHECKED in dataset.attrs else ():  # without the checksum of everything
        stored, stated = dataset.attrs.get(text), dataset.attrs.get(f"{text}_sha256")
        if isinstance(stored, str) and stated is not None and text_hash(stored) != stated:
            return f"the attribute {text!r} does not fit its hash"
    sets: list[Any] = json.loads(dataset.attrs[content.counted]) if content.counted else []
    numbers = dict(content.variables)
    for number in (number for number, entry in enumerate(sets) if entry):
        for name, dims in content.numbered.items():
            numbers[f"{name}_{number}"] = tuple(f"{dim}_{number}" for dim in dims)
    everything = {**numbers, **content.gaps, **content.labels}
    for name in everything:
        if name not in dataset.variables:
            return f"the variable {name!r} is missing"
    for name, dims in everything.items():
        fault = _variable_fault(dataset, name, dims, of_numbers=name not in content.labels)
        if fault is not None:
            return fault
        values = dataset.variables[name].values
        if values.size == 0 or (name in numbers and not np.isfinite(values).any()):
            return f"the variable {name!r} holds no values"
    return None


def _attribute_fault(attributes: Mapping[str, Any], name: str, kind: Attribute) -> str | None:
    if name not in attributes:
        return f"the attribute {name!r} is missing"
    value = attributes[name]
    try:
        if kind == "JSON":
            json.loads(value)
        elif kind == "JSON object":
            if not isinstance(json.loads(value), dict):
                raise TypeError
        elif kind == "number":
            float(value)
        elif kind == "pair of numbers":
            _, _ = map(float, value)
        elif not isinstance(value, str):
            raise TypeError
    except (ValueError, TypeError):
        return f"the attribute {name!r} is no {kind}"
    return None


def _variable_fault(dataset: xarray.Dataset, name: str, dims: tuple[str, ...], *, of_numbers: bool) -> str | None:
    variable = dataset.variables[name]
    if variable.dims != dims:
        return f"the variable {name!r} has the dimensions ({', '.join(map(str, variable.dims))})"
    if (variable.dtype.kind in "biuf") != of_numbers:
        return f"the variable {name!r} holds no {'numbers' if of_numbers else 'texts'}"
    return None
