"""What the commands do that have no module of their own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say, show
from airflow_provider_harness.core.errors import ConfigurationError, ContractError
from airflow_provider_harness.core.slices.moments import moment_if_given

if TYPE_CHECKING:
    from airflow_provider_harness.cli.diagnose_model import ModelOnCases


@command
def db_upgrade(args: Any) -> int:
    from airflow_provider_harness.adapters.store.migrate import grant_tasks, upgrade
    from airflow_provider_harness.wiring import store as wiring_store

    engine = wiring_store.whole_engine()
    row = {"store": engine.url.render_as_string(hide_password=True), "revision": upgrade(engine)}
    if args.tasks_role:
        grant_tasks(engine, args.tasks_role)
        row["role of tasks"] = args.tasks_role
    show(args, [row], "")
    return FINE


def _switch(args: Any, to: str) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.wiring import healing as wiring

    wiring.store().set_value(wiring.SWITCH, to)
    row = {"switch": to, "[harness] mode": config.read().mode.value, "in force": wiring.mode().value}
    show(args, [row], "")
    return FINE


@command
def off(args: Any) -> int:
    return _switch(args, "off")


@command
def shadow(args: Any) -> int:
    return _switch(args, "shadow")


@command
def act(args: Any) -> int:
    return _switch(args, "act")


@command
def policy_check(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy
    from airflow_provider_harness.core.policy.lint import lint

    policy = load_policy(args.file or config.read().policy_file)
    found = lint(policy)
    rows = [
        {
            "rule": rule.id,
            "action": rule.action.value,
            "verdict": rule.verdict.value,
            "when": ", ".join(str(condition) for condition in rule.when) or "always",
            "finding": "; ".join(found.get(rule.id, ())),
        }
        for rule in policy.rules
    ]
    show(args, rows, "No rules: the policy refuses everything.")
    return FINDINGS if found else FINE


@command
def contract_check(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import NoSuchTable, load_contracts

    if args.output == "markdown" and not args.conn_id:
        raise ConfigurationError("--output markdown", "is the checklist of a live table.", fix="Add --conn-id.")
    rows: list[dict[str, Any]] = []
    tables, covered = 0, bool(getattr(args, "coverage", False))
    for file in args.files:
        try:
            tables += len(load_contracts(file))
        except NoSuchTable:
            raise
        except ContractError as error:
            found = zip(error.findings, error.parts, strict=True)
            more = args.output == "json"
            rows += [{"file": file, "finding": said} | (dict(parts) if more else {}) for said, parts in found]
    if rows and args.output == "markdown":
        out("\n".join(row["finding"] for row in rows))
    elif rows or not (args.conn_id or covered):
        several = f" of {tables} tables" if tables > len(args.files) else ""
        show(args, rows, f"{len(args.files)} contract(s){several}, no findings.")
    elif covered:
        show(args, _coverage(args.files), "")
    else:
        return _check_live(args)
    return FINDINGS if rows else FINE


def _coverage(files: Sequence[str]) -> list[dict[str, Any]]:
    """What each line of contract files became."""
    from airflow_provider_harness.adapters.contracts.coverage import coverage
    from airflow_provider_harness.adapters.contracts.odcs import load_file

    named = len(files) > 1
    found = [(file, line) for file in files for line in coverage(load_file(file))]
    return [({"file": file} if named else {}) | dict(line.row()) for file, line in found]


@command
def contract_dictionary(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts
    from airflow_provider_harness.cli import dictionary

    contracts = [contract for file in args.files for contract in load_contracts(file)]
    if args.output == "markdown":
        out(dictionary.markdown(contracts))
    else:
        show(args, [row for contract in contracts for row in dictionary.rows(contract)], "")
    return FINE


def _check_live(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts
    from airflow_provider_harness.core.contracts.readiness import markdown
    from airflow_provider_harness.wiring.learning import readiness

    rows, lists, at = [], [], moment_if_given(args.as_of, "--as-of")
    for contract in (contract for file in args.files for contract in load_contracts(file)):
        verdicts = readiness.standards(contract, args.conn_id, at)
        lists.append((contract, verdicts))
        rows += [
            {
                "table": contract.table,
                "level": str(verdict.standard.level),
                "standard": verdict.standard.id,
                "met": verdict.met,
                "why": verdict.why,
            }
            for verdict in verdicts
        ]
    if args.output == "markdown":
        out("\n\n".join(markdown(contract, verdicts) for contract, verdicts in lists))
    else:
        show(args, rows, "")
    for contract, verdicts in lists:
        if not contract.readiness:
            unmet = sum(not verdict.met for verdict in verdicts)
            fix = "harness.readiness claims one."
            say(
                f"{contract.table} claims no level, so the command demands none; {unmet} of {len(verdicts)} "
                f"standards are not met. {fix}",
                FINE,
            )
    claimed = [verdict for contract, verdicts in lists if contract.readiness for verdict in verdicts]
    return FINE if all(verdict.met for verdict in claimed) else FINDINGS


@command
def contract_diff(args: Any) -> int:
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts
    from airflow_provider_harness.core.contracts.diff import diff_all

    old, new = load_contracts(args.old), load_contracts(args.new)
    changes = diff_all(old, new)
    rows = [{"breaks a consumer": c.breaking, "where": c.where, "change": c.what} for c in changes]
    show(args, rows, "No change that a consumer could notice.")
    return FINDINGS if any(change.breaking for change in changes) else FINE


@command
def contract_init(args: Any) -> int:
    from airflow_provider_harness.wiring import rows as wiring_rows

    with wiring_rows.connections.reachable(args.conn_id):
        text = wiring_rows.contracts.draft(args.conn_id, args.table)
    out(text, end="")
    return FINE


@command
def quality(args: Any) -> int:
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.cli import quality as told
    from airflow_provider_harness.wiring import store as wiring_store

    if args.last < 1:
        raise ConfigurationError(f"--last {args.last}", "is not a number of slices of 1 or more.")
    store = SqlGates(wiring_store.store_engine)
    table = args.table if "." in args.table else f"public.{args.table}"
    found = store.trend(table, args.last)
    if not found:
        known = store.tables()
        fix = "" if known else "The store has no gate of any table yet: run a Dag with a contract."
        raise ConfigurationError(f"table {table}", "no gate has judged it.", valid=known, fix=fix)
    if args.kpis:
        show(args, told.of_kpis(found, as_json=args.output == "json"), "")
        return FINDINGS if told.findings(found, args.check) else FINE
    rows = told.of_check(found, args.check) if args.check else told.of_slices(found)
    show(args, told.as_json(found, args.check) if args.output == "json" else rows, "")
    if args.output != "json" and told.marked(found):
        out(told.LEGEND)
    return FINDINGS if told.findings(found, args.check) else FINE


@command
def lineage(args: Any) -> int:
    from airflow_provider_harness.core.lineage import text as told
    from airflow_provider_harness.wiring import lineage as wiring_lineage

    found = told.walks(wiring_lineage.graph(), args.name, downstream=args.downstream)
    if args.output == "json":
        out(json.dumps([told.as_json(*walk) for walk in found], indent=2))
    else:
        out("\n".join(line for walk in found for line in told.text(*walk, downstream=args.downstream)))
    return FINE


@command
def reconcile(args: Any) -> int:
    from airflow_provider_harness.app.healing.reconcile import reconcile as one_pass
    from airflow_provider_harness.wiring import healing as wiring

    found = one_pass(wiring.healer())
    rows = [
        *({"what": "unreported failure", "which": key} for key in found.found),
        *({"what": "healer started", "which": key} for key in found.started),
        *({"what": "noted", "which": key} for key in found.noted),
        *({"what": "ended, its healer was lost", "which": key} for key in found.ended),
        *({"what": "promise at risk", "which": line} for line in found.promised),
    ]
    show(args, rows, "No failure that was not yet reported.")
    return FINE


@command
def diagnose(args: Any) -> int:
    from airflow_provider_harness.cli.diagnose import diagnose_log

    if bool(args.log) == bool(args.input) or bool(args.input) != bool(args.output) or (args.log and args.model):
        raise ConfigurationError(
            "harness diagnose",
            "takes one log, or --input and --output (with --model).",
            fix="Give FILE alone, or both.",
        )
    if args.log:
        out(json.dumps(diagnose_log(args.log), indent=2, ensure_ascii=False))
    else:
        _answered(args)
    return FINE


def _answered(args: Any) -> None:
    """The answers to a file of cases, in a file that is there whole or not at all."""
    import io

    from airflow_provider_harness.adapters.evidence.log_file import opened
    from airflow_provider_harness.cli.diagnose import diagnose_file

    model = _model_on_cases(args) if args.model else None
    target = Path(args.output)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with (
            opened(args.input) as file,
            io.TextIOWrapper(file, encoding="utf-8", errors="replace") as cases,
            os.fdopen(handle, "w", encoding="utf-8") as answers,
        ):
            diagnose_file(cases, answers, model)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink()
        raise


def _model_on_cases(args: Any) -> ModelOnCases:
    from airflow_provider_harness import config
    from airflow_provider_harness.cli.diagnose_model import ModelOnCases
    from airflow_provider_harness.wiring.healing import model_wire

    settings = config.read()
    return ModelOnCases(
        model_wire(settings.model_conn_id), args.model, settings, always=args.ask == config.AskModel.ALWAYS
    )
