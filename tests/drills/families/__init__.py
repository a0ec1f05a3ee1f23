"""All drills, by family: each module has ``DRILLS``."""

from __future__ import annotations

from tests.drills.drill import Drill
from tests.drills.families import code, locks, logs, lost, quiet, rights, rows, schema, sound, source, two

MODULES = (source, locks, schema, rows, lost, code, rights, quiet, two, sound, logs)
DRILLS: tuple[Drill, ...] = tuple(drill for module in MODULES for drill in module.DRILLS)
