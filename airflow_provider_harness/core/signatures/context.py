"""Where an exception was raised, and which cause explains which: knowledge beside the words of a message.

A library that only reads files raises because of the file; one that only parses settings, because of the settings.
And a cause that is there leaves traces that look like others: a full disk breaks connections, a connection that was
cut leaves half a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

#: Patterns over the innermost frame of a Python traceback, lower-cased, one a line, as in ``core.signatures.texts``.
RAISED_IN: Mapping[C, str] = {
    C.BAD_INPUT_ENCODING_OR_FORMAT: r"""
4 (?:fastavro|avro/(?:io|datafile)|pyarrow/(?:_csv|_json|_orc)|zipfile|tarfile|gzip|bz2|lzma|_compression|openpyxl/reader|xlrd/|pyxlsb|lxml/|xml/(?:etree|sax|dom)|expat|pandas/io/(?:parsers|excel|stata|sas|xml)|_libs/parsers|pickle|encodings/|codecs)
""",
    C.CONFIG_ERROR: r"""
4 (?:/configparser|yaml/(?:parser|scanner|constructor|composer|reader)|tomllib|dotenv|argparse|pydantic_settings|zoneinfo|dsnparse|sqlalchemy/engine/url|urllib3/util/url|/shlex)
""",
    C.CODE_BUG: r"""
4 (?:jinja2/(?:parser|lexer|environment|runtime)|asyncio/runners|inspect\.py|sqlglot|re/_parser|sre_parse|/ast\.py|string\.py|networkx)
""",
    C.DEPENDENCY_OR_VERSION: r"""
4 (?:pkg_resources|importlib/metadata|importlib_metadata|_bootstrap_external|import_optional_dependency|compat/_optional)
""",
    C.TRANSIENT_NETWORK: r"""
3 (?:/socket\.py|/ssl\.py|http/client|urllib3/connection|httpcore|aiohttp/(?:connector|streams)|redis/connection|amqp/transport|kombu/connection)
""",
}

#: What quoted source code says about what failed on the line below it: reading a setting is not reading data.
QUOTED: Mapping[C, str] = {
    C.CONFIG_ERROR: r"""
8 (?:int|float|bool|json\.loads?|uri|url|path|dsn)\(.{0,20}\bos\.(?:environ|getenv)
8 (?:load|safe_load|loads|read|parse|open|validate\w*)\(.{0,40}(?:settings|config\w*|\bconf|profiles?|\.env|credentials?|params)\.(?:json|ya?ml|toml|ini|cfg|env)\b
""",
}

#: cause -> what its traces are often taken for. Where the cause is well founded, those count for less.
EXPLAINS: Mapping[C, frozenset[C]] = {
    C.RESOURCE_EXHAUSTED_DISK: frozenset(
        {C.TRANSIENT_NETWORK, C.WORKER_LOST, C.TIMEOUT, C.LOCK_CONTENTION, C.CODE_BUG, C.UPSTREAM_FAILED}
    ),
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: frozenset({C.TRANSIENT_NETWORK, C.WORKER_LOST, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.RESOURCE_EXHAUSTED_MEMORY: frozenset({C.TRANSIENT_NETWORK, C.WORKER_LOST, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.AUTH_EXPIRED_OR_INVALID: frozenset({C.TRANSIENT_NETWORK, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.PERMISSION_DENIED: frozenset({C.TRANSIENT_NETWORK, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.CONFIG_ERROR: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DEPENDENCY_OR_VERSION: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.SCHEMA_DRIFT: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DUPLICATE_DATA: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DATA_QUALITY_VIOLATION: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.MISSING_OBJECT: frozenset({C.UPSTREAM_FAILED}),
    C.TRANSIENT_NETWORK: frozenset({C.BAD_INPUT_ENCODING_OR_FORMAT, C.DEPENDENCY_OR_VERSION}),
    C.QUOTA_EXHAUSTED: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.LOCK_CONTENTION: frozenset({C.TRANSIENT_NETWORK, C.TIMEOUT, C.DUPLICATE_DATA, C.UPSTREAM_FAILED}),
    C.RESOURCE_EXHAUSTED_CONNECTIONS: frozenset({C.TRANSIENT_NETWORK, C.TIMEOUT, C.UPSTREAM_FAILED}),
}
