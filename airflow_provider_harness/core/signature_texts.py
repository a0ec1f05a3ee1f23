"""Texts that identify a cause: what servers, clients and tools print, as regular expressions over one lower-cased line.

Written from the vocabulary of the software, grouped by category; see ``core.signatures`` for how strengths are meant.
"""

from __future__ import annotations

from airflow_provider_harness.core.diagnosis import Category as C
from airflow_provider_harness.core.signatures import CODES, Field, Signature, Trait

_DATED = r"(?:19|20)\d\d[-/_]?(?:0[1-9]|1[0-2])[-/_]?(?:0[1-9]|[12]\d|3[01])"  # a day in a path, key or partition
_LOCKED = r"still waiting for \w*lock|waiting for \w*lock|blocked by (?:pid|process)|holds? \w*lock|lock wait"


def _texts(category: C, *rows: tuple[int, str] | tuple[int, str, dict[str, str]], traits: str = "") -> tuple[Signature, ...]:
    """Rows of one category: strength, pattern, and optionally ``also``, ``unless``, ``traits`` (separated by spaces)."""
    made = []
    for row in rows:
        more = row[2] if len(row) == 3 else {}
        named = f"{traits} {more.get('traits', '')}".split()
        made.append(
            Signature(
                field=Field.TEXT,
                key=row[1],
                category=category,
                strength=row[0],
                also=more.get("also", ""),
                unless=more.get("unless", ""),
                traits=frozenset(Trait(t) for t in named),
            )
        )
    return tuple(made)


NETWORK = _texts(
    C.TRANSIENT_NETWORK,
    (6, r"connection refused|actively refused|econnrefused"),
    (6, r"connection reset by peer|connection was reset|econnreset|connection reset$|recv failure|connection forcibly closed"),
    (6, r"no route to host|network is unreachable|host is unreachable|network is down|ehostunreach"),
    (7, r"temporary failure in name resolution|server misbehaving|temporary failure resolving|eai_again|dns lookup timed out"),
    (4, r"could not resolve host|failed to resolve|no such host|getaddrinfo failed|unknownhostexception|unable to resolve host"),
    (7, r"server closed the connection unexpectedly|connection to server was lost|connection has been closed unexpectedly"),
    (7, r"ssl syscall error|ssl connection has been closed|unexpected eof while reading|eof occurred in violation of protocol"),
    (6, r"lost connection to (?:mysql )?server|server has gone away|connection not available|could not receive data from server"),
    (7, r"terminating connection due to administrator command|the database system is (?:starting up|shutting down|in recovery|not yet accepting)"),
    (6, r"terminating connection (?:because of crash|due to unexpected postmaster)|server process .{0,40}was terminated by signal"),
    (5, r"remote end closed connection without response|connection aborted|connection broken|broken pipe|socket hang up|premature (?:eof|close)"),
    (5, r"incompleteread|invalidchunklength|response ended prematurely|peer closed connection|server disconnected|stream (?:was )?reset|rst_stream|goaway"),
    (5, r"connect(?:ion)? (?:attempt )?timed? ?out|connecttimeout|connect timeout|connection timeout|timed out trying to connect|etimedout"),
    (5, r"\bservice (?:is )?(?:temporarily )?unavailable|temporarily unavailable|503 service|backend ?error|bad gateway|502 proxy"),
    (5, r"upstream connect error|no healthy upstream|upstream prematurely closed|connection termination|overflow: reset reason"),
    (5, r"status(?:code)?[.= ]+(?:statuscode\.)?unavailable|\brpc error: code = unavailable|failed to connect to all addresses"),
    (6, r"tls handshake timeout|i/o timeout|ssl handshake (?:timed out|failed: connection)|handshake operation timed out"),
    (6, r"cannot connect to proxy|tunnel connection failed: 50\d|proxy ?error"),
    (5, r"retrying may solve the problem|please try again (?:later|in (?:30|a few))|internal error encountered|encountered an internal error"),
    (6, r"etcdserver: (?:request timed out|leader changed|no leader)|leader (?:not available|election)|not (?:the )?leader for partition"),
    (6, r"you can't write against a read only replica|redis is loading the dataset|clusterdown|masterdown"),
    (5, r"nobrokersavailable|broker transport failure|all broker connections are down|brokers? (?:is |are )?down|disconnected while requesting"),
    (5, r"notprimary|not master|no primary (?:available|found)|no replica set members|serverselectiontimeout"),
    (5, r"communications link failure|the network adapter could not establish|tns:no listener|ora-12541|ora-12170|ora-03113|ora-03114|ora-12514"),
    (5, r"could not connect to (?:server|snowflake|the endpoint)|can't connect to (?:mysql|local mysql)|unable to connect to the remote|failed to establish a new connection"),
    (4, r"max retries exceeded with url"),
    (5, r"connection (?:was )?closed (?:by|before|in the middle|unexpectedly|abnormally)|unexpectedly closed|connection lost|lost connection|connection dropped"),
    (4, r"an internal error occurred|internal server error|500 server error|\"?internalerror\"?"),
    (5, r"we encountered an internal error\. please try again"),
    (6, r"packet (?:loss|drop)|link down|network partition|nfs: server .{0,60}not responding|stale file handle"),
)
DNS_NAMES = _texts(
    C.CONFIG_ERROR,
    (5, r"name or service not known|nodename nor servname|could not translate host name|nxdomain|name does not resolve"),
)
RATE = _texts(
    C.RATE_LIMITED,
    (7, r"too many requests|rate.?limit(?:ed|s)?\b|ratelimit|exceeded rate|throttl(?:ed|ing)|slow ?down\b|please reduce your request rate"),
    (8, r"requests? per (?:second|minute)|queries per (?:second|minute)|per minute per (?:user|project)|per 100 seconds|tokens per (?:minute|min)\b", {"unless": r"per day|daily limit"}),
    (8, r"too many table update operations|too many (?:api|dml|concurrent) (?:requests|queries|calls|statements)|request_limit"),
    (7, r"reduce your (?:request )?rate|back ?off and retry|requests? (?:was|were|is being) throttled|retry-after: ?\d|retry after \d+ ?s"),
    (7, r"rejected execution of|queue capacity|too_many_requests|server overloaded|overloaded_error|model is overloaded"),
    (8, r"toomanyrequests: you have reached your pull rate limit"),
    (6, r"exceeded the (?:maximum )?number of (?:concurrent|simultaneous)|concurrent (?:query|request|run|job|session|statement)s? limit|max(?:imum)? concurren\w+ (?:reached|exceeded)", {"traits": "concurrency"}),
)
QUOTA = _texts(
    C.QUOTA_EXHAUSTED,
    (7, r"quota exceeded|exceeded (?:your |the |its )?(?:\w+ )?quota|quotaexceeded|quota has been (?:exceeded|exhausted|reached)|over quota|quota limit", {"unless": r"disk quota|storage quota|per minute|per second|per 100 seconds"}),
    (8, r"(?:per|a) day\b.{0,60}(?:exceeded|limit|quota)|daily (?:limit|quota|cap)|(?:exceeded|limit|quota).{0,80}(?:per|a) day\b|per month|monthly (?:limit|quota|usage|spend|cap)|24.?hours? (?:limit|period)"),
    (8, r"billing (?:hard )?(?:limit|cap)|spend(?:ing)? (?:limit|cap)|insufficient (?:quota|credits?|balance|funds)|credit balance|out of credits|exceeded your current quota|payment required"),
    (9, r"resource monitor .{0,80}(?:quota|exceeded|suspended)|exceeded its quota|warehouse .{0,80}cannot be resumed"),
    (9, r"exceeded quota: |forbidden: exceeded quota|must specify (?:limits|requests)\.\w+"),
    (7, r"bytes billed|query exceeded limit for bytes|usage limit (?:reached|exceeded)|plan limit|free (?:tier|trial|query bytes)|trial (?:has )?(?:expired|ended)"),
    (6, r"(?:vcpu|instance|cpus?|addresses|subnet) (?:limit|quota).{0,40}exceeded|vcpulimitexceeded|instancelimitexceeded|insufficientinstancecapacity|zone_resource_pool_exhausted"),
    (7, r"total_requests limit exceeded|request_limit_exceeded.{0,60}totalrequests|api (?:call|request) (?:limit|allocation|allotment)"),
)
MEMORY = _texts(
    C.RESOURCE_EXHAUSTED_MEMORY,
    (9, r"oomkilled|oom.?killed|out of memory: kill|oom-kill|oom killer|oom_kill|memory cgroup out of memory|invoked oom"),
    (8, r"java heap space|gc overhead limit|outofmemoryerror|metaspace|unable to create (?:new )?native thread"),
    (8, r"memoryerror|unable to allocate [\d.]+ [kmgtp]?i?b|cannot allocate memory|std::bad_alloc|malloc.{0,20}failed|failed to allocate memory|arrowmemoryerror"),
    (8, r"out of memory|memory exhausted|insufficient memory|not enough memory|memory (?:limit|usage) (?:of .{0,40})?(?:exceeded|exceeds)|exceed(?:ed|ing|s) (?:\w+ ){0,4}memory|memory limit exceeded"),
    (9, r"exceeding (?:physical |virtual )?memory limits|memory overhead|beyond the 'physical' memory|running beyond (?:physical|virtual) memory"),
    (9, r"resources exceeded during query execution|could not be executed in the allotted memory|allotted memory"),
    (9, r"low on resource: memory|memorypressure|memory pressure|memory\.available"),
    (8, r"maxresultsize|not enough memory to build the hash map|cannot broadcast the table"),
    (9, r"circuit_breaking_exception|data too large, data for|oom command not allowed|used memory > 'maxmemory'"),
    (8, r"exceeded (?:soft|hard|private|local|per-node|global|total) memory|query exceeded (?:per-node|distributed|maximum) memory|ora-04031|ora-04030"),
    (7, r"paused and will be restarted by nanny|worker exceeded 9\d% memory|exceeded memory budget|memory usage is (?:too )?high"),
)
DISK = _texts(
    C.RESOURCE_EXHAUSTED_DISK,
    (8, r"no space left on device|disk (?:is )?full|enospc|not enough (?:free )?(?:disk )?space|insufficient disk space|out of disk space|no free space"),
    (8, r"could not (?:extend|write) (?:file|to file).{0,80}(?:no space|check free disk)|ora-0165[234]|ora-0163[12]|unable to extend (?:table|index|temp)"),
    (9, r"flood.?stage (?:disk )?watermark|disk watermark|disk usage exceeded|diskpressure|low on resource: (?:ephemeral-storage|nodefs|imagefs)|nodefs|imagefs"),
    (8, r"misconf redis|transaction log for database .{0,80}is full|could not allocate space for object|filegroup is full|filesystem (?:is )?full"),
    (6, r"input/output error|read-only file system"),
)
STORAGE_QUOTA = _texts(
    C.OUT_OF_DISK_OR_STORAGE_QUOTA,
    (9, r"disk quota exceeded|edquot|storage quota|quota of (?:disk|storage)|diskspace quota|bucket quota|quota.{0,40}(?:gib|gb|tb|bytes) of storage|storage (?:limit|capacity) (?:exceeded|reached)"),
    (9, r"temporary file size exceeds temp_file_limit|temp_file_limit|temporary (?:tablespace|space) (?:limit|quota)|ora-01536|ora-30041"),
    (9, r"exceeds (?:the )?(?:local )?ephemeral.?storage|ephemeral.?storage (?:limit|usage exceeds)|usage of emptydir volume .{0,60}exceeds|exceeded its local ephemeral|total limit of containers"),
    (9, r"mvcc: database space exceeded|space quota|quota.{0,20}for (?:the )?(?:bucket|volume|drive|user) .{0,30}exceeded|xminiostoragefull|insufficient storage"),
    (8, r"file too large|maximum (?:object|file|database) size|database size limit|size quota has been reached"),
)
CONNECTIONS = _texts(
    C.RESOURCE_EXHAUSTED_CONNECTIONS,
    (9, r"too many clients already|remaining connection slots|too many connections (?:for|from)|sorry, too many clients"),
    (8, r"too many connections|max_connections|max_user_connections|max(?:imum)? (?:number of )?(?:client )?(?:connections|sessions) (?:\w+ )?(?:reached|exceeded)|no more connections allowed|connection limit exceeded|ora-00018|ora-00020"),
    (9, r"queuepool limit|pool limit of size|connection pool (?:is )?(?:exhausted|full|timeout)|connection pool exhausted|pool exhausted|couldn't get a connection after|timeout waiting for connection from pool", {"traits": "concurrency"}),
    (8, r"max number of clients reached|no more connections|query_wait_timeout|client_login_timeout|pool_size.{0,40}exceeded|too many (?:open )?sessions"),
    (7, r"too many open files|emfile|cannot assign requested address"),
)
LOCK = _texts(
    C.LOCK_CONTENTION,
    (9, r"deadlock (?:detected|found)|deadlock victim|ora-00060|deadlocked on|was chosen as the deadlock", {"traits": "conflict"}),
    (9, r"could not obtain lock|lock timeout|lock wait timeout|lock request time ?out|lock not available|unable to (?:acquire|obtain) (?:a )?lock|failed to acquire lock|could not acquire .{0,30}lock|ora-00054|ora-30006|resource busy"),
    (9, r"could not serialize access|serialization failure|serializable isolation violation|restart transaction|retry transaction|transaction (?:conflict|was aborted due to)", {"traits": "conflict"}),
    (8, r"database (?:table )?is locked|database file is locked|conflicting lock is held|could not set lock on file|lock file .{0,60}exists|another process is (?:using|holding)|could not get lock"),
    (8, r"still waiting for \w*lock|process holding the lock|waiting for \w+lock on (?:relation|transaction|tuple)|waits? for \w*lock|while locking tuple|blocked by (?:pid|process|session|transaction)"),
    (8, r"conflict with recovery|tuple concurrently (?:updated|deleted)|concurrent update|concurrentappend|concurrent modification|updated by another (?:transaction|process)|commitfailed.{0,40}conflict|version conflict|version_conflict"),
    (8, r"number of waiters for this (?:table|lock)|writeconflict|write conflict|optimistic lock|snapshot isolation transaction aborted|state lock|being used by another"),
    (6, r"is being accessed by other users|table is locked|exclusive lock|locked by (?:another|user|process)|concurrently (?:modified|writing)"),
    (7, r"would affect rows in the streaming buffer"),
)
TIMEOUTS = _texts(
    C.TIMEOUT,
    (6, r"canceling statement due to statement timeout|statement (?:reached its|timeout)|statement_timeout|max_execution_time|query (?:execution )?(?:was interrupted, )?(?:maximum )?(?:time ?out|timed out)|query timed? ?out|execution time (?:limit )?exceeded", {"unless": _LOCKED}),
    (7, r"airflowtasktimeout|task ?timeout|timeout, pid|process timed out|execution_timeout|dagrun.{0,20}timed out|dagrun_timeout"),
    (5, r"read timed out|read timeout|the read operation timed out|readtimeout|socket timeout|timeout (?:error )?(?:while|when|waiting|of|after|expired|exceeded)|timed out (?:after|waiting|while|in)|operation timed? ?out|request timed? ?out|timeouterror|timed out$|timed out\b"),
    (6, r"deadline.?exceeded|context deadline|deadline_exceeded|exceeded (?:the )?(?:maximum )?(?:time limit|runtime|run ?time|duration|execution time)|time limit (?:exceeded|reached)|softtimelimitexceeded|hard time limit|soft time limit"),
    (8, r"max\.poll\.interval\.ms|could not execute broadcast in|active deadline|activedeadlineseconds|was active on node longer than|terminating connection due to idle-in-transaction timeout"),
    (7, r"job (?:has )?(?:exceeded|ran longer|running for more)|exceeded .{0,20}(?:6|six) hours|operation timed out after|maxtimemsexpired|ora-01013|ora-01555|snapshot too old|query was cancel+ed.{0,40}time"),
    (4, r"gateway time-?out|504 server|\btime-?out\b"),
)
AUTH = _texts(
    C.AUTH_EXPIRED_OR_INVALID,
    (9, r"password authentication failed|authentication failed|login failed|login incorrect|incorrect (?:username|user name|password|login)|invalid (?:username|user name|password|login|credentials?)|wrong password|bad credentials|invalid username/password|access denied for user .{0,60}using password"),
    (9, r"token (?:has |is |was )?(?:been )?(?:expired|revoked|invalid|no longer valid)|expired (?:token|credential|access|jwt|security)|invalid (?:access |bearer |auth\w* |api |refresh |security |oauth |jwt )?token|token.{0,30}(?:has expired|is expired|is not valid|rejected)|security token included in the request is (?:invalid|expired)"),
    (9, r"invalid_grant|invalid_client|invalid jwt|unauthenticated|not authenticated|unauthorized_client|authentication (?:error|failure|required|credentials? (?:were not|not|invalid))|reauthenticat|refresh token"),
    (9, r"invalid (?:api|access|secret|signing|account) ?key|incorrect api key|api key (?:is |was |has )?(?:not valid|invalid|expired|revoked|disabled)|invalidaccesskeyid|aws access key id you provided does not exist|signature (?:we calculated )?does not match|signaturedoesnotmatch|invalid signature|request has expired"),
    (8, r"credentials? (?:have |has |are |is )?(?:been )?(?:expired|revoked|invalid|rejected|disabled|not valid)|(?:password|account|user|key|secret|certificate|session|login) (?:has |is |was )?(?:been )?(?:expired|revoked|locked|disabled|deactivated)|ora-01017|ora-28000|ora-28001"),
    (8, r"401 (?:client error|unauthorized)|http(?:/\d(?:\.\d)?)? 401|status(?:[ _]?code)?[:= ]+401|unauthorized\b|error 401|code\"?: ?401"),
    (8, r"permission denied \((?:publickey|password)|host key verification failed|no supported authentication methods|auth(?:entication)? fail(?:ed|ure)|sasl authentication|noauth|wrongpass|kinit|kerberos|krb5|gss ?api|ticket (?:has )?expired|pre-?authentication"),
    (7, r"no pg_hba\.conf entry|pg_hba\.conf rejects|peer authentication failed|ident authentication failed|role \"[^\"]*\" (?:is not permitted to log in|does not exist)|certificate (?:has expired|verify failed: certificate has expired|expired)|client certificate"),
    (8, r"pull access denied|imagepullsecret.{0,40}(?:invalid|expired)|could not refresh (?:access )?token|failed to (?:refresh|retrieve|obtain) .{0,30}(?:token|credentials)|account not found|service account .{0,80}(?:does not exist|disabled|deleted)"),
)
PERMISSION = _texts(
    C.PERMISSION_DENIED,
    (8, r"permission denied for|permission denied on|must be owner of|must be superuser|insufficient privilege|insufficient (?:permission|scope|authentication scopes)|ora-01031|lacks? (?:the )?(?:privilege|permission)|missing (?:the )?(?:permission|privilege|role)"),
    (8, r"access denied(?!.{0,60}using password)|accessdenied|access is denied|access_denied|not authorized to (?:perform|access)|is not authorized|not authorized on|no permission|does not have (?:the )?(?:\S+ )?(?:\w+ )?(?:permission|access|privilege)|do(?:es)?n't have (?:the )?(?:\S+ )?(?:permission|access|privilege)|permission '?[\w.]+'? denied"),
    (8, r"403 (?:client error|forbidden|get|post|put|delete|access)|http(?:/\d(?:\.\d)?)? 403|status(?:[ _]?code)?[:= ]+403|forbidden\b", {"unless": r"quota|rate.?limit|exceeded|billing|throttl"}),
    (8, r"pods? (?:\"[^\"]*\" )?is forbidden: user|cannot (?:get|list|create|patch|delete|watch|update) resource|rbac|prohibited by organization|vpc service controls|org(?:anization)? policy|explicit deny|no identity-based policy"),
    (6, r"permission denied|permissionerror|operation not permitted|not permitted|errno 13|eacces|command denied to user|privileges? (?:to|on|for)|not allowed to access|caller does not have permission"),
    (8, r"topicauthorization|not authorized to access (?:topics?|group)|permission_denied|iam (?:permission|policy)|sts:assumerole|kms:decrypt|row.level security"),
)
MISSING = _texts(
    C.MISSING_OBJECT,
    (7, r"(?:relation|table|view|schema|sequence|function|materialized view|index|type) [\"'`]?[\w.$-]+[\"'`]? (?:does not|doesn't) exist|undefined ?table|no such table|unknown table|invalid object name|ora-00942|table or view (?:does not exist|not found)|table .{0,80}not found|unknown database"),
    (8, r"not found: (?:table|dataset|model|routine|view)|nosuchbucket|specified bucket does not exist|bucket .{0,60}(?:does not|doesn't) exist|bucket .{0,40}not found|dataset .{0,60}not found|specified container does not exist"),
    (5, r"nosuchkey|specified key does not exist|no such object|no such file or directory|filenotfounderror|file (?:\S+ )?(?:was )?not found|path does not exist|blob does not exist|specified blob does not exist|object (?:\S+ )?(?:does not exist|not found)|404 (?:client error|not found|get|head)|key .{0,80}does not exist|no files? (?:found|matched|match)", {"unless": r"fernet"}),
    (8, r"index_not_found|no such index|unknown topic|unknown_topic|topic .{0,60}(?:not present|does not exist|not found)|stage '?[\w.\"]+'? does not exist|does not exist or not authorized|queue .{0,40}does not exist|secret .{0,60}not found|resourcenotfound"),
    (6, r"(?:resource|entity|repository|project|topic|subscription|stream|queue|collection|catalog|namespace|endpoint|cluster|warehouse|job|volume|snapshot) .{0,60}(?:was not found|not found|does not exist|could not be found)|errno 2\b"),
)
LATE = _texts(
    C.LATE_OR_MISSING_SOURCE,
    (7, r"(?:nosuchkey|does not exist|not found|no such (?:file|object|key)|no files? (?:found|match\w*)|missing|not (?:yet )?(?:present|available|arrived|delivered|landed|there)|404).{0,200}" + _DATED),
    (8, _DATED + r"\S{0,120}['\"]?:? .{0,30}(?:does not exist|not found|no such (?:file|object|key)|is missing|not (?:yet )?(?:present|available|arrived|delivered))"),
    (8, r"error stale|source .{0,60}(?:stale|is late|overdue|not fresh)|freshness (?:check|test|of)?.{0,40}(?:fail|error|exceed|breach|violat)|not fresh|data is stale|stale data|stale source|exceeds? (?:max|allowed|freshness)\w* (?:age|lag|delay|staleness)|max_loaded_at"),
    (7, r"(?:sensor|sensortask) .{0,40}tim(?:ed|e) ?out|sensor has timed out|airflowsensortimeout|snap\. time is out|time is out|poke .{0,60}timed out"),
    (8, r"(?:file|data|delivery|feed|partition|export|extract|drop|batch|source|upload) .{0,50}(?:not (?:yet )?(?:arrived|received|delivered|available|landed|ready|published|loaded|found)|has not (?:arrived|landed|been)|have not (?:arrived|landed)|is late|is missing|missing for|late\b)"),
    (7, r"no (?:new )?(?:data|rows|records|files?|partitions?|objects?|deliver\w+) (?:\w+ ){0,3}(?:for|since|on|in) .{0,40}" + _DATED + r"|missing (?:partition|slice|date|day|file|deliver)\w*|(?:partition|slice|day)s? (?:is |are )?missing|expected (?:partition|file|delivery)"),
    (6, r"(?:0|zero|no) rows? (?:found|returned|loaded|extracted|received|read|in source|for (?:ds|date|partition|slice|day))|empty (?:source|extract|file|delivery|partition|result)|row.?count (?:is |was |= ?)?0\b|returned no (?:rows|data|results)|0 bytes received"),
)
SCHEMA = _texts(
    C.SCHEMA_DRIFT,
    (8, r"column [\"'`]?[\w.\"]+[\"'`]? (?:of relation [\"'`]?[\w.]+[\"'`]? )?does not exist|undefinedcolumn|unknown column|invalid column name|no such column|invalid identifier|ora-00904|column .{0,60}(?:not found|cannot be resolved|was not found)|unrecognized name|cannot resolve (?:column|'|`|\")|unresolved_column|column_not_found|no column named", {"traits": "breaking"}),
    (9, r"(?:schema|type) (?:mismatch|drift|change[ds]?|evolution)|schema (?:does not|doesn't|did not) match|provided schema does not match|schemas? (?:are|is|at index \d+ (?:was|were)) (?:different|incompatible|not equal|not compatible)|incompatible schema|schema being registered is incompatible|mismatched schema"),
    (9, r"cannot add fields|no such field|(?:unexpected|unknown|unrecognized|extra|additional|new|undeclared) (?:column|field|propert)\w*|extra inputs are not permitted|column\w* (?:were |was )?added|not (?:declared|defined) in (?:the )?(?:schema|contract)|extra data after last expected column|extra column\(s\) found|dynamic introduction of", {"traits": "additive"}),
    (9, r"has changed (?:type|mode) from|cannot be converted|column .{0,60}is of type .{0,40}but expression is of type|cannot change (?:data )?type|data ?type (?:of .{0,40})?(?:mismatch|changed|differs)|type of column .{0,40}(?:changed|differs)|expected type .{0,40}(?:got|found|but)|cached plan must not change result type|cannot cast (?:type|column)|parquet column cannot be converted|hive_partition_schema_mismatch", {"traits": "breaking"}),
    (8, r"missing (?:required )?(?:column|field)s?|(?:column|field)s? (?:is |are |were |was )?(?:missing|absent|removed|dropped|renamed)|expected column|columns? (?:do|did) not match|number of columns|column count|usecols do not match|not in index|none of \[.{0,80}are in the|missing data for column|field .{0,60}not found in|has no field|no field named|removed (?:column|field)", {"traits": "breaking"}),
    (8, r"mapper_parsing|failed to parse field|strict_dynamic_mapping|limit of total fields|enforced contract|contract error|is a required property|field required|required field .{0,40}missing|unable to find field|schema registry.{0,40}incompat"),
    (6, r"keyerror: ['\"][\w ]+['\"]", {"also": r"pandas|get_loc|dataframe|read_csv|\bdf\[|row\[|record\[|columns|dictreader"}),
    (7, r"insert has more (?:target columns|expressions)|table .{0,60}has \d+ columns? but|expected \d+ columns?|mismatched? (?:number of )?columns"),
)
QUALITY = _texts(
    C.DATA_QUALITY_VIOLATION,
    (8, r"violates not-null constraint|violates check constraint|violates foreign key constraint|null value in column|cannot insert (?:the value )?null|cannot be null|ora-01400|ora-02290|ora-02291|check constraint .{0,60}(?:violated|failed)|constraint failed: (?:not null|check|foreign)|(?:not null|check|foreign key) constraint failed|not-null constraint|required field .{0,40}cannot be null|null result in a non-nullable"),
    (7, r"invalid input syntax for (?:type )?(?:integer|bigint|smallint|numeric|double|real|date|timestamp|boolean|uuid|time|interval)|could not parse .{0,60} as |bad (?:int64|double|bool|timestamp|date) value|numeric value .{0,60}is not recognized|cannot parse .{0,40}as|invalid digit|ora-01722|ora-01858|ora-01861|incorrect (?:integer|decimal|datetime|date|double) value|conversion failed when converting|invalid literal for int|could not convert string to float|does not match format"),
    (7, r"out of range|value too long|data too long|string or binary data would be truncated|too large for column|ora-12899|ora-01438|numeric (?:field |value )?overflow|arithmetic overflow|out ?of ?bounds ?datetime|string length exceeds|overflows? |exceeds (?:the )?(?:precision|scale|maximum length|ddl length)", {"unless": r"list index out of range|index out of range|string index out of range|ordinal not in range"}),
    (8, r"expect_\w+.{0,120}(?:fail|false|unexpected)|expectations? .{0,60}(?:failed|not met|were not met|unsuccessful)|validation (?:of .{0,60})?failed|validation result.{0,30}fail|unexpected_(?:count|percent)|success\"?: ?false|data quality|quality (?:check|gate)s?.{0,40}fail|checks? failed|fail(?:ed|ing) checks?|check .{0,60}(?:failed|did not pass)|test(?:s)? failed\.? ?(?:query|result)"),
    (8, r"got \d+ results?, configured to fail|failure in test (?:not_null|accepted_values|relationships|expression|dbt_expectations|dbt_utils|assert)|failure in test|accepted_values_|relationships_|not_null_"),
    (6, r"null (?:rate|ratio|fraction|count|percentage|values? in)|negative (?:amount|price|quantity|value)s?|(?:above|below|outside|under|over|exceeds) (?:the )?(?:threshold|expected range|allowed|tolerance|limit of)|anomal(?:y|ous)|(?:row.?count|volume) .{0,60}(?:deviat|drop|below|differ|dropped|mismatch)|orphan(?:ed)? rows?|reconciliation|totals? (?:do not|don't|does not) match|checksum mismatch on rows|mismatch between source and target"),
    (6, r"(?:\d+|some) rows? (?:were )?(?:rejected|invalid|failed|violat\w+)|bad (?:rows?|records?)|invalid (?:rows?|records?|values?)|failed element-wise|schemaerror: .{0,80}failed|error in row \d+", {"traits": "row_level"}),
)
DUPLICATES = _texts(
    C.DUPLICATE_DATA,
    (8, r"duplicate key|duplicate entry|violates unique constraint|unique constraint (?:failed|violated)|unique violation|violation of (?:primary|unique) key|ora-00001|e11000|already exists\.?$(?<=exists)|duplicate[ds]? (?:row|record|value|primary|id|message|event|key|order)s?|duplicated (?:row|record|value|key)s?|duplicate(?:s)? found|has duplicates|not unique|non-unique", {"unless": r"column .{0,40}already exists"}),
    (9, r"must match at most one source row|merge .{0,60}(?:multiple|more than one) (?:source )?row|multiple source rows matched|cannot affect row a second time|merge keys are not unique|unable to get a stable set of rows|nondeterministic .{0,30}(?:merge|update)|duplicate row detected during dml"),
    (9, r"failure in test unique|unique_\w+.{0,40}(?:fail|error)|expect_column_values_to_be_unique|expect_compound_columns_to_be_unique|be_unique"),
    (7, r"loaded twice|already (?:been )?(?:loaded|processed|ingested|imported|inserted)|row ?count (?:is )?(?:doubled|twice)|exactly (?:twice|double|2x)|2x the expected|cannot reindex on an axis with duplicate|could not create unique index|more than one row returned by a subquery"),
)
FORMAT = _texts(
    C.BAD_INPUT_ENCODING_OR_FORMAT,
    (9, r"codec can't (?:de|en)code|invalid (?:start|continuation) byte|invalid byte sequence|invalid utf-?8|not (?:a )?valid utf-?8|illegal (?:byte|multibyte)|unexpected bom|utf-?8 bom|character with byte sequence|malformed utf|bad character \(ascii 0\)|null byte|line contains nul|invalid character (?:in|value|found)"),
    (9, r"error tokenizing data|expected \d+ fields in line|csv parse error|unterminated (?:csv )?quoted field|missing (?:close|closing) double quote|unquoted (?:carriage return|newline)|data between close (?:double )?quote|field larger than field limit|eof inside string|csv table encountered too many errors|error while reading csv|delimiter not found|bad copy file|copy file signature|new-line character seen"),
    (9, r"not a parquet file|parquet magic bytes|magic number in footer|could not open parquet|corrupt (?:footer|parquet|file|snappy|orc)|invalid parquet|malformed orc|not an (?:orc|avro)|invalid sync marker|avro.{0,40}(?:magic|corrupt|block)|unknown magic byte|couldn't deserialize thrift|parquet file size is (?:0|\d) bytes"),
    (7, r"jsondecodeerror|expecting value: line|expecting property name|extra data: line|unterminated string starting|invalid json|malformed json|json (?:parse|parsing|decode|syntax) error|error parsing json|unexpected token|unexpected end of (?:json|input|file)|failed to parse json|error while reading data, error message: (?:json|parser)|invalid control character|not valid json"),
    (9, r"not a gzip|not in gzip format|bad ?zip ?file|file is not a zip|end-of-stream marker|incorrect header check|zlib error|error -3 while decompressing|crc (?:check|error|mismatch)|checksum (?:mismatch|failed|error)|truncated (?:file|gzip|zip|archive)|unexpected end of (?:archive|stream|compressed)|invalid (?:gzip|zip|compressed|block type)|bad magic number"),
    (8, r"xml (?:parse|syntax)|not well-formed|no element found|mismatched tag|xmlsyntaxerror|unsupported format, or corrupt|excel file format cannot be determined|no columns to parse|malformed (?:record|row|line|input|message|csv|data|header|payload|response)|malformed|could not determine delimiter|bad line|unable to parse (?:file|line|record|csv|json|xml)|hive_bad_data|file format (?:is )?not (?:recognized|supported)|invalid (?:file|csv|record) (?:format|header)|wrong (?:encoding|delimiter)|unparseable"),
    (6, r"is encoded in|encoding (?:error|mismatch|problem)|unicode ?(?:decode|encode) ?error|cannot decode|undecodable|surrogates not allowed|ordinal not in range"),
)
CONFIG = _texts(
    C.CONFIG_ERROR,
    (9, r"the conn_id .{0,80}isn't defined|connection .{0,60}(?:isn't|is not|not) (?:defined|configured)|conn_id .{0,60}(?:not found|doesn't exist|isn't)|variable .{0,60}does not exist|variable .{0,40}not (?:found|set|defined)|missing (?:required )?(?:variable|setting|parameter|configuration|config|argument|option|environment|env|connection)|env(?:ironment)? var\w* .{0,60}(?:required|not (?:set|provided|found|defined)|missing|is unset|undefined)|must be set|is not set\b|not configured|unset variable|unbound variable"),
    (9, r"unable to locate credentials|could not automatically determine credentials|default credentials were not found|no credentials (?:found|provided|configured)|no password (?:supplied|was provided)|credentials (?:were )?not (?:found|provided|configured|supplied)|must specify a region|config profile .{0,40}could not be found|missing credentials|no authentication (?:provided|configured)|api key (?:is )?(?:missing|not (?:set|provided|found))|you didn't provide an api key"),
    (8, r"could not parse (?:rfc1738 url|sqlalchemy url)|invalid (?:dsn|url|uri|connection string|connection option|connection uri|host ?name|port|endpoint|hostname|cron|timezone|time zone)|no scheme supplied|no connection adapters|unsupported protocol|port could not be cast|invalid connection|unknown url type|failed to parse url|missing \"=\" after"),
    (8, r"could not find profile|dbt_project\.yml|profiles\.yml|invalid project|no active warehouse|cannot perform (?:select|create|this operation).{0,60}(?:current database|current schema)|warehouse .{0,40}not (?:set|specified)|no database selected|database \"?[\w-]+\"? does not exist|unrecognized configuration parameter|unknown (?:system variable|option|setting|configuration)|unrecognized (?:option|argument|arguments)|invalid value for (?:parameter|option|setting|configuration)|invalid (?:option|setting|configuration|config)|configuration (?:error|is invalid)|misconfigur"),
    (8, r"ssl (?:is|connection is) (?:required|not enabled)|server does not support ssl|wrong[_ ]version[_ ]number|self.signed certificate|unable to get local issuer|certificate verify failed(?!.{0,40}expired)|hostname mismatch|doesn't match .{0,60}certificate|certificate is not valid for|insecure connection|no encryption|requires? ssl"),
    (9, r"permanentredirect|must be addressed using the specified endpoint|bucket is in this region|authorization header is malformed|the region .{0,40}is wrong|was not found in location|cannot read and write in different locations|different (?:region|location)s?|api has not been used in project|it is disabled|service_disabled|has not been enabled|is not enabled for"),
    (8, r"fernet|invalidtoken|secret key .{0,40}(?:mismatch|differ)|createcontainerconfigerror|configmap .{0,60}not found|secret \"[^\"]*\" not found|couldn't find key .{0,60}in (?:secret|configmap)|failedmount|mountvolume\.setup failed|persistentvolumeclaim .{0,60}not found|serviceaccount .{0,60}not found|invalidimagename|errimageneverpull"),
    (7, r"unregistered task|received unregistered|queue .{0,40}not (?:configured|consumed)|pool .{0,40}(?:does not exist|not found|doesn't exist)|executor .{0,40}not (?:found|supported)|no host supplied|relative path|templatenotfound|jinja2\.exceptions\.templatenotfound|message size too large|msg_size_too_large|recordtoolarge|request entity too large|max_allowed_packet|packet (?:too large|bigger than)"),
    (7, r"read-only transaction|read only transaction|cannot execute .{0,40}in a read-only|no such (?:section|option)|no section:|no option|os\.environ|invalid choice|unknown (?:connection|executor|host|driver|adapter)|wrong (?:host|port|endpoint|bucket|region|url|environment)|command not found|placeholder|changeme|example\.com/your"),
)
CODE = _texts(
    C.CODE_BUG,
    (6, r"'?nonetype'? object (?:has no attribute|is not (?:subscriptable|iterable|callable))|object has no attribute|unsupported operand type|takes \d+ positional arguments?|missing \d+ required (?:positional|keyword)|got an unexpected keyword|not supported between instances|is not (?:callable|subscriptable|iterable|json serializable)|can only concatenate|must be str, not|unhashable type|not enough values to unpack|too many values to unpack|object is not"),
    (6, r"name '\w+' is not defined|referenced before assignment|cannot access local variable|(?:list|string|tuple|index) index out of range|division by zero|divide by zero|maximum recursion depth|invalid syntax|unexpected indent|unindent does not match|nameerror|zerodivisionerror|unboundlocalerror|indexerror|recursionerror|assertionerror"),
    (6, r"syntax error at or near|you have an error in your sql syntax|sql syntax error|syntax error: |incorrect syntax near|ora-0093[36]|ora-009\d\d|parse_syntax_error|mismatched input|sql compilation error: syntax|must appear in the group by|ambiguous column|column reference .{0,40}is ambiguous|operator does not exist|function .{0,80}does not exist|no function matches|no matching signature|not a group by expression|aggregate functions? (?:is|are) not allowed"),
    (6, r"is undefined\b|jinja2\.exceptions\.undefined|templatesyntaxerror|expected token|depends on a node named .{0,60}(?:not found|was not found)|compilation error|cycle detected|duplicate ?task ?id|task id .{0,40}already|cannot pickle|task not serializable|notserializable|nullpointerexception|classcastexception|segmentation fault in user"),
)
DEPENDENCY = _texts(
    C.DEPENDENCY_OR_VERSION,
    (9, r"no module named|modulenotfounderror|cannot import name|importerror|dll load failed|cannot open shared object|undefined symbol|glibc_\d|glibcxx|symbol not found|shared library|image not found.{0,20}dylib"),
    (9, r"module '?[\w.]+'? has no attribute|partially initialized module|numpy\.dtype size changed|binary incompatib|compiled against (?:api|abi)|built against|compiled using numpy|abi version|a module that was compiled"),
    (8, r"version ?conflict|requires? .{0,60}(?:but you have|but version|which is not installed|, but)|conflicting dependencies|resolutionimpossible|no matching distribution|could not find a version|dependency (?:conflict|resolver|resolution)|incompatible (?:version|with)|not compatible with|unsupported (?:python|version|client version|server version|protocol version)|version (?:mismatch|skew|is not supported|not supported)|requires python|python_requires|required (?:dbt )?version|this version of \w+ (?:is not|only)|server version mismatch|aborting because of server version"),
    (8, r"unsupportedclassversion|nosuchmethod(?:error|exception)|noclassdeffound|classnotfound|has been compiled by a more recent version|incompatibleclasschange|abstractmethoderror|no suitable driver|can't load plugin|driver (?:not found|manager .{0,20}can't open)|can't open lib|no such plugin|plugin .{0,40}(?:not installed|not found)|not installed|pip install|exec format error|command .{0,20}returned non-zero .{0,40}pip|failed building wheel|removed in (?:version|airflow|pandas|numpy|sqlalchemy)|was removed|has been removed in|no longer (?:supported|available)|deprecated and (?:was|has been) removed"),
    (7, r"got an unexpected keyword argument|unexpected keyword|has no attribute", {"also": r"site-packages|dist-packages|upgrad|version \d|==\d"}),
)
WORKER = _texts(
    C.WORKER_LOST,
    (6, r"sigterm|signal 15|exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:143|-15)\b|return(?:ed)? code (?:143|-15)\b|terminated by signal: 15|negsignal\.sigterm|received termination|graceful shutdown|warm shutdown", {"traits": "sigterm"}),
    (6, r"preempt(?:ed|ion|ing)|spot (?:instance )?(?:interruption|termination|reclaim)|node .{0,60}(?:drain|cordon|shutdown|shut down|scal)|being drained|instance (?:was )?terminated|taint manager|scale.?down|scaled? down|interruption notice|rolling (?:update|restart)", {"traits": "sigterm"}),
    (5, r"sigkill|signal 9\b|exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:137|-9)\b|return(?:ed)? code (?:137|-9)\b|negsignal\.sigkill|terminated by signal: 9|killed$|killed by signal|was killed", {"traits": "killed_unknown"}),
    (6, r"sigsegv|segmentation fault|signal 11\b|exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:139|-11)\b|core dumped|sigabrt|signal 6\b|sigbus|exit code 134", {"traits": "killed_unknown"}),
    (5, r"workerlosterror|worker exited prematurely|worker .{0,40}(?:died|lost|disappeared|crashed|gone|offline|unresponsive)|lost (?:worker|executor|node|pod|contact)|executorlostfailure|executor .{0,60}(?:lost|exited|heartbeat)|slave lost|process pool was terminated abruptly|missed heartbeat|heartbeat.{0,40}(?:timeout|timed out|missed|lost|stopped|not received)|no heartbeat|without heartbeat|lost heartbeat", {"traits": "killed_unknown"}),
    (5, r"zombie|was the task killed externally|although the task says|task instance .{0,40}not running|state .{0,40}externally|killed externally|orphaned task|adopt(?:ed|ing) task|pod .{0,80}(?:was deleted|not found|has been deleted|disappeared|terminated|evicted)|the pod was (?:deleted|evicted)|node .{0,40}(?:not ready|notready|lost|unreachable)|nodelost|container .{0,60}terminated|was evicted|evicted\b", {"traits": "killed_unknown"}),
)
UPSTREAM = _texts(
    C.UPSTREAM_FAILED,
    (4, r"upstream_failed|upstream (?:task|dag|job|model|dependency|node|run|pipeline|step)s?.{0,60}(?:failed|failure|error|skipped|not succeeded)|external (?:task|dag).{0,80}fail|(?:dependency|dependencies|predecessor|parent|preceding|prerequisite)s? .{0,60}(?:failed|not met|not succeeded|has failed)|trigger rule .{0,120}(?:requires|fail)|triggered dag .{0,60}failed|externaltaskfailed"),
    (3, r"skipping .{0,80}(?:due to|because).{0,60}(?:fail|upstream|error|depend)|skip relation|skipped because|skip(?:ped)? due to|depends on .{0,80}(?:failed|which failed)|all (?:tasks|jobs) .{0,40}upstream|due to (?:a )?(?:failed|failure (?:in|of)|error in) (?:upstream|dependenc|parent|previous|predecessor)"),
)
DISTRACTION = _texts(
    C.UNKNOWN,
    (1, r"task failed with exception|marking task as failed|task failed|job failed|command (?:failed|exited)|exit code 1\b|returned non-zero exit status|traceback|retries exhausted|retry (?:limit|attempts) (?:exceeded|exhausted)|all (?:attempts|retries) failed|unknown error|unexpected error|something went wrong|an error occurred"),
)

TEXTS: tuple[Signature, ...] = (
    *NETWORK, *DNS_NAMES, *RATE, *QUOTA, *MEMORY, *DISK, *STORAGE_QUOTA, *CONNECTIONS, *LOCK, *TIMEOUTS, *AUTH,
    *PERMISSION, *MISSING, *LATE, *SCHEMA, *QUALITY, *DUPLICATES, *FORMAT, *CONFIG, *CODE, *DEPENDENCY, *WORKER,
    *UPSTREAM, *DISTRACTION,
)

#: Everything that is known.
SIGNATURES: tuple[Signature, ...] = (*CODES, *TEXTS)

#: Lines that say nothing about the failure: fetching logs, metrics and lineage, deprecations.
NOISE = (
    r"could not read (?:served )?logs|failed to fetch log|log file does not exist|\*\*\* |deprecat|futurewarning|userwarning"
    r"|openlineage|statsd|sentry|telemetry|filling up the dagbag|running on host|dependencies all met"
)
#: Lines that tell the reader what to do: data, not evidence.
INSTRUCTION = (
    r"ignore (?:all |any )?(?:previous|prior|above|other)|disregard (?:all |any |the )?(?:previous|prior|above)|system prompt"
    r"|\bas an ai\b|\byou are (?:now )?(?:an? |the )|(?:assistant|agent|ai|llm|model|harness|healer)[:,] |<\/?(?:system|assistant|instruction)"
    r"|pre-?approved|approved by|already approved|no approval (?:is )?(?:needed|required)|do not escalate|without approval"
    r"|safe_action|root_?cause:|category ?[:=]|classify (?:this|it) as|new instructions?|note to (?:the )?(?:agent|ai|on-?call bot|automation)"
)
#: Words that say that what failed before is over.
RECOVERED = (
    r"succeeded (?:on|after|at) (?:attempt|retry|try)|retry (?:\d+ )?succeeded|reconnected|recovered|connection (?:re-?)?established"
    r"|re-?established|retried successfully|success(?:fully)? (?:on|after) (?:retry|attempt|\d)|attempt \d+ (?:ok|succeeded|successful)"
    r"|is back|resumed|succeeded|\bok\b|\bdone\b|200 ok|loaded \d+|completed|finished|wrote \d+|uploaded|fetched \d+|connected to"
)
#: Words of a line that is about to be tried again.
RETRIED = r"retry|retrying|will try again|attempt \d+|backing off|backoff|try \d+ of|transient"

#: trait, the categories in which it means something, and the words that show it.
TRAIT_WORDS: tuple[tuple[Trait, frozenset[C], str], ...] = (
    (Trait.CONCURRENCY, frozenset({C.RATE_LIMITED, C.QUOTA_EXHAUSTED, C.RESOURCE_EXHAUSTED_CONNECTIONS}),
     r"concurren|parallel|simultaneous|pool_size|queuepool|max_overflow|mapped|workers? ="),
    (Trait.SIGTERM, frozenset({C.WORKER_LOST}), r"sigterm|\b143\b|signal 15|preempt|drain|spot|graceful|evict|scale|rolling|shutting down"),
    (Trait.KILLED_UNKNOWN, frozenset({C.WORKER_LOST}), r"sigkill|\b137\b|signal 9\b|sigsegv|\b139\b|signal 11\b|segmentation|code -9\b|heartbeat|zombie"),
    (Trait.MISSING_SLICES, frozenset({C.LATE_OR_MISSING_SOURCE}),
     r"gap|missing (?:partition|slice|date|day)s|(?:partition|slice|day|date)s missing|backfill|never (?:ran|loaded)|not (?:been )?(?:loaded|processed) for|between .{0,40}missing"),
    (Trait.ADDITIVE, frozenset({C.SCHEMA_DRIFT}),
     r"cannot add fields|no such field|unexpected (?:column|field)|unknown field|extra (?:column|field|data after|inputs)|new (?:column|field)|additional (?:column|field|propert)|added column|column.{0,20}added|dynamic introduction|not (?:declared|defined) in"),
    (Trait.BREAKING, frozenset({C.SCHEMA_DRIFT}),
     r"missing|does not exist|changed type|changed from|removed|dropped|renamed|type mismatch|cannot (?:be )?c(?:ast|onvert)|incompatib|not found|invalid identifier|unknown column|but expression is of type"),
    (Trait.ROW_LEVEL, frozenset({C.DATA_QUALITY_VIOLATION, C.BAD_INPUT_ENCODING_OR_FORMAT, C.DUPLICATE_DATA}),
     r"\b[1-9]\d{0,4} (?:of|out of|/) \d+|\brows? \d+\b|line \d+|\d+ (?:bad |invalid |unexpected )?(?:rows?|records?|results?|values?)\b|unexpected_(?:count|percent)|failing row contains"),
    (Trait.RERUN, frozenset({C.DUPLICATE_DATA}), r"already (?:been )?(?:loaded|processed|ingested|inserted)|re-?run|attempt [2-9]|try_number=[2-9]|retry|cleared|backfill"),
    (Trait.CONFLICT, frozenset({C.LOCK_CONTENTION}), r"deadlock|serializ|concurrent update|conflict"),
)
