"""Where a failure was, read from the text that names it, and the reports that its incident has of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from airflow_provider_harness.core.incidents.events import Joined, Opened

_TASK = re.compile(r"(?P<task>[^\[#]*)(?:\[(?P<index>\d+)\])?#(?P<number>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A try of a task, or a run or file where no task failed.

    :param map_index: -1 for a task that is not mapped.
    """

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0

    @classmethod
    def of(cls, failure: str) -> Self:
        """The place that a failure's identity names.

        >>> Place.of("flights/manual__1/load[3]#2").map_index
        3
        """
        dag_id, _, rest = failure.partition("/")
        run_id, _, last = rest.rpartition("/")
        found = _TASK.match(last)
        if found is None:
            return cls(dag_id=dag_id, run_id=rest)
        index = int(found["index"]) if found["index"] else -1
        number = int(found["number"])
        return cls(dag_id=dag_id, run_id=run_id, task_id=found["task"], map_index=index, try_number=number)


#: Names of one kind that a row keeps; a storm has more.
KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What failed, in names, as the events say that open an incident and let failures join it.

    :param failures: how many.
    """

    failures: int = 0
    dags: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    def with_failures(self, bodies: Iterable[Opened | Joined]) -> About:
        """The same with more failures."""
        known = {name: dict.fromkeys(getattr(self, name)) for name in ("dags", "tables", "slices", "owners")}
        count = self.failures
        for body in bodies:
            count += 1
            said = {
                "dags": body.failure.partition("/")[0],
                "tables": body.table or "",
                "slices": body.slice or "",
                "owners": body.owner or "",
            }
            for name, value in said.items():
                if value and len(known[name]) < KEPT:
                    known[name].setdefault(value)
        return replace(self, failures=count, **{name: tuple(values) for name, values in known.items()})
