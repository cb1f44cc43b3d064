"""Whether a model can describe an experiment at all."""

from __future__ import annotations

from ionscape.diffusivity import PopulationDiffusion
from ionscape.errors import InputError
from ionscape.experiment import Experiment, is_immobile
from ionscape.experiment.native_glass import motionless_ions
from ionscape.files.quantities import format_quantity


def refuse_without_charge(experiment: Experiment) -> None:
    """Refuse stages whose current only charges a zone beside a face that lets nothing pass.

    Without a permittivity there is no such zone: the electroneutral limit of these stages is no current at all, in a
    glass that is left to itself, whatever the potential. A current flows where ions of the sign that the potential
    drives into the sample come in at the surface, and some leave at the back; that electrode gives none back.

    Args:
        experiment: that is to be simulated with the electroneutral model.

    Raises:
        InputError: names the first such stage, the face and the remedy.
    """
    pieces = experiment.in_pieces()
    for number, index in enumerate(pieces.stages):
        for side in (pieces.starts, pieces.ends):
            potential = side.stages[number].surface_law().potential or 0.0
            reason = None if potential == 0.0 else _closed_face(side, number, potential)
            if reason is not None:
                raise InputError(
                    f"{reason}, so that {format_quantity(potential, 'voltage')} only charges the glass there, and the"
                    " electroneutral model, which has no charge, would give no current at all",
                    file=experiment.file, key=f"stages[{index}]",
                    remedy='simulate it with the full model (--model full, or Settings(model="full"))',
                )  # fmt: skip


def refuse_beside_populations(experiment: Experiment) -> None:
    """Refuse what populations resolved in energy do not go with.

    Args:
        experiment: that is to be simulated.

    Raises:
        InputError: names what it is, and the remedy.
    """
    names = ions_with_populations(experiment)
    if not names:
        return
    first, key, remedy = names[0], None, ""
    if experiment.cross_terms.given:
        key, remedy = "cross_terms", f'leave it out, or describe {first} by model = "site-energies"'
    elif experiment.grid.kind == "moving":
        key, remedy = "grid.kind", 'leave it out, or choose "fixed"'
    if key is not None:
        problem = f"does not go with populations, which {first} has"
        raise InputError(problem, file=experiment.file, key=key, remedy=remedy)


def ions_with_populations(experiment: Experiment) -> tuple[str, ...]:
    """Names of the ions whose populations on the energies of their sites are followed."""
    stages = range(len(experiment.stages))
    return tuple(
        name for name in experiment.ions
        if any(isinstance(experiment.diffusion_model(name, index), PopulationDiffusion) for index in stages)
    )  # fmt: skip


def _closed_face(experiment: Experiment, index: int, potential: float) -> str | None:
    """Which face lets no ion pass that the potential drives into the sample, in words; None if both do."""
    law = experiment.stages[index].surface_law()
    specifications, motionless = experiment.diffusion_specifications(index), motionless_ions(experiment)
    driven = {
        name
        for name, ion in experiment.ions.items()
        if ion.charge * potential > 0.0 and name not in motionless and not is_immobile(specifications[name])
    }
    if law.blocks:
        return "has a contact that lets no ion pass"
    if law.composition is not None and not driven & set(law.composition):
        return "draws ions out to the contact for which the back electrode gives none back"
    deposits = experiment.back_electrode.deposits
    arriving = driven & set(experiment.sample.native) or driven
    if deposits is not None and not arriving & set(deposits):
        return "has a back electrode that takes none of the ions that arrive there"
    return None
