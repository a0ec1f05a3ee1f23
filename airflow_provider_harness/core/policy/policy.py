"""What may be done: finite rules over trusted facts. Whatever is not said is refused.

The first rule that names the action and whose conditions all hold decides. No such rule, an unknown name, a missing
fact or a rule that crashes ends in ``refuse``. Bounds stand above every rule and can only narrow: a diagnosis that
rests on text or on a model reaches no wide act without a person, a remedy that needs a person asks one, and so does
every act on a task of which a person said that it may not run again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Any

from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal, Risk
from airflow_provider_harness.core.contracts.contract import STATUSES, Criticality
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.diagnosis.witness import Reader
from airflow_provider_harness.core.policy.hours import hours, is_moment
from airflow_provider_harness.core.policy.repeatable import Repeatable


class VerdictKind(StrEnum):
    APPROVE = "approve"
    ASK = "ask"
    REFUSE = "refuse"


class Op(StrEnum):
    """How a condition compares a fact with its operand."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    HAS = "has"  # of several words, this one is there
    WITHIN = "within"  # hours of the week in a time zone


_COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.IN: lambda fact, operand: fact in operand,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.HAS: lambda fact, operand: operand in fact,
    Op.WITHIN: lambda fact, operand: hours(operand).hold(datetime.fromisoformat(fact)),
}
_EQUAL = frozenset({Op.EQ, Op.NE, Op.IN})
_OPS: Mapping[type, frozenset[Op]] = {
    int: _EQUAL | {Op.LT, Op.LE, Op.GT, Op.GE},
    bool: _EQUAL,
    str: _EQUAL,
    tuple: frozenset({Op.HAS}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSpec:
    """A name that a condition may use.

    :param values: the closed set of words, or None where there is none.
    :param moment: it is a time, of which only hours can be asked.
    :param reader: who of the healer's own readers gives its value; nothing that a task or a person told is one.
    """

    reader: Reader
    type: type
    meaning: str
    values: frozenset[str] | None = None
    moment: bool = False

    @property
    def ops(self) -> frozenset[Op]:
        """How it can be compared."""
        return frozenset({Op.WITHIN}) if self.moment else _OPS[self.type]


ENVIRONMENTS = frozenset({"production", "staging", "development", "test"})
CRITICALITIES = frozenset({"none", *Criticality})
CONTRACT_STATES = frozenset({"none", "other", *STATUSES})

FACTS: Mapping[str, FactSpec] = {
    "category": FactSpec(reader=Reader.DIAGNOSIS, type=str, meaning="root cause", values=frozenset(Category)),
    "basis": FactSpec(
        reader=Reader.DIAGNOSIS, type=str, meaning="what the diagnosis rests on", values=frozenset(Basis)
    ),
    "certainty": FactSpec(
        reader=Reader.DIAGNOSIS, type=str, meaning="how sure the diagnosis is", values=frozenset(Certainty)
    ),
    "needs_person": FactSpec(
        reader=Reader.DIAGNOSIS, type=bool, meaning="the remedy is only made with a person's agreement"
    ),
    "tries_by_harness": FactSpec(
        reader=Reader.RECORDS, type=int, meaning="acts already made on this incident, 0 or more"
    ),
    "try_number": FactSpec(reader=Reader.AIRFLOW, type=int, meaning="the try that failed, 1 or more"),
    "failed_tasks": FactSpec(reader=Reader.AIRFLOW, type=int, meaning="task instances of the run in state failed"),
    "downstream_tasks": FactSpec(
        reader=Reader.AIRFLOW, type=int, meaning="task instances of the run that could not start because of it"
    ),
    "slices": FactSpec(reader=Reader.WAREHOUSE, type=int, meaning="slices that the act would run again"),
    "slices_beyond_alone": FactSpec(
        reader=Reader.WAREHOUSE,
        type=int,
        meaning="slices more than contract and administrator let the harness run without asking, 0 or more",
    ),
    "dag_paused": FactSpec(reader=Reader.AIRFLOW, type=bool, meaning="the Dag is paused"),
    "dag_changed": FactSpec(
        reader=Reader.AIRFLOW,
        type=bool,
        meaning="Airflow has had another version of the Dag since the try failed; not known where Airflow is not",
    ),
    "has_contract": FactSpec(reader=Reader.AIRFLOW, type=bool, meaning="a task of the run publishes under a contract"),
    "environment": FactSpec(
        reader=Reader.ADMINISTRATOR,
        type=str,
        meaning="what the administrator calls this installation ([harness] environment)",
        values=ENVIRONMENTS,
    ),
    "owners": FactSpec(reader=Reader.AIRFLOW, type=tuple, meaning="owners of the Dag, as its author wrote them"),
    "tags": FactSpec(reader=Reader.AIRFLOW, type=tuple, meaning="tags of the Dag, as its author wrote them"),
    "idempotent": FactSpec(
        reader=Reader.AIRFLOW,
        type=bool,
        meaning="the failed task is one of the harness's operators, which publish a slice exactly once",
    ),
    "repeatable": FactSpec(
        reader=Reader.AIRFLOW,
        type=str,
        meaning="what a second try of the failed task does, by its operator: yes, job (it may start a second one elsewhere), no, "
        "unknown; where it is unknown, approved or refused by the answer of a person that the healer recorded",
        values=frozenset(Repeatable),
    ),
    "criticality": FactSpec(
        reader=Reader.CONTRACT,
        type=str,
        meaning="of the data, by the failed task's contract; none without one",
        values=CRITICALITIES,
    ),
    "contract_state": FactSpec(
        reader=Reader.CONTRACT,
        type=str,
        meaning="status of the failed task's contract; none without one, other for a word of its author's own",
        values=CONTRACT_STATES,
    ),
    "model_cents_on_incident": FactSpec(
        reader=Reader.RECORDS,
        type=int,
        meaning="US cents that the model has cost on this incident, spent or reserved, rounded up",
    ),
    "model_cents_today": FactSpec(
        reader=Reader.RECORDS,
        type=int,
        meaning="US cents that the model has cost on all incidents this UTC day, spent or reserved, rounded up",
    ),
    "maintenance": FactSpec(reader=Reader.ADMINISTRATOR, type=bool, meaning="a maintenance window of the Dag is open"),
    "time": FactSpec(
        reader=Reader.CLOCK,
        type=str,
        meaning="now; asked by hours such as Mon-Fri 22:00-06:00 Europe/Berlin",
        moment=True,
    ),
    "downstream_tables": FactSpec(
        reader=Reader.LINEAGE,
        type=int,
        meaning="tables and folders that were ever told to be made of what the failed task writes; not known where lineage is not",
    ),
    "upstream_incidents": FactSpec(
        reader=Reader.LINEAGE,
        type=int,
        meaning="open incidents of tasks whose data the failed task reads; not known where lineage is not",
    ),
}
LINEAGE_FACTS = ("downstream_tables", "upstream_incidents")
"""Those that are known only where the failed task has told what it reads and writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``fact op operand``, such as ``tries_by_harness lt 2``."""

    fact: str
    op: Op
    operand: Fact | tuple[Fact, ...]

    def holds(self, facts: Mapping[str, Fact]) -> bool:
        return _COMPARE[self.op](facts[self.fact], self.operand)

    def __str__(self) -> str:
        words = self.operand if isinstance(self.operand, tuple) else (self.operand,)
        return f"{self.fact} {self.op} {', '.join(map(str, words))}"


def unusable(name: str, facts: Mapping[str, Fact]) -> str:
    """Why a condition cannot be judged by this fact; a mistyped fact must not slip past a rule that refuses."""
    if name not in facts:
        return f"The fact {name!r} is not known."
    spec, value = FACTS[name], facts[name]
    allowed = (tuple, list) if spec.type is tuple else spec.type  # as it was recorded, several words are a list
    typed = isinstance(value, allowed) and isinstance(value, bool) == (spec.type is bool)
    if (
        not typed
        or (spec.values is not None and value not in spec.values)
        or (spec.moment and not is_moment(str(value)))
    ):
        return f"The fact {name!r} cannot be {value!r}."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often a rule may approve; None = not bounded here.

    :param per_incident: acts on one incident, 0 or more.
    :param per_dag_per_day: acts on one Dag in a UTC day, 0 or more.
    """

    per_incident: int | None = None
    per_dag_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was already done with the same kind of action."""

    on_incident: int = 0
    on_dag_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the policy."""

    id: str
    action: ActionKind
    verdict: VerdictKind
    reason: str
    when: tuple[Condition, ...] = ()
    limit: Limit = field(default_factory=Limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided, by which rule of which version, and why. ``rule`` is empty where no rule spoke."""

    kind: VerdictKind
    rule: str
    reason: str
    policy_version: int
    limit: Limit = field(default_factory=Limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An ordered list of rules.

    :param version: a number that the administrator raises with each change; approvals are bound to it.
    """

    version: int
    rules: Sequence[Rule]

    def judge(self, proposal: Proposal, facts: Mapping[str, Fact], usage: Usage, *, earned: str = "") -> Verdict:
        """Decide on one proposal.

        :param facts: trusted facts by the names of ``FACTS``.
        :param usage: what was already done.
        :param earned: by whose word the act is made alone where a rule would ask (``core.policy.autonomy``); empty where nobody
            gave it. It takes no prohibition, no limit and no bound away.
        """
        try:
            verdict = self._first_match(proposal, facts, usage, earned)
            return self._narrow(verdict, proposal, facts, usage, earned)
        except Exception as error:  # noqa: BLE001  a guard that crashes closes
            return self._refuse("", f"The policy could not be evaluated ({type(error).__name__}: {error}).")

    def _first_match(self, proposal: Proposal, facts: Mapping[str, Fact], usage: Usage, earned: str) -> Verdict:
        for rule in self.rules:
            if rule.action is not proposal.kind:
                continue
            for condition in rule.when:
                if why := unusable(condition.fact, facts):
                    return self._refuse(rule.id, why)
            if all(condition.holds(facts) for condition in rule.when):
                return _alone(self._within_limit(rule, usage), earned)
        return self._refuse("", f"No rule covers {proposal.kind} here.")

    def _within_limit(self, rule: Rule, usage: Usage) -> Verdict:
        for used, most, what in (
            (usage.on_incident, rule.limit.per_incident, "on this incident"),
            (usage.on_dag_today, rule.limit.per_dag_per_day, "on this Dag today"),
        ):
            if rule.verdict is not VerdictKind.REFUSE and most is not None and used >= most:
                return self._refuse(rule.id, f"The limit of {most} {what} is used up.")
        return Verdict(
            kind=rule.verdict, rule=rule.id, reason=rule.reason, policy_version=self.version, limit=rule.limit
        )

    def _narrow(
        self, verdict: Verdict, proposal: Proposal, facts: Mapping[str, Fact], usage: Usage, earned: str
    ) -> Verdict:
        if verdict.kind is not VerdictKind.APPROVE or ACTIONS[proposal.kind].risk is Risk.NONE:
            return verdict
        if facts["needs_person"] is not False:
            why = "This remedy is only made with a person's agreement."
        elif facts.get("repeatable") == Repeatable.REFUSED:
            why = "A person refused a second try of this task."
        elif ACTIONS[proposal.kind].risk is Risk.WIDE and facts["basis"] != Basis.FACT:
            why = "Only text says so; no trusted fact says the same."
        elif any(name in LINEAGE_FACTS for name in self._asked_by(verdict.rule)) or self._grew(
            proposal, facts, usage, earned
        ):
            why = "Only tasks say what is made of what; that can narrow what is allowed, and not widen it."
        else:
            return verdict
        return Verdict(
            kind=VerdictKind.ASK, rule=verdict.rule, reason=why, policy_version=self.version, limit=verdict.limit
        )

    def _grew(self, proposal: Proposal, facts: Mapping[str, Fact], usage: Usage, earned: str) -> bool:
        """Whether less than what tasks told would have been approved less: they can make these numbers grow, and not shrink."""
        told = [name for name in LINEAGE_FACTS if name in facts]
        smaller = product(*(self._turns(name, facts[name]) for name in told))
        found = (
            self._first_match(proposal, {**facts, **dict(zip(told, less, strict=True))}, usage, earned)
            for less in smaller
        )
        return any(verdict.kind is not VerdictKind.APPROVE for verdict in found)

    def _turns(self, name: str, told: Fact) -> set[int]:
        """Every number up to the told one at which a condition on this fact can turn."""
        asked = (condition.operand for rule in self.rules for condition in rule.when if condition.fact == name)
        words = [one for operand in asked for one in (operand if isinstance(operand, tuple) else (operand,))]
        around = {0, *(number + step for number in words if isinstance(number, int) for step in (-1, 0, 1))}
        return {number for number in around if isinstance(told, int) and 0 <= number <= told}

    def _asked_by(self, rule: str) -> Iterator[str]:
        """The facts that a rule asks for."""
        return (condition.fact for one in self.rules if one.id == rule for condition in one.when)

    def _refuse(self, rule: str, reason: str) -> Verdict:
        return Verdict(kind=VerdictKind.REFUSE, rule=rule, reason=reason, policy_version=self.version)


def _alone(verdict: Verdict, earned: str) -> Verdict:
    """The verdict of a rule where it was earned that the act is made without asking."""
    return (
        replace(verdict, kind=VerdictKind.APPROVE, reason=earned)
        if earned and verdict.kind is VerdictKind.ASK
        else verdict
    )
