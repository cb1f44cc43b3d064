"""`write_report`: a result in, a page with its figures and a folder with their numbers out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ionscape.errors import InputError
from ionscape.figures.plot import to_csv
from ionscape.files.writing import check_output, write_bytes, write_text
from ionscape.provenance import package_version

from .contents import build_report
from .html import html_page
from .pdf import pdf_bytes

if TYPE_CHECKING:
    from ionscape.inference import FitResult

REPORT_EXTENSIONS = (".html", ".pdf")


def write_report(
    result: FitResult, path: str | Path, *, result_file: str | Path | None = None, overwrite: bool = True
) -> tuple[Path, ...]:
    """Write the report of a fit, and the numbers of its figures as CSV into a folder beside it.

    Args:
        result: what `fit` or `load_fit_result` gives.
        path: page to write, `.html` or `.pdf`; `report.html` has its numbers in `report-data`.
        result_file: where the result is stored, for the commands that reproduce it.
        overwrite: replace existing files.

    Returns:
        The files that were written, the page first. The HTML page needs none of the others.

    Raises:
        InputError: another extension, a file that exists, or a folder that cannot be written to.
    """
    target = check_output(path, extensions=REPORT_EXTENSIONS, overwrite=overwrite)
    folder = target.with_name(f"{target.stem}-data")
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file where a folder is to be made", value=str(folder), remedy="move it away")
    report = build_report(result, result_file=Path(result_file) if result_file is not None else None)
    tables = {panel.name: to_csv(panel.plot, si=True) for panel in report.panels}
    numbers = [folder / f"{name}.csv" for name in tables]
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("cannot be made", value=str(folder), remedy=error.strerror or "choose another place") from None
    for place, text in zip(numbers, tables.values(), strict=True):
        check_output(place, extensions=(".csv",), overwrite=overwrite)
        write_text(place, text)
    if target.suffix.lower() == ".html":
        write_text(target, html_page(report, tables, folder=folder.name, version=package_version()))
    else:
        write_bytes(target, pdf_bytes(report))
    return (target, *numbers)
