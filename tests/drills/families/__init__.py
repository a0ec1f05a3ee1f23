"""All drills, by family: each module has ``DRILLS``."""

from __future__ import annotations

from tests.drills.drill import Drill
from tests.drills.families import locks, lost, rights, rows, schema, sound, source

DRILLS: tuple[Drill, ...] = tuple(
    drill for module in (source, locks, schema, rows, lost, rights, sound) for drill in module.DRILLS
)
