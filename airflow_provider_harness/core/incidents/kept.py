"""Which rows of the store stand in the chain of events, and how rows that are not as the chain says are named. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_harness.core.incidents.audit import StoreEvent, StoreKind

Row = Mapping[str, Any]
#: Table -> key -> row.
Rows = dict[str, dict[tuple[str, ...], Row]]

#: Table -> the columns that name a row. Each row that is written, changed or removed is an event in the same transaction.
HELD: Mapping[str, tuple[str, ...]] = {
    "harness_acts": ("incident_id", "act"),
    "harness_approvals": ("id",),
    "harness_grants": ("id",),
    "harness_grant_uses": ("grant_id",),
    "harness_marks": ("name",),
}

#: Rows that tasks insert: the chain takes them up when the healer sees them, so that there may be more of them than it knows.
TAKEN_UP = frozenset({"harness_grant_uses"})

#: Marks that only say when a pass took place: each bears a seal instead of an event a minute.
SEEN_AT = "seen_at"
HEARTBEATS = frozenset({"reconciled_at", "promises_looked_at", "watch_looked_at", SEEN_AT})

#: What tasks write, and the healer sees once a day: a slice that was published later may stand there, an earlier one not.
WATERMARKS, MARK_NAME, MARK_END = "harness_watermarks", ("conn_id", "table_name"), "slice_end"


def named(table: str, row: Row) -> tuple[str, ...]:
    """The key of a row."""
    return tuple(str(row[column]) for column in HELD[table])


def replay(events: Iterable[StoreEvent]) -> tuple[Rows, int, Rows]:
    """The rows that must be there, how many of them stood before the chain, and the watermarks as they were seen last."""
    rows: Rows = {table: {} for table in HELD}
    unproved, seen = set[tuple[str, ...]](), Rows()
    for event in events:
        body = event.body
        if event.kind is StoreKind.SEEN:
            seen = {WATERMARKS: {(row["conn_id"], row["table_name"]): row for row in body[WATERMARKS]}}
        elif event.kind in (StoreKind.KEPT, StoreKind.FOUND, StoreKind.DROPPED):
            table, row = body["table"], body["row"]
            key = named(table, row)
            (unproved.add if event.kind is StoreKind.FOUND else unproved.discard)((table, *key))
            if event.kind is StoreKind.DROPPED:
                rows[table].pop(key, None)
            else:
                rows[table][key] = row
    return rows, len(unproved), seen


def differences(expected: Rows, there: Rows) -> Iterator[str]:
    """One sentence for each row that is not as the chain says it must be."""
    for table, rows in expected.items():
        for key, row in rows.items():
            found = there[table].get(key)
            where = f"{table}: row {' / '.join(key)}"
            if found is None:
                yield f"{where} is missing"
            elif changed := [
                f"{name} is {found.get(name)!r}, not {row[name]!r}" for name in row if found.get(name) != row[name]
            ]:
                yield f"{where} was changed: {', '.join(changed)}"
        for key in sorted(there[table].keys() - rows.keys()) if table not in TAKEN_UP else ():
            yield f"{table}: row {' / '.join(key)} is too many: the chain knows no such row"


def put_back(seen: Rows, there: Rows) -> Iterator[str]:
    """One sentence for each watermark that is gone, or says less than it did when it was seen."""
    for key, row in seen.get(WATERMARKS, {}).items():
        found = there.get(WATERMARKS, {}).get(key)
        where = f"{WATERMARKS}: row {' / '.join(key)}"
        if found is None:
            yield f"{where} is missing"
        elif found[MARK_END] < row[MARK_END]:
            yield f"{where} was put back: {MARK_END} is {found[MARK_END]}, and was {row[MARK_END]}"
