"""Hops of ions in a landscape of site energies: the landscape, its statistics, percolation.

`generate_landscape` turns a glass into random site energies, `landscape_from_energies` takes one's own;
`activation_energy` and `critical_path` find the best way through them; `chemical_potential`,
`occupations` and `density_of_states` describe their equilibrium;
`conductivity` and `current_distribution` solve the network of link conductances; `kinetic_monte_carlo` lets the ions
hop.
"""

from .barriers import BarrierDistribution, barrier_of_glass_transition
from .conductivity import CurrentDistribution, conductivity, current_distribution
from .coulomb import CoulombInteraction
from .hops import kinetic_monte_carlo
from .hops_of_two_ions import hops_of_two_ions
from .hops_result import Hops, load_hops
from .hops_spectrum import hopping_spectrum
from .jumps import JumpLaw, conductance_network
from .landscape import Landscape, LandscapeModel, child_seed, generate_landscape, published_model
from .lattice import Lattice, Links, links
from .master_curve import random_barrier_conductivity
from .mixed import MixedLandscape, generate_mixed_landscape
from .mixed_transport import mixed_activation_energies, mixed_conductivities
from .mobility import MobileIon, landscape_diffusion
from .mobility_result import Mobility, load_mobility
from .network import Network, NetworkSolution, solve_network
from .percolation import (
    ActivationEnergies,
    CriticalPath,
    activation_energy,
    critical_path,
    sample_activation_energies,
)
from .published import PublishedParameters, published_parameters, published_warnings
from .relaxation import activation_of_maximum, spin_lattice_relaxation
from .site_energies import SiteEnergies, landscape_from_energies
from .spectrum import conductivity_spectrum, kramers_kronig_distance
from .spectrum_result import ConductivitySpectrum, load_spectrum
from .statistics import chemical_potential, density_of_states, occupations

__all__ = [
    "ActivationEnergies",
    "BarrierDistribution",
    "ConductivitySpectrum",
    "CoulombInteraction",
    "CriticalPath",
    "CurrentDistribution",
    "Hops",
    "JumpLaw",
    "Landscape",
    "LandscapeModel",
    "Lattice",
    "Links",
    "MixedLandscape",
    "MobileIon",
    "Mobility",
    "Network",
    "NetworkSolution",
    "PublishedParameters",
    "SiteEnergies",
    "activation_energy",
    "activation_of_maximum",
    "barrier_of_glass_transition",
    "chemical_potential",
    "child_seed",
    "conductance_network",
    "conductivity",
    "conductivity_spectrum",
    "critical_path",
    "current_distribution",
    "density_of_states",
    "generate_landscape",
    "generate_mixed_landscape",
    "hopping_spectrum",
    "hops_of_two_ions",
    "kinetic_monte_carlo",
    "kramers_kronig_distance",
    "landscape_diffusion",
    "landscape_from_energies",
    "links",
    "load_hops",
    "load_mobility",
    "load_spectrum",
    "mixed_activation_energies",
    "mixed_conductivities",
    "occupations",
    "published_model",
    "published_parameters",
    "published_warnings",
    "random_barrier_conductivity",
    "sample_activation_energies",
    "solve_network",
    "spin_lattice_relaxation",
]
