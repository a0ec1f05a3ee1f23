"""What a query that somebody else wrote may be made of: kinds of node, words, operators and functions, each by its name.

What is not named here is refused, so a construct or a function that nobody thought of cannot come through. The functions only
give a value of what they are given, or a fact of the session that is no secret: none of them reaches a file, another server,
another session, a setting, a lock, or SQL that is handed over as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CLAUSES = """
Select Union Intersect Except With CTE Subquery From Join Where Group Having Qualify Order Ordered Limit LimitOptions Offset Fetch
Distinct Table TableAlias Alias Identifier Column ColumnDef Star Dot Tuple Paren Filter Window WindowSpec WithinGroup Lateral
Values Cube Rollup GroupingSets TableSample Unnest PropertyEQ Kwarg Lambda
"""
_OPERATORS = """
And Or Not EQ NEQ LT LTE GT GTE Is In Between Like ILike SimilarTo Escape Exists All Any NullSafeEQ NullSafeNEQ
RegexpLike RegexpILike Overlaps Add Sub Mul Div IntDiv Mod Neg DPipe Pow BitwiseAnd BitwiseOr BitwiseXor BitwiseNot
BitwiseLeftShift BitwiseRightShift Collate AtTimeZone Bracket Slice Array Case If Cast DataType DataTypeParam Interval IntervalSpan
Operator ArrayContainsAll ArrayContainedBy ArrayOverlaps Distance Adjacent ExtendsLeft ExtendsRight JSON
JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar JSONBContains JSONBContainsTopKey JSONBContainsAnyTopKeys
JSONBContainsAllTopKeys JSONBDeleteAtPath JSONPath JSONPathRoot JSONPathKey JSONPathSubscript JSONPathWildcard
MatchAgainst PseudoType ObjectIdentifier Literal Null Boolean RawString ByteString Var Sqrt Cbrt
"""
_FUNCTIONS = """
Anonymous Abs Acos Acosh AnyValue ApproxDistinct ApproxQuantiles ApproxTopK ApproxTopSum ArgMax ArgMin ArrayAgg ArrayAppend
ArrayConcat ArrayConcatAgg ArrayFirst ArrayLast ArrayMax ArrayMin ArrayPosition ArrayPrepend ArrayRemove ArrayReverse ArraySize
ArraySlice ArraySort ArrayToString Ascii Asin Asinh Atan Atan2 Atanh Avg BitLength BitwiseAndAgg BitwiseCount BitwiseOrAgg
BitwiseXorAgg ByteLength Ceil Chr Coalesce CodePointsToBytes CodePointsToString Concat ConcatWs Contains Corr Cos Cosh Cot Count
CountIf CovarPop CovarSamp CumeDist CurrentDatabase CurrentDate CurrentDatetime CurrentSchema CurrentTime CurrentTimestamp
CurrentUser Date DateAdd DateBin DateDiff DateFromParts DateFromUnixDate DateSub DateTrunc Datetime DatetimeAdd DatetimeDiff
DatetimeSub DatetimeTrunc Decode DecodeCase Degrees DenseRank Encode EndsWith Exp Explode ExplodingGenerateSeries Extract Factorial
FarmFingerprint FirstValue Float64 Floor Format FromBase32 FromBase64 GenerateDateArray GenerateSeries GenerateTimestampArray Getbit
Greatest GroupConcat Grouping Hex Host IgnoreNulls Initcap Int64 IsInf IsNan JSONArray JSONArrayAgg JSONArrayAppend
JSONBObjectAgg JSONBool JSONExtractArray JSONFormat JSONKeysAtDepth JSONKeyValue JSONObject JSONObjectAgg JSONRemove JSONSet
JSONStripNulls JSONType JSONValueArray JustifyDays JustifyHours JustifyInterval Lag LastDay LastValue LaxBool LaxFloat64 LaxInt64
LaxString Lead Least Left Length Levenshtein Ln Localtime Localtimestamp Log LogicalAnd LogicalOr Lower LowerHex MD5 MD5Digest
MakeInterval Max Min Mode Normalize NthValue Ntile Nullif Overlay Pad ParseBignumeric ParseDatetime ParseJSON ParseNumeric ParseTime
PercentRank PercentileCont PercentileDisc Pi Radians Rand RangeBucket Rank RegexpCount RegexpExtract RegexpExtractAll RegexpInstr
RegexpReplace RegexpSubstr RegrAvgx RegrAvgy RegrCount RegrIntercept RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy Repeat Replace
RespectNulls Reverse Right Round RowNumber SHA1Digest SHA2Digest SafeAdd SafeConvertBytesToString SafeDivide SafeMultiply SafeNegate
SafeSubtract SessionUser Sign Sin Sinh Soundex Split SplitPart StDistance StartsWith Stddev StddevPop StddevSamp StrPosition
StrToDate StrToTime String StringToArray Struct Substring Sum Tan Tanh Time TimeAdd TimeDiff TimeFromParts TimeSub TimeToStr
TimeTrunc Timestamp TimestampAdd TimestampDiff TimestampFromParts TimestampSub TimestampTrunc ToBase32 ToBase64 ToCodePoints ToNumber
Translate Trim Trunc TryCast TsOrDsToDate TsOrDsToDatetime TsOrDsToTime TsOrDsToTimestamp Unhex Unicode UnixDate UnixMicros
UnixMillis UnixSeconds UnixToTime Upper Uuid Variance VariancePop WeekStart WidthBucket
"""
KINDS = frozenset(f"{_CLAUSES} {_OPERATORS} {_FUNCTIONS}".split())
"""Names of sqlglot's classes."""

_UNITS = """
EPOCH MICROSECOND MICROSECONDS MILLISECOND MILLISECONDS SECOND SECONDS MINUTE MINUTES HOUR HOURS DAY DAYS WEEK WEEKS MONTH MONTHS
QUARTER QUARTERS YEAR YEARS DECADE DECADES CENTURY CENTURIES MILLENNIUM MILLENNIA DOW DOY ISODOW ISOYEAR ISOWEEK JULIAN DAYOFWEEK
DAYOFYEAR TIMEZONE TIMEZONE_HOUR TIMEZONE_MINUTE DATE TIME SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY
US USEC USECS MS MSEC MSECS S SEC SECS M MIN MINS H HR HRS D W MON MONS QTR Y YR YRS
"""
UNITS = frozenset(_UNITS.split())
"""Parts and lengths of time, as they stand in EXTRACT, DATE_TRUNC and INTERVAL."""
WORDS = UNITS | {"TIES", "GROUP", "CURRENT ROW", "NFC", "NFD", "NFKC", "NFKD", "BERNOULLI", "SYSTEM"}
"""What stands in a query without quotes, and is no name of anything that it reads."""
_SIGNS = """
+ - * / % ^ = <> != < <= > >= ~ ~* !~ !~* ~~ ~~* !~~ !~~* || && @> <@ -> ->> #> #>> #- ? ?| ?& @? @@ & | # << >>
"""
SIGNS = frozenset(_SIGNS.split())
"""What OPERATOR() may name, of ``pg_catalog``."""

_POSTGRES = """
acosd age area array_dims array_fill array_length array_lower array_ndims array_positions array_replace array_reverse array_sort
array_to_json array_upper asind atan2d atand bit_count bool cardinality casefold clock_timestamp col_description convert_from
convert_to cosd cotd crc32 crc32c date_subtract daterange enum_first enum_last enum_range erf erfc every float8 format_type gamma gcd
generate_subscripts get_byte hashtext hashtextextended height host hostmask int4 int4range int8 int8range is_normalized isempty
isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
json_each_text json_exists json_extract_path json_extract_path_text json_object json_object_keys json_populate_record
json_populate_recordset json_query json_strip_nulls json_to_record json_to_recordset json_typeof json_value jsonb_agg
jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz
jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_populate_record
jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof lcm
lgamma lower_inc lower_inf make_date make_time make_timestamp make_timestamptz masklen min_scale multirange netmask network
num_nonnulls num_nulls numeric numrange obj_description octet_length phraseto_tsquery plainto_tsquery quote_ident quote_literal
quote_nullable range_agg range_merge regexp_match regexp_matches regexp_split_to_array regexp_split_to_table row row_to_json scale
set_bit set_byte sha224 sind statement_timestamp string_to_table tand text timeofday timezone to_bin to_json to_jsonb to_oct
to_regclass to_regtype to_tsquery to_tsvector transaction_timestamp trim_array trim_scale ts_rank tsrange tstzrange unistr upper_inc
upper_inf uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 websearch_to_tsquery width xml_is_well_formed xmlexists xpath
xpath_exists
pg_typeof pg_column_size pg_size_pretty pg_size_bytes pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size
pg_is_in_recovery pg_last_xact_replay_timestamp pg_postmaster_start_time pg_current_snapshot pg_table_is_visible
pg_get_constraintdef pg_get_expr pg_get_partition_constraintdef pg_input_is_valid
"""
_BIGQUERY = """
array_includes date_bucket ieee_divide offset ordinal range range_contains range_end range_overlaps range_start safe_offset
safe_ordinal st_area st_asgeojson st_astext st_contains st_dwithin st_geogfromtext st_geogpoint st_intersects st_isvalid st_within
st_x st_y
"""
FUNCTIONS: Mapping[str, frozenset[str]] = {
    "postgres": frozenset(_POSTGRES.split()),
    "duckdb": frozenset(_POSTGRES.split()),
    "bigquery": frozenset(_BIGQUERY.split()),
}
"""sqlglot's name of a dialect -> its functions that are no class of sqlglot's. What parses as a class is in ``KINDS``."""

REACHING = re.compile(
    r"pg_.*|lo_.*|loread|lowrite|dblink.*|postgres_fdw_.*|set_config|current_setting|setval|nextval|currval|setseed|binary_upgrade_.*"
    r"|(query|table|cursor|schema|database)_to_xml.*|ts_stat|ts_rewrite|crosstab.*|connectby.*|xpath_table|http.*|curl.*|copy_.*"
    r"|read_.*|parquet_.*|csv_scan|json_scan|sniff_csv|glob|getenv|which_secret|duckdb_.*|query|query_table|pragma_.*|.*_scan"
    r"|.*_scan_.*|(postgres|mysql|sqlite)_.*|st_read.*|load_.*|install_.*|checkpoint|force_checkpoint|from_substrait.*|sql_auto_.*"
    r"|xslt_process|heap_force_.*|brin_(de)?summarize.*|gin_clean_.*|external_query|external_object_transform|session_user_.*|run_command_on_.*|citus_.*|raw_query",
    re.IGNORECASE,
)
"""Functions of extensions, which have a schema, and of other engines: files, other servers, other sessions, settings, SQL as text."""
BEYOND = re.compile(
    r"aws_(s3|lambda|ml|commons)|azure_(storage|ai|ml|openai|cognitive)|google_ml(_integration)?|rds_tools|net|http|cron|pgagent|pgmq|pgml|plpy|plpython.*|.*_fdw|dblink|lo|adminpack|vault|pgsodium"
    r"|utl_\w+|dbms_\w+|duckdb|ai|amqp|obj|keys",
    re.IGNORECASE,
)
"""Schemas that extensions make for themselves, whose functions reach other services also where a transaction only reads; BigQuery's that ask a model or give out keys and addresses."""

_SECRET_RELATIONS = """
pg_authid pg_shadow pg_user_mapping pg_user_mappings _pg_user_mappings user_mapping_options pg_subscription pg_hba_file_rules
pg_ident_file_mappings pg_file_settings pg_largeobject pg_stat_activity pg_stat_statements pg_stat_wal_receiver pg_stat_replication
duckdb_secrets
"""
SECRET_RELATIONS = frozenset(_SECRET_RELATIONS.split())
"""Relations of a server that hold passwords, files, or what other sessions do: no rows of a table that anybody has a contract for."""
