"""What a person may change and nobody has: a contract after a schema difference, and what a model drafted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_harness.core.contracts.schema import Side
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents.events import Event, ModelProposed
from airflow_provider_harness.core.redaction.escaping import one_line

NOBODY = "a suggestion that nobody has executed"
_NONE = "none"  # where a column is not there, in ``core.contracts.schema``
_OF: Mapping[str, str] = {"dag_source": "the Dag's file", "query": "the task's SQL"}


def contract_change(failures: Sequence[Failure]) -> str:
    """How the contract's columns would read if it followed its source; empty where the source does not differ from it."""
    for failure in failures:
        diff = failure.schema_diff or {}
        if diff.get("side") == Side.SOURCE and (
            lines := [line for one in diff.get("changes", ()) for line in _column(one)]
        ):
            return "\n".join((f"The change of the contract, {NOBODY}:", "  schema: properties:", *lines))
    return ""


def _column(change: Mapping[str, Any]) -> Iterator[str]:
    """One column, as lines of a difference of YAML."""
    names = ("column", "expected", "found", "renamed_to")
    column, expected, found, new = (one_line(str(change.get(name) or ""), 100) for name in names)
    if new:
        yield from (f"-   - name: {column}", f"+   - name: {new}")
    elif expected == _NONE:
        yield from (f"+   - name: {column}", f"+     physicalType: {found}")
    elif found == _NONE:
        yield from (f"-   - name: {column}", f"-     physicalType: {expected}")
    else:
        yield from (f"    - name: {column}", f"-     physicalType: {expected}", f"+     physicalType: {found}")


def drafted(events: Sequence[Event]) -> Iterator[str]:
    """What a model drafted, newest last: what it would change, why, what was checked, and the difference."""
    for event in events:
        if isinstance(event.body, ModelProposed) and (draft := event.body.draft):
            of = _OF.get(draft["of"], draft["of"])
            yield f"A model's draft for {of}, {NOBODY}: {event.body.why}\n{draft['checked']}\n{draft['diff']}"
