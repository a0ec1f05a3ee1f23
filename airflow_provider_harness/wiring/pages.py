"""What the pages and the JSON API show, put together from the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness import config
from airflow_provider_harness.core.errors import ConfigurationError, HarnessError
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import lineage as wiring_lineage
from airflow_provider_harness.wiring.store import store_engine

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.pages.incident_list import SqlIncidentList
    from airflow_provider_harness.adapters.store.pages.tables import Known, SqlTables
    from airflow_provider_harness.app.oncall.incident_commands import CallerApi, IncidentCommands
    from airflow_provider_harness.app.pages.health import HealthView, Part
    from airflow_provider_harness.app.pages.incidents.parts import IncidentView, May
    from airflow_provider_harness.app.pages.lineage import LineageGraph
    from airflow_provider_harness.app.pages.policy import Explained, PolicyView, Simulated
    from airflow_provider_harness.app.pages.tables import TableView
    from airflow_provider_harness.app.reports.postmortem import Story
    from airflow_provider_harness.core.incidents.incident import Incident
    from airflow_provider_harness.core.policy.policy import Policy, Usage

#: Earlier incidents of the same category that a page names.
SIMILAR = 5
#: Incidents of one table that its page lists.
LISTED = 20
#: Slices before the one that was blocked that are looked through for the last gate.
BEFORE = 30


def incidents() -> SqlIncidentList:
    """Lists of incidents."""
    from airflow_provider_harness.adapters.store.pages.incident_list import SqlIncidentList

    return SqlIncidentList(store_engine, timedelta(minutes=config.read().verify_minutes))


def incident(given: str) -> Incident:
    """The incident of an id, or of a beginning of it that no other one has.

    :raises ConfigurationError: there is none, or more than one.
    """
    store = wiring.store()
    ids = store.ids(given.upper())
    if len(ids) != 1 and given.upper() not in ids:
        problem = "begins several ids." if ids else "is not in the store."
        raise ConfigurationError("this incident", problem, fix="Take its whole id from the list.")
    return store.incident(given.upper() if given.upper() in ids else ids[0])


def incident_view(
    found: Incident, may: May, readable: Callable[[set[str]], frozenset[str]] | None = None
) -> IncidentView:
    """Everything that is known of an incident.

    :param readable: those of some Dags that the caller may read; None = all.
    """
    from airflow_provider_harness.adapters.store.pages.signed import signed
    from airflow_provider_harness.app.pages.incidents import view as page
    from airflow_provider_harness.app.reports import postmortem

    store, settings, lists = wiring.store(), config.read(), incidents()
    events, failures = store.events(found.id), store.failures(found.id)
    around = postmortem.Around(
        now=wiring.now(), verify=timedelta(minutes=settings.verify_minutes), reached=wiring.pager().reached
    )
    story = postmortem.story(found.id, events, failures, around)
    seen = readable({one.key.dag_id for one in failures} | lists.dags()) if readable else None
    row = next(iter(lists.rows([found.id], wiring.now(), seen)))
    return page.view(
        story,
        page.Around(
            now=wiring.now(),
            row=row,
            healer_dag_id=settings.healer_dag_id,
            may=may,
            readable=seen,
            failed_before=_failed_before(story),
            similar=lists.like(row.category, found.id, seen if seen is not None else lists.dags(), SIMILAR),
            lineage=_lineage(story, seen),
            policy=_policy(),
            signed=signed(store_engine, found.id),
        ),
    )


def _policy() -> Policy | None:
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy

    try:
        return load_policy(config.read().policy_file)
    except (HarnessError, ValueError, OSError):
        return None


def _failed_before(story: Story) -> dict[str, bool]:
    """Check -> whether it failed on the newest earlier slice that a gate of the same kind judged."""
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.app.pages.incidents.view import lead_of
    from airflow_provider_harness.core.slices.slices import stamp

    lead = lead_of(story)
    report = lead.report if lead else None
    if report is None:
        return {}
    slice_id = str(report.get("slice", ""))
    gates = SqlGates(store_engine).trend(str(report.get("table", "")), BEFORE)
    earlier = [gate for gate in gates if gate.contract == report.get("contract") and stamp(gate.at) < slice_id]
    return {check.id: not check.passed for gate in earlier[-1:] for check in gate.checks}


def _lineage(story: Story, readable: frozenset[str] | None) -> LineageGraph:
    from airflow_provider_harness.app.pages.incidents.view import lead_of
    from airflow_provider_harness.app.pages.lineage import NOTHING, drawn
    from airflow_provider_harness.core.lineage.graph import job

    lead = lead_of(story)
    if lead is None or not lead.key.task_id:
        return NOTHING
    graph = wiring_lineage.graph()
    return drawn(graph, graph.of_task(job(lead.key.dag_id, lead.key.task_id)), readable=readable)


def tables() -> SqlTables:
    """Tables in the store."""
    from airflow_provider_harness.adapters.store.pages.tables import SqlTables

    return SqlTables(store_engine)


def table_view(known: Known, slices: int, readable: frozenset[str] | None = None) -> TableView:
    """Everything that is known of a table.

    :param slices: the newest ones that are shown.
    :param readable: Dags whose incidents, failures and tasks may be shown; None = all.
    """
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.app.pages import kept_contract
    from airflow_provider_harness.app.pages import table_view as page
    from airflow_provider_harness.app.pages.kpis import kpis
    from airflow_provider_harness.app.pages.tables import TableView

    now, store = wiring.now(), tables()
    kept = store.versions(known.table)
    body = kept[-1][1] if kept else None
    zone = str((body or {}).get("zone", ""))
    looked = SqlGates(store_engine).trend(known.table, slices)
    gates = page.newest_of_slices(looked)
    rows = incidents().rows(store.incidents(known.table, LISTED), now, readable)
    seen = [row for row in rows if (readable is None or row.dag_id in readable) and known.table in row.tables]
    failures = [
        (row.id, one)
        for row in seen
        for one in wiring.store().failures(row.id)
        if one.table == known.table and (readable is None or one.key.dag_id in readable)
    ]
    return TableView(
        row=next(iter(store.rows([known], now))),
        contract=kept_contract.shown(body) if body else None,
        grid=page.grid(gates, zone, readable),
        metrics=page.metrics(gates, kept_contract.baselines(body) if body else {}, zone or "UTC"),
        kpis=kpis(looked, now) if looked else None,
        versions=page.versions(kept),
        schema_changes=page.schema_changes(failures),
        lineage=_lineage_of(known.table, readable),
        quarantine=page.quarantine(known.table, known.conn_id, body, gates, failures),
        incidents=seen,
        now=now,
    )


def _lineage_of(table: str, readable: frozenset[str] | None) -> LineageGraph:
    from airflow_provider_harness.app.pages.lineage import drawn

    graph = wiring_lineage.graph()
    return drawn(graph, [dataset for dataset, column in graph.find(table) if not column], readable=readable)


def health(since: datetime, readable: frozenset[str], team: str = "", dag_id: str = "") -> HealthView:
    """How well the harness did since then, and whether its parts run now.

    :param readable: Dags of which is counted.
    """
    from airflow_provider_harness.adapters.store.pages.health import SqlHealth
    from airflow_provider_harness.app.pages import health as page

    counted, settings, now = SqlHealth(store_engine), config.read(), wiring.now()
    told = counted.told(since, readable, dag_id)
    teams = sorted({name for one in told for name in one.teams})
    mine = [one for one in told if not team or team in one.teams]
    model = page.ModelCost(
        cost_usd=round(sum(one.cost_usd for one in mine), 6),
        today_usd=wiring.store().spent("", now)[1],
        per_day_usd=settings.max_cost_usd_per_day,
        per_incident_usd=settings.max_cost_usd_per_incident,
        calls=sum(one.calls for one in mine),
        name=settings.model,
    )
    promises = counted.promises(since, now, readable, team, dag_id)
    parts = alive()
    return page.health(
        mine,
        since=since,
        now=now,
        promises=promises,
        model=model,
        limit=settings.breaker_limit,
        alive=parts,
        teams=teams,
    )


def dags_at_risk() -> frozenset[str]:
    """Dags of which slices were at risk."""
    from airflow_provider_harness.adapters.store.pages.health import SqlHealth

    return SqlHealth(store_engine).dags()


def flows(dag_id: str, task_id: str = "") -> tuple[list[str], list[str]]:
    """What a task, or the tasks of a Dag, read and write, as the lineage knows."""
    from airflow_provider_harness.core.lineage.graph import job

    named = job(dag_id, task_id)
    mine = [
        one for one in wiring_lineage.graph().flows if one.task == named or (not task_id and one.task.startswith(named))
    ]
    reads = {str(source) for one in mine for source in one.inputs}
    return sorted(reads), sorted({str(one.output) for one in mine if one.output is not None})


_DOES = {
    "act": "When a task fails, the harness reads its log, names the cause, asks the policy, and does what that allows.",
    "shadow": "When a task fails, the harness names the cause and records what the policy would allow; it does nothing.",
    "off": "When a task fails, the harness records it, and nobody looks at it.",
}


def explanation(dag_id: str) -> list[str]:
    """What the harness does about the tasks of a Dag, in sentences."""
    settings = config.read()
    enrolled = {
        "all": "Every Dag is enrolled ([harness] enroll = all).",
        "none": "A Dag is enrolled by its own callbacks alone ([harness] enroll = none).",
    }.get(settings.enroll, f"Dags with this tag are enrolled: {settings.enroll.removeprefix('tag:')}.")
    own = (
        [f"{dag_id} is the harness's own Dag: when it fails, on-call is paged."]
        if dag_id.startswith(settings.healer_dag_id)
        else []
    )
    return [*own, _DOES[wiring.mode().value], enrolled]


def alive() -> list[Part]:
    """Whether the healer, the reconciler and the watch run."""
    from airflow_provider_harness.app.pages.alive import parts

    settings = config.read()
    return parts(wiring.store(), wiring.mode().value, wiring.now(), timedelta(seconds=settings.reconcile_seconds))


def policy_view() -> PolicyView:
    """The policy that holds now."""
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy, policy_text
    from airflow_provider_harness.app.pages.policy import policy_view as page

    file = config.read().policy_file
    return page(load_policy(file), file or "packaged", policy_text(file))


def policy_explained(incident_id: str, action: str, facts: Sequence[str], usage: Usage) -> Explained:
    """A verdict explained: an incident's newest one, or one that a person makes up.

    :raises ConfigurationError: the incident has no verdict, or there is no such action or fact.
    """
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy
    from airflow_provider_harness.app.pages.policy import case_of, explained
    from airflow_provider_harness.app.reports.policy_replay import past

    policy = load_policy(config.read().policy_file)
    if not incident_id:
        return explained(policy, case_of(action, facts, usage))
    judged = [case for case in past(wiring.store().events(incident_id)) if not case.followed]
    if not judged:
        raise ConfigurationError(f"incident {incident_id}", "has no verdict.", fix="See its page.")
    return explained(policy, judged[-1])


def policy_simulated(text: str, since: datetime | None, readable: frozenset[str]) -> Simulated:
    """What another policy would have said to the past; nothing is written.

    :raises ConfigurationError: the text is no policy.
    """
    from airflow_provider_harness.adapters.yaml_files.policy import policy_of
    from airflow_provider_harness.app.pages.policy import Simulated, changed
    from airflow_provider_harness.app.reports.policy_replay import simulate

    policy, leads = policy_of(text, "this policy"), incidents().leads()
    events = wiring.store().audit_events()
    count, changes = simulate(policy, events)
    found = [one for one in changes if since is None or one.past.at >= since.isoformat(timespec="seconds")]
    seen = [changed(one) for one in found if leads.get(one.past.incident_id, "") in readable]
    return Simulated(judged=count, changes=seen, hidden=len(found) - len(seen))


def desk(person: CallerApi) -> IncidentCommands:
    """Where a person works on incidents."""
    from airflow_provider_harness.app.oncall.incident_commands import IncidentCommands

    return IncidentCommands(store=wiring.store(), person=person, pager=wiring.pager(), now=wiring.now())
