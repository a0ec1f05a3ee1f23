"""An index in PostgreSQL with pgvector: filled beside what is served, judged in the transaction that puts it in its place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.retrieval import names
from airflow_provider_harness.adapters.learning.retrieval.ranking import documents_like
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.sql.checks import Rows, column, ident
from airflow_provider_harness.app.learning.retrieval import defect_of
from airflow_provider_harness.app.ports.learning import Found, IndexCounts, Indexed, Judge, Passages, Vector
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Decision, Report
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, SliceBusy
from airflow_provider_harness.core.learning.retrieval import Recipe

if TYPE_CHECKING:
    import psycopg

SHARD_BITS = 31


def shard_number(name: str) -> int:
    """Where a document of this id falls: 0 to 2^31 - 1; its rest by the number of shards is its shard."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> (32 - SHARD_BITS)


class PgVectorIndex:
    """Implements ``app.ports.learning.VectorIndex``.

    :param connection: in autocommit.
    :param run: tells runs apart; a new version is served once all shards of one run are in it.
    :param shard: of this task, from 0, of ``shards``.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], recipe: Recipe, *, run: str, shard: int = 0, shards: int = 1
    ) -> None:
        self._connection, self._recipe, self._run = connection, recipe, run
        self._shard, self._shards = shard, shards
        self._catalogue = names.catalogue(recipe.table)
        self._own = names.version(recipe.table, recipe.version)
        self._served: Mapping[str, Any] | None = None
        self._reused: names.Pair | None = None
        self._writes = self._own
        self.dimension = 0

    def open(self, measured_dimension: Callable[[], int]) -> None:
        """Take the shard, and make what is not there.

        :param measured_dimension: asks the model; only where no version of this recipe is known.
        :raises SliceBusy: another task has the shard.
        """
        self._extension()
        self._locked()
        with self._connection.transaction():
            self._ask("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", self._recipe.table)
            self._run_all((names.CATALOGUE.format(catalogue=self._catalogue),))
            self._run_all((names.ONE_SERVED.format(name=column(f"{self._table}__served"), catalogue=self._catalogue),))
        known = self._versions()
        own = known.get(self._recipe.version)
        self.dimension = own["dimension"] if own else measured_dimension()
        self._served = next((one for one in known.values() if one["state"] == "served"), None)
        if self._served is None:
            self._free()
        if self._is_served:
            self._writes = names.changes(self._recipe.table, self._recipe.version, self._shard)
        if self._served and (self._served["model"], self._served["model_version"], self._served["dimension"]) == (
            self._recipe.model,
            self._recipe.model_version,
            self.dimension,
        ):
            self._reused = names.version(self._recipe.table, self._served["version"])
            self._led(self._reused)
        with self._connection.transaction():
            self._ask("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", self._recipe.table)
            self._register()
            self._run_all(names.tables(self._writes, self._recipe, self.dimension))
        self._run_all(
            ("CREATE TEMP TABLE harness_seen (id text PRIMARY KEY, digest text NOT NULL, times integer NOT NULL)",)
        )

    def _free(self) -> None:
        """
        :raises ConfigurationError: what has the index's name is none.
        """
        for name in (self._recipe.table, f"{self._recipe.table}__passages"):
            if self._ask("SELECT to_regclass(%s) IS NOT NULL", ident(name))[0][0]:
                raise ConfigurationError(
                    f"table {name}",
                    "exists, and an index of documents did not create it.",
                    fix="Give the index another table's name in the contract, or drop this one: a view takes its place.",
                )

    def _led(self, pair: names.Pair) -> None:
        """Let a digest lead to its vector also in tables that were made before they had an index for it."""
        [(there,)] = self._ask(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid "
            "AND a.attnum = i.indkey[0] WHERE i.indrelid = to_regclass(%s) AND a.attname = 'harness_digest')",
            pair.passages,
        )
        if not there:
            self._run_all((f"CREATE INDEX ON {pair.passages} (harness_digest)",))

    @property
    def _is_served(self) -> bool:
        return self._served is not None and self._served["version"] == self._recipe.version

    @property
    def _table(self) -> str:
        return self._recipe.table.rpartition(".")[2]

    def _extension(self) -> None:
        import psycopg

        if self._ask("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'vector'"):
            return
        try:
            with self._connection.transaction():
                self._ask("SELECT pg_advisory_xact_lock(hashtextextended('CREATE EXTENSION vector', 1))")
                self._run_all(("CREATE EXTENSION IF NOT EXISTS vector",))
        except psycopg.Error as error:
            raise ConfigurationError(
                f"table {self._recipe.table}",
                f"is in a database without the extension vector, and it cannot be made: {str(error).splitlines()[0]}.",
                fix="Let an administrator install pgvector and run CREATE EXTENSION vector.",
            ) from error

    def _locked(self) -> None:
        """Hold the shard as long as the session lasts: who is killed gives it back. Who has no other shards beside him has the
        whole table."""
        lock = f"{self._recipe.table} shard {self._shard} of {self._shards}"
        shared = "_shared" if self._shards > 1 else ""
        for ask, name in (
            (f"SELECT pg_try_advisory_lock{shared}(hashtextextended(%s, 3))", self._recipe.table),
            ("SELECT pg_try_advisory_lock(hashtextextended(%s, 2))", lock),
        ):
            if not self._ask(ask, name)[0][0]:
                raise SliceBusy(f"the index {lock} is being written by another task")

    def _versions(self) -> dict[str, Mapping[str, Any]]:
        asked = f"SELECT version, state, model, model_version, dimension FROM {self._catalogue}"
        columns = ("version", "state", "model", "model_version", "dimension")
        return {row[0]: dict(zip(columns, row, strict=True)) for row in self._ask(asked)}

    def _register(self) -> None:
        recipe = self._recipe
        self._ask(
            f"INSERT INTO {self._catalogue} (version, state, model, model_version, dimension, language, key, fields, chunk_size, "
            "overlap) VALUES (%s, 'building', %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (version) DO NOTHING",
            recipe.version,
            recipe.model,
            recipe.model_version,
            self.dimension,
            recipe.language,
            recipe.key,
            [one.name for one in recipe.fields],
            recipe.chunking.size,
            recipe.chunking.overlap,
        )

    def changed(self, found: Sequence[Found]) -> Collection[str]:
        """See the port."""
        ids, digests = [one.id for one in found], [one.digest for one in found]
        self._ask(
            "INSERT INTO harness_seen SELECT id, min(digest), count(*) FROM unnest(%s::text[], %s::text[]) AS f (id, digest) "
            "GROUP BY id ON CONFLICT (id) DO UPDATE SET times = harness_seen.times + excluded.times",
            ids,
            digests,
        )
        held = "EXISTS (SELECT FROM {} AS d WHERE d.harness_id = f.id AND d.harness_digest = f.digest{})"
        whole = f" AND NOT EXISTS (SELECT FROM {self._writes.passages} AS p WHERE p.harness_id = f.id AND p.harness_defect <> '')"
        there = held.format(self._writes.documents, whole)
        if self._is_served:  # what is served passed its gate, so no vector of it has a defect
            there += f" OR {held.format(self._own.documents, '')}"
        asked = f"SELECT f.id FROM unnest(%s::text[], %s::text[]) AS f (id, digest) WHERE NOT ({there})"
        return {row[0] for row in self._ask(asked, ids, digests)}

    def forget(self, ids: Sequence[str]) -> None:
        """See the port."""
        self._ask("DELETE FROM harness_seen WHERE id = ANY(%s)", list(ids))

    def known(self, digests: Sequence[str]) -> Mapping[str, Vector]:
        """See the port."""
        found: dict[str, Vector] = {}
        for pair in filter(None, {self._reused, self._writes}):
            asked = (
                "SELECT f.digest, p.vector FROM unnest(%s::text[]) AS f (digest) CROSS JOIN LATERAL "
                f"(SELECT harness_embedding::real[] AS vector FROM {pair.passages} AS p WHERE p.harness_digest = f.digest "
                "AND p.harness_embedding IS NOT NULL AND p.harness_defect = '' LIMIT 1) AS p"
            )
            found |= dict(self._ask(asked, list(digests)))
        return found

    def put(self, passages: Sequence[Passages]) -> None:
        """See the port."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            self._ask(
                f"DELETE FROM {self._writes.documents} WHERE harness_id = ANY(%s)", [p.found.id for p in passages]
            )
            unique = {one.found.id: one for one in passages}.values()
            columns = ", ".join(column(one.name) for one in self._recipe.columns)
            own = "harness_id, harness_digest, harness_shard, harness_place"
            with cursor.copy(f"COPY {self._writes.documents} ({own}, {columns}) FROM STDIN".encode()) as copy:
                for one in unique:
                    copy.write_row(self._document(one))
            fields = "".join(f", {column(one.name)}" for one in self._recipe.fields)
            with cursor.copy(f"COPY {self._writes.passages} ({_PASSAGE}{fields}) FROM STDIN".encode()) as copy:
                for one in unique:
                    for row in self._passages(one):
                        copy.write_row(row)

    def _document(self, one: Passages) -> tuple[Any, ...]:
        recipe, document = self._recipe, one.document
        values = {**document.fields, recipe.key: document.id, recipe.text: document.text}
        own = (document.id, one.found.digest, shard_number(document.id), document.place)
        return (*own, *(_plain(values[column.name]) for column in recipe.columns))

    def _passages(self, one: Passages) -> Iterable[tuple[Any, ...]]:
        fields = tuple(_plain(one.document.fields[column.name]) for column in self._recipe.fields)
        for chunk in one.chunks:
            vector = one.vectors[chunk.digest]
            defect = defect_of(vector, self.dimension)
            kept = None if defect else "[" + ",".join(map(repr, vector)) + "]"
            place = (one.document.id, chunk.ordinal, chunk.start, chunk.end, list(chunk.headings))
            yield (*place, " > ".join(chunk.headings), chunk.text, chunk.digest, kept, defect, *fields)

    def publish(
        self, contract: Contract, judge: Judge, tell: Callable[[str], None] = lambda _: None
    ) -> tuple[Indexed, Report]:
        """Put in place what was filled, if its gate lets it: one transaction, before which the old index is served, and after which
        the new one is.

        :raises ContractViolation: the gate blocks.
        """
        with self._connection.transaction():
            self._ask("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", self._recipe.table)
            gone = self._applied() if self._is_served else self._swept()
            waiting = () if self._is_served else self._waiting()
            if not self._is_served and not waiting:
                tell("Building the indexes of a new version")
                self._run_all(names.indexes(self._own, self._recipe, self.dimension))
            counts = self._counts()
            rows = Rows(relation=self._own.documents)
            measured = None if waiting else measure(self._connection, contract, rows, prove=False)
            report = judge(measured, counts, self._find)
            if report.decision is Decision.BLOCK:
                raise ContractViolation(report)
            if not waiting:
                self._serve(counts)
        if not waiting:
            self._tidied()
        done = Indexed(
            documents=counts.documents,
            passages=counts.passages,
            gone=gone,
            version=self._recipe.version,
            swapped=not self._is_served and not waiting,
            waiting=waiting,
        )
        return done, report

    @property
    def _mine(self) -> str:
        return f"harness_shard %% {self._shards} = {self._shard}"

    def _applied(self) -> int:
        """Put what changed into the version that is served."""
        unseen = f"NOT EXISTS (SELECT FROM harness_seen AS s WHERE s.id = d.harness_id{{}}) AND {self._mine}"
        gone = self._count(f"DELETE FROM {self._own.documents} AS d WHERE {unseen.format('')}")
        stale = unseen.format(" AND s.digest = d.harness_digest")
        self._ask(f"DELETE FROM {self._writes.documents} AS d WHERE {stale}")
        self._ask(
            f"DELETE FROM {self._own.documents} WHERE harness_id IN (SELECT harness_id FROM {self._writes.documents})"
        )
        fields = "".join(f", {column(one.name)}" for one in self._recipe.fields)
        self._ask(f"INSERT INTO {self._own.documents} SELECT * FROM {self._writes.documents}")
        self._ask(
            f"INSERT INTO {self._own.passages} ({_PASSAGE}{fields}) SELECT {_PASSAGE}{fields} FROM {self._writes.passages}"
        )
        return gone

    def _swept(self) -> int:
        """Take out of a new version what an earlier try put there and is no more."""
        return self._count(
            f"DELETE FROM {self._own.documents} AS d WHERE {self._mine} AND NOT EXISTS "
            "(SELECT FROM harness_seen AS s WHERE s.id = d.harness_id AND s.digest = d.harness_digest)"
        )

    def _waiting(self) -> tuple[int, ...]:
        """The shards of a new version that this run has not yet filled, now that this one is."""
        done = json.dumps({str(self._shard): [self._run, self._shards]})
        self._ask(
            f"UPDATE {self._catalogue} SET shards = shards || %s::jsonb WHERE version = %s", done, self._recipe.version
        )
        [(shards,)] = self._ask(f"SELECT shards FROM {self._catalogue} WHERE version = %s", self._recipe.version)
        return tuple(n for n in range(self._shards) if shards.get(str(n)) != [self._run, self._shards])

    def _counts(self) -> IndexCounts:
        own, new = self._own, self._writes
        [(documents, kept)] = self._ask(f"SELECT count(*), count(*) FILTER (WHERE {self._mine}) FROM {own.documents}")
        [(passages, orphans)] = self._ask(
            f"SELECT count(*), count(*) FILTER (WHERE d.harness_id IS NULL) FROM {own.passages} AS p "
            f"LEFT JOIN {own.documents} AS d USING (harness_id)"
        )
        [(doubled, defective)] = self._ask(
            f"SELECT count(*) - count(DISTINCT (harness_id, harness_start, harness_end)), "
            f"count(*) FILTER (WHERE harness_defect <> '' OR harness_embedding IS NULL) FROM {new.passages}"
        )
        defects = self._ask(
            f"SELECT harness_id, harness_ordinal, harness_defect FROM {new.passages} WHERE harness_defect <> '' "
            "OR harness_embedding IS NULL ORDER BY 1, 2 LIMIT 1000"
        )
        bare = self._ask(
            f"SELECT harness_id FROM {new.documents} AS d WHERE {column(self._recipe.text)} ~ '\\S' AND NOT EXISTS "
            f"(SELECT FROM {new.passages} AS p WHERE p.harness_id = d.harness_id) ORDER BY 1 LIMIT 1000"
        )
        [(seen,)] = self._ask("SELECT count(*) FROM harness_seen")
        twice = self._ask("SELECT id, times FROM harness_seen WHERE times > 1 ORDER BY id LIMIT 1000")
        return IndexCounts(
            documents=documents,
            passages=passages,
            seen=seen,
            kept=kept,
            twice=dict(twice),
            orphans=orphans,
            bare=tuple(row[0] for row in bare),
            doubled=doubled,
            defects=tuple(defects),
            defective=defective,
        )

    def _find(self, vector: Vector, question: str, limit: int) -> Sequence[str]:
        return documents_like(self._connection, self._own, self._recipe.language, question, vector, limit)

    def _serve(self, counts: IndexCounts) -> None:
        version = self._recipe.version
        self._ask(f"DELETE FROM {self._catalogue} WHERE version <> %s", version)
        self._ask(
            f"UPDATE {self._catalogue} SET state = 'served', documents = %s, passages = %s, shards = '{{}}', "
            "served_at = clock_timestamp() WHERE version = %s",
            counts.documents,
            counts.passages,
            version,
        )
        if not self._is_served:
            columns = ", ".join(column(one.name) for one in self._recipe.columns)
            self._view(self._recipe.table, f"SELECT {columns} FROM {self._own.documents}")
            fields = "".join(f", {column(one.name)}" for one in self._recipe.fields)
            self._view(f"{self._recipe.table}__passages", f"SELECT {_SHOWN}{fields} FROM {self._own.passages}")

    def _view(self, name: str, query: str) -> None:
        """A view that leads to the version that is served; who may read it, still may, unless its columns are others now."""
        import psycopg

        try:
            with self._connection.transaction():
                self._run_all((f"CREATE OR REPLACE VIEW {ident(name)} AS {query}",))
        except (psycopg.errors.InvalidTableDefinition, psycopg.errors.FeatureNotSupported):
            self._run_all((f"DROP VIEW {ident(name)}", f"CREATE VIEW {ident(name)} AS {query}"))

    def _tidied(self) -> None:
        """Drop what is no longer served, and what has been applied; what a killed task left goes with the next run. What other
        shards change in the version that is served is theirs."""
        import psycopg

        schema, _, table = self._recipe.table.rpartition(".")
        version = f"^{re.escape(table)}__({{}})(__passages)?$"
        all_of_them = version.format("[0-9a-f]{8}(__d[0-9]+)?")
        keep = version.format(f"{self._recipe.version}(__d[0-9]+)?" if self._shards > 1 else self._recipe.version)
        mine = version.format(f"{self._recipe.version}__d{self._shard}")
        asked = (
            "SELECT relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s "
            "AND c.relkind = 'r' AND relname ~ %s AND (relname !~ %s OR relname ~ %s) ORDER BY relname DESC"
        )
        try:
            for (name,) in self._ask(asked, schema, all_of_them, keep, mine):
                self._run_all((f"DROP TABLE IF EXISTS {ident(f'{schema}.{name}')}",))
        except psycopg.errors.LockNotAvailable:
            return  # somebody still reads the version before; the next run drops it
        if not self._is_served:
            self._run_all((f"VACUUM {self._own.documents}", f"VACUUM {self._own.passages}"))

    def _ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(sql.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def _count(self, sql: str) -> int:
        return self._connection.execute(sql.encode(), ()).rowcount

    def _run_all(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._connection.execute(statement.encode())


_PASSAGE = (
    "harness_id, harness_ordinal, harness_start, harness_end, harness_headings, harness_heading, harness_text, harness_digest, "
    "harness_embedding, harness_defect"
)
_SHOWN = (
    "harness_id, harness_ordinal, harness_start, harness_end, harness_headings, harness_text, harness_embedding::vector"
)


def _plain(value: Any) -> Any:
    """A value as COPY takes it."""
    return json.dumps(value) if isinstance(value, dict) else value
