"""Searches with known answers, documents of a table, personal data, shards, and a task that is killed."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.learning.retrieval import ranking
from airflow_provider_harness.adapters.learning.retrieval.pgvector import shard_number
from airflow_provider_harness.testing.embedding import HashEmbedder
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.retrieval_case import CONTRACT, PAGES, Library, library, shelved

__all__ = ["library"]

NOTES = """
apiVersion: v3.1.0
kind: DataContract
id: notes
version: 1.0.0
status: active
schema:
  - name: notes
    physicalName: ai.handbook
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, classification: public}
      - {name: text, logicalType: string, physicalType: text, required: true, classification: public}
      - {name: team, logicalType: string, physicalType: text, classification: public}
      - {name: written, logicalType: date, physicalType: date, classification: public}
"""
SOURCE = {"source_conn_id": "wh", "source_table": "public.notes"}
COUNT = 600
RARE = {7, 301, 501}
WORDS = [f"word{n}" for n in range(300)]


@pytest.fixture(scope="module")
def notes(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An index of 600 notes, three of which are of a rare team; its server takes the index of vectors where it can."""
    dice = random.Random(20261130)
    with pytest.MonkeyPatch.context() as patch:
        found = shelved(postgres, tmp_path_factory.mktemp("notes"), patch)
        found.model = HashEmbedder(dimension=32)
        found.rows("CREATE TABLE public.notes (id bigint, text text, team text, written date)")
        values = ", ".join(
            f"({n}, '{' '.join(dice.choices(WORDS, k=12))}', {'NULL' if n % 10 == 0 else repr('rare' if n in RARE else 'common')}, '2026-01-01')"
            for n in range(COUNT)
        )
        found.rows(f"INSERT INTO public.notes VALUES {values}")
        found.index(NOTES, **SOURCE)
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            found.rows(f'ALTER DATABASE "{found.database}" SET {setting} = off')
        yield found
        postgres.drop_database(found.database)


def numbers(found: Sequence[Any]) -> list[int]:
    return [int(one.document) for one in found]


def test_a_table_is_indexed_with_its_columns(notes: Library) -> None:
    [(rows, nulls)] = notes.rows("SELECT count(*), count(*) FILTER (WHERE team IS NULL) FROM ai.handbook")
    assert (rows, nulls) == (COUNT, COUNT // 10)
    [best] = notes.search("word1 word2 word3", limit=1)
    assert str(best.fields["written"]) == "2026-01-01"
    assert best.place == f"connection wh, public.notes, id {best.document}"


@pytest.fixture(params=[0, ranking.FEW], ids=["by the index of vectors", "as few are searched"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """600 are few: that the index of vectors is asked has to be wanted."""
    monkeypatch.setattr(ranking, "FEW", request.param)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("by", ["vector", "hybrid"])
def test_a_filter_never_gives_fewer_than_there_are(notes: Library, by: str) -> None:
    for question in WORDS[:2]:
        assert set(numbers(notes.search(question, where={"team": "rare"}, by=by))) == RARE
    found = notes.search("word1", where={"team": None}, by=by, limit=COUNT // 10)
    assert set(numbers(found)) == set(range(0, COUNT, 10))


def test_the_index_finds_nearly_all_that_an_exact_search_finds(notes: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "FEW", 0)
    dice, met = random.Random(1), 0
    texts = dict(notes.rows("SELECT id, text FROM ai.handbook"))
    for question in (" ".join(dice.choices(WORDS, k=8)) for _ in range(8)):
        near = numbers(notes.search(question, by="vector", where={"team": "common"}))
        exact = numbers(notes.search(question, by="vector", where={"team": "common"}, exact=True))
        asked, *vectors = notes.model.embed([question, *(texts[n] for n in near), texts[exact[-1]]])
        *close, least = (sum(a * b for a, b in zip(asked, vector, strict=True)) for vector in vectors)
        met += sum(one >= least - 1e-6 for one in close)  # of equally near ones, each is right
    assert met >= 0.95 * 10 * 8


def test_words_are_found_that_no_vector_knows(notes: Library) -> None:
    notes.rows("INSERT INTO public.notes VALUES (9001, 'error ORA01555 in the night', 'common', NULL)")
    told = notes.index(NOTES, **SOURCE)
    assert (told["embedded"], told["rows"]) == (1, COUNT + 1)
    assert numbers(notes.search("ORA01555", by="keyword")) == [9001]
    [found] = [one for one in notes.search("ORA01555 word1") if one.document == "9001"]
    assert found.ranks["keyword"] == 1, "the rare word counts for more"
    notes.rows("DELETE FROM public.notes WHERE id = 9001")
    told = notes.index(NOTES, **SOURCE)
    assert (told["embedded"], told["gone"], told["rows"]) == (0, 1, COUNT)
    assert notes.search("ORA01555", by="keyword") == ()


def test_a_document_that_comes_twice_is_named(library: Library) -> None:
    library.index(
        NOTES,
        sql="SELECT 1::bigint AS id, 'a'::text AS text, 'x'::text AS team, NULL::date AS written",
        source_conn_id="wh",
    )
    twice = "SELECT n::bigint AS id, 'a'::text AS text, 'x'::text AS team, NULL::date AS written FROM unnest(ARRAY[1, 2, 2]) AS n"
    with pytest.raises(
        Exception, match=r"index:duplicate_documents: expected exactly 0 rows too many, found 1.*document 2"
    ):
        library.index(NOTES, sql=twice, source_conn_id="wh")
    assert library.rows("SELECT id FROM ai.handbook") == [(1,)]


def test_personal_data_is_treated_as_the_contract_says(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "# Help\n\nWrite to ann@example.org, and again to ann@example.org.\n"
    library.page("help.md", page)
    told = library.index(
        CONTRACT.replace(
            "required: true, classification: public}\n      - {name: folder", "required: true}\n      - {name: folder"
        )
    )
    assert told["rows"] == 5, "a warning, and no more"
    personal = CONTRACT.replace(
        "{name: text, logicalType: string, physicalType: text, required: true, classification: public}",
        "{name: text, logicalType: string, physicalType: text, required: true, classification: personal, "
        "customProperties: [{property: harness.personalData, value: mask}]}",
    )
    library.index(personal)
    [found] = [one for one in library.search("write to", limit=5) if one.document == "help.md"]
    assert "ann" not in found.text
    assert page[found.start : found.end].replace("ann@example.org", "█" * 15) == found.text
    assert not library.rows("SELECT FROM ai.handbook WHERE text LIKE '%@%'")
    assert not any("@" in text for text in library.model.embedded)
    with pytest.raises(Exception, match="hashes text with it"):
        library.index(personal.replace("value: mask", "value: hash"))
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_PERSONAL_KEY", f"generic://:{'k' * 40}@")
    library.index(personal.replace("value: mask", "value: hash"))
    [text] = [text for (text,) in library.rows("SELECT text FROM ai.handbook WHERE doc_id = 'help.md'")]
    assert "@" not in text
    assert text[17:32] == text[47:62], "equal values stay equal"


def test_shards_fill_a_version_together_and_the_last_one_serves_it(library: Library) -> None:
    library.page("new.md", "Of the other shard.\n")
    parts = [sorted(name for name in [*PAGES, "new.md"] if shard_number(name) % 2 == shard) for shard in (0, 1)]
    assert all(parts), "both have documents"
    first = library.index(shard=0, shards=2, context=library.context("r1"))
    assert (first["waiting"], first["swapped"], first["changed"]) == ([1], False, len(parts[0]))
    assert "handbook" not in library.tables(), "nothing is served"
    again = library.index(shard=0, shards=2, context=library.context("r2"))
    assert (again["waiting"], again["embedded"]) == ([1], 0)
    last = library.index(shard=1, shards=2, context=library.context("r2"))
    assert (last["waiting"], last["swapped"], last["rows"]) == ([], True, 5)
    (library.home / "docs" / parts[1][0]).unlink()
    kept = library.index(shard=0, shards=2)
    assert (kept["gone"], kept["rows"]) == (0, 5), "it is the other shard's"
    gone = library.index(shard=1, shards=2)
    assert (gone["gone"], gone["rows"]) == (1, 4)


def killed(library: Library, *words: str, **more: Any) -> None:
    """Run the task in a process of its own that dies right before the first statement with these words."""
    child = os.fork()
    if child == 0:
        execute = psycopg.Connection.execute

        def die(self: Any, sql: Any, *values: Any, **named: Any) -> Any:
            if isinstance(sql, bytes) and all(word.encode() in sql for word in words):
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(self, sql, *values, **named)

        psycopg.Connection.execute = die  # type: ignore[assignment, method-assign]
        try:
            library.index(**more)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, words


CHANGED = {
    "before a document is kept": ("DELETE FROM", "= ANY"),
    "before anything is applied": ("AS d WHERE NOT EXISTS",),
    "half applied": ("INSERT INTO", "SELECT *"),
    "before the gate": ("SELECT count(*), count(*) FILTER",),
    "before it is served": ("SET state = 'served'",),
}
BESIDE = {
    "before a document is kept": ("DELETE FROM", "= ANY"),
    "before its indexes": ("USING gin",),
    "before the gate": ("SELECT count(*), count(*) FILTER",),
    "before it is served": ("SET state = 'served'",),
    "before the view leads to it": ("CREATE OR REPLACE VIEW",),
}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("moments", [CHANGED, BESIDE], ids=["what changed", "a version beside"])
def test_killed_at_any_boundary_the_old_index_is_served_and_the_next_run_ends_it(
    library: Library, moments: dict[str, tuple[str, ...]]
) -> None:
    library.index()
    before = library.rows("SELECT doc_id, text FROM ai.handbook ORDER BY 1")
    library.page("ops/restart.md", "# Restart\n\nAsk for help first.\n")
    library.page("new.md", "A new page.\n")
    (library.home / "docs" / "ops" / "disk.md").unlink()
    more = {"chunk_size": 400} if moments is BESIDE else {}
    for moment, words in moments.items():
        killed(library, *words, **more)
        assert library.rows("SELECT doc_id, text FROM ai.handbook ORDER BY 1") == before, moment
        assert library.search("delete old logs")[0].document == "ops/disk.md", moment
    killed(library, "SELECT relname FROM", **more)
    expected = ["new.md", "ops/restart.md", "people/leave.txt", "people/travel.html"]
    assert library.served() == expected, "it was committed"
    told = library.index(**more)
    assert (told["embedded"], told["rows"]) == (0, 4), "no kill lost what was embedded"
    assert library.served() == expected
    own = f"handbook__{told['version']}"
    left = {"handbook", "handbook__index", "handbook__passages", own, f"{own}__passages"}
    assert {name for name in library.tables() if "__d0" not in name} == left
