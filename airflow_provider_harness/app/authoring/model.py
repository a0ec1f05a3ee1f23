"""A Dag as it is declared, whether its file was read or imported; and what its queries do."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.app.authoring.code.values import Code, Values

UNSAID = object()
"""An argument that nobody gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a query.

    :param kind: ``select``, ``insert``, ``update``, ``delete``, ``merge``, ``truncate``, ``create``, ``drop`` or ``other``.
    :param target: the table that it writes, as written in lower case; empty for none.
    :param reads: the tables that it reads.
    :param where: it has a WHERE, or is a query that has one.
    :param keeps: it says what happens to rows that are there: ``update``, ``nothing``, or empty.
    :param rows: it writes rows that a query gives, rather than values that stand in it.
    :param source: of a CREATE, whether a query fills the table.
    :param replaces: it says OR REPLACE, IF NOT EXISTS or OVERWRITE.
    :param adds: the column to which it adds: ``SET n = n + 1``; empty for none.
    :param adds_at: where, in lines from the beginning of the text.
    """

    kind: str
    target: str = ""
    reads: frozenset[str] = frozenset()
    where: bool = False
    keeps: str = ""
    rows: bool = False
    source: bool = False
    replaces: bool = False
    temporary: bool = False
    adds: str = ""
    adds_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A text of SQL in a Dag file, with its statements once they were parsed.

    :param line: where the text begins.
    :param last: the line on which it ends; 0 where nobody knows.
    :param unit: the task or function that runs it.
    :param how: what runs it: ``operator``, or the method of a hook, cursor or library, such as ``execute``.
    :param dialect: sqlglot's word for its engine; empty where nobody says.
    :param alone: each of its statements is committed alone.
    """

    text: str
    line: int
    unit: str
    last: int = 0
    how: str = "operator"
    dialect: str = ""
    alone: bool = False
    statements: tuple[Statement, ...] = ()

    def line_at(self, offset: int) -> int:
        """The line of the file that is some lines below the first of the text."""
        return min(self.line + offset, self.last) if self.last else self.line + offset

    def writes(self) -> Iterator[Statement]:
        """The statements that write a table that stays."""
        return (one for one in self.statements if one.target and not one.temporary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task.

    :param kind: the operator's class, or the decorator (``task``, ``task.branch``).
    :param args: what it was given, with what the Dag gives all tasks.
    :param given: names of what it was given itself.
    :param lines: argument -> line.
    :param function: name of the function that it runs.
    :param contract: path of its contract.
    """

    id: str
    kind: str
    line: int
    args: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    lines: Mapping[str, int] = field(default_factory=dict)
    upstream: frozenset[str] = frozenset()
    downstream: frozenset[str] = frozenset()
    function: str = ""
    contract: str = ""
    mapped: bool = False

    def arg(self, name: str, default: Any = None) -> Any:
        """What it was given under a name; the default where nobody gave it, or where only running would tell."""
        found = self.args.get(name, default)
        return default if isinstance(found, Code) else found

    def has(self, name: str) -> bool:
        """Whether it was given something other than None."""
        return self.args.get(name) is not None

    @property
    def open(self) -> bool:
        """Whether it is given arguments that its text does not show: ``**common()``."""
        return "**" in self.args

    def line_of(self, name: str) -> int:
        """The line of an argument, else of the task."""
        return self.lines.get(name, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag:
    """One Dag.

    :param args: what ``DAG`` or ``@dag`` was given.
    :param schedule: its schedule, as far as it is said: a text, a ``timedelta``, a list of assets, ``Code``, or None.
    :param timetable: name of its timetable's class, where Airflow or the code says it.
    :param loaded: Airflow imported it, so that nothing about it is guessed.
    :param whole: the graph is known: nothing in the file makes dependencies that its text does not show.
    """

    id: str
    file: str
    line: int
    args: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    schedule: Any = None
    timetable: str = ""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    loaded: bool = False
    whole: bool = True

    @property
    def repeats(self) -> bool:
        """Whether a schedule starts it again and again."""
        if self.schedule is None or self.timetable in ("NullTimetable", "OnceTimetable"):
            return False
        return not (isinstance(self.schedule, str) and self.schedule.strip() in ("@once", ""))

    @property
    def shares(self) -> bool:
        """Whether the text does not say what the Dag gives all its tasks, and Airflow was not asked."""
        return isinstance(self.args.get("default_args"), Code) and not self.loaded

    @property
    def by_assets(self) -> bool:
        """Whether only assets start it."""
        return self.timetable in ("AssetTriggeredTimetable", "Asset", "Dataset")

    def line_of(self, name: str) -> int:
        """The line of an argument, else of the Dag."""
        return self.lines.get(name, self.line)

    def before(self, task: Task) -> frozenset[str]:
        """All tasks that a task waits for."""
        return self._reach(task, "upstream")

    def after(self, task: Task) -> frozenset[str]:
        """All tasks that wait for a task."""
        return self._reach(task, "downstream")

    def _reach(self, task: Task, way: str) -> frozenset[str]:
        seen: set[str] = set()
        ahead = list(getattr(task, way))
        while ahead:
            name = ahead.pop()
            if name not in seen and name in self.tasks:
                seen.add(name)
                ahead += getattr(self.tasks[name], way)
        return frozenset(seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A Dag file that was read.

    :param functions: name -> function, of all in the file.
    :param queries: every text of SQL in it.
    """

    path: str
    text: str
    tree: ast.Module
    values: Values
    dags: tuple[Dag, ...] = ()
    functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    queries: tuple[Query, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether a schedule starts one of its Dags again and again."""
        return any(dag.repeats for dag in self.dags)

    def tasks(self) -> Iterator[tuple[Dag, Task]]:
        """Every task with its Dag."""
        return ((dag, task) for dag in self.dags for task in dag.tasks.values())

    def of_unit(self, unit: str) -> tuple[tuple[Dag, Task], ...]:
        """The tasks that are, or that run, a unit of queries."""
        return tuple((dag, task) for dag, task in self.tasks() if unit in (task.id, task.function))

    def repeated(self, unit: str) -> bool:
        """Whether a schedule runs a unit of queries again and again."""
        users = self.of_unit(unit)
        return any(dag.repeats for dag, _ in users) if users else self.repeats
