"""Names of types that PostgreSQL does not have: whose they are, and which of its own holds the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_harness.adapters.bigquery.type_names import words

_OF: Mapping[str, str] = {
    "BigQuery": "int64=bigint float64=double bytes=bytea bignumeric=numeric bigdecimal=numeric byteint=smallint",
    "Snowflake": "number=numeric variant=jsonb timestamp_ntz=timestamp timestamp_ltz=timestamptz timestamp_tz=timestamptz",
    "DuckDB": "hugeint=numeric(38,0) uhugeint=numeric(38,0) utinyint=smallint usmallint=integer uinteger=bigint ubigint=numeric(20,0) "
    "timestamp_s=timestamp timestamp_ms=timestamp timestamp_ns=timestamp union=jsonb",
    "Spark": "long=bigint short=smallint byte=smallint",
    "SQL Server": "nvarchar=varchar ntext=text datetime2=timestamp datetimeoffset=timestamptz smalldatetime=timestamp "
    "uniqueidentifier=uuid image=bytea smallmoney=numeric(10,4) rowversion=bytea sql_variant=text hierarchyid=text",
    "MySQL": "mediumint=integer tinytext=text mediumtext=text longtext=text tinyblob=bytea blob=bytea mediumblob=bytea longblob=bytea "
    "year=smallint enum=text set=text",
    "Oracle": "varchar2=varchar nvarchar2=varchar clob=text nclob=text raw=bytea binary_float=real binary_double=double rowid=text",
    "ClickHouse": "int16=smallint int32=integer int128=numeric(38,0) uint8=smallint uint16=integer uint32=bigint uint64=numeric(20,0) "
    "float32=real datetime64=timestamp fixedstring=varchar nullable=text lowcardinality=text",
    "Redshift": "super=jsonb varbyte=bytea hllsketch=bytea",
    "other databases": "array=jsonb list=jsonb map=jsonb object=jsonb datetime=timestamp tinyint=smallint binary=bytea varbinary=bytea",
    "Arrow": "float16=real decimal128=numeric utf8=text large_string=text date32=date int96=timestamp",
}
FOREIGN: Mapping[str, tuple[str, str]] = {
    name: (whose, ours)
    for whose, pairs in _OF.items()
    for name, _, ours in (pair.partition("=") for pair in pairs.split())
}
"""A name in lower case -> who calls a type so, and PostgreSQL's name of one that holds the same values."""
_SIZED = ("numeric", "varchar")


def foreign(written: str) -> tuple[str, str]:
    """What is wrong with a type that is another database's, and what to write; two empty texts where it is none.

    >>> foreign("NUMBER(38, 0)")[1], foreign("varchar(max)")[1], foreign("numeric(12,2)")
    ('Write numeric(38,0).', 'Write text.', ('', ''))
    """
    found = None if "<" in written else re.match(r"\s*(\w+)\s*(\([^)]*\))?", written)
    name, size = (found[1].lower(), re.sub(r"\s", "", found[2] or "").lower()) if found else ("", "")
    whose, ours = ("SQL Server", "text") if size == "(max)" else FOREIGN.get(name, ("", ""))
    if not ours:
        return "", ""
    problem = (
        f"{written[:80]!r} is a type of {whose}, and no server of the contract is one, so the harness could "
        f"not compare it."
    )
    sized = f"{ours}{size}" if ours in _SIZED and re.fullmatch(r"\(\d+(,\d+)?\)", size) else ours
    many = "[]" * written.count("[]")
    more = ", or name a server of type bigquery" * bool(words(written))
    return problem, f"Write {sized}{many}{more}."
