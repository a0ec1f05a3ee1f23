"""The closed table of what the harness can do, and how a diagnosis asks for a row of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ActionKind(StrEnum):
    RETRY_TASK = "retry_task"
    RESTART_PIPELINE = "restart_pipeline"
    WAIT_FOR_SOURCE = "wait_for_source"
    QUARANTINE_AND_CONTINUE = "quarantine_and_continue"
    RERUN_UPSTREAM = "rerun_upstream"
    BACKFILL_RANGE = "backfill_range"
    PAUSE_DAG = "pause_dag"
    SUGGEST_SCHEMA_CHANGE = "suggest_schema_change"
    SUGGEST_QUERY_CHANGE = "suggest_query_change"
    SUGGEST_CONCURRENCY_CHANGE = "suggest_concurrency_change"
    ESCALATE_TO_HUMAN = "escalate_to_human"


class Risk(StrEnum):
    """What an act can reach. Text alone never carries an act beyond ``BOUNDED`` (see ``core.policy.policy``)."""

    NONE = "none"  # nothing is executed
    BOUNDED = "bounded"  # repeats what the author wrote to run anyway, a limited number of times
    WIDE = "wide"  # touches more than the failed task, or decides about data


class Parameter(StrEnum):
    """A name an action's argument can have. Every value comes from a trusted fact, never from text."""

    TASK = "task"  # the failed task id
    MAP_INDEX = "map_index"
    DAG = "dag"
    RUN = "run"
    TRY_NUMBER = "try_number"  # the try that failed: the act is refused when another one has started since
    DELAY_SECONDS = "delay_seconds"  # 0 to 3600; of a wait for the source, to 43200
    FIRST = "first"  # UTC start of the first slice, ISO 8601
    LAST = "last"  # UTC start of the last slice, inclusive
    SLICE = "slice"
    CHECKS = "checks"  # ids of checks, percent-encoded and separated by commas (core.grant)
    UPSTREAM_TASK = "upstream_task"
    SEVERITY = "severity"  # low | medium | high | critical


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """A row of the table.

    :param what: what it does, in words for a person who must approve it.
    """

    what: str
    risk: Risk
    required: frozenset[Parameter] = frozenset()
    optional: frozenset[Parameter] = frozenset()


_RUN = frozenset({Parameter.DAG, Parameter.RUN})
_TASK = _RUN | {Parameter.TASK, Parameter.TRY_NUMBER}

ACTIONS: Mapping[ActionKind, ActionSpec] = {
    ActionKind.RETRY_TASK: ActionSpec(
        what="Clear the failed task and what depends on it, so that Airflow runs it again.",
        risk=Risk.BOUNDED,
        required=_TASK,
        optional=frozenset({Parameter.DELAY_SECONDS, Parameter.MAP_INDEX}),
    ),
    ActionKind.RESTART_PIPELINE: ActionSpec(
        what="Clear every failed task of the run and what depends on it.",
        risk=Risk.WIDE,
        required=_RUN,
    ),
    ActionKind.WAIT_FOR_SOURCE: ActionSpec(
        what="Give the source time, then clear the failed task.",
        risk=Risk.BOUNDED,
        required=_TASK,
        optional=frozenset({Parameter.SLICE, Parameter.DELAY_SECONDS, Parameter.MAP_INDEX}),
    ),
    ActionKind.QUARANTINE_AND_CONTINUE: ActionSpec(
        what="Set the failing rows of this slice aside once, and publish the rest.",
        risk=Risk.WIDE,
        required=_TASK | {Parameter.SLICE, Parameter.CHECKS},
        optional=frozenset({Parameter.MAP_INDEX}),
    ),
    ActionKind.RERUN_UPSTREAM: ActionSpec(
        what="Clear the upstream task that the lineage names, and what depends on it.",
        risk=Risk.WIDE,
        required=_RUN | {Parameter.UPSTREAM_TASK},
    ),
    ActionKind.BACKFILL_RANGE: ActionSpec(
        what="Create a backfill of these slices; when it is complete, clear the check that noticed the gap.",
        risk=Risk.WIDE,
        required=_TASK | {Parameter.FIRST, Parameter.LAST},
        optional=frozenset({Parameter.MAP_INDEX}),
    ),
    ActionKind.PAUSE_DAG: ActionSpec(what="Pause the Dag.", risk=Risk.WIDE, required=frozenset({Parameter.DAG})),
    ActionKind.SUGGEST_SCHEMA_CHANGE: ActionSpec(
        what="Propose a schema change to a person; nothing is executed.", risk=Risk.NONE
    ),
    ActionKind.SUGGEST_QUERY_CHANGE: ActionSpec(
        what="Propose a change of a query to a person; nothing is executed.", risk=Risk.NONE
    ),
    ActionKind.SUGGEST_CONCURRENCY_CHANGE: ActionSpec(
        what="Propose a smaller batch or less concurrency to a person; nothing is executed.",
        risk=Risk.NONE,
    ),
    ActionKind.ESCALATE_TO_HUMAN: ActionSpec(
        what="Page a person with the evidence.",
        risk=Risk.NONE,
        optional=frozenset({Parameter.SEVERITY}),
    ),
}


def kind_of(act: str) -> ActionKind:
    """The kind of an act from its canonical line."""
    return ActionKind(act.partition("(")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One row of ``ACTIONS`` with its arguments.

    :param arguments: parameter to value as text; complete and without strangers, or the proposal is not made.
    :param why: one sentence.
    """

    kind: ActionKind
    arguments: Mapping[Parameter, str] = field(default_factory=dict)
    why: str = ""

    def __post_init__(self) -> None:
        spec, given = ACTIONS[self.kind], set(self.arguments)
        if missing := spec.required - given:
            raise ValueError(f"{self.kind} lacks {', '.join(sorted(missing))}")
        if strangers := given - spec.required - spec.optional:
            raise ValueError(f"{self.kind} does not take {', '.join(sorted(strangers))}")

    @property
    def target(self) -> str:
        """The task instance that it is about; empty where it is about none."""
        given = self.arguments
        if Parameter.TASK not in given:
            return ""
        return "/".join(
            given.get(name, "") for name in (Parameter.DAG, Parameter.RUN, Parameter.TASK, Parameter.MAP_INDEX)
        )

    def canonical(self) -> str:
        """The exact act as one line: what an approval is bound to, and the key that makes a repeat a no-op.

        A comma in a value is escaped, so that no two acts share their line.
        """
        given = {name: _escaped(self.arguments[name]) for name in sorted(self.arguments)}
        return f"{self.kind}({', '.join(f'{name}={value}' for name, value in given.items())})"


def beginning(kind: ActionKind, first: Parameter, value: str) -> str:
    """How the canonical line of every act of this kind begins whose first argument, by name, has this value."""
    return f"{kind}({first}={_escaped(value)},"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,")
