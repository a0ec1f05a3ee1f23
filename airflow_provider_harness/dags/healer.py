"""The healer: an ordinary Airflow Dag with one run for each incident; and the reconciler, with one run a day.

The graph is for people to see. No task trusts it, or XCom, or the run's conf beyond the incident's id: each reads the
store, and does nothing unless this run leads the incident and its turn has come.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, BaseSensorOperator, task
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import config
from airflow_provider_harness.app.healing import act, intake, reconcile, verify
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.oncall import impact as stakes
from airflow_provider_harness.app.oncall import instructions as asks
from airflow_provider_harness.app.oncall import page as compose
from airflow_provider_harness.app.oncall import watchdog as dead_man
from airflow_provider_harness.app.pages import note
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.events import Judged, Settled
from airflow_provider_harness.core.incidents.incident import Incident, State
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.links import IncidentLink
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring.rows.slices import task_of

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Seconds to wait for Airflow to say that the task has failed; while its callback runs it still says running.
SETTLE_SECONDS = 60
#: A wait looks every LOOK_EVERY seconds for LOOK_SECONDS, then gives its slot back for as long.
LOOK_SECONDS, LOOK_EVERY = 60, 3
#: The shortest interval, in seconds, at which the reconciler gives its worker slot back between two passes (see _Look); at a
#: shorter one its runs last seconds only (app.reconcile.LONGEST_HELD), or a scheduler could not end.
SHORTEST_RESCHEDULE = 30
_OWN = {"retries": 2, "retry_delay": timedelta(seconds=10)}


def healer_dag() -> DAG:
    """Make the healer Dag, the reconciler's Dag and the watch over both; if [harness] watch_path names contracts, also
    the watch over their tables. Put this one line into a file of your Dags folder::

    from airflow_provider_harness.dags import healer_dag

    dag = healer_dag()
    """
    settings = config.read()
    _reconciler(settings)
    _watch(settings)
    if settings.watch_path:
        _tables(settings)
    with DAG(
        settings.healer_dag_id,
        schedule=None,
        description="Diagnoses one incident, judges one proposal, acts or asks or pages, and verifies.",
        tags={config.OWN_TAG},
        max_active_runs=16,
        is_paused_upon_creation=False,
        default_args={**_OWN, "on_failure_callback": page_own_failure},
    ) as dag:
        (
            _diagnose()
            >> _decide()
            >> Approve()
            >> Act(task_id="act")
            >> Verify(task_id="verify")
            >> Close(task_id="close", retries=5)
        )
    return dag


def _reconciler(settings: config.Settings) -> None:
    with DAG(
        f"{settings.healer_dag_id}_reconciler",
        schedule="@continuous",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        description="Finds what no callback reported. One run a day; one every half a minute where "
        "reconcile_seconds is under 30.",
        tags={config.OWN_TAG},
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={**_OWN, "on_failure_callback": page_own_failure},
    ):
        Reconcile(
            task_id="watch",
            poke_interval=settings.reconcile_seconds,
            mode="reschedule" if settings.reconcile_seconds >= SHORTEST_RESCHEDULE else "poke",
            timeout=timedelta(days=2).total_seconds(),
        )


def _watch(settings: config.Settings) -> None:
    with DAG(
        f"{settings.healer_dag_id}_watch",
        schedule=timedelta(minutes=5),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        description="Pages when the healer or the reconciler has not run.",
        tags={config.OWN_TAG},
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={**_OWN, "on_failure_callback": page_own_failure},
    ):
        _dead_man()


def _tables(settings: config.Settings) -> None:
    with DAG(
        f"{settings.healer_dag_id}_tables",
        schedule=timedelta(minutes=settings.watch_minutes),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        description="Looks at the new slices of watched tables, and opens an incident where one is not as it "
        "should be.",
        tags={config.OWN_TAG},
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={**_OWN, "on_failure_callback": page_own_failure},
    ):
        _look.expand(name=_watched())


@task(task_id="watched")
def _watched() -> list[str]:
    """Names of the tables that are watched; who looks at one reads its contract again."""
    from airflow_provider_harness.wiring.watch import tables

    if wiring.mode() is config.Mode.OFF:
        raise AirflowSkipException("The harness is off.")
    names: list[str] = []
    for one in tables.asked():
        if one.error:
            wiring.log.error("%s is not watched: %s", one.file, one.error)
        names += map(tables.name_of, one.contracts)
    return names


@task(task_id="look", map_index_template="{{ name }}", max_active_tis_per_dag=8)
def _look(name: str, **kwargs: Any) -> None:
    from airflow_provider_harness.app.watch import look as watching
    from airflow_provider_harness.wiring.watch import tables

    contract = tables.contract_named(name)
    watch = tables.watch_of(wiring.healer(), task_of(cast("Context", kwargs)))
    seen = watching.look(watch, contract)
    for one in seen:
        told = "; ".join(f"{wrong.kind}: {wrong.text}" for wrong in one.failures) or "as usual"
        rows = f"{one.profile.rows:,} rows" if one.profile is not None else "not read"
        wiring.log.info("%s slice %s, %s: %s", one.table, one.piece.id, rows, told)
    if not seen:
        wiring.log.info("%s has no new slice, or its producer has not run.", contract.table)


@task(task_id="dead_man")
def _dead_man() -> None:
    if wiring.mode() is config.Mode.OFF:
        raise AirflowSkipException("The harness is off.")
    found = dead_man.check(wiring.healer())
    wiring.log.info("does not run: %s", ", ".join(found) or "nothing")


def page_own_failure(context: Mapping[str, Any]) -> None:
    """The healer is never healed by itself: when one of its tasks fails, on-call is paged."""
    wiring.log_failures("Paging that the healer itself failed", lambda: _page_own_failure(context))


def _page_own_failure(context: Mapping[str, Any]) -> None:
    ti = context["ti"]
    incident_id = str((context["dag_run"].conf or {}).get("incident_id", ""))
    error = wiring.redactor().redact(str(context.get("exception", "")))
    wiring.pager().trigger_at_once(compose.own_failure(ti.dag_id, ti.run_id, ti.task_id, incident_id, error))


def _mine(context: Context, *states: State) -> tuple[Healer, Incident, str]:
    """The incident of this run, if this run leads it and it is in one of these states; otherwise the task is
    skipped."""
    healer, run_id = wiring.healer(), str(context["run_id"])
    incident = healer.store.incident(healer.store.resolve(_incident_id(context)))
    if incident.leader != run_id or (states and incident.state not in states):
        raise AirflowSkipException(
            f"Nothing to do here: the incident is {incident.state}, led by {incident.leader or 'nobody'}."
        )
    return healer, incident, run_id


def _note(healer: Healer, incident_id: str, run_id: str) -> None:
    """Say it where people look; who cannot note anything heals all the same."""
    wiring.log_failures(
        "Noting what was done (the incident's page has it)",
        lambda: note.write_note(healer, healer.store.incident(incident_id), run_id),
    )


def _incident_id(context: Context) -> str:
    given = (context["dag_run"].conf or {}).get("incident_id")
    if not isinstance(given, str) or len(given) != 26 or not given.isalnum():
        raise AirflowSkipException(
            "This run names no incident. The harness starts its own runs; see `airflow harness incidents list`."
        )
    return given


@task(task_id="diagnose")
def _diagnose(**kwargs: Any) -> None:
    context = cast("Context", kwargs)
    if wiring.mode() is config.Mode.OFF:
        raise AirflowSkipException("The harness is off.")
    healer, incident_id, run_id = wiring.healer(), _incident_id(context), str(context["run_id"])
    if not _claimed(healer, incident_id, run_id):
        raise AirflowSkipException(
            f"Another run leads incident {incident_id}, or it is closed, or Airflow does not confirm the reported "
            f"failure."
        )
    incident_id = healer.store.resolve(incident_id)
    _wait_until_settled(healer, incident_id)
    found = heal.diagnose(healer, incident_id)
    wiring.log.info("%s (%s, %s): %s", found.category, found.certainty, found.basis, found.cause)


def _claimed(healer: Healer, incident_id: str, run_id: str) -> bool:
    """Whether this run leads the incident. While the callback that started it runs, Airflow does not say yet that it
    failed."""
    for _ in range(SETTLE_SECONDS):
        if heal.claim(healer, incident_id, run_id):
            return True
        if not intake.waits(healer, incident_id):
            return False
        time.sleep(1)
    return False


def _wait_until_settled(healer: Healer, incident_id: str) -> None:
    key = heal.lead_of(healer, healer.store.incident(incident_id)).key
    if not key.task_id:
        return
    for _ in range(SETTLE_SECONDS):
        if healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index).state != "running":
            return
        time.sleep(1)


@task(task_id="decide")
def _decide(**kwargs: Any) -> None:
    healer, incident, _ = _mine(cast("Context", kwargs), State.DIAGNOSED, State.JUDGED)
    verdict = heal.decide(healer, incident.id)
    wiring.log.info("%s by rule %s: %s", verdict.kind, verdict.rule or "(none)", verdict.reason)


class Approve(HITLOperator):
    """Asks one person about one exact act, where the verdict says so. What the answer is worth is decided in
    ``act``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            task_id=approve.APPROVAL_TASK,
            subject="{{ dag_run.run_id }}",
            options=[approve.APPROVE, approve.REFUSE],
            **{"retries": 0, "on_failure_callback": None, **kwargs},
        )

    def execute(self, context: Context) -> Any:
        healer, incident, run_id = _mine(context, State.JUDGED, State.ASKED)
        verdict = incident.last[Judged].verdict
        if verdict != VerdictKind.ASK or not healer.limits.acting():
            raise AirflowSkipException(f"Nobody is asked: the verdict is {verdict}.")
        asked = approve.question(healer, incident, act.proposal_of(incident), run_id)
        if asked is None:
            raise AirflowSkipException(
                "Nobody is named who may answer, or the act is too long for a question; on-call is paged instead."
            )
        wiring.log_failures(
            "Paging that a question is open (it stands in Airflow's required actions)",
            lambda: self._page(healer, incident.id),
        )
        _note(healer, incident.id, run_id)
        self.subject, self.body = asked.subject, asked.body
        self.assigned_users = [{"id": user, "name": user} for user in asked.approval.assigned]
        self.response_timeout = healer.limits.approval
        return super().execute(context)

    @staticmethod
    def _page(healer: Healer, incident_id: str) -> None:
        incident = healer.store.incident(incident_id)
        escalate.page(
            healer,
            incident,
            asks=asks.answer(incident_id),
            severity=stakes.page_severity(healer, incident),
        )


class _Look(BaseSensorOperator):
    """Looks every few seconds for a minute, then gives its worker slot back for a minute.

    Airflow loses a task that it queues again within seconds: the executor's word on the last look arrives while the
    next one is queued, and counts as its end. So short waits are slept through, and only long ones are rescheduled.
    """

    def __init__(self, *, task_id: str, **kwargs: Any) -> None:
        super().__init__(
            task_id=task_id,
            mode="reschedule",
            poke_interval=LOOK_SECONDS,
            timeout=timedelta(days=2).total_seconds(),
            trigger_rule="all_done",
            **kwargs,
        )

    def poke(self, context: Context) -> bool:
        end = time.monotonic() + LOOK_SECONDS
        while not self.look(context):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_EVERY)
        return True

    def look(self, context: Context) -> bool:
        """Whether there is nothing left to wait for."""
        raise NotImplementedError


class Act(_Look):
    """Does what the verdict covers, once, when it is due."""

    _told: str = ""

    def look(self, context: Context) -> bool:
        healer, incident, run_id = _mine(context)
        acted = act.act(healer, incident.id, run_id)
        if acted.due is not None:
            self._tell(f"Looking again until {acted.due:%Y-%m-%d %H:%M:%S} UTC at the latest: {_waits_for(incident)}.")
        elif acted.stop is not None:
            self._tell(f"Nothing is done: {acted.reason}")
        return acted.due is None

    def _tell(self, text: str) -> None:
        """Say it once, not at each look."""
        if text != self._told:
            self._told = text
            self.log.info("%s", text)


def _waits_for(incident: Incident) -> str:
    if incident.state is State.ACTING:
        return "Airflow did not answer the act, and is asked whether it was done"
    if act.proposal_of(incident).kind is ActionKind.WAIT_FOR_SOURCE:
        return "the task runs again as soon as the source has the slice"
    return "then the act is due"


class Verify(_Look):
    """Looks until it is known whether the act healed."""

    _said: str = ""

    def look(self, context: Context) -> bool:
        healer, incident, _ = _mine(context, State.VERIFYING)
        if Settled in incident.last:
            return True
        finding = verify.verify(healer, incident)
        text = f"{finding.outcome or 'not known yet'}: {finding.text}"
        if text != self._said:
            self._said = text
            self.log.info("%s", text)
        return finding.outcome is not None


class Close(Verify):
    """Ends the incident, paging where a person is needed; goes on verifying where ``verify`` itself was lost."""

    operator_extra_links = (IncidentLink(),)
    incident_id: str = ""

    def look(self, context: Context) -> bool:
        healer, incident, _ = _mine(context, *(frozenset(State) - {State.CLOSED, State.TAKEN}))
        self.incident_id = incident.id
        if incident.state is State.VERIFYING and not super().look(context):
            return False
        outcome = escalate.settle(healer, healer.store.incident(incident.id))
        _note(healer, incident.id, str(context["run_id"]))
        self.log.info("Incident %s: %s", incident.id, outcome or "another remedy will be tried")
        return True


class Reconcile(BaseSensorOperator):
    """One pass of the reconciler every interval: for a day, or, where the slot is kept between two passes, for
    seconds."""

    _held_since: datetime | None = None

    def poke(self, context: Context) -> bool:
        self._held_since = self._held_since or wiring.now()
        try:
            if wiring.mode() is not config.Mode.OFF:
                found = reconcile.reconcile(wiring.healer())
                self.log.info("found %s, started %s, noted %s", found.found, found.started, found.noted)
                for line in found.promised:
                    self.log.warning("%s", line)
        except HarnessError as error:
            self.log.error("%s The next pass tries again; see `airflow harness reconcile`.", error)
        return reconcile.is_over(
            wiring.now(),
            run_began=context["dag_run"].start_date,
            held_since=self._held_since,
            gives_back=self.mode == "reschedule",
        )
