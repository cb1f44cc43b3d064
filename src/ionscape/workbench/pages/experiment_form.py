"""The form of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ionscape.experiment.diffusion import ConstantSpecification, PopulationSpecification, SiteEnergySpecification
from ionscape.experiment.distribution import HISTOGRAM, KEYS
from ionscape.experiment.sites import Sites
from ionscape.files.description import Key, example_table, list_at, table_at
from ionscape.files.fields import Keyed
from ionscape.wording import join_path, split_path
from ionscape.workbench.form_fields import single_value
from ionscape.workbench.forms import Form, numbers_of

FOREIGN_ION = {
    "coefficient": "1e-22 m^2/s",
    "reference_temperature": "323.15 K",
    "activation_energy": "0.65 eV",
}
"""What a foreign ion begins with: a constant D."""
NATIVE_ION = {
    "bulk_coefficient": "5e-19 m^2/s",
    "reference_temperature": "323.15 K",
    "activation_energy": "0.65 eV",
    "width": "0.16 eV",
    "excess_sites": 0.1,
    "trapped_fraction": 0.1,
    "trapped_width": "0.05 eV",
}
"""What a native ion begins with: the magnitudes of the published alkali borate glasses (Gunawan 2024)."""
NATIVE = "sample.native"
SITES = "sites"
OF_A_SYSTEM = frozenset({*KEYS, *HISTOGRAM, "fermi_level_counts"})
"""Keys of a model that a site system states for all its ions."""


class ExperimentForm(Form):
    """The form of an experiment, which knows good tables to begin with."""

    def add_ion(self, name: str) -> None:
        """Add an ion: one that is native, or of whose density the measurement knows, with site energies."""
        path = join_path(("ions", name))
        changes: dict[str, Any] = {path: {"diffusion": self._diffusion(native=self._is_native(name))}}
        measured = self.document.get(join_path(("measurement", "native", name)))
        native = join_path((*split_path(NATIVE), name))
        self.assume(changes, known=self._known())
        if measured is not None and self.document.get(native) is None:
            changes[native] = measured
        problems = self.session.edit_many(changes)
        if self.document.get(path) is None:
            self.session.notify(" ".join(map(str, problems.values())), kind="negative")

    def add_entry(self, path: str, name: str, entry: Key) -> None:
        """Add an entry to a mapping.

        A model of an ion in a stage begins as a copy of the one that it replaces; an ion that becomes native gets
        site energies, unless its model is somebody's own.
        """
        general = self.document.get(join_path(("ions", name, "diffusion")))
        if path == SITES:
            self.begin(join_path((SITES, name)), self._new_sites(), known=("holds",))
        elif entry.value.tables and isinstance(general, dict):
            self.edit(join_path((*split_path(path), name)), general)
        elif path == NATIVE:
            self._add_native(name, entry)
        else:
            super().add_entry(path, name, entry)

    def edit(self, path: str, value: Any) -> None:
        """Write a value; an ion that is put on a site system has no distribution of its own any more."""
        *place, key = split_path(path)
        model = self.document.get(join_path(place)) if place else None
        if key == SITES and value is not None and isinstance(model, Mapping):
            own: dict[str, Any] = {join_path((*place, each)): None for each in model if each in OF_A_SYSTEM}
            if own:
                self.session.edit_many({**own, path: value}, which=self.which)
                self.show_errors()
                return
        super().edit(path, value)

    def _new_sites(self) -> dict[str, Any]:
        """A site system for the native ions that are on none, with the magnitudes of a native ion."""
        native = [*table_at(self.document.get(NATIVE)), *table_at(self.document.get("measurement.native"))]
        held = [ion for table in table_at(self.document.get(SITES)).values() for ion in list_at(table, "holds")]
        holds = [ion for ion in dict.fromkeys(native) if ion not in held]
        return example_table(Sites, like={"holds": holds or native, **_known_to(Sites, NATIVE_ION)})

    def foreign_ion(self) -> str | None:
        """The ion that a beam would bring: the first that is not native; None where that is not known."""
        ions, native = self.document.get("ions") or {}, self.document.get(NATIVE) or {}
        measured = self.document.get("measurement.native") or {}
        if not native and not measured:
            return None
        return next((name for name in ions if name not in native and name not in measured), None)

    def _add_native(self, name: str, entry: Key) -> None:
        measured = self.document.get(join_path(("measurement", "native", name)))
        changes: dict[str, Any] = {join_path((*split_path(NATIVE), name)): measured or entry.example or ""}
        if measured is None:
            self.assume(changes)
        model = join_path(("ions", name, "diffusion"))
        numbers = [path for path, _ in numbers_of(model, self.document.get(model))]
        if numbers and self.session.project.assumed.issuperset(numbers):
            changes[model] = self._diffusion(native=True)
            self.assume({model: changes[model]}, known=self._known())
        self.session.edit_many(changes)

    def _is_native(self, name: str) -> bool:
        places = (NATIVE, "measurement.native")
        return any(name in (self.document.get(place) or {}) for place in places)

    def _diffusion(self, *, native: bool) -> dict[str, Any]:
        """A model of the diffusion at the temperature of the first stage."""
        like: dict[str, Any] = dict(NATIVE_ION if native else FOREIGN_ION)
        if self._known():
            like["reference_temperature"] = single_value(self.document.get("stages[0].temperature"), "first")
        return example_table(SiteEnergySpecification if native else ConstantSpecification, like=like)

    def _known(self) -> tuple[str, ...]:
        return ("reference_temperature",) if self.document.get("stages[0].temperature") else ()

    def converted(self, model: type[Keyed], like: Mapping[str, Any]) -> dict[str, Any]:
        """D at the reference temperature keeps its value under the name that it has in the other kind."""
        known = dict(like)
        for one, other in (("coefficient", "bulk_coefficient"), ("bulk_coefficient", "coefficient")):
            if one in known and other in model.model_fields:
                known[other] = known[one]
        usual = NATIVE_ION if "bulk_coefficient" in model.model_fields else FOREIGN_ION
        known = _known_to(model, {**usual, **known})
        systems = [*table_at(self.document.get(SITES))]
        if model is PopulationSpecification and systems:
            known.setdefault("sites", systems[0])
        if "sites" in known:
            known = {key: value for key, value in known.items() if key not in OF_A_SYSTEM}
            return {key: value for key, value in example_table(model, like=known).items() if key not in OF_A_SYSTEM}
        if "densities" in model.model_fields:
            known |= {"densities": ["0 1/m^3", "1e28 1/m^3"]} if not known.get("file") else {}
            known |= {"coefficients": ["1e-22 m^2/s", "1e-20 m^2/s"]} if not known.get("file") else {}
        return example_table(model, like=known)


def _known_to(model: type[Keyed], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those values whose keys a model has."""
    return {key: value for key, value in values.items() if key in model.model_fields}
