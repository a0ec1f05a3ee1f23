"""``airflow harness check``: what is wrong with Dag files, as text, JSON or SARIF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.app.authoring.finding import Finding, FindingSeverity, Stage
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, say
from airflow_provider_harness.core.errors import ConfigurationError

_LEVELS = {FindingSeverity.ERROR: "error", FindingSeverity.WARNING: "warning", FindingSeverity.HINT: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@command
def check(args: Any) -> int:
    from airflow_provider_harness.adapters.dags import ruff
    from airflow_provider_harness.app.authoring.check import stands
    from airflow_provider_harness.wiring.authoring import checking

    if args.target and args.target not in ruff.VERSIONS:
        raise ConfigurationError("--target", f"{args.target!r} is not a known version.", valid=ruff.VERSIONS)
    if args.seconds <= 0:
        raise ConfigurationError("--seconds", f"{args.seconds:g} is not a time.", fix="Give a number above 0.")
    if args.target and not ruff.program():
        say(ruff.ABSENT, FINE)
    found = checking.findings(
        args.files, imports=not args.no_import, stage=Stage(args.stage), target=args.target, seconds=args.seconds
    )
    out(_SHOWN[args.output](found, args.files))
    return FINDINGS if stands(found) else FINE


def text(found: Sequence[Finding], files: Sequence[str]) -> str:
    """Findings for people: each with its why and the text to add; hints in one line."""
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.file}:{one.line}: {one.severity} {one.rule.id}: {one.message}")
        if one.severity is not FindingSeverity.HINT:
            lines += [
                f"    why: {one.rule.why}",
                *(f"    {'fix: ' if not n else '     '}{line}" for n, line in enumerate(one.fix.splitlines())),
            ]
    counts = [f"{number} {kind}(s)" for kind in FindingSeverity if (number := sum(f.severity is kind for f in found))]
    lines.append(f"{len(files)} file(s), {', '.join(counts) or 'no findings'}.")
    if found:
        lines.append(
            "Each finding has a page: docs/reference/findings.md. To suppress one: # harness: ignore[ID] reason"
        )
    return "\n".join(lines)


def as_json(found: Sequence[Finding], files: Sequence[str]) -> str:
    """Findings for programs."""
    return json.dumps([dict(one.row()) for one in found], indent=2)


def sarif(found: Sequence[Finding], files: Sequence[str]) -> str:
    """Findings as SARIF 2.1.0, for code review."""
    from importlib.metadata import version

    rules = {one.rule.id: one.rule for one in found}
    order = {name: index for index, name in enumerate(sorted(rules))}
    driver = {
        "name": "airflow harness check",
        "version": version("airflow-provider-harness"),
        "rules": [
            {
                "id": name,
                "shortDescription": {"text": rules[name].what},
                "fullDescription": {"text": rules[name].why},
                "help": {"text": rules[name].fix},
                "defaultConfiguration": {"level": _LEVELS[rules[name].severity]},
                "properties": {"family": str(rules[name].family)},
            }
            for name in order
        ],
    }
    results = [
        {
            "ruleId": one.rule.id,
            "ruleIndex": order[one.rule.id],
            "level": _LEVELS[one.severity],
            "message": {"text": f"{one.message}. {one.rule.why} Fix: {one.fix}"},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": one.file}, "region": {"startLine": one.line}}}
            ],
        }
        for one in found
    ]
    return json.dumps(
        {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}, indent=2
    )


_SHOWN = {"text": text, "json": as_json, "sarif": sarif}
