"""What the reference measurement of the untouched glass says of the parameters of a fit, before it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.reference import Reference
from ionscape.wording import join_path

from .parameters import Follows, Parameter, Prior

COEFFICIENTS = ("bulk_coefficient", "coefficient")


def with_reference(
    parameters: Sequence[Parameter], experiments: Sequence[Experiment], reference: Reference
) -> tuple[Parameter, ...]:
    """The parameters with a prior of the native coefficient and its activation energy, which are known together.

    Both are normal in ln D and E with the covariance of the reference. One after the other: E has its own error; ln D
    at the reference temperature of the experiment moves with E, and has the error that is left when E is given. Where E
    is not free, ln D has its whole error.

    Args:
        parameters: of the fit.
        experiments: of its data sets.
        reference: of the same glass.

    Raises:
        InputError: neither is free, one has a prior already, the glass has several mobile native ions, or data sets
            with different ones.
    """
    name, coefficient, energy = _paths(experiments)
    free = {parameter.name: parameter for parameter in parameters}
    if coefficient not in free and energy not in free:
        raise InputError(
            f"says something of D and the activation energy of {name}, and neither is free", key="reference",
            remedy=f"add {coefficient} to [fit.parameters]",
        )  # fmt: skip
    for path in (coefficient, energy):
        if path in free and free[path].prior is not None:
            raise InputError("has a prior beside the reference", key=join_path(("fit", "parameters", path, "prior")),
                             remedy="leave one of them out")  # fmt: skip
    experiment = experiments[0]
    model = experiment.ions[name].diffusion
    mean, covariance = reference.diffusion_prior(
        float(getattr(model, "reference_temperature")), density=experiment.sample.native[name],  # noqa: B009
        charge=experiment.ions[name].charge,
    )  # fmt: skip
    slope = covariance[0, 1] / covariance[1, 1]
    follows, variance = None, covariance[0, 0]
    if energy in free:
        follows = Follows(name=energy, mean=float(mean[1]), slope=float(slope))
        variance = covariance[0, 0] - slope * covariance[0, 1]
    priors = {
        coefficient: Prior(mean=float(mean[0]), standard_deviation=math.sqrt(variance), scale="log", follows=follows),
        energy: Prior(mean=float(mean[1]), standard_deviation=math.sqrt(covariance[1, 1]), scale="linear"),
    }
    return tuple(replace(each, prior=priors[each.name]) if each.name in priors else each for each in parameters)


def _paths(experiments: Sequence[Experiment]) -> tuple[str, str, str]:
    """The native ion that carries the current, and the paths of its coefficient and activation energy."""
    found: set[tuple[str, str]] = set()
    for experiment in experiments:
        mobile = [name for name in experiment.sample.native if name not in experiment.immobile_ions]
        if len(mobile) != 1:
            raise InputError(f"is of one mobile ion, and the glass has {len(mobile)}", key="reference",
                             remedy="state priors in [fit.parameters]")  # fmt: skip
        model = experiment.ions[mobile[0]].diffusion
        key = next((key for key in COEFFICIENTS if getattr(model, key, None) is not None), None)
        if key is None:
            raise InputError(f"is a coefficient with an activation energy, and {mobile[0]} has another model",
                             key="reference", remedy="state priors in [fit.parameters]")  # fmt: skip
        found.add((mobile[0], key))
    if len(found) != 1:
        names = ", ".join(sorted(name for name, _ in found))
        raise InputError(f"is of one glass, and the data sets have {names}", key="reference",
                         remedy="state priors in [fit.parameters]")  # fmt: skip
    ((name, key),) = found
    return (
        name,
        join_path(("ions", name, "diffusion", key)),
        join_path(("ions", name, "diffusion", "activation_energy")),
    )
