"""``airflow harness quarantine list|show|release``: rows that were set aside, and what is stale once they are back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say, show
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, HarnessError
from airflow_provider_harness.core.slices.local import with_local_day

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.contract import Contract


@command
def quarantine_list(args: Any) -> int:
    from airflow_provider_harness.wiring import rows as wiring_rows

    contract = wiring_rows.contracts.contract_of(args.file)
    with wiring_rows.connections.reachable(args.conn_id):
        rows = wiring_rows.judging.quarantine(contract, args.conn_id).summary(contract)
    show(args, [_texts(row) for row in rows], "Nothing was set aside.")
    return FINE


@command
def quarantine_show(args: Any) -> int:
    from airflow_provider_harness.wiring import rows as wiring_rows

    contract = wiring_rows.contracts.contract_of(args.file)
    with wiring_rows.connections.reachable(args.conn_id):
        _known_check(contract, args)
        found = wiring_rows.judging.quarantine(contract, args.conn_id).rows(
            contract, slice_id=args.slice, check=args.check
        )
    rows = [_texts(row) for row in found]
    if args.output != "json":
        rows = [row | {"row": json.dumps(row["row"], ensure_ascii=False)} for row in rows]
    show(args, rows, "Nothing was set aside.")
    return FINE


@command
def quarantine_release(args: Any) -> int:
    from airflow_provider_harness.wiring import rows as wiring_rows

    contract = wiring_rows.contracts.contract_of(args.file)
    try:
        with wiring_rows.connections.reachable(args.conn_id):
            waits = _known_check(contract, args)
            released = wiring_rows.judging.release(contract, args.conn_id, args.slice, args.check)
    except ContractViolation as violation:
        return say(violation, FINDINGS)
    stale, unknown = _stale(contract.table) if released.rows else ((), "")
    row = {"slice": args.slice, "released": released.rows, "still fail": released.staying}
    status = FINDINGS if released.staying else FINE
    if args.output == "json":
        show(args, [row | {"stale": list(stale), "stale_unknown": unknown}], "")
        return status
    show(args, [row], "")
    if not released.rows and not released.staying:
        others = ", ".join(dict.fromkeys(str(one["slice"]) for one in waits if one["waiting"])) or "none"
        out(f"Slice {args.slice} has no rows in quarantine. Slices that have some: {others}.")
    if released.rows:
        out("\n".join(_told_stale(with_local_day(args.slice, contract.load.time_zone), stale, unknown)))
    return status


def _known_check(contract: Contract, args: Any) -> Sequence[Mapping[str, Any]]:
    """What is in quarantine, by slice and check.

    :raises ConfigurationError: the check that was asked for is none of the contract's, and has set nothing aside.
    """
    from airflow_provider_harness.wiring import rows as wiring_rows

    found = wiring_rows.judging.quarantine(contract, args.conn_id).summary(contract)
    valid = tuple(dict.fromkeys([*(str(row["check"]) for row in found), *(check.id for check in contract.checks)]))
    if args.check and args.check not in valid:
        raise ConfigurationError(f"--check {args.check}", f"is not a check of contract {contract.id}.", valid=valid)
    return found


def _stale(table: str) -> tuple[tuple[Mapping[str, str], ...], str]:
    """What is made of a table, with the task that makes it; and why that is not known, or empty."""
    from airflow_provider_harness.core.lineage import text as lineage_text
    from airflow_provider_harness.wiring import lineage as wiring_lineage

    try:
        walks = lineage_text.walks(wiring_lineage.graph(), table, downstream=True)
    except ConfigurationError:
        return (), "no successful task has reported that it reads or writes the table"
    except HarnessError as error:
        return (), str(error)
    found = {step.dataset.name: step.task for _, _, steps in walks for step in steps}
    return tuple({"table": name, "task": task} for name, task in found.items()), ""


def _told_stale(slice_name: str, stale: Sequence[Mapping[str, str]], unknown: str) -> Iterator[str]:
    if unknown:
        yield (
            f"The lineage does not say what is made from this table ({unknown}); downstream tables do not have "
            f"these rows yet."
        )
    elif not stale:
        yield "By the lineage, no table is made from this table."
    else:
        yield (
            f"These tables were made before these rows were published, so they are stale; run their tasks again "
            f"for slice {slice_name}:"
        )
        yield from (f"  {one['table']}, made by {one['task'] or 'a task that is not known'}" for one in stale)


def _texts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Moments as texts, and nothing as an empty one."""
    return {
        name: "" if value is None else value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
