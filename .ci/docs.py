"""Writes docs/reference/ from the tables in the code, so that the pages cannot drift from what it does.

``docs.py`` writes; ``docs.py --check`` writes nothing and exits 1 when a page is stale, missing or a stranger.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))

_NOTICE = "<!-- Made by `make docs` from {source}. Change that, not this page. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar or a line break in a cell does not end it."""

    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line("---" for _ in head), *(line(row) for row in rows)])


def code(*words: object) -> str:
    """Words in code type, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Value of an enumeration -> the comment behind it in the source, or nothing."""
    found = re.findall(r'^    [A-Z_]+ = "([^"]+)"(?:  # (.*))?$', inspect.getsource(kind), re.MULTILINE)
    return dict(found)


def prose(text: str | None) -> str:
    """A docstring with its double backticks as Markdown has them."""
    return inspect.cleandoc(text or "").replace("``", "`")


def metrics() -> str:
    from airflow_provider_harness.core.incidents.metrics import METRICS

    rows = [
        (f"`{name}`", item.kind, code(*item.tags) if item.tags else "", item.what) for name, item in METRICS.items()
    ]
    return (
        "# Metrics\n\nThey go where Airflow's own metrics go (`[metrics]` of `airflow.cfg`: statsd or OpenTelemetry), under "
        "Airflow's prefix. Timers are in milliseconds. Each event of an incident is also one structured line of log, by the "
        "logger `airflow_provider_harness.events`, with the incident, the failed try, its run, slice and table.\n\n"
        + table(("name", "kind", "tags", "what"), rows)
    )


def configuration() -> str:
    from airflow_provider_harness.config import OPTIONS

    rows = [
        (
            f"`{name}`",
            option.type,
            f"`{option.default}`" if option.default else "(empty)",
            option.description,
            f"`{option.example}`" if option.example else "",
        )
        for name, option in OPTIONS.items()
    ]
    return (
        "# Configuration\n\nThe section `[harness]` of `airflow.cfg`; each option can also be an environment variable, such as "
        "`AIRFLOW__HARNESS__MODE`. An impossible value is said with option, value and valid values.\n\n"
        + table(("option", "type", "default", "what it means", "example"), rows)
    )


def actions() -> str:
    from airflow_provider_harness.app.healing.carry_out import EXECUTE
    from airflow_provider_harness.app.healing.propose import _ARGUMENTS
    from airflow_provider_harness.core.actions import ACTIONS, Risk

    rows = [
        (
            f"`{kind}`",
            spec.what,
            spec.risk,
            code(*sorted(spec.required)),
            code(*sorted(spec.optional)),
            "yes" if kind in _ARGUMENTS else "no",
            "yes" if kind in EXECUTE else "no",
        )
        for kind, spec in ACTIONS.items()
    ]
    risks = [(f"`{risk}`", text) for risk, text in meanings(Risk).items()]
    return (
        "# Actions\n\nThe closed table of what the harness can do. An argument comes from a trusted fact, never from a log or from a "
        "model's words. *Proposed*: this version can propose it by itself. *Carried out*: this version executes it; the others end "
        "with a person.\n\n"
        + table(
            ("action", "what it does", "risk", "required arguments", "optional arguments", "proposed", "carried out"),
            rows,
        )
        + "\n\n## Risk\n\n"
        + table(("risk", "meaning"), risks)
    )


def categories() -> str:
    from airflow_provider_harness.core.diagnosis.diagnosis import (
        LONGEST_WAIT,
        PLAYBOOK,
        Basis,
        Category,
        Certainty,
        Remedy,
    )
    from airflow_provider_harness.core.diagnosis.exclusions import POSSIBLE_CAUSES

    def words(remedy: Remedy) -> str:
        delay = f" after {remedy.delay} s" if remedy.delay else ""
        person = " with a person's agreement" if remedy.needs_person else ""
        return f"`{remedy.action}`{delay}{person}"

    rows = [
        (f"`{category}`", code(*sorted(traits)) or "any other", ", then ".join(map(words, remedies)))
        for category in Category
        for traits, remedies in PLAYBOOK[category]
    ]
    return (
        "# Categories of causes, and what may help\n\nA diagnosis names one of these. The first row of its category whose traits were all "
        "found is taken; the first remedy of that row whose arguments are all known is proposed, and the policy judges it. A diagnosis that "
        f"is `{Certainty.UNSURE}`, proposes a person, whatever stands here. Where the other side asked for a wait, the delay is at least "
        f"that; a wait of more than {LONGEST_WAIT} s goes to a person.\n\n"
        + table(("category", "traits", "remedies, in order"), rows)
        + "\n\n## What a diagnosis rests on\n\n"
        + table(("basis", "meaning"), [(f"`{name}`", text) for name, text in meanings(Basis).items()])
        + f"\n\nHow sure it is: {code(*Certainty)}.\n\n## What facts rule out\n\nA fact leaves these causes possible, beside `unknown`. A text "
        "that names another is said to disagree with the facts: it is never sure, a model is asked where one is configured, and a model's "
        "answer that a fact rules out is refused. Facts that are not listed rule nothing out.\n\n"
        + table(
            ("fact", "causes that it leaves possible"),
            [(fact, code(*sorted(left))) for fact, left in POSSIBLE_CAUSES.items()],
        )
    )


def policy() -> str:
    from airflow_provider_harness.core.policy.policy import FACTS, Op, VerdictKind

    rows = [
        (f"`{name}`", spec.type.__name__, spec.meaning, code(*sorted(spec.values)) if spec.values else "")
        for name, spec in FACTS.items()
    ]
    packaged = (files("airflow_provider_harness.adapters.yaml_files") / "policy_default.yaml").read_text().rstrip()
    return (
        "# Policy\n\nA policy is a list of rules. The first rule that names the proposed action and whose conditions all hold decides: "
        f"{code(*VerdictKind)}. No such rule, a fact that is not known, a limit that is used up and a rule that crashes all mean `refuse`.\n\n"
        "Two bounds stand above every rule, and can only turn `approve` into `ask`: a remedy that needs a person asks one, and an action "
        "of risk `wide` asks one unless a trusted fact supports the diagnosis (`basis` is `fact`). Actions of risk `none` are not bounded.\n\n"
        "How to write one: [Write a policy](../how-to/write-a-policy.md). `airflow harness policy check FILE` checks it.\n\n"
        "## Facts that a condition may use\n\n"
        + table(("fact", "type", "meaning", "values"), rows)
        + f"\n\nComparisons: {code(*Op)}. `in` takes a list, every other one a single value.\n\n"
        "## Limits\n\n`per_incident` and `per_dag_per_day` (a UTC day), whole numbers, 0 or more; an absent limit is no limit.\n\n"
        f"## The policy that comes with the package\n\n```yaml\n{packaged}\n```"
    )


def checks() -> str:
    from airflow_provider_harness.core.contracts.checks import CHECKS, CheckSeverity, Operator, Unit

    def yes(value: bool) -> str:
        return "yes" if value else ""

    rows = [
        (f"`{kind}`", f"`{spec.metric}`", yes(spec.row_level), yes(spec.samples), spec.look_at)
        for kind, spec in CHECKS.items()
    ]
    return (
        "# Checks\n\nWhat a contract implies or states becomes checks. *Sets aside*: a single row can be found guilty, so that it may go "
        "to quarantine (where the contract allows it, the severity is `error` and no failing row is expected). *Samples*: failing rows "
        "are shown, only of columns that the contract classifies.\n\n"
        + table(("kind", "metric", "sets aside", "samples", "what to look at when it fails"), rows)
        + "\n\nSeverities: "
        + "; ".join(inspect.cleandoc(CheckSeverity.__doc__ or "").splitlines())
        + f" The contract's `warning` and `info` are `{CheckSeverity.WARN}`.\n\nComparisons, by the standard's names: {code(*Operator)}.\n\n"
        f"Units: {code(*Unit)}. {inspect.cleandoc(Unit.__doc__ or '')}"
    )


def ledger() -> str:
    from airflow_provider_harness.adapters.contracts.ledger import LEDGER, End, engines_of, gates_of

    def row(name: str) -> tuple[str, ...]:
        section, _, keyword = name.rpartition(".")
        kept = LEDGER[name]
        engines = dict.fromkeys(engine for kind in kept.kinds for engine in engines_of(kind))
        gates = dict.fromkeys(gate for kind in kept.kinds for gate in gates_of(kind))
        word = "any other" if keyword == "*" else f"`{keyword}`"
        return (section, word, kept.end, kept.becomes, ", ".join(engines), ", ".join(gates))

    return (
        "# What becomes of each keyword\n\nEvery keyword of the [Open Data Contract Standard](https://bitol-io.github.io/"
        "open-data-contract-standard/) (versions 3.0 to 3.2) and every property of the harness stands in one row. A test walks the "
        "standard's JSON schema and fails where a keyword is in none. `airflow harness contract check --coverage FILE` prints "
        "the same for one contract, line by line: which check each rule became, by which engines and at which gates.\n\n"
        + table(("end", "meaning"), [(f"`{end}`", text) for end, text in meanings(End).items()])
        + "\n\n"
        + table(("section", "keyword", "end", "what becomes of it", "engines", "gates"), map(row, LEDGER))
    )


def contract() -> str:
    from airflow_provider_harness.core.contracts.readiness import STANDARDS

    schema = json.loads((files("airflow_provider_harness") / "contract.schema.json").read_text())
    rows = []
    for name, spec in schema["properties"].items():
        kind = "list of mappings" if spec.get("type") == "array" else "mapping"
        rows.append((f"`{name}`", code(*spec["enum"]) if "enum" in spec else kind, spec["description"]))
        spec = spec.get("items", spec)
        needed = spec.get("required", ())
        for field, inner in spec.get("properties", {}).items():
            kind = code(*inner["enum"]) if "enum" in inner else inner["type"]
            most = f", {inner.get('minimum')} to {inner['maximum']}" if "maximum" in inner else ""
            least = f", {inner['minimum']} or more" if "minimum" in inner and not most else ""
            text = f"{inner.get('description', '')}{' Required.' if field in needed else ''}".strip()
            rows.append((f"`{name}: {field}`", f"{kind}{most}{least}", text))
    return (
        "# Contracts\n\nA contract is a file of the [Open Data Contract Standard]"
        "(https://bitol-io.github.io/open-data-contract-standard/) (`apiVersion` from `v3.0.0` to `v3.2.0`); each of its tables has a gate of its own. "
        "What the standard has no field for stands in its `customProperties`, by these names "
        "(JSON schema: `airflow_provider_harness/contract.schema.json`).\n\n"
        + table(("property", "values", "what it means"), rows)
        + "\n\nA relationship's own `customProperties` take `harness.severity`: `error` (the default) or `warning`. "
        "`harness.late` is what `FreshnessSensor` acts on ([how to wait](../how-to/wait-for-data.md)). `harness.page`, "
        "`harness.consumers` and `harness.criticality` say who is paged and how loudly ([on call](../how-to/be-on-call.md)); "
        "`harness.sourceOfTruth` is for people. An `authoritativeDefinitions` entry of type `runbook` is linked in pages.\n\n"
        "## Levels of readiness\n\nEach level demands what the ones before it demand, and more. `airflow harness contract check "
        "--conn-id C --output markdown FILE` prints which standards the contract and its live table meet, and why not; `airflow harness "
        "readiness` does so for a whole warehouse, with the text to add. Each standard of `ai_ready` may also be a person's word, where "
        "nothing measures it ([how to](../how-to/make-data-ready-for-models.md)).\n\n"
        + table(("level", "standard", "what it demands"), [(f"`{s.level}`", f"`{s.id}`", s.demand) for s in STANDARDS])
        + "\n\n## Checks\n\n"
        "[How to write them](../how-to/write-checks.md), [what each kind is](checks.md), and "
        "[what becomes of each keyword](ledger.md)."
    )


def errors() -> str:
    from airflow_provider_harness.core import errors as module

    parts = [
        "# Errors\n\nWhat the harness raises. An error that is not retried is raised in a task as Airflow's `AirflowFailException` with "
        "the error as its cause, so that no retry is burned."
    ]
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ != module.__name__ or kind is module.HarnessError:
            continue
        if issubclass(kind, module.HarnessError):
            text = re.sub(r"^:param (\w+):", r"- `\1`:", prose(kind.__doc__), flags=re.MULTILINE)
            text = re.sub(r"\n    +", " ", text)
            retried = "Retried by Airflow: yes." if kind.retryable else "Retried by Airflow: no."
            parts.append(f"## {name}\n\n{text}\n\n{retried}")
    return "\n\n".join(parts)


def incidents() -> str:
    from airflow_provider_harness.app.reports.timeline import LINES
    from airflow_provider_harness.core.diagnosis.failure import FailureKind
    from airflow_provider_harness.core.incidents.audit import StoreKind
    from airflow_provider_harness.core.incidents.events import BODIES, EventKind, Outcome
    from airflow_provider_harness.core.incidents.incident import TRANSITIONS, State
    from airflow_provider_harness.core.incidents.kept import HELD

    def says(kind: EventKind) -> str:
        body = BODIES[kind]
        keys = [one.name for one in fields(body)]  # type: ignore[arg-type]
        return f"{code(*keys)}: {(body.__doc__ or '').splitlines()[0]}"

    def states(kind: EventKind) -> str:
        allowed, _ = TRANSITIONS[kind]
        every = frozenset(State) - {State.CLOSED}
        if allowed == frozenset(State):
            return "every state"
        return "every state but `closed`" if allowed == every else code(*sorted(allowed)) or "(none: it is the first)"

    rows = [
        (f"`{kind}`", f"`{LINES[kind][0]}`", states(kind), f"`{TRANSITIONS[kind][1]}`" if TRANSITIONS[kind][1] else "unchanged",
         says(kind))
        for kind in EventKind
    ]  # fmt: skip
    return (
        "# Incidents: events and outcomes\n\nAn incident is what its events add up to; each is appended once and chained to the one "
        "before. An event that does not fit the state is not recorded. *Line*: the word that `airflow harness incidents show` prints.\n\n"
        "## Outcomes\n\n"
        + table(("outcome", "meaning"), [(f"`{name}`", text) for name, text in meanings(Outcome).items()])
        + "\n\n## How a failure comes to the harness\n\n"
        + table(("kind", "meaning"), [(f"`{name}`", text) for name, text in meanings(FailureKind).items()])
        + "\n\n## Events\n\n"
        + table(("event", "line", "may come in state", "leads to state", "body"), rows)
        + "\n\n## Events of the store\n\nThe same chain holds rows of the store "
        + f"({code(*HELD)}), so that a change past the harness shows. They change no incident, and `audit show` prints those of one.\n\n"
        + table(
            ("event", "body"),
            [(f"`{kind}`", text.removeprefix("body: ")) for kind, text in meanings(StoreKind).items()],
        )
    )


def command_line() -> str:
    from airflow.cli.cli_config import ActionCommand, Arg, CLICommand

    from airflow_provider_harness.cli.definition import get_harness_cli_commands

    def usage(arg: Arg) -> str:
        kw, name = arg.kwargs, arg.flags[-1]
        if not name.startswith("-"):
            shown = f"{name.upper()}..." if kw.get("nargs") == "+" else name.upper()
            return f"[{shown}]" if kw.get("nargs") == "?" else shown
        value = (
            "" if kw.get("action") == "store_true" else f" {'|'.join(kw['choices']) if kw.get('choices') else 'VALUE'}"
        )
        return f"{name}{value}" if kw.get("required") else f"[{name}{value}]"

    def walk(items: Iterable[CLICommand], path: str) -> Iterable[str]:
        for item in items:
            here = f"{path} {item.name}"
            if isinstance(item, ActionCommand):
                rows = [(code(*arg.flags), arg.kwargs.get("help", "")) for arg in item.args]
                line = " ".join([here, *map(usage, item.args)])
                yield f"## {here.removeprefix('airflow ')}\n\n{item.help}.\n\n```\n{line}\n```\n\n" + table(
                    ("argument", "meaning"), rows
                )
                if item.epilog:
                    yield item.epilog.replace("Example: ", "Example: `", 1) + "`"
            else:
                yield from walk(item.subcommands, here)

    head = (
        "# Command line\n\n`airflow harness`: results on standard output, logs and errors on standard error. "
        "Exit status: 0 fine, 1 findings, 2 usage or configuration, 3 harness unavailable."
    )
    return "\n\n".join([head, *walk(get_harness_cli_commands(), "airflow")])


def bigquery() -> str:
    from airflow_provider_harness.adapters.bigquery import types as bq_types

    rows = [(f"`{kind}`", f"`{kept}`") for kind, kept in bq_types.KEPT_AS.items()]
    rows += [
        (f"`{kind}`", f"`{bq_types.kept_as(kind)}`") for kind in ("numeric(12,2)", "numeric(38,9)", "numeric(38,20)")
    ]
    return (
        "# BigQuery\n\nA contract's types, and how BigQuery keeps them. Other types are refused before data moves. `numeric` needs its "
        f"digits: up to {bq_types.NUMERIC_DIGITS} before and {bq_types.NUMERIC_SCALE} after the point make it NUMERIC, more BIGNUMERIC. An array of one dimension is REPEATED; one that is NULL, or has a NULL in it, is refused by column and count.\n\n"
        + table(("contract", "BigQuery"), rows)
        + f"\n\nA slice column is {' or '.join(bq_types.SLICE_TYPES)} there."
    )


def findings() -> str:
    from airflow_provider_harness.app.authoring.catalog import RULES
    from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Stage

    parts = [
        "# Findings\n\nWhat `airflow harness check` can say of a Dag file and of the contracts that it names. How it is used: "
        "[check a Dag](../how-to/check-a-dag.md). An error or a warning makes the command exit 1. Where a place makes a finding "
        "weigh less, such as a Dag that no schedule runs again, it is a hint there. One that is right where it stands: "
        "`# harness: ignore[HO101] why`, on its line or on the line before.\n\n"
        + table(("severity", "meaning"), [(f"`{name}`", text) for name, text in meanings(FindingSeverity).items()])
        + "\n\n"
        + table(("family", "about"), [(f"`{name}`", text) for name, text in meanings(Family).items()])
        + "\n\n"
        + table(("stage", "what is looked at"), [(f"`{name}`", text) for name, text in meanings(Stage).items()])
    ]
    for rule in RULES.values():
        later = f", a warning from `--stage {rule.demanded}` on" if rule.demanded else ""
        parts.append(
            f"## {rule.id}\n\n**{rule.what}.** {rule.family}, {rule.severity}{later}.\n\nWhy: {rule.why}\n\nAdd:\n\n"
            f"```text\n{rule.fix}\n```"
        )
    return "\n\n".join(parts)


#: page -> what writes it, what it is made from, what it is about.
#: Who may call a route, by the dependencies that its router names.
_CLOSED_BY = {
    "overseer": "the view *cluster activity*",
    "administrator": "changing a configuration",
    "known_incident": "reading task logs of the incident's Dag",
    "workable": "changing task instances of the incident's Dag",
    "readable_dags": "shows Dags whose task logs the caller may read",
    "known_tables": "shows tables whose Dag the caller may read",
}


def _openapi() -> dict[str, Any]:
    from fastapi.openapi.utils import get_openapi

    from airflow_provider_harness.plugins.api.app import make_app

    app = make_app()
    return get_openapi(title="airflow-provider-harness", version="1", routes=app.routes)


def _dependencies(dependant: Any) -> Iterable[str]:
    for one in dependant.dependencies:
        yield getattr(one.call, "__name__", "")
        yield from _dependencies(one)


def _may(route: Any) -> str:
    named = set(_dependencies(route.dependant))
    return "; ".join(words for name, words in _CLOSED_BY.items() if name in named) or "whoever is logged in"


def _kind(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    """A JSON schema in a few words.

    :param models: by name; one that has fields is a link.
    """
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if "properties" in models[name] else _kind(models[name], models)
    if "anyOf" in schema:
        return " or ".join(_kind(one, models) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" if one else "empty" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), models)}"
    return {"null": "null", "string": "moment" if schema.get("format") == "date-time" else "text"}.get(
        str(schema.get("type", "")), str(schema.get("type", "any"))
    )


def api() -> str:
    from fastapi.routing import APIRoute

    from airflow_provider_harness.plugins.api.app import make_app

    routes = [one for one in make_app().routes if isinstance(one, APIRoute) and one.path.startswith("/api/")]
    rows = [
        (", ".join(sorted(one.methods)), f"`/harness{one.path}`", prose(one.endpoint.__doc__), _may(one))
        for one in routes
    ]
    spec = _openapi()
    known = spec["components"]["schemas"]
    parameters = [
        (
            f"`{path}`",
            f"`{one['name']}`",
            _kind(one["schema"], known),
            one.get("description") or one["schema"].get("description", ""),
        )
        for path, methods in spec["paths"].items()
        for method in methods.values()
        for one in method.get("parameters", ())
        if one["in"] == "query"
    ]
    models = [
        f"### {name}\n\n{prose(model.get('description', '')).partition(':param')[0].strip()}\n\n"
        + table(("field", "type"), [(f"`{field}`", _kind(kind, known)) for field, kind in model["properties"].items()])
        for name, model in sorted(known.items())
        if "properties" in model and "ValidationError" not in name
    ]
    return (
        "# JSON API\n\nThe pages read it, below Airflow's own address. As a program, log in at `/auth/token` and send the token as "
        "`Authorization: Bearer`. The same as OpenAPI: [api.json](api.json). Reads bear an `ETag`; with `If-None-Match`, what has "
        "not changed is answered by 304. Every write needs `Content-Type: application/json` and the header `X-Requested-With`; a "
        "browser may send it from Airflow's own pages only. Errors are `detail`, one sentence, and `fix`, what to do: 401 not logged "
        "in, 403 may not, 404 unknown or not to be read, 409 cannot be done now, 422 of another form, 503 the store is away. Approve "
        "and refuse are Airflow's own route for required actions.\n\n"
        + table(("method", "path", "what", "who"), rows)
        + "\n\n## Parameters\n\n"
        + table(("path", "parameter", "type", "what"), parameters)
        + "\n\n## Models\n\n"
        + "\n\n".join(models)
    )


PAGES: Mapping[str, tuple[Callable[[], str], str, str]] = {
    "metrics.md": (metrics, "core.metrics.METRICS", "what is counted and timed"),
    "configuration.md": (configuration, "config.OPTIONS", "the section `[harness]`"),
    "contract.md": (contract, "contract.schema.json", "the harness's properties of a contract"),
    "ledger.md": (ledger, "adapters/contracts/ledger.py", "what becomes of each keyword of a contract"),
    "checks.md": (checks, "core.checks", "what a contract's checks are"),
    "bigquery.md": (bigquery, "adapters/bigquery/types.py", "how BigQuery keeps a contract's types"),
    "categories.md": (categories, "core.diagnosis", "causes, and what may help against each"),
    "actions.md": (actions, "core.action", "what the harness can do"),
    "policy.md": (
        policy,
        "core.policy.policy and adapters/yaml_files/policy_default.yaml",
        "facts, comparisons, the packaged policy",
    ),
    "incidents.md": (incidents, "core.incident", "events, outcomes, kinds of failure"),
    "errors.md": (errors, "core.errors", "what is raised, and what Airflow's retry does with it"),
    "findings.md": (findings, "app.authoring.catalog", "what `airflow harness check` finds"),
    "command-line.md": (command_line, "cli.definition", "`airflow harness ...`"),
    "api.md": (api, "plugins/api", "the JSON API below `/harness`"),
}


def pages() -> dict[str, str]:
    """Name of a page -> what it must say."""
    made = {
        name: f"{_NOTICE.format(source=source)}\n\n{write().rstrip()}\n" for name, (write, source, _) in PAGES.items()
    }
    rows = [(f"[{name.removesuffix('.md')}]({name})", about) for name, (_, _, about) in PAGES.items()]
    made["api.json"] = json.dumps(_openapi(), indent=1, sort_keys=True) + "\n"
    made["README.md"] = f"{_NOTICE.format(source='.ci/docs.py')}\n\n# Reference\n\n{table(('page', 'about'), rows)}\n"
    return made


def stale(made: Mapping[str, str]) -> list[str]:
    """Pages that do not say what they must, are missing, or should not be there."""
    there = {path.name: path.read_text() for path in HERE.glob("*")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def main(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home  # Airflow writes a configuration file where it is imported
        made = pages()
    if list(arguments) == ["--check"]:
        for name in (old := stale(made)):
            print(f"docs/reference/{name} is stale: run make docs", file=sys.stderr)
        return 1 if old else 0
    HERE.mkdir(parents=True, exist_ok=True)
    for name in stale(made):
        if name in made:
            (HERE / name).write_text(made[name])
        else:
            (HERE / name).unlink()
        print(f"docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
