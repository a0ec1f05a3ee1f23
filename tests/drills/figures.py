"""The results of a run: one line a drill, and the figures of a healer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.drills.drill import Drill, Fact, Record
from tests.drills.grade import passed, took


def line(
    drill: Drill, record: Record, facts: list[Fact], said: dict[str, Any], healer: str, turn: int
) -> dict[str, Any]:
    """One drill's line of ``.drills/results.json``."""
    return {
        "drill": drill.name,
        "family": str(drill.family),
        "difficulty": str(drill.difficulty),
        "healer": healer,
        "turn": turn,
        "pass": passed(facts),
        "outcome": record.state,
        "seconds": took(drill, record),
        "limit": drill.seconds,
        "late": record.state == drill.ends and not _holds(facts, "in time"),
        "pages": record.pages,
        "needless_pages": 0 if _holds(facts, "no needless page") else record.pages,
        "missing_page": not _holds(facts, "paged where a person is needed"),
        "asks": record.asks,
        "acts": list(record.acts),
        "unasked_acts": 0 if _holds(facts, "no unasked act") else len(record.acts),
        "useless_tries": max(0, len(record.acts) - (0 if drill.person else 1)),
        "needs_person": drill.person,
        "false_heal": record.state == "success" and not _holds(facts, "rows right"),
        "right_cause": said["category"] in drill.causes if said.get("category") and drill.causes else None,
        "right_remedy": said["remedy"] in drill.remedies if said.get("remedy") and drill.remedies else None,
        "said": said,
        "not_true": [f"{fact.name}{f' ({fact.text})' if fact.text else ''}" for fact in facts if not fact.holds],
        "record": asdict(record),
    }


def _but_for_time(item: Mapping[str, Any]) -> bool:
    """On a busy machine everything is late: what would have passed on a quick one."""
    return all(text.startswith("in time") for text in item["not_true"])


def _holds(facts: list[Fact], name: str) -> bool:
    return next(fact.holds for fact in facts if fact.name == name)


def figures(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What one healer came to over all drills."""
    by_drill: dict[str, list[bool]] = {}
    for item in lines:
        by_drill.setdefault(item["drill"], []).append(item["pass"])

    def share(name: str) -> str:
        known = [item[name] for item in lines if item[name] is not None]
        return f"{sum(known)} of {len(known)}"

    def seconds(person: bool) -> float | None:
        known = [i["seconds"] for i in lines if i["needs_person"] == person and i["seconds"] is not None]
        return round(median(known), 1) if known else None

    return {
        "passed": f"{sum(item['pass'] for item in lines)} of {len(lines)}",
        "passed, time aside": f"{sum(_but_for_time(item) for item in lines)} of {len(lines)}",
        "passed every time": f"{sum(all(turns) for turns in by_drill.values())} of {len(by_drill)}",
        "right cause": share("right_cause"),
        "right remedy": share("right_remedy"),
        "verified (healed, not only recovered)": sum(item["said"].get("outcome") == "healed" for item in lines),
        "late": sum(item["late"] for item in lines),
        "false heals": sum(item["false_heal"] for item in lines),
        "unasked acts": sum(item["unasked_acts"] for item in lines),
        "needless pages": sum(item["needless_pages"] for item in lines),
        "missing pages": sum(item["missing_page"] for item in lines),
        "useless tries": sum(item["useless_tries"] for item in lines),
        "median seconds to the page, where a person is needed": seconds(True),
        "median seconds to the recovery, where none is": seconds(False),
    }


def table(lines: Sequence[dict[str, Any]]) -> str:
    """For people, in Markdown."""
    head = ("drill", "family", "difficulty", "", "outcome", "s", "limit", "pages", "asks", "acts", "what is not true")
    rows = [
        (
            item["drill"],
            item["family"],
            item["difficulty"],
            "pass" if item["pass"] else "FAIL",
            item["outcome"],
            "-" if item["seconds"] is None else f"{item['seconds']:.0f}",
            str(item["limit"]),
            str(item["pages"]),
            str(item["asks"]),
            ", ".join(item["acts"]) or "-",
            "; ".join(item["not_true"]),
        )
        for item in lines
    ]
    return _markdown(head, rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    wide = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    shown = [
        "| " + " | ".join(cell.ljust(size) for cell, size in zip(row, wide, strict=True)) + " |"
        for row in (head, *rows)
    ]
    shown.insert(1, "|" + "|".join("-" * (size + 2) for size in wide) + "|")
    return "\n".join(shown)


def keep(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.write_text(json.dumps(list(lines), indent=1, default=str) + "\n")


BEGIN, END = "<!-- results -->", "<!-- end -->"


def write(page: Path, told: str) -> None:
    """Put results between the two marks of a page."""
    text = page.read_text()
    head, rest = text.split(BEGIN)
    page.write_text(f"{head}{BEGIN}\n\n{told.strip()}\n\n{END}{rest.split(END)[1]}")


def summary(results: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    """The figures of some healers, side by side."""
    found = {name: figures(lines) for name, lines in results.items()}
    rows = [(what, *(str(one[what]) for one in found.values())) for what in next(iter(found.values()))]
    return _markdown(("", *found), rows)
