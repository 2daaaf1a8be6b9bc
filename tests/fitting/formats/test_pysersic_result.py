"""Results that pysersic saves, as requests: made as its `save_result` makes them."""

from __future__ import annotations

import math
from pathlib import Path

import asdf
import numpy as np
import pytest

from fitting.files import read_plane
from fitting.formats import ImportInvalid, ImportSource, import_model
from photfit.local import import_here

PRIORS = """PysersicMultiPrior containing 2 sources
Source #0 of type - sersic:
---------------------------
xc_0 ---  Normal w/ mu = 20.00, sigma = 1.00
yc_0 ---  Normal w/ mu = 21.00, sigma = 1.00
flux_0 ---  Normal w/ mu = 300.00, sigma = 10.00
r_eff_0 ---  Truncated Normal w/ mu = 4.00, sigma = 2.00, between: 0.50 -> inf
n_0 ---  Uniform between: 0.65 -> 8.00
ellip_0 ---  Uniform between: 0.00 -> 0.90
theta_0 ---  Uniform between: 0.00 -> 6.28
Source #1 of type - exp:
------------------------
r_eff_1 ---  Truncated Normal w/ mu = 6.00, sigma = 2.00, between: 0.50 -> inf
Source #2 of type - doublesersic:
---------------------------------
f_1_2 ---  Uniform between: 0.00 -> 1.00
sky type - flat
sky_back --- Normal with mu = 1.000e-01 and sd = 1.000e-02
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A result in the file's older form too, ASDF 1.5, whose arrays have tags of their own."""
    draws = {"xc_0": 20.5, "theta_0": 0.5, "ellip_0": 0.3, "n_0": 2.5, "r_eff_1": 5.0, "sky_back": 0.12}
    planes = {"image": np.ones((30, 32)), "rms": np.ones((30, 32)), "psf": np.ones((5, 5)), "mask": np.ones((30, 32))}
    tree = {
        "input_data": planes,
        "loss_func": "<function gaussian_loss at 0x1>",
        "prior_info": PRIORS,
        "posterior": {name: value + np.linspace(-0.1, 0.1, 50).reshape(2, 25) for name, value in draws.items()},
    }
    path = tmp_path / "fit.asdf"
    asdf.AsdfFile(tree, version="1.5.0").write_to(path)
    return path


def test_a_saved_result_is_read_with_its_planes_and_medians(saved: Path) -> None:
    found = import_here(saved, "", saved.parent)
    galaxy, disc, sky = found["request"]["components"]
    expected = {"x": 20.5, "y": 21.0, "flux": 300.0, "r_e": 4.0, "n": 2.5, "q": 0.7, "pa": math.degrees(0.5)}
    assert galaxy["parameters"] == pytest.approx(expected, rel=1e-6)
    assert disc["profile"] == "exponential"
    # The root of 2 (1 + x) = exp(x) is R_e over the scale length.
    ratio = 5.0 / disc["parameters"]["h"]
    assert 2.0 * (1.0 + ratio) == pytest.approx(math.exp(ratio), rel=1e-9)
    assert sky["parameters"]["i"] == pytest.approx(0.12)
    (image,) = found["request"]["images"]
    assert read_plane(saved, image["data"]["hdu"]).data.shape == (30, 32)
    assert read_plane(saved, image["psf"]["image"]["hdu"]).data.shape == (5, 5)
    left = [row["text"] for row in found["rows"] if row["why_not"]]
    assert "input_data.mask" in left
    assert "Source #2 of type - doublesersic:" in left


def test_other_asdf_files_are_refused_in_a_sentence() -> None:
    with pytest.raises(ImportInvalid, match="prior_info"):
        import_model(ImportSource("a.asdf", "#ASDF 1.0.0\n--- \na: 1\n...\n"))
