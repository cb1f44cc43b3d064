"""The report of a fit: one page for a browser, or a PDF, with the data of every figure beside it."""

from ionscape.report.write import REPORT_EXTENSIONS, write_report

__all__ = ["REPORT_EXTENSIONS", "write_report"]
