"""Who is told, how loudly and when; and who tells when the harness itself is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import intake
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.oncall import page as compose
from airflow_provider_harness.app.oncall import watchdog as dead_man
from airflow_provider_harness.app.oncall.impact import contracts_of, page_severity
from airflow_provider_harness.app.ports.healing import Limits, PageSeverity
from airflow_provider_harness.core.contracts.contract import Access, Consumer, Contract, Criticality, Owner, Sla
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind, Noted, Outcome
from airflow_provider_harness.core.incidents.maintenance import Maintenance, Window
from airflow_provider_harness.core.incidents.severity import MANY_DAGS, Impact, severity, worse
from tests.unit.app.fakes import START, World, dag, diagnosis, failure, task, world

CHAIN = (ErrorLink(type="httpx.ConnectError", message="GET http://db:80/x failed"),)
SLA = Sla(prop="latency", value="4", unit="h")
READER = Consumer(name="board", access=Access.SCAN)


def contract(criticality: Criticality = Criticality.MEDIUM, **more: Any) -> Contract:
    given = {"id": "c", "version": "1", "name": "n", "table": "public.t", "columns": (), "owner": Owner(team="data")}
    return Contract(**given | {"criticality": criticality} | more)


def of(dag: str, run: str = "r1") -> Failure:
    return failure(key=TryKey(dag_id=dag, run_id=run, task_id="load", try_number=1), chain=CHAIN)


def broken(*failures: Failure) -> World:
    w = world()
    w.airflow.states = [task(dag_id=item.key.dag_id, run_id=item.key.run_id) for item in failures]
    for item in failures:
        w.reported(item)
    intake.group_failures(w.healer)
    return w


def ended(w: World, incident_id: str = "I1") -> World:
    w.event(incident_id, EventKind.CLAIMED, run="r")
    return ended_by(w, incident_id)


def ended_by(w: World, incident_id: str) -> World:
    w.event(incident_id, EventKind.SETTLED, outcome="escalated", text="t", gates=[])
    assert escalate.settle(w.healer, w.incident(incident_id)) is Outcome.ESCALATED
    return w


@pytest.mark.parametrize(
    ("stakes", "expected"),
    [
        (Impact(), PageSeverity.HIGH),
        *((Impact(contracts=(contract(item),)), PageSeverity(item.value)) for item in Criticality),
        (Impact(contracts=(contract(Criticality.LOW), contract(Criticality.HIGH))), PageSeverity.HIGH),
        (Impact(contracts=(contract(slas=(SLA,)),)), PageSeverity.MEDIUM),
        (Impact(contracts=(contract(slas=(SLA,), consumers=(READER,)),)), PageSeverity.HIGH),
        (Impact(contracts=(contract(Criticality.CRITICAL, slas=(SLA,), consumers=(READER,)),)), PageSeverity.CRITICAL),
        (Impact(dags=MANY_DAGS), PageSeverity.CRITICAL),
        (Impact(worse=True), PageSeverity.CRITICAL),
        (Impact(contracts=(contract(Criticality.LOW),), worse=True), PageSeverity.MEDIUM),
        (Impact(contracts=(contract(Criticality.LOW),), worse=True, backfill=True), PageSeverity.MEDIUM),
        (Impact(dags=99, backfill=True), PageSeverity.LOW),
    ],
)
def test_how_loudly(stakes: Impact, expected: PageSeverity) -> None:
    assert severity(stakes) is expected


def test_what_is_worse() -> None:
    order = list(PageSeverity)
    assert all(worse(a, b) == (order.index(a) > order.index(b)) for a in order for b in order)
    assert worse(PageSeverity.LOW, "")


def test_the_contracts_of_what_failed_decide() -> None:
    w = broken(of("a"), of("b"))
    w.gates.contracts = {"b": contract(Criticality.CRITICAL)}
    assert page_severity(w.healer, w.incident("I1")) is PageSeverity.CRITICAL
    w.airflow.states = []
    assert contracts_of(w.healer, w.store.failures("I1")) == []


def test_a_page_says_for_whom_and_how_much_else() -> None:
    w = broken(*(of(f"d{n}") for n in range(8)))
    w.gates.contracts = {"d0": contract(consumers=(READER,))}
    page = compose.build_page(w.healer, w.incident("I1"), asks="do this", severity=PageSeverity.HIGH)
    assert page.details["for whom"] == "public.t (medium) of data, read by board"
    assert page.details["what is broken"].endswith("and 3 more, in 8 Dag(s), of the same cause")
    assert list(page.details)[:3] == ["what is broken", "for whom", "since"]
    assert page.details["more"] == "airflow harness incidents show I1"


def test_a_page_is_read_from_the_top_and_links_the_runbook() -> None:
    w = broken(of("d0"))
    w.gates.contracts = {"d0": contract(runbook="https://wiki/t", owner=Owner(team="data", channels=("#data",)))}
    w.event("I1", EventKind.CLAIMED, run="r")
    healer = replace(w.healer, limits=replace(w.healer.limits, runbook_url="https://wiki/{category}"))
    page = compose.build_page(healer, w.incident("I1"), asks="do this", severity=PageSeverity.HIGH)
    assert page.links == {
        "The incident": "http://airflow/plugin/harness/incidents/I1",
        "The run in Airflow": "http://airflow/d0/r1",
        "The log of load": "http://airflow/d0/r1/tasks/load?try_number=1",
        "Runbook of public.t": "https://wiki/t",
        "Runbook": "https://wiki/unknown",
    }
    assert page.route == ("data", "#data")
    assert page.details["when it is mended"] == "airflow harness incidents resolve I1 --why TEXT"
    order = ["what is broken", "for whom", "since", "cause", "done", "you are asked to", "when it is mended"]
    assert [name for name in page.details if name in order] == order


@pytest.mark.attack
@pytest.mark.parametrize("told", ["attacker-muted", ""])
def test_the_owner_answers_where_no_contract_says_who_and_airflow_says_who_that_is(told: str) -> None:
    w = broken(replace(of("flights"), owner=told))

    def route() -> tuple[str, ...]:
        return compose.build_page(w.healer, w.incident("I1"), asks="", severity=PageSeverity.HIGH).route

    assert route() == ("team",)
    w.airflow.dags["flights"] = dag(owners=("ann", "bob"), owners_of={of("flights").key.task_id: ("ann",)})
    assert route() == ("ann",), "the owner of the task that failed"
    w.airflow.dags.clear()
    assert route() == ()


def test_a_post_mortem_says_for_whom_which_rows_and_what_to_do_though_nobody_was_paged() -> None:
    report = {
        "table": "public.t",
        "slice": "2026-01-01",
        "rows": 2,
        "results": [{"id": "range:n", "passed": False, "samples": [{"id": 4, "n": "-4"}]}],
    }
    w = broken(replace(of("d", "backfill__1"), report=report))
    w.gates.contracts = {"d": contract(consumers=(READER,))}
    w.brain.diagnosis = diagnosis(category=Category.DATA_QUALITY_VIOLATION)
    assert heal.claim(w.healer, "I1", "r")
    heal.diagnose(w.healer, "I1")
    ended_by(w, "I1")
    told = "\n".join(w.tells("I1"))
    for part in (
        "For whom\n  public.t (medium) of data, read by board\n  nobody was paged",
        "row of range:n: id=4, n=-4",
        "This run published nothing of the slice; what an earlier run published of it stands as it was. Correct the rows",
    ):
        assert part in told


def test_a_backfill_that_fails_for_one_cause_is_one_incident_and_pages_nobody() -> None:
    w = ended(broken(*(of("d", f"backfill__{n}") for n in range(100))))
    assert len(w.store.incidents()) == 1
    assert not w.pager.pages
    assert "page_backfills" in str(w.incident("I1").last[Noted])


def test_a_backfill_pages_where_the_administrator_wants_it_or_others_fail_too() -> None:
    w = ended(broken(of("d", "backfill__1"), of("e")))
    assert len(w.pager.pages) == 1
    other = broken(of("d", "backfill__1"))
    limits = replace(other.healer.limits, page_backfills=True)
    escalate.page(replace(other.healer, limits=limits), other.incident("I1"), asks="", severity=PageSeverity.LOW)
    assert len(other.pager.pages) == 1


def late(w: World, dag: str) -> None:
    w.airflow.states = [*w.airflow.states, task(dag_id=dag, run_id="r1")]
    w.reported(of(dag), f"late_{dag}")
    intake.group_failures(w.healer)


def test_who_joins_late_pages_nobody_unless_it_is_worse() -> None:
    w = broken(of("a"))
    w.gates.contracts = {"a": contract(), "c": contract(Criticality.CRITICAL, table="public.c")}
    ended(w)
    assert [page.severity for page in w.pager.pages] == [PageSeverity.MEDIUM]
    late(w, "b")
    assert len(w.pager.pages) == 1
    late(w, "c")
    assert [page.severity for page in w.pager.pages] == [PageSeverity.MEDIUM, PageSeverity.CRITICAL]
    assert len({page.dedup_key for page in w.pager.pages}) == 1
    late(w, "d")
    assert len(w.pager.pages) == 2


@pytest.mark.attack
def test_a_decoy_of_the_same_words_keeps_no_page_from_another_owner() -> None:
    """Who fails on purpose with the words of others has their failures in his incident; they are told as soon as they join."""
    own = [of(f"mine_{number}") for number in range(6)]
    w = broken(*own)
    w.airflow.dags = {item.key.dag_id: dag(owners=("mallory",)) for item in own}
    w.airflow.dags |= {"sales": dag(owners=("ann",)), "stock": dag(owners=("bob",))}
    ended(w)
    assert [page.route for page in w.pager.pages] == [("mallory",)]
    late(w, "sales")
    assert (
        w.pager.pages[-1].route == ("mallory", "ann")
        and "sales/r1/load#1" in w.pager.pages[-1].details["what is broken"]
    )
    late(w, "mine_7")
    assert len(w.pager.pages) == 2, "who was told already is not told of each"
    late(w, "stock")
    assert [page.route[-1] for page in w.pager.pages] == ["mallory", "ann", "bob"]
    assert len({(page.dedup_key, page.severity) for page in w.pager.pages}) == 1, "it is one page still"


def test_a_maintenance_window_holds_pages_back_but_for_critical_ones() -> None:
    w = broken(of("a"))
    end = START + timedelta(hours=1)
    window = Window(start=START - timedelta(hours=1), end=end)
    limits: Limits = replace(w.healer.limits, maintenance=Maintenance(windows=(window,)))
    for given in (PageSeverity.HIGH, PageSeverity.CRITICAL):
        escalate.page(replace(w.healer, limits=limits), w.incident("I1"), asks="", severity=given)
    assert [page.not_before for page in w.pager.pages] == [end, None]


def test_windows() -> None:
    hour = timedelta(hours=1)
    windows = (
        Window(start=START, end=START + hour, dags=frozenset({"a"})),
        Window(start=START, end=START + 2 * hour, dags=frozenset({"a", "b"})),
    )
    known = Maintenance(windows=windows)
    assert known.until(frozenset({"a"}), START) == START + 2 * hour
    assert known.until(frozenset({"a", "b"}), START) == START + 2 * hour
    assert known.until(frozenset({"a", "c"}), START) is None
    assert known.until(frozenset({"a"}), START + 2 * hour) is None
    assert known.until(frozenset(), START) is None


def test_a_heal_is_told_as_a_change() -> None:
    w = broken(of("a"))
    escalate.close(w.healer, w.incident("I1"), Outcome.HEALED, "a gate passed")
    assert [page.details["outcome"] for page in w.pager.changes] == ["a gate passed"]
    assert not w.pager.pages


def test_a_silent_reconciler_is_paged_once_and_resolved() -> None:
    w = world()
    assert dead_man.check(w.healer) == []
    w.clock.ahead(minutes=11)
    assert dead_man.check(w.healer) == dead_man.check(w.healer) == ["reconciler"]
    assert [page.severity for page in w.pager.pages] == [PageSeverity.CRITICAL]
    w.store.note_pass(w.clock())
    assert dead_man.check(w.healer) == dead_man.check(w.healer) == []
    assert w.pager.resolved == ["harness-self:reconciler"]
    w.clock.ahead(minutes=11)
    assert dead_man.check(w.healer) == ["reconciler"]
    assert "last pass was at" in w.pager.pages[-1].summary


def test_an_incident_that_no_healer_takes_up_is_paged() -> None:
    w = broken(of("a"))
    w.clock.ahead(minutes=16)
    w.store.note_pass(w.clock())
    assert dead_man.check(w.healer) == ["healer"]
    assert "I1" in w.pager.pages[0].summary
    w.event("I1", EventKind.CLAIMED, run="r")
    assert dead_man.check(w.healer) == []
    assert w.pager.resolved == ["harness-self:healer"]


def test_an_unreachable_airflow_makes_no_incident_milder(monkeypatch: pytest.MonkeyPatch) -> None:
    w = broken(of("a"))

    def away(*_: object) -> None:
        raise HarnessUnavailable("Airflow", "away")

    monkeypatch.setattr(w.airflow, "task", away)
    assert page_severity(w.healer, w.incident("I1")) is PageSeverity.HIGH


def test_an_act_without_an_answer_is_paged_once_and_resolved() -> None:
    w = broken(of("d0"))
    w.store.note_pass(w.clock())
    w.event("I1", EventKind.CLAIMED, run="r")
    assert dead_man.check(w.healer) == []
    w.clock.ahead(minutes=16)
    w.store.note_pass(w.clock())
    assert dead_man.check(w.healer) == dead_man.check(w.healer) == ["acts"]
    [page] = w.pager.pages
    assert "1 incident(s) have no answer in time: I1" in page.summary
    w.event("I1", EventKind.TAKEN, by="ann")
    assert dead_man.check(w.healer) == []
    assert w.pager.resolved == ["harness-self:acts"]


def test_airflow_that_is_unwell_is_paged_at_the_second_look() -> None:
    w = world()
    w.store.note_pass(w.clock())
    w.airflow.parts = {"scheduler": "healthy", "dag_processor": "unhealthy"}
    assert dead_man.check(w.healer) == []
    w.clock.ahead(minutes=5)
    assert dead_man.check(w.healer) == ["airflow"]
    assert "dag_processor is unhealthy" in w.pager.pages[-1].summary
    w.airflow.parts = {"scheduler": "healthy"}
    assert dead_man.check(w.healer) == []
    assert w.pager.resolved == ["harness-self:airflow"]
    w.airflow.silent = True
    assert dead_man.check(w.healer) == []
