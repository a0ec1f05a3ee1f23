"""What the programs print that run, carry and check the work: schedulers, workflow engines, copiers, validators, compilers.

One signature a line, see ``core.signatures.texts`` for the form. The words are those of the programs' manuals and of
their message tables: Slurm, PBS and LSF, Luigi, Snakemake, Nextflow, Prefect, Dagster, Airbyte, Singer, dbt, sqlfluff,
curl (its exit codes), rsync, rclone, gsutil, the AWS command line, OpenSSH, pip, npm, Docker, Terraform, Vault,
JSON Schema, pandera, Polars, NumPy, SQLite, GoogleSQL, PostgreSQL's catalog, Kubernetes' admission.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.TRANSIENT_NETWORK: r"""
6 too many 50\d error responses
6 \w*server_error\b
8 after connection broken by
8 failed calling webhook
8 checksum mismatch (?:while|when|during) (?:downloading|uploading|transferring)
8 incompleteread\(\d+ bytes read, \d+ more expected
8 connection broken: incompleteread
7 (?:scheduled|planned|ongoing|undergoing|under|down for) maintenance
6 maintenance (?:window|in progress)
7 curl: \((?:7|18|52|55|56|92|95)\)
7 rsync error: .{0,80}code (?:10|12|30|35)\b
7 broker forced connection closure
7 connection to broker lost
7 server connection dropped
7 error while reading from socket
7 transaction log .{0,40}not available due to 'availability_replica'
6 \b(?:bad_gateway|gateway_error|service_unavailable|internal_server_error)\b
6 try again in (?:a few|some) (?:seconds|minutes|moments)
6 (?:node|host|server|service|broker|replica|primary|leader) (?:is )?(?:restart\w+|failing over|not reachable|not responding)
6 failover (?:in progress|occurred|completed)
5 npm err! code (?:econnreset|etimedout|eai_again|enotfound)
""",
    C.RATE_LIMITED: r"""
8 throughput'? quota  @traits load
9 exceeded quota for concurrent
8 (?:concurrency|parallel\w*) limit of \d+
8 (?:secondly|minutely|per.second|per.minute|rolling)\w{0,10}[ _](?:rolling )?limit
7 yfratelimiterror
7 you (?:are|have been) (?:being )?rate.?limited
7 giving up request .{0,80}\b429\b
7 too many (?:simultaneous|concurrent|parallel) (?:queries|requests|jobs|calls)
6 (?:too fast|too frequently|too often)\b
""",
    C.QUOTA_EXHAUSTED: r"""
9 (?:retry|try again|wait) (?:in|after) (?:\d{5,} ?s|\d+ ?(?:h|hours?|days?))\b
9 over_(?:daily|monthly)_limit
9 (?:monthly|daily|weekly|annual|yearly|billing) (?:[\w-]+ ){0,4}(?:exceeded|exhausted|used up|depleted|reached|consumed)
9 (?:reached|exceeded|hit|used|exhausted) (?:your |the |its |our )?(?:[\w-]+ ){0,2}(?:daily|monthly|weekly|annual|yearly) (?:[\w-]+ )?(?:limit|quota|cap|allowance|budget)
9 quota exceeded.{0,120}(?:per day|per month|per project per)
9 (?:plan|subscription|account|contract) (?:allowance|allotment|limit) (?:used|reached|exceeded|exhausted)
9 in this billing (?:cycle|period)
9 percentage of [\d.]+% total quota
9 exceeded quota: [\w-]+, requested: (?:pods|count|services|secrets|configmaps|jobs)
8 exceeds the ratio supported by
8 (?:service )?quotas?: .{0,80}\b(\d+)/\1\b
8 concurrent runs exceeded
8 exceeded quota for (?:imports|number of|query appends|copy|load|export|extract|partition)
8 (?:no|insufficient|not enough) (?:remaining )?(?:capacity|slots|licen[sc]es|seats) (?:available|left|remaining)
""",
    C.RESOURCE_EXHAUSTED_MEMORY: r"""
9 detected \d+ oom.kill event
9 insufficient memory\b
8 out of shared memory
8 heap exhausted
8 can't start new thread
8 (?:gc|garbage collection) .{0,30}(?:overhead|exhausted|lost)
8 (?:exceeded|exceeds|over) (?:the )?(?:\w+ ){0,2}memory (?:limit|quota)
8 not enough resources for query planning
8 (?:slurmstepd|slurmd|sbatch).{0,80}(?:exceeded (?:job )?memory limit|out.of.memory)
8 term_memlimit
8 array size exceeds the maximum
8 requested .{0,40}exceeds (?:available|physical|total) memory
""",
    C.RESOURCE_EXHAUSTED_DISK: r"""
9 \bdf\b.{0,80}\b100%
9 \b100% +/\S{0,60}$
8 condition: ?\[diskpressure\]
8 error writing .{0,60}no space
8 (?:volume|partition|mount|drive|tablespace|data directory) (?:\S+ )?is (?:full|out of space|100% full)
8 (?:0|no) (?:bytes|blocks|inodes) (?:free|left|available)
8 no more inodes
""",
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: r"""
8 failed to offload data block
8 max_temp_directory_size
8 (?:mailbox|drive|bucket|share|home directory) .{0,30}(?:over|exceed\w*|full|reached) .{0,20}(?:quota|limit|storage)
8 group block quota
8 user (?:block|file) (?:quota|limit) (?:reached|exceeded)
""",
    C.RESOURCE_EXHAUSTED_CONNECTIONS: r"""
9 no more connections (?:available|can be)
8 connection_limit|connectionlimit
8 (?:session|sessions|cursor|handle)s? (?:limit|quota) (?:reached|exceeded)
8 max(?:imum)? (?:number of )?(?:concurrent )?(?:connections|sessions|clients) (?:has been |is )?(?:reached|exceeded|allowed)
""",
    C.LOCK_CONTENTION: r"""
9 conflict with concurrent transaction
9 caused by concurrent transaction
9 pre-?conditions? you specified did not hold
9 could not open relation with oid
9 nowait is set
8 there is (?:currently|already) a lease
8 lease (?:id|is) .{0,40}(?:missing|held|already|not specified|mismatch)
8 (?:state|file|repository|workspace|database|table|index) (?:is )?(?:already )?locked
8 error acquiring the state lock
8 lock (?:file )?.{0,60}(?:already (?:exists|held|taken)|is held)
8 (?:etag|version|generation) (?:mismatch|does not match|conflict)
8 another (?:job|run|writer|process|instance|transaction|operation) .{0,40}(?:in progress|running|holds|active|writing)
8 cannot (?:acquire|obtain|get) .{0,30}lock
""",
    C.TIMEOUT: r"""
8 (?:has )?timed-out after  @traits permanent
9 due to time limit  @traits permanent
9 term_runlimit  @traits permanent
9 (?:walltime|wall clock|wall time) .{0,30}(?:exceed|limit)\w*  @traits permanent
9 operation timed out after [\d.]+ hours  @traits permanent
9 import timeout for .{0,200}after [\d.]+s  @traits permanent
8 no records for \d+ hours  @traits permanent
8 schedule_?to_?close|start_?to_?close  @traits permanent
8 (?:exceeded|reached|over) (?:the |its )?(?:max\w* )?(?:allowed )?(?:run ?time|duration|wall.?time|execution time) .{0,20}(?:of|limit)?  @traits permanent
7 curl: \(28\)
7 socket connection to the server was not read from or written to
7 cancell?ed (?:after|because|due to).{0,40}(?:time|timeout|minutes|hours)  @traits permanent
""",
    C.AUTH_EXPIRED_OR_INVALID: r"""
9 token is (?:malformed|missing|blacklisted|not recognized)
9 account (?:is |has been )?(?:disabled|inactive|deactivated|suspended)
9 \b(?:invalid_auth|not_authed|token_revoked|token_expired|account_inactive)\b
8 \b200\b.{0,40}text/html
9 login was refused
9 login (?:\w+ ){0,3}(?:refused|denied|rejected)
9 access_refused
9 \bbad token\b
9 failed to authorize: failed to fetch
9 (?:client secret|secret keys?|api keys?|access keys?) .{0,60}(?:are|is|has|have) (?:been )?(?:expired|revoked|disabled|rotated)
9 expired access/refresh token
9 authentication credentials were not (?:accepted|valid)
9 invalid authentication credentials
8 session (?:token|id|cookie)? ?(?:has |is )?(?:expired|invalid|not valid)
8 (?:kerberos|ldap|saml|oidc|oauth2?) .{0,60}(?:fail\w*|expired|invalid|denied)
8 two.factor|one.time password
""",
    C.PERMISSION_DENIED: r"""
9 violates constraint 'constraints/
9 \b(?:missing_scope|insufficient_scope|not_allowed_token_type|no_permission|not_in_channel|restricted_action|ekm_access_denied)\b
6 status (?:is|was|of) 403
9 user does not have permission
9 neither .{0,60}nor .{0,60}permission
9 violates podsecurity
9 subject to bucket's retention policy
9 permission denied (?:on|while|for|to) .{0,60}
9 attempt to write a readonly database
9 topic authorization failed
8 (?:read.?only|readonly) (?:database|token|user|account|key|role|volume|mount|share)
8 role .{0,60}(?:cannot|may not|is not allowed to|does not have)
8 policy .{0,60}(?:denies|forbids|prohibits|does not allow)
8 (?:not|isn't) accessible: .{0,40}(?:denied|403)
8 ownership of .{0,60}required
8 you (?:do not|don't|lack) (?:have )?(?:the )?(?:required |necessary |sufficient )?(?:permission|privilege|right|role|access)s?
""",
    C.MISSING_OBJECT: r"""
6 \(404\) when calling the (?:head|get)\w+ operation
9 could not open extension control file
9 extension "[\w-]+" is not available
9 namespaces? \\?"[\w-]+\\?" not found
8 (?:does not|doesn't) exist in (?:bucket|container|database|schema|catalog|project|dataset)
7 unknown (?:report|object|entity|resource|stream|dataset|index|collection)(?: type)?\b
7 one or more urls matched no objects
7 matched no (?:objects|files|keys)
7 (?:api|endpoint|version) .{0,30}(?:was|has been) (?:retired|sunset|shut down|discontinued)
6 missing input files
6 missinginputexception
""",
    C.LATE_OR_MISSING_SOURCE: r"""
9 no rule to make target '[^']{0,120}<day>
8 \bis stale\b
8 no (?:\w+ ){1,3}(?:published|available|delivered|ingested|present|received|posted|released|found) (?:\w+ ){0,2}<day>  @unless \b0 (?:records|rows|items) of [1-9]
8 no (?:table|file|object|partition|key)s? match\w* .{0,60}<day>
8 \(404\) when calling the headobject operation  @also <day>
9 (?:gap|hole)s? .{0,60}(?:\d+ (?:days?|partitions?|slices?|hours?) missing|missing (?:days|partitions|slices))  @traits missing_slices
9 (?:\d+|no) (?:days?|partitions?|slices?|hours?) missing\b
9 completeness (?:check|test) failed
8 (?:incomplete|partial) (?:delivery|deliveries|drop|load|batch|day)
8 (?:0|no) (?:rows|records|lines) (?:after|below|beside|besides|except) the header
8 (?:only|just) (?:a |the )?header\b
8 (?:one or more urls matched no objects|matched no (?:objects|files|keys))  @also <day>
8 (?:missing input files|missinginputexception|no (?:input|source) files?)  @also <day>
8 (?:not there|not yet there|not arrived|still missing|not (?:yet )?published|not (?:yet )?uploaded)\b
8 exists=false
8 [\d,]+ of [\d,]+ (?:hourly |daily )?(?:files|partitions|deliveries|chunks|parts) (?:present|arrived|received|found|there)
""",
    C.SCHEMA_DRIFT: r"""
9 \[type=(?:string|int|float|bool|dict|list|decimal|date|datetime|model)_type, input_value  @traits breaking
9 : (?:string|number|integer|boolean|array|object|null)(?: found)?, (?:\w+ )?(?:string|number|integer|boolean|array|object|null)(?: \w+)? expected  @traits breaking
9 \(json schema validation\)  @traits breaking
9 (?:column|field)\(?.{0,60}\)? changed from \w+ to \w+  @traits breaking
9 column '[^']{1,80}' not in dataframe  @traits breaking
9 is not of type '(?:string|number|integer|boolean|array|object|null)'  @traits breaking
9 unable to find column "  @traits breaking
8 valid columns: \[  @traits breaking
5 keyerror: ['"][\w ]+['"]$  @also (?:first item keys|keys|columns|fields|header)[:=] ?\[  @traits breaking
8 \['[\w ]+'\] not in index  @traits breaking
8 table schema does not match schema used to create file  @traits breaking
8 failed to parse field \[[^\]]{1,80}\] of type  @traits breaking
8 additional properties are not allowed  @traits additive  @unless config-version|dbt_modules|dbt_packages
8 missing in (?:contract|definition)|missing in (?:source|target|destination)
""",
    C.DATA_QUALITY_VIOLATION: r"""
8 gates? not passed
7 % of (?:rows|records|values) (?:without|with|are|have|fail)
8 invalid (?:numeric|bignumeric|int64|float64|date|timestamp|datetime|time|bool) value:  @traits row_level
8 assertion failed: .{0,120} at \[\d+:\d+\]
9 conversion from `?\w+`? to `?[\w\[\], ]+`? failed in column  @traits row_level
9 required column value for column index: \d+ is missing  @traits row_level
9 is (?:less|greater) than (?:or equal to )?the (?:minimum|maximum) of  @traits row_level
8 (?:invalid|bad) (?:timestamp|date|datetime|time|numeric|bool|int64|float64|double|interval|uuid|json value)(?: value)?: '  @traits row_level
8 could not cast (?:literal|value) .{0,80} to type  @traits row_level
8 is not one of \[  @traits row_level
8 '[^']{0,120}' does not match '  @traits row_level
8 is too (?:short|long|small|large)$  @traits row_level
8 doesn't match format "  @traits row_level
8 time data "[^"]{1,60}" doesn't match  @traits row_level
8 asset check .{0,80}failed
8 the historical (?:max|min|average|median|mean)
8 (?:above|below|outside) the (?:historical|usual|expected) (?:max\w*|min\w*|range|average)
""",
    C.DUPLICATE_DATA: r"""
9 did not fulfill (?:1:1|1:m|m:1) validation
9 subquery produced more than one element
9 duplicate rows? based on primary key
9 indexes have overlapping values
8 returned more than one row
8 more than one row (?:found|returned|matched|for)
8 (?:batch|file|run|load|key|order|message) .{0,40}(?:has |was |is )?already (?:been )?(?:loaded|processed|ingested|imported|delivered)
""",
    C.BAD_INPUT_ENCODING_OR_FORMAT: r"""
9 magic does not match
8 failed to parse (?:the )?(?:file |avro |orc )?header
9 (?:csv|json|avro|parquet|orc|xml) (?:processing|table|reader|parser) encountered (?:too many )?errors?
9 eof inside string starting
8 read length must be non-negative
8 not an? (?:orc|avro|parquet|arrow|zip|tar|excel|xlsx|gzip|sqlite|hdf5?|netcdf|shapefile|tiff?|jpeg|png|pdf)\b
8 file format cannot be determined
8 (?:unknown|unrecognized|unexpected) (?:record|line|row|segment|message) (?:type|format|length|code)
8 (?:wrong|bad|invalid|unexpected) (?:delimiter|separator|quoting|line ending|terminator|magic number|file signature|byte order)
""",
    C.CONFIG_ERROR: r"""
9 (?:root |client |ca )?(?:certificate|key|keytab) file .{0,80}(?:does not exist|not found|cannot be read)
8 must not be (?:empty|blank|null|unset)\b
9 definition of service .{0,80}not found
9 servname not supported
9 does not have a target named
9 (?:is )?not a known hook type|unknown hook type
9 while parsing a (?:block|flow) (?:mapping|collection|sequence)
8 \bcron(?:tab)? (?:expression|string|format|schedule)
9 error looking up service account
9 maximum (?:cpu|memory) usage per (?:container|pod) is
9 minimum (?:cpu|memory) usage per (?:container|pod) is
9 no authorization header|missing_authorization
9 cannot use sqlite with the
9 remote host identification has changed
9 received unregistered task
9 \d+ validation errors? for \w*(?:config|settings?|options?|params?|env|conf|profile)\w*$
9 could not find a datasource named
8 (?:name|bucket|host|region|project|path|key|url|parameter|value|argument|field) (?:was|is) not specified
8 (?:was|is|were) not (?:specified|supplied|provided)\b
8 must be (?:specified|supplied|provided)\b
8 (?:expectationsuite|expectation suite|checkpoint|data ?source|batch definition) .{0,60}(?:was )?not found
8 url scheme should be
8 no such (?:option|argument|flag|switch|command|subcommand)
8 dbt_project\.yml|profiles\.yml
8 curl: \((?:1|3|60|35)\)
8 is invalid: (?:metadata|spec)\.
8 (?:invalid|unsupported) value for .{0,40}(?:option|flag|parameter|key|field|property)
6 since the (?:last )?(?:release|deploy\w*|migration|rotation|change)
""",
    C.CODE_BUG: r"""
9 neither grouped nor aggregated
8 unexpected copy_in result
8 has to be made of alphanumeric
8 has pseudo-type
9 depends on a source named .{0,80}which was not found
9 unexpected end of template
9 (?:found a|dependency) cycle
8 \d+ placeholders? but \d+ parameters? (?:was|were) passed
8 the query has \d+ placeholders
8 this can happen when calling a macro that does not exist
8 cannot refresh materialized view .{0,80}concurrently
8 cannot alter type of a column used by
8 asyncio\.run\(\) cannot be called
8 keyerror: '(?:data_interval_(?:start|end)|logical_date|execution_date|next_ds|prev_ds|ds|ts|ds_nodash|ts_nodash|dag_run|ti|task_instance|params)'
7 the connection is closed$  @unless sig(?:term|kill)|terminat|reset by|lost connection|closed (?:the|by)
7 (?:macro|filter|function|test|variable) '?[\w.]+'? (?:is undefined|is not defined|not found|does not exist)
7 (?:null|nil|undefined|none) (?:pointer|reference|is not an object|is not iterable)
""",
    C.DEPENDENCY_OR_VERSION: r"""
9 (?:runtime|openmp|driver|toolkit|jdk|jre|interpreter|compiler) (?:is )?not installed
9 \.(?:so|dylib|dll)\b[.\d]{0,8} (?:was )?not found
8 (?:none|never|fine|worked|working) (?:\w+ )?before the (?:upgrade|update)
8 \bv?\d+\.\d+(?:\.\d+)? ?-> ?v?\d+\.\d+(?:\.\d+)? in (?:image|environment|venv|requirements)
9 was removed (?:in|with|from|by|since) (?:the )?[\w.]+ ?v?\d
9 (?:was|has been) removed in .{0,30}(?:release|version)
8 405 (?:client error|method not allowed).{0,120}/api/v\d
8 required for \w+ support
8 this version of \w+ is (?:deprecated|unsupported|not supported) .{0,40}(?:upgrade|install)  @unless no longer receives
8 upgraded (?:\w+ )?from (?:\w+ )?v?\d[\w.]* to v?\d
""",
    C.WORKER_LOST: r"""
8 detected zombie job
8 unexpectedly exited with code
7 exit(?:ed)? (?:with )?(?:non-?zero )?(?:\w+ )?(?:code|status):? ?(?:134|135|136|139|-6|-7|-8|-11)\b  @traits killed_unknown
6 exit(?:ed)? (?:with )?(?:non-?zero )?(?:\w+ )?(?:code|status):? ?(?:137|-9)\b  @traits killed_unknown
6 status code:? -9\b  @traits killed_unknown
6 deleting pod for node scale down  @traits sigterm
6 crash detected! execution was interrupted
5 \bkilled +/\S
""",
    C.UPSTREAM_FAILED: r"""
8 upstream \S{1,60}[=:] ?(?:failed|skipped|upstream_failed)
8 had failed dependencies
8 (?:parent|source|upstream|feeding|preceding) (?:job|task|run|export|flow|stage|step) \S{1,60} (?:finished|ended|exited|is|was|completed) (?:with|in) (?:state|status) (?:failed|error|dead|killed)
6 (?:input|output|parameters?|artifacts?|result) (?:from|of) (?:the )?\S{1,60} (?:run |job |task |step )?(?:not (?:found|produced|available|written)|missing)
6 no parameters found from the
""",
}
