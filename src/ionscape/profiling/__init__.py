"""From raw ToF-SIMS counts to calibrated concentration depth profiles."""

from ionscape.profiling.calibrate import calibrate
from ionscape.profiling.crater import CraterDepth, crater_depth
from ionscape.profiling.crater_scan import CraterScan, read_crater_scan
from ionscape.profiling.inspection import Inspection, inspect
from ionscape.profiling.load import Measurement, load_measurement, make_measurement
from ionscape.profiling.profile import DepthProfile, load_profile
from ionscape.profiling.raw import Channel, RawProfile
from ionscape.profiling.readers import make_raw_profile, read_raw_profile, write_raw_profile
from ionscape.profiling.resolution import GaussianResponse, MixingRoughnessInformationResponse
from ionscape.profiling.resolution_estimate import estimate_resolution
from ionscape.profiling.synthetic import Instrument, SyntheticMeasurement, synthesise

__all__ = [
    "Channel",
    "CraterDepth",
    "CraterScan",
    "DepthProfile",
    "GaussianResponse",
    "Inspection",
    "Instrument",
    "Measurement",
    "MixingRoughnessInformationResponse",
    "RawProfile",
    "SyntheticMeasurement",
    "calibrate",
    "crater_depth",
    "estimate_resolution",
    "inspect",
    "load_measurement",
    "load_profile",
    "make_measurement",
    "make_raw_profile",
    "read_crater_scan",
    "read_raw_profile",
    "synthesise",
    "write_raw_profile",
]
