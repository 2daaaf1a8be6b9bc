"""Flags: one table, whose words and bits are those of the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.spec.catalogues import FLAGS, decode_flags, encode_flags, flags_document

CONTRACT = {
    "not_converged": 1,
    "at_limit": 2,
    "no_covariance": 4,
    "few_pixels": 8,
    "fully_masked": 16,
    "partly_outside": 32,
    "centre_outside": 64,
    "bad_input": 128,
    "poor_fit": 256,
    "moved": 512,
    "blended": 1024,
    "crashed": 2048,
    "out_of_time": 4096,
    "no_model_fits": 8192,
    "do_not_trust_sampler": 16384,
}


def test_words_and_bits_are_those_that_were_promised() -> None:
    assert {flag.name: flag.bit for flag in FLAGS.values()} == CONTRACT
    assert [(each["name"], each["bit"]) for each in flags_document()] == list(CONTRACT.items())


@given(st.sets(st.sampled_from(sorted(CONTRACT))))
def test_what_is_encoded_is_decoded(names: set[str]) -> None:
    mask = encode_flags(names)
    assert mask == sum(CONTRACT[name] for name in names)
    assert set(decode_flags(mask)) == names


@pytest.mark.parametrize("mask", [-1, 32768, 1 << 40, 1.5])
def test_a_mask_with_other_bits_is_refused(mask: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        decode_flags(mask)
