"""What a file is that is no plain text: known by its first bytes, named with the way out."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ionscape.errors import InputError

AS_CSV = "save the sheet as CSV in UTF-8, and give that file"
AS_TEXT = "give the numbers as a text file, such as CSV"
UNPACK = "unpack it, and give the file in it"

ENOUGH = 1 << 16
"""Bytes by which a kind is recognised."""


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of file that is none of numbers in text.

    Attributes:
        name: what it is, with its article.
        remedy: what to do about it.
    """

    name: str
    remedy: str

    def error(self, file: str) -> InputError:
        """The sentence about a file of this kind."""
        return InputError(f"is {self.name}", file=file, remedy=self.remedy)


_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", AS_TEXT),
    (b"\x89PNG", "a picture (PNG)", AS_TEXT),
    (b"\xff\xd8\xff", "a picture (JPEG)", AS_TEXT),
    (b"GIF8", "a picture (GIF)", AS_TEXT),
    (b"II*\x00", "a picture (TIFF)", AS_TEXT),
    (b"MM\x00*", "a picture (TIFF)", AS_TEXT),
    (b"BM", "a picture (BMP)", AS_TEXT),
    (b"\x1f\x8b", "a compressed file (gzip)", UNPACK),
    (b"BZh", "a compressed file (bzip2)", UNPACK),
    (b"\xfd7zXZ", "a compressed file (xz)", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", UNPACK),
    (b"7z\xbc\xaf", "a compressed file (7z)", UNPACK),
    (b"Rar!", "a compressed file (RAR)", UNPACK),
    (b"CPYA", "an Origin project", "export the worksheet as ASCII, and give that file"),
    (b"\x93NUMPY", "an array of NumPy", "save it with numpy.savetxt, or give it to make_raw_profile in Python"),
    (b"MATLAB ", "a file of MATLAB", AS_TEXT),
    (b"SQLite format 3", "a database (SQLite)", AS_TEXT),
    (b"PAR1", "a table in Parquet", AS_TEXT),
    (b"{\\rtf", "a document in RTF", "save it as plain text"),
)
_BINARY_ONLY = frozenset({b"BM", b"PAR1", b"GIF8", b"Rar!", b"CPYA", b"BZh"})
_WEB = re.compile(rb"\s*(?:<!doctype html|<html|<table|<head|<meta)", re.IGNORECASE)
_SPREADSHEET_XML = re.compile(rb"\s*<\?xml[^>]*>.{0,400}urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL)


def kind_of_file(path: Path, head: bytes) -> FileKind | None:
    """The kind of a file that holds no plain text, or a text that is no table; None for anything else.

    Args:
        path: of the file, in which an archive is looked into.
        head: its first bytes.
    """
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(path, head)
    if _SPREADSHEET_XML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return FileKind(name="an Excel workbook (XML)", remedy=AS_CSV)
    if _WEB.match(head.removeprefix(b"\xef\xbb\xbf")):
        return FileKind(
            name="a web page (HTML), whatever its name says", remedy=f"open it in a spreadsheet and {AS_CSV}"
        )
    binary = any(byte in head for byte in (b"\x00", b"\x01", b"\x02", b"\x03"))
    for signature, name, remedy in _SIGNATURES:
        # Letters may begin a text as well.
        if head.startswith(signature) and (binary or signature not in _BINARY_ONLY):
            return FileKind(name=name, remedy=remedy)
    return None


def kind_of(path: Path) -> FileKind | None:
    """As `kind_of_file`, of a file that is opened for it; None too where that does not work."""
    try:
        with path.open("rb") as stream:
            return kind_of_file(path, stream.read(ENOUGH))
    except (OSError, ValueError):
        return None


def _archive(path: Path) -> FileKind:
    """What a ZIP archive is: workbooks and documents are archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            mimetype = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except (OSError, ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        names, mimetype = [], b""
        if path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods"):
            return FileKind(name="a damaged workbook", remedy=f"open it in a spreadsheet and {AS_CSV}")
    if any(name.startswith("xl/") for name in names):
        return FileKind(name="an Excel workbook", remedy=AS_CSV)
    if b"spreadsheet" in mimetype:
        return FileKind(name="a workbook (OpenDocument)", remedy=AS_CSV)
    if any(name.startswith(("word/", "ppt/")) for name in names) or b"opendocument" in mimetype:
        return FileKind(name="a document of an office program", remedy=AS_TEXT)
    if any(name.endswith(".npy") for name in names):
        return FileKind(name="an archive of NumPy arrays", remedy="save them with numpy.savetxt")
    return FileKind(name="an archive (ZIP)", remedy=UNPACK)


def _old_office(path: Path, head: bytes) -> FileKind:
    """What an OLE file is; the names of its streams are in UTF-16."""
    books = [name.encode("utf-16-le") for name in ("Workbook", "Book")]
    if any(name in head for name in books) or path.suffix.lower() in (".xls", ".xlt"):
        return FileKind(name="an Excel workbook of the old kind (.xls)", remedy=AS_CSV)
    return FileKind(name="a file of an office program of the old kind", remedy=AS_TEXT)
