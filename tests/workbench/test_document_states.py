"""A document under any sequence of edits: TOML at every moment, what was written is read back, other comments stay."""

import copy
import tempfile
import tomllib
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ionscape.workbench.document import Document

TEXT = """\
# an analysis, written by hand
title = "a glass"  # its name

[sample]  # made in spring
thickness = "2 mm"  # by a gauge
native = { Li = "1.4e28 1/m^3" }  # from the density

# lithium was there before
[ions.Li.diffusion]
model = "constant"
coefficient = "1e-18 m^2/s"  # by a tracer

[[stages]]
kind = "storage"  # in the dark
duration = "1 h"  # by the clock

[[stages]]
kind = "contact"  # with gold
duration = "2 h"  # by another clock
"""
COMMENTS = {
    ("title",): "# its name",
    ("sample", "thickness"): "# by a gauge",
    ("sample", "native"): "# from the density",
    ("ions", "Li", "diffusion", "coefficient"): "# by a tracer",
}
"""What stands behind a value, by its path."""
KEYS = (
    *COMMENTS,
    ("sample", "native", "Na"),
    ("sample", "illuminated_area"),
    ("ions", "Li", "diffusion", "width"),
    ("ions", "Na", "diffusion", "model"),
    ("grid", "cell"),
    ("fit", "parameters", "ions.Li.diffusion.width", "lower"),
)
VALUES = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text("ab #.\"'", min_size=1, max_size=3), st.integers(0, 9), min_size=1, max_size=3),
)  # fmt: skip


def path_of(parts):
    return ".".join(f'"{part}"' if "." in part else part for part in parts)


class Edits(RuleBasedStateMachine):
    """The document beside plain data that are changed in the same way."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "analysis.toml"
        path.write_text(TEXT, encoding="utf-8")
        self.document = Document(path, changed=lambda: None)
        self.plain, self.touched = tomllib.loads(TEXT), set()
        self.earlier = []

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def remember(self, before, parts=()):
        if self.plain != before[0]:
            self.earlier.append(before)
            self.touched = self.touched | {parts}

    def now(self):
        return copy.deepcopy(self.plain), self.touched

    @rule(parts=st.sampled_from(KEYS), value=VALUES)
    def write(self, parts, value):
        node = self.plain
        for part in parts[:-1]:
            node = node.get(part, {})
            if not isinstance(node, dict):
                return  # it leads through a value
        before, node = self.now(), self.plain
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = copy.deepcopy(value)
        self.document.set(path_of(parts), value)
        assert self.document.get(path_of(parts)) == value
        self.remember(before, parts)

    @rule(parts=st.sampled_from(KEYS))
    def remove(self, parts):
        before, nodes = self.now(), [self.plain]
        for part in parts[:-1]:
            nodes.append(nodes[-1].get(part, {}) if isinstance(nodes[-1], dict) else {})
        if isinstance(nodes[-1], dict):
            nodes[-1].pop(parts[-1], None)
        self.document.set(path_of(parts), None)
        assert self.document.get(path_of(parts)) is None
        # tables that have become empty by it go too
        for depth in range(len(parts) - 1, 0, -1):
            if nodes[depth] == {} and parts[depth - 1] in nodes[depth - 1] and self.plain != before[0]:
                del nodes[depth - 1][parts[depth - 1]]
            else:
                break
        self.remember(before, parts)

    @rule(place=st.integers(0, 3), duration=st.text(max_size=4))
    def insert_stage(self, place, duration):
        before, stage = self.now(), {"kind": "storage", "duration": duration}
        self.plain.setdefault("stages", []).insert(place, dict(stage))
        self.document.insert("stages", place, stage)
        self.remember(before)

    @precondition(lambda self: len(self.plain.get("stages", ())) > 1)
    @rule(data=st.data())
    def move_stage(self, data):
        before, stages = self.now(), self.plain["stages"]
        place, to = (data.draw(st.integers(0, len(stages) - 1)) for _ in range(2))
        stages.insert(to, stages.pop(place))
        self.document.move("stages", place, to)
        self.remember(before)

    @precondition(lambda self: self.plain.get("stages"))
    @rule(data=st.data())
    def remove_stage(self, data):
        before = self.now()
        place = data.draw(st.integers(0, len(self.plain["stages"]) - 1))
        del self.plain["stages"][place]
        if not self.plain["stages"]:
            del self.plain["stages"]
        self.document.set(f"stages[{place}]", None)
        self.remember(before)

    @rule()
    def undo(self):
        assert self.document.undo() == bool(self.earlier)
        if self.earlier:
            self.plain, self.touched = self.earlier.pop()

    @invariant()
    def is_what_was_written(self):
        if hasattr(self, "document"):
            text = self.document.path.read_text(encoding="utf-8")
            assert text == self.document.text
            assert tomllib.loads(text) == self.document.data == self.plain

    @invariant()
    def keeps_the_comments_of_what_nobody_touched(self):
        if hasattr(self, "document"):
            for parts, comment in COMMENTS.items():
                inside = any(parts[: len(each)] == each or each[: len(parts)] == parts for each in self.touched if each)
                assert inside or comment in self.document.text, (parts, self.document.text)


Edits.TestCase.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
TestEdits = Edits.TestCase
