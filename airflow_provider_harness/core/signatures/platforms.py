"""What loaders, registries, brokers, caches and quality checkers print: products between the source and the warehouse.

One signature a line, see ``core.signatures.texts`` for the form. The words are those of the products' references: dlt's
exceptions, Soda's and elementary's metrics, the error codes of Confluent's Schema Registry and of Kafka Connect,
Redis' error prefixes, RabbitMQ's channel errors, AWS Glue, Athena, EMR, Lambda, Batch and ECS, Azure Data Factory,
Databricks jobs, Dataflow and Dataproc, SFTP clients, Great Expectations' metrics over dates.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.TRANSIENT_NETWORK: r"""
7 is the server running locally and accepting connections on that socket
7 connection to server on socket .{0,80} failed: (?:no such file|connection refused)
7 can't get socket descriptor|could not get socket error status|no connection to the server|connection not open
6 \b(?:code|status|error|http)\W{1,3}52[0-7]\b
8 connection to (?:redis|rabbitmq|kafka|broker|the broker|the message broker|memcached?) (?:was )?lost
8 retry limit exceeded while trying to reconnect
8 trying to re-?establish the connection
8 (?:recoverableconnectionerror|socket was disconnected|connection to \S{1,60} lost)
8 error 50002;|error code: 5000[123]\b
8 fewer in-sync replicas than required
8 databasetransientexception|destinationtransientexception|destinationconnectionerror
7 (?:hive metastore|metastore|catalog|registry|vault|zookeeper|namenode|resourcemanager|livy|gateway) .{0,40}(?:is )?(?:unavailable|unreachable|not responding|not reachable|refused)
7 generic_internal_error|generic_external
7 (?:clusternotready|connectionlosserror|connectionloss|sessionexpiredexception|operationtimeoutexception)
""",
    C.RATE_LIMITED: r"""
8 glue .{0,60}(?:rate exceeded|throttl)
8 rate exceeded
8 limit '?\w* ?requests per minute|read requests per minute|write requests per minute
8 x-ratelimit-remaining: ?0|resets in \d{1,2} min
8 "?code"?: ?"?(?:throttled|rate_limited|ratelimited|too_many_requests)
""",
    C.QUOTA_EXHAUSTED: r"""
9 \b(\d{2,}) of \1 (?:\w+ ){0,2}(?:requests|calls|queries|credits|units|rows) (?:are )?used
9 has exceeded (?:its|the) (?:credit )?quota
9 (?:check|see) your plan and billing
9 (?:calls|requests|rows|credits|units|messages|tokens) included in your (?:plan|subscription|package)
9 (?:used|consumed) [\d,]+ of [\d,]+ (?:\w+ ){0,3}(?:calls|requests|credits|units|rows|queries)
""",
    C.RESOURCE_EXHAUSTED_MEMORY: r"""
9 command not allowed when used memory
9 (?:runtime exited|runtime\.exiterror|task timed out).{0,60}signal: killed|max memory used: (\d+) mb.{0,60}memory size: \1
9 outofmemoryerror: container killed due to memory usage
9 (?:executor|driver|worker|pod|container|process) .{0,60}(?:ran|runs|running) out of memory
""",
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: r"""
9 ephemeral_?storage \d+ ?mb
9 drive storage quota
9 quota [\d.]+[kmgt]b?, limit [\d.]+[kmgt]
""",
    C.RESOURCE_EXHAUSTED_CONNECTIONS: r"""
9 could not obtain a (?:database )?connection within  @traits concurrency
9 max pool size is currently  @traits concurrency
9 \d+ servers? active, \d+ clients? waiting
8 (?:max_user_connections|max connections|connection slots|connection limit) .{0,40}(?:reached|exceeded|reserved|used)
8 (?:no|zero) (?:idle|free|available) connections? (?:in|from|left in) (?:the )?pool
""",
    C.LOCK_CONTENTION: r"""
7 commitfailedexception  @unless max\.poll
9 another \w+ .{0,80}(?:is|are) (?:still |already |currently )?(?:running|in progress|active|being \w+)
9 (?:conflicts? with|blocked by) (?:a |an |another )?(?:concurrent|running|active|ongoing) (?:\w+ )?(?:job|run|write|transaction|operation|update|query)
9 was aborted because the number of waiters
8 (?:has |is |was )?already (?:started|executing|underway|in.?pro\w+)\b
8 not (?:triggering|starting|launching) (?:it|another|a second)
8 please try again when (?:it|the \w+|that) (?:has |is )?(?:finished|completed?|done)
""",
    C.TIMEOUT: r"""
9 query exceeded (?:the )?(?:configured |maximum )?(?:time ?out|run ?time|duration)  @traits permanent
9 job_execution_timeout  @traits permanent
9 task timed out after [\d.]+ (?:seconds|minutes)  @traits permanent
9 (?:glue|emr|batch|dataflow|dataproc|databricks|step) .{0,60}(?:timed out|time ?out|timeout exceeded)  @traits permanent
""",
    C.AUTH_EXPIRED_OR_INVALID: r"""
8 \b(?:session|token|credentials?|login|ticket|certificate|password|secret|assertion|cookie|grant)\b.{0,60}\b(?:has|have|is|was|are) (?:been )?(?:expired|revoked|invalidated|rejected|no longer valid|otherwise invalid)
9 unauthorized; error code: 401
9 jwt token is invalid
9 authentication \((?:publickey|password|keyboard-interactive)\) failed
9 password has expired|certificate has expired|ca md too weak
9 (?:session|token|access)_(?:expired|invalid|revoked)\b
9 your (?:session|login|token|access token) (?:is|has) (?:no longer valid|expired|been revoked)
9 invalid username-password pair
""",
    C.PERMISSION_DENIED: r"""
9 (?:ip|ip address|client ip|host) .{0,60}(?:not (?:on|in) (?:the|an?) (?:allow|white) ?list|is not allowed|not whitelisted|blocked)
9 ip_not_allowed
9 sql access control error
9 \brequest blocked\b
9 does not carry the scope|scope .{0,40}(?:required|missing|not granted)
9 topicauthorizationexception|not authorized to access
9 permission denied to (?:create|alter|drop|copy|set|rename|terminate|examine|change|use|grant)
9 must have privileges of the|must be (?:owner|superuser|a member|member)
""",
    C.MISSING_OBJECT: r"""
8 no (?:exchange|queue|vhost|channel|stream|subscription) '[^']{1,80}' in
9 error code: 4040[1-6]\b
9 (?:subject|schema|version) .{0,60}not found; error code
9 secrets manager can't find
9 (?:destinationundefinedentity|pipelineneverranexception|undefinedtableschema)
9 with file pattern \S{1,300}: matched no files
9 (?:api|endpoint|resource|version) .{0,30}(?:was|is|has been) (?:retired|removed|shut down|switched off|discontinued)
""",
    C.LATE_OR_MISSING_SOURCE: r"""
9 expect_column_max_to_be_between  @also "min_value": "(?:19|20)\d\d-  @unless "raised_exception": true
8 \bno (?:\w+ ){0,3}for <day> yet|\bnothing newer (?:for|than|since|in)\b
8 \d+ (?:feeds?|sources?|tables?|datasets?|files?) (?:is |are )?stale\b
8 \d+ (?:days?|hours?|minutes?) old, (?:budget|limit|allowed|expected|max\w*|threshold|sla)
8 \b(?:source|provider|vendor|feed|upstream|api|page|site) (?:has|had|shows?|gave|returned) no new (?:data|rows|records|files|entries)
7 unchanged since <day>|same as (?:yesterday|the day before)
9 <day>\S{0,40}:? (?:is )?(?:0|zero) bytes\b
8 (?:last|latest|newest|max\w*)\W{0,2}(?:\(\w+\)|date|day|timestamp|observation|row)?\W{0,4}<day>  @also expected|should be|\bnow\b.{0,10}<day>|no newer|stale
9 freshness\(.{0,80}\[?failed
9 max_column_timestamp:
9 (?:freshness|staleness|volume|row_count|row count)_?anomal\w+
9 the last row_count value is
9 (?:file|folder|store|source|batch|partition|part) count \d+ of \d+
9 (?:day|date|hour|period|month|batch|export|report|partition|file|feed|extract) \S{0,40}(?:is )?not (?:yet )?(?:ready|complete|closed|final\w*|generated) (?:at|by|from|on|for|in)?
9 not ready at the (?:provider|source|vendor|partner|supplier)
9 nothing to (?:load|import|process|do|extract) for .{0,20}<day>
9 \d+ of \d+ (?:partitions|files|objects|stores|hours|regions|shops|branches|tables|feeds|deliveries) (?:with|have|has|had|were|are|present|found|delivered|received|arrived)
9 (?:folder|directory|path|prefix) \S{0,80}<day>\S{0,20} (?:is )?(?:not there|not (?:yet )?(?:found|present|available)|missing|empty)
8 (?:expected|usually|normally|average(?: for this metric)?|median|typical(?:ly)?) (?:is |about |around |some |roughly )?[\d,.]+ (?:trips|rows|records|files|events|orders|lines|messages)
8 can't stat remote file|couldn't stat remote file  @also <day>
8 (?:late|delayed|overdue|outstanding) (?:file|delivery|feed|source|data|extract|drop)s?\b
8 (?:file|delivery|feed|source|data|extract|drop|export) (?:is |are )?(?:late|delayed|overdue|outstanding)\b
""",
    C.SCHEMA_DRIFT: r"""
9 contract on `?(?:columns|tables)`? with mode `?freeze  @traits additive
9 contract on `?data_type`? with mode `?freeze  @traits breaking
9 can't add (?:table )?column  @traits additive
9 (?:datatypes|data types|dtypes|types) of (?:the )?(?:join|merge|group) (?:keys?|columns?) (?:don't|do not|did not) match  @traits breaking
9 unable to merge: field \S{1,80} has incompatible types  @traits breaking
9 polars\.exceptions\.(?:schema|shape|columnnotfound|structfieldnotfound)error  @traits breaking
9 table "?[\w.]+"? does not have a column  @traits breaking
9 unable to append to a dataframe of width  @traits breaking
9 expected as type \w+ but got|expected data type .{0,60}(?:got|found)  @traits breaking
9 incompatible; error code: 409|being registered is incompatible  @traits breaking
9 missing column provided to '?parse_dates  @traits breaking
9 unknown field '[\w.]+'|field '[\w.]+' (?:was|has been) (?:removed|renamed|deprecated)  @traits breaking
9 (?:column|field|header)s? .{0,60}(?:in|of) (?:the )?(?:file|feed|response|sheet)[^:]{0,20}: .{0,120}(?:expected|wanted|contract)  @traits breaking
9 schema\(.{0,80}\[?failed|fail when (?:required column missing|wrong column type|forbidden column)  @traits breaking
5 keyerror: ['"][^'"]{1,60}['"]  @also (?:header|columns|fields|first row|keys)(?: of the (?:file|response|sheet))?(?: are| were)?[:=]  @traits breaking
""",
    C.DATA_QUALITY_VIOLATION: r"""
9 (?:invalid|missing|failed_rows?)_(?:count|percent)\(  @traits row_level
9 range lower bound must be less  @traits row_level
9 (?:interval|timestamp|date|date/time field value) out of range  @traits row_level  @unless \d{12,}|e\+1\d
8 value .{0,40}exceeds (?:the )?(?:limits?|range|maximum|size) of (?:data )?type  @traits row_level
9 value for domain \S{1,80} violates  @traits row_level
8 \[type=(?:greater_than|less_than|string_too|string_pattern|literal_error|enum|value_error|finite_number|date_|datetime_|decimal_|multiple_of|too_)\w*, input_value  @traits row_level  @unless validation errors? for \w*(?:config|settings?|options?|params?|job|env|conf|connection|profile|task|pipeline)
8 \[type=(?:int|float|decimal|date|datetime|bool|uuid)_parsing, input_value  @traits row_level  @unless validation errors? for \w*(?:config|settings?|options?|params?|job|env|conf|connection|profile|task|pipeline)
8 "(?:row|line|record|index)": \d+, ?"(?:field|column|message|error)  @traits row_level
8 (?:rows|records) failed:? \d+|[\d,]+ (?:rows|records) (?:read|ok|loaded|accepted), ?(?:rows failed )?[\d,]+ (?:failed|rejected)  @traits row_level
""",
    C.DUPLICATE_DATA: r"""
9 duplicate_(?:count|percent)\(
9 unique_combination_of_columns
9 is duplicated\b
9 refusing to load (?:it )?twice|keys exist in \S+, refusing  @traits rerun
""",
    C.BAD_INPUT_ENCODING_OR_FORMAT: r"""
8 bad (?:grib|netcdf|hdf5?|geotiff|shapefile|wkb|wkt|edi|hl7|xbrl|fix|swift) (?:message|file|record|block|segment|geometry)
8 not (?:recogni[sz]ed|supported) as an? (?:supported )?(?:file|data|raster|vector|image) format|(?:file|data) format (?:is )?not (?:recogni[sz]ed|supported)
9 openpyxl does not support
9 opening and ending tag mismatch
9 invalid primitive value found during csv parsing
8 (?:failed|unable) to (?:de)?serialize data for topic
""",
    C.CONFIG_ERROR: r"""
9 configfieldmissingexception|missing \d+ fields? in (?:1 )?configuration
8 (?:trying and )?failing to pull image
9 error: secret "|secret "[\w.-]+" not found
9 fe_sendauth
9 could not (?:parse|connect using) (?:the )?(?:dsn|connection (?:url|string|uri))
9 (?:delivery acknowledgement on channel|inequivalent arg|precondition_failed - )
9 database "[\w-]+" does not exist
9 failed to pull and unpack image .{0,200}not found
9 no such host|the (?:old |former )?domain was (?:deleted|moved|renamed)
""",
    C.WORKER_LOST: r"""
6 driver terminated or disconnected  @traits killed_unknown
6 association with remote system .{0,120}has failed  @traits killed_unknown
""",
    C.CODE_BUG: r"""
9 tried to begin a new transaction .{0,60}already had one
9 another command is already in progress
9 prepared statement "[\w-]+" (?:does not exist|already exists)
9 (?:was|were) never closed
9 unexpected '[^']{1,3}', expected '
8 into xcom \(
""",
    C.UPSTREAM_FAILED: r"""
7 (?:unexpected|terminal|final) state [`'"]?(?:failed|error|cancell?ed)
""",
    C.UNKNOWN: r"""
5 crashloopbackoff|back-?off restarting failed
""",
}
