"""What databases, readers and checks print about objects, structure and values.

One signature a line, see ``core.signatures.texts`` for the form.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.MISSING_OBJECT: r"""
9 no partition of relation
8 not found: (?:table|dataset|model|routine|view)
8 nosuchbucket
8 specified bucket does not exist
8 bucket .{0,60}(?:does not|doesn't) exist
8 bucket .{0,40}not found
8 dataset .{0,60}not found
8 specified container does not exist
8 index_not_found
8 no such index
8 unknown topic
8 unknown_topic
8 topic .{0,60}(?:not present|does not exist|not found)
8 stage '?[\w."]+'? does not exist
8 does not exist or not authorized
8 queue .{0,40}does not exist
8 resourcenotfound
8 function (?:\w+\.)?(?:gen_salt|crypt|digest|hmac|pgp_\w+|gen_random_\w+|uuid_generate_\w+|st_\w+|similarity|unaccent|levenshtein|hstore|earth_distance|dblink\w*|crosstab)\(.{0,60} does not exist
8 (?:extension|language|operator class|access method|collation|tablespace|foreign server|publication|replication slot) "?[\w.-]+"? (?:does not exist|is not available)
8 catalog error: table with name .{0,80}does not exist
7 no files found that match the pattern
7 (?:relation|table|view|schema|sequence|function|materialized view|index|type) ["'`]?[\w.$-]+["'`]? (?:does not|doesn't) exist
7 undefined ?table
7 no such table
7 unknown table
7 invalid object name
7 ora-00942
7 table or view (?:does not exist|not found)
7 table .{0,80}not found
7 unknown database
7 (?:table|view|object|dataset|schema|bucket|topic|index|file|folder|directory|column family|stage|pipe|sheet|worksheet|container|blob) .{0,80}(?:could not be found|cannot be found|was not found|no longer exists|has been deleted|was deleted|was dropped|is missing)
7 no such (?:container|bucket|topic|table|index|collection|database|schema|view|stage|queue|stream|sheet|dir\w*|volume|namespace)
7 worksheet named .{0,40}not found
6 (?:resource|entity|repository|project|topic|subscription|stream|queue|collection|catalog|namespace|endpoint|cluster|warehouse|job|volume|snapshot) .{0,60}(?:was not found|not found|does not exist|could not be found)
6 errno 2\b
6 cannot find (?:the )?(?:file|table|path|object|directory)
6 410 gone
6 (?:endpoint|resource|url|route|page) .{0,40}(?:was removed|no longer exists|has been retired|gone)
5 nosuchkey
5 specified key does not exist
5 no such object
5 no such file or directory
5 filenotfounderror
5 file (?:\S+ )?(?:was )?not found
5 path does not exist
5 blob does not exist
5 specified blob does not exist
5 object (?:\S+ )?(?:does not exist|not found)
5 404 (?:client error|not found|get|head)
5 key .{0,80}does not exist
5 no files? (?:found|matched|match)
4 does not exist\b
""",
    C.LATE_OR_MISSING_SOURCE: r"""
9 expect_table_row_count_to_(?:be_between|equal\b)
9 (?:table|dataset|view) \S{0,80}<day>\S{0,3} (?:was )?not found
9 manifest says [\d,]+
9 (?:size|length|bytes)\b.{0,40}(?:manifest|expected) .{0,20}\d{3,}
9 upload (?:is )?(?:still )?in progress
9 (?:partial|incomplete) (?:upload|delivery|transfer|file|export)
9 (?:still|being) (?:uploaded|uploading|written|copied|transferred)
8 \b(?:file|data|delivery|feed|partition|export|extract|batch|source|upload)\b .{0,50}(?:not (?:yet )?(?:arrived|received|delivered|available|landed|ready|published)|has not (?:arrived|landed|been)|have not (?:arrived|landed)|\bis late\b|missing for)  @unless eventual consistency
8 <day>\S{0,120}['"]?:? .{0,30}(?:does not exist|not found|no such (?:file|object|key)|is missing|not (?:yet )?(?:present|available|arrived|delivered))
8 error stale
8 source .{0,60}(?:stale|is late|overdue|not fresh)
8 freshness (?:check|test|of)?.{0,40}(?:fail|error|exceed|breach|violat)
8 not fresh
8 data is stale
8 stale data
8 stale source
8 exceeds? (?:max|allowed|freshness)\w* (?:age|lag|delay|staleness)
8 max_loaded_at
8 <day>\S{0,80}['"]?:? (?:-> |=> |returned |http |status )?404\b
8 404\b.{0,160}<day>
8 (?:nosuchkey|no such (?:file|object|key)|filenotfound\w*|no files? (?:found|match\w*)|not (?:yet )?(?:present|available|arrived|delivered|landed|there)|path does not exist|not found|missing)\b.{0,200}<day>
8 (?:feed|source|data|table|file|dataset|extract) is not (?:up to date|current|fresh|complete)
8 not up.to.date
8 expected .{0,30}(?:max|latest|newest|last)\W.{0,40}(?:got|found|but|is)\b
8 source partition is empty
8 (?:business_?date|ds|dt|date|day|load_date|partition)\W{1,3}<day>\S{0,3}:? (?:0|zero|no) (?:rows|records)?
8 rows for \S{0,30} ?<day>: 0\b
8 (?:watermark|max\(?\w*(?:date|time|at)\)?|latest \w+) .{0,60}(?:hours?|days?|minutes?) (?:old|behind|late|ago)
8 \b(?:lag|staleness|age|delay) .{0,30}(?:exceeds?|above|over|greater than|>)
8 (?:last|latest) (?:update|refresh|load|delivery|snapshot|modified)\b.{0,60}(?:ago|old|stale|behind)
8 sensor.{0,40}timeout
8 <day>\S{0,60} (?:http/[\d.]+ )?404\b
7 (?:sensor|sensortask) .{0,40}tim(?:ed|e) ?out
7 sensor has timed out
7 airflowsensortimeout
7 snap\. time is out
7 time is out
7 poke .{0,60}timed out
7 no (?:new )?(?:data|rows|records|files?|partitions?|objects?|deliver\w+) (?:\w+ ){0,3}(?:for|since|on|in) .{0,40}<day>  @unless \b0 (?:records|rows|items) of [1-9]
7 missing (?:partition|slice|date|day|file|deliver)\w*
7 (?:partition|slice|day)s? (?:is |are )?missing
7 expected (?:partition|file|delivery)
7 (?:max|latest|newest|last) (?:date|day|partition|timestamp|load\w*)\b.{0,60}(?:expected|older|behind|stale)
7 (?:usual|expected) (?:publication|delivery|arrival) (?:window|time)
7 (?:partition|file|extract|batch|table|source|delivery) (?:is |was )?empty
7 row.?count .{0,40}(?:below|less than|under|fewer|lower than) .{0,20}(?:minimum|expected|threshold|median|average)
7 (?:expected|at least) [\d,]+ (?:rows|records|files).{0,30}(?:got|found|received|but|only) [\d,]+
7 only [\d,]+ of [\d,]+ (?:files|partitions|rows|records|deliveries|chunks)
7 poke(?:s|d)? .{0,40}(?:false|not (?:found|present|there))
7 (?:_success|manifest|marker|trigger|done) (?:file |object )?.{0,60}(?:missing|not (?:found|present|there|yet))
7 waiting for (?:file|partition|object|upstream data|source|delivery|key).{0,80}tim(?:ed|e) ?out
7 (?:nosuchkey|specified key does not exist|no such object|specified blob does not exist)  @also [/=_]<day>
6 (?:0|zero|no) rows? (?:found|returned|loaded|extracted|received|read|in source|for (?:ds|date|partition|slice|day))
6 empty (?:source|extract|file|delivery|partition|result)
6 row.?count (?:is |was |= ?)?0\b
6 returned no (?:rows|data|results)
""",
    C.SCHEMA_DRIFT: r"""
9 (?:schema|type) (?:mismatch|drift|change[ds]?|evolution)
9 schema (?:does not|doesn't|did not) match
9 provided schema does not match
9 schemas? (?:are|is|at index \d+ (?:was|were)) (?:different|incompatible|not equal|not compatible)
9 incompatible schema
9 schema being registered is incompatible
9 mismatched schema
9 cannot add fields  @traits additive
9 no such field  @traits additive
9 (?:unexpected|unknown|unrecognized|extra|additional|new|undeclared) (?:column|field|propert)\w*  @traits additive
9 extra inputs are not permitted  @traits additive
9 column\w* (?:were |was )?added  @traits additive
9 not (?:declared|defined) in (?:the )?(?:schema|contract)  @traits additive
9 extra data after last expected column  @traits additive
9 extra column\(s\) found  @traits additive
9 dynamic introduction of  @traits additive
9 has changed (?:type|mode) from  @traits breaking
9 column .{0,60}is of type .{0,40}but expression is of type  @traits breaking
9 cannot change (?:data )?type  @traits breaking
9 data ?type (?:of .{0,40})?(?:mismatch|changed|differs)  @traits breaking
9 type of column .{0,40}(?:changed|differs)  @traits breaking
9 expected type .{0,40}(?:got|found|but)  @traits breaking
9 cached plan must not change result type  @traits breaking
9 cannot cast (?:type|column)  @traits breaking
9 parquet column cannot be converted  @traits breaking
9 hive_partition_schema_mismatch  @traits breaking
9 expect_table_columns?_\w*(?:match|count)\w*  @traits breaking
9 expect_column_to_exist  @traits breaking
9 expect_column_values_to_be_(?:of_type|in_type_list)  @traits breaking
9 invalid input syntax for (?:type )?(?:integer|bigint|smallint|numeric): "[a-z]{1,4}[-_]?\d{2,}"  @traits breaking
9 schemas? .{0,60}out of sync  @traits additive
9 on_schema_change  @traits additive
9 (?:the )?column .{0,80}in batch ?data does not exist  @traits breaking
8 column ["'`]?[\w."]+["'`]? does not exist  @traits breaking
8 column ["'`]?[\w."]+["'`]? of relation ["'`]?[\w.]+["'`]? does not exist  @traits additive
8 undefinedcolumn  @traits breaking
8 unknown column  @traits breaking
8 invalid column name  @traits breaking
8 no such column  @traits breaking
8 invalid identifier  @traits breaking
8 ora-00904  @traits breaking
8 column .{0,60}(?:not found|cannot be resolved|was not found)  @traits breaking
8 unrecognized name  @traits breaking
8 cannot resolve (?:column|'|`|")  @traits breaking
8 unresolved_column  @traits breaking
8 column_not_found  @traits breaking
8 (?<!has )no column named  @traits breaking
8 has no column named  @traits additive
8 missing (?:required )?(?:column|field)s?  @traits breaking
8 (?:column|field)s? (?:is |are |were |was )?(?:missing|absent|removed|dropped|renamed)  @traits breaking
8 (?<!last )expected column  @traits breaking
8 columns? (?:do|did) not match  @traits breaking
8 column count  @traits breaking
8 usecols do not match  @traits breaking
8 not in index  @traits breaking
8 none of \[.{0,80}are in the  @traits breaking
8 field .{0,60}not found in  @traits breaking
8 has no field  @traits breaking
8 no field named  @traits breaking
8 removed (?:column|field)  @traits breaking
8 mapper_parsing
8 failed to parse field
8 strict_dynamic_mapping
8 limit of total fields
8 enforced contract
8 contract error
8 is a required property
8 field required
8 required field .{0,40}missing
8 unable to find field
8 schema registry.{0,40}incompat
8 you are trying to merge on .{0,60} columns  @traits breaking
8 value too long  @traits additive
8 data too long  @traits additive
8 value too large for column  @traits additive
8 ora-12899  @traits additive
8 string or binary data would be truncated  @traits additive
8 string length exceeds  @traits additive
8 string '.{0,80}' is too long and would be truncated  @traits additive
8 (?:header|columns?|fields?) .{0,40}(?:changed|renamed|reordered|mismatch\w*|differs?|not as expected|unexpected order)
8 (?:expected|unexpected) (?:header|columns|fields)\b
8 (?:got|found|has) \d+ columns?,? .{0,20}expected \d+
8 (?:column|field|attribute|property) ['"`]?[\w.]+['"`]? (?:not found|is missing|missing|was removed|does not exist|no longer)
8 (?:could not|cannot|can't|unable to) find (?:column|field)
8 type .{0,30}(?:not compatible|incompatible|does not match)
8 incompatible (?:types?|data ?types?|columns?)
8 backward.?compatib
8 contract .{0,40}(?:violat|broken|mismatch) .{0,30}(?:column|schema|type)
8 datatype_mismatch
8 \] not found in axis  @traits breaking
8 length mismatch: expected axis has  @traits breaking
8 target schema's field names are not matching  @traits breaking
8 number of columns (?:in|does not|do not|mismatch|changed|differs|is|expected|\()
8 column "?\w+"? of relation .{0,80} already exists
8 column .{0,60}already exists
8 insert has more (?:target columns|expressions)
8 has type \w+ which (?:cannot be|can't be) (?:inserted|coerced|converted)  @traits breaking
8 which has type \w+  @traits breaking
7 (?<!convert )\b(?:int\w*|float\w*|double|string|number|integer|long|array|object|utf8|varchar|text|timestamp|date\w*|bool\w*|decimal|numeric)\W{1,3}(?:to|vs\.?|versus|but got|but found|instead of|!=|-> ?)\W{0,3}(?:int\w*|float\w*|double|string|number|long|array|object|utf8|varchar|text|timestamp|date\w*|bool\w*|decimal|numeric)\b
7 table .{0,60}has \d+ columns? but
7 expected \d+ columns?
7 mismatched? (?:number of )?columns
7 cannot (?:compare|join|union|merge|concat\w*) .{0,60}(?:types?|dtypes?|datetime|object|string)  @traits breaking
7 incompatible (?:merge|join|column) (?:keys?|types?|dtypes?)
7 could not convert .{0,80} with type \w+: (?:tried to convert|was expecting)  @traits breaking
7 expected \w+ (?:but )?got \w+ (?:column|field|type)  @traits breaking
7 wrong number of (?:columns|fields)  @traits breaking
6 keyerror: ['"][\w ]+['"]  @also pandas|get_loc|dataframe|read_csv|\bdf\[|row\[|record\[|columns|dictreader
""",
    C.DATA_QUALITY_VIOLATION: r"""
9 expect_column_values_to_(?:not_be_null|be_between|be_in_set|not_be_in_set|match_\w+|not_match_\w+|be_greater\w*|be_less\w*|be_increasing|be_decreasing|be_dateutil_parseable|be_valid\w*)  @traits row_level  @unless exception_message(?!": null)|in batch ?data does not exist|"raised_exception": true
9 expect_column_(?:pair_values|value_lengths)\w+  @traits row_level  @unless exception_message(?!": null)|in batch ?data does not exist|"raised_exception": true
9 expect_column_(?:mean|median|sum|min|max|stdev|quantile|proportion|distinct|kl|most_common|unique_value)\w*  @traits derived  @unless "exception_message": "|in batch ?data does not exist|"raised_exception": true|expect_column_max_to_be_between[\s\S]{0,400}"min_value": "(?:19|20)\d\d-
9 expect_(?:multicolumn|select_column|query|queried)\w*  @unless exception_message(?!": null)|in batch ?data does not exist|"raised_exception": true
9 expect_table_row_count_to_equal_other\w*
8 violates not-null constraint  @traits row_level
8 violates check constraint  @traits row_level
8 violates foreign key constraint  @traits row_level
8 null value in column  @traits row_level
8 cannot insert (?:the value )?null  @traits row_level
8 cannot be null  @traits row_level
8 ora-01400  @traits row_level
8 ora-02290  @traits row_level
8 ora-02291  @traits row_level
8 check constraint .{0,60}(?:violated|failed)
8 constraint failed: (?:not null|check|foreign)  @traits row_level
8 (?:not null|check|foreign key) constraint failed  @traits row_level
8 not-null constraint  @traits row_level
8 required field .{0,40}cannot be null  @traits row_level
8 null result in a non-nullable  @traits row_level
8 expect_(?!table_row_count)\w+.{0,120}(?:fail|false|unexpected)
8 expectations? .{0,60}(?:failed|not met|were not met|unsuccessful)
8 validation result.{0,30}fail
8 data quality
8 quality (?:check|gate)s?.{0,40}fail
8 checks? failed
8 fail(?:ed|ing) checks?
8 check .{0,60}(?:failed|did not pass)
8 test(?:s)? failed\.? ?(?:query|result)
8 got \d+ results?, configured to fail
8 failure in test (?:not_null|accepted_values|relationships|expression|dbt_expectations|dbt_utils|assert)
8 failure in test
8 accepted_values_
8 relationships_
8 not_null_
8 (?:values?|rows?|records?) (?:outside|out of|not within|beyond) .{0,30}(?:range|bounds|set|domain)
8 (?:mismatch|difference|drift|deviation) .{0,60}(?:exceeds?|above|over|greater than|>) .{0,20}(?:threshold|tolerance|limit|\d+ ?%)
8 (?:hash total|control total|sum of) \w+ .{0,30}(?:differs|does not match|mismatch)
8 foreign key .{0,60}(?:not present|missing|violat|orphan)
8 dateparseerror  @traits row_level
8 unable to parse string  @traits row_level
8 cannot convert non-finite values  @traits row_level
8 cannot convert (?:float )?nan to integer  @traits row_level
8 intcastingnanerror  @traits row_level
8 badly formed hexadecimal uuid  @traits row_level
8 failed to parse string: .{0,80}as a scalar of type  @traits row_level
8 integer value .{0,40}not in range  @traits row_level
8 float value .{0,40}(?:truncated|was truncated)  @traits row_level
8 conversion error: .{0,20}could not convert  @traits row_level
8 could not convert string .{0,80} to  @traits row_level
8 (?:month|day|hour|minute|second|year) (?:must be|is out of range|\d+ is out)  @traits row_level
8 day is out of range for month  @traits row_level
8 unconverted data remains  @traits row_level
8 (?:cannot|can't) parse (?:date|datetime|timestamp|number|decimal)  @traits row_level
8 unknown (?:datetime )?string format  @traits row_level
8 conversionsyntax  @traits row_level
8 constraint error: (?:not null|check|violates foreign)  @traits row_level
8 tests? (?:have |has )?failed
8 the following tests have failed
8 value check failed
8 test failed\. ?(?:the following|query|results?)
8 (?:check|interval|threshold) (?:check )?failed
7 validation (?:of .{0,60})?failed  @unless 422|400 client error
7 (?:negative|null|missing|invalid|out.of.range|implausible|impossible) (?:\w+ ){0,2}(?:values?\b(?! for parameter)|amounts?|prices?|quantit\w+|dates?|rates?|percent\w*)\b
7 invalid input syntax for (?:type )?(?:integer|bigint|smallint|numeric|double|real|date|timestamp|boolean|uuid|time|interval)  @traits row_level
7 could not parse .{0,60} as   @traits row_level
7 bad (?:int64|double|bool|timestamp|date) value  @traits row_level
7 numeric value .{0,60}is not recognized  @traits row_level
7 cannot parse .{0,40}as  @traits row_level
7 invalid digit  @traits row_level
7 ora-01722  @traits row_level
7 ora-01858  @traits row_level
7 ora-01861  @traits row_level
7 incorrect (?:integer|decimal|datetime|date|double) value  @traits row_level
7 conversion failed when converting  @traits row_level
7 invalid literal for int  @traits row_level
7 could not convert string to float  @traits row_level
7 does not match format  @traits row_level
7 (?<!index )(?<!index \d )(?<!index \d\d )out of range  @unless <index>|cron  @traits row_level
7 ora-01438  @traits row_level
7 numeric (?:field |value )?overflow  @traits row_level
7 arithmetic overflow  @traits row_level
7 out ?of ?bounds ?datetime  @traits row_level
7 overflows?   @traits row_level
7 exceeds (?:the )?(?:precision|scale|maximum length|ddl length)  @traits row_level
7 not in (?:\w+ )?(?:map|mapping|lookup|dimension|catalog|reference|enum|allowed)\b
7 (?:unmapped|unknown|unexpected|unrecognized|disallowed) (?:value|code|status|category|enum|country|currency)
7 assertion .{0,60}(?:rows|records|values|null|unique)
7 in the future
7 violates exclusion constraint  @traits row_level
7 invalid input value for (?:enum|domain)  @traits row_level
6 unexpected_(?:count|percent)
6 null (?:rate|ratio|fraction|count|percentage|values? in)
6 negative (?:amount|price|quantity|value)s?
6 (?:above|below|outside|under|over|exceeds) (?:the )?(?:threshold|expected range|allowed|tolerance|limit of)
6 (?:row.?count|volume) .{0,60}(?:deviat|drop|below|differ|dropped|mismatch)
6 orphan(?:ed)? rows?
6 reconciliation
6 totals? (?:do not|don't|does not) match
6 checksum mismatch on rows
6 mismatch between source and target
6 (?:\d+|some) rows? (?:were )?(?:rejected|invalid|failed|violat\w+)  @traits row_level
6 invalid (?:rows?|records?|values?)  @traits row_level
6 failed element-wise  @traits row_level
6 schemaerror: .{0,80}failed  @traits row_level
6 error in row \d+  @traits row_level
6 "?success"?[=:] ?false
6 bad (?:rows?|records?)\b(?! mac)  @traits row_level
6 anomal(?:y|ous)
""",
    C.DUPLICATE_DATA: r"""
9 must match at most one source row
9 merge .{0,60}(?:multiple|more than one) (?:source )?row
9 multiple source rows matched
9 cannot affect row a second time
9 merge keys are not unique
9 unable to get a stable set of rows
9 nondeterministic .{0,30}(?:merge|update)
9 duplicate row detected during dml
9 failure in test unique
9 unique_\w+.{0,40}(?:fail|error)
9 expect_column_values_to_be_unique  @traits row_level
9 expect_compound_columns_to_be_unique  @traits row_level
9 expect_select_column_values_to_be_unique_within_record  @traits row_level
9 is duplicated\.?$
9 contains duplicate entries
8 duplicate key
8 duplicate entry
8 violates unique constraint
8 unique constraint (?:failed|violated)
8 unique violation
8 violation of (?:primary|unique) key
8 ora-00001
8 e11000
8 duplicate[ds]? (?:row|record|value|primary|id|message|event|key|order)s?
8 duplicated (?:row|record|value|key)s?
8 duplicate(?:s)? found
8 has duplicates
8 not unique
8 non-unique
8 duplicate keys? in
8 (?:duplicates?|duplicated) .{0,40}(?:found|detected|exist)
8 [\d,]+ duplicate
8 (?:primary|unique) key .{0,40}(?:violat|conflict|already|duplicate)
8 count\(\*\) .{0,20}> ?1
8 row count .{0,40}(?:doubled|twice|2x|duplicate)
8 multiple rows .{0,20}(?:matched|for (?:the )?(?:same|one) key)
8 (?:same|identical) (?:key|id|row|file|batch) .{0,30}(?:twice|again|already|more than once)
8 index (?:has|contains) duplicates?
8 duplicate (?:index|labels?|axis|timestamps?)
7 loaded twice
7 already (?:been )?(?:loaded|processed|ingested|imported|inserted)
7 row ?count (?:is )?(?:doubled|twice)
7 exactly (?:twice|double|2x)
7 2x the expected
7 cannot reindex on an axis with duplicate
7 could not create unique index
7 more than one row returned by a subquery
""",
    C.BAD_INPUT_ENCODING_OR_FORMAT: r"""
9 codec can't (?:de|en)code
9 invalid (?:start|continuation) byte
9 invalid byte sequence
9 invalid utf-?8
9 not (?:a )?valid utf-?8
9 illegal (?:byte|multibyte)
9 unexpected bom
9 utf-?8 bom
9 character with byte sequence
9 malformed utf
9 bad character \(ascii 0\)
9 null byte
9 line contains nul
9 invalid character (?:in|value|found)
9 error tokenizing data  @unless <!doctype html|<html|text/html
9 expected \d+ fields in line  @unless <!doctype html|<html|text/html
9 csv parse error
9 unterminated (?:csv )?quoted field
9 missing (?:close|closing) double quote
9 unquoted (?:carriage return|newline)
9 data between close (?:double )?quote
9 field larger than field limit
9 eof inside string
9 csv table encountered too many errors
9 error while reading csv
9 delimiter not found
9 bad copy file
9 copy file signature
9 new-line character seen
9 not a parquet file
9 parquet magic bytes
9 magic number in footer
9 could not open parquet
9 corrupt (?:footer|parquet|file|snappy|orc)
9 invalid parquet
9 malformed orc
9 not an (?:orc|avro)
9 invalid sync marker
9 avro.{0,40}(?:magic|corrupt|block)
9 unknown magic byte
9 couldn't deserialize thrift
9 parquet file size is (?:0|\d) bytes  @unless manifest says|still (?:being )?upload|incomplete (?:upload|transfer)
9 not a gzip
9 not in gzip format
9 bad ?zip ?file
9 file is not a zip
9 end-of-stream marker  @unless manifest says|still (?:being )?upload|incomplete (?:upload|transfer)
9 incorrect header check
9 zlib error
9 error -3 while decompressing
9 crc (?:check|error|mismatch)
9 checksum (?:mismatch|failed|error)
9 truncated (?:file|gzip|zip|archive)
9 unexpected end of (?:archive|stream|compressed)
9 invalid (?:gzip|zip|compressed|block type)
9 bad magic number
9 unsupported unicode escape sequence
9 cannot be converted to text
9 cannot contain nul
9 nul \(0x00\)
9 0x00 (?:byte|character)
8 xml (?:parse|syntax)
8 not well-formed
8 no element found
8 mismatched tag
8 xmlsyntaxerror
8 unsupported format, or corrupt
8 excel file format cannot be determined
8 no columns to parse
8 malformed (?:record|row|line|input|message|csv|data|header|payload|response)
8 malformed  @unless token is malformed|malformed (?:token|jwt|header|credential)
8 could not determine delimiter
8 bad line
8 unable to parse (?:file|line|record|csv|json|xml)
8 hive_bad_data
8 file format (?:is )?not (?:recognized|supported)
8 invalid (?:file|csv|record) (?:format|header)
8 wrong (?:encoding|delimiter)
8 unparseable
8 could not convert string to float: ['"]-?[\d.]*\d,\d+['"]
8 (?:could not parse|invalid|unparseable|cannot parse) .{0,30}['"]-?[\d.]*\d,\d{1,3}['"]
8 (?:timestamp|date|time|datetime)\w* (?:value )?out of range: ['"]?\d[\d.]*e\+1\d  @traits breaking
8 (?:timestamp|date|time|datetime)\w* .{0,20}out of range: ['"]?\d{12,}  @traits breaking
8 year \d{5,} is out of range  @traits breaking
8 found character .{0,20}instead of
8 instead of (?:the )?(?:field |record )?delimiter
8 missing data for column
8 (?:unexpected|premature|truncated) (?:eof|end of (?:file|stream|data|document|input))(?! while reading)
8 (?:unable|failed|cannot|could not) to? ?(?:decode|decompress|deserialize|unpickle|untar|unzip|extract)
8 invalid (?:header|magic|signature|checksum|record length|block|frame|delimiter|quoting|utf)
8 (?:wrong|unexpected|unsupported|unknown) (?:file )?(?:encoding|compression|codec|file type|file format|magic)
8 unexpected end of data
8 data must be .{0,20}utf-?8
8 invalid data stream
8 unpickling
8 pickle data was truncated
8 incorrect padding
8 unpack requires a buffer
8 file is not a database
8 database disk image is malformed
8 no magic bytes found
8 invalid input error: .{0,60}(?:magic|header|parquet|csv|json)
8 csv error on line
8 error when sniffing file
8 invalid input syntax for type (?:jsonb?|xml|bytea|point|box|polygon|hstore|geometry)
8 invalid (?:hexadecimal|base64|escape|unicode) (?:digit|data|sequence|symbol|string|character|escape)
8 token ".{0,80}" is invalid
8 parse error - invalid geometry
7 jsondecodeerror  @unless <refused>
7 expecting value: line  @unless <refused>
7 expecting property name
7 extra data: line
7 unterminated string starting
7 invalid json
7 malformed json
7 json (?:parse|parsing|decode|syntax) error
7 error parsing json
7 (?<!near )unexpected token
7 unexpected end of (?:json|input|file)
7 failed to parse json
7 error while reading data, error message: (?:json|parser)
7 invalid control character
7 not valid json
7 <!doctype html  @traits breaking  @unless \b[45]\d\d\b (?:[a-z]+ )?(?:error|bad|service|gateway|not|too)
7 <html  @traits breaking  @unless \b[45]\d\d\b
7 (?:row|line) \d+ (?:has|contains) \d+ (?:columns|fields|values)
7 invalid (?:json|xml|csv|avro|parquet|orc|yaml row)
7 (?:bom|byte order mark)\b
7 quote character
7 unclosed quote
7 unbalanced quote
7 expected object or value
7 (?:trailing data|unmatched '.{0,4}' when when? decoding|value is too (?:big|small))
7 not a (?:valid )?(?:zip|gzip|tar|csv|json|xml|avro|orc|excel|xls\w*|image|pdf|known|recognized) file
7 file could not be opened successfully
7 (?:unknown|unsupported) (?:archive|compression)
6 is encoded in
6 encoding (?:error|mismatch|problem)
6 unicode ?(?:decode|encode) ?error
6 cannot decode
6 undecodable
6 surrogates not allowed
6 ordinal not in range
6 content-type[=: ]+text/html  @traits breaking
""",
}
