"""A promotion as files and as a question: what a person reads before anything is published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.app.learning.promotion import Promotion
from airflow_provider_harness.app.ports.promotion import Tried
from airflow_provider_harness.core.learning.promotion import handover
from airflow_provider_harness.core.learning.promotion.grade import Row
from airflow_provider_harness.core.redaction.escaping import LONGEST_NAME, code, one_line

LONGEST_QUESTION = 6_000
"""Characters of what a question shows of the checklist; the whole is in the files."""


def digest(found: Promotion) -> str:
    """What names exactly this proposal; empty where there is none."""
    best = found.best
    return handover.digest(best.sql or best.draft.sql, best.draft.contract) if best else ""


def files(found: Promotion) -> Mapping[str, str]:
    """Name of a file -> its text."""
    best = found.best
    made = {"checklist.md": "\n".join(_page(found)) + "\n", "promotion.json": json.dumps(_told(found), indent=2) + "\n"}
    if best is None:
        return made
    return made | {
        "contract.odcs.yaml": best.draft.contract,
        "contract.diff": handover.text_diff(found.job.document, best.draft.contract),
        "transform.sql": (best.sql or best.draft.sql) + "\n",
        "lineage.json": json.dumps(handover.lineage(best.edges), indent=2) + "\n",
        "difference.md": "\n".join(handover.differences(best.difference)) + "\n",
    }


def question(found: Promotion, folder: str) -> tuple[str, str]:
    """Subject and text of what a person is asked. The first line says what agreeing means."""
    job, best = found.job, found.best
    subject = one_line(f"{job.contract.table}: promote to {job.level}? {found.outcome}")
    body = [
        f"**Agreeing publishes nothing.** It says that a person has read the proposal `{digest(found)[:16]}` "
        f"for {code(job.target, LONGEST_NAME)} and takes it over.",
        "",
        handover.HEADLINES[found.outcome],
        f"All files: {code(folder)}.",
        *(_unmet(best.rows) if best else ()),
        "",
        *(handover.differences(best.difference) if best and best.rows else ()),
    ]
    return subject, "\n".join(body)[:LONGEST_QUESTION]


def _unmet(rows: tuple[Row, ...]) -> Iterator[str]:
    yield from ("", f"{handover.counts(rows)}.", "")
    yield from (handover.box(row) for row in rows if not row.met or row.to_read)


def _page(found: Promotion) -> Iterator[str]:
    job, best = found.job, found.best
    yield f"# {one_line(job.contract.table, LONGEST_NAME)} to {job.level}: {found.outcome}"
    yield from ("", handover.HEADLINES[found.outcome])
    if found.ended:
        yield f"It ended after {len(found.tried)} proposal(s): {code(found.ended)}."
    if best is None:
        return
    yield f"Proposal {best.number}, by {code(best.by)}; its name is `{digest(found)}`."
    if best.refused:
        yield f"It was not built: {code(best.refused, 2_000)}"
    if best.table:
        yield f"It is built in {code(best.table)}, until this task runs again."
    yield from ("", f"## Checklist: {handover.counts(best.rows)}", *handover.checklist(best.rows))
    yield from ("", "## Rows", "", *handover.differences(best.difference))
    if best.contract is not None:
        yield from ("", "## What changes of the contract", "", *handover.changes(job.contract, best.contract))
    yield from ("", "## All proposals", "", *(_line(one) for one in found.tried))


def _line(tried: Tried) -> str:
    what = f"refused: {code(tried.refused, 300)}" if tried.refused else handover.counts(tried.rows)
    said = f" It said, which counts for nothing: {code(tried.draft.said, 300)}" if tried.draft.said else ""
    return f"{tried.number}. by {code(tried.by)}: {what}{said}"


def _told(found: Promotion) -> dict[str, Any]:
    best = found.best
    return {
        "table": found.job.contract.table,
        "target": found.job.target,
        "level": str(found.job.level),
        "outcome": str(found.outcome),
        "digest": digest(found),
        "ended": found.ended,
        "limits": str(found.job.limits),
        "before": dict(found.before),
        "standards": [_standard(row) for row in best.rows] if best else [],
        "proposals": [
            {"number": t.number, "by": t.by, "refused": t.refused, "met": sum(row.met for row in t.rows)}
            for t in found.tried
        ],
    }


def _standard(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "group": row.group,
        "met": row.met,
        "why": row.why,
        "for_a_person": row.of_people,
        "to_read": row.to_read,
    }
