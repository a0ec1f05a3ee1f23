"""The source is down, slow or late."""

from __future__ import annotations

from tests.drills.acts import page, publish_nothing
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import GATED, contract
from tests.drills.world import World

DRILLS = (
    Drill(
        name="refused",
        family=Family.SOURCE,
        difficulty=Difficulty.EASY,
        story="The source refuses connections, and is back right after the failure.",
        wrong=(
            page("page on-call for an outage that is over"),
            publish_nothing("mark the task as done without its rows"),
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"transient_network"}),
        remedies=frozenset({"retry_task"}),
        break_it=World.refuse,
        passes=World.accept,
        quick=True,
    ),
)
