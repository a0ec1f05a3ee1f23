"""What ``airflow harness check`` says of a text that stands in no file: a change that somebody drafted."""

from __future__ import annotations

from airflow_provider_harness.adapters.dags import queries
from airflow_provider_harness.app.authoring import check
from airflow_provider_harness.app.authoring.finding import Finding, Found, Stage
from airflow_provider_harness.app.authoring.read import parsed, with_queries

_NAME = "draft.py"


def findings(text: str) -> tuple[Finding, ...]:
    """What is wrong with a Dag file by itself: nothing is run, and no file that it names is read.

    A comment in it that keeps a finding quiet does not.
    """
    source = parsed(_NAME, text)
    if isinstance(source, Found):
        found = [source]
    else:
        known = with_queries(source, lambda _: None, queries.understood)
        found = list(check.of_source(known, queries.findings))
    return check.finished({_NAME: found}, {}, Stage.COMPILE)
