"""The error model of a current curve."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.inference.further import without_common


@pytest.mark.parametrize("common", [0.0, 0.03, 0.5])
def test_residuals_that_share_a_factor_are_those_of_generalised_least_squares(common: float):
    rng = np.random.default_rng(8)
    currents, errors = rng.uniform(1e-9, 2e-9, 12), rng.uniform(1e-11, 5e-11, 12)
    away = rng.normal(0.0, 5e-11, 12)
    covariance = np.diag(errors**2) + common**2 * np.outer(currents, currents)
    residuals = without_common(currents / errors, common) @ (away / errors)
    assert residuals @ residuals == pytest.approx(away @ np.linalg.solve(covariance, away), rel=1e-9)
