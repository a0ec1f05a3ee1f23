"""The report of synthetic tables: every gate with what it found, and plots, in one HTML file, in Markdown and in JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.synthetic.columns import Modelled
from airflow_provider_harness.adapters.learning.synthetic.copula import spearman
from airflow_provider_harness.adapters.learning.synthetic.plots import MADE, REAL, bars, heat
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.synthetic import MARK, Drawn
from airflow_provider_harness.core.redaction.escaping import markdown

if TYPE_CHECKING:
    import numpy as np

BINS = 20
NOT_KEPT = (
    "Not kept: what goes together beyond ranks and categories in one order (a Gaussian copula), what a row has in common with the row "
    "that it refers to, and the values of texts and of personal data, which are placeholders."
)
_STYLE = (
    "body{font:14px/1.4 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:2px 8px;text-align:left}figure{display:inline-block;margin:8px}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One table of the report.

    :param drawn: column -> how it was drawn.
    :param real: codes of the sample; ``made`` of synthetic rows.
    """

    table: str
    target: str
    rows: int
    sampled: int
    drawn: dict[str, Drawn]
    columns: Sequence[Modelled]
    real: np.ndarray[Any, Any]
    made: np.ndarray[Any, Any]


def write(
    folder: Path, title: str, tables: Sequence[Shown], results: Sequence[CheckResult], told: dict[str, Any]
) -> None:
    """Write the three files."""
    lines = [(one.id, "passed" if one.passed else "FAILED", one.expected, one.actual) for one in results]
    (folder / "report.json").write_text(
        json.dumps(
            {
                **told,
                "gates": [dict(zip(("id", "verdict", "expected", "actual"), line, strict=True)) for line in lines],
            },
            indent=1,
        )
    )
    (folder / "report.md").write_text(_markdown(title, tables, lines), encoding="utf-8")
    (folder / "report.html").write_text(_html(title, tables, lines), encoding="utf-8")


def _markdown(title: str, tables: Sequence[Shown], lines: Sequence[tuple[str, ...]]) -> str:
    text = [f"# {markdown(title)}", "", f"{MARK}: no row of it is real.", "", NOT_KEPT, ""]
    for one in tables:
        text.append(
            f"- {markdown(one.target)}: {one.rows} rows, made like {one.sampled} sampled rows of {markdown(one.table)}"
        )
    text += ["", "| gate | verdict | expected | found |", "| --- | --- | --- | --- |"]
    text += ["| " + " | ".join(markdown(cell).replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join(text) + "\n"


def _html(title: str, tables: Sequence[Shown], lines: Sequence[tuple[str, ...]]) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1><p>{MARK}: no row of it is real. {escape(NOT_KEPT)}</p>"
        f'<p><span style="color:{REAL}">&#9632;</span> real <span style="color:{MADE}">&#9632;</span> synthetic</p>'
        + "".join(map(_section, tables))
        + f"<h2>Gates</h2><table><tr><th>gate<th>verdict<th>expected<th>found</tr>{cells}</table></html>\n"
    )


def _section(shown: Shown) -> str:
    plots = [
        f"<figure>{_bars(column, shown.real[:, place], shown.made[:, place])}<figcaption>{escape(column.name)}</figcaption></figure>"
        for place, column in enumerate(shown.columns)
    ]
    names = [column.name for column in shown.columns]
    if len(names) > 1:
        for said, codes in (("real", shown.real), ("synthetic", shown.made)):
            plot = heat(f"rank correlations, {said}", names, spearman(codes).tolist())
            plots.append(f"<figure>{plot}<figcaption>rank correlations, {said}</figcaption></figure>")
    drawn = "; ".join(f"{name}: {how}" for name, how in shown.drawn.items())
    return (
        f"<h2>{escape(shown.target)}</h2><p>{shown.rows} rows, made like {shown.sampled} sampled rows of {escape(shown.table)}. "
        f"Columns are drawn as: {escape(drawn)}.</p>{''.join(plots)}"
    )


def _bars(column: Modelled, real: np.ndarray[Any, Any], made: np.ndarray[Any, Any]) -> str:
    """Shares of categories or of equal spans between the outer quantiles; values of single rows are not shown."""
    import numpy as np

    if column.drawn is Drawn.CATEGORY:
        edges, labels = np.arange(len(column.values) + 1) - 0.5, [str(value) for value in column.values]
    else:
        low, high = column.quantiles[0], column.quantiles[-1]
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        labels = [f"{edge:.4g}" for edge in edges[:-1]]
    shares = []
    for codes in (real, made):
        known = np.clip(codes[np.isfinite(codes)], edges[0], edges[-1])
        shares.append(np.histogram(known, edges)[0] / max(len(known), 1))
    return bars(column.name, labels, shares[0].tolist(), shares[1].tolist())
