"""Papers whose physics and methods the package implements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper.

    Attributes:
        label: short name in docstrings and on pages.
        authors: initials and family name of each.
        title: of the paper.
        year: of publication.
        doi: digital object identifier.
        journal: abbreviated; None for a preprint.
        volume: of the journal; None where it has none yet.
        page: first page or number of the article; None where it has none yet.
        eprint: number on arXiv; None without one.
        supplemented: whether the package uses its electronic supplementary information too.
    """

    label: str
    authors: tuple[str, ...]
    title: str
    year: int
    doi: str
    journal: str | None = None
    volume: str | None = None
    page: str | None = None
    eprint: str | None = None
    supplemented: bool = False

    @property
    def link(self) -> str:
        """Where to find it."""
        return f"https://doi.org/{self.doi}"

    def sentences(self) -> tuple[str, ...]:
        """The reference in words; a second one for its supplementary information."""
        place = ", ".join(part for part in (" ".join(filter(None, (self.journal, self.volume))), self.page) if part)
        where = f", {place} ({self.year})" if place else f" ({self.year})"
        first = f"{self.label}: {', '.join(self.authors)}, {self.title}{where}, {self.link}"
        second = f"{self.label} ESI: electronic supplementary information of the same paper, {self.link}"
        return (first, second) if self.supplemented else (first,)

    def bibtex(self) -> str:
        """The entry for BibTeX."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",  # capitals stay as they are
            "journal": self.journal,
            "volume": self.volume,
            "pages": self.page,
            "eprint": self.eprint,
            "archiveprefix": None if self.eprint is None else "arXiv",
            "year": str(self.year),
            "doi": self.doi,
        }
        kind = "misc" if self.journal is None else "article"
        return bibtex_entry(kind, self.label.lower().replace(" ", ""), fields)


def bibtex_entry(kind: str, key: str, fields: Mapping[str, str | None]) -> str:
    """An entry of a BibTeX file in plain ASCII, which every version of BibTeX reads; fields of None are left out."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value is not None]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]).replace("ä", r"{\"a}")


PAPERS = (
    Paper(
        label="Gunawan 2024",
        authors=("V. H. Gunawan", "M. Schäfer", "K.-M. Weitzel"),
        title="Manifestation of site energy landscapes for ion transport in borate glasses",
        journal="Phys. Chem. Chem. Phys.",
        volume="26",
        page="14430",
        year=2024,
        doi="10.1039/d4cp00262h",
        supplemented=True,
    ),
    Paper(
        label="Gunawan 2026",
        authors=("V. H. Gunawan", "M. Schäfer", "K.-M. Weitzel"),
        title="Charge Attachment Induced Transport times two - sequential double-CAIT in Li3B7O12",
        journal="Phys. Chem. Chem. Phys.",
        year=2026,
        doi="10.1039/D6CP00772D",
    ),
    Paper(
        label="Bosi 2021",
        authors=("M. Bosi", "P. Maass"),
        title=(
            "Predicting conductivities of alkali borophosphate glasses based on site energy distributions derived from "
            "network former unit concentrations"
        ),
        eprint="2111.05666",
        year=2021,
        doi="10.48550/arXiv.2111.05666",
    ),
)

REFERENCES = tuple(sentence for paper in PAPERS for sentence in paper.sentences())
"""The papers in words."""
