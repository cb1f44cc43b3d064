"""Energy scale and noise that were published for some glasses: for which, and what to know where others take them."""

from __future__ import annotations

from dataclasses import dataclass

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.glass import Composition
from ionscape.remarks import Kind, Name, Remark

SAME_CONTENT = 0.01
"""Alkali oxide fractions that differ by no more count as one content, as in a series of measured glasses."""


@dataclass(frozen=True, kw_only=True)
class PublishedParameters:
    """Energy scale and noise that reproduce the activation energies of glasses with one alkali oxide content.

    Attributes:
        alkali: symbol of the ion.
        alkali_oxide_fraction: y of the glasses.
        energy_scale: V0 [eV].
        noise: standard deviation of the noise in units of V0.
    """

    alkali: str
    alkali_oxide_fraction: float
    energy_scale: float
    noise: float

    @property
    def glasses(self) -> str:
        """The glasses in words, such as "0.35 Na2O"."""
        return f"{self.alkali_oxide_fraction:.2f} {self.alkali}2O"


PUBLISHED = (
    PublishedParameters(alkali="Li", alkali_oxide_fraction=0.33, energy_scale=0.64, noise=0.42),
    PublishedParameters(alkali="Na", alkali_oxide_fraction=0.35, energy_scale=0.76, noise=0.30),
    PublishedParameters(alkali="Na", alkali_oxide_fraction=0.40, energy_scale=0.93, noise=0.25),
)
"""Bosi 2021, section V: each pair from the activation energies measured at x = 0 and x = 1 of one content."""


def published_parameters(composition: Composition) -> PublishedParameters:
    """Return the parameters published for the alkali, those of the nearest content where there are several.

    There is nothing between two contents: the values change where the other becomes the nearer one.

    Args:
        composition: the glass; its borate fraction does not count.

    Raises:
        InputError: none are published for this alkali, for two of them, or for glasses with silica.
    """
    if composition.silicate_fraction > 0.0 or composition.second_alkali is not None:
        raise InputError(
            "has no published energy scale and noise", key="glass", value=composition.formula,
            bound="borophosphates with Li or with Na have", remedy="give both",
        )  # fmt: skip
    offered = [entry for entry in PUBLISHED if entry.alkali == composition.alkali]
    if not offered:
        raise InputError(
            "has no published energy scale and noise",
            key="alkali",
            value=composition.alkali,
            bound="Li and Na have",
            remedy="give both",
        )
    return min(offered, key=lambda entry: abs(entry.alkali_oxide_fraction - composition.alkali_oxide_fraction))


def _published(remark: Remark, _: Name) -> str:
    n = remark.numbers
    said = (
        f"The energy scale {n['energy_scale'] / ELECTRON_VOLT:.2f} eV and the noise {n['noise']:.2f} are those"
        f" published for {n['glasses']} (Bosi 2021) and not for y = {n['content']:.4g}"
    )
    for glasses, energy_scale, noise, middle, side in zip(*(n[f"other_{key}"] for key in OF_OTHERS), strict=True):
        said += (
            f"; {side} y = {middle:.4g} those for {glasses} are taken ({energy_scale / ELECTRON_VOLT:.2f} eV and"
            f" {noise:.2f}), so that all energies jump there"
        )
    return f"{said}: give both for this content if they are known."


OF_OTHERS = ("glasses", "energy_scales", "noises", "limits", "sides")
PUBLISHED_FOR_OTHERS = Kind("published_for_another_content", _published)


def published_warnings(composition: Composition) -> tuple[Remark, ...]:
    """Return what to know where a glass takes published parameters although its own content is another one.

    Args:
        composition: of the glass, with an alkali of which there are published parameters.

    Returns:
        One remark; none if the content is that of the glasses for which they were published, within 0.01.

    Raises:
        InputError: none are published for this alkali.
    """
    taken, own = published_parameters(composition), composition.alkali_oxide_fraction
    if abs(own - taken.alkali_oxide_fraction) <= SAME_CONTENT * (1.0 + 1e-9):
        return ()
    others = [entry for entry in PUBLISHED if entry.alkali == taken.alkali and entry is not taken]
    contents = [entry.alkali_oxide_fraction for entry in others]
    return (PUBLISHED_FOR_OTHERS(
        content=own, glasses=taken.glasses, energy_scale=taken.energy_scale * ELECTRON_VOLT, noise=taken.noise,
        other_glasses=tuple(entry.glasses for entry in others),
        other_energy_scales=tuple(entry.energy_scale * ELECTRON_VOLT for entry in others),
        other_noises=tuple(entry.noise for entry in others),
        other_limits=tuple(0.5 * (taken.alkali_oxide_fraction + content) for content in contents),
        other_sides=tuple("above" if content > taken.alkali_oxide_fraction else "up to" for content in contents),
    ),)  # fmt: skip
