"""What is printed when code meets another version of a library, an interpreter or a server than it was written for.

One signature a line, see ``core.signatures.texts`` for the form. The names are those that the projects' own migration
guides list as removed or renamed: Python 3.10 to 3.14, pandas 2 and 3, NumPy 1.24 and 2, SQLAlchemy 2, pydantic 2,
Airflow 2 and 3, Great Expectations 1, dbt, urllib3 2, httpx 0.28, openai 1, protobuf, Flask, Werkzeug, Jinja, redis,
elasticsearch 8, Spark and Java.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.DEPENDENCY_OR_VERSION: r"""
9 '(?:engine|optionengine|mockconnection)' object has no attribute '(?:execute|scalar|table_names|has_table|run_callable|transaction|connect)'
9 '(?:connection|legacyrow|row|cursorresult|metadata|select|query|session|immutablecolumncollection)' object has no attribute '(?:_execute_on_connection|bind|keys|items|has_key|execute|autocommit|append_whereclause|connect|_asdict|append|extend)'
9 has no attribute '_execute_on_connection'
9 objectnotexecutableerror
9 textual sql expression .{0,80}should be explicitly declared as text
9 (?:metadata|table).{0,40}got an unexpected keyword argument '(?:bind|autoload)'
9 '(?:dataframe|series|index|multiindex|groupby|dataframegroupby|datetimeindex|categorical)' object has no attribute '(?:append|iteritems|ix|lookup|as_matrix|mad|get_value|set_value|is_monotonic|weekofyear|week|applymap|pad|backfill|bool|swapaxes|first|last|to_dense|is_all_dates|convert_objects|sort|ftypes|get_dtype_counts|slice_shift|tshift|get_ftype_counts|from_csv|select|consolidate|blocks|is_copy|get_duplicates|itemsize|strides|asobject|base)'
9 unexpected keyword argument '(?:error_bad_lines|warn_bad_lines|squeeze|mangle_dupe_cols|prefix|line_terminator|infer_datetime_format|date_parser|keep_date_col|delim_whitespace|use_nullable_dtypes|null_counts|closed|datetime_is_numeric|convert_float|proxies|proxy|method_whitelist|allowed_methods|concurrency|schedule_interval|provide_context|execution_date|sla|fail_stop|task_concurrency|dag_concurrency|default_view|orientation|lazy_load|use_legacy_dataset|validate_schema|use_inf_as_na|sparse_output|sparse|n_iter|normalize|allow_population_by_field_name|data_context|run_name_operator|expectation_suite_name|batch_request|datasource_config|site_name|loop|ssl_version|http_auth|use_ssl|doc_type|body)'
9 module 'numpy' has no attribute|numpy\.core\.multiarray failed to import|`np\.\w+_?` was removed in the numpy
9 `np\.\w+` (?:is a|was a) deprecated alias
9 module '(?:collections|asyncio|inspect|time|typing|importlib|imp|cgi|gettext|platform|fractions|base64|array|xml\.etree\.\w+|unittest|ssl|locale|ast|pkgutil|re|sqlite3|configparser|logging|datetime|os|sys|string|threading|urllib|email|locale|random|plistlib)' has no attribute
9 module '(?:pandas|polars|pyarrow|sqlalchemy|jinja2|markupsafe|werkzeug|flask|yaml|requests|urllib3|httpx|aiohttp|google|grpc|openai|pydantic|airflow|celery|kombu|redis|boto3|botocore|psycopg2?|duckdb|scipy|sklearn|torch|matplotlib|great_expectations|dbt|snowflake|pendulum|attr|attrs|click|marshmallow|cryptography|lib|lxml|fsspec|s3fs|gcsfs|delta|deltalake|pyspark|paramiko|pkg_resources|setuptools)[\w.]*' has no attribute
9 no module named '(?:distutils|imp|asynchat|asyncore|smtpd|cgi|crypt|pipes|telnetlib|nntplib|audioop|pkg_resources|collections\.abc_|urlparse|urllib2|airflow\.(?:contrib|operators|hooks|sensors|providers|utils|models)|sklearn\.externals|pandas\.(?:core|util|compat|io)|numpy\.(?:distutils|core|_core)|tensorflow\.contrib|google\.cloud\.bigquery_storage_v1beta1|great_expectations\.\w+)
9 has been (?:moved|renamed|removed) (?:to|in|from) (?:the )?[`']?(?:pydantic|airflow|sqlalchemy|pandas|numpy|langchain|openai)
9 `(?:basesettings|validator|root_validator|parse_obj|regex|const|min_items|max_items)` (?:is|has been|was) (?:removed|moved)
9 no longer supported in openai>=|you tried to access openai\.\w+, but this is no longer supported
9 (?:pydantic|pydanticusererror|pydanticimporterror).{0,160}(?:removed|migration|v2)
9 errors\.pydantic\.dev/2[\d.]*/(?:u|migration|import)
9 cannot import name '(?:escape|markup|soft_unicode|contextfilter|url_quote|url_decode|url_encode|safe_str_cmp|mutablemapping|mapping|iterable|callable|sequence|hashable|generator|_request_ctx_stack|json|apply_defaults|dummyoperator|subdagoperator|days_ago|dataset|basehook|baseoperator|get_connection|testconnection|poolmanager|default_ciphers|appengine)'
9 descriptors cannot (?:not )?be created directly|generated code is out of date
9 detected incompatible (?:protobuf|\w+) (?:gencode|runtime)|runtime version cannot be older than
9 (?:numpy|scipy|pandas|pyarrow|protobuf|grpcio|openssl|glibc|libstdc\+\+|cuda|cudnn|driver) version .{0,80}(?:too old|too new|insufficient|required|expected|does not match|mismatch)
9 requires (?:numpy|pandas|scipy|pyarrow|python|protobuf|sqlalchemy|openssl|java|spark|node|glibc|dbt|airflow)\W{0,3}(?:[<>=~!]|version)
9 (?:python|pandas|numpy|pyarrow|java|spark|scala|dbt|airflow|sqlalchemy|node) ?(?:version )?v?[\d.]+ (?:or (?:newer|later|higher|above)|and above) (?:is )?(?:required|needed)
9 pandas requires version|missing optional dependency|`import \w+` failed
9 this version of \w+ (?:requires|needs|was compiled|is compiled)
9 wheel .{0,80}is not a supported wheel|not a supported wheel on this platform
9 client version \d\S{0,20} (?:is )?(?:too (?:old|new)|not supported|incompatible)
9 client api version|client is newer than server|client is too (?:new|old)
9 unsupported class file major version|unsupported major\.minor version|java\.lang\.(?:nosuchfield|nosuchmethod|verify|linkage|bootstrapmethod)error
9 scala\S{0,20} version .{0,60}(?:mismatch|incompatible)|py4j\.\w+\.\w*\(\[.{0,80}does not exist
9 (?:does not exist in the jvm)|is not available in the jvm
9 pg_dump: error: aborting because of server version mismatch|unsupported frontend protocol|server version \S{1,20}; \w+ version
9 authentication method .{0,40}(?:not supported|requires libpq)|scram authentication requires libpq
9 authentication plugin .{0,60}cannot be loaded|client does not support authentication protocol
8 server .{0,40}does not support (?:this|the) (?:feature|version|protocol)
9 (?:additional properties are not allowed|unexpected) .{0,40}'config-version'
9 require-dbt-version|required version of dbt|not compatible with (?:this|the installed|your) version of dbt
9 package\S{0,3} .{0,80}(?:requires|is not compatible with) (?:a different|an older|a newer|another)? ?version
9 revision .{0,40}(?:can't|cannot) (?:be )?locate|can't locate revision identified by
8 (?:database|schema|metadata|state|checkpoint) (?:schema )?version .{0,60}(?:newer|older|does not match|mismatch|behind|ahead)
8 (?:is|was) (?:built|compiled|written|pickled|created|serialized) (?:with|for|by|using|against) (?:a )?(?:newer|older|different|another) (?:version|release)
8 (?:unsupported|unknown) pickle protocol|incompatible pickle|trying to unpickle estimator
8 illegal instruction|\bsigill\b|this tensorflow binary is optimized
8 (?:ld|dyld|loader).{0,40}(?:library not loaded|cannot open|symbol lookup error)|symbol lookup error
8 (?:command|program|binary|executable|tool) .{0,40}(?:is )?not installed
8 error: externally-managed-environment|metadata-generation-failed|failed to build (?:wheel|installable)|subprocess-exited-with-error
8 has requirement .{0,80}but you (?:have|'ll have)|which is incompatible
8 no (?:compatible|suitable) version|could not find a satisfactory version
""",
    C.CONFIG_ERROR: r"""
9 required var '?[\w.]+'? not found|vars supplied to
9 env var required but not provided
""",
}
