"""Names in a contract are names: no statement, no character that nobody sees; and a contract has a size."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_file, compile_text
from airflow_provider_harness.adapters.contracts.rules.checks import MOST_CHECKS
from airflow_provider_harness.adapters.yaml_files.limits import MOST_CHARACTERS
from tests.unit.adapters.contracts.test_mistakes import own
from tests.unit.adapters.contracts.test_silent import contract, findings, line_of

pytestmark = pytest.mark.attack

STRING = {"logicalType": "string"}
LINKED = {"relationships": [{"to": 'other"; drop table x; --.id'}]}
JOINED = own("reconciliation_by_key", table="o; drop table x", keys={"id": "id"})
#: what is odd -> the contract, a part of the line, and what is said of it.
ODD: dict[str, tuple[str, str, str]] = {
    "a table and a statement": (contract(more={"physicalName": 'orders"; drop table x; --'}), "physicalName", "part of a statement"),
    "a statement without quotes": (contract(more={"physicalName": "orders; drop table x"}), "physicalName", "part of a statement"),
    "a comment": (contract(more={"physicalName": "orders--"}), "physicalName", "part of a statement"),
    "a schema of a server": (contract(more={"physicalName": "t"}, servers=[{"server": "s", "type": "postgres", "host": "h", "port": 1, "database": "d", "schema": 'p"; drop'}]), "servers", "part of a statement"),
    "a table that a column refers to": (contract({**STRING, **LINKED}), "to:", "part of a statement"),
    "a table that is compared": (contract(rules=[JOINED]), "table:", "part of a statement"),
    "NUL in an id": (contract(id="a\0b"), "id:", "U+0000"),
    "NUL in a description": (contract({**STRING, "description": "a\0b"}), "description", "U+0000, which no database takes"),
    "a bell in a version": (contract(version="1\a"), "version", "U+0007"),
    "right to left in a name": (contract({**STRING, "name": "ab\u202egpj"}), "name", "U+202E, which nobody sees"),
    "an isolate in a column": (contract({**STRING, "physicalName": "a\u2066b"}), "physicalName", "U+2066"),
    "no width in a team": (contract(team={"name": "da\u200bta"}), "name", "U+200B"),
    "a line in the name of a rule": (contract({**STRING, "quality": [{"id": "a\nb", "metric": "nullValues", "mustBe": 0}]}), "id:", "U+000A"),
    "a key": (contract(more={"na\u202eme": 1}), "", "U+202E"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "said"), ODD.values(), ids=ODD)
def test_a_name_that_is_none_is_a_finding_on_its_line(text: str, place: str, said: str) -> None:
    found = [one for one in findings(text) if said in one]
    assert found, findings(text)
    assert not place or any(place.rstrip(":") in text.splitlines()[int(one.split(":")[1]) - 1] for one in found)


def test_names_and_texts_of_every_script_are_taken() -> None:
    names = {"name": "größe_数量_ширина", "description": "עברית \u200f ‏(ok)\tand \U0001f468\u200d\U0001f469 more"}
    made = compile_file(contract({**STRING, **names}), "x").contracts[0]
    assert "größe_数量_ширина" in made.names


def many(rules: int) -> list[dict[str, Any]]:
    return [{"metric": "rowCount", "mustBeGreaterThan": 0, "id": f"r{n}", "severity": "warning"} for n in range(rules)]


def test_a_table_has_a_limit_of_checks() -> None:
    sql = [
        {"type": "sql", "query": f"SELECT count(*) FROM t WHERE amount > {n}", "mustBe": 0}
        for n in range(MOST_CHECKS + 50)
    ]
    [said] = [one for one in findings(contract(rules=sql)) if "is one of more than" in one]
    assert "checks of one table" in said


def test_a_contract_has_a_limit_of_size() -> None:
    with pytest.raises(Exception, match=f"more than {MOST_CHARACTERS} characters"):
        compile_text(f"{contract()}# {'x' * MOST_CHARACTERS}", "x")


def test_the_line_is_the_fields() -> None:
    text = contract(more={"physicalName": "orders; drop"})
    [said] = findings(text)
    assert said.startswith(f"x:{line_of(text, 'physicalName')}: ")
