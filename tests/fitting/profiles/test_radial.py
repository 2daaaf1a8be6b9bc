"""The doors of radial profiles: what their docstrings show works."""

import inspect
import textwrap
from typing import Any

import torch

from fitting.profiles import RADIAL_PROFILES, RadialProfile, radial_profile
from fitting.profiles.dimensions import NUMBER

LOG_RHO = torch.linspace(-3.0, 3.0, 7, dtype=torch.float64)[None]


def test_the_example_of_a_radial_profile_is_one() -> None:
    """The Moffat function with another scale: r_d = fwhm / k^½."""
    blocks = inspect.getdoc(RadialProfile).split("::\n\n")[1].split("\n\nOne with")[0]  # type: ignore[union-attr]
    names: dict[str, Any] = {"RadialProfile": RadialProfile, "NUMBER": NUMBER, "torch": torch}
    exec(compile(textwrap.dedent(blocks), "example", "exec"), names)
    example, moffat = names["HalfWidthMoffat"](), RADIAL_PROFILES["moffat"]
    shape = (torch.tensor([2.5], dtype=torch.float64),)
    constants = moffat.constants(shape)[..., None]
    light, by_log_rho, (by_beta,) = example.derivatives(LOG_RHO, example.constants(shape)[..., None])
    expected = moffat.brightness(LOG_RHO - constants[1].log(), constants)
    torch.testing.assert_close(light, expected)
    torch.testing.assert_close(example.brightness(LOG_RHO, example.constants(shape)[..., None]), expected)
    log_rho, beta = LOG_RHO.clone().requires_grad_(), shape[0].clone().requires_grad_()
    total = example.brightness(log_rho, example.constants((beta,))[..., None]).sum()
    slopes = torch.autograd.grad(total, (log_rho, beta))
    torch.testing.assert_close(slopes, (by_log_rho, by_beta.sum(-1)))
    one = torch.ones(1, dtype=torch.float64)
    torch.testing.assert_close(example.flux(one, one, one, shape), moffat.flux(one, constants[1, 0] ** 0.5, one, shape))


def test_a_profile_is_found_by_the_name_that_a_request_uses() -> None:
    profile = radial_profile("sersic")
    assert profile is not None
    assert (profile.shape, profile.scale, profile.amplitude) == (("n",), "r_e", "i_e")
    constants = profile.constants((torch.tensor([4.0], dtype=torch.float64),))
    light = profile.brightness(torch.zeros((1, 1), dtype=torch.float64), constants[..., None])
    torch.testing.assert_close(light, torch.ones_like(light))
    assert radial_profile("flat_sky") is None
