"""``airflow harness doctor``: everything that is wrong with this installation, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_harness.cli.doctor import airflow as doctor_airflow
from airflow_provider_harness.cli.doctor import local as doctor_here
from airflow_provider_harness.cli.doctor import warehouses as doctor_there
from airflow_provider_harness.cli.doctor import watched as doctor_watched
from airflow_provider_harness.cli.doctor.findings import Finding, Health
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, out_painted
from airflow_provider_harness.core.errors import HarnessError

#: name of a check -> what it finds; in the order in which things are best mended.
CHECKS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "settings": doctor_here.settings,
    "options": doctor_here.options,
    "policy": doctor_here.policy,
    "runbook": doctor_here.runbook,
    "store": doctor_here.store,
    "store's owner": doctor_here.owner,
    "role of tasks": doctor_here.capture,
    "rows of tasks": doctor_here.rows,
    "healer's connections": doctor_there.allowed,
    "healer's accounts": doctor_there.reads,
    "watched tables": doctor_watched.watched,
    "audit key": doctor_here.audit_key,
    "staging": doctor_here.staging,
    "spool": doctor_here.spool,
    "pages": doctor_here.pages,
    "promises": doctor_here.promises,
    "model": doctor_here.model,
    "Airflow": doctor_airflow.parts,
    "auth manager": doctor_airflow.auth,
    "account": doctor_airflow.login,
    "account's rights": doctor_airflow.rights,
    "healer Dags": doctor_airflow.healer,
    "plugin": doctor_airflow.plugin,
    "approvers": doctor_airflow.approvers,
    "clocks": doctor_airflow.clocks,
    "reconciler": doctor_airflow.reconciler,
    "dead man's check": doctor_airflow.watch,
    "incidents": doctor_airflow.incidents,
}
#: check -> the one that must be well before it can be made; for those that are not here, "settings".
AFTER: Mapping[str, str] = {
    "store's owner": "store",
    "role of tasks": "store",
    "rows of tasks": "store",
    "healer's connections": "store",
    "healer's accounts": "store",
    "watched tables": "store",
    "account's rights": "account",
    "healer Dags": "account",
    "plugin": "account",
    "approvers": "account",
    "clocks": "account",
    "reconciler": "store",
    "promises": "store",
    "dead man's check": "store",
    "incidents": "store",
}
#: What says whether the harness lives, whatever else may be wrong with its settings.
ALIVE = ("Airflow", "reconciler", "dead man's check", "incidents")


@command
def doctor(args: Any) -> int:
    if args.liveness:
        return _liveness(args)
    rows = examination()
    if args.output == "json":
        out(json.dumps(rows, indent=2))
    else:
        for row in rows:
            first, *more = told(row)
            word = row["health"]
            out_painted(first, word)
            for line in more:
                out(line)
    return FINDINGS if any(row["health"] == Health.WRONG for row in rows) else FINE


def _liveness(args: Any) -> int:
    """One line: whether failures are seen and healed now."""
    found = [item for name in ALIVE for item in _made(CHECKS[name]) if item.health is Health.WRONG]
    text = (
        " ".join(" ".join(item.text.split()) for item in found)
        or "The harness captures failures and works on incidents."
    )
    if args.output == "json":
        out(json.dumps([{"alive": not found, "what": text}], indent=2))
    else:
        out(f"{'not alive' if found else 'alive'}: {text}")
    return FINDINGS if found else FINE


def examination() -> list[dict[str, str]]:
    """What every check found, at least one row each."""
    found: dict[str, list[Finding]] = {}
    for name, check in CHECKS.items():
        before = [*found.get("settings", ()), *found.get(AFTER.get(name, ""), ())]
        if any(item.health is Health.WRONG for item in before):
            found[name] = [Finding.note("Skipped until the problems above are fixed.", "")]
        else:
            found[name] = _made(check) or [Finding(health=Health.OK, text="", fix="")]
    return [
        {"check": name, "health": item.health.value, "what": item.text, "fix": item.fix}
        for name, items in found.items()
        for item in items
    ]


def _made(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a check found; that it could not be made is a finding, too."""
    found: list[Finding] = []
    try:
        found += check()
    except (HarnessError, ValueError, OSError) as error:
        found.append(Finding.wrong(str(error), ""))
    return found


def told(row: Mapping[str, str]) -> list[str]:
    """A row for people."""
    first = f"{row['health']:<5}  {row['check']:<{max(map(len, CHECKS))}}  {row['what']}".rstrip()
    return [first, *([f"{'':<5}  {'':<{max(map(len, CHECKS))}}  -> {row['fix']}"] if row["fix"] else [])]
