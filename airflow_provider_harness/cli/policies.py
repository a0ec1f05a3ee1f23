"""``airflow harness policy explain`` and ``simulate``: why a policy decides, and what another one would decide."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from airflow_provider_harness.app.pages.policy import Changed, Simulated, as_explained, case_of, changed
from airflow_provider_harness.app.reports.policy_replay import PastVerdict, past, simulate
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, show
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.policy.explain import Explanation, explain
from airflow_provider_harness.core.policy.policy import Policy, Usage


@command
def policy_explain(args: Any) -> int:
    if bool(args.incident) == bool(args.action):
        raise ConfigurationError(
            "policy explain", "explains an incident's verdict or an action.", fix="Give one of them."
        )
    case = _of_incident(args.incident) if args.incident else _of_facts(args)
    found = explain(_policy(args.file), case.proposal, case.facts, case.usage)
    if args.output == "json":
        out(json.dumps(asdict(as_explained(case, found)), indent=2))
    else:
        out("\n".join(_told(case, found)))
    return FINE


@command
def policy_simulate(args: Any) -> int:
    from airflow_provider_harness.wiring import healing as wiring

    count, changes = simulate(_policy(args.file), wiring.store().audit_events())
    found = Simulated(judged=count, changes=[changed(one) for one in changes], hidden=0)
    if args.output == "json":
        out(json.dumps(asdict(found), indent=2))
    else:
        show(args, [_line(one) for one in found.changes], f"{count} past verdict(s), and none would change.")
    return FINDINGS if changes else FINE


def _line(one: Changed) -> dict[str, str]:
    return {
        "incident": one.incident,
        "at": one.at,
        "action": one.action,
        "category": one.category,
        "was": f"{one.was} ({one.was_rule or 'no rule'})",
        "would be": f"{one.would_be} ({one.would_be_rule or 'no rule'})",
        "why": one.why,
    }


def _policy(file: str) -> Policy:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy

    return load_policy(file or config.read().policy_file)


def _of_incident(incident_id: str) -> PastVerdict:
    """The incident's newest verdict."""
    from airflow_provider_harness.wiring import healing as wiring

    judged = past(wiring.store().audit_events())
    found = [one for one in judged if one.incident_id == incident_id and not one.followed]
    if not found:
        raise ConfigurationError(f"incident {incident_id}", "has no verdict.", fix="See `incidents show`.")
    return found[-1]


def _of_facts(args: Any) -> PastVerdict:
    usage = Usage(on_incident=args.acts_on_incident, on_dag_today=args.acts_on_dag)
    return case_of(args.action, args.fact, usage, dashes="--")


def _told(case: PastVerdict, found: Explanation) -> list[str]:
    known = ", ".join(f"{name} {value}" for name, value in case.facts.items())
    wide = max((len(said.rule) for said in found.rules), default=0)
    granted = "" if case.incident_id else " (where needs_person and basis are not given, the values above are assumed)"
    lines = [
        f"{case.proposal.kind}, given {known or 'nothing'}; done before: {case.usage.on_incident} on the incident, "
        f"{case.usage.on_dag_today} on the Dag that day{granted}",
        *(f"{'->' if said.decides else '  '} {said.rule:<{wide}}  {said.why}" for said in found.rules),
        f"   ({found.others} rule(s) are about other actions)",
    ]
    if not any(said.decides for said in found.rules):
        lines.append(f"-> {found.verdict.kind}: {found.verdict.reason}")
    if case.verdict and case.verdict != found.verdict.kind:
        lines.append(f"Then it was {case.verdict} by {case.rule or 'no rule'}: {case.reason}")
    return lines
