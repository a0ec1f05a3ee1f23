"""An explanation as text, Markdown, Mermaid or HTML. Each form shows the same lines, so none of them drifts."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Facts = list[tuple[str, str]]


def of_dag(one: Mapping[str, Any]) -> Facts:
    """The lines about the Dag as a whole."""
    run, healer = one["next_run"], one["healer"]
    return _filled(
        [
            ("what for", one["description"]),
            ("schedule", one["schedule"]),
            (
                "next run",
                f"{run['interval_start']} to {run['interval_end']}, from {run['starts_after']} on"
                if run
                else "none is known",
            ),
            ("catchup", "yes" if one["catchup"] else "no"),
            ("runs at once", one["max_active_runs"]),
            ("from", one["start_date"]),
            ("until", one["end_date"]),
            ("owner", ", ".join(one["owners"])),
            (
                "failures reach the healer",
                "yes, by its callback" if healer["captures_failures"] else "only if the administrator enrolls it",
            ),
            ("the healer alone", _rules(healer["alone"])),
            ("the healer asks before", _rules(healer["asks"])),
            ("the healer never", ", ".join(healer["refuses"])),
            *(("note", note) for note in one["notes"]),
        ]
    )


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{one['action']}"
        + (f" when {' and '.join(one['when'])}" if one["when"] else "")
        + (f" ({one['limit']})" if one["limit"] else "")
        for one in rules
    )


def of_step(step: Mapping[str, Any]) -> Facts:
    """The lines about one step; its columns and checks are told apart."""
    retries = step["retries"]
    delay = (
        f", {retries['delay_seconds']:g} s apart" if retries["count"] and retries["delay_seconds"] is not None else ""
    )
    facts = [
        ("type", step["type"]),
        ("engine", step["engine"]),
        ("after", ", ".join(step["after"]) or "nothing"),
        ("runs if", "" if step["trigger_rule"] == "all_success" else step["trigger_rule"]),
        ("reads", ", ".join(step["inputs"])),
        ("writes", ", ".join(step["outputs"])),
        ("retries", f"{retries['count']}{delay}"),
        ("timeout", f"{step['timeout_seconds']:g} s" if step["timeout_seconds"] else ""),
        ("owner", step["owner"]),
        ("contract is wrong", step["contract_is_wrong"]),
    ]
    terms = step["under_contract"]
    return _filled([*facts, *(_terms(terms) if terms else [])])


def _terms(terms: Mapping[str, Any]) -> Facts:
    piece, late, owner = terms["slice"], terms["late"], terms["owner"]
    return [
        ("contract", terms["contract"]),
        ("key", ", ".join(terms["key"])),
        ("timestamp", terms["timestamp"]),
        ("load", terms["load"]),
        (
            "slice of the next run",
            f"{piece['id']}: {piece['start']} to {piece['end']} (grain {piece['grain']}, {piece['time_zone']})"
            if piece
            else "",
        ),
        ("malformed rows", terms["malformed_rows"]),
        ("late", late["means"] + (f" from {late['from']} on" if late["from"] else "")),
        ("backfill", terms["backfill"]),
        ("team", ", ".join([owner["team"], *owner["people"], *owner["channels"]]).strip(", ")),
        ("paged", ", ".join(terms["paged"]) or "nobody"),
        ("promises", ", ".join(terms["promises"]) or "none"),
        ("due", terms["due"] or ""),
        ("readiness", terms["readiness"] or "none claimed"),
        ("criticality", terms["criticality"]),
        ("consumers", ", ".join(terms["consumers"])),
        ("decided by", ", ".join(terms["decided_by"])),
    ]


def _filled(facts: Sequence[tuple[str, Any]]) -> Facts:
    return [(name, str(value)) for name, value in facts if value not in (None, "", [])]


def _columns(step: Mapping[str, Any]) -> list[list[str]]:
    terms = step["under_contract"]
    return [
        [
            c["name"],
            c["type"],
            "nullable" if c["nullable"] else "required",
            "" if c["treatment"] == "keep" else c["treatment"],
            ", ".join(c["from"]),
        ]
        for c in (terms["columns"] if terms else [])
    ]


def _checks(step: Mapping[str, Any]) -> list[list[str]]:
    gates = step["under_contract"]["gates"] if step["under_contract"] else []
    return [
        [gate["where"], c["id"], "blocks" if c["blocks"] else "warns", c["demands"], c["about"]]
        for gate in gates
        for c in gate["checks"]
    ]


_COLUMNS, _CHECKS = (
    ("column", "type", "null", "treatment", "made of"),
    ("gate", "check", "weight", "demands", "about"),
)


def text(one: Mapping[str, Any]) -> str:
    """For people at a terminal."""
    lines = [f"Dag {one['dag']} ({one['file']}:{one['line']})", *(f"  {name}: {value}" for name, value in of_dag(one))]
    for number, step in enumerate(one["steps"], start=1):
        lines += ["", f"{number}. {step['task']}", *(f"   {name}: {value}" for name, value in of_step(step))]
        for head, rows in (("columns", _columns(step)), ("gate", _checks(step))):
            lines += [f"   {head}:"] if rows else []
            lines += ["     " + "  ".join(cell for cell in row if cell) for row in rows]
    return "\n".join(lines)


def markdown(one: Mapping[str, Any]) -> str:
    """For a page."""
    lines = [f"# {_cell(one['dag'])}", "", *_bullets(of_dag(one)), "", "```mermaid", mermaid(one), "```"]
    for step in one["steps"]:
        lines += ["", f"## {_cell(step['task'])}", "", *_bullets(of_step(step))]
        for head, rows in ((_COLUMNS, _columns(step)), (_CHECKS, _checks(step))):
            lines += ["", *_table(head, rows)] if rows else []
    return "\n".join(lines)


def _bullets(facts: Facts) -> Iterator[str]:
    return (f"- **{name}**: {_cell(value)}" for name, value in facts)


def _cell(value: str) -> str:
    """A text in which nothing is Markdown: it may be somebody's."""
    return re.sub(r"([\\`*_{}\[\]#|])", r"\\\1", markup.escape(" ".join(value.split()), quote=False))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head)):
        yield "| " + " | ".join(row) + " |"
    for row in rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"


def mermaid(one: Mapping[str, Any]) -> str:
    """The graph: tasks, and the tables between them."""
    number = {step["task"]: f"t{index}" for index, step in enumerate(one["steps"])}
    tables = sorted({name for step in one["steps"] for name in (*step["inputs"], *step["outputs"])})
    place = {name: f"d{index}" for index, name in enumerate(tables)}
    lines = ["flowchart LR"]
    lines += [
        f'    {number[step["task"]]}["{_quoted(step["task"])}<br/>{_quoted(step["type"])}"]' for step in one["steps"]
    ]
    lines += [f'    {place[name]}[("{_quoted(name)}")]' for name in tables]
    for step in one["steps"]:
        here = number[step["task"]]
        lines += [f"    {number[name]} --> {here}" for name in step["after"] if name in number]
        lines += [f"    {place[name]} -.-> {here}" for name in step["inputs"]]
        lines += [f"    {here} -.-> {place[name]}" for name in step["outputs"]]
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return "".join(f"#{ord(letter)};" if letter in '"<>#;&[](){}|`' else letter for letter in value)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;vertical-align:top}}
dt{{font-weight:600;float:left;clear:left;min-width:14rem}}dd{{margin-left:14.5rem}}</style></head>
<body>
{body}
</body></html>"""


def html(one: Mapping[str, Any]) -> str:
    """A page of its own, without a script."""
    parts = [f"<h1>{markup.escape(one['dag'])}</h1>", _listed(of_dag(one))]
    for step in one["steps"]:
        parts += [f"<h2>{markup.escape(step['task'])}</h2>", _listed(of_step(step))]
        for head, rows in ((_COLUMNS, _columns(step)), (_CHECKS, _checks(step))):
            parts += [_rows(head, rows)] if rows else []
    return _PAGE.format(title=markup.escape(one["dag"]), body="\n".join(parts))


def _listed(facts: Facts) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{markup.escape(value)}</dd>" for name, value in facts) + "</dl>"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{markup.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


FORMS = {"text": text, "markdown": markdown, "mermaid": mermaid, "html": html}
"""What ``--output`` may say, beside json."""
