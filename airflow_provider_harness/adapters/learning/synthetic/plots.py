"""Small plots as SVG: bars of two distributions side by side, and a map of correlations."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, FOOT = 320, 130, 30
REAL, MADE = "#4c78a8", "#f58518"
"""Colours of the real and of the synthetic rows, which also those can tell apart who see no red or green."""


def bars(title: str, labels: Sequence[str], real: Sequence[float], made: Sequence[float]) -> str:
    """Shares of bins, the real ones at the left of each pair.

    :param labels: of the bins; the first and the last are written.
    """
    most, step = max((*real, *made, 1e-9)), WIDTH / max(len(labels), 1)
    parts = []
    for place, pair in enumerate(zip(real, made, strict=True)):
        for side, (share, colour) in enumerate(zip(pair, (REAL, MADE), strict=True)):
            height = share / most * (HEIGHT - FOOT)
            left = place * step + side * step * 0.45
            parts.append(
                f'<rect x="{left:.1f}" y="{HEIGHT - FOOT - height:.1f}" width="{step * 0.42:.1f}" height="{height:.1f}" '
                f'fill="{colour}"><title>{escape(labels[place])}: {share:.1%}</title></rect>'
            )
    ends = (labels[0], labels[-1]) if labels else ("", "")
    parts.append(f'<text x="0" y="{HEIGHT - 16}" font-size="10">{escape(ends[0][:24])}</text>')
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT - 16}" font-size="10" text-anchor="end">{escape(ends[1][:24])}</text>')
    return _svg(title, WIDTH, HEIGHT, parts)


def heat(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Correlations from -1 to 1: blue is negative, orange positive."""
    size = 22
    parts = []
    for row, line in enumerate(values):
        for place, value in enumerate(line):
            colour = MADE if value > 0 else REAL
            said = f"{escape(names[row])}, {escape(names[place])}: {value:.2f}"
            parts.append(
                f'<rect x="{place * size}" y="{row * size}" width="{size - 1}" height="{size - 1}" fill="{colour}" '
                f'fill-opacity="{min(abs(value), 1):.2f}" stroke="#ccc"><title>{said}</title></rect>'
            )
    return _svg(title, max(len(names), 1) * size, max(len(names), 1) * size + 6, parts)


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    label = escape(title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{label}" font-family="sans-serif"><title>{label}</title>{"".join(parts)}</svg>'
    )
