"""``airflow harness simulate``: a Dag's runs on a virtual clock, and what differs from the outcome that is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness import config
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.slices.moments import moment_of

KEPT = "snapshot.json"
"""The outcome that is kept of each folder of ``--all``."""
_PLAN = "simulation.yaml"
_CHILD = "airflow_provider_harness.testing.simulation"
_SETTINGS = (
    *("policy_file", "runbook_file", "approvers_file", "maintenance_file", "environment", "approval_minutes"),
    *("verify_minutes", "max_backfill_alone", "recurrence_limit", "recurrence_days", "breaker_limit", "page_backfills"),
    *("promise_warning_minutes", "runbook_url"),
)
"""Options of [harness] that a simulation takes over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One simulation: a Dag (id or file), its events, and until when."""

    dag: str
    events: Path
    until: datetime


@command
def simulate(args: Any) -> int:
    if args.seconds <= 0:
        raise ConfigurationError("--seconds", f"{args.seconds:g} is not a time.", fix="Give a number above 0.")
    if args.all:
        return _all(args)
    if not args.events:
        raise ConfigurationError("--events", "is not given.", fix="Give the folder of events, or --all FOLDER.")
    text = _outcome(_wanted(Path(args.events), args.dag, args.until), args)
    if args.snapshot:
        return _compared(text, Path(args.snapshot), update=args.update)
    out(text.rstrip() if args.output == "json" else "\n".join(_shown(json.loads(text))))
    return FINE


def _all(args: Any) -> int:
    """Each simulation of a folder, compared with its own snapshot."""
    folders = sorted(path.parent for path in Path(args.all).rglob(_PLAN))
    if not folders:
        raise ConfigurationError(
            f"folder {args.all}", f"holds no {_PLAN}.", fix="Name a folder that contains folders of events."
        )
    changed = []
    for folder in folders:
        text = _outcome(_wanted(folder, "", ""), args)
        if _compared(text, folder / KEPT, update=args.update) != FINE:
            changed.append(str(folder))
    out(f"{len(folders)} simulation(s), {len(changed)} changed{': ' + ', '.join(changed) if changed else ''}.")
    return FINDINGS if changed else FINE


def _wanted(events: Path, dag: str, until: str) -> _Wanted:
    """What the arguments say, and for the rest what the folder's own file says.

    :raises ConfigurationError: neither says it, or it cannot be read.
    """
    if not events.is_dir():
        raise ConfigurationError(
            f"events {events}", "is not a folder.", fix="Give a folder that has one folder for each connection."
        )
    plan = _plan(events)
    named = dag or str(plan.get("dag") or "")
    if not dag and named.endswith(".py"):
        named = str(events / named)
    end = until or plan.get("until")
    for name, found, option in (("dag", named, "DAG"), ("until", end, "--until")):
        if not found:
            raise ConfigurationError(option, "is not given.", fix=f"Give it, or {name} in {events / _PLAN}.")
    place = "--until" if until else f"{events / _PLAN}: until"
    return _Wanted(dag=named, events=events, until=moment_of(str(end), place).astimezone(UTC))


def _plan(events: Path) -> Mapping[str, Any]:
    """The folder's own file, where it can be read; what is wrong with it is said where it is simulated."""
    from airflow_provider_harness.adapters.yaml_files.reading import parse

    try:
        found = parse((events / _PLAN).read_bytes(), str(events / _PLAN), "Correct it.")
    except (OSError, ConfigurationError):
        return {}
    return found if isinstance(found, dict) else {}


def _outcome(wanted: _Wanted, args: Any) -> str:
    """The snapshot of one simulation, made in a process of its own.

    :raises ConfigurationError: it cannot be simulated.
    :raises HarnessUnavailable: PostgreSQL did not start.
    """
    from airflow_provider_harness.wiring.authoring import explaining

    files, dag_id = explaining.files_of(wanted.dag, args.dags_folder)
    given = {
        "files": files,
        "dag": dag_id,
        "events": str(wanted.events),
        "until": wanted.until.isoformat(),
        "mode": args.mode,
        "settings": {f"AIRFLOW__HARNESS__{name.upper()}": str(config.read_one(name)) for name in _SETTINGS},
    }
    answer = _answer(given, args.seconds)
    if answer.get("unavailable"):
        raise HarnessUnavailable("the embedded PostgreSQL", str(answer["error"]))
    if "error" in answer:
        raise Unsimulated(str(answer["error"]))
    return str(answer["outcome"])


class Unsimulated(ConfigurationError):
    """What keeps a simulation from coming to its end. Not retried; the sentence names the place and the fix."""

    def __init__(self, sentence: str) -> None:
        super(ConfigurationError, self).__init__(sentence)


def _answer(given: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer"
        command = [sys.executable, "-m", _CHILD, json.dumps({**given, "answer": str(path)})]
        with tempfile.TemporaryFile("w+") as said:
            try:
                ended = subprocess.run(
                    command, stdout=said, stderr=said, env=_environment(folder, given["files"]), timeout=seconds
                )
                why = f"ended with status {ended.returncode}"
            except subprocess.TimeoutExpired:
                why = f"took longer than {seconds:g} s"
            if path.exists():
                answer: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
                return answer
            said.seek(0)
            last = next((line.strip() for line in reversed(said.read().splitlines()) if line.strip()), "")
        raise ConfigurationError("the simulation", f"{why}: {last[:500]}", fix="Give more time with --seconds.")


def _environment(home: str, files: Sequence[str]) -> dict[str, str]:
    """The child's variables: of Airflow's own none but variables for Dags, and where Dags and plugins are."""
    from airflow.configuration import conf

    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW_") or name.startswith("AIRFLOW_VAR_")
    }
    beside = [str(Path(file).resolve().parent) for file in files]
    return {
        **kept,
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__DAGS_FOLDER": str(conf.get("core", "dags_folder")),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(conf.get("core", "plugins_folder")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([*beside, *filter(None, [kept.get("PYTHONPATH")])])),
        "TZ": "UTC",
    }


def _compared(text: str, kept: Path, *, update: bool) -> int:
    """Whether a snapshot is as the one that is kept; the difference is printed."""
    from difflib import unified_diff

    before = kept.read_text("utf-8") if kept.exists() else None
    if before == text:
        out(f"{kept}: as it is kept.")
        return FINE
    if update:
        kept.write_text(text, encoding="utf-8")
        out(f"{kept}: {'written' if before is None else 'written anew'}.")
        return FINE
    if before is None:
        raise ConfigurationError(str(kept), "is not there.", fix="Write it with --update, and review it once.")
    names = (f"{kept} (kept)", f"{kept} (now)")
    out("\n".join(unified_diff(before.splitlines(), text.splitlines(), *names, lineterm="", n=2)))
    return FINDINGS


def _shown(told: Mapping[str, Any]) -> Iterator[str]:
    """An outcome for people: a line for each thing that came of it."""
    yield f"{told['dag']} until {told['until']}"
    for run in told["runs"]:
        tasks = ", ".join(f"{name} {_state(tries)}" for name, tries in run["tasks"].items())
        yield f"  run   {run['slice'] or run['run']}: {run['state']} ({tasks})"
    for name, table in told["tables"].items():
        yield f"  table {name}: {len(table['rows'])} row(s)"
    for gate in told["gates"]:
        failed = f" ({', '.join(gate['failed'])})" if gate["failed"] else ""
        yield f"  gate  {gate['slice']} {gate['place']}: {gate['rows']} row(s), {gate['decision']}{failed}"
    for incident in told["incidents"]:
        last = incident["history"][-1] if incident["history"] else incident["state"]
        yield f"  incident {incident['incident']}: {last}"
    for verdict in told["verdicts"]:
        yield (
            f"  verdict  {verdict['incident']}: {verdict['action']}: {verdict['verdict']} by "
            f"{verdict['rule'] or 'no rule'}"
        )
    for page in told["pages"]:
        yield f"  page  {page['at']} {page['what']}: {page.get('summary', page['key'])}"


def _state(tries: Any) -> str:
    if isinstance(tries, str):
        return tries or "not run"
    return f"{tries[-1]['state']}{f' at try {len(tries)}' if len(tries) > 1 else ''}"
