"""``airflow-harness incidents``: the list of ``airflow harness incidents list``, asked of the api-server, as whoever calls.

Nothing of Airflow is loaded, so that it answers in a fraction of the time that ``airflow`` itself takes to start, and on a machine that
has neither Airflow's configuration nor the store's connection.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from airflow_provider_harness.app.pages.incidents.row import Row
from airflow_provider_harness.cli.incidents.show import line
from airflow_provider_harness.cli.running import FINE, UNAVAILABLE, USAGE, out, say, show
from airflow_provider_harness.core.errors import ConfigurationError, HarnessError, HarnessUnavailable

#: Names in the environment: Airflow's own ones, for a token of the caller and for the api-server's address.
TOKEN, URL = "AIRFLOW_CLI_TOKEN", "AIRFLOW__API__BASE_URL"
#: Of an answer: seconds that it may take, and rows that it may have.
SECONDS, ROWS = 30, 200


def main(words: Sequence[str] | None = None) -> int:
    """Exit status as of every command: 0 fine, 2 usage, 3 the api-server does not answer."""
    args = _parser().parse_args(words)
    try:
        found = _found(args)
    except HarnessUnavailable as error:
        return say(error, UNAVAILABLE)
    except HarnessError as error:
        return say(error, USAGE)
    if args.output == "json":
        out(json.dumps(found, indent=2))
    else:
        now = datetime.now(UTC)
        show(args, [line(_row(one), str(one["name"]), now) for one in found], "No incidents of this kind.")
    return FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="airflow-harness", description="Asks the api-server's pages, as you.")
    commands = parser.add_subparsers(required=True, metavar="incidents")
    listed = commands.add_parser("incidents", help="list incidents that you may read, the newest last")
    listed.add_argument("--open", action="store_true", help="only those where something is left to do")
    listed.add_argument("--since", default="", metavar="WHEN", help="90m, 12h, 2d, or a moment with zone")
    listed.add_argument("--dag", default="", metavar="DAG_ID", help="only those with a failure of this Dag")
    listed.add_argument("--limit", type=int, default=0, metavar="N", help="the newest N; 0 = all")
    listed.add_argument("--token", default="", help=f"your own token; better in the environment, as {TOKEN}")
    listed.add_argument("--url", default="", help=f"address of Airflow's api-server; none = {URL}")
    listed.add_argument("-o", "--output", choices=("table", "json"), default="table")
    return parser


def _found(args: argparse.Namespace) -> list[dict[str, Any]]:
    """All pages of the list, the newest last."""
    asked = {"state": "open" if args.open else "all", "since": args.since, "dag_id": args.dag, "limit": ROWS}
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = _answer(args, {**asked, "cursor": cursor})
        found += answer["rows"]
        cursor = answer["next_cursor"]
    return sorted(found, key=lambda one: str(one["id"]))[-args.limit :]


def _answer(args: argparse.Namespace, asked: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the list.

    :raises ConfigurationError: no token or no address was given, or the api-server refuses.
    :raises HarnessUnavailable: it does not answer, or not with a list.
    """
    token, url = args.token or os.environ.get(TOKEN, ""), (args.url or os.environ.get(URL, "")).rstrip("/")
    if not token:
        fix = f'Set {TOKEN}: eval "$(airflow harness login --user YOU)"'
        raise ConfigurationError("token", "is not given.", fix=fix)
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError("address", f"{url!r} is none.", fix=f"Give --url https://HOST, or set {URL}.")
    request = Request(f"{url}/harness/api/incidents?{urlencode(asked)}")
    request.add_unredirected_header("Authorization", f"Bearer {token}")  # it goes to nobody else
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            told = json.load(answer)
    except HTTPError as error:
        if error.code >= 500:
            raise HarnessUnavailable(url, f"{error.code}, {_said(error)}.") from error
        raise ConfigurationError(url, f"refuses: {error.code}, {_said(error)}.") from error
    except (OSError, ValueError, HTTPException) as error:
        raise HarnessUnavailable(url, str(getattr(error, "reason", error))) from error
    if not isinstance(told, dict) or not {"rows", "next_cursor"} <= told.keys():
        raise HarnessUnavailable(url, "what answers there is not the api-server with this package.")
    return told


def _said(error: HTTPError) -> str:
    """What an api-server says of a refusal, or another who answers in its place."""
    text = error.read(2_000).decode(errors="replace")
    try:
        return str(json.loads(text)["detail"]).rstrip(".")
    except (ValueError, LookupError, TypeError):
        return error.reason or text


def _row(told: Mapping[str, Any]) -> Row:
    """A row as the pages know it, of an api-server of this version or of another.

    :raises HarnessUnavailable: it lacks something.
    """
    try:
        given = {field.name: told[field.name] for field in fields(Row)}
    except KeyError as error:
        raise HarnessUnavailable(
            "the list", f"the api-server's package is of another version, a row has no {error}"
        ) from error
    return Row(**given | {"opened_at": datetime.fromisoformat(told["opened_at"]) if told["opened_at"] else None})


if __name__ == "__main__":
    sys.exit(main())
