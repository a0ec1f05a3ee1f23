"""``airflow harness explain``: what a Dag does, step by step, before it runs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from airflow_provider_harness.cli.authoring import shown
from airflow_provider_harness.cli.running import FINE, command, out
from airflow_provider_harness.core.errors import ConfigurationError


@command
def explain(args: Any) -> int:
    from airflow_provider_harness.wiring.authoring import explaining

    if args.seconds <= 0:
        raise ConfigurationError("--seconds", f"{args.seconds:g} is no time.", fix="Give a number above 0.")
    found = explaining.explanations(
        args.dag, imports=not args.no_import, as_of=_moment(args.as_of), folder=args.dags_folder, seconds=args.seconds
    )
    out(
        json.dumps(found, indent=2)
        if args.output == "json"
        else "\n".join(shown.FORMS[args.output](one) for one in found)
    )
    return FINE


def _moment(text: str) -> datetime | None:
    """A moment with a zone; None where none was given."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ConfigurationError(
            "--as-of", f"{text!r} is no moment.", fix="Use ISO 8601 with zone: 2026-01-31T23:59:00+01:00."
        )
    return at
