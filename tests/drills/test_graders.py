"""Each drill proves both directions on a real PostgreSQL: a good repair passes, the untouched world and each wrong act fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_harness.testing.fixtures import postgres
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.drills.drill import Drill, Record
from tests.drills.families import DRILLS
from tests.drills.grade import grade, passed
from tests.drills.world import World

__all__ = ["postgres"]
DATABASE = "harness_drills_graders"


@pytest.fixture(scope="module")
def server(postgres: PostgresServer) -> PostgresServer:
    postgres.drop_database(DATABASE)
    postgres.ensure_database(DATABASE)
    return postgres


@pytest.fixture(params=DRILLS, ids=lambda drill: drill.name)
def world(request: pytest.FixtureRequest, server: PostgresServer, tmp_path: Path) -> Iterator[World]:
    built = World(request.param, server, tmp_path, DATABASE)
    built.build()
    yield built
    built.close()


def repaired(world: World) -> Record:
    """Break the world, and repair it as a good engineer would."""
    drill = world.drill
    drill.break_it(world)
    drill.passes(world)
    world.release()
    drill.mend(world)
    if drill.ends == "success":
        world.publish()
    return drill.good()


def test_a_good_repair_passes_and_nothing_else(world: World) -> None:
    drill = world.drill
    assert drill.wrong, "name plausible wrong acts first"
    drill.break_it(world)
    untouched = Record(state="failed" if drill.fails else "success")
    world.release()
    assert not passed(grade(world, untouched)), "the untouched world passes"
    for wrong in (None, *drill.wrong):
        world.close()
        world.build()
        record = repaired(world)
        if wrong is None:
            found = grade(world, record)
            assert passed(found), [fact for fact in found if not fact.holds]
        else:
            assert not passed(grade(world, wrong.do(world, record))), f"passes: {wrong.what}"


def test_drills_are_named_once_and_say_what_they_must() -> None:
    names = [drill.name for drill in DRILLS]
    assert len(set(names)) == len(names)
    for drill in DRILLS:
        _complete(drill)


def _complete(drill: Drill) -> None:
    assert drill.name.isalpha() and drill.name.islower(), drill.name
    assert drill.story.endswith("."), drill.name
    assert drill.seconds > 0
    assert ("contracts/<name>" in drill.dag) == bool(drill.contract), drill.name
    compile(drill.dag.replace("<retries>", "0"), drill.name, "exec")
