"""Writes docs/adr/README.md, the index of decisions, from the head of each decision's page.

``adr.py`` writes; ``adr.py --check`` writes nothing and exits 1 when a page has no head or the index is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "docs" / "adr"
INDEX = HERE / "README.md"

#: The first three lines of a page: number, decision, status, date. What follows the date is the page's own.
HEAD = re.compile(
    r"# (?P<number>\d{4}): (?P<decision>.+)\n\nStatus: (?P<status>.+?)\. Date: (?P<date>\d{4}-\d\d-\d\d)\."
)

_INTRODUCTION = """\
<!-- Made by `make docs` from the pages beside it. Change those, not this page. -->

# Decisions

One page each: why it was decided, what was decided, what follows. A decision that changes gets a new page; the old page
marks the sentences that the new one overtakes, and its status names the new page.

| number | decision | status | date |
| --- | --- | --- | --- |
"""


def row(page: Path) -> str:
    """The index's row of a page.

    :raises ValueError: the page does not begin with number, decision, status and date.
    """
    head = HEAD.match(page.read_text())
    if head is None or not page.name.startswith(f"{head['number']}-"):
        raise ValueError(
            f"docs/adr/{page.name} must begin with '# {page.name[:4]}: DECISION', an empty line, and "
            "'Status: accepted. Date: 2026-11-30.'"
        )
    return f"| [{head['number']}]({page.name}) | {head['decision']} | {head['status']} | {head['date']} |\n"


def index() -> str:
    """What docs/adr/README.md must say."""
    return _INTRODUCTION + "".join(row(page) for page in sorted(HERE.glob("[0-9]*.md")))


def main(arguments: Sequence[str]) -> int:
    try:
        made = index()
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    if list(arguments) == ["--check"]:
        if INDEX.read_text() != made:
            print("docs/adr/README.md is stale: run make docs", file=sys.stderr)
            return 1
        return 0
    INDEX.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
