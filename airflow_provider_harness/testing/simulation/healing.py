"""The healer of a simulation: the same steps as the healer Dag's tasks, each when the virtual clock says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_harness.app.healing import act, intake, reconcile, verify
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import approve, escalate, instructions
from airflow_provider_harness.app.oncall import impact as stakes
from airflow_provider_harness.app.ports.healing import Healer, Page
from airflow_provider_harness.core.incidents.events import Judged, Settled
from airflow_provider_harness.core.incidents.incident import Incident, State
from airflow_provider_harness.core.policy.policy import VerdictKind

HAND_OVER, LOOK = timedelta(seconds=1), timedelta(minutes=1)
"""After so long the healer claims what it was handed; and so often it looks whether an act healed."""
CLAIMS = 60
"""How often it tries to claim what Airflow does not confirm yet."""
PASS = timedelta(hours=1)
"""How often the reconciler looks whether a promise about time is kept."""
AFTER_TASKS = (timedelta(seconds=10), timedelta(minutes=3))
"""How long after tasks have run it looks, too: at what they left, and at what nobody has taken up since."""

Later = Callable[[datetime, Callable[[], object]], None]


@dataclass(slots=True)
class Collected:
    """Implements ``app.oncall.delivery.Channel``: pages are collected.

    :param told: when, what it was, and the page; of what is over, only its key.
    """

    now: Callable[[], datetime]
    told: list[tuple[datetime, str, Page | str]] = field(default_factory=list)

    def trigger(self, page: Page) -> None:
        self.told.append((self.now(), "trigger", page))

    def change(self, page: Page) -> None:
        self.told.append((self.now(), "change", page))

    def resolve(self, dedup_key: str) -> None:
        self.told.append((self.now(), "resolve", dedup_key))

    def acknowledge(self, dedup_key: str) -> None:
        self.told.append((self.now(), "acknowledge", dedup_key))


@dataclass(slots=True)
class Healing:
    """The healer's runs.

    :param later: at this moment, do this.
    :param states: healer run -> Airflow's word for its state.
    """

    healer: Healer
    later: Later
    states: dict[str, str] = field(default_factory=dict)

    def run_state(self, run_id: str) -> str:
        return self.states.get(run_id, "success")

    def triggered(self, run_id: str, conf: Mapping[str, Any]) -> None:
        """A task's callback hands an incident over."""
        self.start(str(conf.get("incident_id", "")), run_id)

    def start(self, incident_id: str, run_id: str) -> bool:
        if run_id in self.states:
            return False
        self.states[run_id] = "running"
        self._in(HAND_OVER, lambda: self._claim(incident_id, run_id, CLAIMS))
        return True

    def reconcile(self) -> None:
        """One pass of the reconciler."""
        reconcile.reconcile(self.healer)

    def _in(self, wait: timedelta, step: Callable[[], object]) -> None:
        self.later(self.healer.now() + wait, step)

    def _claim(self, incident_id: str, run_id: str, left: int) -> None:
        if heal.claim(self.healer, incident_id, run_id):
            self._diagnose(self.healer.store.resolve(incident_id), run_id)
        elif left > 0 and intake.waits(self.healer, incident_id):
            self._in(HAND_OVER, lambda: self._claim(incident_id, run_id, left - 1))
        else:
            self.states[run_id] = "success"

    def _diagnose(self, incident_id: str, run_id: str) -> None:
        healer = self.healer
        heal.diagnose(healer, incident_id)
        verdict = heal.decide(healer, incident_id)
        if verdict.kind is VerdictKind.ASK and healer.limits.acting():
            self._ask(incident_id, run_id)
        self._act(incident_id, run_id)

    def _ask(self, incident_id: str, run_id: str) -> None:
        healer = self.healer
        incident = healer.store.incident(incident_id)
        if approve.question(healer, incident, act.proposal_of(incident), run_id) is not None:
            incident = healer.store.incident(incident_id)
            severity = stakes.page_severity(healer, incident)
            escalate.page(healer, incident, asks=instructions.answer(incident_id), severity=severity)

    def _act(self, incident_id: str, run_id: str) -> None:
        incident = self.healer.store.incident(incident_id)
        judged = incident.last[Judged]
        if judged.verdict == VerdictKind.ASK and incident.state is State.ASKED:
            wait = self.healer.limits.approval  # nobody answers: the question ends
            self._in(wait, lambda: self._acted(incident_id, run_id))
        else:
            self._acted(incident_id, run_id)

    def _acted(self, incident_id: str, run_id: str) -> None:
        acted = act.act(self.healer, incident_id, run_id)
        if acted.due is not None:
            self.later(max(acted.due, self.healer.now() + HAND_OVER), lambda: self._acted(incident_id, run_id))
        else:
            self._verify(incident_id, run_id)

    def _verify(self, incident_id: str, run_id: str) -> None:
        incident = self.healer.store.incident(incident_id)
        if self._is_verifying(incident) and verify.verify(self.healer, incident).outcome is None:
            self._in(LOOK, lambda: self._verify(incident_id, run_id))
            return
        escalate.settle(self.healer, self.healer.store.incident(incident_id))
        self.states[run_id] = "success"

    @staticmethod
    def _is_verifying(incident: Incident) -> bool:
        return incident.state is State.VERIFYING and Settled not in incident.last
