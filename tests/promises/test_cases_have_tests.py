"""Each row of the cases that went wrong is held by a test, by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "cases" / "README.md"
FILES, SKY = "promises/test_cases_of_files.py", "promises/test_cases_of_the_sky.py"
ASDF = "fitting/files/test_hostile_asdf.py"
FREEZES = "fitting/methods/minimizers/test_nothing_freezes.py"

TESTS = {
    "01_effective_render": "fitting/render/test_effective_psf.py::test_the_case_that_summed_to_five_times_its_light",
    "02_auto_variance": "fitting/test_model_noise.py::test_the_cases_come_right",
    "03_exptime": f"{SKY}::test_both_magnitudes_are_told_where_no_card_says_which",
    "04_pa_limits_178": f"{FREEZES}::test_limits_of_half_a_turn_are_none",
    "05_zero_start": f"{FREEZES}::test_light_that_starts_at_zero_is_found",
    "06_psf_off": "fitting/inputs/test_psf_checks.py"
    "::test_a_psf_off_its_pixel_is_told_and_moved_where_that_is_asked_for",
    "06_psf_even24g": "fitting/inputs/test_psf_checks.py::test_a_psf_of_even_size_is_centred_as_galfit_has_it",
    "07_six_pixels": f"{FREEZES}::test_fewer_pixels_than_parameters_give_no_uncertainty_and_a_sentence",
    "08_wcs_rot": f"{SKY}::test_the_sky_has_the_galaxys_axes_and_angle",
    "08_wcs_aniso": f"{SKY}::test_the_sky_has_the_galaxys_axes_and_angle",
    "09_saturate": "fitting/test_model_noise.py::test_the_cases_come_right",
    "AGN.fits, AGN_psf.fits": "fitting/proposing/test_decompositions.py"
    "::test_a_star_on_a_galaxy_is_a_star_and_its_host",
    "11_star_as_sersic": f"{FREEZES}::test_a_star_fitted_as_a_galaxy_is_not_resolved",
    "12_nuts_noise": "fitting/methods/samplers/test_faint_galaxies.py"
    "::test_where_there_is_only_noise_there_are_draws_and_a_sentence",
    "13_frozen": f"{FREEZES}::test_the_frozen_case_is_fitted_and_its_second_component_named",
    "gal.fits, sky_gal.json": f"{FILES}::test_a_galactic_header_gives_icrs_and_angles_from_its_north",
    "flt2.fits": f"{FILES}::test_each_chip_has_its_own_planes",
    "calexp.fits": f"{FILES}::test_detected_pixels_of_rubin_are_not_masked",
    "ccddata_var.fits": f"{FILES}::test_an_uncertainty_that_says_variance_is_one",
    "ps1.fits": f"{FILES}::test_asinh_pixels_are_made_linear",
    "stamp.fits": f"{FILES}::test_a_nameless_stamp_is_no_psf",
    "stpsf.fits": f"{FILES}::test_a_psf_is_sampled_as_its_header_says",
    "inh.fits": f"{FILES}::test_the_zero_point_of_the_primary_header_is_found",
    "nanzp.fits, card_bunit.fits": f"{FILES}::test_a_card_that_cannot_be_read_is_a_warning_and_results_are_written",
    "card_tab.fits": f"{FILES}::test_a_card_that_cannot_be_read_is_a_warning_and_results_are_written",
    "altwcs.fits": f"{FILES}::test_every_coordinate_system_moves_with_the_window",
    "rdm_l2.asdf": f"{FILES}::test_arrays_of_roman_are_read_by_their_names",
    "external_source.asdf": f"{ASDF}::test_a_source_is_refused_however_it_is_written",
    "alias_bomb.asdf": f"{ASDF}::test_a_tree_of_too_much_is_refused_at_once",
    "self_links_250.json": "fitting/spec/test_request_work.py::test_the_request_of_250_links_to_themselves_is_refused",
}
"""Rows by their first column, and the test that holds each."""


@pytest.mark.parametrize("row", TESTS)
def test_it_is_there(row: str) -> None:
    path, _, name = TESTS[row].partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text("utf-8"), re.MULTILINE)


@pytest.mark.skipif(not CASES.exists(), reason=f"the cases are not at {CASES}")
def test_no_row_is_left_out() -> None:
    text = CASES.read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    files = re.findall(r"`([\w.]+\.(?:asdf|json))`", text.partition("## service/")[2])
    assert {row.strip() for row in rows} - {"case", "file"} | set(files) - {"---"} == set(TESTS)
