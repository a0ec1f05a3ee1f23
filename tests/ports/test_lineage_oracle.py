"""Lineage held against what PostgreSQL itself says: a view depends on exactly the columns that its query uses, and is
called by the names that the server gives; and, column by column, against sqlglot's own lineage."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlglot
from psycopg.conninfo import make_conninfo
from sqlglot import exp
from sqlglot.lineage import lineage

from airflow_provider_harness.adapters.lineage import sql as lineage_sql
from airflow_provider_harness.adapters.lineage.places import homes
from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset
from airflow_provider_harness.testing.postgres import PostgresServer

MADE = """
CREATE TABLE a (id int PRIMARY KEY, x int, y int, tags int[], doc jsonb, born timestamptz);
CREATE TABLE b (id int, z int, w text);
CREATE TABLE "Mixed" ("Id" int, "Some Name" text, plain int);
CREATE SCHEMA s;
CREATE TABLE s.far (id int, w int);
CREATE TABLE s.a (id int, only_far int);
CREATE TABLE events (event_id int, subject_id int, charttime timestamptz, item_id int, value numeric, unit text);
"""

USED = """
SELECT DISTINCT n.nspname || '.' || c.relname, a.attname
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnum = d.refobjsubid
WHERE r.ev_class = 'v'::regclass AND c.oid <> r.ev_class
"""

NAMES = "SELECT attname FROM pg_attribute WHERE attrelid = 'v'::regclass AND attnum > 0 ORDER BY attnum"


@pytest.fixture(scope="module")
def server(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    name = "lineage_oracle"
    postgres.ensure_database(name)
    with psycopg.connect(postgres.url(name), autocommit=True) as connection:
        connection.execute(MADE.encode())
        yield connection
    postgres.drop_database(name)


def followed(server: psycopg.Connection[Any], sql: str) -> tuple[set[tuple[str, str]], set[str], set[str]]:
    """The columns that a query uses, the names of its outputs that are made of something, and the tables that it reads."""
    tables = lineage_sql.tables(sql)
    schemas = {table: catalog(server, table) for table in tables}
    found = lineage_sql.edges(sql, schemas, lambda table: Dataset(namespace="h", name=table))
    used = {(edge.source.name, edge.source_column) for edge in found}
    return used, {edge.target_column for edge in found if edge.target_column}, set(tables)


def told(server: psycopg.Connection[Any], sql: str) -> tuple[set[tuple[str, str]], set[str]]:
    """What the server says of the same query."""
    with server.transaction(force_rollback=True):
        server.execute(f"CREATE VIEW v AS {sql}".encode())
        used = {(table, column) for table, column in server.execute(USED).fetchall()}
        return used, {name for (name,) in server.execute(NAMES).fetchall()}


QUERIES = [
    "SELECT id, x FROM a WHERE y = 1",
    "SELECT ID, A.X AS U FROM A WHERE Y = 1",
    'SELECT "Id", "Some Name", PLAIN FROM "Mixed"',
    'SELECT m."Some Name" AS "Out Name" FROM public."Mixed" AS m ORDER BY m.plain',
    "SELECT max(x), count(*), sum(y) AS total FROM a GROUP BY id",
    "SELECT x + 1 FROM a",
    "SELECT coalesce(x, y) FROM a",
    "SELECT nullif(x, y) FROM a",
    "SELECT greatest(x, y), least(x, id) FROM a",
    "SELECT CASE WHEN x > 1 THEN y END FROM a",
    "SELECT CASE WHEN x > 1 THEN 1 ELSE y END FROM a",
    "SELECT x::bigint, (x + 1)::numeric, (y * 2)::text FROM a",
    "SELECT date_trunc('day', born), extract(year FROM born), born AT TIME ZONE 'UTC' FROM a",
    "SELECT substr(w, 1, 2), trim(w), length(w), upper(w) FROM b",
    "SELECT ltrim(w), rtrim(w), substring(w FROM 1 FOR 2), position('a' IN w) FROM b",
    "SELECT tags[1], array_length(tags, 1), ARRAY[x, y] FROM a",
    "SELECT doc -> 'k' AS k, doc ->> 'v' FROM a",
    "SELECT (SELECT max(z) FROM b WHERE b.id = a.id) FROM a",
    "SELECT exists(SELECT 1 FROM b WHERE b.id = a.id) FROM a",
    "SELECT ARRAY(SELECT z FROM b WHERE b.id = a.id) FROM a",
    "SELECT row(x, y)::text, bool_and(x > 1) FROM a GROUP BY x, y",
    "SELECT row_number() OVER (PARTITION BY y ORDER BY born), lag(x) OVER w AS l FROM a WINDOW w AS (ORDER BY id)",
    "SELECT string_agg(w, ',' ORDER BY z) FROM b",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), mode() WITHIN GROUP (ORDER BY y) AS m FROM a",
    "SELECT count(*) FILTER (WHERE x > 1), sum(x) FILTER (WHERE y > 1) AS s FROM a",
    "WITH a AS (SELECT id, x FROM a WHERE y > 1) SELECT x FROM a ORDER BY id",
    "WITH b AS (SELECT id, x AS z FROM a) SELECT z, id FROM b",
    "WITH a AS (SELECT id, z FROM b), b AS (SELECT id, z FROM a) SELECT a.z, b.id FROM a JOIN b ON a.id = b.id",
    "WITH q AS (WITH a AS (SELECT id, z AS x FROM b) SELECT id, x FROM a) SELECT q.x, a.y FROM q JOIN a ON a.id = q.id",
    "SELECT u.x, a.y FROM (WITH a AS (SELECT id, z AS x FROM b) SELECT id, x FROM a) AS u JOIN a ON a.id = u.id",
    "WITH RECURSIVE r AS (SELECT id, x FROM a UNION ALL SELECT b.id, r.x FROM r JOIN b ON b.z = r.id) SELECT id, x FROM r",
    "WITH c(p, q) AS (SELECT id, x FROM a) SELECT p, q FROM c",
    "WITH A AS (SELECT ID, X FROM A) SELECT X, id FROM a",
    "SELECT a.only_far, far.w FROM s.a JOIN s.far USING (id)",
    "SELECT x, z FROM a NATURAL JOIN b",
    "SELECT x, z FROM a LEFT JOIN b USING (id) WHERE b.id IS NULL",
    "SELECT p.x, q.x AS other FROM a p JOIN a q ON p.id = q.y",
    "SELECT t.p, t.q FROM a AS t(p, q)",
    "SELECT a.id, tag FROM a LEFT JOIN LATERAL unnest(a.tags) AS tag ON true",
    "SELECT a.id, u.t, u.n FROM a, unnest(a.tags) WITH ORDINALITY AS u(t, n)",
    "SELECT a.id, k.key, k.value FROM a, jsonb_each(a.doc) AS k",
    "SELECT a.id, r.p FROM a, jsonb_to_recordset(a.doc) AS r(p int, q text)",
    "SELECT a.id, g FROM a, generate_series(1, a.x) AS g",
    "SELECT a.x, l.z FROM a CROSS JOIN LATERAL (SELECT z FROM b WHERE b.id = a.id ORDER BY w LIMIT 1) AS l",
    "SELECT x FROM a WHERE (id, y) IN (SELECT id, z FROM b WHERE w = 'k')",
    "SELECT x FROM a WHERE y > ALL (SELECT z FROM b) OR id = ANY (ARRAY[1, 2])",
    "SELECT DISTINCT ON (y) x FROM a ORDER BY y, born DESC",
    "SELECT x, y, grouping(x) AS g, count(*) FROM a GROUP BY ROLLUP (x, y) HAVING max(id) > 1",
    "SELECT x AS y, y AS x FROM a WHERE x > 1",
    "SELECT x AS y FROM a ORDER BY y",
    "SELECT x AS y FROM a ORDER BY (y) DESC",
    "SELECT x AS y FROM a ORDER BY abs(y), id",
    "SELECT x AS y FROM a ORDER BY y::text",
    "WITH c AS (SELECT x, y FROM a) SELECT x AS y FROM c ORDER BY y + 1",
    "SELECT x AS born, count(*) FROM a GROUP BY x HAVING max(y) > 1 ORDER BY born",
    "SELECT x FROM a UNION SELECT z FROM b WHERE w = 'k' ORDER BY 1",
    "SELECT id FROM a EXCEPT SELECT id FROM b",
    "SELECT v.n, b.z FROM b JOIN (VALUES (1, 'p'), (2, 'q')) AS v(k, n) ON v.k = b.id",
    "SELECT column2, b.z FROM b JOIN (VALUES (1, 'p')) AS v ON v.column1 = b.id",
    "SELECT x FROM a WHERE born > (SELECT max(charttime) FROM events) LIMIT 3",
    "SELECT x FROM a TABLESAMPLE SYSTEM (50)",
    "SELECT * FROM b",
    "SELECT (b).z, (b).w AS v FROM b",
    "SELECT b.*, a.x FROM b JOIN a ON a.id = b.id",
    # in the manner of clinical concepts: windows of time, worst values of a day, carried forward
    "WITH co AS (SELECT e.subject_id, e.charttime, lag(e.charttime) OVER w AS before FROM events e WHERE e.item_id IN (1, 2) "
    "WINDOW w AS (PARTITION BY e.subject_id ORDER BY e.charttime)), "
    "worst AS (SELECT co.subject_id, date_trunc('day', co.charttime) AS day, max(e.value) AS worst FROM co "
    "LEFT JOIN events e ON e.subject_id = co.subject_id AND e.charttime BETWEEN co.before AND co.charttime "
    "GROUP BY co.subject_id, date_trunc('day', co.charttime)) "
    "SELECT subject_id, day, CASE WHEN worst > 3 THEN 4 WHEN worst IS NULL THEN 0 ELSE worst END AS score FROM worst",
    "SELECT subject_id, max(CASE WHEN item_id = 1 THEN value ELSE NULL END) AS ph, min(CASE WHEN unit = 'k' THEN value END) "
    "FROM events GROUP BY subject_id, event_id",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_a_view_uses_what_lineage_tells(server: psycopg.Connection[Any], sql: str) -> None:
    used, outputs, tables = followed(server, sql)
    theirs, names = told(server, sql)
    assert used == theirs
    assert outputs <= names
    assert tables == {table for table, _ in theirs} | (tables - {table for table, _ in used})


WIDER = [
    # in the manner of compiled models: a chain of expressions, the newest row of a key, a hash of a row's columns
    "WITH source AS (SELECT * FROM events), renamed AS (SELECT event_id AS id, value AS v, charttime AS at FROM source), "
    "ranked AS (SELECT *, row_number() OVER (PARTITION BY id ORDER BY at DESC) AS n FROM renamed), "
    "final AS (SELECT id, v, at, md5(coalesce(cast(v AS text), '') || cast(id AS text)) AS hashed FROM ranked WHERE n = 1) "
    "SELECT id, v, at, hashed FROM final",
    "WITH c AS (SELECT id, x, y FROM a) SELECT x FROM c",
    "SELECT q.id FROM (SELECT * FROM events JOIN b ON b.id = events.event_id) AS q",
]


@pytest.mark.parametrize("sql", WIDER)
def test_what_nothing_takes_up_is_left_out(server: psycopg.Connection[Any], sql: str) -> None:
    used, outputs, tables = followed(server, sql)
    theirs, names = told(server, sql)
    assert used < theirs
    assert outputs == names
    assert tables == {table for table, _ in theirs}


ROWS = {
    "SELECT id, to_jsonb(a) AS d FROM a": "a",
    "SELECT a FROM a": "a",
    "SELECT b::text, row_to_json(a), count(b) FROM a JOIN b ON a.id = b.id GROUP BY a.*, b.*": "a b",
    "SELECT json_agg(q) FROM (SELECT id, z, w FROM b) AS q": "b",
    "SELECT array_agg(b) FROM b": "b",
    "SELECT CAST(b AS text) AS t FROM b": "b",
    "SELECT to_jsonb(b.*) AS t FROM b": "b",
    "WITH c AS (SELECT id, z, w FROM b) SELECT jsonb_agg(c ORDER BY c.id) AS c FROM c": "b",
    "SELECT (SELECT to_jsonb(a)) AS d FROM a": "a",
    "SELECT md5(b::text) FROM b": "b",
}


@pytest.mark.parametrize("sql", ROWS)
def test_a_whole_row_is_made_of_all_its_columns(server: psycopg.Connection[Any], sql: str) -> None:
    used, outputs, _ = followed(server, sql)
    _, names = told(server, sql)
    columns = {name: catalog(server, f"public.{name}") for name in ROWS[sql].split()}
    assert used == {(f"public.{name}", one.name) for name, found in columns.items() if found for one in found.columns}
    assert outputs == names


EXPRESSIONS = """
max(x) ; min(x) ; avg(x) ; sum(x) ; count(x) ; count(DISTINCT x) ; array_agg(x) ; string_agg(x::text, ',')
json_agg(x) ; jsonb_agg(x) ; json_object_agg(id, x) ; jsonb_object_agg(id, x) ; bool_and(x>1) ; bool_or(x>1)
every(x>1) ; bit_and(x) ; stddev(x) ; stddev_pop(x) ; stddev_samp(x) ; variance(x) ; var_pop(x) ; var_samp(x)
corr(x,y) ; covar_pop(x,y) ; regr_slope(x,y) ; percentile_cont(0.5) WITHIN GROUP (ORDER BY x)
percentile_disc(0.5) WITHIN GROUP (ORDER BY x) ; mode() WITHIN GROUP (ORDER BY x)
row_number() OVER (ORDER BY x) ; rank() OVER (ORDER BY x) ; dense_rank() OVER (ORDER BY x)
ntile(2) OVER (ORDER BY x) ; lag(x) OVER (ORDER BY y) ; lead(x) OVER (ORDER BY y)
first_value(x) OVER (ORDER BY y) ; last_value(x) OVER (ORDER BY y) ; nth_value(x,2) OVER (ORDER BY y)
cume_dist() OVER (ORDER BY x) ; percent_rank() OVER (ORDER BY x) ; abs(x) ; ceil(x) ; ceiling(x) ; floor(x)
round(x) ; round(x,1) ; trunc(x) ; sqrt(x) ; power(x,2) ; pow(x,2) ; exp(x) ; ln(x) ; log(x) ; log(2,x)
mod(x,2) ; sign(x) ; div(x,2) ; random()*x ; greatest(x,y) ; least(x,y) ; nullif(x,y) ; coalesce(x,y)
degrees(x) ; radians(x) ; sin(x) ; cbrt(x) ; factorial(x) ; lower(x::text) ; upper(x::text) ; initcap(x::text)
length(x::text) ; char_length(x::text) ; character_length(x::text) ; octet_length(x::text) ; bit_length(x::text)
substr(x::text,1) ; substring(x::text,1) ; substring(x::text from 1 for 2) ; left(x::text,1) ; right(x::text,1)
trim(x::text) ; btrim(x::text) ; ltrim(x::text) ; rtrim(x::text) ; trim(leading from x::text)
trim(both 'a' from x::text) ; trim(trailing 'a' from x::text) ; replace(x::text,'a','b')
translate(x::text,'a','b') ; split_part(x::text,',',1) ; concat(x,y) ; concat_ws(',',x,y) ; format('%s',x)
repeat(x::text,2) ; reverse(x::text) ; lpad(x::text,3) ; rpad(x::text,3) ; strpos(x::text,'a')
position('a' in x::text) ; overlay(x::text placing 'a' from 1) ; md5(x::text) ; sha256(x::text::bytea)
encode(x::text::bytea,'hex') ; regexp_replace(x::text,'a','b') ; regexp_match(x::text,'a')
regexp_matches(x::text,'a') ; regexp_split_to_array(x::text,',') ; string_to_array(x::text,',')
array_to_string(tags,',') ; ascii(x::text) ; chr(x) ; quote_ident(x::text) ; starts_with(x::text,'a')
to_char(x,'9') ; to_number(x::text,'9') ; to_date(x::text,'YYYY') ; to_timestamp(x)
to_timestamp(x::text,'YYYY') ; unistr(x::text) ; date_trunc('day',born) ; date_part('year',born)
extract(year from born) ; extract(epoch from born) ; age(born) ; age(born,born) ; born::date
cast(born as date) ; born at time zone 'UTC' ; timezone('UTC',born) ; born + interval '1 day' ; born - born
make_date(x,1,1) ; make_interval(days => x) ; justify_days(born-born) ; date_bin('1 day',born,born)
to_char(born,'YYYY') ; isfinite(born) ; now() - born ; x+1 ; -x ; x||'a' ; x=1 ; x>1 and y>1 ; not (x>1)
x is null ; x between 1 and 2 ; x in (1,2) ; x::text like 'a' ; x::text ~ 'a' ; x::bigint ; x::numeric(3,1)
x::text ; (x+1)::text ; (x+1)::varchar(3) ; (x+1)::char(3) ; (x+1)::smallint ; (x+1)::bigint ; (x+1)::real
(x+1)::double precision ; (x+1)::float ; (x+1)::boolean ; (x>1)::boolean ; (x+1)::decimal ; (x+1)::money
(x::text||'a')::json ; (x::text||'a')::jsonb ; (x::text||'a')::uuid ; (x::text||'a')::date
(x::text||'a')::timestamp ; (x::text||'a')::timestamptz ; (x::text||'a')::time ; (x::text||'a')::timetz
(x::text||'a')::interval ; (x::text||'a')::bytea ; (x::text||'a')::inet ; (x::text||'a')::int[]
(x::text||'a')::xml ; cast(x as int) ; case when x>1 then y end ; case when x>1 then 1 else y end
case x when 1 then y else 2 end ; case when x>1 then 'a' else lower(x::text) end
case when x > 1 then y else y::text::int end ; case when x>1 then 1 else (y+1)::int end ; tags[1] ; tags[1:2]
array[x,y] ; array_length(tags,1) ; cardinality(tags) ; unnest(tags) ; array_append(tags,x)
array_cat(tags,tags) ; array_position(tags,x) ; array_remove(tags,x) ; x = any(tags) ; tags && tags
tags || tags ; generate_series(1,x) ; doc->'a' ; doc->>'a' ; doc#>'{a}' ; doc#>>'{a}' ; doc ? 'a' ; doc @> '{}'
jsonb_extract_path(doc,'a') ; jsonb_extract_path_text(doc,'a') ; jsonb_array_length(doc) ; jsonb_typeof(doc)
jsonb_build_object('a',x) ; json_build_object('a',x) ; json_build_array(x) ; to_json(x) ; to_jsonb(x)
row_to_json(a) ; jsonb_set(doc,'{a}','1') ; jsonb_strip_nulls(doc) ; jsonb_pretty(doc)
jsonb_path_query(doc,'$.a') ; jsonb_path_exists(doc,'$.a') ; jsonb_array_elements(doc)
jsonb_array_elements_text(doc) ; jsonb_object_keys(doc) ; (select max(z) from b where b.id=a.id)
(select z from b where b.id=a.id limit 1) ; (select z as k from b where b.id=a.id limit 1)
(select z+1 from b where b.id=a.id limit 1) ; exists(select 1 from b where b.id=a.id)
array(select z from b where b.id=a.id) ; x in (select z from b) ; not exists(select 1 from b where b.id=a.id)
x = (select max(z) from b) ; row(x,y)::text ; (x,y)::text ; a::text ; (a).x ; to_tsvector(x::text)
ts_rank(to_tsvector(x::text), to_tsquery('a')) ; num_nonnulls(x,y) ; pg_typeof(x) ; hashtext(x::text)
sum(x) filter (where y>1) ; sum(x) over () ; max(x) over (partition by y) ; round(avg(x),2) ; sum(x)/count(*)
(sum(x)) ; ((x)) ; coalesce(sum(x),0) ; grouping(x) ; json_array(x) ; json_object('a': x) ; x is distinct from y
greatest(x,y)::text ; coalesce(x,y)::text ; upper(x::text)::varchar
"""
"""Expressions over ``a`` and ``b``, between semicolons."""


@pytest.mark.parametrize("expression", [one.strip() for one in re.split(r" ; |\n", EXPRESSIONS) if one.strip()])
def test_a_column_without_a_name_has_the_servers(server: psycopg.Connection[Any], expression: str) -> None:
    for group in ("", " GROUP BY x", " GROUP BY ROLLUP (x)"):
        sql = f"SELECT {expression} FROM a{group}"
        try:
            theirs, names = told(server, sql)
        except psycopg.errors.GroupingError:
            continue
        used, outputs, _ = followed(server, sql)
        assert outputs == names
        assert theirs <= used
        return
    raise AssertionError(f"{expression} is not an expression over a")


class Writer:
    """Writes queries of its own: names in any case, shadows, joins, groups, queries within queries."""

    def __init__(self, seed: int) -> None:
        self.chance, self.count = random.Random(seed), 0
        self.tables = {"a": ["id", "x", "y"], "b": ["id", "z"], "s.far": ["id", "w"], '"Mixed"': ['"Id"', "plain"]}

    def query(self, depth: int = 0) -> tuple[str, list[str]]:
        expressions, hidden = [], dict(self.tables)
        if depth < 2 and self.chance.random() < 0.5:
            name = self.chance.choice(["a", "b", "c"])
            sql, columns = self.query(depth + 1)
            expressions.append(f"{self.cased(name)} AS ({sql})")
            self.tables = {**self.tables, name: columns}
        sql, columns = self.select(depth)
        self.tables = hidden
        return (f"WITH {', '.join(expressions)} " if expressions else "") + sql, columns

    def select(self, depth: int) -> tuple[str, list[str]]:
        one, other = self.source(depth), self.source(depth)
        begin = f"FROM {one[0]}"
        visible = [f"{one[1]}.{column}" for column in one[2]]
        if self.chance.random() < 0.5:
            joined = self.chance.choice(["JOIN", "LEFT JOIN", "FULL JOIN"])
            begin += f" {joined} {other[0]} ON {visible[0]} = {other[1]}.{other[2][0]}"
            visible += [f"{other[1]}.{column}" for column in other[2]]
        conditions = []
        if self.chance.random() < 0.5:
            conditions.append(f"{self.value(visible)} > {self.value(visible)}")
        if self.chance.random() < 0.3:
            inner, columns = self.select(2)
            conditions.append(f"{self.chance.choice(visible)} IN (SELECT {columns[0]} FROM ({inner}) AS within)")
        begin += f" WHERE {' AND '.join(conditions)}" if conditions else ""
        width = self.chance.randint(1, 3)
        names = [f"c{self.number()}" for _ in range(width)]
        if self.chance.random() < 0.3:
            key = self.chance.choice(visible)
            chosen = [key] + [f"max({self.value(visible)})" for _ in names[1:]]
            begin += f" GROUP BY {key}"
        else:
            chosen = [self.chance.choice([self.value(visible), self.window(visible)]) for _ in names]
        said = ", ".join(f"{value} AS {self.cased(name)}" for value, name in zip(chosen, names, strict=True))
        return f"SELECT {said} {begin}", names

    def source(self, depth: int) -> tuple[str, str, list[str]]:
        alias = f"t{self.number()}"
        if depth < 2 and self.chance.random() < 0.3:
            sql, columns = self.query(depth + 1)
            return f"({sql}) AS {alias}", alias, columns
        table = self.chance.choice(sorted(self.tables))
        return f"{self.cased(table)} AS {self.cased(alias)}", alias, self.tables[table]

    def value(self, visible: list[str]) -> str:
        one, two = (self.cased(self.chance.choice(visible)) for _ in range(2))
        forms = [one, f"{one} + {two}", f"coalesce({one}, {two})", f"CASE WHEN {one} > 1 THEN {two} ELSE 0 END"]
        return self.chance.choice(forms)

    def window(self, visible: list[str]) -> str:
        one, two, three = (self.chance.choice(visible) for _ in range(3))
        return f"(sum({one}) OVER (PARTITION BY {two} ORDER BY {three}))::int"

    def cased(self, name: str) -> str:
        return name if '"' in name or self.chance.random() < 0.7 else name.upper()

    def number(self) -> int:
        self.count += 1
        return self.count


@pytest.mark.parametrize("part", range(10))
def test_queries_that_nobody_wrote(server: psycopg.Connection[Any], part: int) -> None:
    """What PostgreSQL uses and lineage does not tell are columns of queries within that nothing takes up."""
    for seed in range(part * 20, part * 20 + 20):
        sql, columns = Writer(seed).query()
        used, outputs, tables = followed(server, sql)
        theirs, names = told(server, sql)
        assert used <= theirs, sql
        assert used, sql
        assert {table for table, _ in theirs} <= tables, sql
        assert outputs <= names == set(columns), sql
        assert direct(server, sql) == by_sqlglot(server, sql), sql


def direct(server: psycopg.Connection[Any], sql: str) -> set[tuple[str, str, str]]:
    schemas = {table: catalog(server, table) for table in lineage_sql.tables(sql)}
    found: tuple[ColumnEdge, ...] = lineage_sql.edges(sql, schemas, lambda table: Dataset(namespace="h", name=table))
    return {
        (edge.target_column, edge.source.name.rpartition(".")[2], edge.source_column)
        for edge in found
        if edge.target_column
    }


def by_sqlglot(server: psycopg.Connection[Any], sql: str) -> set[tuple[str, str, str]]:
    """The leaves of sqlglot's own lineage of each column, shadows renamed before, which it does not know how to tell."""
    tree = sqlglot.parse_one(sql, read="postgres")
    nested: dict[str, Any] = {}
    for table in lineage_sql.tables(sql):
        home, _, name = table.partition(".")
        columns = catalog(server, table)
        assert columns is not None
        nested.setdefault(home, {})[f'"{name}"'] = {f'"{column.name}"': "int" for column in columns.columns}
    apart(tree, {}, iter(range(1000)))
    found = set()
    for name in tree.named_selects:
        node = lineage(name.lower(), tree.copy(), schema=nested, dialect="postgres")
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table):
                found.add((name.lower(), leaf.expression.name, leaf.name.rpartition(".")[2].strip('"')))
    return found


def apart(node: Any, visible: dict[str, str], numbers: Iterator[int]) -> None:
    """Every common table expression under a name of its own, every table with its schema."""
    here = dict(visible)
    clause = node.args.get("with_")
    for cte in clause.expressions if clause else ():
        apart(cte.this, here, numbers)
        here = {**here, cte.alias.lower(): f"q{next(numbers)}"}
        cte.args["alias"].this.set("this", here[cte.alias.lower()])
    for held in node.args.values():
        for child in held if isinstance(held, list) else [held]:
            if not isinstance(child, exp.Expression) or child is clause:
                continue
            if isinstance(child, exp.Table) and not child.db:
                mine = here.get(child.name.lower())
                if mine:
                    child.set("this", exp.to_identifier(mine))
                else:
                    child.set("db", exp.to_identifier("public"))
            apart(child, here, numbers)


def test_names_without_a_schema_are_where_the_search_path_has_them(
    server: psycopg.Connection[Any], postgres: PostgresServer
) -> None:
    dsn = make_conninfo(postgres.url("lineage_oracle"), options="-c search_path=s,public")
    found = homes(dsn, ("a", "b", "far", "not_there", "pg_class"))
    assert found == {"a": "s", "b": "public", "far": "s", "not_there": "s", "pg_class": "pg_catalog"}
    assert lineage_sql.unplaced("WITH b AS (SELECT 1) SELECT * FROM A, b, s.far") == ("a",)
    assert lineage_sql.tables("SELECT * FROM A, b", home=found.__getitem__) == ("s.a", "public.b")
