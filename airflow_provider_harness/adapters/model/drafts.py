"""Changes that a model drafts for a person: parsed, planned where that is possible, shown, and executed by nobody."""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.adapters.dags.drafted import findings
from airflow_provider_harness.adapters.model.answer import said
from airflow_provider_harness.adapters.model.log_tools import Reading
from airflow_provider_harness.app.authoring.finding import Finding
from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

LONGEST = 8_000  # characters of what a draft writes, and of its difference
_CONTEXT = 3  # lines around a change

_SHOWN = 8  # findings that are new, and as many that are gone

_NUMBER, _TEXT = {"type": "integer"}, {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """What may be drafted against, of one failure.

    :param source: the Dag's file as the failed run had it.
    :param query: the SQL that the task rendered; empty where it has none.
    :param plan: plans a question in the warehouse without running it, and gives the plan; None where nobody opened that.
    :param keep: is given each draft.
    """

    source: Callable[[], str]
    query: Callable[[], str]
    plan: Callable[[str], str] | None
    keep: Callable[[ModelProposal], None]
    redactor: Redactor

    def tool(self) -> Reading:
        """What takes a draft."""
        return Reading(
            name="draft_change",
            description="Drafts a change for a person, who decides; nobody executes it. of=dag_source: new_text takes the place of "
            "the lines first_line to last_line of the Dag's file. of=query: new_text takes the place of the task's whole SQL. "
            "It is parsed, and a query is planned where the warehouse may be asked.",
            look=self._draft,
            properties={
                "of": {"type": "string", "enum": ["dag_source", "query"]},
                "first_line": _NUMBER,
                "last_line": _NUMBER,
                "new_text": _TEXT,
                "why": _TEXT,
            },
        )

    def _draft(self, given: Mapping[str, Any]) -> str:
        if len(given["new_text"]) > LONGEST:
            raise ValueError(f"new_text: {LONGEST} characters at most.")
        before, after, checked = (self._of_source if given["of"] == "dag_source" else self._of_query)(given)
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "as it failed", "draft", lineterm="", n=_CONTEXT
        )
        diff = self.redactor.redact("\n".join(lines), LONGEST)
        if not diff:
            raise ValueError("new_text: it changes nothing.")
        draft = {"of": given["of"], "diff": diff, "checked": self.redactor.redact(checked, 1_500)}
        self.keep(
            ModelProposal(
                action=ActionKind.SUGGEST_QUERY_CHANGE,
                category=Category.CODE_BUG,
                why=said(self.redactor.redact(given["why"])),
                named={},
                draft=draft,
            )
        )
        return f"Kept for a person; nobody executes it. {draft['checked']}"

    def _of_source(self, given: Mapping[str, Any]) -> tuple[str, str, str]:
        source = self.source()
        lines, first, last = source.splitlines(), given["first_line"], given["last_line"]
        if not 1 <= first <= last <= len(lines):
            raise ValueError(f"first_line and last_line: 1 to {len(lines)}, first_line not after last_line.")
        after = "\n".join([*lines[: first - 1], *given["new_text"].splitlines(), *lines[last:]])
        try:
            ast.parse(after)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"new_text: the file would not be Python any more: {error}.") from error
        return source, after, f"It is Python that can be parsed; it was not run. {_compared(source, after)}"

    def _of_query(self, given: Mapping[str, Any]) -> tuple[str, str, str]:
        import sqlglot
        from sqlglot.errors import SqlglotError

        before, after = self.query(), given["new_text"]
        if not before:
            raise ValueError("of: the task renders no SQL; only dag_source can be drafted.")
        try:
            sqlglot.parse_one(after, dialect="postgres")
        except (SqlglotError, RecursionError) as error:
            raise ValueError(f"new_text: it cannot be parsed as SQL: {shorten(str(error), 300)}.") from error
        return before, after, f"It is SQL that can be parsed. {self._planned(after)}"

    def _planned(self, sql: str) -> str:
        if self.plan is None:
            return "It was not planned: the administrator opened no warehouse for that."
        try:
            return f"The warehouse plans it so, without running it:\n{self.plan(sql)}"
        except (HarnessError, ValueError) as error:
            return f"It was not planned: {shorten(str(error), 300)}"


def _compared(before: str, after: str) -> str:
    """What ``airflow harness check`` finds in the draft that it does not find in the file, and the other way round."""
    old, new = findings(before), findings(after)
    known, left = Counter(map(_kind, old)), Counter(map(_kind, new))
    worse = [one for one in new if left[_kind(one)] > known[_kind(one)]]
    better = [one for one in old if known[_kind(one)] > left[_kind(one)]]
    told = [f"airflow harness check finds {len(new)} problem(s) in it, {len(old)} before."]
    told += [f"New: {_sentence(one)}" for one in worse[:_SHOWN]]
    told += [f"Gone: {_sentence(one)}" for one in better[:_SHOWN]]
    return "\n".join(told)


def _kind(one: Finding) -> tuple[str, str]:
    """Where it stands moves with the lines above it."""
    return one.rule.id, one.message


def _sentence(one: Finding) -> str:
    return f"{one.severity} {one.rule.id}, line {one.line}: {shorten(one.message, 300)}"
