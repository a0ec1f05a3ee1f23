"""Configuration to ports: the only module that knows both sides. Everything is built when it is first needed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.app.ports.airflow import Airflow
from airflow_provider_harness.app.ports.healing import Healer, Limits, Pager
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.incidents.circuit_breaker import BreakerLimits
from airflow_provider_harness.wiring.store import connection, connection_if_readable, store_engine, task_engine

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.airflow.api import AirflowApi
    from airflow_provider_harness.adapters.airflow.supervisor import SupervisorHealerStarter
    from airflow_provider_harness.adapters.model.wire import Wire
    from airflow_provider_harness.adapters.paging.pagerduty import PagerDuty
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
    from airflow_provider_harness.adapters.store.pages.autonomy import StoreAutonomy
    from airflow_provider_harness.adapters.store.rows.sla_alerts import SqlPromises
    from airflow_provider_harness.adapters.store.spool import FileSpool
    from airflow_provider_harness.app.oncall.delivery import Channel, PageDispatcher
    from airflow_provider_harness.app.ports.diagnosis import Diagnoser, ModelProposal
    from airflow_provider_harness.core.diagnosis.evidence import Evidence
    from airflow_provider_harness.core.diagnosis.failure import Failure
    from airflow_provider_harness.core.incidents.audit import Ring
    from airflow_provider_harness.core.policy.policy import Verdict
    from airflow_provider_harness.core.redaction.redactor import Redactor

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    from airflow_provider_harness.adapters.store.ulid import ulid

    return ulid(now())


class FailureLogOfTasks:
    """What a callback in an ordinary task writes to. It is opened by the first record: a store that is not found is away too."""

    def record(self, failure: Failure, incident_id: str) -> bool:
        from airflow_provider_harness.adapters.store.incidents import SqlFailureLog

        return SqlFailureLog(task_engine()).record(failure, incident_id)


def failure_log() -> FailureLogOfTasks:
    return FailureLogOfTasks()


def store() -> SqlIncidentStore:
    from airflow_provider_harness.adapters.airflow.metrics import observe
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

    audit_ring()  # a key that cannot be read is said here, and not at the first write
    return SqlIncidentStore(store_engine(), audit_ring, observe)


#: The name under which the store keeps the switch of `airflow harness off|shadow|act`.
SWITCH = "mode"
_WIDTH = tuple(config.Mode)  # the narrowest first


def mode() -> config.Mode:
    """What the healer may do now: the narrower of [harness] mode and the switch in the store, read anew each time."""
    switch = store().get_value(SWITCH)
    configured = config.read().mode
    return min(configured, config.Mode(switch), key=_WIDTH.index) if switch else configured


def spool() -> FileSpool:
    """Where failures wait while the store is down."""
    from airflow_provider_harness.adapters.store.spool import FileSpool

    return FileSpool(Path(config.read().spool_path or config.airflow_home("harness_spool")), log.warning)


def audit_key_file(settings: config.Settings) -> Path:
    """Where the key of the audit chain is that is in use; those of before lie beside it."""
    return Path(settings.audit_key_file or config.airflow_home("harness_audit.key"))


def audit_ring() -> Ring:
    """The keys of the audit chain, as they are now; the first is made with owner-only rights where there is none yet."""
    from airflow_provider_harness.adapters.store.audit.key_files import ring

    return ring(audit_key_file(config.read()))


def handover() -> SupervisorHealerStarter:
    """How a task starts the healer."""
    from airflow_provider_harness.adapters.airflow.supervisor import SupervisorHealerStarter

    return SupervisorHealerStarter(config.read().healer_dag_id)


def redactor() -> Redactor:
    """Masks what Airflow masks and the secrets of the harness's own connections, beside the patterns of secrets in general."""
    from airflow_provider_harness.adapters.airflow.secrets_masker import masked, secrets_of
    from airflow_provider_harness.core.redaction.redactor import Redactor

    settings = config.read()
    ids = [settings.store_conn_id, settings.capture_conn_id, settings.airflow_conn_id, settings.pagerduty_conn_id]
    known = (
        connection_if_readable(conn_id) for conn_id in (*ids, *([settings.model_conn_id] if settings.model else []))
    )
    return Redactor(
        secrets=tuple(secret for found in known if found is not None for secret in secrets_of(found)), outer=masked
    )


def airflow_account() -> tuple[str, str, str]:
    """Where the harness's own account logs in: address of the api-server, login and password.

    :raises ConfigurationError: its connection does not exist.
    """
    conn_id = config.read().airflow_conn_id
    found = connection(conn_id)
    if found is None:
        raise ConfigurationError(
            f"connection {conn_id}",
            "does not exist.",
            fix="Make it: type http, host and port of the api-server, login and password of the harness's own user.",
        )
    host = found.host or "localhost"
    base = host if "://" in host else f"{found.schema or 'http'}://{host}"
    return f"{base}{f':{found.port}' if found.port else ''}", found.login or "", found.password or ""


def airflow_api() -> AirflowApi:
    """Airflow's REST API with the harness's own account.

    :raises ConfigurationError: its connection does not exist.
    """
    from airflow_provider_harness.adapters.airflow.api import AirflowApi

    settings = config.read()
    return AirflowApi(*airflow_account(), settings.healer_dag_id, all_dags=settings.enroll == "all")


def airflow_url() -> str:
    """Where people reach Airflow's api-server."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080")


def pager() -> PageDispatcher:
    """PagerDuty by team, and the notifiers beside it, by way of the outbox in the store."""
    from airflow_provider_harness.adapters.paging.notifiers import named
    from airflow_provider_harness.adapters.paging.pagerduty import NoPager
    from airflow_provider_harness.adapters.store.outbox import SqlOutbox
    from airflow_provider_harness.adapters.yaml_files.routes import load_routes
    from airflow_provider_harness.app.oncall.delivery import DEFAULT, PageDispatcher

    settings = config.read()
    routes = load_routes(settings.routes_file)
    found = {conn_id: page_receiver(conn_id) for conn_id in routes.values()}
    receivers: dict[str, Channel] = {
        DEFAULT: page_receiver(settings.pagerduty_conn_id) or NoPager(log.warning),
        **{route_channel(conn_id): receiver for conn_id, receiver in found.items() if receiver is not None},
        **named(settings.notifiers),
    }
    named_routes = {name: route_channel(conn_id) for name, conn_id in routes.items()}
    return PageDispatcher(
        SqlOutbox(store_engine),
        receivers,
        now=now,
        new_id=new_id,
        log=log.warning,
        routes=named_routes,
        nobody=f"there is no PagerDuty connection {settings.pagerduty_conn_id} with an integration key",
    )


def route_channel(conn_id: str) -> str:
    """The name under which messages of a route wait."""
    return f"connection {conn_id}"


def page_receiver(conn_id: str) -> PagerDuty | None:
    """The PagerDuty service of a connection; None where there is no such connection, or no integration key in it."""
    from airflow_provider_harness.adapters.paging.pagerduty import PagerDuty

    found = connection(conn_id)
    return PagerDuty(found.password, found.extra_dejson.get("base_url", "")) if found and found.password else None


def promises() -> SqlPromises:
    """What is published, and which promises about time on-call was told of."""
    from airflow_provider_harness.adapters.store.rows.sla_alerts import SqlPromises
    from airflow_provider_harness.wiring import lineage as wiring_lineage
    from airflow_provider_harness.wiring import rows as wiring_rows

    return SqlPromises(store_engine, wiring_rows.contracts.contract_of, wiring_lineage.graph)


def autonomy() -> StoreAutonomy:
    """What the harness has earned to do alone."""
    from airflow_provider_harness.adapters.store.pages.autonomy import StoreAutonomy
    from airflow_provider_harness.core.policy.autonomy import bar_of

    return StoreAutonomy(store(), bar_of(config.read().autonomy_bar), now)


def diagnoser() -> Diagnoser:
    """The rules, then the runbook with what is known of products, and above them the model where one is configured."""
    from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
    from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
    from airflow_provider_harness.adapters.yaml_files.runbook import known_issues, load_runbook

    settings = config.read()
    floor = RunbookDiagnoser(
        RuleDiagnoser(), lambda: (*load_runbook(settings.runbook_file), *known_issues()), log.warning
    )
    if not settings.model or settings.ask_model is config.AskModel.NEVER:
        return floor
    from airflow_provider_harness.adapters.diagnosis.fallback import ModelFallback

    always = settings.ask_model is config.AskModel.ALWAYS
    return ModelFallback(floor, lambda: _model(settings), log.warning, always=always)


def model_wire(conn_id: str) -> Wire:
    """How the model of a connection is asked: by the Anthropic SDK, or by pydantic-ai where the connection is of that type.

    :raises MissingExtra: what its type needs is not installed.
    :raises ConfigurationError: there is no such connection, or it lacks what its platform needs.
    """
    from airflow_provider_harness.adapters.model.client import anthropic_client
    from airflow_provider_harness.adapters.model.others.pydantic_ai import CONNECTIONS, PydanticAIWire, model_behind
    from airflow_provider_harness.adapters.model.wire import AnthropicWire

    found = connection(conn_id)
    if found is None:
        fix = "Create it, or name another one in [harness] model_conn_id."
        raise ConfigurationError(f"connection {conn_id}", "is not defined.", fix=fix)
    if str(found.conn_type).startswith(CONNECTIONS):
        return PydanticAIWire(lambda model: model_behind(conn_id, model))
    return AnthropicWire(anthropic_client(conn_id))


def _model(settings: config.Settings) -> Diagnoser:
    from airflow_provider_harness.adapters.airflow.metrics import observe
    from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelLimits, nothing
    from airflow_provider_harness.adapters.model.runbooks import Runbooks
    from airflow_provider_harness.adapters.store.budget import SqlModelBudget
    from airflow_provider_harness.app.healing import model_proposals as model_word
    from airflow_provider_harness.wiring import evidence as wiring_reads

    def judge(failure: Failure, evidence: Evidence, proposed: ModelProposal) -> Verdict:
        return model_word.judge_proposal(healer(), failure, evidence, proposed)

    runbooks = Runbooks(settings.runbooks_path) if settings.runbooks_path else None
    return ModelDiagnoser(
        wire=model_wire(settings.model_conn_id),
        model=settings.model,
        fallback=settings.model_fallback,
        tools=wiring_reads.desk(settings, airflow_api(), store(), redactor(), now, judge, runbooks).tools,
        offers=runbooks.offers if runbooks else nothing,
        redactor=redactor(),
        limits=ModelLimits(turns=settings.max_model_turns),
        purse=SqlModelBudget(
            store_engine(),
            audit_ring,
            per_incident=settings.max_cost_usd_per_incident,
            per_day=settings.max_cost_usd_per_day,
            now=now,
            heard=observe,
        ),
        judge=judge,
        record=lambda record: model_word.record_model_run(healer(), record.event()),
    )


def notice(context: Mapping[str, Any], kind: str, text: str) -> None:
    """Record what people should know although no task failed: a note, never a page.

    :param kind: one of ``core.diagnosis.failure.NOTICES``, such as ``quarantined``.
    """
    from dataclasses import replace

    from airflow_provider_harness.adapters.airflow.context import failure_of
    from airflow_provider_harness.core.diagnosis.failure import FailureKind

    failure = failure_of(context, redactor())
    noticed = replace(failure, kind=FailureKind(kind), detail={"text": text}, missing=())
    failure_log().record(noticed, new_id())


@cache
def healer() -> Healer:
    """Everything the healing use cases need, wired once a process: a task that looks again does not log in again.

    :raises ConfigurationError: a setting, a file or the account's connection is missing or wrong.
    """
    return healer_on(airflow_api(), pager())


def healer_on(api: Airflow, pager: Pager, clock: Callable[[], float] = time.monotonic) -> Healer:
    """The same around an Airflow and a pager that are given.

    :param clock: seconds that only grow.
    :raises ConfigurationError: a setting or a file is missing or wrong.
    """
    from airflow_provider_harness.adapters.airflow.published_gates import PublishedGates
    from airflow_provider_harness.adapters.evidence.airflow import AirflowEvidence
    from airflow_provider_harness.adapters.evidence.lineage import LineageEvidence
    from airflow_provider_harness.adapters.store.rows.grants import GrantsGiven
    from airflow_provider_harness.adapters.store.rows.leases import SqlLeases, TaskLeases
    from airflow_provider_harness.adapters.yaml_files.approvers import YamlApprovers
    from airflow_provider_harness.adapters.yaml_files.maintenance import load_maintenance
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy
    from airflow_provider_harness.wiring import evidence as wiring_reads
    from airflow_provider_harness.wiring import lineage as wiring_lineage
    from airflow_provider_harness.wiring import rows as wiring_rows
    from airflow_provider_harness.wiring.access import for_healer

    settings = config.read()
    gates = PublishedGates(
        for_healer(wiring_rows.judging.verify_published),
        for_healer(wiring_rows.judging.history),
        wiring_rows.contracts.contract_of,
        wiring_reads.arrived,
        clock,
        place=for_healer(wiring_rows.connections.place),
    )
    return Healer(
        store=store(),
        spool=spool(),
        airflow=api,
        evidence=LineageEvidence(
            inner=wiring_reads.history(
                wiring_reads.with_catalog(AirflowEvidence(api, redactor()), api, redactor()),
                api,
                store(),
                gates,
                redactor(),
                now,
            ),
            graph=wiring_lineage.graph,
            ever=wiring_lineage.graph_ever,
            incidents=store(),
            gates=wiring_lineage.latest_gates,
        ),
        diagnoser=diagnoser(),
        policy=load_policy(settings.policy_file),
        approvers=YamlApprovers(settings.approvers_file),
        gates=gates,
        slices=TaskLeases(SqlLeases(store_engine)),
        grants=GrantsGiven(store()),
        promises=promises(),
        pager=pager,
        limits=Limits(
            acting=lambda: mode() is config.Mode.ACT,
            approval=timedelta(minutes=settings.approval_minutes),
            verify=timedelta(minutes=settings.verify_minutes),
            backfill_alone=settings.max_backfill_alone,
            brakes=BreakerLimits(
                recurrences=settings.recurrence_limit,
                window=timedelta(days=settings.recurrence_days),
                breaker=settings.breaker_limit,
            ),
            page_backfills=settings.page_backfills,
            maintenance=load_maintenance(settings.maintenance_file),
            environment=settings.environment,
            runbook_url=settings.runbook_url,
            promise_warning=timedelta(minutes=settings.promise_warning_minutes),
            earned=autonomy().earned,
        ),
        healer_dag_id=settings.healer_dag_id,
        now=now,
        new_id=new_id,
    )


def log_failures(what: str, call: Callable[[], object]) -> None:
    """Do what a task can do without; whatever goes wrong in it is logged and never hurts the task.

    :param what: what is done, and who makes up for it.
    """
    try:
        call()
    except HarnessUnavailable as error:
        log.warning("%s: %s", what, error)
    except Exception:  # the one broad except: a failing capture must not become the task's failure
        log.exception("%s: failed", what)
