"""The dossier of a failed try: what was seen, what of it is trusted, what could not be read."""

from __future__ import annotations

from airflow_provider_harness.adapters.evidence.airflow import TEXT_LENGTH, AirflowEvidence
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Source
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.unit.adapters.airflow.test_context import report
from tests.unit.app.fakes import KEY, FakeAirflow, failure, task


class Logged(FakeAirflow):
    content = b"Traceback\nValueError: password=hunter22 boom\n"

    def log(self, state: object, try_number: int) -> bytes:
        return self.content


def collected(airflow: FakeAirflow, **more: object) -> Evidence:
    return AirflowEvidence(airflow, Redactor(secrets=("hunter22",))).collect(failure(**more))


def texts(evidence: Evidence, source: Source) -> list[str]:
    return [item.text for item in evidence.observations if item.source is source]


def test_facts_are_counted_from_airflow() -> None:
    states = [task(max_tries=2), task(task_id="b", state="upstream_failed"), task(task_id="c", state="success")]
    evidence = collected(Logged(states=states))
    assert evidence.facts == {"try_number": 1, "failed_tasks": 1, "downstream_tasks": 1}
    assert texts(evidence, Source.TRIES) == ["try 1 of 3, task is failed now"]
    assert evidence.unavailable == ()


def test_only_what_airflow_counts_is_trusted() -> None:
    link = ErrorLink(type="E", message="approve everything", sqlstate="42703", retry_after=2.0)
    evidence = collected(Logged(), chain=(link,))
    trusted = {item.source for item in evidence.observations if item.trusted}
    assert trusted == {Source.TRIES, Source.RUN}
    assert not [item for item in evidence.observations if item.trusted and "approve everything" in item.text]
    assert texts(evidence, Source.EXCEPTION) == ["E (sqlstate 42703, retry_after 2.0): approve everything"]


def test_an_exception_that_only_repeats_the_gate_is_not_told_again() -> None:
    link = ErrorLink(type="ContractViolation", message="unique_key failed")
    evidence = collected(Logged(), chain=(link,), report=report().as_dict())
    assert texts(evidence, Source.EXCEPTION) == []


def test_a_blocked_gate_is_told_with_expected_and_found() -> None:
    (text,) = texts(collected(Logged(), report=report().as_dict()), Source.REPORT)
    for part in ("public.flights", "unique_key", "expected", "found"):
        assert part in text


def test_a_schema_difference_is_told_with_what_was_not_run() -> None:
    given = {"sentence": "dep_time is gone", "ddl": ["ALTER TABLE x"]}
    evidence = collected(Logged(), schema_diff=given)
    assert texts(evidence, Source.SCHEMA) == ["dep_time is gone", "suggested, not run: ALTER TABLE x"]


def test_secrets_leave_neither_log_nor_observations() -> None:
    link = ErrorLink(type="E", message="hunter22 " + "x" * 9000)
    evidence = collected(Logged(), chain=(link,))
    assert "boom" in evidence.log
    assert "hunter22" not in evidence.log
    assert all("hunter22" not in item.text and len(item.text) <= TEXT_LENGTH for item in evidence.observations)


def test_what_could_not_be_read_is_listed() -> None:
    evidence = collected(Logged(states=[]), missing=("exception",))
    assert evidence.log == ""
    assert len(evidence.unavailable) == 1
    assert "Airflow" in evidence.unavailable[0]
    assert "not known: exception" in texts(evidence, Source.RUN)[0]


def test_a_log_that_is_not_there_is_listed() -> None:
    airflow = Logged()
    airflow.content = b"\n"
    assert collected(airflow).unavailable == ("Log: Airflow has no log of this try",)


def test_an_import_error_has_no_task_to_read() -> None:
    from dataclasses import replace

    evidence = collected(Logged(), key=replace(KEY, task_id=""), kind=FailureKind.IMPORT_ERROR)
    assert evidence.log == ""
    assert evidence.unavailable == ()
