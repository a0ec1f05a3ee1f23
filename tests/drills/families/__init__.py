"""All drills, by family: each module has ``DRILLS``."""

from __future__ import annotations

from itertools import zip_longest

from tests.drills.drill import Drill
from tests.drills.families import code, locks, logs, lost, quiet, rights, rows, schema, sound, source, two

MODULES = (source, locks, schema, rows, lost, code, rights, quiet, two, sound, logs)
#: The quick ones first; else one of each family after the other, so that a run that is cut short has seen something of all.
_ROUNDS = (drill for turn in zip_longest(*(module.DRILLS for module in MODULES)) for drill in turn if drill)
DRILLS: tuple[Drill, ...] = tuple(sorted(_ROUNDS, key=lambda drill: not drill.quick))
