"""What is printed when identity, rights, settings, code or packages are wrong.

One signature a line, see ``core.signatures.texts`` for the form.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.AUTH_EXPIRED_OR_INVALID: r"""
9 password authentication failed
9 authentication failed
9 login failed
9 login incorrect
9 incorrect (?:username|user name|password|login)
9 invalid (?:username|user name|password|login|credentials?)
9 wrong password
9 bad credentials
9 invalid username/password
9 access denied for user .{0,60}using password
9 token (?:has |is |was )?(?:been )?(?:expired|revoked|invalid|no longer valid)
9 expired (?:token|credential|access|jwt|security)
9 invalid (?:access |bearer |auth\w* |api |refresh |security |oauth |jwt )?token\b(?!\))
9 token.{0,30}(?:has expired|is expired|is not valid|rejected)
9 security token included in the request is (?:invalid|expired)
9 invalid_grant
9 invalid_client
9 invalid jwt
9 unauthenticated
9 not authenticated
9 unauthorized_client
9 authentication (?:error|failure|required|credentials? (?:were not|not|invalid))
9 reauthenticat
9 refresh token
9 invalid (?:api|access|secret|signing|account) ?key
9 incorrect api key
9 api key (?:is |was |has )?(?:not valid|invalid|expired|revoked|disabled)
9 invalidaccesskeyid
9 aws access key id you provided does not exist
9 signature (?:we calculated )?does not match
9 signaturedoesnotmatch
9 invalid signature
9 request has expired
9 <!doctype html  @also log ?in\b|sign.?in|session (?:has )?expired|single sign|\bsso\b|authenticate
9 <html  @also log ?in\b|sign.?in|session (?:has )?expired|single sign|\bsso\b|authenticate
9 requesttimetooskewed
9 request time .{0,40}too (?:large|skewed)
9 aadsts\d+
9 (?:secret|keys?|credentials?|certificates?|passwords?|tokens?) (?:for .{0,40})?(?:are|is|has|have) expired
8 credentials? (?:have |has |are |is )?(?:been )?(?:expired|revoked|invalid|rejected|disabled|not valid)
8 (?:password|account|user|key|secret|certificate|session|login) (?:has |is |was )?(?:been )?(?:expired|revoked|locked|disabled|deactivated)
8 ora-01017
8 ora-28000
8 ora-28001
8 401 (?:client error|unauthorized)
8 http(?:/\d(?:\.\d)?)? 401
8 status(?:[ _]?code)?[:= ]+401
8 unauthorized\b
8 error 401
8 code"?: ?401
8 permission denied \((?:publickey|password)
8 no supported authentication methods
8 auth(?:entication)? fail(?:ed|ure)
8 sasl authentication
8 \bnoauth\b
8 wrongpass
8 \bkinit\b
8 kerberos
8 krb5
8 gss ?api
8 ticket (?:has )?expired
8 pre-?authentication
8 pull access denied
8 imagepullsecret.{0,40}(?:invalid|expired)
8 could not refresh (?:access )?token
8 failed to (?:refresh|retrieve|obtain) .{0,30}(?:token|credentials)
8 account not found
8 service account .{0,80}(?:does not exist|disabled|deleted)
8 (?:redirected|redirect) to .{0,60}(?:login|signin|sso|auth)
8 session (?:has |is )?(?:expired|timed out|invalid)
8 please (?:log|sign) in
8 text/html  @also (?:http|status)\D{0,6}200\b
8 unable to (?:authenticate|login|log in|verify credentials)
8 (?:authentication|authorization) token
8 (?:could not|cannot|failed to) (?:authenticate|log ?in|sign in)
8 access token .{0,40}(?:missing|expired|invalid|revoked)
8 certificate (?:revoked|not yet valid)
8 (?:two-factor|mfa) (?:required|token)
8 (?:api|subscription|license) key .{0,30}(?:invalid|expired|disabled|revoked|rejected)
8 (?:bad username|no such user|user not found|unknown user)
8 client secret .{0,30}(?:expired|invalid)
8 server failed to authenticate the request
8 permission denied, please try again
8 jwt\.exceptions\.
8 not enough segments
8 invalid crypto padding
8 signature verification failed
7 peer authentication failed
7 ident authentication failed
7 role "[^"]*" (?:is not permitted to log in|does not exist)
7 certificate (?:has expired|verify failed: certificate has expired|expired)
7 client certificate
""",
    C.PERMISSION_DENIED: r"""
8 permission denied for
8 permission denied on
8 must be owner of
8 must be superuser
8 insufficient privilege
8 insufficient (?:permission|scope|authentication scopes)
8 ora-01031
8 lacks? (?:the )?(?:privilege|permission)
8 missing (?:the )?(?:permission|privilege|role)
8 access denied(?!.{0,60}using password)
8 accessdenied
8 access is denied
8 access_denied
8 not authorized to (?:perform|access)
8 is not authorized
8 not authorized on
8 no permission
8 does not have (?:the )?(?:\S+ )?(?:\w+ )?(?:permission|access|privilege)
8 do(?:es)?n't have (?:the )?(?:\S+ )?(?:permission|access|privilege)
8 permission '?[\w.]+'? denied
8 403 (?:client error|forbidden|get|post|put|delete|access)  @unless quota|rate.?limit|exceeded|billing|throttl
8 http(?:/\d(?:\.\d)?)? 403  @unless quota|rate.?limit|exceeded|billing|throttl
8 status(?:[ _]?code)?[:= ]+403  @unless quota|rate.?limit|exceeded|billing|throttl
8 forbidden\b  @unless quota|rate.?limit|exceeded|billing|throttl
8 pods? (?:"[^"]*" )?is forbidden: user
8 cannot (?:get|list|create|patch|delete|watch|update) resource
8 \brbac\b
8 prohibited by organization
8 vpc service controls
8 org(?:anization)? policy
8 explicit deny
8 no identity-based policy
8 topicauthorization
8 not authorized to access (?:topics?|group)
8 permission_denied
8 iam (?:permission|policy)
8 sts:assumerole
8 kms:decrypt
8 row.level security
8 insufficient_scope
8 lacks? (?:the )?(?:required )?(?:scope|role|grant|right)s?
8 (?:missing|required|needs?) (?:the )?(?:scope|role|grant|privilege|permission)s?\b
7 read-only file system
6 permission denied
6 permissionerror
6 operation not permitted
6 not permitted
6 errno 13
6 eacces
6 command denied to user
6 privileges? (?:to|on|for)
6 not allowed to access
6 caller does not have permission
""",
    C.CONFIG_ERROR: r"""
9 the conn_id .{0,80}isn't defined
9 connection .{0,60}(?:isn't|is not|not) (?:defined|configured)
9 conn_id .{0,60}(?:not found|doesn't exist|isn't)
9 variable .{0,60}does not exist
9 variable .{0,40}not (?:found|set|defined)
9 missing (?:required )?(?:variable|setting|parameter|configuration|config|argument|option|environment|env|connection)
9 env(?:ironment)? var\w* .{0,60}(?:required|not (?:set|provided|found|defined)|missing|is unset|undefined)
9 must be set
9 is not set\b
9 not configured
9 unset variable
9 unbound variable
9 unable to locate credentials
9 could not automatically determine credentials
9 default credentials were not found
9 no credentials (?:found|provided|configured)
9 no password (?:supplied|was provided)
9 credentials (?:were )?not (?:found|provided|configured|supplied)
9 must specify a region
9 config profile .{0,40}could not be found
9 missing credentials
9 no authentication (?:provided|configured)
9 api key (?:is )?(?:missing|not (?:set|provided|found))
9 you didn't provide an api key
9 permanentredirect
9 must be addressed using the specified endpoint
9 bucket is in this region
9 authorization header is malformed
9 the region .{0,40}is wrong
9 cannot read and write in different locations
9 different (?:region|location)s?
9 api has not been used in project
9 it is disabled
9 service_disabled
9 has not been enabled
9 is not enabled for
9 not found in location \w+  @also not found in location (\w+)[\s\S]{0,3000}\blocation[:=] ?(?!\1)\w|\blocation[:=] ?(\w+)[\s\S]{0,3000}not found in location (?!\2)\w
9 (?:no time zone found|zoneinfonotfounderror|unknown time ?zone|invalid time ?zone|unknowntimezone)
9 billing (?:account )?.{0,60}(?:disabled|closed|not enabled|not been enabled|past due|suspended|absent)
9 dag .{0,80}could not be found
9 dags?[_ ]folder .{0,60}(?:differs|does not|missing|not found)
9 missingsectionheadererror
9 file contains no section headers
9 tomldecodeerror
9 unsupported version: \d+
9 unable to configure (?:handler|formatter|root|logger)
9 invalid value for parameter
9 paramvalidationerror
9 has runasnonroot
9 executable file not found
9 datasourceinitializationerror
9 credentials in profile .{0,80}invalid
9 is a required property  @also profiles?\b|credentials|settings|config
8 could not parse (?:rfc1738 url|sqlalchemy url)
8 invalid (?:dsn|url|uri|connection string|connection option|connection uri|host ?name|port|endpoint|hostname|cron|timezone|time zone)
8 no scheme supplied
8 no connection adapters
8 unsupported protocol
8 port could not be cast
8 invalid connection
8 unknown url type
8 failed to parse url
8 missing "=" after
8 could not find profile
8 dbt_project\.yml
8 profiles\.yml
8 invalid project
8 no active warehouse
8 cannot perform (?:select|create|this operation).{0,60}(?:current database|current schema)
8 warehouse .{0,40}not (?:set|specified)
8 no database selected
8 database "?[\w-]+"? does not exist
8 unrecognized configuration parameter
8 unknown (?:system variable|option|setting|configuration)
8 unrecognized (?:option|argument|arguments)
8 invalid value for (?:parameter|option|setting|configuration)
8 invalid (?:option|setting|configuration|config)
8 configuration (?:error|is invalid)
8 misconfigur
8 ssl (?:is|connection is) (?:required|not enabled)
8 server does not support ssl
8 wrong[_ ]version[_ ]number
8 self.signed certificate
8 unable to get local issuer
8 certificate verify failed(?!.{0,40}expired)
8 hostname mismatch
8 doesn't match .{0,60}certificate
8 certificate is not valid for
8 insecure connection
8 requires? ssl
8 \bfernet\b
8 invalidtoken
8 secret key .{0,40}(?:mismatch|differ)
8 createcontainerconfigerror
8 configmap .{0,60}not found
8 secret "[^"]*" not found
8 couldn't find key .{0,60}in (?:secret|configmap)
8 failedmount
8 mountvolume\.setup failed
8 persistentvolumeclaim .{0,60}not found
8 serviceaccount .{0,60}not found
8 invalidimagename
8 errimageneverpull
8 keyerror: ['"]\w+['"]$  @also frozen os|os\.py"|in __getitem__\s+raise keyerror|os\.environ\[
8 yaml\.(?:parser|scanner|constructor|composer)
8 (?:error|invalid) (?:parsing|loading|reading) (?:\S+ )?(?:config|configuration|yaml|toml|ini)
8 datacontexterror
8 (?:was|were)? ?not found in your (?:project|config\w*|profile|settings)
8 no \w+ .{0,60} was found in your project
8 verify this in your \S+\.(?:ya?ml|cfg|ini|toml|json)
8 didn't match pod's node affinity
8 node\(s\) didn't match
8 had (?:untolerated taint|taint)
8 manifest (?:unknown|for .{0,80} not found)
8 (?:failed to pull image|image) .{0,240}(?:not found|manifest unknown|does not exist)
8 invalid (?:image name|reference format)
8 no such transport
8 invalid isoformat string in setting
8 (?:invalid|unknown|unsupported|bad|illegal) (?:value|setting|mode|log level|region|location|queue|schedule|interval|delimiter option|parameter|format string)\b.{0,60}(?:config|setting|parameter|option|for|in)
8 certificate verify failed
8 no (?:such )?(?:profile|target|queue|pool|host|driver option|broker|listener) (?:named|configured|called|found)
8 (?:expected|required) (?:key|field|section|setting) .{0,60}(?:in|of) (?:config|settings|the configuration|\S+\.(?:ya?ml|toml|ini|json|cfg|env))
8 (?:bucket|project|database|schema|host|path|prefix) (?:name )?(?:must|cannot|can not|may not) (?:be|contain)
8 invalid bucket name
8 the parameter .{0,40}(?:is required|is missing|was not)
8 required (?:option|parameter|argument|setting|environment|env|variable)\b
8 (?:the following arguments|option .{0,30}) (?:are|is) required
8 usage: \S+ \[
8 duplicate (?:key|entry) in (?:config|yaml|settings)
8 (?:dag|task) .{0,60}(?:invalid|bad) (?:schedule|cron|timetable|start_date|arguments?)
8 invalid arguments were passed
8 (?:wrong|invalid|incorrect) (?:dialect|driver|scheme|protocol|account|project|endpoint|warehouse|role) (?:name|specified|configured|in)
8 address already in use
8 port \d+ is already allocated
8 max_allowed_packet
8 catalog error: .{0,20}unrecognized configuration
8 no (?:section|option) .{0,40} in section
8 invalid (?:connection )?(?:url|uri|dsn)
8 (?:config|configuration|settings|yaml|toml|ini) (?:file )?.{0,60}(?:is )?(?:invalid|malformed|not found|missing|cannot be parsed|parse error)
8 non-existent pool
8 (?:can not|cannot|can't) find the cwd
8 cwd .{0,80}must be a directory
8 \b(?:sh|bash|dash|zsh)\b.{0,80}: not found$
8 refusing to deserialize
8 exceeded \d+ redirects
8 toomanyredirects
8 no rule to make target
8 (?:no|invalid) (?:kube-?config|configuration) (?:file )?(?:found|provided)?
8 host key verification failed
8 no configuration (?:found|provided)
8 queue .{0,40}configured to nonexistent
8 (?:unable|failed) to attach or mount volumes
8 (?:timeout|retries|port|interval|batch_size) must be (?:a |an )?(?:positive|int|integer|number|string|between|one of|greater|less)
8 no pg_hba\.conf entry
8 pg_hba\.conf rejects
8 cannot initialize (?:datasource|connection|client|engine|backend)
7 unregistered task
7 received unregistered
7 queue .{0,40}not (?:configured|consumed)
7 pool .{0,40}(?:does not exist|not found|doesn't exist)
7 executor .{0,40}not (?:found|supported)
7 no host supplied
7 relative path
7 templatenotfound
7 jinja2\.exceptions\.templatenotfound
7 message size too large
7 msg_size_too_large
7 recordtoolarge
7 request entity too large
7 packet (?:too large|bigger than)
7 read-only transaction
7 read only transaction
7 cannot execute .{0,40}in a read-only
7 no such (?:section|option)
7 no section:
7 no option
7 invalid choice
7 unknown (?:connection|executor|host|driver|adapter)
7 wrong (?:host|port|endpoint|bucket|region|url|environment)
7 command not found
7 placeholder
7 changeme
7 example\.com/your
7 was not found in location
7 validation errors? for \w*(?:config|settings?|options?|params?|args|job|env|conf|connection|profile)
7 undefinederror: .{0,80}(?:has no attribute|is undefined)  @also params\.|var\.value|var\.json|dag_run\.conf|conf\[
7 (?:setting|option|parameter|variable|env(?:ironment)?) \w+.{0,20}: ?(?:invalid|must|expected|unknown|not)
5 name or service not known
5 nodename nor servname
5 could not translate host name
5 nxdomain
5 name does not resolve
""",
    C.CODE_BUG: r"""
9 perhaps you meant to reference the column
9 each \w+ query must have the same number of columns
8 socket operation on non-socket
8 bad file descriptor
8 without a filter over column
8 found two (?:models|macros|sources|tests|resources) with
8 syntax error near unexpected token
7 decryption failed or bad record mac
7 invalid literal for .{0,20}base 10: '(?:none|nan)?'
7 was never awaited
7 subquery (?:has too many|must return only one|uses ungrouped)
7 each .{0,20}query must have the same number of columns
7 (?:union|intersect|except) types .{0,40}cannot be matched
9 missing from-clause entry
7 (?:window|aggregate) functions? (?:is|are) not allowed
7 invalid reference to from-clause
7 set-returning functions are not allowed
7 duplicate (?:dag|task)[_ ]?id
7 dag .{0,60}has (?:a )?cycle
7 could not determine (?:data type|polymorphic)
7 query .{0,40}references? .{0,40}which is neither grouped nor aggregated
7 (?:no matching|ambiguous) (?:signature|function|overload)
7 template .{0,60}(?:syntax|error)
7 (?:assertion|assert)(?:ionerror)?:? .{0,60}(?:==|!=| is )
7 operation on closed (?:file|connection|cursor|database)
7 (?:cursor|connection|session|file|stream) (?:is )?already closed  @unless closed (?:the|by)|terminat|reset by|lost connection|\bssl\b
7 near ".{0,40}": syntax error
7 (?:unterminated|missing \)|unbalanced|nothing to repeat|multiple repeat).{0,40}at position \d+
7 replacement index \d+ out of range
7 unsupported xml feature
7 cannot (?:drop|alter|truncate|rename|update|delete|insert into|call|use|change|create) \S{1,60} .{0,60}(?:because|on an?|depend)
7 reached (?:maximum|minimum) value of sequence
7 cannot insert a non-default value
7 cannot run inside a transaction block
7 invalid regular expression
7 (?:must not be negative|negative substring length)
7 current transaction is aborted
7 (?:there is no|no) (?:unique|unique or exclusion) constraint matching
7 cannot be (?:implemented|executed|used) (?:in|as|from)
7 (?:400|422) (?:client error|bad request|unprocessable)
7 unprocessable entity
7 decryption_failed_or_bad_record_mac
7 column name .{0,60}is ambiguous
6 '?nonetype'? object (?:has no attribute|is not (?:subscriptable|iterable|callable))
6 object has no attribute
6 unsupported operand type
6 takes \d+ positional arguments?
6 missing \d+ required (?:positional|keyword)
6 got an unexpected keyword
6 not supported between instances
6 is not (?:callable|subscriptable|iterable|json serializable)
6 can only concatenate
6 must be str, not
6 unhashable type
6 not enough values to unpack
6 too many values to unpack
6 object is not
6 name '\w+' is not defined
6 referenced before assignment
6 cannot access local variable
6 (?:list|string|tuple|index) index out of range
6 division by zero
6 divide by zero
6 maximum recursion depth
6 invalid syntax
6 unexpected indent
6 unindent does not match
6 nameerror
6 zerodivisionerror
6 unboundlocalerror
6 indexerror
6 recursionerror
6 assertionerror
6 syntax error at or near
6 you have an error in your sql syntax
6 sql syntax error
6 syntax error:(?= )
6 incorrect syntax near
6 ora-0093[36]
6 ora-009\d\d
6 parse_syntax_error
6 mismatched input
6 sql compilation error: syntax
6 must appear in the group by
6 ambiguous column
6 column reference .{0,40}is ambiguous
6 operator does not exist
6 function .{0,80}does not exist
6 no function matches
6 no matching signature
6 not a group by expression
6 aggregate functions? (?:is|are) not allowed
6 is undefined\b
6 jinja2\.exceptions\.undefined
6 templatesyntaxerror
6 expected token
6 depends on a node named .{0,60}(?:not found|was not found)
6 compilation error
6 cycle detected
6 duplicate ?task ?id
6 task id .{0,40}already
6 cannot pickle
6 task not serializable
6 notserializable
6 nullpointerexception
6 classcastexception
6 segmentation fault in user
6 you can only execute one statement|set changed size during iteration|event loop is (?:closed|already running)
6 cannot be cast to class
6 argument of type 'nonetype'
6 (?:dict|list|str|int|float|tuple|set|generator|coroutine)' object (?:has no attribute|is not|does not support|cannot)
6 generator already executing
6 dictionary changed size
6 missing \d+ required
6 takes (?:from )?\d+ (?:to \d+ )?positional
6 expected (?:\d+|at (?:least|most) \d+) arguments?
6 parser error: syntax error
6 incorrect number of bindings
6 cannot operate on a closed
6 not enough arguments for format string
6 not all arguments converted during string formatting
6 math domain error
6 the truth value of (?:a|an) .{0,30} is ambiguous
6 (?:shapes|operands|mismatch in its core dimension).{0,80}(?:not aligned|broadcast|different from|mismatch)
6 can't (?:pickle|get (?:local object|attribute))
6 a coroutine was expected
6 invalid operation
6 stopiteration
6 (?:relation|table|view|schema|function|type|index|sequence|database) "?[\w.]+"? already exists
6 ensure this value is
6 invalid_argument
6 is ambiguous\b
""",
    C.DEPENDENCY_OR_VERSION: r"""
9 no module named
9 modulenotfounderror
9 cannot import name
9 importerror
9 dll load failed
9 cannot open shared object
9 undefined symbol
9 glibc_\d
9 glibcxx
9 symbol not found
9 shared library
9 image not found.{0,20}dylib
9 module '?[\w.]+'? has no attribute
9 partially initialized module
9 numpy\.dtype size changed
9 binary incompatib
9 compiled against (?:api|abi)
9 built against
9 compiled using numpy
9 abi version
9 a module that was compiled
9 no solution found when resolving
9 requirements are unsatisfiable
9 unsatisfiable (?:requirements|dependencies|constraints)
8 version ?conflict
8 requires? (?!all upstream).{0,60}(?:but you have|but version|which is not installed|, but)
8 conflicting dependencies
8 resolutionimpossible
8 no matching distribution
8 could not find a version
8 dependency (?:conflict|resolver|resolution)
8 incompatible (?:version|with)
8 not compatible with
8 unsupported (?:python|version|client version|server version|protocol version)
8 version (?:mismatch|skew|is not supported|not supported)
8 requires python
8 python_requires
8 required (?:dbt )?version
8 this version of \w+ (?:is not|only)
8 server version mismatch
8 aborting because of server version
8 unsupportedclassversion
8 nosuchmethod(?:error|exception)
8 noclassdeffound
8 classnotfound
8 has been compiled by a more recent version
8 incompatibleclasschange
8 abstractmethoderror
8 no suitable driver
8 can't load plugin
8 driver (?:not found|manager .{0,20}can't open)
8 can't open lib
8 no such plugin
8 plugin .{0,40}(?:not installed|not found)
8 exec format error
8 command .{0,20}returned non-zero .{0,40}pip
8 failed building wheel
8 removed in (?:version|airflow|pandas|numpy|sqlalchemy)
8 has been removed in
8 no longer (?:supported|available)
8 deprecated and (?:was|has been) removed
8 (?:package|module|library|extra|plugin) .{0,40}(?:is )?not installed
8 please (?:pip )?install
8 (?:function|argument|parameter|method|option|operator) .{0,40}was removed
8 '(?:dataframe|series|index)' object has no attribute '(?:append|iteritems|ix|lookup|as_matrix|mad|get_value|is_monotonic)'
8 (?:could not|cannot|failed to) (?:resolve|solve) (?:dependencies|environment|requirements)
8 depends on \S+ ?(?:[<>=!~]=?|but)
8 (?:is not|isn't) (?:a )?supported (?:wheel|version|platform)
8 (?:eresolve|peer dependency)
7 got an unexpected keyword argument  @also site-packages|dist-packages|upgrad|version \d|==\d
""",
}
