"""Which densities inform D(n), on the example."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.inference import fit, information_by_density, load_fit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(examples_folder):
    return fit(load_fit(examples_folder / "rb-mono-fit.toml"), starts=1)


def test_plateau_and_bulk_inform_and_what_is_between_does_not(result) -> None:
    """As Gunawan 2024 ESI 2.6 argues: intermediate concentrations are insensitive."""
    told = information_by_density(result, "Li")
    fraction = told["density"].values / 1.4e28
    deviation = told["standard_deviation"].values
    assert deviation[np.argmin(np.abs(fraction - 1.0))] < 0.002
    assert deviation[np.argmin(np.abs(fraction - 0.15))] < 0.05
    assert np.all(deviation[(fraction > 0.5) & (fraction < 0.97)] > 1.0)
    assert np.all(told["jointly_determined"].values >= 0.99 * np.minimum(deviation, 900.0))


def test_an_ion_without_such_a_coefficient_is_refused(result) -> None:
    with pytest.raises(InputError, match="does not depend on density"):
        information_by_density(result, "Rb")
    with pytest.raises(InputError, match="not an ion"):
        information_by_density(result, "Cs")
