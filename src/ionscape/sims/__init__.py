"""From raw ToF-SIMS counts to calibrated concentration depth profiles."""

from ionscape.sims.calibrate import calibrate
from ionscape.sims.crater import CraterDepth, CraterScan, crater_depth, read_crater_scan
from ionscape.sims.inspection import Inspection, inspect
from ionscape.sims.load import Measurement, load_measurement, make_measurement
from ionscape.sims.profile import DepthProfile, load_profile
from ionscape.sims.raw import Channel, RawProfile
from ionscape.sims.readers import make_raw_profile, read_raw_profile, write_raw_profile
from ionscape.sims.resolution import GaussianResponse, MixingRoughnessInformationResponse, estimate_resolution
from ionscape.sims.synthesis import Instrument, SyntheticMeasurement, synthesise

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
