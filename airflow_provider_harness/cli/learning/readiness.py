"""``airflow harness readiness``: which level of readiness each table of a warehouse reaches, and what it lacks."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.moments import moment_if_given


@command
def readiness(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts
    from airflow_provider_harness.core.contracts.contract import Readiness
    from airflow_provider_harness.core.learning import audit
    from airflow_provider_harness.wiring.learning import readiness as wiring

    at, level = moment_if_given(args.as_of, "--as-of"), Readiness(args.level) if args.level else None
    files = args.files or wiring.contracts_in(wiring.dags_folder())
    if not files and not args.conn_id:
        raise ConfigurationError(
            "harness readiness",
            f"found no contract (*.odcs.yaml) in {wiring.dags_folder()}, and no file was given.",
            fix="Name contract files, or a connection with --conn-id.",
        )
    contracts = [contract for file in files for contract in load_contracts(file)]
    found = [
        audit.of_contract(contract, wiring.standards(contract, args.conn_id, at, Readiness.AI_READY), level)
        for contract in contracts
    ]
    if args.conn_id:
        covered = [contract.table for contract in contracts]
        found += audit.uncovered(wiring.tables(args.conn_id), covered, args.conn_id, level)
    if args.output == "json":
        out(json.dumps(audit.as_json(found), indent=2))
    else:
        out("\n".join(audit.text(found)))
    if not found:
        say(f"connection {args.conn_id} shows no table to its user; is it the right database?", FINE)
    return FINDINGS if any(one.short for one in found) else FINE
