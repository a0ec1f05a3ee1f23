"""``airflow harness card``: the card of a table or of a model, made of what was measured."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say
from airflow_provider_harness.core.slices.moments import moment_if_given


@command
def card(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts
    from airflow_provider_harness.core.learning.cards import as_json, rendered, unproved
    from airflow_provider_harness.wiring import rows
    from airflow_provider_harness.wiring.learning import cards, readiness

    at = moment_if_given(args.as_of, "--as-of")
    files = args.contract or readiness.contracts_in(readiness.dags_folder())
    contracts = [contract for file in files for contract in load_contracts(file)]
    if args.conn_id:
        with rows.connections.reachable(args.conn_id):
            made = cards.card(args.name, contracts, args.conn_id, args.registry_conn_id, at)
    else:
        made = cards.card(args.name, contracts, "", args.registry_conn_id, at)
    out(json.dumps(as_json(made), indent=2) if args.output == "json" else rendered(made), end="")
    for why in (found := unproved(made)):
        say(f"not borne out: {why}", FINDINGS)
    return FINDINGS if found else FINE
