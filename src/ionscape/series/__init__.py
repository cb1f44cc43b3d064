"""Series of glasses: from compositions to activation energies and conductivities.

`load_series` reads a series file, `run_series` calculates every landscape of every composition and averages,
`fit_energy_scale` finds the parameters of the landscape from measured activation
energies. `load_hops_file` and `run_hops` do the same for hops in time.
"""

from ionscape.series.fit import EnergyScaleFit, fit_energy_scale
from ionscape.series.frequency import FrequencyFit, fit_attempt_frequency
from ionscape.series.hops_file import HopsFile, load_hops_file, parse_hops_file
from ionscape.series.hops_result import HopsOfGlasses, load_hops_result
from ionscape.series.hops_run import run_hops
from ionscape.series.hops_settings import hops_schema
from ionscape.series.load import Series, load_series, parse_series
from ionscape.series.mobility_run import run_mobility
from ionscape.series.result import SeriesResult, load_series_result
from ionscape.series.run import run_series
from ionscape.series.settings import series_schema
from ionscape.series.spectra_result import SpectraOfGlasses, load_spectra
from ionscape.series.spectra_run import run_spectra

__all__ = [
    "EnergyScaleFit",
    "FrequencyFit",
    "HopsFile",
    "HopsOfGlasses",
    "Series",
    "SeriesResult",
    "SpectraOfGlasses",
    "fit_attempt_frequency",
    "fit_energy_scale",
    "hops_schema",
    "load_hops_file",
    "load_hops_result",
    "load_series",
    "load_series_result",
    "load_spectra",
    "parse_hops_file",
    "parse_series",
    "run_hops",
    "run_mobility",
    "run_series",
    "run_spectra",
    "series_schema",
]
