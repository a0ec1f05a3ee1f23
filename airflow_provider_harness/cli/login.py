"""``airflow harness login``: a token of your own, without a password on the command line."""

from __future__ import annotations

import getpass
import json
import sys
from typing import Any

from airflow_provider_harness.cli.incidents.commands import TOKEN
from airflow_provider_harness.cli.running import FINE, command, out


@command
def login(args: Any) -> int:
    from airflow_provider_harness.adapters.airflow.user_api import token_of
    from airflow_provider_harness.wiring import healing as wiring

    url = args.url or wiring.airflow_url()
    password = getpass.getpass(f"Password of {args.user} at {url}: ") if sys.stdin.isatty() else _piped()
    token = token_of(url, args.user, password)
    out(json.dumps([{"token": token}]) if args.output == "json" else f"export {TOKEN}={token}")
    return FINE


def _piped() -> str:
    """The first line of standard input."""
    return sys.stdin.readline().rstrip("\n")
