"""Fine-tuning sets of a table in PostgreSQL: what goes in, what is left out and why, what is in which split, and what stays."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.fine_tuning_case import Support, distinct, row

MANY = [distinct(number, customer=f"c{number % 20}") for number in range(200)]


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("tuning")
    yield "tuning"
    postgres.drop_database("tuning")


@pytest.fixture
def support(postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Support:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_SUPPORT", postgres.airflow_connection(database))
    return Support(postgres.url(database), tmp_path)


def test_a_set_has_its_examples_their_provenance_and_its_counts(support: Support) -> None:
    support.fill(MANY)
    told = support.make(group=["customer"], outlets=[Asset("set")])
    assert told["rows"] == 200 and told["unchanged"] is False
    train, test = support.read("train"), support.read("test")
    assert {name: one["examples"] for name, one in told["splits"].items()} == {"train": len(train), "test": len(test)}
    assert len(train) + len(test) == 200 and len(test) > 20
    one = train[0]
    assert one["source"].endswith("tuning.public.support") and one["row_key"] == f'{{"id": {one["row_key"][7:-1]}}}'
    assert one["example"]["prompt"].startswith("Why does") and len(one["sha256"]) == 64
    assert support.steps() == dict.fromkeys(support.steps(), (200, 200))
    assert support.context["outlet_events"][Asset("set")].extra["version"] == told["version"]
    card = (support.folder / "set" / told["version"] / "README.md").read_text()
    assert "It approximates: no model counts like this." in card and "NOT BORNE OUT" not in card


def test_a_group_and_a_cluster_are_in_one_split(support: Support) -> None:
    long = (
        "The carrier {} was late on this route because the crew of an earlier flight had to rest, and the next one had a fault "
        "in its engine, so that everybody who waited at the gate was sent to another hall until the evening came"
    )
    like = [
        row(1000 + n, long.format(n), "It was late since the crew had to rest.", customer=f"d{n}") for n in range(8)
    ]
    support.fill([*MANY, *like])
    support.make(group=["customer"], near_duplicates="together")
    splits = {name: support.read(name) for name in ("train", "test")}
    places = {one["row_key"]: (name, one["group"], one["cluster"]) for name, rows in splits.items() for one in rows}
    assert len(places) == 208
    alike = {places[f'{{"id": {1000 + n}}}'] for n in range(8)}
    assert len({split for split, _, _ in alike}) == 1 and len({cluster for *_, cluster in alike}) == 1
    groups = [{one["group"] for one in rows} for rows in splits.values()]
    assert not groups[0] & groups[1] and len(groups[0] | groups[1]) == 21


def test_the_same_rows_in_another_order_give_the_same_set(support: Support) -> None:
    alike = [
        row(1000 + n, f"What is the fare of route {n} to the coast in the month of May?", "Ask.") for n in range(9)
    ]
    rows = [*MANY, *alike, *[(2000 + n, f"other{n}", *one[2:]) for n, one in enumerate(MANY[:5])]]
    support.fill(rows)
    first = support.make(group=["customer"])
    assert support.steps()["exact duplicates"] == (214, 209)
    before = support.manifest()
    random.Random(7).shuffle(rows)
    support.fill(rows)
    again = support.make(group=["customer"])
    assert again["fingerprint"] == first["fingerprint"] and again["unchanged"] is True
    assert support.manifest() == before
    assert support.make(group=["customer"], seed=2)["fingerprint"] != first["fingerprint"]


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a label from the future": (
        distinct(7, labelled_at=datetime(2036, 1, 1, tzinfo=UTC)),
        {"labelled_at": "labelled_at"},
        r"1 of which its label is from the future\. .*The first: \{\"id\": 7\}",
    ),
    "an example without text": (
        row(7, "  "),
        {},
        r"a text is empty, or has half a character\. .*The first: \{\"id\": 7\}",
    ),
    "a group that is null": (distinct(7, customer=None), {"group": ["customer"]}, r"its group is null.*\{\"id\": 7\}"),
    "no time of the label": (
        distinct(7, labelled_at=None),
        {"labelled_at": "labelled_at"},
        r"time of its label is null",
    ),
    "a talk that is none": (
        distinct(7, talk='{"a": 1}'),
        {"form": "chat", "columns": {"messages": "talk"}},
        "no list of",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_with_its_place_and_what_was_published_stays(support: Support, name: str) -> None:
    support.fill(MANY)
    support.make()
    before = support.manifest()
    files = sorted(path for path in (support.folder / "set").rglob("*"))
    bad, more, said = BAD[name]
    support.fill([*MANY[:5], bad])
    with pytest.raises(AirflowFailException, match=said):
        support.make(**more)
    assert support.manifest() == before and sorted((support.folder / "set").rglob("*")) == files


def test_an_empty_table_makes_no_set(support: Support) -> None:
    support.fill([])
    with pytest.raises(AirflowFailException, match="rows: expected at least 1 row, found 0 rows"):
        support.make()
    assert not (support.folder / "set").exists()


def test_one_row_fills_no_two_splits_and_one_alone(support: Support) -> None:
    support.fill(MANY[:1])
    with pytest.raises(
        AirflowFailException, match=r"splits: expected examples in every split, found train [01], test [01]"
    ):
        support.make()
    told = support.make(splits={"train": 1})
    assert told["splits"]["train"]["examples"] == 1


def test_what_breaks_the_contract_stops_the_set(support: Support) -> None:
    support.fill([*MANY, row(7000, "x" * 5001)])
    with pytest.raises(AirflowFailException, match="length:question"):
        support.make()


def test_personal_data_is_masked_or_drops_its_example(support: Support) -> None:
    support.fill([*MANY, row(900, "Write to jane.doe@example.org about the refund of this, please.")])
    support.make()
    told = [one for name in ("train", "test") for one in support.read(name) if one["row_key"] == '{"id": 900}']
    assert "jane" not in str(told) and "about the refund" in str(told)
    assert support.steps()["personal data"] == (201, 201)
    assert support.manifest()["steps"][2]["noted"] == {"masked": 1}
    support.make(personal_data="drop")
    assert support.manifest()["steps"][2]["why"] == {"holds personal data": 1}


def test_quality_and_tokens_leave_out_what_the_rules_say(support: Support) -> None:
    support.fill(
        [*MANY, row(901, "#### $$$$ %%%% &&&& ^^^^", "!!!! ????"), row(902, "w " * 2000), row(903, "Hm?", "No.")]
    )
    support.make(quality={"min_chars": 10}, max_tokens=200)
    steps = {one["step"]: one["why"] for one in support.manifest()["steps"]}
    assert steps["quality"] == {"more symbols than max_symbol_share": 1, "shorter than min_chars": 1}
    assert steps["tokens"] == {"more tokens than max_tokens": 1}


def test_a_talk_of_columns_and_one_of_messages_are_the_same(support: Support) -> None:
    made = [distinct(number) for number in range(30)]
    talks = [
        (*one[:6], json.dumps([{"role": "user", "content": one[2]}, {"role": "assistant", "content": one[3]}]))
        for one in made
    ]
    support.fill(talks)
    by_columns = support.make(form="chat", columns={"user": "question", "assistant": "answer"})
    by_messages = support.make(form="chat", columns={"messages": "talk"})
    assert by_columns["fingerprint"] == by_messages["fingerprint"]
    assert support.read("train")[0]["example"]["messages"][1]["role"] == "assistant"


def test_bad_rows_within_the_share_are_left_out_and_counted(support: Support) -> None:
    support.fill([*MANY, row(7000, "")])
    support.make(max_bad_share=0.01)
    assert support.manifest()["steps"][0]["why"] == {"a text is empty, or has half a character": 1}
    assert support.steps()["example"] == (201, 200)


def test_who_is_in_the_set_is_compared_with_who_should_be(support: Support) -> None:
    rows = [
        distinct(n, region="north" if n % 4 else "south", labelled_at=datetime(2026, 1 + n % 2, 3, tzinfo=UTC))
        for n in range(200)
    ]
    support.fill(rows)
    half = {"north": 0.5, "south": 0.5}
    support.make(
        bias=[
            {"columns": ["region"], "reference": half},
            {"columns": ["labelled_at"], "period": "month", "reference": "public.support"},
        ]
    )
    version = support.folder / "set" / support.manifest()["version"]
    regions, months = json.loads((version / "weights.json").read_text())
    assert regions["total_variation"] == pytest.approx(0.25)
    assert {name: round(one["weight"], 6) for name, one in regions["groups"].items()} == {
        "north": 0.666667,
        "south": 2.0,
    }
    assert regions["effective_sample_size"] == pytest.approx(150)
    assert months["total_variation"] == 0 and sorted(months["groups"]) == ["2026-01", "2026-02"]
    assert "weighted, 200 examples count as 150" in (version / "README.md").read_text()
    before = support.manifest()
    with pytest.raises(
        AirflowFailException, match=r"bias:region: .* at most 0\.1, found 0\.2500 \(north: 75\.0%, not 50\.0%"
    ):
        support.make(bias=[{"columns": ["region"], "reference": half, "most": 0.1}], seed=5)
    assert support.manifest() == before


def test_an_empty_reference_is_named(support: Support) -> None:
    support.fill(MANY)
    with psycopg.connect(support.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.nobody (region text)")
    with pytest.raises(AirflowFailException, match=r"bias:region, reference public.nobody: has no row\."):
        support.make(bias=[{"columns": ["region"], "reference": "public.nobody"}])


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_files_give_the_same_set_as_the_table(support: Support, suffix: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    support.fill(MANY)
    told = support.make(group=["customer"])
    names = ("id", "customer", "question", "answer", "labelled_at", "region", "talk")
    rows = [dict(zip(names, one, strict=True)) for one in MANY]
    place = support.folder / f"delivery.{suffix}"
    if suffix == "jsonl":
        place.write_text("\n".join(json.dumps(one, default=str) for one in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), place)
    more = support.make(group=["customer"], conn_id="", path=str(place), folder=f"file://{support.folder}/other")
    assert more["fingerprint"] == told["fingerprint"] and more["rows"] == 200
    assert support.task._lineage_inputs()[0].namespace == "file"


def test_a_value_of_another_type_in_a_file_is_named_with_its_line(support: Support) -> None:
    place = support.folder / "delivery.jsonl"
    good = {
        "id": 1,
        "customer": "c",
        "question": "q",
        "answer": "a",
        "labelled_at": "2026-01-01T00:00:00Z",
        "region": "r",
        "talk": None,
    }
    place.write_text("\n".join(json.dumps(one) for one in (good, {**good, "id": "seven"})))
    with pytest.raises(AirflowFailException, match=r"type:id.*delivery\.jsonl line 2"):
        support.make(conn_id="", path=str(place))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"form": "poem"}, "form='poem'"),
        ({"columns": {"prompt": "question"}}, "needs"),
        ({"splits": {"train": 0.5}}, "splits: is"),
        ({"quality": {"min_words": 3}}, "min_words"),
        ({"similarity": 2}, "similarity=2"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"bias": [{"columns": ["region"], "reference": {"a": 0.4}}]}, "has reference="),
        ({"path": "x.jsonl"}, "needs a conn_id"),
        ({"bias": ["region"]}, "is 'region'"),
        ({"bias": [{"columns": "region", "reference": {"a": 1}}]}, "has columns='region'"),
        ({"bias": [{"columns": ["region"], "reference": {"a": 1}, "most": "x"}]}, "has most='x'"),
        ({"group": "customer"}, "group as a list"),
        ({"folder": ""}, "an absolute path"),
        ({"folder": "sets/support"}, "an absolute path"),
        ({"splits": {"train": "0.5", "test": 0.5}}, "Give int or float"),
        ({"splits": {"Train": 0.5, "train": 0.5}}, "different in small letters"),
        ({"quality": {"min_chars": True}}, "Give int or float"),
        ({"max_tokens": 1.5}, "Give int or none"),
        ({"seed": "x"}, "Give int"),
    ],
)
def test_rules_without_meaning_are_an_error_of_the_dag(support: Support, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        support.operator(**given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"columns": {"prompt": "nope", "completion": "answer"}}, "names column 'nope'"),
        ({"labelled_at": "region"}, "which is neither a date nor a timestamp"),
        ({"counter": "tiktoken:/nowhere/cl100k_base.tiktoken"}, "is not a file on this worker"),
    ],
)
def test_what_the_contract_or_the_worker_lacks_is_named(support: Support, given: dict[str, Any], said: str) -> None:
    support.fill(MANY)
    with pytest.raises(AirflowFailException, match=said):
        support.make(**given)


def test_a_storage_that_nobody_knows_and_bigquery_are_named_before_anything_is_read(
    support: Support, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BQ", "google-cloud-platform://")
    for given, said in (
        ({"folder": "s4://sets/support"}, "Unsupported filesystem"),
        ({"conn_id": "bq"}, "EXPORT DATA"),
    ):
        with pytest.raises(AirflowFailException, match=said):
            support.make(**given)


def test_only_equal_signatures_are_duplicates_of_similarity_1(support: Support) -> None:
    support.fill(
        [
            *MANY[:40],
            row(900, "Why is the big sky so very blue today?"),
            row(901, "why is the big sky so very blue today"),
        ]
    )
    assert support.make(similarity=1)["rows"] == 42


def test_the_same_rows_are_the_same_bytes_in_whatever_order_they_come(
    support: Support, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_harness.adapters.learning.fine_tuning import spool

    monkeypatch.setattr(spool, "PART_ROWS", 40)  # several parts
    rows = [
        *MANY,
        row(900, "Mail a@example.org at 7"),
        row(901, "Mail b@example.org at 7", "The answer to this is number 900, and nothing else than 7127100."),
    ]
    rows.append((902, "c900", *rows[-2][2:]))
    found = []
    for number, order in enumerate((rows, rows[::-1])):
        support.fill(order)
        support.make(folder=f"file://{support.folder}/set{number}", group=["customer"])
        home = support.folder / f"set{number}"
        version = json.loads((home / "_manifest.json").read_text())["version"]
        found.append(
            {one.name: one.read_bytes() for one in (home / version).iterdir() if one.stem in ("train", "test")}
        )
    assert found[0].keys() == {"train.jsonl", "train.parquet", "test.jsonl", "test.parquet"}
    assert found[0] == found[1]


def test_a_text_with_another_end_of_a_line_is_one_line(support: Support) -> None:
    support.fill([*MANY[:40], row(900, "Why\u2028is\u0085it\u2029so?", "It is so since it was never otherwise.")])
    support.make()
    assert any(
        "Why\u2028is\u0085it\u2029so?" in one["example"]["prompt"]
        for name in ("train", "test")
        for one in support.read(name)
    )


def test_groups_without_end_and_personal_ones_are_not_counted(
    support: Support, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.fill(MANY)
    contract = support.folder / "support.odcs.yaml"
    text = contract.read_text()
    keep = "classification: personal, customProperties: [{property: harness.personalData, value: keep}]"
    contract.write_text(
        text.replace("name: customer, logicalType: string,", f"name: customer, {keep}, logicalType: string,")
    )
    with pytest.raises(
        AirflowFailException, match=r"customer, which is personal data: its values would stand in weights\.json"
    ):
        support.make(bias=[{"columns": ["customer"], "reference": "public.support"}])
    contract.write_text(text)
    monkeypatch.setattr("airflow_provider_harness.wiring.learning.fine_tuning.MOST_GROUPS", 10)
    with pytest.raises(AirflowFailException, match="bias:customer: has more than 10 groups"):
        support.make(bias=[{"columns": ["customer"], "reference": {"c1": 1.0}}])
