"""Tables of a file: frozen data that refuse unknown keys, replace values by path and write themselves as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from ionscape.errors import MissingKey, nearest_name
from ionscape.files.description import example_of
from ionscape.files.fields import KIND_KEYS, Keyed, reject, wrapped
from ionscape.files.values import replaced, to_toml


class Table(Keyed):
    """A table of a file: frozen data; unknown and missing keys are named before anything else is read.

    Made from Python it takes quantities as SI floats or as texts with their units, and its own `model_dump`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _know_all_keys(cls, data: Any) -> Any:
        if isinstance(data, BaseModel):
            return data
        if not isinstance(data, Mapping):
            keys = ", ".join(cls.model_fields)
            reject("must be a table", value=data, remedy=f"give the keys of a {cls.name_in_messages}: {keys}")
        for key in data:
            if key not in cls.model_fields:
                nearest = nearest_name(str(key), cls.model_fields)
                remedy = f'the nearest known key is "{nearest}" (known are {", ".join(cls.model_fields)})'
                reject("is an unknown key", field=str(key), remedy=remedy)
        for key, field in cls.model_fields.items():
            if field.is_required() and key not in data:
                raise wrapped(MissingKey(key, example=example_of(cls, key)), field=key)
        # what kind of table it is counts as given, also where the class says it
        kinds = {key: cls.model_fields[key].default for key in KIND_KEYS if key in cls.model_fields}
        return {**{key: kind for key, kind in kinds.items() if isinstance(kind, str)}, **data}

    def replace(self, values: Mapping[str, Any]) -> Self:
        """The same data with other values, validated again as a whole.

        Of fractions that add up to 1 (ions of a beam, of a melt, of a composition) those that are not among the values
        share what these leave, in their ratios.

        Args:
            values: by path, such as `stages[0].source_potential` or `ions.Li.diffusion.width`: a number in SI units, a
                text with a unit, None where a key may be absent, a whole table; one after the other.

        Raises:
            InputError: a path does not exist, in which case the nearest one is named, or the values do not fit.
        """
        return replaced(self, values)

    def to_toml(self) -> str:
        """Text of a file from which equal data are read."""
        return to_toml(self)
