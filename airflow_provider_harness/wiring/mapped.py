"""Mapped tasks: what is known of them when the Dag is parsed is looked at then; what a worker finds wrong burns no retry.

Airflow makes a mapped task only where one of its instances runs, so that no operator's ``__init__`` is called before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from airflow.sdk.bases.operator import BaseOperatorMeta
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness import wiring

LOOKED_AT = ("contract", "table", "slice_key")
"""Arguments that the look at a contract needs."""
UNKNOWN = object()
"""What stands for a value that only a run gives."""


class FailsOnce(BaseOperatorMeta):
    """Makes operators whose wrong arguments fail the instance of a mapped task at its first try: the next would get the same."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """An operator; from Airflow's ``unmap`` where a worker runs it."""
        if not kwargs.get("_airflow_from_mapped"):
            return super().__call__(*args, **kwargs)
        try:
            with wiring.rows.connections.no_useless_retries():
                return super().__call__(*args, **kwargs)
        except (TypeError, ValueError) as error:
            raise AirflowFailException(f"task {kwargs.get('task_id', '')}: {cls.__name__}: {error}") from error


class Mapped:
    """What ``partial`` gives: it looks at the contracts of the instances as soon as it is known what is mapped.

    :param made: Airflow's own.
    :param by_run: the run says which slice an instance works on, unless ``slice_key`` does.
    """

    def __init__(self, made: Any, *, by_run: bool = True) -> None:
        self._made, self._by_run = made, by_run

    def expand(self, **mapped: Any) -> Any:
        """As Airflow's: one instance for each value, and for each pair of them."""
        several = {
            name: value if isinstance(value, Sequence) and name != "slice_key" else [UNKNOWN]
            for name, value in mapped.items()
            if name in LOOKED_AT
        }
        instances = (dict(zip(several, values, strict=True)) for values in product(*several.values()))
        return self._checked(instances, self._made.expand(**mapped))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        """As Airflow's: one instance for each dictionary."""
        free = {name: UNKNOWN for name in LOOKED_AT if name not in self._made.kwargs}
        given = kwargs if isinstance(kwargs, Sequence) else [free]
        instances = (one if isinstance(one, Mapping) else free for one in given)
        return self._checked(instances, self._made.expand_kwargs(kwargs, strict=strict))

    def _checked(self, instances: Iterator[Mapping[str, Any]], task: Any) -> Any:
        """Look at each contract that is written in the Dag file; what only a run gives is looked at by the worker."""
        defaults = _defaults(self._made.kwargs)
        asked = set()
        for instance in instances:
            known = {**defaults, **self._made.kwargs, **instance}
            contract, table = known.get("contract"), known.get("table")
            if isinstance(contract, str):
                asked.add((contract, table if isinstance(table, str) else "", known.get("slice_key") is None))
        for contract, table, by_run in sorted(asked):
            wiring.rows.contracts.check_when_parsed(
                contract, self._made.kwargs["dag"], table, by_run=self._by_run and by_run
            )
        return task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def __repr__(self) -> str:
        return repr(self._made)


def _defaults(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What the Dag and the task group give to each task that does not say otherwise."""
    given: dict[str, Any] = {}
    for above in (kwargs["dag"], kwargs["task_group"]):
        given |= getattr(above, "default_args", None) or {}
    return {name: given[name] for name in LOOKED_AT if name in given}
