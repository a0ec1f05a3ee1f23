"""``airflow harness mcp``: the server for coding agents, on standard input and output."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.cli.running import FINE, command, own_output


@command
def mcp(args: Any) -> int:
    from airflow_provider_harness.mcp.callers import AtTerminal
    from airflow_provider_harness.mcp.server import make_server

    terminal = AtTerminal()
    server = make_server(lambda _: terminal)
    with own_output():
        server.run()
    return FINE
