"""Papers whose physics and methods the package implements."""

from __future__ import annotations

REFERENCES = (
    "Gunawan 2024: V. H. Gunawan, M. Schäfer, K.-M. Weitzel, Manifestation of site energy landscapes for ion "
    "transport in borate glasses, Phys. Chem. Chem. Phys. 26, 14430 (2024), https://doi.org/10.1039/d4cp00262h",
    "Gunawan 2024 ESI: electronic supplementary information of the same paper, https://doi.org/10.1039/d4cp00262h",
    "Gunawan 2026: V. H. Gunawan, M. Schäfer, K.-M. Weitzel, Charge Attachment Induced Transport times two - "
    "sequential double-CAIT in Li3B7O12, Phys. Chem. Chem. Phys. (2026), https://doi.org/10.1039/D6CP00772D",
    "Bosi 2021: M. Bosi, P. Maass, Predicting conductivities of alkali borophosphate glasses based on site energy "
    "distributions derived from network former unit concentrations (2021), https://doi.org/10.48550/arXiv.2111.05666",
)
