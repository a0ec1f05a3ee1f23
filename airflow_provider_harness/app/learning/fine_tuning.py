"""A set of examples for fine-tuning: each row passes the steps, and what is left is divided without leakage and judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.ports.fine_tuning import Prepared, SetWriter, Spool, TokenCounter, Written
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.fine_tuning.counts import Counts
from airflow_provider_harness.core.learning.fine_tuning.examples import (
    BadExample,
    Example,
    digest,
    example_of,
    hash_of,
    texts_of,
    with_texts,
)
from airflow_provider_harness.core.learning.fine_tuning.plan import FineTuning, NearDuplicates, PersonalData
from airflow_provider_harness.core.learning.results import gate_result
from airflow_provider_harness.core.redaction.person_texts import hide_people
from airflow_provider_harness.core.redaction.personal_data import PERSONAL

PLACES = 5
"""Rows that are named where some are no examples."""
Row = Mapping[str, Any]


class Preparation:
    """Takes rows, and puts the examples of those that pass into the spool.

    :param as_of: a label that was known later is from the future: the end of the slice.
    :param watched: columns whose distribution is watched.
    :ivar counts: of every step.
    :ivar bad: place of a row, and why it is no example; the first ones.
    """

    def __init__(
        self,
        plan: FineTuning,
        contract: Contract,
        spool: Spool,
        counter: TokenCounter,
        as_of: datetime,
        watched: Sequence[str] = (),
    ) -> None:
        self._plan, self._spool, self._counter, self._as_of, self._watched = plan, spool, counter, as_of, watched
        secret = {name for name, word in contract.classified().items() if word.lower() in PERSONAL}
        self._key = tuple(name for name in contract.key if name not in secret)
        self.counts, self.rows = Counts(), 0
        self.bad: list[tuple[str, BadExample]] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Take the next rows."""
        for row in rows:
            self.rows += 1
            example = self._example(row)
            if example is not None:
                self._prepare(row, example)

    def _example(self, row: Row) -> Example | None:
        found = example_of(row, self._plan.shape, self._as_of)
        if not isinstance(found, BadExample):
            self.counts.passes("example")
            return found
        if len(self.bad) < PLACES:
            self.bad.append((self._place(row), found))
        self.counts.passes("example", str(found))
        return None

    def _prepare(self, row: Row, example: Example) -> None:
        plan, counts = self._plan, self.counts
        if not counts.passes("quality", plan.quality.fault(texts_of(example))):
            return
        hidden = self._hidden(example)
        personal = hidden is not example
        if personal and plan.personal_data is PersonalData.MASK:
            counts.steps["personal data"].noted["masked"] += 1
        if not counts.passes(
            "personal data", "holds personal data" if personal and plan.personal_data is PersonalData.DROP else ""
        ):
            return
        tokens = sum(map(self._counter.count, texts_of(hidden)))
        too_long = plan.max_tokens is not None and tokens > plan.max_tokens
        if not counts.passes("tokens", "more tokens than max_tokens" if too_long else ""):
            return
        own = digest(hidden)
        group = [row[name] for name in plan.shape.group] or [own]
        self._spool.add(
            Prepared(
                example=hidden,
                key=self._place(row),
                digest=own,
                group=hash_of(group, plan.seed),
                tokens=tokens,
                values={name: None if row[name] is None else str(row[name]) for name in self._watched},
            )
        )

    def _hidden(self, example: Example) -> Example:
        """The example without personal data; the same object where there is none, or nobody looks."""
        if self._plan.personal_data is PersonalData.KEEP:
            return example
        texts = texts_of(example)
        hidden = [hide_people(text) for text in texts]
        return example if hidden == list(texts) else with_texts(example, hidden)

    def _place(self, row: Row) -> str:
        if not self._key:
            return json.dumps({"row": self.rows})
        return json.dumps({name: row[name] for name in self._key}, default=str, ensure_ascii=False)

    def results(self) -> tuple[CheckResult, ...]:
        """Whether enough of the rows were examples, each fault with its place."""
        step = self.counts.steps["example"]
        bad = step.why.total()
        share = bad / self.rows if self.rows else 0.0
        why = "; ".join(f"{count} of which {reason}" for reason, count in step.why.most_common())
        named = "; ".join(f"{place} ({reason})" for place, reason in self.bad)
        return (
            gate_result(
                "rows",
                self.rows > 0,
                "at least 1 row",
                f"{self.rows} rows",
                value=self.rows,
                look_at="Look at whether the slice was published before the set was made.",
            ),
            gate_result(
                "examples",
                share <= self._plan.max_bad_share,
                f"at most {self._plan.max_bad_share:.2%} of the rows that are no example",
                f"{bad} of {self.rows} ({share:.2%})" + (f": {why}" if why else ""),
                value=share,
                columns=tuple(dict.fromkeys(self._plan.shape.names)),
                look_at=f"The first: {named}. Mend them at the source, leave them out by sql, or allow a max_bad_share.",
                facts={"rows": [place for place, _ in self.bad]},
            ),
        )


def without_duplicates(plan: FineTuning, spool: Spool, counts: Counts) -> None:
    """Leave duplicates out, exact ones first; near ones as the plan says."""
    spool.finish()
    left = counts.steps["tokens"].left
    left = _counted(counts, "exact duplicates", left, spool.exact_duplicates(), "same roles and texts as another")
    if plan.near_duplicates is NearDuplicates.KEEP:
        _counted(counts, "near duplicates", left, 0, "")
        return
    near = spool.near_duplicates(plan.similarity, plan.seed)
    if plan.near_duplicates is NearDuplicates.DROP:
        spool.drop_near()
        _counted(counts, "near duplicates", left, near, "nearly the same as another")
        return
    spool.join_groups()
    _counted(counts, "near duplicates", left, 0, "")
    counts.steps["near duplicates"].noted["kept with their like in one split"] = near


def _counted(counts: Counts, step: str, entered: int, out: int, why: str) -> int:
    counts.steps[step].entered = entered
    if out:
        counts.steps[step].why[why] = out
    return entered - out


def divided(plan: FineTuning, spool: Spool, writer: SetWriter) -> Iterator[tuple[str, Prepared]]:
    """Write each example to its split, and hand it on to whoever counts."""
    for prepared, group, cluster in spool.kept():
        split = plan.splits.of(group)
        writer.write(split, prepared, group, cluster)
        yield split, prepared
    writer.close()


def gates(plan: FineTuning, written: Written) -> tuple[CheckResult, ...]:
    """What must hold of the files as they were read back."""
    empty = [name for name in plan.splits.shares if not written.examples.get(name)]
    sizes = ", ".join(f"{name} {written.examples.get(name, 0)}" for name in plan.splits.shares)
    results = [
        gate_result(
            "splits",
            not empty,
            "examples in every split",
            sizes,
            look_at="Look at the counts of the steps, and at how many groups there are: a split takes whole groups.",
        )
    ]
    leaks = {"group": written.split_groups, "cluster": written.split_clusters, "example": written.split_digests}
    results += [
        gate_result(
            f"leakage:{what}",
            not several,
            f"no {what} in several splits",
            f"{several} of them",
            value=several,
            columns=plan.shape.group if what == "group" else (),
            look_at="This is a fault of the harness: tell its authors.",
        )
        for what, several in leaks.items()
    ]
    if plan.max_tokens is not None:
        fits = written.most_tokens <= plan.max_tokens
        most = f"{written.most_tokens} in the longest example"
        results.append(
            gate_result("tokens", fits, f"at most {plan.max_tokens} tokens", most, value=written.most_tokens)
        )
    if plan.personal_data is not PersonalData.KEEP:
        found = f"{written.personal} of {written.sampled} examples that were looked at again"
        results.append(
            gate_result("personal_data", not written.personal, "no personal data", found, value=written.personal)
        )
    return tuple(results)
