"""The experiment: sample, chamber, ions and stages, read from a TOML file."""

from ionscape.experiment.cross_terms import CrossTerms
from ionscape.experiment.data import Pieces
from ionscape.experiment.diffusion import (
    ConstantSpecification,
    DiffusionSpecification,
    PopulationSpecification,
    SiteEnergySpecification,
    TableSpecification,
    is_immobile,
    make_diffusion_model,
)
from ionscape.experiment.load import experiment_schema, load_experiment, parse_experiment
from ionscape.experiment.melts import Isotherm
from ionscape.experiment.models import Experiment
from ionscape.experiment.parts import (
    BackElectrode,
    Chamber,
    GridSpecification,
    Ion,
    Sample,
)
from ionscape.experiment.sites import Sites
from ionscape.experiment.stages import Contact, Irradiation, Stage, StageTable, Storage, SurfaceLaw

__all__ = [
    "BackElectrode",
    "Chamber",
    "ConstantSpecification",
    "Contact",
    "CrossTerms",
    "DiffusionSpecification",
    "Experiment",
    "GridSpecification",
    "Ion",
    "Irradiation",
    "Isotherm",
    "Pieces",
    "PopulationSpecification",
    "Sample",
    "SiteEnergySpecification",
    "Sites",
    "Stage",
    "StageTable",
    "Storage",
    "SurfaceLaw",
    "TableSpecification",
    "experiment_schema",
    "is_immobile",
    "load_experiment",
    "make_diffusion_model",
    "parse_experiment",
]
