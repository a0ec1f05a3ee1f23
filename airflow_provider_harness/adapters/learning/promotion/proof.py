"""The proof that a sandbox's role can do no more than it should: asked of the server, before anything is built."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed

if TYPE_CHECKING:
    import psycopg

_OURS = "n.nspname <> %(sandbox)s AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
_RELATIONS = f"""
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS}
"""
_NAME = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"

#: What the role must not be or have -> the question that names it. One row is enough.
MUST_NOT: Mapping[str, str] = {
    "is, or may become,": """
SELECT rolname || ' with ' || concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
  CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
  CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END)
FROM pg_catalog.pg_roles WHERE rolname IN (session_user, current_user)
  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
UNION ALL
SELECT r.rolname FROM pg_catalog.pg_roles r
WHERE r.rolname NOT IN (session_user, current_user) AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
""",
    "may write": f"""
SELECT {_NAME} {_RELATIONS} AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
  AND (pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')
       OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
UNION ALL
SELECT {_NAME} {_RELATIONS} AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE, UPDATE') END
UNION ALL
SELECT 'large object ' || l.oid FROM pg_catalog.pg_largeobject_metadata l
WHERE l.lomowner = session_user::regrole OR EXISTS (
  SELECT FROM pg_catalog.aclexplode(l.lomacl) g WHERE g.grantee IN (0, session_user::regrole))
""",
    "may create in": """
SELECT 'schema ' || n.nspname FROM pg_catalog.pg_namespace n
WHERE n.nspname <> %(sandbox)s AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND n.nspname !~ '^pg_(toast_)?temp'
UNION ALL
SELECT 'database ' || datname FROM pg_catalog.pg_database
WHERE datname = current_database() AND pg_catalog.has_database_privilege(oid, 'CREATE')
""",
    "may read": f"""
SELECT {_NAME} {_RELATIONS} AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
  AND n.nspname || '.' || c.relname <> ALL (%(reads)s)
  AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))
UNION ALL
SELECT c.oid::regclass::text FROM pg_catalog.pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
  AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.has_table_privilege('public', c.oid, 'SELECT')
  AND NOT pg_catalog.has_any_column_privilege('public', c.oid, 'SELECT')
""",
    "may read a column that the contract drops,": f"""
SELECT {_NAME} || '.' || a.attname {_RELATIONS.replace("WHERE", "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid WHERE")}
  AND n.nspname || '.' || c.relname = %(table)s AND a.attname = ANY (%(dropped)s) AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
""",
    "may call a function that runs with its owner's rights,": f"""
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE {_OURS} AND p.prosecdef AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
""",
    "may call what not everybody may,": """
SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
  AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') AND NOT pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
""",
    "may use": """
SELECT 'server ' || srvname FROM pg_catalog.pg_foreign_server WHERE pg_catalog.has_server_privilege(oid, 'USAGE')
""",
}

_MUST = """
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
FROM pg_catalog.pg_namespace n WHERE n.nspname = %(sandbox)s
"""


def prove(
    connection: psycopg.Connection[Any], sandbox: str, table: str, reads: Collection[str], dropped: Collection[str]
) -> str:
    """The role's name, where it can do no more than build in the sandbox and read these tables.

    :param sandbox: the schema.
    :param table: the one that is promoted.
    :param reads: all that it may read.
    :param dropped: columns of the table that nobody may read.
    :raises NotAllowed: it can do more; the message names the first thing of each kind.
    :raises ConfigurationError: it cannot even build.
    """
    values = {"sandbox": sandbox, "table": table, "reads": list(reads), "dropped": list(dropped)}
    [(role,)] = connection.execute("SELECT session_user::text").fetchall()
    found = []
    for what, asked in MUST_NOT.items():
        first = connection.execute(f"{asked} LIMIT 1".encode(), values).fetchone()
        found += [f"{what} {first[0]}"] if first else []
    if found:
        raise NotAllowed(
            f"Nothing is promoted: the sandbox's role {role} {'; it '.join(found)}. "
            f"Use a role that may only create in {sandbox} and read {', '.join(sorted(reads))}.",
            role=role,
        )
    if connection.execute(_MUST.encode(), values).fetchall() != [(True,)]:
        fix = f"CREATE SCHEMA {sandbox}; GRANT USAGE, CREATE ON SCHEMA {sandbox} TO {role};"
        raise ConfigurationError(f"schema {sandbox}", f"is not there, or {role} may not create in it.", fix=fix)
    return str(role)
