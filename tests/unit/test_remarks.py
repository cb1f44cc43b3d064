"""Remarks: data from where they are made to the last line, one sentence for each audience."""

import json

import pytest

from ionscape.files.quantities import quantity
from ionscape.remarks import AS_WRITTEN, Kind, Remark, listed, of_kinds, remark_attributes, sentence, stored_remarks
from ionscape.wording import name_of

LARGE = Kind("test_large", "{0} is {value:length 3}, {share:percent 2} above {path[sample.thickness]}; see {others:g}.")
SMALL = Kind("test_small", lambda remark, name: f"{name(remark.about[0])} is small.")
REMARK = LARGE("stages[0].duration", value=2.5e-9, share=0.125, others=(1.0, 2.5, 3.0))


def test_a_remark_is_a_sentence_with_units_for_the_command_line() -> None:
    assert Remark(code="test_large", about=("stages[0].duration",), numbers=REMARK.numbers) == REMARK
    assert str(REMARK) == "stages[0].duration is 2.5 nm, 12 % above sample.thickness; see 1, 2.5 and 3."
    assert quantity("2.5 nm", "length") == REMARK.numbers["value"]
    assert str(SMALL("a.b")) == "a.b is small."


def test_every_audience_calls_paths_as_it_likes_and_may_have_its_own_sentence() -> None:
    told = sentence(REMARK, name=name_of)
    assert told.startswith("stage 1 duration is 2.5 nm, 12 % above sample thickness")
    assert sentence(REMARK, name=name_of, own={LARGE.code: "See {0}."}) == "See stage 1 duration."
    assert sentence(SMALL("a"), own={LARGE.code: "See {0}."}) == "a is small."


def test_stored_remarks_come_back_as_they_were() -> None:
    remarks = (REMARK, SMALL("a.b"), AS_WRITTEN(text="An old one."))
    attributes = remark_attributes(remarks)
    assert json.loads(attributes["warnings"]) == list(map(str, remarks))
    assert stored_remarks(attributes) == remarks


def test_files_of_older_and_newer_versions_give_their_sentences() -> None:
    old = stored_remarks({"warnings": '["One {0}.", "Another."]'})
    assert list(map(str, old)) == ["One {0}.", "Another."]
    attributes = remark_attributes([REMARK])
    attributes["remarks"] = attributes["remarks"].replace("test_large", "of_a_later_version")
    assert stored_remarks(attributes) == (AS_WRITTEN(text=str(REMARK)),)
    assert stored_remarks({}) == ()


def test_remarks_are_chosen_by_their_kinds_and_are_equal_by_their_content() -> None:
    small, other = SMALL("a"), SMALL("b")
    assert of_kinds([REMARK, small, other], SMALL) == [small, other]
    assert len({SMALL("a"), SMALL("a"), other, LARGE("a", value=1.0), LARGE("a", value=2.0)}) == 4


@pytest.mark.parametrize(("words", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), ("abc", "a, b and c")])
def test_words_are_listed_as_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    assert listed(list(words)) == said
