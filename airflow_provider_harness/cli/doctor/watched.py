"""What ``airflow harness doctor`` looks at of the tables that the healer watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airflow_provider_harness import config
from airflow_provider_harness.cli.doctor.findings import Finding
from airflow_provider_harness.core.contracts.contract import Contract, Watching
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.wiring import access
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import store as wiring_store
from airflow_provider_harness.wiring.watch import tables


def watched() -> Iterator[Finding]:
    """Whether each contract that asks for it is watched, and its newest slice was read."""
    path = str(config.read_one("watch_path"))
    found = list(tables.asked(path))
    for one in found:
        if one.error:
            yield Finding.wrong(
                f"{one.file} is not watched: {one.error}", "Correct it; see airflow harness contract check."
            )
        for contract in one.contracts:
            yield from _of(contract)
    if path and not any(one.contracts or one.error for one in found):
        yield Finding.note(
            f"[harness] watch_path is {path}, and no contract there has harness.watch.",
            "Add such a contract, or empty the option.",
        )


def _of(contract: Contract) -> Iterator[Finding]:
    rule = contract.watch
    assert rule is not None, "only contracts that ask for it are given"
    try:
        access.allowed(rule.conn_id)
    except NotAllowed as error:
        yield Finding.wrong(
            f"{contract.table} is not watched: {error}", f"Add {rule.conn_id} to [harness] connections_allowed."
        )
        return
    if wiring_store.connection(rule.conn_id) is None:
        yield Finding.wrong(
            f"{contract.table} is not watched: connection {rule.conn_id} does not exist here.", "Create it."
        )
        return
    yield from _looked(contract, rule)


def _looked(contract: Contract, rule: Watching) -> Iterator[Finding]:
    progress = tables.progress(contract)
    dag_id = f"{config.read_one('healer_dag_id')}_tables"
    if progress is None:
        yield Finding.note(f"The watch has not looked at {contract.table} yet.", f"See whether Dag {dag_id} runs.")
        return
    if progress.unread:
        newest = max(progress.unread)
        fix = f"See its incident, or the log of {dag_id}.look."
        yield Finding.wrong(f"{contract.table} could not be read for its slice of {newest:%Y-%m-%d %H:%M} UTC.", fix)
    late = wiring.now() - (progress.end or progress.began) - rule.within
    if late > 2 * tables.length(contract):
        yield Finding.wrong(
            f"The watch has not looked at {contract.table} for {late // timedelta(hours=1)} hours.",
            f"See whether Dag {dag_id} runs.",
        )
