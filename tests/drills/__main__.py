"""``make drills``: run drills against a healer, grade what is true afterwards, print and keep the results.

``DRILLS=refused,locked``: some of them; ``QUICK=1``: a few minutes; ``HEALER``: ``rules`` (this package, no model), ``retries``
(plain Airflow), ``nobody``, or a command that is started beside Airflow; ``BASELINE=1``: ``retries`` after it; ``REPEAT=5``: five times.
``RESUME=1`` goes on after a run that was cut short, or of other drills: what it kept is not run again, and is told too.
``WRITE=1`` puts the results into docs/explanation/drills.md; ``TELL=1`` runs nothing and tells what the last run has kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError
from tests.demo.world import ROOT, say
from tests.drills.drill import Drill
from tests.drills.families import DRILLS
from tests.drills.figures import keep, line, summary, table, write
from tests.drills.grade import grade
from tests.drills.run import run
from tests.drills.site import HOME, Healer, Site, healer, site
from tests.drills.watch import Shared

#: A line of each drill that has ended, while the others go on.
LINES = "lines.jsonl"
PAGE = ROOT / "docs" / "explanation" / "drills.md"


def chosen(names: str, quick: bool) -> list[Drill]:
    """The drills of these names, separated by commas; all of them, or the quick ones, without names.

    :raises ConfigurationError: there is no such drill.
    """
    if not names:
        return [drill for drill in DRILLS if drill.quick or not quick]
    known = {drill.name: drill for drill in DRILLS}
    for name in names.split(","):
        if name not in known:
            raise ConfigurationError("DRILLS", f"names {name!r}.", valid=sorted(known))
    return [known[name] for name in names.split(",")]


def one_turn(drills: Sequence[Drill], who: Healer, turn: int, home: Path = HOME) -> list[dict[str, Any]]:
    """Every drill once, side by side, on a fresh Airflow."""
    say(f"{who.name}: {len(drills)} drills")
    with site(drills, who, home) as place:
        shared = Shared(place)
        with ThreadPoolExecutor(int(os.environ.get("WIDTH", "10"))) as pool:
            lines = list(pool.map(lambda drill: _one(shared, place, drill, turn, home), drills))
        if who.ours:
            audit = place.stack.cli("harness", "audit", "verify", check=False)
            say(f"audit: {'the chain holds' if audit.returncode == 0 else 'THE CHAIN IS BROKEN'}")
            if audit.returncode:
                lines = [{**item, "pass": False, "not_true": [*item["not_true"], "audit"]} for item in lines]
    return lines


def _one(shared: Shared, place: Site, drill: Drill, turn: int, home: Path) -> dict[str, Any]:
    """One drill; its line is kept at once, since a run is long."""
    record, said = run(shared, place.worlds[drill.name])
    facts = grade(place.worlds[drill.name], record)
    found = line(drill, record, facts, said, place.healer.name, turn)
    with (home / LINES).open("a") as out:
        out.write(json.dumps(found, default=str) + "\n")
    return found


def main() -> int:
    """Exit status 0, whatever the healer came to: red drills are results."""
    lines = kept() if os.environ.get("TELL") else run_all()
    results = {
        name: [item for item in lines if item["healer"] == name] for name in {item["healer"]: 0 for item in lines}
    }
    told = tell(results)
    print(f"\n{told}")
    if os.environ.get("WRITE"):
        write(PAGE, told)
    return 0


def run_all() -> list[dict[str, Any]]:
    """Every drill that is asked for, with every healer that is."""
    drills = chosen(os.environ.get("DRILLS", ""), bool(os.environ.get("QUICK")))
    whos = [healer(os.environ.get("HEALER") or "rules")]
    if os.environ.get("BASELINE"):
        whos.append(healer("retries"))
    if not os.environ.get("RESUME"):
        (HOME / LINES).unlink(missing_ok=True)
    done = {(item["healer"], item["turn"], item["drill"]) for item in kept()}
    for who in whos:
        for turn in range(1, int(os.environ.get("REPEAT") or "1") + 1):
            if left := [drill for drill in drills if (who.name, turn, drill.name) not in done]:
                lines = one_turn(left, who, turn)
                ran = {(who.name, turn, drill.name) for drill in left}
                others = [item for item in kept() if (item["healer"], item["turn"], item["drill"]) not in ran]
                (HOME / LINES).write_text("".join(f"{json.dumps(one, default=str)}\n" for one in (*others, *lines)))
                keep(HOME / "results.json", kept())
    say(f"kept in {HOME.name}/results.json")
    return kept()


def kept() -> list[dict[str, Any]]:
    """What the last run has kept so far, also one that was cut short."""
    path = HOME / LINES
    return [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []


def tell(results: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    """The figures of all healers, and every drill of each."""
    tables = [f"### {name}\n\n{table(lines)}" for name, lines in results.items() if lines]
    return "\n\n".join((summary({name: lines for name, lines in results.items() if lines}), *tables))


if __name__ == "__main__":
    sys.exit(main())
