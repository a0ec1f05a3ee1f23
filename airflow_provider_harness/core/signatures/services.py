"""What networks, services and machines print when they cannot serve.

One signature a line, see ``core.signatures.texts`` for the form.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.TRANSIENT_NETWORK: r"""
7 temporary failure in name resolution
7 server misbehaving
7 temporary failure resolving
7 eai_again
7 dns lookup timed out
7 server closed the connection unexpectedly
7 connection to server was lost
7 connection has been closed unexpectedly
7 ssl syscall error
7 ssl connection has been closed
7 unexpected eof while reading
7 eof occurred in violation of protocol
7 terminating connection due to administrator command
7 the database system is (?:starting up|shutting down|in recovery|not yet accepting)
7 name resolution .{0,30}temporar
7 timeout connecting to
7 connection unexpectedly closed
6 connection refused
6 actively refused
6 econnrefused
6 connection reset by peer
6 connection was reset
6 econnreset
6 connection reset$
6 recv failure
6 connection forcibly closed
6 no route to host
6 network is unreachable
6 host is unreachable
6 network is down
6 ehostunreach
6 lost connection to (?:mysql )?server
6 server has gone away
6 connection not available
6 could not receive data from server
6 terminating connection (?:because of crash|due to unexpected postmaster)
6 server process .{0,40}was terminated by signal (?:2|15)\b
6 tls handshake timeout
6 i/o timeout
6 ssl handshake (?:timed out|failed: connection)
6 handshake operation timed out
6 cannot connect to proxy
6 tunnel connection failed: 50\d
6 proxy ?error
6 etcdserver: (?:request timed out|leader changed|no leader)
6 leader (?:not available|election)
6 not (?:the )?leader for partition
6 you can't write against a read only replica
6 redis is loading the dataset
6 clusterdown
6 masterdown
6 packet (?:loss|drop)
6 link down
6 network partition
6 nfs: server .{0,60}not responding
6 stale file handle
6 (?:the )?(?:service|server|backend|endpoint|cluster|host) is (?:currently |temporarily )?(?:unavailable|unreachable|down|restarting|overloaded)
6 (?:http|status)\D{0,8}50[0-3]\b
6 50[0-3] (?:internal server error|bad gateway|service (?:temporarily )?unavailable|server error)
6 unable to connect to (?:the )?(?:server|host|proxy|broker|database|cluster)
6 (?:connection|socket|stream|session|channel) (?:was |has been |is )?(?:closed|reset|terminated|dropped|interrupted|aborted)
6 network (?:error|failure|timeout|unreachable|connection)
6 (?:error|failed|failure) (?:while |in )?(?:sending|receiving|reading|writing) (?:data )?(?:to|from) (?:the )?(?:server|socket|peer|network|broker)
6 ssl connection (?:error|reset|closed|timeout)
6 (?:dns|name) (?:resolution|lookup) (?:failed|failure|error|timeout)
6 (?:incomplete read|content-length mismatch|received \d+ bytes, expected \d+)
6 http/2 (?:stream|connection) .{0,30}(?:error|closed|reset)
6 transport(?: is)? (?:closing|closed|error|failure)
6 keepalive (?:watchdog )?time
6 (?:could not|failed to|unable to|cannot) (?:reach|contact|ping) (?:the )?\w+
5 remote end closed connection without response
5 connection aborted
5 connection broken
5 broken pipe
5 socket hang up
5 premature (?:eof|close)
5 incompleteread
5 invalidchunklength
5 response ended prematurely
5 peer closed connection
5 server disconnected
5 stream (?:was )?reset
5 rst_stream
5 goaway
5 connect(?:ion)? (?:attempt )?timed? ?out
5 connecttimeout
5 connect timeout
5 connection timeout
5 timed out trying to connect
5 etimedout
5 \bservice (?:is )?(?:temporarily )?unavailable
5 503 service
5 backend ?error
5 bad gateway
5 502 proxy
5 upstream connect error
5 no healthy upstream
5 upstream prematurely closed
5 connection termination
5 overflow: reset reason
5 status(?:code)?[.= ]+(?:statuscode\.)?unavailable
5 \brpc error: code = unavailable
5 failed to connect to all addresses
5 retrying may solve the problem
5 please try again (?:later|in (?:30|a few))
5 internal error encountered
5 encountered an internal error
5 nobrokersavailable
5 broker transport failure
5 all broker connections are down
5 brokers? (?:is |are )?down
5 disconnected while requesting
5 notprimary
5 not master
5 no primary (?:available|found)
5 no replica set members
5 serverselectiontimeout
5 communications link failure
5 the network adapter could not establish
5 tns:no listener
5 ora-12541
5 ora-12170
5 ora-03113
5 ora-03114
5 ora-12514
5 could not connect to (?:server|snowflake|the endpoint)
5 can't connect to (?:mysql|local mysql)
5 unable to connect to the remote
5 failed to establish a new connection
5 connection (?:was )?closed (?:by|before|in the middle|unexpectedly|abnormally)
5 unexpectedly closed
5 connection lost
5 lost connection
5 connection dropped
5 we encountered an internal error\. please try again
5 (?<!resource )temporarily unavailable
4 could not resolve host
4 failed to resolve
4 getaddrinfo failed
4 unknownhostexception
4 unable to resolve host
4 max retries exceeded with url
5 an internal error occurred
5 internal server error
5 500 server error
4 "?internalerror"?
""",
    C.RATE_LIMITED: r"""
9 exceeded rate
8 requests? per (?:second|minute)  @unless per day|daily limit
8 queries per (?:second|minute)  @unless per day|daily limit
8 per minute per (?:user|project)  @unless per day|daily limit
8 per 100 seconds  @unless per day|daily limit
8 tokens per (?:minute|min)\b  @unless per day|daily limit
8 too many table update operations
8 too many (?:api|dml|concurrent) (?:requests|queries|calls|statements)
8 toomanyrequests: you have reached your pull rate limit
8 streaming insert (?:bytes|rows) per second  @traits load
8 (?:bytes|rows|records|mb|kb) per second  @traits load
8 provisioned (?:throughput|capacity)  @traits load
8 throughput (?:limit|exceeded)  @traits load
8 (?:api|request|call|query) (?:rate|frequency) (?:limit|exceeded)
6 429\b.{0,40}(?:too many|rate|limit|retry)
8 calls per (?:second|minute)
8 userratelimitexceeded
8 (?:exceeded|exceeding|hit|over|reached) .{0,30}rate.?limit
8 secondary rate.?limit
8 api rate.?limit
6 too many requests
7 rate.?limit(?:ed|s)?\b
7 ratelimit
7 throttl(?:ed|ing)
7 slow ?down\b
7 please reduce your request rate
7 reduce your (?:request )?rate
7 back ?off and retry
7 requests? (?:was|were|is being) throttled
7 retry-after: ?\d
7 retry after \d+ ?s
7 rejected execution of
7 queue capacity
7 too_many_requests
7 server overloaded
7 overloaded_error
7 model is overloaded
7 (?:burst|concurrency|qps|rps|tps) (?:limit|exceeded|capacity)
7 x-ratelimit-remaining: 0
6 exceeded the (?:maximum )?number of (?:concurrent|simultaneous)  @traits concurrency
6 concurrent (?:query|request|run|job|session|statement)s? limit  @traits concurrency
6 max(?:imum)? concurren\w+ (?:reached|exceeded)  @traits concurrency
""",
    C.QUOTA_EXHAUSTED: r"""
9 resource monitor .{0,80}(?:quota|exceeded|suspended)
9 exceeded its quota
9 warehouse .{0,80}cannot be resumed
9 exceeded quota: [\w-]+, requested  @traits others  @unless used: ([^\s"]+), limited: \1|requests\.storage|persistentvolumeclaims
9 (?:is )?forbidden: exceeded quota  @unless requests\.storage|persistentvolumeclaims
9 daily (?:limit|quota|cap)
9 insufficient.(?:quota|credits?|balance|funds)
9 exceeded your current quota
9 (?:monthly|daily|weekly|annual|yearly) (?:\w+ ){0,3}(?:quota|limit|allotment|allowance|budget|cap)
9 used (?:all|up)\b.{0,60}(?:credits?|quota|calls|requests|units|tokens|allowance)
8 (?:per|a) day\b.{0,60}(?:exceeded|limit|quota)
8 (?:exceeded|limit|quota).{0,80}(?:per|a) day\b
8 per month
8 monthly (?:limit|quota|usage|spend|cap)
8 24.?hours? (?:limit|period)
8 billing (?:hard )?(?:limit|cap)
8 spend(?:ing)? (?:limit|cap)
8 credit balance
8 out of credits
8 payment required
8 totalrequests limit exceeded
8 24.hour (?:limit|allotment|allocation|quota)
8 (?:quota|limit|allotment|allowance|credits?|budget) .{0,40}(?:for (?:today|this (?:day|month|billing))|resets? (?:at|on|in)|until (?:midnight|tomorrow|next))
8 resets? (?:at|on) .{0,20}(?:midnight|00:00|\bday\b|month)
8 (?:usage|plan|account|subscription) .{0,30}(?:limit|quota) (?:reached|exceeded)
8 upgrade your (?:plan|subscription)
8 budget (?:exceeded|exhausted|reached)
8 (?:this|per|for the) (?:month|day|week|year|billing period)\b
8 (?:no|out of|insufficient|not enough) (?:remaining )?(?:credits?|quota|units|allowance)
7 quota exceeded  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 exceeded (?:your |the |its )?(?:\w+ )?quota  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 quotaexceeded  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 quota has been (?:exceeded|exhausted|reached)  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 over quota  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 quota limit  @unless disk quota|storage quota|per minute|per second|per 100 seconds
7 bytes billed
7 query exceeded limit for bytes
7 usage limit (?:reached|exceeded)
7 plan limit
7 free (?:tier|trial|query bytes)
7 trial (?:has )?(?:expired|ended)
7 total_requests limit exceeded
7 request_limit_exceeded.{0,60}totalrequests
7 api (?:call|request) (?:limit|allocation|allotment)
6 (?:vcpu|instance|cpus?|addresses|subnet) (?:limit|quota).{0,40}exceeded
6 vcpulimitexceeded
6 instancelimitexceeded
6 insufficientinstancecapacity
6 zone_resource_pool_exhausted
""",
    C.RESOURCE_EXHAUSTED_MEMORY: r"""
9 oomkilled
9 oom.?killed
9 out of memory: kill
9 oom-kill
9 oom killer
9 oom_kill
9 memory cgroup out of memory
9 invoked oom
9 exceeding (?:physical |virtual )?memory limits
9 memory overhead
9 beyond the 'physical' memory
9 running beyond (?:physical|virtual) memory
9 resources exceeded during query execution
9 could not be executed in the allotted memory
9 allotted memory
9 low on resource: memory
9 memorypressure
9 memory pressure
9 memory\.available
9 circuit_breaking_exception
9 data too large, data for
9 oom command not allowed
9 used memory > 'maxmemory'
9 (?:rlimit|ulimit) .{0,20}memory
8 java heap space
8 gc overhead limit
8 outofmemoryerror
8 metaspace
8 unable to create (?:new )?native thread
8 memoryerror
8 unable to allocate [\d.]+ [kmgtp]?i?b
8 cannot allocate memory
8 std::bad_alloc
8 malloc.{0,20}failed
8 failed to allocate memory
8 arrowmemoryerror
8 out of memory
8 memory exhausted
8 insufficient memory
8 not enough memory
8 memory (?:limit|usage) (?:of .{0,40})?(?:exceeded|exceeds)
8 exceed(?:ed|ing|s) (?:\w+ ){0,4}memory
8 memory limit exceeded
8 maxresultsize
8 not enough memory to build the hash map
8 cannot broadcast the table
8 exceeded (?:soft|hard|private|local|per-node|global|total) memory
8 query exceeded (?:per-node|distributed|maximum) memory
8 ora-04031
8 ora-04030
8 heap (?:out of memory|limit|space)
8 (?:exceeded|exceeds|over|hit|reached) (?:the |its |your )?(?:\w+ )?(?:memory|ram) (?:limit|budget|quota|cap)
8 memory (?:limit|quota|budget|allocation) .{0,30}(?:exceeded|reached|hit|failed)
8 rss .{0,20}(?:exceeds|exceeded|above|over)
8 insufficient (?:heap|work_mem|memory)
8 javascript heap out of memory
8 requested length too large
8 invalid memory alloc request
8 string buffer .{0,40}(?:cannot be enlarged|exceeds)
8 array size exceeds
7 paused and will be restarted by nanny
7 worker exceeded 9\d% memory
7 exceeded memory budget
7 memory usage is (?:too )?high
""",
    C.RESOURCE_EXHAUSTED_DISK: r"""
9 flood.?stage (?:disk )?watermark
9 disk watermark
9 disk usage exceeded
9 diskpressure
9 low on resource: (?:ephemeral-storage|nodefs|imagefs)
9 nodefs
9 imagefs
8 no space left on device
8 disk (?:is )?full
8 enospc
8 not enough (?:free )?(?:disk )?space
8 insufficient disk space
8 out of disk space
8 no free space
8 could not (?:extend|write) (?:file|to file).{0,80}(?:no space|check free disk)
8 ora-0165[234]
8 ora-0163[12]
8 unable to extend (?:table|index|temp)
8 misconf redis
8 transaction log for database .{0,80}is full
8 could not allocate space for object
8 filegroup is full
8 filesystem (?:is )?full
8 wrote only \d+ of \d+ bytes
8 write error: no space
7 short write
6 input/output error
""",
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: r"""
9 disk quota exceeded
9 edquot
9 storage quota
9 quota of (?:disk|storage)
9 diskspace quota
9 bucket quota
9 quota.{0,40}(?:gib|gb|tb|bytes) of storage
9 storage (?:limit|capacity) (?:exceeded|reached)
9 temporary (?:tablespace|space) (?:limit|quota)
9 ora-01536
9 ora-30041
9 exceeds (?:the )?(?:local )?ephemeral.?storage
9 ephemeral.?storage (?:limit|usage exceeds)
9 usage of emptydir volume .{0,60}exceeds
9 exceeded its local ephemeral
9 total limit of containers
9 mvcc: database space exceeded
9 space quota
9 quota.{0,20}for (?:the )?(?:bucket|volume|drive|user) .{0,30}exceeded
9 xminiostoragefull
9 insufficient storage
9 temporary file size exceeds  @traits load
9 temp_file_limit  @traits load
9 quota .{0,8}\w*(?:disks?|ssd|storage|persistent|volume|bytes)_?\w*.{0,6} exceeded
9 (?:disks_total_gb|ssd_total_gb|local_ssd_total|'snapshots'|persistentvolumeclaims|requests\.storage)
8 file too large
8 maximum (?:object|file|database) size
8 database size limit
8 size quota has been reached
""",
    C.RESOURCE_EXHAUSTED_CONNECTIONS: r"""
9 too many clients already
9 remaining connection slots
9 sorry, too many clients
9 queuepool limit  @traits concurrency
9 pool limit of size  @traits concurrency
9 connection pool (?:is )?(?:exhausted|full|timeout)  @traits concurrency
9 connection pool exhausted  @traits concurrency
9 pool exhausted  @traits concurrency
9 couldn't get a connection after  @traits concurrency
9 timeout waiting for connection from pool  @traits concurrency
9 too many connections (?:for (?:role|user)|from)
9 too many connections for database  @traits others
8 too many connections
8 max_connections
8 max_user_connections
8 max(?:imum)? (?:number of )?(?:client )?(?:connections|sessions) (?:\w+ )?(?:reached|exceeded)
8 no more connections allowed
8 connection limit exceeded
8 ora-00018
8 ora-00020
8 max number of clients reached
8 no more connections
8 query_wait_timeout
8 client_login_timeout
8 pool_size.{0,40}exceeded
8 too many (?:open )?sessions
7 too many open files
7 emfile
7 cannot assign requested address
""",
    C.LOCK_CONTENTION: r"""
9 deadlock (?:detected|found)
9 deadlock victim
9 ora-00060
9 deadlocked on
9 was chosen as the deadlock
9 could not obtain lock
9 lock timeout
9 lock wait timeout
9 lock request time ?out
9 lock not available
9 unable to (?:acquire|obtain) (?:a )?lock
9 failed to acquire lock
9 could not acquire .{0,30}lock
9 ora-00054
9 ora-30006
9 resource busy
9 could not serialize access
9 serialization failure
9 serializable isolation violation
9 restart transaction
9 retry transaction
9 transaction (?:conflict|was aborted due to)
9 conflict on (?:update|delete|commit|tuple)
8 database (?:table )?is locked
8 database file is locked
8 conflicting lock is held
8 could not set lock on file
8 lock file .{0,60}exists
8 another process is (?:using|holding)
8 could not get lock
8 still waiting for \w*lock
8 process holding the lock
8 waiting for \w+lock on (?:relation|transaction|tuple)
8 waits? for \w*lock
8 while locking tuple
8 blocked by (?:pid|process|session|transaction)
8 conflict with recovery
8 tuple concurrently (?:updated|deleted)
8 concurrent update
8 concurrentappend
8 concurrent modification
8 updated by another (?:transaction|process)
8 commitfailed.{0,40}conflict
8 version conflict
8 version_conflict
8 number of waiters for this (?:table|lock)
8 writeconflict
8 write conflict
8 optimistic lock
8 snapshot isolation transaction aborted
8 state lock
8 being used by another
8 resource temporarily unavailable  @also \block|flock|lockf|semaphore|mutex
8 blockingioerror  @also \block|flock|lockf
8 (?:pid|lock) ?file .{0,60}(?:exists|held|locked|present)
8 already (?:running|locked|in progress) .{0,40}(?:pid|lock)
8 previous (?:run|instance) (?:is )?still (?:running|holds)
8 (?:another|other) (?:session|process|transaction|job|run|writer|client|instance) (?:is |has |holds? )?(?:holding|locking|running|using|writing|modif\w+|lock)
8 lock (?:is |was |already )?(?:held|owned|acquired|taken) by
8 (?:failed|unable|could not|couldn't) (?:to )?(?:get|take|acquire|obtain) .{0,40}\block\b
8 (?:write|commit|metadata|transaction|update) conflict
8 (?:retry|restart) the transaction
8 waiting for .{0,20}\block\b
8 deadlock
8 concurrent (?:write|transaction|delete|merge|append|job|modif\w+)s?
8 commit failed .{0,40}(?:conflict|changed|stale)
8 transactioncontext error: .{0,30}conflict
8 transaction .{0,40}(?:conflict|aborted by)
8 unable_to_lock
8 (?:unable to obtain|cannot obtain|could not obtain) (?:exclusive )?(?:access|lock)
8 (?:another|other) .{0,40}is already (?:running|in progress|active|locked|exporting|processing)
8 already (?:running|in progress|being processed)\b
7 would affect rows in the streaming buffer
7 (?:job|export|run|task|operation) .{0,30}(?:in progress|is locked)
6 is being accessed by other users
6 table is locked
6 exclusive lock
6 locked by (?:another|user|process)
6 concurrently (?:modified|writing)
""",
    C.TIMEOUT: r"""
9 (?:hard |soft )?time ?limit (?:\([\d.]+ ?s?\) )?(?:exceeded|reached)  @traits permanent
8 max\.poll\.interval\.ms  @traits permanent
8 could not execute broadcast in
8 active deadline
8 activedeadlineseconds
8 was active on node longer than
8 terminating connection due to idle-in-transaction timeout  @traits permanent
8 (?:soft)?timelimitexceeded  @traits permanent
8 airflowtasktimeout  @traits permanent
8 timeout, pid  @traits permanent
8 dag ?run .{0,60}timed out|dagrun_timeout  @traits permanent
8 (?:job|step|activity|build) (?:has )?timed out after  @traits permanent
8 active longer than specified deadline  @traits permanent
7 job (?:has )?(?:exceeded|ran longer|running for more)
7 exceeded .{0,20}(?:6|six) hours
7 operation timed out after
7 maxtimemsexpired
7 ora-01013
7 ora-01555
7 query was cancel+ed.{0,40}time
7 exceeded (?:the |its )?(?:maximum )?(?:time limit|runtime|run ?time|duration|execution time)  @traits permanent
7 process timed out  @traits permanent
7 execution_timeout  @traits permanent
6 canceling statement due to statement timeout  @unless <locked>
6 statement (?:reached its|timeout)  @unless <locked>
6 statement_timeout  @unless <locked>
6 max_execution_time  @unless <locked>
6 query (?:execution )?(?:was interrupted, )?(?:maximum )?(?:time ?out|timed out)  @unless <locked>
6 query timed? ?out  @unless <locked>
6 execution time (?:limit )?exceeded  @unless <locked>
6 deadline.?exceeded
6 context deadline
6 deadline_exceeded
5 read timed out
5 read timeout
5 the read operation timed out
5 readtimeout
5 socket timeout
5 timeout (?:error )?(?:while|when|waiting|of|after|expired|exceeded)
5 timed out (?:after|waiting|while|in)
5 operation timed? ?out
5 request timed? ?out
5 timeouterror
5 timed out$
5 timed out\b
5 asyncio\.timeouterror
5 server disconnected due to timeout
5 snapshot too old
5 gateway time-?out
5 504 server
4 \btime-?out\b
""",
    C.WORKER_LOST: r"""
9 process terminated by signal  @traits killed_unknown
7 exit_?code[=: ]+-?(?:11|139|6|134|7|135)\b  @traits killed_unknown
7 exit_?code[=: ]+(?:-9|137)\b  @traits killed_unknown
7 exit_?code[=: ]+(?:-15|143)\b  @traits sigterm
6 sigterm  @traits sigterm
6 signal 15  @traits sigterm
6 exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:143|-15)\b  @traits sigterm
6 return(?:ed)? code (?:143|-15)\b  @traits sigterm
6 terminated by signal: 15  @traits sigterm
6 negsignal\.sigterm  @traits sigterm
6 received termination  @traits sigterm
6 graceful shutdown  @traits sigterm
6 warm shutdown  @traits sigterm
6 preempt(?:ed|ion|ing)  @traits sigterm
6 spot (?:instance )?(?:interruption|termination|reclaim)  @traits sigterm
6 node .{0,60}(?:drain|cordon|shutdown|shut down|scal)  @traits sigterm
6 being drained  @traits sigterm
6 instance (?:was )?terminated  @traits sigterm
6 taint manager  @traits sigterm
6 scale.?down  @traits sigterm
6 scaled? down  @traits sigterm
6 interruption notice  @traits sigterm
6 rolling (?:update|restart)  @traits sigterm
6 sigsegv  @traits killed_unknown
6 segmentation fault  @traits killed_unknown
6 signal 11\b  @traits killed_unknown
6 exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:139|-11)\b  @traits killed_unknown
6 core dumped  @traits killed_unknown
6 sigabrt  @traits killed_unknown
6 signal 6\b  @traits killed_unknown
6 sigbus  @traits killed_unknown
6 exit code 134  @traits killed_unknown
6 signal(?:_name)?["=:]{1,3} ?"?(?:sigkill|-9)  @traits killed_unknown
6 signal(?:_name)?["=:]{1,3} ?"?(?:sigsegv|-11|sigabrt|-6|sigbus|-7)  @traits killed_unknown
6 signal(?:_name)?["=:]{1,3} ?"?(?:sigterm|-15)  @traits sigterm
6 (?:pod|container|node|instance|vm|worker|agent|runner|executor) .{0,40}(?:terminated|deleted|killed|disappeared|restarted|evicted|removed|shut ?down|went away|not responding|unreachable|lost)
6 (?:lost|missed|no) (?:contact|heartbeat|connection) (?:with|from|to) (?:the )?(?:worker|node|executor|agent|pod|task)
6 the node .{0,40}(?:unreachable|was lost|not ready)
6 process .{0,30}(?:died|crashed|vanished|exited unexpectedly|terminated unexpectedly)
6 unexpectedly (?:died|exited|terminated|crashed)
5 sigkill  @traits killed_unknown
5 signal 9\b  @traits killed_unknown
5 exit(?:ed)? (?:with )?(?:code|status)[ :=]*(?:137|-9)\b  @traits killed_unknown
5 return(?:ed)? code (?:137|-9)\b  @traits killed_unknown
5 negsignal\.sigkill  @traits killed_unknown
5 terminated by signal: 9  @traits killed_unknown
5 killed$  @traits killed_unknown
5 killed by signal  @traits killed_unknown
5 was killed  @traits killed_unknown
5 workerlosterror
5 worker exited prematurely
5 worker .{0,40}(?:died|lost|disappeared|crashed|gone|offline|unresponsive)  @traits killed_unknown
5 lost (?:worker|executor|node|pod|contact)
5 executorlostfailure
5 executor .{0,60}(?:lost|exited|heartbeat)
5 slave lost
5 process pool was terminated abruptly  @traits killed_unknown
5 missed heartbeat
5 heartbeat.{0,40}(?:timeout|timed out|missed|lost|stopped|not received)
5 no heartbeat
5 without heartbeat
5 lost heartbeat
5 zombie
5 was the task killed externally
5 although the task says
5 task instance .{0,40}not running
5 killed externally
5 orphaned task
5 adopt(?:ed|ing) task
5 pod .{0,80}(?:was deleted|not found|has been deleted|disappeared|terminated|evicted)
5 the pod was (?:deleted|evicted)
5 node .{0,40}(?:not ready|notready|lost|unreachable)
5 nodelost
5 container .{0,60}terminated
5 was evicted
5 evicted\b
4 process exited abnormally
""",
    C.UPSTREAM_FAILED: r"""
8 (?:job|export|import|pipeline|workflow|query|run|dag|task|step|stage|flow|build)\b.{0,60} (?:ended|finished|terminated|completed|is|was|returned|entered) (?:in|with) (?:the )?(?:state|status|result)[:= ]*['"]?(?:failed|failure|error|cancelled|canceled|aborted)  @unless killed externally|although the task says
7 (?:upstream|source|external|parent|child|triggered|remote) (?:\w+ )?(?:job|export|pipeline|workflow|dag|task|run|build|step)\b.{0,60}(?:failed|failure|errored|aborted|unsuccessful)
7 expected (?:state|status) .{0,20}(?:success|succeeded).{0,40}(?:got|but|found) .{0,10}fail
7 failed with failed states?
5 (?:upstream|parent|dependency|prerequisite|predecessor|previous (?:task|step|stage|job)) .{0,40}(?:not (?:successful|succeed\w*|complete\w*)|in state failed|state=failed|did not (?:succeed|complete|finish))
5 some of the external tasks
5 blocked by (?:a )?failed (?:task|job|step|dependency)
5 (?:not run|not started|never ran|skipped|cancelled|canceled) .{0,40}(?:because|due to|since) .{0,40}fail
5 skip relation
5 \[skip\]
4 upstream_failed
4 upstream (?:task|dag|job|model|dependency|node|run|pipeline|step)s?.{0,60}(?:failed|failure|error|skipped|not succeeded)
4 external (?:task|dag).{0,80}fail
4 (?:dependency|dependencies|predecessor|parent|preceding|prerequisite)s? .{0,60}(?:failed|not met|not succeeded|has failed)
4 trigger rule .{0,120}(?:requires|fail)
4 triggered dag .{0,60}failed
4 externaltaskfailed
4 (?:depends_?on|dependencies|dependency)\b  @also (?:result|status|state|conclusion)["=: ]{1,3}(?:failure|failed|error)
4 dependency (?:action|failure|failed)
3 skipping .{0,80}(?:due to|because).{0,60}(?:fail|upstream|error|depend)
3 skipped because
3 skip(?:ped)? due to
3 depends on .{0,80}(?:failed|which failed)
3 all (?:tasks|jobs) .{0,40}upstream
3 due to (?:a )?(?:failed|failure (?:in|of)|error in) (?:upstream|dependenc|parent|previous|predecessor)
""",
    C.UNKNOWN: r"""
9 externally set to
7 no longer in the running state
7 shouldn't be running anymore
7 taking the poison pill
7 "?reason"?[:=] ?"?not_running
1 task failed with exception
1 marking task as failed
1 task failed
1 job failed
1 command (?:failed|exited)
1 exit code 1\b
1 returned non-zero exit status
1 traceback
1 retries exhausted
1 retry (?:limit|attempts) (?:exceeded|exhausted)
1 all (?:attempts|retries) failed
1 unknown error
1 unexpected error
1 something went wrong
1 an error occurred
""",
}
