"""A retry alone needs a task that may run again: by contract or by kind; what is not known is asked."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.policy.repeatable import KINDS, Repeatable, repeatable


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("PostgresLoadOperator", Repeatable.YES),
        ("S3KeySensor", Repeatable.YES),
        ("SQLCheckOperator", Repeatable.YES),
        ("GlueJobOperator", Repeatable.JOB),
        ("EmailOperator", Repeatable.NO),
        ("PythonOperator", Repeatable.UNKNOWN),
        ("_PythonDecoratedOperator", Repeatable.UNKNOWN),
        ("", Repeatable.UNKNOWN),
    ],
)
def test_what_a_second_try_does(operator: str, kind: Repeatable) -> None:
    assert repeatable(operator) is kind


def test_no_operator_is_of_two_kinds() -> None:
    assert len(KINDS) == len(set(KINDS)) and Repeatable.UNKNOWN not in KINDS.values()
