"""Bessel functions against SciPy's."""

import numpy as np
import pytest
import torch
from scipy.special import jv

from fitting.profiles.bessel import bessel_j


@pytest.mark.parametrize("order", [0, 1])
def test_both_are_right_to_thirteen_digits_of_their_amplitude(order: int) -> None:
    argument = np.concatenate([np.linspace(0.0, 80.0, 20_001), np.geomspace(80.0, 1e4, 2_000)])
    found = bessel_j(order, torch.from_numpy(argument)).numpy()
    # SciPy itself is good to rounding of the phase.
    limit = 1e-13 / np.maximum(argument, 1.0) ** 0.5 + 4e-16 * argument**0.5
    assert (np.abs(found - jv(order, argument)) < limit).all()
