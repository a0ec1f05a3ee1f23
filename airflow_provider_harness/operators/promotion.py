"""Promote a table: propose and grade its next level in a sandbox, for a person to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import TABLE_LINK
from airflow_provider_harness.wiring import mapped as wiring_mapped

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Flow

_LEVELS = ("bronze", "silver", "gold")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_LONGEST = 86_400
"""Seconds of a promotion."""


class PromoteTableOperator(BaseOperator, metaclass=wiring_mapped.FailsOnce):
    """Propose a contract and a query with which a table reaches a level of readiness, build it in a sandbox, and grade
    it. Rules make the first proposal; if it does not meet the level and [harness] names a model, the model makes
    further ones. Programs grade each proposal; no proposal grades itself, and the operator publishes none. The XCom has
    the outcome, the place of the files, and ``subject`` and ``question`` for an ``ApprovalOperator``.

    :param contract: ODCS file of the table as it stands, absolute or relative to the Dag file's folder.
    :param conn_id: connection of PostgreSQL whose role may create in the sandbox and read the table, and nothing else.
        The operator first asks the server for the role's rights; a role with more rights fails the task.
    :param table: ``schema.table`` of the table to promote.
    :param target: ``schema.table`` of the future promoted table; the operator never writes it.
    :param level: ``bronze``, ``silver`` or ``gold``.
    :param sandbox: the schema in which proposals are built; the newest best one stays there until the task runs again.
    :param folder: folder, local or on any Airflow object storage; each run has a folder of its own in it.
    :param use_model: False for only the proposal by rules.
    :param max_proposals: how many proposals are built, 1 to 20; a retry continues with the rest.
    :param max_cost_usd: of all requests to a model together, in US dollars; ``[harness] max_cost_usd_per_incident``
        caps it.
    :param max_seconds: of one try of the task, above 0.
    """

    template_fields: Sequence[str] = ("contract", "conn_id", "table", "target", "level", "sandbox", "folder")
    ui_color = "#d5e8e4"
    operator_extra_links = TABLE_LINK

    def __init__(
        self,
        *,
        contract: str,
        conn_id: str,
        table: str,
        target: str,
        level: str,
        folder: str,
        sandbox: str = "promotion",
        use_model: bool = True,
        max_proposals: int = 6,
        max_cost_usd: float = 1.0,
        max_seconds: float = 900.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contract, self.conn_id, self.table, self.target = contract, conn_id, table, target
        self.level, self.sandbox, self.folder = level, sandbox, folder
        self.use_model, self.max_proposals = use_model, max_proposals
        self.max_cost_usd, self.max_seconds = max_cost_usd, max_seconds
        self._running: list[Callable[[], None]] = []
        self._built, self._edges = "", tuple[Any, ...]()
        self._refuse_wrong()
        wiring.rows.contracts.check_when_parsed(contract, self.get_dag(), table, by_run=False)

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """A mapped task in the making: its contract is looked at when the Dag is parsed, as that of any other task."""
        return wiring_mapped.Mapped(super().partial(**kwargs), by_run=False)

    def _refuse_wrong(self) -> None:
        place = f"task {self.task_id}"
        if "{{" not in self.level and self.level not in _LEVELS:
            raise ConfigurationError(place, f"has level={self.level!r}.", valid=_LEVELS)
        if "{{" not in self.sandbox and not _SCHEMA.fullmatch(self.sandbox):
            fix = "Give the name of a schema: a to z, digits and _."
            raise ConfigurationError(place, f"has sandbox={self.sandbox!r}.", fix=fix)
        for name in ("table", "target"):
            if "{{" not in getattr(self, name) and "." not in getattr(self, name):
                raise ConfigurationError(place, f"has {name}={getattr(self, name)!r}.", fix="Give schema.table.")
        if "{{" not in self.folder and "://" not in self.folder and not self.folder.startswith("/"):
            fix = "Give a whole path, or a URI of an object storage."
            raise ConfigurationError(place, f"has folder={self.folder!r}.", fix=fix)
        budget = (1 <= self.max_proposals <= 20, self.max_cost_usd >= 0, 0 < self.max_seconds <= _LONGEST)
        if not all(budget):  # what is not a number is none of them
            fix = (
                f"Give max_proposals from 1 to 20, max_cost_usd of 0 or more, and max_seconds above 0, "
                f"{_LONGEST:,} at most."
            )
            raise ConfigurationError(place, "has a budget out of range.", fix=fix)

    def execute(self, context: Any) -> dict[str, Any]:
        """Propose, build, grade; hand the best proposal over."""
        from airflow_provider_harness.wiring import healing as harness
        from airflow_provider_harness.wiring.learning import promotion

        self._refuse_wrong()
        key = wiring.rows.slices.task_of(context)
        instance = f"{key.dag_id}/{key.task_id}" + (f"/{key.map_index}" if key.map_index >= 0 else "")
        asked = promotion.Asked(
            contract=wiring.rows.contracts.contract_path(self.contract, self.get_dag()),
            conn_id=self.conn_id,
            table=self.table,
            target=self.target,
            level=self.level,
            sandbox=self.sandbox,
            folder=promotion.folder_of(self.folder, instance, key.run_id),
            instance=instance,
            use_model=self.use_model,
            turns=self.max_proposals,
            usd=self.max_cost_usd,
            seconds=self.max_seconds,
            running=self._running,
        )
        with wiring.rows.connections.no_useless_retries(self.conn_id):
            handed = promotion.promote(asked, promotion.Given(wire=harness.model_wire, redactor=harness.redactor))
        self._built, self._edges = handed.built, handed.edges
        self.log.info("Promotion ended %s; its files are in %s", handed.told["outcome"], handed.told["files"])
        return handed.told

    def on_kill(self) -> None:
        """Cancel what runs on the server."""
        for cancel in self._running:
            cancel()

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Keep in the harness store what was read, and what was built in the sandbox."""
        from airflow_provider_harness.wiring import healing as harness
        from airflow_provider_harness.wiring import lineage as wiring_lineage

        harness.log_failures("Keeping the lineage", lambda: wiring_lineage.keep(context, self._flow()))

    def _flow(self) -> Flow:
        from airflow_provider_harness.core.lineage.graph import Flow, job

        return Flow(
            task=job(self.dag_id, self.task_id),
            inputs=(wiring.rows.connections.dataset(self.conn_id, self.table),),
            output=wiring.rows.connections.dataset(self.conn_id, self._built) if self._built else None,
            columns=self._edges,
        )

    def get_openlineage_facets_on_start(self) -> Any:
        """Which table the task is about."""
        return self._openlineage()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What was read, what was built in the sandbox, and its columns."""
        return self._openlineage()

    def _openlineage(self) -> Any:
        contract = wiring.rows.contracts.contract_of(
            wiring.rows.contracts.contract_path(self.contract, self.get_dag()), self.table
        )
        return wiring.rows.queries.openlineage(
            contract=contract,
            flow=self._flow(),
            described=wiring.rows.connections.dataset(self.conn_id, self.table),
            schemas={},
            report=None,
            rows=None,
            files=None,
            judged_output=False,
        )
