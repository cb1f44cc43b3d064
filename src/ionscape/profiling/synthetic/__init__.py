"""Synthetic measurements of simulations and of known densities, with the truth beside them."""

from ionscape.profiling.synthetic.density_profile import (
    DensityProfile,
    convolved_densities,
    profile_from_densities,
    profile_from_result,
)
from ionscape.profiling.synthetic.instruments import Instrument, Profilometer, channel_name, scan_crater
from ionscape.profiling.synthetic.measurement import SyntheticMeasurement, synthesise

__all__ = [
    "DensityProfile",
    "Instrument",
    "Profilometer",
    "SyntheticMeasurement",
    "channel_name",
    "convolved_densities",
    "profile_from_densities",
    "profile_from_result",
    "scan_crater",
    "synthesise",
]
