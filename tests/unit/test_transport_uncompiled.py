"""The kernels as plain Python: what is compiled is what is written, and a flux law of one's own takes one function."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

import uncompiled
from ionscape.transport import simulate

Arrays = dict[str, NDArray[np.float64]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Arrays:
    """What `uncompiled.py` finds without the compiler."""
    file = tmp_path_factory.mktemp("uncompiled") / "results.npz"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, uncompiled.__file__, str(file)], env=environment, check=True, timeout=120)
    with np.load(file) as stored:
        return dict(stored)


def test_compiled_kernels_do_what_is_written(plain: Arrays) -> None:
    for name, expected in uncompiled.results().items():
        assert np.abs(plain[name] - expected).max() < 1e-10 * np.abs(expected).max(), name


def test_four_ions_that_are_alike_in_pairs_are_two(plain: Arrays) -> None:
    """Kernels for four ions, which no other test has, against those for two."""
    two = simulate(uncompiled.alike(1), settings=uncompiled.SETTINGS).dataset["density"].values[-1]
    four = plain["alike"]
    native = uncompiled.NATIVE["Li"]
    assert two[0, 1] > 0.05 * native
    np.testing.assert_allclose(four[:, ::2], four[:, 1::2], rtol=1e-9, atol=1e-9 * native)
    # more ions share the error of a step, which is longer then
    assert np.abs(four[:, ::2] + four[:, 1::2] - two).max() < 0.1 * uncompiled.SETTINGS.relative_tolerance * native


def test_a_flux_law_of_ones_own_replaces_one_function(plain: Arrays) -> None:
    """Central differences differ from Scharfetter and Gummel's flux as h squared: nearly four times less by half h."""
    native = uncompiled.NATIVE["Li"]
    differences = [
        np.abs(
            plain[name] - simulate(uncompiled.melt(cells), settings=uncompiled.SETTINGS).dataset["density"].values[-1]
        )
        for name, cells in (("own_coarse", 4e-9), ("own_fine", 2e-9))
    ]
    coarse, fine = (float(difference.max()) / native for difference in differences)
    assert 1e-3 < coarse < 0.1
    assert fine < 0.5 * coarse
