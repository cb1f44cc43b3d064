"""What the page on the house says of additions: a figure, and a kind of stored results, as one would add them.

A diffusion model, a format of exports, remarks and runs of one's own are tried where these are tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray

import ionscape as isc
from commands import call_here
from fit_results import hand_made
from ionscape import figures, results
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.figures import registry
from ionscape.figures.plot import Axis, Curve, Panel, Plot, to_csv
from ionscape.figures.render_matplotlib import Drawing
from ionscape.remarks import Kind, remark_attributes, remark_entries


@Drawing
def costs(result: Any) -> Plot:
    """Draw the cost of every start."""
    cost = result.dataset["start_cost"].values
    curve = Curve(name="cost", x=np.arange(1.0, cost.size + 1.0), y=cost, kind="points")
    return Plot(name="costs", panels=(Panel(horizontal=Axis(label="start"), vertical=Axis(), curves=(curve,)),))


def test_a_figure_needs_a_function_and_an_entry(monkeypatch) -> None:
    entry = registry.FigureEntry(name="costs", of="fit", function="costs", shows="the cost of every start")
    monkeypatch.setattr(figures, "costs", costs, raising=False)
    monkeypatch.setattr(registry, "FIGURES", (*registry.FIGURES, entry))
    fitted = hand_made()
    assert registry.figures_of("fit")["costs"].drawing(fitted).axes[0].get_xlabel() == "start"
    drawn = {plot.name: plot for plot in registry.plots_of("fit", fitted)}
    assert to_csv(drawn["costs"]).splitlines() == ["start,cost", "1,110", "2,110.01", "3,140"]


HOT = Kind("hot_oven", "The oven was at {temperature:temperature 4}.")
CONTENT = Content(
    form="ionscape oven 1", what="the log of an oven", command="oven", variables={"temperature": ("time",)},
    attributes={"title": "text"}, possible={"remarks": "JSON"},
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Oven(StoredResult):
    """The log of an oven."""

    dataset: xarray.Dataset

    def summary(self) -> dict[str, Any]:
        return {"title": self.dataset.attrs["title"], **remark_entries(self.remarks)}

    def columns(self) -> Any:
        return [("temperature (K)", self.dataset["temperature"].values.tolist())]


def load_oven(path: Path) -> Oven:
    return Oven(dataset=read_dataset(path, CONTENT))


def test_a_kind_of_results_needs_its_class_and_an_entry(tmp_path: Path, monkeypatch) -> None:
    kind = results.ResultKind(name="oven", form="ionscape oven ", what="a log", reader=f"{__name__}:load_oven")
    monkeypatch.setattr(results, "KINDS", (*results.KINDS, kind))
    monkeypatch.setattr(results, "import_module", lambda _: type("Home", (), {"load_oven": staticmethod(load_oven)}))
    attributes = {"format": CONTENT.form, "title": "oven", **remark_attributes([HOT(temperature=900.0)])}
    made = Oven(dataset=xarray.Dataset({"temperature": ("time", [300.0, 900.0])}, attrs=attributes))
    made.to_netcdf(tmp_path / "oven.nc")
    read = isc.load(tmp_path / "oven.nc")
    assert read.dataset.identical(made.dataset)
    assert read.summary()["warnings"] == ["The oven was at 900 K."]
    done = call_here("export", "oven.nc", "oven.csv", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "oven.csv").read_text() == "temperature (K)\n300\n900\n"
