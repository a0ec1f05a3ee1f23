"""The parts of one incident's page, as values: what broke, what is asked, why, what the gate and the schema say, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.pages.incidents.row import Row
from airflow_provider_harness.app.pages.incidents.talk import Draft, Said
from airflow_provider_harness.app.pages.lineage import LineageGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What the caller may do: work on the incident, answer its question; and why not, or empty."""

    act: bool = False
    answer: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hitl:
    """Where Airflow keeps the question, and the words of its two answers."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    approve: str
    refuse: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked, as exactly as it will be done.

    :param quickest_seconds: an answer that comes sooner after ``opened_at`` is lost.
    """

    sentence: str
    action: str
    what: str
    arguments: Mapping[str, str]
    opened_at: datetime
    expires_at: datetime | None
    expired: bool
    assigned: Sequence[str]
    if_refused: str
    if_nobody: str
    url: str
    rule: str
    reason: str
    answer: str
    answered_by: str
    quickest_seconds: float
    hitl: Hitl


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One failed try.

    :param leading: the one that the incident is looked at by.
    """

    key: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    kind: str
    at: datetime
    operator: str
    table: str
    slice: str
    slice_day: str
    error: str
    leading: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """What failed.

    :param more: failures that are not listed; ``hidden`` are of Dags that the caller may not read.
    """

    failures: Sequence[Failed]
    more: int
    hidden: int
    not_known: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is held to be the root cause, and how sure that is."""

    category: str
    sentence: str
    basis: str
    certainty: str
    how_sure: str
    why: str
    alternatives: Sequence[str]
    against: Sequence[str]
    connections: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of the redacted log as the evidence had it; ``cited`` by the diagnosis."""

    source: str
    line: int
    text: str
    cited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """The try whose log it is, in Airflow."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The evidence."""

    observations: Sequence[Observed]
    log: Sequence[LogLine]
    citations: Sequence[LogLine]
    facts: Mapping[str, Any]
    samples: Sequence[str]
    log_in_airflow: LogPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """One check of the gate that blocked.

    :param history: ``new``, ``failing_before`` or ``unknown``.
    """

    id: str
    kind: str
    columns: Sequence[str]
    severity: str
    passed: bool
    blocking: bool
    expected: str
    actual: str
    failing: int | None
    share: float | None
    look_at: str
    error: str
    history: str
    samples: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateShown:
    table: str
    slice: str
    where: str
    rows: int
    malformed: int
    decision: str
    contract: str
    contract_version: str
    checks: Sequence[CheckShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShown:
    kind: str
    column: str
    expected: str
    found: str
    blocking: bool
    ddl: str
    renamed_to: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaShown:
    """How contract, source and target differ, and what a person may run where; the harness has not run it."""

    side: str
    table: str
    published: str
    blocking: bool
    sentence: str
    place: str
    ddl: Sequence[str]
    changes: Sequence[ChangeShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaid:
    rule: str
    decides: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictShown:
    """The newest verdict, with what each rule about the action says to the same facts.

    :param explained: by which policy the rules are explained.
    """

    action: str
    arguments: Mapping[str, str]
    verdict: str
    rule: str
    reason: str
    policy_version: int
    acting: bool
    facts: Mapping[str, Any]
    rules: Sequence[RuleSaid]
    others: int
    explained: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActShown:
    act: str
    started_at: datetime
    ended_at: datetime | None
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedGate:
    table: str
    slice: str
    passed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    at: datetime
    outcome: str
    text: str
    gates: Sequence[VerifiedGate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event, for people: the word that leads its line, and its text."""

    at: datetime
    kind: str
    word: str
    text: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCause:
    dag_id: str
    run_id: str
    task_id: str
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An earlier incident of the same category; ``helped`` is the act after which it was well, or empty."""

    id: str
    name: str
    opened_at: datetime | None
    title: str
    outcome: str
    helped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShown:
    """How often a model was asked about it, and what that cost."""

    asked: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The incident's place in the chain of events.

    :param last_seq: number of its newest event; ``head`` is that event's hash.
    :param holds: None = the chain was not proved for this answer.
    """

    events: int
    last_seq: int
    head: str
    holds: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Everything that is known of one incident.

    :param actions: what can be done where it stands, whoever does it.
    :param commands: what shows it, and what does the same as its actions, on the command line.
    :param next: lines that say what to do next.
    """

    row: Row
    may: May
    headline: str
    next: Sequence[str]
    actions: Sequence[str]
    question: Question | None
    broke: Broke
    published: Sequence[str]
    whom: Sequence[str]
    cause: Cause | None
    evidence: Shown
    gate: GateShown | None
    schema: SchemaShown | None
    verdict: VerdictShown | None
    acts: Sequence[ActShown]
    verification: Sequence[Verified]
    timeline: Sequence[Step]
    lineage: LineageGraph
    same_cause: Sequence[SameCause]
    similar: Sequence[Similar]
    model: ModelShown
    conversation: Sequence[Said] | None
    drafts: Sequence[Draft] | None
    audit: Signed
    commands: Mapping[str, str]
    now: datetime
