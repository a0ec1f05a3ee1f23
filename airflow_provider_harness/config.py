"""The ``[harness]`` section of airflow.cfg, typed. Every default is the safe one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

#: The tag of every Dag that the harness looks after; the reconciler finds them by it.
ENROLLED_TAG = "harness"
#: The tag of the harness's own Dags, which are never enrolled.
OWN_TAG = "harness-internal"


class Mode(StrEnum):
    """What the healer may do with a verdict. Read before each act."""

    OFF = "off"  # nothing is diagnosed or done; failures are still recorded
    SHADOW = "shadow"  # everything but the act: verdicts are recorded, people are paged
    ACT = "act"


class AskModel(StrEnum):
    """When a configured model is asked."""

    UNSURE = "unsure"  # where the rules are unsure, would act alone on text, or call a person
    ALWAYS = "always"
    NEVER = "never"


class Place(StrEnum):
    """Where the store is."""

    EITHER = ""  # the connection where it exists, else SQLite
    CONNECTION = "connection"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option as Airflow's provider info describes it. A value is text in airflow.cfg or the environment."""

    description: str
    default: str
    example: str | None = None
    type: str = "string"


#: option name -> what it means. ``get_provider_info`` and the reference page are made from this table.
OPTIONS: Mapping[str, Option] = {
    "mode": Option(
        description="off, shadow (record verdicts and page people, but do not act) or act.",
        default="shadow",
        example="act",
    ),
    "enroll": Option(
        description="Which Dags get the callback and the retry policy without changing them: none, all, or tag:NAME.",
        default="none",
        example="tag:critical",
    ),
    "store": Option(
        description="Where the harness store is: connection (store_conn_id; if it cannot be read, the store is "
        "unavailable, and failures wait in the spool), sqlite (AIRFLOW_HOME/harness.db), or empty = the "
        "connection if it exists, else sqlite. Set connection if you use one: an outage of a secrets backend "
        "can look as if there were no connection.",
        default="",
        example="connection",
    ),
    "store_conn_id": Option(
        description="Connection of the harness store.",
        default="harness_store",
    ),
    "capture_conn_id": Option(
        description="Connection to the same database with the role of ordinary tasks, which may insert failures, "
        "and write and read the results of gates; without it, tasks use store_conn_id.",
        default="harness_capture",
    ),
    "airflow_conn_id": Option(
        description="Connection (http) of the harness's own low-role account on Airflow's REST API.",
        default="harness_airflow",
    ),
    "model": Option(
        description="The model to ask when the rules do not know the cause; empty = rules only.",
        default="",
        example="claude-sonnet-5-5",
    ),
    "model_fallback": Option(
        description="The model, behind the same connection, to ask when the first one gives no answer; empty = none.",
        default="",
        example="claude-haiku-5-5",
    ),
    "ask_model": Option(
        description="When the model is asked: unsure (when the rules are unsure, would act alone on words of a "
        "log, or would call a person), always, or never.",
        default="unsure",
        example="always",
    ),
    "runbooks_path": Option(
        description="Folder of the team's runbooks (Markdown) that the model may read by name; only people who "
        "review them should have write access. Empty = none.",
        default="",
        example="/etc/harness/runbooks",
    ),
    "model_conn_id": Option(description="Connection (anthropic) of the model.", default="anthropic_default"),
    "pagerduty_conn_id": Option(
        description="Connection (pagerduty_events) that pages on-call; its extra base_url sets another address.",
        default="pagerduty_events_default",
    ),
    "routes_file": Option(
        description="YAML: a name in a contract's harness.page, its team, its support channel, or a Dag's owner -> "
        "the connection (pagerduty_events) that pages them; a page without a name in this file goes to "
        "pagerduty_conn_id. Empty = none.",
        default="",
    ),
    "notifiers": Option(
        description="JSON list of Airflow notifiers that get each page beside PagerDuty, each an object of path "
        "(the class) and kwargs; templates in kwargs see page.summary, page.severity, page.details, "
        "page.links and action.",
        default="",
        example='[{"path": "airflow.providers.slack.notifications.slack.SlackNotifier", '
        '"kwargs": {"channel": "data", "text": "{{ action }}: {{ page.summary }}"}}]',
    ),
    "maintenance_file": Option(
        description="YAML list of maintenance windows (from, until, dags): pages wait for their end, unless they "
        "are critical; "
        "empty = none.",
        default="",
    ),
    "promise_warning_minutes": Option(
        description="Minutes before a contract's promise about time is broken at which on-call is paged, 1 or "
        "more; for a short promise, at half of its time.",
        default="30",
        type="integer",
    ),
    "page_backfills": Option(
        description="Whether on-call is paged about an incident in which only runs of a backfill failed: true or "
        "false.",
        default="false",
        type="boolean",
    ),
    "environment": Option(
        description="The kind of this installation, for conditions of a policy: production, staging, development "
        "or test.",
        default="production",
        example="staging",
    ),
    "policy_file": Option(
        description="The administrator's policy (YAML); empty = the policy that comes with the package.", default=""
    ),
    "approvers_file": Option(
        description="YAML: contract team or Dag owner -> user ids that may answer; empty = nobody is asked, and "
        "on-call is paged.",
        default="",
    ),
    "runbook_url": Option(
        description="Address of your runbook, linked in pages; {category} in it becomes the category of the cause. "
        "A contract's own runbook (authoritativeDefinitions of type runbook) overrides it. Empty = none.",
        default="",
        example="https://wiki.example.com/runbooks/{category}",
    ),
    "runbook_file": Option(
        description="YAML: the runbook of past incidents, written by `airflow harness runbook accept`; when the "
        "rules do not know the cause, the phrases of its entries name a category. Empty = none.",
        default="",
    ),
    "healer_dag_id": Option(description="Id of the healer Dag.", default="harness_healer"),
    "staging_path": Option(
        description="Airflow object storage where extracts are staged; empty = AIRFLOW_HOME/staging.",
        default="",
        example="gs://my-bucket/staging",
    ),
    "personal_key_conn_id": Option(
        description="Connection whose password is the key of hashed personal data, 32 random bytes or more; needed "
        "only if a contract hashes a column.",
        default="harness_personal_key",
    ),
    "spool_path": Option(
        description="Folder where failures wait while the store is down; empty = AIRFLOW_HOME/harness_spool. "
        "Workers and the reconciler must see the same folder; a failure that the reconciler cannot see "
        "there, it finds in Airflow, without its exception.",
        default="",
    ),
    "audit_key_file": Option(
        description="File with the key of the audit chain; empty = AIRFLOW_HOME/harness_audit.key, made when absent.",
        default="",
    ),
    "reconcile_seconds": Option(
        description="Seconds between two passes of the reconciler, 5 or more.", default="60", type="integer"
    ),
    "approval_minutes": Option(
        description="Minutes until a question that nobody answered counts as refused, 1 or more.",
        default="60",
        type="integer",
    ),
    "verify_minutes": Option(
        description="Minutes that a heal may take until its outcome is unknown, 1 or more.",
        default="120",
        type="integer",
    ),
    "max_backfill_alone": Option(
        description="Slices that any contract may let the harness run again without asking, 0 or more.",
        default="3",
        type="integer",
    ),
    "recurrence_limit": Option(
        description="How often the same failure may occur within recurrence_days until it goes to a person, 2 or more.",
        default="3",
        type="integer",
    ),
    "recurrence_days": Option(
        description="Days over which recurrences are counted, 1 or more.", default="7", type="integer"
    ),
    "breaker_limit": Option(
        description="Number of acts in one day, on one Dag or against one cause, that did not heal, after which "
        "the harness makes no further act, 1 or more.",
        default="3",
        type="integer",
    ),
    "autonomy_bar": Option(
        description="When the harness proposes to make an act against a cause without asking, such as heals=20 "
        "lower=0.8 days=90 valid=30: at least heals verified heals within days days, the lower end of the 95 "
        "% interval of their share at least lower, and no harm. A person with the right accepts it, for at "
        "most valid days; an act that does not help withdraws it. Empty = never.",
        default="",
        example="heals=20 lower=0.8 days=90 valid=30",
    ),
    "connections_allowed": Option(
        description="Patterns of connection ids, separated by commas, with which the healer may read when it "
        "verifies published data or looks for a source's data; * stands for any text. The harness's own "
        "connections are never allowed; none = no connection, and then no heal is verified.",
        default="*",
        example="warehouse,source_*",
    ),
    "watch_path": Option(
        description="Contracts of tables that the healer watches if they have harness.watch: files, and folders of "
        "*.yaml and *.yml, separated by commas; empty = none. Only people who review contracts should have "
        "write access.",
        default="",
        example="/etc/harness/watched",
    ),
    "watch_minutes": Option(
        description="Minutes between two looks for new slices of watched tables, 1 or more.",
        default="15",
        type="integer",
    ),
    "query_file": Option(
        description="YAML: connection and relations that the model may query with SQL; empty = the model may not "
        "query.",
        default="",
        example="/etc/harness/query.yaml",
    ),
    "max_model_turns": Option(
        description="Turns of one diagnosis by the model, 1 or more.", default="5", type="integer"
    ),
    "max_cost_usd_per_incident": Option(
        description="US dollars that the model may cost on one incident.", default="0.50", type="float"
    ),
    "max_cost_usd_per_day": Option(
        description="US dollars that the model may cost in a UTC day.", default="10", type="float"
    ),
    "promotion_limits": Option(
        description="How much a promoted table may differ from its source, in percent: of its keys missing or "
        "added, of a column's values emptied or changed. Defaults: missing 0, added 0, emptied 0, changed 5.",
        default="missing 0, added 0, emptied 0, changed 5",
        example="missing 0.1, changed 20",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The section as it stands now; each field is the option of the same name."""

    mode: Mode
    enroll: str
    store: Place
    store_conn_id: str
    capture_conn_id: str
    airflow_conn_id: str
    model: str
    model_fallback: str
    ask_model: AskModel
    runbooks_path: str
    model_conn_id: str
    pagerduty_conn_id: str
    routes_file: str
    notifiers: str
    maintenance_file: str
    promise_warning_minutes: int
    page_backfills: bool
    environment: str
    policy_file: str
    approvers_file: str
    runbook_url: str
    runbook_file: str
    healer_dag_id: str
    staging_path: str
    personal_key_conn_id: str
    spool_path: str
    audit_key_file: str
    reconcile_seconds: int
    approval_minutes: int
    verify_minutes: int
    max_backfill_alone: int
    recurrence_limit: int
    recurrence_days: int
    breaker_limit: int
    autonomy_bar: str
    connections_allowed: str
    watch_path: str
    watch_minutes: int
    query_file: str
    max_model_turns: int
    max_cost_usd_per_incident: float
    max_cost_usd_per_day: float
    promotion_limits: str


_ENVIRONMENTS = ("production", "staging", "development", "test")


def _mode(text: str) -> Mode:
    if text not in set(Mode):
        raise ValueError(f"{text!r} is not one of {', '.join(Mode)}")
    return Mode(text)


def _ask_model(text: str) -> AskModel:
    if text not in set(AskModel):
        raise ValueError(f"{text!r} is not one of {', '.join(AskModel)}")
    return AskModel(text)


def _place(text: str) -> Place:
    if text not in set(Place):
        raise ValueError(f"{text!r} is not one of {', '.join(filter(None, Place))}, or empty")
    return Place(text)


def _environment(text: str) -> str:
    if text not in _ENVIRONMENTS:
        raise ValueError(f"{text!r} is not one of {', '.join(_ENVIRONMENTS)}")
    return text


def _enroll(text: str) -> str:
    if text not in ("none", "all") and not (text.startswith("tag:") and len(text) > len("tag:")):
        raise ValueError(f"{text!r} is not one of none, all, tag:NAME")
    return text


def _at_least(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise ValueError(f"{value} is less than {least}")
        return value

    return parse


def _dollars(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{text!r} is not an amount of 0 or more")
    return value


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is not one of true, false")
    return text.lower() == "true"


_BAR = re.compile(r"(heals=[1-9]\d{0,4} lower=(?:[01]|0?\.\d{1,4})(?: days=[1-9]\d{0,3})?(?: valid=[1-9]\d{0,3})?)?")


def _bar(text: str) -> str:
    """The text itself, which ``core.policy.autonomy.bar_of`` reads."""
    if not _BAR.fullmatch(" ".join(text.split())):
        raise ValueError(f"{text!r} is not as heals=20 lower=0.8 days=90 valid=30, or empty")
    return text


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "autonomy_bar": _bar,
    "mode": _mode,
    "enroll": _enroll,
    "store": _place,
    "ask_model": _ask_model,
    "environment": _environment,
    "page_backfills": _flag,
    "promise_warning_minutes": _at_least(1),
    "reconcile_seconds": _at_least(5),
    "watch_minutes": _at_least(1),
    "approval_minutes": _at_least(1),
    "verify_minutes": _at_least(1),
    "max_backfill_alone": _at_least(0),
    "recurrence_limit": _at_least(2),
    "recurrence_days": _at_least(1),
    "breaker_limit": _at_least(1),
    "max_model_turns": _at_least(1),
    "max_cost_usd_per_incident": _dollars,
    "max_cost_usd_per_day": _dollars,
}


def read(get: Callable[[str, str], str | None] | None = None) -> Settings:
    """The section as it stands now.

    :param get: ``(option, fallback) -> text``; Airflow's configuration where it is not given.
    :raises ValueError: an option has a value that it cannot have; the message names option, value and valid values.
    """
    return Settings(**{field.name: read_one(field.name, get) for field in fields(Settings)})


def read_one(option: str, get: Callable[[str, str], str | None] | None = None) -> Any:
    """One option of the section; for what every task of a Dag file asks, since reading all of them takes long."""
    text = (get or _from_airflow)(option, OPTIONS[option].default) or OPTIONS[option].default
    try:
        return _PARSERS.get(option, str)(text.strip())
    except ValueError as error:
        raise ValueError(f"[harness] {option}: {error}") from error


def _from_airflow(option: str, fallback: str) -> str | None:
    from airflow.configuration import conf

    return conf.get("harness", option, fallback=fallback)


def airflow_home(name: str) -> str:
    """The path of a file in AIRFLOW_HOME."""
    return str(Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() / name)
