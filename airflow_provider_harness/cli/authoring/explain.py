"""``airflow harness explain``: what a Dag does, step by step, before it runs."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_harness.cli.authoring import shown
from airflow_provider_harness.cli.running import FINE, command, out
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.moments import moment_if_given


@command
def explain(args: Any) -> int:
    from airflow_provider_harness.wiring.authoring import explaining

    if args.seconds <= 0:
        raise ConfigurationError("--seconds", f"{args.seconds:g} is not a time.", fix="Give a number above 0.")
    found = explaining.explanations(
        args.dag,
        imports=not args.no_import,
        as_of=moment_if_given(args.as_of, "--as-of"),
        folder=args.dags_folder,
        seconds=args.seconds,
    )
    out(
        json.dumps(found, indent=2)
        if args.output == "json"
        else "\n".join(shown.FORMS[args.output](one) for one in found)
    )
    return FINE
