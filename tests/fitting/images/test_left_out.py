"""Values that a request on the sky leaves out are found in the images."""

from dataclasses import replace

import numpy as np
import pytest

from fitting.first_values import complete_request
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import ParameterTable
from tests.fitting.images.files import FLUXES
from tests.fitting.images.sky import BANDS, CENTRE, galaxy, request_of, sky

NOTHING = {"name": "a", "profile": "sersic", "parameters": {}}
FLUX = {"name": "a", "profile": "sersic", "parameters": {"flux": {"by_image": {}}}}
PLACED = {"name": "a", "profile": "sersic", "parameters": {"ra": CENTRE[0], "dec": CENTRE[1], "magnitude": {}}}


@pytest.mark.parametrize("component", [NOTHING, FLUX, PLACED], ids=["nothing", "fluxes by image", "a magnitude"])
def test_a_fit_starts_from_what_the_images_show(component: dict[str, object]) -> None:
    flux = dict.fromkeys(FLUXES, 4000.0) if component is PLACED else FLUXES
    truth = request_of(galaxy(flux={"by_image": flux}), sky())
    problem = Problem(truth, BANDS)
    noise = np.random.default_rng(12)
    images = [
        replace(band, data=model[0].numpy() + noise.normal(0.0, band.variance[0, 0] ** 0.5, band.data.shape))
        for band, model in zip(BANDS, problem.model(problem.start()), strict=True)
    ]
    request = request_of(component, {"name": "sky", "profile": "flat_sky"})
    completed = complete_request(request, images)
    assert ParameterTable.of(completed).missing == ()
    result = run(completed, images)
    assert result.converged
    assert result.chi2_reduced < 1.05
    found = {row.name: (row.value, row.uncertainty or 0.0) for row in result.parameters}
    for name, expected in {"a.ra": CENTRE[0], "a.dec": CENTRE[1], "a.q": 0.6, "a.r_e": 2.0, "sky.i[g]": 20.0}.items():
        assert abs(found[name][0] - expected) < 4.0 * found[name][1]
