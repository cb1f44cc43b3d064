"""Random experiments that are valid, physically meaningful and wide: what the solver must cope with.

`random_experiment` is the one implementation; `experiments` wraps it for hypothesis, `benchmarks/robustness.py` calls
it with seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ionscape.errors import toml_value

ELEMENTARY_CHARGE = 1.602176634e-19
BOLTZMANN_CONSTANT = 1.380649e-23
VACUUM_PERMITTIVITY = 8.8541878188e-12

CATIONS = ("Li", "Na", "K", "Rb")
ANIONS = ("F", "Cl", "Br", "I")

Data = dict[str, Any]


def experiments() -> st.SearchStrategy[str]:
    """Experiment files (TOML) that hypothesis picks by a seed, and so reports by it."""
    seeds = st.integers(min_value=0, max_value=2**32 - 1)
    return seeds.map(lambda seed: random_experiment(np.random.default_rng(seed)))


def random_experiment(rng: np.random.Generator) -> str:
    """Text of a random valid experiment file.

    1-4 ions of either sign (immobile ones too), D ratios 1e-6 to 1e6, 0.01-1000 V, 1 um-5 mm, 1 s-1000 h, 250-700 K,
    densities 1e25-3e28 per m^3, D(n) sharp and smooth, 1-3 stages of every kind, programmes in time in a fifth of them.
    """
    data = random_experiment_data(rng)
    return as_toml(with_programmes(data, rng) if rng.random() < 0.2 else data)


def with_populations(data: Data, rng: np.random.Generator) -> Data:
    """An experiment whose mobile native ions of the first one's sign share sites, with some of the other mobile ones.

    Release rates over twelve decades, hops, sites with and without traps, few and many empty ones.
    """
    ions, native = data["ions"], data["sample"]["native"]
    alike = [
        name for name, ion in ions.items()
        if ion["charge"] * next(iter(ions.values()))["charge"] > 0
        and ion["diffusion"].get("coefficient") != "0 m^2/s" and (name in native or rng.random() < 0.8)
    ]  # fmt: skip
    sites: Data = {
        "holds": [name for name in alike if name in native],
        "excess_sites": round(_log_uniform(rng, 0.02, 1.0), 4),
        "width": f"{rng.uniform(0.03, 0.25):.4f} eV",
    }
    if rng.random() < 0.2:
        sites |= {"shape": "gaussian", "width": f"{rng.uniform(0.02, 0.1):.4f} eV"}
    if rng.random() < 0.5:
        sites |= {
            "trapped_fraction": round(_log_uniform(rng, 0.005, 0.5), 4),
            "trapped_width": f"{rng.uniform(0.02, 0.1):.4f} eV",
        }
    tables = {name: {**ion} for name, ion in ions.items()}
    for name in alike:
        given = ions[name]["diffusion"]
        released = {"release_rate": f"{_log_uniform(rng, 1e-6, 1e6):.6g} 1/s"}
        tables[name]["diffusion"] = {
            "model": "populations",
            "sites": "shared",
            "bulk_coefficient": f"{_log_uniform(rng, 1e-24, 1e-14):.6g} m^2/s",
            "reference_temperature": given["reference_temperature"],
            "activation_energy": given["activation_energy"],
            **(released if rng.random() < 0.7 else {"hop_length": f"{rng.uniform(2.0, 20.0):.4g} angstrom"}),
        }
    stages = [
        {key: value for key, value in stage.items() if key != "diffusion"} for stage in data["stages"]
    ]  # fmt: skip
    return {**data, "ions": tables, "stages": stages, "sites": {"shared": sites}}


def random_populations(rng: np.random.Generator) -> str:
    """Text of a random valid experiment file with populations resolved in energy."""
    data = with_populations(random_experiment_data(rng), rng)
    return as_toml(with_programmes(data, rng) if rng.random() < 0.2 else data)


def as_toml(data: Data) -> str:
    """Nested tables as a TOML text, one line for each key of the top level."""
    return "\n".join(f"{key} = {toml_value(value)}" for key, value in data.items()) + "\n"


def random_experiment_data(rng: np.random.Generator) -> Data:
    """The tables of a random valid experiment file."""
    polarity = -1 if rng.random() < 0.12 else 1
    ions = _random_ions(rng, polarity)
    names = list(ions)
    native = _random_native(rng, ions, polarity)
    temperature = float(rng.uniform(250.0, 700.0))
    bulk = _bulk_density(ions, native)
    for name, ion in ions.items():
        if ion["mobile"]:
            counts = _fermi_level_counts(rng, name, ions)
            ion["diffusion"] = _random_diffusion(rng, ion["scale"], bulk, temperature, counts)
    sample: Data = {
        "thickness": f"{_log_uniform(rng, 1e-6, 5e-3):.6g} m",
        "illuminated_area": f"{_log_uniform(rng, 1e-6, 1e-3):.6g} m^2",
        "relative_permittivity": round(float(rng.uniform(2.0, 20.0)), 3),
        "native": {name: f"{density:.8g} 1/m^3" for name, density in native.items()},
    }
    tables = {name: {"charge": ion["charge"], "diffusion": ion["diffusion"]} for name, ion in ions.items()}
    stages = [
        _random_stage(rng, ions, native, polarity, temperature, sample)
        for _ in range(int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])))
    ]
    data: Data = {"title": "random experiment", "sample": sample, "ions": tables, "stages": stages}
    if rng.random() < 0.3:
        data["chamber"] = {"aperture_distance": f"{_log_uniform(rng, 1e-3, 1e-1):.4g} m"}
    if rng.random() < 0.2:
        mobile = [name for name in names if ions[name]["mobile"]]
        data["back_electrode"] = {"deposits": [name for name in mobile if rng.random() < 0.6]}
    return data


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _random_ions(rng: np.random.Generator, polarity: int) -> dict[str, Data]:
    """Names, charges and coefficients at the temperature of the first stage; the first two ions are mobile."""
    count = int(rng.choice([1, 2, 3, 4], p=[0.1, 0.45, 0.3, 0.15]))
    scale = _log_uniform(rng, 1e-24, 1e-14)
    ions: dict[str, Data] = {}
    for index in range(count):
        foreign_sign = index >= 2 and rng.random() < 0.3
        sign = -polarity if foreign_sign else polarity
        charge = sign * (2 if rng.random() < 0.2 else 1)
        immobile = index >= 2 and rng.random() < 0.25
        ratio = 1.0 if index == 0 else _log_uniform(rng, 1e-6, 1e6)
        ions[(CATIONS if sign > 0 else ANIONS)[index]] = {
            "charge": charge,
            "mobile": not immobile,
            "scale": min(scale * ratio, 1e-10),
            "diffusion": {"model": "constant", "coefficient": "0 m^2/s"},
        }
    return ions


def _random_native(rng: np.random.Generator, ions: dict[str, Data], polarity: int) -> dict[str, float]:
    """Native densities; mobile ions of the main sign always outweigh those of the other."""
    names = list(ions)
    native = {names[0]: _log_uniform(rng, 1e25, 3e28)}
    for name in names[1:]:
        if rng.random() < 0.35:
            main = polarity * ions[name]["charge"] > 0
            native[name] = native[names[0]] * _log_uniform(rng, 1e-3, 3.0 if main else 0.2)
    return {name: min(max(density, 1e24), 6e28) for name, density in native.items()}


def _bulk_density(ions: dict[str, Data], native: dict[str, float]) -> float:
    return sum(density for name, density in native.items() if ions[name]["mobile"])


def _fermi_level_counts(rng: np.random.Generator, name: str, ions: dict[str, Data]) -> list[str] | None:
    if rng.random() < 0.75:
        return None
    return [name] + [other for other in ions if other != name and ions[other]["mobile"] and rng.random() < 0.5]


def _random_diffusion(
    rng: np.random.Generator, scale: float, bulk: float, temperature: float, counts: list[str] | None
) -> Data:
    kind = rng.choice(["constant", "table", "sharp", "unbranched", "gaussian"], p=[0.3, 0.12, 0.2, 0.1, 0.28])
    common: Data = {
        "reference_temperature": f"{temperature:.8g} K",
        "activation_energy": f"{rng.uniform(0.3, 1.2):.4f} eV",
    }
    if kind == "constant":
        return {"model": "constant", "coefficient": f"{scale:.6g} m^2/s", **common}
    if counts is not None:
        common["fermi_level_counts"] = counts
    if kind == "table":
        knots = int(rng.integers(2, 7))
        densities = np.sort(rng.uniform(0.0, 1.5, knots)) + 0.02 * np.arange(knots)
        exponents = rng.uniform(-3.0, 3.0) + np.cumsum(rng.uniform(-1.0, 1.0, knots))
        return {
            "model": "table",
            "densities": [f"{density * bulk:.8g} 1/m^3" for density in densities],
            "coefficients": [f"{scale * 10.0**exponent:.6g} m^2/s" for exponent in np.clip(exponents, -3.0, 3.0)],
            **common,
        }
    data: Data = {
        "model": "site-energies",
        "bulk_coefficient": f"{scale:.6g} m^2/s",
        "width": f"{rng.uniform(0.03, 0.25):.4f} eV",
        "excess_sites": round(_log_uniform(rng, 0.02, 1.0), 4),
        **common,
    }
    if kind == "gaussian":
        # a gaussian has no lower end: with a wider one D spans tens of decades, which no glass does
        data |= {"shape": "gaussian", "width": f"{rng.uniform(0.02, 0.1):.4f} eV"}
    if kind == "sharp" or (kind == "gaussian" and rng.random() < 0.5):
        data["trapped_fraction"] = round(_log_uniform(rng, 0.005, 0.5), 4)
        data["trapped_width"] = f"{rng.uniform(0.02, 0.1):.4f} eV"
    return data


def _random_stage(
    rng: np.random.Generator,
    ions: dict[str, Data],
    native: dict[str, float],
    polarity: int,
    temperature: float,
    sample: Data,
) -> Data:
    kinds = ["irradiation", "contact", "melt", "blocking", "storage"]
    kind = str(rng.choice(kinds, p=[0.45, 0.2, 0.12, 0.11, 0.12]))
    here = temperature if rng.random() < 0.6 else float(np.clip(temperature + rng.uniform(-60, 60), 250.0, 700.0))
    stage: Data = {"temperature": f"{here:.8g} K", "duration": f"{_log_uniform(rng, 1.0, 3.6e6):.6g} s"}
    if kind == "irradiation":
        stage |= _irradiation(rng, ions, native, here, sample)
    elif kind == "contact":
        stage |= {"kind": "contact", "potential": _contact_potential(rng, polarity)}
        stage["composition"] = _composition(rng, ions, native, polarity)
    elif kind == "melt":
        stage |= {"kind": "contact", **_melt(rng, _composition(rng, ions, native, polarity), ions)}
    elif kind == "blocking":
        stage |= {"kind": "contact", "potential": _contact_potential(rng, polarity), "blocking": True}
    else:
        stage["kind"] = "storage"
    if rng.random() < 0.12:
        name = str(rng.choice([name for name in ions if ions[name]["mobile"]]))
        scale = ions[name]["scale"] * _log_uniform(rng, 0.1, 10.0)
        bulk = _bulk_density(ions, native)
        stage["diffusion"] = {name: _random_diffusion(rng, scale, bulk, temperature, None)}
    return stage


def _irradiation(
    rng: np.random.Generator, ions: dict[str, Data], native: dict[str, float], temperature: float, sample: Data
) -> Data:
    mobile = [name for name in ions if ions[name]["mobile"]]
    main = next(iter(ions))
    same_sign = [name for name in mobile if ions[name]["charge"] * ions[main]["charge"] > 0]
    # a beam of the other sign lets ions pile up at the surface: valid, but not the common case
    beam = str(rng.choice(same_sign if rng.random() < 0.9 else mobile))
    potential = _log_uniform(rng, 0.01, 1000.0)
    stage: Data = {"kind": "irradiation", "beam": beam}
    stage["source_potential"] = f"{np.sign(ions[beam]['charge']) * potential:.6g} V"
    if rng.random() < 0.5:
        thickness = float(sample["thickness"].split()[0])
        area = float(sample["illuminated_area"].split()[0])
        mobility = sum(ions[name]["charge"] ** 2 * ions[name]["scale"] * native[name] for name in native)
        field = potential / thickness
        conducted = ELEMENTARY_CHARGE**2 / (BOLTZMANN_CONSTANT * temperature) * mobility * field * area
        stage["beam_current"] = f"{conducted * _log_uniform(rng, 1e-3, 1e3):.6g} A"
    return stage


def _contact_potential(rng: np.random.Generator, polarity: int) -> str:
    if rng.random() < 0.3:
        return "0 V"
    sign = polarity if rng.random() < 0.7 else -polarity
    return f"{sign * _log_uniform(rng, 0.01, 1000.0):.6g} V"


def _melt(rng: np.random.Generator, composition: dict[str, float], ions: dict[str, Data]) -> Data:
    """Open circuit: a surface held at a composition, or one in equilibrium with a melt."""
    alike = len({ions[name]["charge"] for name in composition}) == 1
    if len(composition) != 2 or not alike or rng.random() < 0.5:
        return {"composition": composition}
    isotherm: Data = {"entering": str(rng.choice(list(composition)))}
    isotherm["equilibrium_constant"] = round(_log_uniform(rng, 1e-3, 1e3), 6)
    isotherm["exponent"] = round(float(rng.uniform(0.5, 3.0)), 4)
    return {"melt": composition, "isotherm": isotherm}


def _composition(
    rng: np.random.Generator, ions: dict[str, Data], native: dict[str, float], polarity: int
) -> dict[str, float]:
    """Shares of ions that move: native ones that hardly do count as immobile, and no contact may name them."""
    carried = {name: ions[name]["charge"] ** 2 * density * ions[name]["scale"] for name, density in native.items()}
    still = {name for name, part in carried.items() if part < 1e-4 * max(carried.values())}
    names = [
        name for name in ions if ions[name]["charge"] * polarity > 0 and ions[name]["mobile"] and name not in still
    ]
    if not names:  # an immobile ion was counted among those that carry
        names = [name for name in ions if ions[name]["charge"] * polarity > 0 and ions[name]["mobile"]][:1]
    chosen = [name for name in names if rng.random() < 0.7] or names[-1:]
    parts = rng.dirichlet(np.ones(len(chosen)))
    fractions = [round(float(part), 9) for part in parts[:-1]]
    return dict(zip(chosen, [*fractions, 1.0 - sum(fractions)], strict=True))


def with_programmes(data: Data, rng: np.random.Generator) -> Data:
    """An experiment whose temperatures, potentials and beam currents change within their stages, in lines and steps."""
    return {**data, "stages": [_programmed(rng, stage) for stage in data["stages"]]}


def _programmed(rng: np.random.Generator, stage: Data) -> Data:
    changes: Data = {}
    for key in ("temperature", "source_potential", "potential", "beam_current"):
        if key in stage and rng.random() < 0.6:
            value, unit = stage[key].split()
            duration = float(stage["duration"].split()[0])
            times = [0.0, *sorted(rng.uniform(0.0, 1.2 * duration, size=int(rng.integers(1, 5))))]
            # of the temperature within a tenth; a contact may turn its potential round
            low, high = (0.9, 1.1) if key == "temperature" else (-1.5 if key == "potential" else 0.3, 1.5)
            changes[key] = [
                {"time": f"{time:.8g} s", "value": f"{float(value) * rng.uniform(low, high):.8g} {unit}",
                 "join": str(rng.choice(["line", "step"]))}
                for time in times
            ]  # fmt: skip
    return stage | changes
