"""What an agent may read beforehand: the closed tables of the harness, the form of a contract, and sound examples."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, NamedTuple


class Page(NamedTuple):
    """One resource.

    :param about: what it is, for whoever chooses.
    :param read: its text.
    """

    about: str
    read: Callable[[], str]


def text(name: str) -> str:
    """A text that comes with the package."""
    return (resources.files("airflow_provider_harness.mcp") / "texts" / name).read_text("utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _categories() -> str:
    from airflow_provider_harness.core.diagnosis.diagnosis import PLAYBOOK

    rows = [
        {
            "category": str(category),
            "traits": sorted(traits) or "any other",
            "remedies": [
                {"action": str(one.action), "delay_seconds": one.delay, "needs_person": one.needs_person}
                for one in remedies
            ],
        }
        for category, several in PLAYBOOK.items()
        for traits, remedies in several
    ]
    return _json(rows)


def _actions() -> str:
    from airflow_provider_harness.core.actions import ACTIONS

    rows = [
        {
            "action": str(kind),
            "what": spec.what,
            "risk": str(spec.risk),
            "arguments": sorted(spec.required),
            "optional": sorted(spec.optional),
        }
        for kind, spec in ACTIONS.items()
    ]
    return _json(rows)


def _facts() -> str:
    from airflow_provider_harness.core.policy.policy import FACTS

    rows = [
        {
            "fact": name,
            "type": spec.type.__name__,
            "meaning": spec.meaning,
            "values": sorted(spec.values) if spec.values else None,
        }
        for name, spec in FACTS.items()
    ]
    return _json(rows)


def _checks() -> str:
    from airflow_provider_harness.core.contracts.checks import CHECKS

    rows = [
        {"check": str(kind), "metric": str(spec.metric), "sets_rows_aside": spec.row_level, "look_at": spec.look_at}
        for kind, spec in CHECKS.items()
    ]
    return _json(rows)


def _findings() -> str:
    from airflow_provider_harness.app.authoring.catalog import RULES

    rows = [
        {"rule": rule.id, "severity": str(rule.severity), "family": str(rule.family), "what": rule.what}
        for rule in RULES.values()
    ]
    return _json(rows)


def _form() -> str:
    return (resources.files("airflow_provider_harness") / "contract.schema.json").read_text("utf-8")


PAGES: Mapping[str, Page] = {
    "harness://categories": Page("Categories of causes, and what may help against each", _categories),
    "harness://actions": Page("The actions of the harness, with arguments and risk", _actions),
    "harness://facts": Page("Facts that a condition of the policy may use", _facts),
    "harness://checks": Page("Kinds of checks, and what to look at when one fails", _checks),
    "harness://findings": Page("The findings of `check`; its answers have why and the text to add", _findings),
    "harness://glossary": Page(
        "The words that the pages, the commands and the answers use", lambda: text("glossary.md")
    ),
    "harness://contract": Page("JSON schema of the harness's own properties of a contract", _form),
    "harness://example/dag": Page("A sound Dag", lambda: text("gated_dag.txt")),
    "harness://example/contract": Page("The contract of that Dag", lambda: text("contract.txt")),
}
"""Address -> what stands there."""


def write_a_gated_dag(wanted: str) -> str:
    """Write a Dag with its contract, and check it until there are no findings."""
    return text("write_a_gated_dag.md").format(wanted=wanted)


def why_is_it_red(dag_id: str = "", incident: str = "") -> str:
    """Say why a Dag or incident is red, by evidence, and what a person should do next."""
    what = f"incident {incident}" if incident else f"the Dag {dag_id}" if dag_id else "what is red now"
    return text("why_is_it_red.md").format(what=what, filter=f" with dag_id {dag_id}" if dag_id else "")


PROMPTS = (write_a_gated_dag, why_is_it_red)
