"""Notices as JSON, as it is and as it was."""

import json

import pytest

from fitting.spec.notices import Notice, each_once, sentences

BAD = Notice("pixels-not-finite", "3 pixels that are NaN or infinite were masked", "image r")
LATE = Notice("stopped-early", "stage 1, lm, was stopped before its end")


@pytest.mark.parametrize("notice", [BAD, LATE])
def test_a_notice_comes_back_from_json(notice: Notice) -> None:
    assert Notice.read(json.loads(json.dumps(notice.document()))) == notice


def test_a_plain_sentence_from_before_there_were_codes_is_a_notice() -> None:
    notice = Notice.read("a warning")
    assert (notice.code, notice.sentence, notice.where) == ("uncoded", "a warning", None)
    assert Notice.read(notice.document()) == notice


def test_each_notice_is_told_once_in_its_order() -> None:
    other = Notice(BAD.code, BAD.sentence, "image g")
    assert each_once([LATE, BAD, LATE, other, BAD]) == (LATE, BAD, other)
    assert sentences((LATE, BAD)) == (LATE.sentence, BAD.sentence)
