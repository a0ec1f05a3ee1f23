"""A promotion put together: the sandbox of a connection, the model of the harness, the administrator's limits, a folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.wiring import rows

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.learning.promotion.files import KeptBudget
    from airflow_provider_harness.adapters.model.wire import Wire
    from airflow_provider_harness.app.learning.promotion import Desk, Job
    from airflow_provider_harness.app.ports.promotion import Drafter, Tried
    from airflow_provider_harness.core.lineage.graph import ColumnEdge
    from airflow_provider_harness.core.redaction.redactor import Redactor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an author asks for.

    :param contract: its file, absolute.
    :param folder: where this run's files go.
    :param instance: what tells this task from all others; the names of its tables in the sandbox come from it.
    :param use_model: whether the model of [harness] may be asked.
    :param turns: proposals, the one by rules included.
    :param usd: US dollars of all requests together; [harness] max_cost_usd_per_incident caps it.
    :param seconds: of one try of the task.
    """

    contract: str
    conn_id: str
    table: str
    target: str
    level: str
    sandbox: str
    folder: str
    instance: str
    use_model: bool
    turns: int
    usd: float
    seconds: float
    running: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the healer's side lends.

    :param wire: a connection's id -> how its model is asked.
    :param redactor: masks the secrets that the harness knows, beside the patterns of secrets in general.
    """

    wire: Callable[[str], Wire]
    redactor: Callable[[], Redactor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What the task tells.

    :param told: its XCom.
    :param built: the table in the sandbox; empty where there is none.
    """

    told: dict[str, Any]
    built: str
    edges: tuple[ColumnEdge, ...]


def promote(asked: Asked, given: Given) -> Handed:
    """The whole promotion; its files are in the folder at the end.

    :raises NotAllowed: the sandbox's role can do more than it should.
    """
    from airflow_provider_harness.adapters.learning.promotion.files import Folder, KeptBudget
    from airflow_provider_harness.app.learning import promoted
    from airflow_provider_harness.app.learning.promotion import promote as work

    settings = config.read()
    began, folder = time.monotonic(), Folder(asked.folder)

    def left() -> float:
        return asked.seconds - (time.monotonic() - began)

    usd = min(asked.usd, settings.max_cost_usd_per_incident)
    budget = KeptBudget(folder, turns=asked.turns - 1, usd=usd, left=left)
    found = work(_job(asked), _desk(asked, given, budget, left))
    folder.write(promoted.files(found))
    subject, body = promoted.question(found, folder.folder)
    told = {
        "outcome": str(found.outcome),
        "level": asked.level,
        "files": folder.folder,
        "digest": promoted.digest(found),
        "proposals": len(found.tried),
        "usd": round(budget.usd, 4),
        "subject": subject,
        "question": body,
    }
    best = found.best
    return Handed(told=told, built=best.table if best else "", edges=best.edges if best else ())


def _job(asked: Asked) -> Job:
    from airflow_provider_harness.adapters.contracts.odcs import load_file, of_several
    from airflow_provider_harness.adapters.postgres.contract_draft import written
    from airflow_provider_harness.app.learning.promotion import Job
    from airflow_provider_harness.core.contracts.contract import Readiness
    from airflow_provider_harness.core.learning.promotion.difference import limits_of

    contract = rows.contracts.contract_of(asked.contract, asked.table)
    body = dict(load_file(asked.contract.partition("#")[0]).modern)
    if of_several(contract):
        body["schema"] = [one for one in body["schema"] if one["name"] == contract.name]
    limits = limits_of(str(config.read_one("promotion_limits")), "[harness] promotion_limits")
    return Job(
        contract=contract, document=written(body), target=asked.target, level=Readiness(asked.level), limits=limits
    )


def _desk(asked: Asked, given: Given, budget: KeptBudget, left: Callable[[], float]) -> Desk:
    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.adapters.learning.promotion.rules import RulesDrafter
    from airflow_provider_harness.adapters.learning.promotion.sandbox import PostgresSandbox
    from airflow_provider_harness.app.learning.promotion import Desk

    redactor = given.redactor()
    sandbox = PostgresSandbox(
        dsn=rows.connections.dsn(asked.conn_id, f"harness promote {asked.table}"),
        contract=rows.contracts.contract_of(asked.contract, asked.table),
        schema=asked.sandbox,
        prefix=f"p{sha256(asked.instance.encode()).hexdigest()[:12]}_",
        left=left,
        place=lambda table: rows.connections.dataset(asked.conn_id, table),
        name=rows.connections.named(asked.conn_id),
        redactor=redactor,
    )
    asked.running.append(sandbox.cancel)
    return Desk(
        sandbox=sandbox,
        rules=RulesDrafter(),
        model=_model(given, budget, left, redactor) if asked.use_model else None,
        compiled=lambda text: compile_text(text, "proposal.odcs.yaml"),
        budget=budget,
        heard=_heard,
    )


def _model(given: Given, budget: KeptBudget, left: Callable[[], float], redactor: Redactor) -> Drafter | None:
    """The model of [harness]; None where none is named."""
    from airflow_provider_harness.adapters.model.promotion.drafter import ModelDrafter

    settings = config.read()
    if not settings.model or settings.ask_model is config.AskModel.NEVER:
        return None
    return ModelDrafter(
        wire=given.wire(settings.model_conn_id),
        model=settings.model,
        money=budget,
        left=left,
        sleep=time.sleep,
        redactor=redactor,
    )


def _heard(tried: Tried) -> None:
    what = (
        f"refused: {tried.refused}"
        if tried.refused
        else f"{sum(row.met for row in tried.rows)} of {len(tried.rows)} standards met"
    )
    log.info("Proposal %s by %s: %s", tried.number, tried.by, what)
    for row in tried.rows:
        if not row.met:
            log.info("Not met: %s: %s", row.id, row.why)


def folder_of(output: str, instance: str, run_id: str) -> str:
    """Where one run of one task puts its files; a run's id is anybody's text."""
    from urllib.parse import quote

    return "/".join([output.rstrip("/"), *(quote(part, safe="") for part in (*instance.split("/"), run_id))])
