"""What a fit has to say to the reader of its result: kinds of remarks and their sentences."""

from __future__ import annotations

from ionscape.constants import CHI_SQUARE_95
from ionscape.remarks import Kind, Name, Remark


def _misfit(remark: Remark, _: Name) -> str:
    n = remark.numbers
    where = f" in {n['data_set']}" if n["data_set"] else ""
    told = (
        f"The model misses the data by more than their noise (misfit: p = {n['p_value']:.1g}; reduced chi square"
        f" {n['reduced_chi_square']:.2f} where the counts tell the shares of the ions, correlation of neighbouring"
        f" residuals {n['correlation']:.2f}), most from {n['start'] * 1e9:.3g} to {n['stop'] * 1e9:.3g} nm{where},"
        f" where {'more' if n['excess'] > 0.0 else 'less'} {n['ion']} was measured than fitted."
    )
    if n["discrepancy_sizes"]:
        departures = zip(n["discrepancy_sizes"], n["discrepancy_lengths"], strict=True)
        shown = " and ".join(f"{50.0 * size:.2g} % over {length * 1e9:.2g} nm" for size, length in departures)
        along = " and for the D that the residuals ask for" if n["directed"] else ""
        told += (
            f" Estimates and intervals allow for a smooth discrepancy of the shares of up to {shown}, whose size the"
            f" residuals tell{along}; another error of the model that looks like a change of a parameter stays in that"
            " parameter."
        )
    else:
        told += " Intervals by noise alone are too narrow."
    if not n["proposals"]:
        told += (
            " Look at the residuals, and try what was taken as known: the depth resolution, a foreign ion whose D"
            " depends on density, a further branch of site energies, a background of the native ion."
        )
    return told


def _proposal(remark: Remark, name: Name) -> str:
    n = remark.numbers
    ratio, diffusion = n["ratio"], name(f"ions.{n['ion']}.diffusion")
    change = f"{ratio:.2g} times as large" if ratio > 1.0 else f"{1.0 / ratio:.2g} times smaller"
    return (
        f"The residuals ask for a D of {n['ion']} that depends on its density: {change} at the native density as at"
        f" none (from {n['coefficients'][0]:.3g} to {n['coefficients'][1]:.3g} m^2/s), with a log evidence higher by"
        f' {n["log_evidence_gain"]:.3g}. Try model = "table" in {diffusion} with two densities, and fit its'
        " coefficients[0] and coefficients[1]."
    )


def _pull(remark: Remark, name: Name) -> str:
    n = remark.numbers
    stated, value = (f"{n[key]:.4g} {n['unit']}".rstrip() for key in ("stated", "value"))
    return (
        f"The data draw {name(remark.about[0])} from the stated {stated} to {value}, which is"
        f" {n['standard_errors']:.1f} standard errors of the statement away: it contradicts the data, or the model"
        " does; the other parameters follow it."
    )


def _missed_reading(remark: Remark, _: Name) -> str:
    n = remark.numbers
    where = f" of {n['data_set']}" if n["data_set"] else ""
    side = "above" if n["pull"] > 0.0 else "below"
    return (
        f"The {n['reading']}{where} was measured {abs(n['pull']):.1f} standard deviations {side} what the fit makes of"
        " it: the model, the reading or its error is wrong."
    )


def _background(remark: Remark, name: Name) -> str:
    n = remark.numbers
    ion = n["ion"]
    where = f" in {n['data_set']}" if n["data_set"] else ""
    return (
        f"The counts of {ion}{where} are taken to be free of background, which no chi square shows: one of"
        f" {100.0 * n['background']:g} % of its counts in the bulk would have moved {name(remark.about[0])} by"
        f" {100.0 * n['relative_shift']:+.2g} % ({n['standard_errors']:.2g} of its standard errors), and at most"
        f" {100.0 * n['largest_background']:.2g} % is possible, what is left of {ion} at its least. Give"
        f" {name('measurement.native_background')} if you know it."
    )


def _interval(remark: Remark, name: Name) -> str:
    rises = " and by ".join(f"{rise:.3g} at its {end} end" for end, rise in remark.numbers.items())
    return (
        f"The least-squares interval of {name(remark.about[0])} is not to be trusted: the cost rises by {rises} instead"
        f" of {CHI_SQUARE_95:.2f}; use --method profile-likelihood."
    )


def _open_end(remark: Remark, name: Name) -> str:
    end, reason = remark.numbers["end"], remark.numbers["reason"].rstrip(".")
    return (
        f"{name(remark.about[0])} is undetermined from {SIDES[end]}: its 95 % interval ends at its {end} bound"
        f"{f', since {reason}' if reason else ''}."
    )


SIDES = {"lower": "below", "upper": "above"}
MISFIT = Kind("misfit", _misfit)
PROPOSAL = Kind("density_dependent_coefficient", _proposal)
CONSTANT = Kind(
    "constant_coefficient",
    "D of {ion} is taken as the same at each of its densities. Were ln D a line over the density, the data would not"
    " contradict it (p = {p_value:.2g}), and the interval of {0} would be {widening:.2g} times as wide.",
)
PULL = Kind("pull", _pull)
MISSED_READING = Kind("missed_reading", _missed_reading)
BACKGROUND = Kind("background", _background)


def _at_bound(remark: Remark, name: Name) -> str:
    n = remark.numbers
    if n.get("last", False):
        largest = "largest" if n["side"] == "upper" else "smallest"
        return f"{name(remark.about[0])} is at the {largest} value that it can have: its interval has one side only."
    return f"{name(remark.about[0])} is at its {n['side']} bound: its interval is not to be trusted, widen the bounds."


AT_BOUND = Kind("at_bound", _at_bound)
UNDETERMINED = Kind("undetermined", "The data leave {0} undetermined within its bounds.")
DEPENDS = Kind("depends", "{0} holds for {1} = {values:g}, which was not fitted and on which it depends.")
TOGETHER = Kind("determined_together", "{0} and {1} are determined together only (correlation {correlation:.3f}).")
ONE_START = Kind("one_start", "Only one start reached the best optimum: try more starts.")
NOT_CONVERGED = Kind(
    "not_converged",
    "The best start was given up before it converged ({reason}): these numbers are no estimates yet. Try more starts, a"
    " larger {path[maximum_simulations]} or other bounds.",
)
STOPPED = Kind(
    "stopped",
    "The fit was stopped before it converged: the numbers are those of the best point so far, no estimates, and their"
    " intervals mean nothing yet.",
)
FAILED = Kind("failed_simulations", "{count} simulations failed and were passed over; the first: {first}")
INTERVAL = Kind("interval", _interval)
PROFILED = Kind(
    "profiled", "The profile likelihood gave the intervals of {about}: the likelihood is far from normal there."
)
OPEN_END = Kind("open_end", _open_end)
BETTER_OPTIMUM = Kind(
    "better_optimum",
    "The profile likelihood found a better optimum than the starts of the fit (cost {cost:.6g} instead of"
    " {before:.6g}), which is now the result: try more starts.",
)
SIDE_FAILED = Kind("profile_side_failed", "The profile likelihood of {0} failed from {side}: {reason}")
PROFILE_FAILED = Kind(
    "failed_profile_simulations", "{count} simulations of the profile likelihood failed; the first: {first}"
)
POSTERIOR_OPEN_END = Kind(
    "posterior_open_end", "{0} is undetermined from {side}: the posterior extends to its {end} bound."
)
POSTERIOR_FAILED = Kind(
    "failed_posterior_simulations",
    "{count} simulations of the posterior failed and were left out; the first: {first}",
)
