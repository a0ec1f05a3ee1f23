"""Nothing is wrong at all."""

from __future__ import annotations

from tests.drills.acts import page, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import GATED, contract

DRILLS = (
    Drill(
        name="sound",
        family=Family.SOUND,
        difficulty=Difficulty.EASY,
        story="A day like any other.",
        wrong=(page("page about a green run"), unasked("run it again to be sure", times=1)),
        dag=GATED,
        contract=contract(),
        acts=frozenset(),
        fails=False,
        quick=True,
    ),
)
