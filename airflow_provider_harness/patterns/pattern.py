"""The result of every pattern: the query for an engine, and the gates for the contract of its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError

Gate = Mapping[str, Any]
"""A rule of a contract, as its list ``quality`` has it: keyword of the standard -> value."""


class Engine(StrEnum):
    """Where a pattern's query runs."""

    POSTGRES = "postgres"
    BIGQUERY = "bigquery"
    DUCKDB = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A query and the gates of its result.

    :param name: of the function that made it.
    :param text: the query in PostgreSQL's SQL; a percent sign that is not a placeholder is doubled.
    :param columns: what it gives, in order.
    :param gates: rules for the contract, of severity error unless they say otherwise.
    :param mode: ``mode`` of ``harness.load`` with which a re-run gives the same again.
    :param snippets: name of a placeholder in the text -> engine -> what stands for it there.
    """

    name: str
    text: str
    columns: tuple[str, ...]
    gates: tuple[Gate, ...]
    mode: str
    snippets: Mapping[str, Mapping[Engine, str]] = field(default_factory=dict)

    def sql(self, engine: str = Engine.POSTGRES) -> str:
        """The query for an engine.

        Slice bounds are ``%(slice_start)s`` and ``%(slice_end)s``, as ``SQLTransformOperator`` fills them; for DuckDB,
        the parameters ``$slice_start`` and ``$slice_end``.
        """
        if engine not in list(Engine):
            raise ConfigurationError(
                f"{self.name}().sql", f"knows no engine {engine!r}.", valid=tuple(Engine), fix="Give one of these."
            )
        wanted = Engine(engine)
        text = self.text if wanted is Engine.POSTGRES else _translated(self.text, wanted)
        for mark, snippet in self.snippets.items():
            for quote in '"`':
                text = text.replace(f"{quote}{mark}{quote}", snippet[wanted])
        return text

    def quality(self) -> str:
        """The gates as YAML, to stand below ``quality:`` of the contract's table."""
        return _lines(self.gates)

    def refuse(self, contract: str, mode: str, checks: Iterable[str]) -> None:
        """Check that a contract has this pattern's mode, so that it can run again, and its gates.

        :param contract: its id.
        :param mode: how the contract loads.
        :param checks: ids of the contract's checks.
        :raises ConfigurationError: it does not, or has not.
        """
        if mode != self.mode:
            raise ConfigurationError(
                f"contract {contract}",
                f"loads in mode {mode}, with which {self.name} cannot be run again safely.",
                valid=(self.mode,),
                fix=f"Write mode: {self.mode} in harness.load, or give {self.name} other arguments.",
            )
        known = set(checks)
        missing = [gate for gate in self.gates if gate["name"] not in known]
        if missing:
            raise ConfigurationError(
                f"contract {contract}",
                f"lacks {len(missing)} gate(s) of {self.name}: {', '.join(str(gate['name']) for gate in missing)}.",
                fix=f"Add below quality: of its table:\n{_lines(missing)}",
            )


def _lines(gates: Iterable[Gate]) -> str:
    """Gates as YAML, one a line."""
    return "".join(f"- {_flow(gate)}\n" for gate in gates)


def _flow(value: Any) -> str:
    """A value as YAML writes it in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _translated(text: str, engine: Engine) -> str:
    """A query of PostgreSQL's for another engine."""
    import sqlglot
    from sqlglot import exp

    def collated(node: Any) -> Any:
        """Texts are compared by their bytes elsewhere as they are, and a value of BigQuery's becomes text as JSON."""
        if not isinstance(node, exp.Collate):
            return node
        cast = node.this
        if engine is Engine.DUCKDB:
            return cast
        value = cast.this
        none = exp.Is(this=value.copy(), expression=exp.Null())
        return exp.If(this=none, true=exp.Null(), false=exp.Anonymous(this="TO_JSON_STRING", expressions=[value]))

    done: str = sqlglot.parse_one(text, read="postgres").transform(collated).sql(dialect=engine.value)
    if engine is Engine.DUCKDB:
        return done.replace("%%", "%")
    return re.sub(r"@(slice_start|slice_end)\b", r"%(\1)s", done)
