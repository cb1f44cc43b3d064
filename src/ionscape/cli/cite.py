"""`ionscape cite`: what to cite, as a BibTeX file."""

from __future__ import annotations

from ionscape.cli.terminal import say


def cite_command() -> None:
    """Print BibTeX entries of this version and of the papers whose physics it implements."""
    from ionscape.provenance import package_version
    from ionscape.references import PAPERS, bibtex_entry

    software = {
        "author": "{the ionscape developers}",  # braces: one name, which has no initials
        "title": "{ionscape: ion transport in glass}",
        "note": f"Python package, version {package_version()}",
        "version": package_version(),
        "year": "2026",
    }
    for entry in (bibtex_entry("misc", "ionscape", software), *(paper.bibtex() for paper in PAPERS)):
        say(entry)
