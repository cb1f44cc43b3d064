"""How jobs end, as data: why they failed, what is kept of them, and what is to be said of their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from ionscape.errors import IonscapeError, entered_error, error_entry
from ionscape.remarks import AS_WRITTEN, Kind, Remark, entered_remark, entered_remarks, remark_entries

PART_KEPT = Kind("job_part_kept", "It was stopped; the result up to there is kept.")
BEST_KEPT = Kind("job_best_kept", "It was stopped; the best fit up to there is kept.")
LEAST_SQUARES_KEPT = Kind("job_least_squares_kept", "It was stopped; the result of least squares is kept.")
FINISHED_KEPT = Kind("job_finished_kept", "What was finished is kept; take it up again, and it goes on from there.")
NOTHING_FOUND = Kind("job_nothing_found", "It was stopped before the first simulation had ended.")
NOTHING_SAVED = Kind("job_nothing_saved", "It was ended before it could save anything.")
LEFT = Kind("job_left", "The workbench was ended while it ran; take it up again, and it goes on where it was.")
NO_MEMORY = Kind("job_no_memory", "The memory of this machine does not suffice.")
DIED = Kind(
    "job_died",
    "The process of the computation ended unexpectedly: if memory ran out, use fewer processes; then take it up again.",
)
MODULES_OF_REMARKS = ("inference.remarks", "series.remarks", "series.hops_result", "hopping.mobility_result")
"""Those that know the sentences of the remarks on results."""
FAULT = Kind("job_fault", "{kind}: {text} (details in {log})")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What there is to say at the end of a job.

    Attributes:
        reason: why it failed, or what is kept of it; None if it ended as it was meant to.
        remarks: of its result.
    """

    reason: IonscapeError | Remark | None = None
    remarks: tuple[Remark, ...] = ()

    def told(self, words: Callable[[IonscapeError | Remark], str] = str) -> str:
        """The reason, or the first of the warnings, in the words of an audience; empty if there is nothing to say."""
        if self.reason is not None:
            return words(self.reason)
        count = len(self.remarks)
        return f"{count} warning{'s' if count > 1 else ''}: {words(self.remarks[0])}" if count else ""

    def entries(self) -> dict[str, Any]:
        """It as plain data; the sentences are for those who read a record with other programs."""
        reason = asdict(self.reason) if isinstance(self.reason, Remark) else self.reason and error_entry(self.reason)
        return {"message": self.told(), "reason": reason, **remark_entries(self.remarks)}


def entered_ending(entries: Mapping[str, Any]) -> Ending:
    """The ending from its entries; of records of ionscape 0.1.0, the sentence.

    Raises:
        AttributeError: a part is missing; so do KeyError, TypeError and ValueError.
    """
    message = entries.get("message", "")
    if "reason" not in entries:
        return Ending(reason=AS_WRITTEN(text=message) if message else None)
    if entries["remarks"]:
        for module in MODULES_OF_REMARKS:
            import_module(f"ionscape.{module}")
    reason = entries["reason"]
    if reason is not None:
        reason = entered_error(reason) if "error" in reason else entered_remark(reason, message)
    found = Ending(reason=reason, remarks=entered_remarks(entries))
    found.told()
    return found
