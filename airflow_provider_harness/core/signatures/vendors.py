"""What single products print, by their own error numbers and words: databases, lakes, engines, clients.

One signature a line, see ``core.signatures.texts`` for the form. The numbers are those of the products' reference
manuals: MySQL's ``(NNNN, "...")`` as its drivers print it, Oracle's ``ORA-NNNNN``, Snowflake's six digits.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.TRANSIENT_NETWORK: r"""
8 \((?:2002|2003|2006|2013|2055|1053|1077|1079|1836|3169), ?['"b]
8 ora-(?:01033|01034|01089|01090|01092|03135|12152|12543|12560|12570|12571|12537|12547|25408)
7 database .{0,80} is not currently available
7 (?:cluster|warehouse|endpoint) is (?:starting|resuming|restarting|in a (?:restarting|pending) state)
7 \b(?:no_nodes_available|remote_host_gone|remote_task_error|page_transport_\w+|server_starting_up)\b
7 \b(?:temporarily_unavailable|incompletebody|baddigest)\b
7 failed to update metadata after
7 error reading ssh protocol banner
6 (?:error_temp: |^|reply: )421\b
6 the connection (?:is|was) (?:broken|lost|killed|closed) .{0,60}(?:try again|reconnect)
6 retry the connection later
""",
    C.RATE_LIMITED: r"""
8 request limit reached
8 \b(?:too_many_requests_failed|query_queue_full)\b
8 resource has been exhausted \(e\.g\. check quota\)
7 (?:api|app|application|call|request) (?:call |request )?limit (?:reached|hit)  @unless per day|daily|month|24.hour
7 the service is currently busy
""",
    C.QUOTA_EXHAUSTED: r"""
9 quota group .{0,80}(?:-1d\b|per.?day|daily)
9 \w+_per_day\b
9 limit '?[\w -]{0,60}-1d'?
9 billing account .{0,80}(?:disabled|closed|suspended)
9 (?:reached|exceeded) your (?:account |service )?limit (?:of|for) \d*
8 account .{0,40}(?:suspended|over its quota|out of quota)
""",
    C.RESOURCE_EXHAUSTED_MEMORY: r"""
9 container_?reason: oomkilled
8 \((?:1037|1038|1041), ?['"b]
8 insufficient system memory
8 \b(?:cluster_out_of_memory|exceeded_spill_limit)\b
8 (?:killed|stopped|terminated) (?:due to|because of|for) (?:its )?(?:excessive |high )?memory
""",
    C.RESOURCE_EXHAUSTED_DISK: r"""
9 \((?:1021|1114|3675), ?['"b]
9 ora-(?:00257|01652|01653|01654|01658|01688|19809|19815|27072)
8 the table '[^']{1,120}' is full
""",
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: r"""
9 has reached its size quota
""",
    C.RESOURCE_EXHAUSTED_CONNECTIONS: r"""
9 \((?:1040|1203|1226), ?['"b]
9 ora-(?:00018|00020|12516|12518|12519|12520)
9 the (?:request|session) limit for the (?:database|elastic pool) is \d+
9 max_client_conn
""",
    C.LOCK_CONTENTION: r"""
9 \((?:1205|1213|1412|3572), ?['"b]
9 ora-(?:00054|00060|02049|04021|08177|30006)
9 delta_concurrent_\w+
9 base metadata location .{0,200}is not same as
9 metadata (?:location|file) .{0,200}has changed
9 requirement failed: .{0,80}(?:has changed|expected (?:id|uuid|last))
9 the transaction \d+ already exists
9 failed to commit transaction
9 (?:the )?object has been modified; please apply your changes
9 has locked table .{0,80}in transaction
9 \biceberg_commit_error\b
8 (?:commitfailed|commit failed)\w*:? .{0,60}(?:stale|changed|concurrent|conflict|already exists)
7 please try the operation again\.? .{0,40}conflict
""",
    C.TIMEOUT: r"""
8 \((?:1317|1969|3024), ?['"b]
8 exceeded_time_limit
8 command .{1,200} timed out after [\d.]+ seconds  @traits permanent
7 pod took longer than \d+ seconds to start
7 (?:futures|future) timed out after
""",
    C.AUTH_EXPIRED_OR_INVALID: r"""
9 \((?:1045|1698|1862|3118|1251|1524), ?['"b]
9 \b(?:390100|390101|390102|390114|390144|390318) \(\d\w{4}\)
9 username and password not accepted
9 (?:5\.7\.8|530 5\.7|535[ ,]).{0,80}(?:auth|password|credential)
9 error validating access token
9 invalid_session_id
9 invalid (?:jwt|token|assertion|certificate|client|request) signature
""",
    C.PERMISSION_DENIED: r"""
9 \((?:1044|1142|1143|1227|1370|1410), ?['"b]
9 ora-(?:01031|01720|01950)
9 insufficient lake formation permission
9 (?:select|insert|update|delete|execute|alter|create|drop) permission was denied
9 (?:command|privileges?) denied to user
9 does not have the required permissions?
9 admission webhook .{0,120}denied the request
9 is not allowed to access snowflake
8 requested role .{0,80}(?:is not assigned|not granted)
""",
    C.MISSING_OBJECT: r"""
9 \((?:1051|1109|1146), ?['"b]
9 ora-(?:00942|01918|02289|04043)
9 requested wal segment \w+ has already been removed
9 (?:replication slot|wal|binlog|binary log|log file) .{0,80}(?:already been removed|purged|no longer (?:available|exists)|could not be found)
9 does not host this topic.?partition
9 (?:offset|fetch position|position) .{0,40}out of range
8 offset\w*outofrange\w*
8 (?:error_perm: |^)550\b
""",
    C.LATE_OR_MISSING_SOURCE: r"""
8 (?:marker|file|partition|object|key|flag|delivery|extract|feed|export|manifest|upload|drop)\b.{0,60} (?:did|does|do) not (?:appear|arrive|show up|land|turn up)
8 (?:gave|giving) up (?:waiting|polling) (?:for|on) .{0,60}(?:file|partition|object|key|marker|delivery|extract|feed|<day>)
""",
    C.SCHEMA_DRIFT: r"""
9 \((?:1054|1136|1058|1406), ?['"b]
9 ora-(?:00904|00913|00947|12899|01438)
9 delta_(?:schema|metadata|failed_to_merge)\w*
9 source columns not in target: \[[^\]]  @traits additive
9 target columns not in source: \[[^\]]  @traits breaking
9 new column types: \[[^\]]  @traits breaking
9 missing data for column "[^"]+"  @also line 1: "?[a-z_]+[,;|\t]  @traits breaking
8 expected (?:bytes|str\w*|int\w*|float\w*|bool\w*|dict|list|datetime\w*), got an? '?\w+'? object  @traits breaking
8 could not convert .{0,80} with type \w+: tried to convert to  @traits breaking
8 plainvaluesdictionary|unsupportedoperationexception: .{0,60}parquet  @traits breaking
""",
    C.DATA_QUALITY_VIOLATION: r"""
9 \((?:1048|1264|1265|1292|1364|1452|3819), ?['"b]  @traits row_level
9 \(1366, ?["'b]{1,2}incorrect (?:integer|decimal|double|float|date\w*|time) value  @traits row_level
9 ora-(?:01400|01722|01830|01840|01841|01843|01847|01858|01861|02290|02291|02292)  @traits row_level
9 conflicted with the (?:foreign key|check) constraint  @traits row_level
9 cannot be cast to ".{1,40}" because it is malformed  @traits row_level
8 (?:value|date|timestamp|time|boolean|number) '[^']{0,80}' is not recognized  @traits row_level
8 time data .{1,80} (?:does not|doesn't) match format  @traits row_level
8 failed (?:element-wise|series|dataframe) validator  @traits row_level
8 check_value: -?[\d.]+
8 \d+/\d+ checks failed
""",
    C.DUPLICATE_DATA: r"""
9 \((?:1062|1586), ?['"b]
9 ora-(?:00001|30926)
9 cannot insert duplicate key
9 affect row a second time
""",
    C.BAD_INPUT_ENCODING_OR_FORMAT: r"""
9 \(1366, ?["'b]{1,2}incorrect string value
9 check '?stl_load_errors|sys_load_error_detail
9 deserializ(?:e|ing|ation) .{0,60}(?:avro|protobuf|json|message|value|record)
9 cannot read header - is it
9 (?:supplied|input) file was empty
9 zero bytes long
9 malformed (?:orc|avro|parquet|json|csv|xml|record|line|row)
8 missing close (?:double )?quote
8 parser terminated before end of (?:string|document|input)
8 error detected while parsing row
8 (?:csv|json) table encountered too many errors
8 marker corrupt
7 (?:when|while) (?:decoding|parsing|deserializing|tokenizing) (?:\w+ ){0,3}(?:value|record|row|line|array|object|string|token)
6 \b(?:file|input|archive|stream|footer|header|message|record|copy) .{0,40}(?:corrupt(?:ed)?|truncated)\b
8 (?:invalidavro|invalidorc|invalidparquet)\w*
""",
    C.CONFIG_ERROR: r"""
9 \((?:1046|1049|1153|1193|1290), ?['"b]
9 ora-(?:12154|12505|12162|28759)
9 no active warehouse selected
9 verify the account name is correct
9 failed quota: .{0,80}must specify
9 no matches for kind
9 no output location provided
9 java gateway process exited
9 a master url must be set
9 requester pays
9 (?:find|found) (?:datasource|data source|data_?asset|batch definition|checkpoint|validation definition|expectation suite) ['"]
9 must be called with a validator or contain either
9 host key .{0,60}(?:does not match|not found|verification failed|mismatch)
9 cannotpullcontainererror.{0,300}not found
9 (?:service account|credentials?|key) file .{0,80}not found
8 defaultcredentialserror: file
8 no such host$
8 keyerror: '  @also great_expectations/(?:data_context|datasource|checkpoint)
8 no such file or directory: '[\w.-]+'$  @also _execute_child|subprocess\.py
9 failed to resolve ref .{0,120}not found
8 cannot open database "?[\w-]+"? requested by the login
""",
    C.CODE_BUG: r"""
9 \((?:1052|1055|1064|1111|1248|1305), ?['"b]
9 ora-(?:00907|00918|00923|00933|00936|00937|00979|01756|06512|06550)
9 xcom(?:arg|s?) .{0,80} is not found
8 syntax error near line \d+  @unless parsing a (?:block|flow)|yaml
8 parsing error\n? *error reading
""",
    C.DEPENDENCY_OR_VERSION: r"""
9 python_version_mismatch
9 in worker has different (?:minor )?version
9 only \d+ package\(s\) installed in
9 failed to find data source: (?:delta|iceberg|hudi|avro|kafka|bigquery|snowflake|jdbc|mongodb|redis)
""",
    C.WORKER_LOST: r"""
7 pod [\w.-]+ returned a failure\. remote_pod: none  @traits killed_unknown
7 server process .{0,40}was terminated by signal (?:4|6|7|9|11)\b  @traits killed_unknown
7 remote rpc client disassociated  @traits killed_unknown
7 driver (?:has )?stopped unexpectedly|driver_unreachable  @traits killed_unknown
""",
    C.UPSTREAM_FAILED: r"""
9 requires all upstream tasks to have succeeded, but found
9 setting task instance .{0,80} state to upstream_failed
8 failed with failed state
""",
    C.UNKNOWN: r"""
8 externally set to none
""",
}
