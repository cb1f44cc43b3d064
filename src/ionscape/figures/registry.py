"""All figures of results by name: for which kind of result there is one, and what can be chosen about it.

The command line, the report and the workbench read it; nothing that draws is loaded before the first figure is made.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from ionscape.errors import InputError

if TYPE_CHECKING:
    from .plot import Plot
    from .render_matplotlib import Drawing

Owner = Literal["simulation", "profile", "fit", "series", "sweep", "hops", "hops of glasses", "spectrum",
                "spectra of glasses", "mobility", "reference"]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FigureEntry:
    """One figure of a kind of result.

    Attributes:
        name: on the command line.
        of: the kind of result.
        function: its name in `ionscape.figures`.
        shows: what, in a few words.
        choices: argument of the function by the name of what can be chosen.
        of_experiment: whether it is drawn of the experiment of the result.
    """

    name: str
    of: Owner
    function: str
    shows: str
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    of_experiment: bool = False

    @property
    def drawing(self) -> Drawing[...]:
        """The function that draws it, and whose `plot` gives it as data."""
        return getattr(import_module("ionscape.figures"), self.function)

    def plot(self, result: Any, **chosen: Any) -> Plot:
        """The figure of a result as data.

        Args:
            result: of the kind `of`.
            chosen: by the names of `choices`; those that are None stay at their defaults.

        Raises:
            InputError: the result does not hold what the figure shows, or a choice cannot be made.
        """
        arguments = {self.choices[name]: value for name, value in chosen.items() if value is not None}
        return self.drawing.plot(result.experiment if self.of_experiment else result, **arguments)


_TIMES, _NUMBER = {"times": "times"}, {"data_set": "number"}
FIGURES = (
    FigureEntry(name="overview", of="simulation", function="overview", shows="the main figures of a run on one page"),
    FigureEntry(name="profiles", of="simulation", function="depth_profiles", shows="densities over depth",
                choices={**_TIMES, "normalised": "normalised"}),
    FigureEntry(name="diffusion", of="simulation", function="diffusion_coefficients", of_experiment=True,
                choices={"stage": "stages"}, shows="diffusion coefficients D(n)"),
    FigureEntry(name="diffusion-depth", of="simulation", function="diffusion_over_depth", choices=_TIMES,
                shows="diffusion coefficients over depth"),
    FigureEntry(name="energies", of="simulation", function="site_energy_distribution", shows="site energies of an ion",
                choices={"ion": "ion", "stage": "stage", "moved": "moved_fraction"}, of_experiment=True),
    FigureEntry(name="populations", of="simulation", function="local_populations",
                shows="who sits on which site energies at a depth", choices={"times": "time", "depth": "depth"}),
    FigureEntry(name="current", of="simulation", function="current_and_charge", shows="current and charge over time"),
    FigureEntry(name="potential", of="simulation", function="potential", shows="potential over depth", choices=_TIMES),
    FigureEntry(name="stress", of="simulation", function="stress_figure", choices=_TIMES,
                shows="stress of the exchanged plate over depth and time"),
    FigureEntry(name="index", of="simulation", function="index_figure", choices=_TIMES,
                shows="refractive index over depth"),
    FigureEntry(name="modes", of="simulation", function="result_modes", choices={"times": "time"},
                shows="guided modes of the index profile"),
    FigureEntry(name="densities", of="profile", function="calibrated_profile", shows="densities and charge balance"),
    FigureEntry(name="counts", of="profile", function="raw_counts", shows="counts of the channels"),
    FigureEntry(name="profiles", of="fit", function="fitted_profile", choices=_NUMBER,
                shows="measured and fitted densities with their residuals"),
    FigureEntry(name="diffusion", of="fit", function="fitted_diffusion_coefficients", choices=_NUMBER,
                shows="diffusion coefficients D(n)"),
    FigureEntry(name="activation-energy", of="fit", function="fitted_activation_energies", choices=_NUMBER,
                shows="activation energies"),
    FigureEntry(name="energies", of="fit", function="fitted_site_energies", choices=_NUMBER, shows="site energies"),
    FigureEntry(name="correlation", of="fit", function="parameter_correlation", shows="correlation of the parameters"),
    FigureEntry(name="starts", of="fit", function="fit_starts", shows="where each start of the search ended"),
    FigureEntry(name="likelihoods", of="fit", function="likelihood_profiles", shows="profile likelihoods"),
    FigureEntry(name="posterior", of="fit", function="posterior_corner", shows="draws of the posterior"),
    FigureEntry(name="readings", of="fit", function="fitted_readings",
                shows="readings of stress and effective indices beside the fit"),
    FigureEntry(name="activation-energy", of="series", function="activation_energies",
                shows="activation energies over the mixing ratio"),
    FigureEntry(name="conductivity", of="series", function="conductivities",
                shows="conductivities over the mixing ratio"),
    FigureEntry(name="displacements", of="hops", function="hop_displacements",
                shows="mean-square displacements over the lag, and their slopes"),
    FigureEntry(name="displacements", of="hops of glasses", function="hop_displacements",
                shows="mean-square displacements over the lag, and their slopes"),
    FigureEntry(name="network", of="hops of glasses", function="hop_conductivities",
                shows="conductivities of hops and network over the temperature, and their ratio"),
    *(FigureEntry(name="density-of-states", of=owner, function="hop_density_of_states",
                  shows="energies of single sites with the potential of all other ions, occupied and vacant")
      for owner in ("hops", "hops of glasses")),
    *(entry for owner in ("spectrum", "spectra of glasses") for entry in (
        FigureEntry(name="frequency", of=owner, function="conductivity_spectra",
                    shows="real and imaginary part of the conductivity over the frequency"),
        FigureEntry(name="scaled", of=owner, function="scaled_spectra",
                    shows="spectra scaled to one curve, beside that of random barriers"),
    )),
    FigureEntry(name="relaxation", of="spectra of glasses", function="relaxation_rates",
                shows="spectral densities of the occupations, and rates of spin-lattice relaxation"),
    FigureEntry(name="mobility", of="mobility", function="landscape_mobility",
                shows="D over the share of native ions, or over the filling"),
    FigureEntry(name="arrhenius", of="reference", function="reference_arrhenius",
                shows="conductivities over 1/T with their law and what is left"),
    FigureEntry(name="values", of="sweep", function="swept_values", shows="charge, front and plateau over a parameter"),
    FigureEntry(name="arrhenius", of="series", function="arrhenius_plot", shows="Arrhenius plots"),
)  # fmt: skip


def figures_of(kind: str) -> dict[str, FigureEntry]:
    """The figures of a kind of result by name."""
    return {entry.name: entry for entry in FIGURES if entry.of == kind}


def plots_of(kind: str, result: Any, *, data_sets: int = 1) -> list[Plot]:
    """Every figure that a result has numbers for, see `named_plots`."""
    return [plot for *_, plot in named_plots(kind, result, data_sets=data_sets)]


def named_plots(
    kind: str, result: Any, *, data_sets: int = 1, names: Container[str] | None = None
) -> Iterator[tuple[str, int | None, Plot]]:
    """Figures that a result has numbers for, with defaults; those of data sets once for each.

    Args:
        kind: of the result.
        result: of that kind.
        data_sets: of a fit.
        names: of the figures; all if None.

    Yields:
        Name of the figure, data set counted from 0 or None, and the figure as data.
    """
    for figure in figures_of(kind).values():
        if names is not None and figure.name not in names:
            continue
        for number in range(data_sets) if "data_set" in figure.choices else (None,):
            try:
                yield figure.name, number, figure.plot(result, data_set=number)
            except InputError:
                continue  # the result holds nothing of it
