"""The bench fits together; what it measures is for ``make bench`` to say."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import _chosen
from tests.bench.contracts import KINDS, contract
from tests.bench.scenarios import SCENARIOS
from tests.bench.table import TABLE


def test_rows_have_names_of_their_own() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)


def test_every_row_has_its_scenarios() -> None:
    sides = {side.partition(":")[0] for row in TABLE for side in (row.ours, row.peer) if side}
    assert sides <= set(SCENARIOS)
    assert set(SCENARIOS) - sides == {"staged"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_has_its_checks(kind: str) -> None:
    assert len(contract(kind).checks) == KINDS[kind][-1]


def test_some_rows_can_be_chosen() -> None:
    assert [row.name for row in _chosen("gate-*, import")] == ["gate-airflow", "gate-gx", "gate-parquet", "import"]
    assert len(_chosen("")) == len(TABLE)


def test_an_unknown_row_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        _chosen("speed")
    assert end.value.code == 2
    assert "no row is called speed; there are extract, " in capsys.readouterr().err
