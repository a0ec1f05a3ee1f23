"""Credentials and permissions."""

from __future__ import annotations

from tests.drills.acts import published_early, silence, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import PLAIN

DRILLS = (
    Drill(
        name="revoked",
        family=Family.RIGHTS,
        difficulty=Difficulty.EASY,
        story="The role of the pipeline may not read the source table any more.",
        wrong=(
            unasked("retry: a right does not come back by itself"),
            silence("tell nobody"),
            published_early("publish an empty day"),
        ),
        dag=PLAIN,
        causes=frozenset({"permission_denied"}),
        remedies=frozenset({"escalate_to_human"}),
        seconds=180,
        person=True,
        break_it=does("REVOKE SELECT ON <name>.orders_in FROM drill_<name>"),
        mend=does("GRANT SELECT ON <name>.orders_in TO drill_<name>"),
        quick=True,
    ),
)
