"""Figures of measurements, simulations, fits and glasses.

Every function that draws returns a matplotlib Figure and touches no global state; its attribute `plot` is the function
that gives the same figure as data (`ionscape.figures.plot.Plot`). matplotlib is loaded when the first is drawn.
"""

from ionscape.lazy import lazy_names

__getattr__, __all__ = lazy_names(__name__, __file__)
