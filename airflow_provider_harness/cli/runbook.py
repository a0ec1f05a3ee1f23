"""``airflow harness runbook list|draft|accept``: what incidents taught, reviewed by a person."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from airflow_provider_harness.cli.incidents.commands import person
from airflow_provider_harness.cli.incidents.which import incident_id
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say, show
from airflow_provider_harness.core.errors import ConfigurationError


@command
def runbook_list(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.yaml_files.runbook import load_runbook

    entries = load_runbook(config.read().runbook_file)
    if args.output == "json":
        out(json.dumps([asdict(entry) for entry in entries], indent=2))
        return FINE
    rows = [
        {
            "incident": entry.id,
            "category": entry.category.value,
            "phrase": entry.phrase[:60],
            "root cause": entry.root_cause.partition("\n")[0][:80],
            "reviewed by": entry.reviewed_by,
        }
        for entry in entries
    ]
    show(args, rows, "No entries. `airflow harness runbook draft` makes one from an incident that has ended.")
    return FINE


@command
def runbook_draft(args: Any) -> int:
    from airflow_provider_harness.adapters.yaml_files.runbook import written
    from airflow_provider_harness.app.reports.runbook_draft import draft
    from airflow_provider_harness.wiring import healing as wiring

    store = wiring.store()
    name = incident_id(store, args.incident_id)
    out(written(draft(name, store.events(name), store.failures(name))), end="")
    return FINE


@command
def runbook_accept(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.yaml_files.runbook import add, load_draft
    from airflow_provider_harness.core.diagnosis.runbook import problems
    from airflow_provider_harness.wiring import healing as wiring

    path = config.read().runbook_file
    if not path:
        raise ConfigurationError("[harness] runbook_file", "names no file.", fix="Name one that the healer can read.")
    entry = load_draft(args.file)
    if found := problems(entry):
        return say("\n".join(f"{args.file}: {problem}" for problem in found), FINDINGS)
    if not wiring.store().events(entry.id):
        raise ConfigurationError(f"{args.file}: id {entry.id}", "is not an incident of the store.")
    who = person(args).who()
    add(path, entry, who)
    show(args, [{"incident": entry.id, "category": entry.category.value, "reviewed by": who, "runbook": path}], "")
    return FINE
