"""Names that are stored somewhere, or that users and tools rely on, stay: each stands in ``tests/data/pinned_names.txt``.

A name there may stand in somebody's database, Dag file, policy, contract or dashboard. One that is gone from the code breaks them;
a new one is added to the list by hand, by whoever knows that it stays.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_harness import config
from airflow_provider_harness.adapters.store.schema import metadata
from airflow_provider_harness.app.ports.rows import Published
from airflow_provider_harness.core import actions, errors
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.diagnosis import diagnosis, evidence, failure
from airflow_provider_harness.core.incidents import events, incident, kept, metrics, outbox
from airflow_provider_harness.core.incidents.audit import StoreKind
from airflow_provider_harness.core.policy import policy
from airflow_provider_harness.wiring.probes import LOOKS

LIST = Path(__file__).parents[1] / "data" / "pinned_names.txt"
PACKAGE = Path(config.__file__).parent
#: Packages of which Airflow keeps the paths of classes: in serialized Dags, deferred tasks and callbacks.
SERIALIZED = ("operators", "sensors", "triggers", "links", "callbacks", "retry_policies", "dags")
#: Sets of words of which each is stored, in an event, a report, a policy or a contract.
WORDS: tuple[type[StrEnum], ...] = (
    actions.ActionKind, actions.Parameter, diagnosis.Basis, diagnosis.Category, diagnosis.Certainty, evidence.Source,
    failure.FailureKind, failure.Origin, events.EventKind, events.Outcome, incident.State, StoreKind, outbox.MessageKind, outbox.MessageStatus,
    outbox.Reached, policy.VerdictKind, CheckKind, Decision, CheckSeverity, config.Mode, config.Place, config.AskModel,
)  # fmt: skip


def serialized() -> Iterator[str]:
    for room in SERIALIZED:
        package = importlib.import_module(f"airflow_provider_harness.{room}")
        inside = [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
        for module in map(importlib.import_module, (package.__name__, *inside)):
            found = inspect.getmembers(module, inspect.isclass)
            yield from (f"{module.__name__}.{name}" for name, cls in found if cls.__module__ == module.__name__)


def words_of_commands() -> Iterator[str]:
    from airflow_provider_harness.cli.definition import get_harness_cli_commands

    def walk(command: Any, before: str) -> Iterator[str]:
        name = f"{before}{command.name}"
        yield name
        for arg in getattr(command, "args", ()):
            yield f"{name} {arg.flags[0] if len(arg.flags) == 1 else '/'.join(arg.flags)}"
        for inner in getattr(command, "subcommands", ()):
            yield from walk(inner, f"{name} ")

    for command in get_harness_cli_commands():
        yield from walk(command, "airflow ")


def report() -> Report:
    result = CheckResult(
        id="c", kind=CheckKind.NOT_NULL, columns=(), severity=CheckSeverity.ERROR, passed=True, expected="", actual=""
    )
    return Report(
        contract="", contract_version="", table="", slice="", where="", rows=0, malformed=0, decision=Decision.PUBLISH,
        results=(result,),
    )  # fmt: skip


def keys_of_reports() -> Iterator[str]:
    found = report().as_dict()
    yield from found
    yield from (f"results.{name}" for name in found["results"][0])


def keys_of_xcoms() -> Iterator[str]:
    from airflow_provider_harness.operators.slices import SliceOperator
    from airflow_provider_harness.operators.validate import summary

    published = Published(slice="s", rows=0, before=0, new=0, quarantined={})
    task = SimpleNamespace(log=logging.getLogger(__name__), _tell_outlets=lambda *_: None)
    yield from (f"published.{name}" for name in SliceOperator._told(task, {}, published, report()))  # type: ignore[arg-type]
    yield from (f"validated.{name}" for name in summary(report()))


def properties() -> Iterator[str]:
    schema = json.loads((PACKAGE / "contract.schema.json").read_text())
    for name, value in schema["properties"].items():
        yield name
        yield from (f"{name}.{inner}" for inner in value.get("properties", ()))


def pinned() -> Iterator[str]:
    """Every name, with what it is a name of."""
    sections: dict[str, Any] = {
        "serialized class": serialized(),
        "look": LOOKS,
        "error": (
            name for name, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__
        ),
        "key of an event": (f"{kind}.{one.name}" for kind, body in events.BODIES.items() for one in fields(body)),  # type: ignore[arg-type]
        "word": (f"{words.__name__}.{word.value}" for words in WORDS for word in words),
        "table": (f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns),
        "mark": kept.HEARTBEATS,
        "option": config.OPTIONS,
        "metric": (f"{name}({', '.join(metric.tags)})" for name, metric in metrics.METRICS.items()),
        "command": words_of_commands(),
        "fact": policy.FACTS,
        "key of a report": keys_of_reports(),
        "key of an XCom": keys_of_xcoms(),
        "property of a contract": properties(),
    }
    for section, names in sections.items():
        yield from (f"{section}: {name}" for name in sorted(names))


def test_every_name_that_stays_is_there_and_every_name_is_on_the_list() -> None:
    listed, there = LIST.read_text().splitlines(), list(pinned())
    gone = [name for name in listed if name not in there]
    assert not gone, f"somebody's store, Dag, policy or dashboard holds these names: {gone}"
    new = [name for name in there if name not in listed]
    assert not new, f"if these are meant to stay, add them to {LIST.name}: {new}"
