"""``airflow harness audit``: the chain of events, and the tables against it."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.cli.incidents.which import incident_id
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say, show
from airflow_provider_harness.core.redaction.escaping import terminal

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore


@command
def audit_verify(args: Any) -> int:
    from airflow_provider_harness.wiring import healing as wiring

    store = wiring.store()
    found = store.audit(args.head)
    broken = found.broken
    problem = broken.problem if broken else next(iter(found.rows), "")
    row = {"holds": found.holds, "first break": broken.seq if broken else "", "problem": problem}
    if args.output == "json":
        show(args, [{**row, "rows": found.rows, "notes": found.notes}], "")
        return FINE if found.holds else FINDINGS
    if broken:
        out(terminal(f"The chain of events does not hold from event {broken.seq} on: {broken.problem}"))
    else:
        out(_holds(store))
    for text in (*found.rows, *found.notes):
        out(terminal(text))
    return FINE if found.holds else FINDINGS


@command
def audit_show(args: Any) -> int:
    from airflow_provider_harness.wiring import healing as wiring

    store = wiring.store()
    name = incident_id(store, args.incident_id)
    broken = store.audit_break()
    entries = () if broken and broken.unreadable else store.audit_entries()
    rows = [
        {
            "seq": entry.seq,
            "at": entry.event.at.isoformat(timespec="seconds"),
            "event": entry.event.kind.value,
            "hash": entry.hash if args.output == "json" else entry.hash[:12],
            "body": dict(entry.event.body) if args.output == "json" else json.dumps(entry.event.body)[:120],
        }
        for entry in entries
        if entry.event.incident_id == name
    ]
    show(args, rows, "")
    if broken:
        return say(broken.problem, FINDINGS)
    if args.output != "json":
        out(_holds(store))
    return FINE


def _holds(store: SqlIncidentStore) -> str:
    """What was proved, in words."""
    count = store.chain_length()
    return f"The chain of {count} event{'' if count == 1 else 's'} holds." if count else "The chain holds no event yet."


@command
def audit_rotate_key(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.store.audit.key_files import KEY_BYTES, prepare, take_up
    from airflow_provider_harness.core.incidents.audit import name_of
    from airflow_provider_harness.wiring import healing as wiring

    store, path = wiring.store(), wiring.audit_key_file(config.read())
    old, goes_on = wiring.audit_ring().current, store.key()
    new = secrets.token_bytes(KEY_BYTES) if goes_on == old else goes_on  # another one: a change was not finished
    kept = prepare(path, new)
    if goes_on == old:
        store.change_key(new)
    take_up(path, new)
    row = {"old key": name_of(old), "new key": name_of(new), "in use": str(path), "kept": str(kept)}
    show(args, [row], "")
    return say(f"Copy {path} and {kept} to every machine where the healer, the api-server or this command runs.", FINE)
