"""Documents, models, filters and golden questions as strangers have them, against a real PostgreSQL with pgvector."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, SliceBusy
from airflow_provider_harness.retrieval import searching
from airflow_provider_harness.testing.embedding import HashEmbedder
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.retrieval_case import CONTRACT, PAGES, Library, library, shelved

__all__ = ["library"]

SET_ASIDE = CONTRACT.replace(
    "schema:\n",
    "customProperties:\n  - property: harness.malformedRows\n    value: {policy: quarantine, maxRows: 50, maxPercent: 100}\nschema:\n",
    1,
)
TITLED = (
    CONTRACT.replace(
        "{name: text, logicalType: string, physicalType: text, required: true, classification: public}",
        "{name: text, logicalType: string, physicalType: text, required: true, classification: personal, "
        "customProperties: [{property: harness.personalData, value: mask}]}",
    )
    + "      - {name: title, logicalType: string, physicalType: text, classification: TITLE}\n"
)
NOTES = (
    CONTRACT.replace(
        "- {name: folder, logicalType: string, physicalType: text, required: true",
        "- {name: team, logicalType: string, physicalType: text",
    )
    + "      - {name: n, logicalType: integer, physicalType: integer, classification: public}\n"
    + "      - {name: tags, logicalType: object, physicalType: jsonb, classification: public}\n"
)
MADE = """
CREATE TABLE public.docs AS SELECT 'd' || i AS doc_id, 'alpha beta w' || i AS text, '{}'::jsonb AS tags,
  CASE i % 3 WHEN 0 THEN 'a''b' WHEN 1 THEN 'x"y%s' END AS team, CASE WHEN i % 10 > 0 THEN i END AS n
FROM generate_series(1, 40) AS i
"""


def of_rows(library: Library, contract: str, **more: Any) -> dict[str, Any]:
    return library.index(contract, source_table="public.docs", source_conn_id="wh", **more)


@pytest.mark.attack
@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("public", "Ask █████████████ now"),
        ("personal, customProperties: [{property: harness.personalData, value: mask}]", "***"),
    ],
)
def test_personal_data_in_a_heading_is_neither_kept_nor_embedded(library: Library, title: str, shown: str) -> None:
    library.page("ask.md", "# Ask ann@example.org now\n\nShe knows.\n\n## Card 4111111111111111\n\nIs hers.\n")
    library.index(TITLED.replace("TITLE", title))
    kept = "".join(str(library.rows(f"SELECT t::text FROM ai.{name} AS t")) for name in library.tables())
    for word in ("ann@", "4111111111111111"):
        assert word not in kept
        assert not any(word in text for text in library.model.embedded)
    assert library.rows("SELECT title FROM ai.handbook WHERE doc_id = 'ask.md'") == [
        (shown.replace("█" * 13, "█" * 15),)
    ]


@pytest.mark.attack
def test_a_file_whose_path_the_contract_hides_is_not_indexed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_PERSONAL_KEY", f"generic://:{'k' * 40}@")
    hidden = (
        "primaryKey: true, classification: personal, customProperties: [{property: harness.personalData, value: hash}]"
    )
    with pytest.raises(Exception, match="treats doc_id, but the key of a file is its path"):
        library.index(CONTRACT.replace("primaryKey: true, classification: public", hidden))


def test_files_that_are_none_are_named_and_the_others_indexed(library: Library, tmp_path: Path) -> None:
    docs = library.home / "docs"
    (docs / "lost.md").symlink_to(tmp_path / "nowhere")
    (docs / "again").symlink_to(docs / "ops")
    os.mkfifo(docs / "pipe.md")
    Path(os.fsdecode(os.fsencode(str(docs)) + b"/bad\xff.md")).write_text("# Bad name\n")
    library.page("app.html", "<html><body><script>draw()</script></body></html>")
    with pytest.raises(Exception, match=r"pipe\.md: is not a file"):
        library.index()
    told = library.index(SET_ASIDE)
    assert (told["rows"], told["set_aside"]) == (4, 5)
    assert library.served() == sorted(PAGES)


def test_a_document_without_an_id_is_set_aside(library: Library) -> None:
    library.rows("CREATE TABLE public.docs AS VALUES ('a', 'one'), (NULL, 'two'), (NULL, 'three'), ('d', NULL)")
    library.rows("ALTER TABLE public.docs RENAME column1 TO doc_id; ALTER TABLE public.docs RENAME column2 TO text")
    bare = SET_ASIDE.partition("      - {name: folder")[0]
    told = of_rows(library, bare)
    assert (told["rows"], told["set_aside"], library.served()) == (1, 3, ["a"])
    with pytest.raises(Exception, match="has doc_id null"):
        of_rows(library, CONTRACT.partition("      - {name: folder")[0])


def test_a_key_of_bytes_is_one(library: Library) -> None:
    library.rows(r"CREATE TABLE public.docs AS SELECT '\x00ff'::bytea AS doc_id, 'alpha' AS text")
    bare = CONTRACT.partition("      - {name: folder")[0]
    of_rows(
        library,
        bare.replace(
            "{name: doc_id, logicalType: string, physicalType: text",
            "{name: doc_id, logicalType: string, physicalType: bytea",
        ),
    )
    assert library.rows("SELECT doc_id FROM ai.handbook") == [(b"\x00\xff",)]


def test_vectors_are_found_again_in_tables_of_before(library: Library) -> None:
    told = library.index()
    table = f"ai.handbook__{told['version']}__passages"
    [(name,)] = library.rows(
        f"SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'u'"
    )
    library.rows(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    library.index()
    [(indexes,)] = library.rows(
        f"SELECT count(*) FROM pg_indexes WHERE schemaname || '.' || tablename = '{table}' AND indexdef LIKE '%(harness_digest)'"
    )
    assert (indexes, library.index(chunk_size=900)["embedded"]) == (1, 0)


def test_a_document_that_moved_keeps_its_vectors_and_says_where_it_is(library: Library) -> None:
    library.index()
    docs = library.home / "docs"
    (docs / "ops" / "restart.md").rename(docs / "ops" / "again.md")
    library.page("copies/disk.md", PAGES["ops/disk.md"])
    told = library.index()
    assert (told["changed"], told["gone"], told["embedded"], library.model.embedded) == (2, 1, 0, [])
    assert {one.document for one in library.search("delete old logs")[:2]} == {"ops/disk.md", "copies/disk.md"}
    docs.rename(library.home / "moved")
    told = library.index(documents=f"file://{library.home}/moved")
    assert (told["embedded"], told["rows"]) == (0, 5)
    assert library.search("heartbeat")[0].place == f"file://{library.home}/moved/ops/again.md"


class Odd(HashEmbedder):
    """A model that gives its vectors as ``give`` wants them."""

    def __init__(self, give: Callable[[list[Any]], Any]) -> None:
        super().__init__()
        self._give = give

    def embed(self, texts: Sequence[str]) -> Any:
        return self._give(list(super().embed(texts)))


def second(of: Callable[[list[float]], Any]) -> Callable[[list[Any]], Any]:
    """The second vector of a call is another."""
    return lambda found: [of(one) if place == 1 else one for place, one in enumerate(found)]


@pytest.mark.parametrize(
    ("give", "why"),
    [
        (second(lambda one: None), "is null"),
        (second(lambda one: [None, *one[1:]]), "is null"),
        (second(lambda one: ["x", *one[1:]]), "is null"),
        (second(lambda one: 7.0), "is null"),
        (second(lambda one: [float("nan"), *one[1:]]), "is not finite"),
        (second(lambda one: [1e39, *one[1:]]), "is not finite"),
        (second(lambda one: [1e20, *one[1:]]), "is not finite"),  # its square is none of 32 bits
        (second(lambda one: [1e-30] * len(one)), "is zero"),
        (second(lambda one: one[1:]), "has 63 dimensions in place of 64"),
    ],
)
def test_what_is_no_vector_is_named(library: Library, give: Callable[[list[Any]], Any], why: str) -> None:
    library.model = Odd(give)
    with pytest.raises(Exception, match=rf"document ops/restart.md, passage 0, vector {why}"):
        library.index()


@pytest.mark.parametrize(
    "give",
    [
        np.array,
        lambda found: np.array(found, dtype="float32"),
        lambda found: (tuple(one) for one in found),
        lambda found: [list(map(np.float32, one)) for one in found],
    ],
    ids=["array", "float32", "generator", "numbers of numpy"],
)
def test_a_model_may_hold_its_vectors_as_it_likes(library: Library, give: Callable[[list[Any]], Any]) -> None:
    library.model = Odd(give)
    assert library.index()["embedded"] == 5
    assert library.search("heartbeat")[0].document == "ops/restart.md"


@pytest.mark.parametrize("give", [lambda found: None, lambda found: found[1:], lambda found: {}])
def test_a_model_that_gives_too_few_is_unavailable(library: Library, give: Callable[[list[Any]], Any]) -> None:
    library.model = Odd(give)
    with pytest.raises(HarnessUnavailable, match="it gave 0 vectors for 1 texts"):
        library.index()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("- {question: heartbeat, expects: []}", "expects"),
        ("- {question: null, expects: [ops/restart.md]}", "the question None"),
        ("- {question: heartbeat}", "KeyError"),
        (b"- {question: caf\xe9, expects: [a]}", "can.t decode byte 0xe9"),
        ("", "NoneType"),
    ],
)
def test_golden_questions_that_are_none_are_refused(library: Library, asked: str | bytes, why: str) -> None:
    path = library.home / "golden.yaml"
    path.write_bytes(asked if isinstance(asked, bytes) else asked.encode())
    with pytest.raises(Exception, match=rf"golden .*{why}"):
        library.index(golden=str(path))


def test_a_golden_question_may_expect_one_document_by_its_name_alone(library: Library) -> None:
    path = library.home / "golden.yaml"
    path.write_text(
        '- {question: "heartbeat\\0", expects: ops/restart.md}\n- {question: disk, expects: [ops/disk.md, ops/disk.md]}\n'
    )
    assert library.index(golden=str(path))["rows"] == 4


@pytest.mark.attack
@pytest.mark.parametrize(
    "made", ["TABLE ai.handbook (x int)", "VIEW ai.handbook AS SELECT 1 AS x", "TABLE ai.handbook__passages (x int)"]
)
def test_what_has_the_indexs_name_is_not_replaced(library: Library, made: str) -> None:
    library.rows(f"CREATE {made}")
    with pytest.raises(Exception, match="exists, and an index of documents did not create it"):
        library.index()
    assert library.model.embedded in ([], ["How many numbers does a vector have?"])


def test_one_task_for_all_and_one_of_several_do_not_write_at_once(library: Library) -> None:
    library.index()
    with library.server.connect(library.database) as other:
        other.execute("SELECT pg_advisory_lock_shared(hashtextextended('ai.handbook', 3))")
        with pytest.raises(SliceBusy):
            library.index()
        assert library.index(shard=0, shards=2)["rows"] == 4


@pytest.fixture(scope="module")
def docs(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Forty rows, indexed once."""
    with pytest.MonkeyPatch.context() as patch:
        found = shelved(postgres, tmp_path_factory.mktemp("docs"), patch)
        found.rows(MADE)
        of_rows(found, NOTES)
        yield found
        postgres.drop_database(found.database)


def found(docs: Library, where: Any) -> int:
    return len(docs.search("alpha beta", where=where, limit=50))


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"team": "a'b"}, 13),
        ({"team": 'x"y%s'}, 14),
        ({"team": ["a'b", None]}, 26),
        ({"team": []}, 0),
        ({"n": range(3, 6)}, 3),
        ({"n": (i for i in (3, 4))}, 2),
        ({"n": np.array([3, 4, 400])}, 2),
        ({"n": {">=": 3, "<": 6}}, 3),
        ({"n": {">": 35}, "team": "a'b"}, 2),  # 36 and 39
        ({"n": 2**70}, 0),
        ({"n": 5.5}, 0),
    ],
)
def test_filters_are_taken_as_they_are_meant(docs: Library, where: Any, count: int) -> None:
    assert found(docs, where) == count


@pytest.mark.attack
@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"n": "abc"}, "where n: has a value that its column does not take"),
        ({"n": True}, "where n: has a value"),
        ({"team": 5}, "where team: has a value"),
        ({"team": "a\0b"}, "where team: has a value"),
        ({"team": "\ud800"}, "where team: has a value"),
        ({"tags": "{"}, "where tags: has a value"),
        ({"n": {"$gt": 3}}, r"where n: has the bounds \$gt\. Valid: >=, >, <=, <"),
        ({"n": {">=": None}}, "where n: has the bounds"),
        ({"n": {}}, "where n: has the bounds of nothing"),
        ({'n" OR TRUE --': 1}, "cannot be narrowed by"),
        ({"harness_id": "d1"}, "cannot be narrowed by harness_id. Valid: team, n, tags"),
        ([("n", 3)], "where: is list"),
    ],
)
@pytest.mark.parametrize("by", ["hybrid", "keyword"])
def test_a_filter_that_is_none_is_named(docs: Library, where: Any, why: str, by: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        docs.search("alpha", where=where, by=by)


@pytest.mark.attack
@pytest.mark.parametrize(
    "question", ["a\0b alpha", "\ud800 alpha", "'; DROP TABLE x; -- alpha", "alpha & | ! <-> (:*", "alpha" * 99_999, ""]
)
def test_any_question_is_answered(docs: Library, question: str) -> None:
    assert len(docs.search(question, limit=3)) == 3


@pytest.mark.parametrize(
    ("more", "why"),
    [({"limit": limit}, "limit") for limit in (0, "3", 2.5, None, 10**20)]
    + [({"by": "bm25"}, "by"), ({"question": None}, "question: is NoneType")],
)
def test_an_argument_that_is_none_is_named(docs: Library, more: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        docs.search(**{"question": "alpha"} | more)


@pytest.mark.parametrize("vector", [None, [None] * 64, [0.0] * 64, [float("nan")] * 64, [1e39] * 64, [1.0] * 63])
def test_a_question_whose_vector_is_none_is_no_question(docs: Library, vector: Any) -> None:
    with pytest.raises(HarnessUnavailable, match="its vector of the question"):
        docs.search("alpha", embedder=Odd(lambda found: [vector for _ in found]))


def test_many_searches_share_a_connection_and_see_the_index_that_is_served_then(library: Library) -> None:
    library.index()
    with searching(conn_id="wh", table="ai.handbook", embedder=library.model) as search:
        assert search("heartbeat")[0].document == "ops/restart.md"
        with pytest.raises(ConfigurationError, match="cannot be narrowed"):
            search("heartbeat", where={"x": 1})
        library.page("ops/restart.md", "# Restart\n\nNothing is known of it.\n")
        library.index(chunk_size=400)
        assert search("heartbeat", by="keyword") == ()
        [(sessions,)] = library.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'harness search%'"
        )
        assert (sessions, search("known", limit=1)[0].text) == (1, "# Restart\n\nNothing is known of it.")
