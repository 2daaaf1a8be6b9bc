"""The amplitude of an Airy disc against SciPy's Bessel functions."""

import numpy as np
import torch
from scipy.special import jv

from fitting.profiles.airy import airy_amplitude, airy_amplitude_and_fall
from tests.fitting.ulps import assert_few_ulps

ARGUMENT = np.concatenate(
    [np.geomspace(1e-10, 0.1, 500), np.linspace(0.1, 300.0, 40_001), np.geomspace(300.0, 1e4, 2_000)]
)
ENVELOPE = np.minimum(1.0, ARGUMENT**-1.5)
PHASE = 1.0 + 4e-16 / 1e-11 * ARGUMENT
"""SciPy itself is good to rounding of the phase, here in units of 1e-11."""


def test_it_is_right_to_ten_digits_of_its_envelope() -> None:
    found = airy_amplitude(torch.from_numpy(ARGUMENT)).numpy()
    assert (np.abs(found - 2.0 * jv(1, ARGUMENT) / ARGUMENT) < 2e-11 * PHASE * ENVELOPE).all()


def test_its_fall_is_right_to_eight_digits_of_its_envelope() -> None:
    value, fall = airy_amplitude_and_fall(torch.from_numpy(ARGUMENT))
    large = ARGUMENT > 1e-3
    exact = np.where(large, jv(2, ARGUMENT) / ARGUMENT**2, 1.0 / 8.0 - ARGUMENT**2 / 96.0)
    assert (np.abs(fall.numpy() - exact) < 1e-9 * np.minimum(1.0, ARGUMENT**-2.5)).all()
    assert_few_ulps(value, airy_amplitude(torch.from_numpy(ARGUMENT)))
