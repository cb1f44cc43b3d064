"""The figures of a report, each with the table of what it shows, in SI units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ionscape import figures
from ionscape.figures.fit_values import SAME_OPTIMUM, curve_ions, data_sets, profiled

from .parts import Panel

if TYPE_CHECKING:
    from ionscape.inference import FitResult

ENDINGS = {"": "", "lower 95": "_lower_95", "lower 68": "_lower_68", "upper 68": "_upper_68", "upper 95": "_upper_95"}
BANDS = "Dark bands hold 68 %, light ones 95 %; the lower panel shows them about the curve"


def data_panels(result: FitResult) -> tuple[Panel, ...]:
    """Data, fit and residuals of every data set."""
    found: list[Panel] = []
    for number, (name, ions) in enumerate(data_sets(result)):
        found.append(
            Panel(
                name=_file_name("profile", name, number),
                title=_with_name("Measured and fitted densities", name),
                caption="Points: densities from the counts with the fitted sensitivity factors, the factor common to"
                " all ions of a point divided out, with one standard deviation of counting. Lines: the fit, smeared by"
                " the depth response. Below: residuals in standard deviations, made independent of one another; the"
                " grey band is ±2.",
                figure=figures.fitted_profile(result, number),
                columns=_profile_columns(result, number, ions),
            )
        )
    return tuple(found)


def curve_panels(result: FitResult) -> tuple[Panel, ...]:
    """D(n), activation energies and site energies of every data set."""
    found: list[Panel] = []
    for number, (name, _) in enumerate(data_sets(result)):
        axis = {"Fermi level density (1/m^3)": result.dataset[f"fermi_density_{number}"].values}
        ions = curve_ions(result, "diffusion_coefficient", number)
        found.append(
            Panel(
                name=_file_name("diffusion-coefficient", name, number),
                title=_with_name("Diffusion coefficients D(n)", name),
                caption=f"At the temperature of the stage after which the profile was measured. {BANDS}, in per cent.",
                figure=figures.fitted_diffusion_coefficients(result, number),
                columns={**axis, **_curve_columns(result, "diffusion_coefficient", number, ions, "m^2/s")},
            )
        )
        ions = curve_ions(result, "activation_energy", number)
        found.append(
            Panel(
                name=_file_name("activation-energy", name, number),
                title=_with_name("Activation energies", name),
                caption=f"{BANDS}. An energy that was not varied has no band, however little it is known.",
                figure=figures.fitted_activation_energies(result, number),
                columns={**axis, **_curve_columns(result, "activation_energy", number, ions, "J")},
            )
        )
        ions = curve_ions(result, "site_energy_density", number)
        if ions:
            found.append(
                Panel(
                    name=_file_name("site-energies", name, number),
                    title=_with_name("Site energy distribution", name),
                    caption=f"Sites per energy and volume, from the threshold of long-range transport. {BANDS}.",
                    figure=figures.fitted_site_energies(result, number),
                    columns=_site_energy_columns(result, number, ions),
                )
            )
    return tuple(found)


def parameter_panels(result: FitResult) -> tuple[Panel, ...]:
    """Correlation, starts, and what the method adds: profile likelihoods, the posterior."""
    data = result.dataset
    names = [str(name) for name in data["parameter"].values]
    units = [str(unit) or "1" for unit in data["unit"].values]
    labels = [f"{name} ({unit})" for name, unit in zip(names, units, strict=True)]
    found = [
        Panel(
            name="correlation",
            title="Correlation of the parameters",
            caption="Near ±1 the data tell a combination of two parameters better than either of them.",
            figure=figures.parameter_correlation(result),
            columns={"parameter": names}
            | {name: data["correlation"].values[:, place] for place, name in enumerate(names)},
        ),
        Panel(
            name="starts",
            title="Starts",
            caption=f"Where each start ended; blue: within {SAME_OPTIMUM:g} of the least cost, the same optimum.",
            figure=figures.fit_starts(result),
            columns={"cost": data["start_cost"].values, "simulations": data["start_simulations"].values}
            | {label: data["start_estimate"].values[:, place] for place, label in enumerate(labels)},
        ),
    ]
    places = profiled(result)
    if places:
        columns: dict[str, Any] = {}
        for place in places:
            columns[labels[place]] = data["profile_value"].values[place]
            columns[f"{names[place]} cost"] = data["profile_cost"].values[place]
        found.append(
            Panel(
                name="profile-likelihood",
                title="Profile likelihoods",
                caption="Cost with one parameter held and all others fitted again. Where the curve leaves the parabola"
                " of the standard error, the interval between the crossings with 68 and 95 % is the one to quote.",
                figure=figures.likelihood_profiles(result),
                columns=columns,
            )
        )
    if "sample" in data:
        weights = {"weight": data["weight"].values} if "weight" in data else {}
        found.append(
            Panel(
                name="posterior",
                title="Posterior distribution",
                caption="Draws of the parameters; dashed lines hold 68 %, dotted ones 95 %.",
                figure=figures.posterior_corner(result),
                columns={label: data["sample"].values[:, place] for place, label in enumerate(labels)} | weights,
            )
        )
    return tuple(found)


def _profile_columns(result: FitResult, number: int, ions: Sequence[str]) -> dict[str, Any]:
    data = result.dataset
    columns: dict[str, Any] = {"depth (m)": data[f"depth_{number}"].values}
    kinds = {"measured (1/m^3)": "measured", "counting error (1/m^3)": "measured_error", "fitted (1/m^3)": "fitted",
             "residual (1)": "residual"}  # fmt: skip
    for place, ion in enumerate(ions):
        for label, kind in kinds.items():
            columns[f"{ion} {label}"] = data[f"{kind}_{number}"].values[:, place]
    return columns


def _curve_columns(result: FitResult, kind: str, number: int, ions: Sequence[str], unit: str) -> dict[str, Any]:
    return {
        f"{ion} {label} ({unit})".replace("  ", " "): result.dataset[f"{kind}_{number}_{ion}{ending}"].values
        for ion in ions
        for label, ending in ENDINGS.items()
    }


def _site_energy_columns(result: FitResult, number: int, ions: Sequence[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for ion in ions:
        columns[f"{ion} energy (J)"] = result.dataset[f"energy_{number}_{ion}"].values
        columns |= _curve_columns(result, "site_energy_density", number, [ion], "1/(m^3 J)")
    return columns


def _with_name(title: str, name: str) -> str:
    return f"{title}: {name}" if name else title


def _file_name(kind: str, name: str, number: int) -> str:
    """Name of a table of numbers; letters of a data set that may not stand in a file name are left out."""
    safe = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "-_"))
    return kind if not name else f"{kind}-{number + 1}-{safe}".rstrip("-")
