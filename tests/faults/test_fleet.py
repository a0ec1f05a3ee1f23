"""An hour of the fleet; ``make fleet`` runs a day of it."""

from __future__ import annotations

import pytest

from tests.faults.fleet import CAUSES, PIPELINES, fleet_of, kept, result


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_hour_of_thirty_pipelines_ends_rightly(store_url: str) -> None:
    with fleet_of(store_url, seed=18) as fleet:
        fleet.run(hours=1)
        found = result(fleet)
    assert found["wrong"] == []
    assert kept(found), found
    assert (PIPELINES, len(CAUSES)) == (30, 7) and found["failures"] >= 10
    assert found["healed_alone"] > 0 and found["pages"] > 0
