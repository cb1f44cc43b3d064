"""What a job says at its end is data that a file holds, and older records keep their sentence."""

import json

import pytest

from ionscape.errors import ConvergenceError, FitError, InputError, MissingKey
from ionscape.inference.remarks import AT_BOUND, ONE_START
from ionscape.workbench.endings import FAULT, PART_KEPT, Ending, entered_ending
from ionscape.workbench.wording import page_words

WIDTH = 'fit.parameters."ions.Li.diffusion.width".lower'


@pytest.mark.parametrize(
    ("ending", "on_the_page"),
    [
        (Ending(), ""),
        (Ending(reason=PART_KEPT()), str(PART_KEPT())),
        (Ending(reason=FAULT(kind="KeyError", text="'x'", log="jobs/0001.log")), "KeyError: 'x' (details in jobs/"),
        (
            Ending(reason=InputError("is too large", file="analysis.toml", key=WIDTH, value="1 eV")),
            "Li width Γ lower =",
        ),
        (Ending(reason=MissingKey("area", key="sample.area", example='"1 cm^2"')), "Please give: sample area, such as"),
        (
            Ending(reason=ConvergenceError("no step", time=3.0, stage=1, partial=object())),
            "no step (stage 2, 3 s after",
        ),
        (Ending(reason=FitError("all starts failed.")), "all starts failed."),
        (Ending(remarks=(AT_BOUND("ions.Li.diffusion.width", side="lower"), ONE_START())), "2 warnings: Li width Γ is"),
    ],
)
def test_files_hold_endings(ending, on_the_page):
    found = entered_ending(json.loads(json.dumps(ending.entries())))
    assert found.told() == ending.told()
    assert found.told(page_words).startswith(on_the_page)
    assert bool(found.told()) == bool(on_the_page)
    assert found.remarks == ending.remarks


def test_older_records_keep_their_sentence():
    assert entered_ending({"message": "1 warning: look here.", "key": ""}).told(page_words) == "1 warning: look here."
    assert entered_ending({"message": ""}) == Ending()


def test_an_unknown_code_keeps_its_sentence():
    entries = {**Ending(reason=PART_KEPT()).entries(), "message": "It is half done."}
    entries["reason"] |= {"code": "of a later version"}
    assert entered_ending(entries).told() == "It is half done."


def test_a_part_that_is_missing_makes_no_ending():
    entries = Ending(reason=InputError("is too large", key=WIDTH)).entries()
    del entries["reason"]["parts"]["key"]
    with pytest.raises(AttributeError):
        entered_ending(entries)
