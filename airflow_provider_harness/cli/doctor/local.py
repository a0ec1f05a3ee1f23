"""What ``airflow harness doctor`` looks at on this machine and in the store."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from airflow_provider_harness import config
from airflow_provider_harness.cli.doctor.findings import Finding
from airflow_provider_harness.core.diagnosis.models import MODELS, model_of
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import store as wiring_store
from airflow_provider_harness.wiring.access import home_of

#: Executors that run every task on the machine of the scheduler, where one SQLite file can serve.
ONE_MACHINE = ("LocalExecutor", "SequentialExecutor")


def settings() -> Iterator[Finding]:
    for option in config.OPTIONS:
        try:
            config.read_one(option)
        except ValueError as error:
            yield Finding.wrong(str(error), "Correct airflow.cfg or the environment.")


def options() -> Iterator[Finding]:
    from airflow.configuration import conf

    for option in sorted(set(conf.getsection("harness") or {}) - set(config.OPTIONS)):
        yield Finding.wrong(f"[harness] {option} is not a known option.", f"Valid: {', '.join(config.OPTIONS)}.")


def policy() -> Iterator[Finding]:
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy

    if not load_policy(config.read().policy_file).rules:
        yield Finding.wrong("The policy has no rules: it refuses everything.", "See `airflow harness policy check`.")


def runbook() -> Iterator[Finding]:
    from airflow_provider_harness.adapters.yaml_files.runbook import load_runbook

    path = config.read().runbook_file
    load_runbook(path)
    if path and not Path(path).exists():
        yield Finding.note(f"{path} is not there yet.", "`airflow harness runbook accept` makes it.")


def store() -> Iterator[Finding]:
    from airflow.configuration import conf

    from airflow_provider_harness.adapters.store.migrate import state

    engine = wiring_store.store_engine()
    executors = [one.rpartition(":")[2].rpartition(".")[2] for one in conf.get("core", "executor").split(",")]
    if engine.dialect.name == "sqlite" and (elsewhere := [one for one in executors if one not in ONE_MACHINE]):
        fix = "Run it on PostgreSQL, name it in connection harness_store, and set [harness] store = connection."
        yield Finding.wrong(f"The store is SQLite, and {', '.join(elsewhere)} runs tasks on other machines.", fix)
    yield from _fallback(engine.url.database)
    found, wanted = state(engine)
    if found != wanted:
        fix = "airflow harness db upgrade" + (" --tasks-role ROLE" if engine.dialect.name == "postgresql" else "")
        yield Finding.wrong(f"The store is at revision {found or 'none'}, and this version needs {wanted}.", fix)


def _fallback(database: str | None) -> Iterator[Finding]:
    """An old store that would be taken for the real one where a secrets backend is away."""
    old, place = wiring_store.sqlite_path(), config.read().store
    if place is config.Place.EITHER and database != str(old) and old.exists():
        text = (
            f"The store is a connection, and {old} exists too: if the connection cannot be read, the harness uses "
            f"that file."
        )
        yield Finding.wrong(text, "Set [harness] store = connection, and move the file away.")


def rows() -> Iterator[Finding]:
    """What tasks wrote and nobody can read, or Airflow does not confirm."""
    from airflow_provider_harness.adapters.store.unreadable import unreadable

    for source, reasons in wiring.store().left_alone().items():
        text = f"{len(reasons)} row(s) of {source} are left alone, the newest: {reasons[0][:300]}"
        yield Finding.note(
            text, "Find out who wrote them; they are in the table harness_set_aside, and have no effect."
        )
    for table, reasons in unreadable(wiring_store.store_engine()).items():
        text = f"{len(reasons)} row(s) of {table} cannot be read, such as {reasons[0][:300]}"
        yield Finding.note(
            text, "Find out who wrote them, and delete them as the store's owner; the harness ignores them."
        )


def owner() -> Iterator[Finding]:
    """Whether the store's owner may do more than own it."""
    from airflow_provider_harness.adapters.store.rights import superuser

    engine = wiring_store.store_engine()
    if engine.dialect.name == "postgresql" and (role := superuser(engine)):
        fix = (
            "Make a separate role as in the how-to of the store on PostgreSQL, make it the owner of the "
            "database, and name it in the connection."
        )
        yield Finding.note(
            f"The store's owner {role} is a superuser: a person with its password controls the whole server.", fix
        )


def capture() -> Iterator[Finding]:
    """What ordinary tasks may do in the store: all that they need, and no more."""
    from airflow_provider_harness.adapters.store.migrate import lacking
    from airflow_provider_harness.adapters.store.rights import excess

    settings, engine = config.read(), wiring_store.store_engine()
    if engine.dialect.name != "postgresql":
        return
    if wiring_store.connection(settings.capture_conn_id) is None:
        fix = "Make a role for tasks: see the how-to of the store on PostgreSQL."
        yield Finding.note("Tasks write to the store as its owner: they could change incidents and verdicts.", fix)
        return
    tasks = wiring_store.task_engine()
    if not home_of(tasks).same(home_of(engine)):
        text = (
            f"Connection {settings.capture_conn_id} leads to a database other than the store: reports of tasks "
            f"never reach the healer."
        )
        yield Finding.wrong(text, f"Give it the host, port and schema of connection {settings.store_conn_id}.")
        return
    if lacks := lacking(tasks):
        text = f"The role of tasks lacks {', '.join(lacks)}."
        yield Finding.wrong(text, "airflow harness db upgrade --tasks-role ROLE")
    if has := excess(tasks):
        text = f"The role of tasks has {'; '.join(item.what for item in has)}, which no task needs."
        yield Finding.wrong(text, " ".join(item.statement for item in has))


def audit_key() -> Iterator[Finding]:
    from airflow_provider_harness.adapters.store.audit.key_files import files

    wiring.audit_ring()
    for path in files(wiring.audit_key_file(config.read())):
        found = path.stat()
        # A secret that Kubernetes mounts is root's: its group is how the process reads it.
        closed = 0o077 if found.st_uid == os.geteuid() else 0o007
        if found.st_mode & closed:
            yield Finding.wrong(f"Users other than its owner can read {path}.", f"chmod 600 {path}")


def pages() -> Iterator[Finding]:
    from airflow_provider_harness.adapters.yaml_files.routes import load_routes

    settings = config.read()
    found = wiring_store.connection(settings.pagerduty_conn_id)
    if found is None or not found.password:
        tell = Finding.wrong if settings.mode is config.Mode.ACT else Finding.note
        fix = f"Make connection {settings.pagerduty_conn_id} with the integration key of a service as password."
        yield tell("Nobody is paged: a page is a line in the healer's log.", fix)
    else:
        wiring.pager()
        yield from _address(settings.pagerduty_conn_id)
    for name, conn_id in load_routes(settings.routes_file).items():
        if wiring.page_receiver(conn_id) is None:
            fix = f"Make it, with the integration key of a service as password, or correct {settings.routes_file}."
            yield Finding.wrong(
                f"Pages for {name} go to the default: connection {conn_id} does not exist, or has no key.", fix
            )
        else:
            yield from _address(conn_id)


def _address(conn_id: str) -> Iterator[Finding]:
    """Whether PagerDuty's client takes the address that a connection gives it."""
    receiver = wiring.page_receiver(conn_id)
    if receiver is not None and (why := receiver.refused()):
        fix = (
            f"Correct base_url in the extra of connection {conn_id}, or remove it: then the harness uses "
            f"PagerDuty's own address."
        )
        yield Finding.wrong(f"No page by connection {conn_id} is ever sent: {why}.", fix)


def promises() -> Iterator[Finding]:
    """Whether the contracts can be read here whose promises about time are watched."""
    known, lost, unsure = wiring.promises(), [], []
    sure = {(mark.conn_id, mark.table) for mark in known.borne_out()}
    for mark in known.published():
        try:
            promised = mark.contract and known.contract(mark).slas
            if promised and (mark.conn_id, mark.table) not in sure:
                unsure.append(mark.table)
        except HarnessError:
            lost.append(f"{mark.table} ({mark.contract})")
    if unsure:
        text = (
            f"Airflow confirms no published slice of these tables, so the harness does not watch their promises "
            f"yet: {', '.join(unsure)}."
        )
        yield Finding.note(
            text,
            "It watches them after their next successful run. Otherwise somebody wrote these rows into "
            "harness_watermarks.",
        )
    if lost:
        fix = (
            "Make the files readable where the reconciler runs. Ignore this for a table that is not published any more."
        )
        yield Finding.note(f"Cannot read the SLA deadlines of {', '.join(lost)} here.", fix)


def model() -> Iterator[Finding]:
    settings = config.read()
    if settings.model and wiring_store.connection(settings.model_conn_id) is None:
        yield Finding.wrong(
            f"{settings.model} is the model to ask, but connection {settings.model_conn_id} is missing.",
            "Make the connection, or empty [harness] model.",
        )
    unknown = [name for name in (settings.model, settings.model_fallback) if name and model_of(name).price is None]
    if unknown:
        yield Finding.note(
            f"The price of {' and '.join(unknown)} is not known: [harness] max_cost_usd_per_incident and _per_day "
            f"do not bound it.",
            f"Only the tokens of each diagnosis are bounded. Models with a known price: {', '.join(MODELS)}.",
        )
    if settings.runbooks_path and not Path(settings.runbooks_path).is_dir():
        yield Finding.wrong(
            f"[harness] runbooks_path {settings.runbooks_path} is not a folder: the harness asks no model.",
            "Name a folder of Markdown files that workers can read, or leave it empty.",
        )


def staging() -> Iterator[Finding]:
    from airflow.sdk import ObjectStoragePath

    base = config.read().staging_path or f"file://{config.airflow_home('staging')}"
    probe = ObjectStoragePath(base) / f"doctor-{secrets.token_hex(4)}"
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"ok")
        probe.unlink()
    except (OSError, ValueError, ImportError) as error:
        yield Finding.wrong(f"{base} cannot be written: {error}", "Correct [harness] staging_path, or its rights.")


def spool() -> Iterator[Finding]:
    folder = Path(config.read().spool_path or config.airflow_home("harness_spool"))
    probe = folder / f"doctor-{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        yield Finding.wrong(f"{folder} cannot be written: {error}", "Correct [harness] spool_path, or its rights.")
