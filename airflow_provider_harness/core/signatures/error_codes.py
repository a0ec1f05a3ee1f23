"""What identifies a cause in an exception, a reason word, a code or a line of text: data, not code.

A signature is knowledge about software in general. Codes and names are exact; texts are regular expressions over one
lower-cased line (no nested or open-ended repetition, so that a hostile line costs no more than a friendly one).
The texts are data in ``adapters/diagnosis/signatures``; ``adapters.diagnosis.rules`` weighs what matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C
from airflow_provider_harness.core.signatures.reason_codes import REASONS


class Field(StrEnum):
    """What a signature is compared with."""

    NAME = "name"  # class name of an exception, or a reason word of a service; exact, case-sensitive
    SQLSTATE = "sqlstate"  # five characters, or the first two for a whole class
    ERRNO = "errno"  # symbolic name of an operating system error
    HTTP = "http"  # three digits
    MESSAGE = "message"  # regular expression over one lower-cased line of what speaks of the failure
    NOUN = "noun"  # likewise, of the name of what is missing: no job, role or secret that has a date in its name
    RAISED_IN = "raised_in"  # regular expression over the innermost frame of a traceback, lower-cased
    QUOTED = "quoted"  # regular expression over a line of source code that a traceback quotes, lower-cased


class Trait(StrEnum):
    """Typed findings that choose between the remedies of one category (see ``core.diagnosis.diagnosis.PLAYBOOK``)."""

    KILLED_UNKNOWN = "killed_unknown"  # SIGKILL, SIGSEGV or a lost process, and nothing says why
    SIGTERM = "sigterm"  # asked to stop: a drain, a deploy, a preemption
    CONCURRENCY = "concurrency"  # too much at the same time, and it is ours
    OTHERS = "others"  # others use up what is shared
    LOAD = "load"  # the work itself is too much for the limit it ran into
    MISSING_SLICES = "missing_slices"  # dated slices between others are absent, and the source has them
    ADDITIVE = "additive"  # only new, optional structure
    BREAKING = "breaking"  # removed, renamed, retyped or newly required structure
    DERIVED = "derived"  # a query over tables made the values: there is no delivery to take rows out of
    ROW_LEVEL = "row_level"  # single rows are bad and the rest is good
    EXPECTED = (
        "expected"  # what is not there comes by itself: it has a date, or what waits for it or measures it says so
    )
    RERUN = "rerun"  # the rows are there from an earlier, partly finished run
    PERMANENT = "permanent"  # the same again cannot help
    BUSY = "busy"  # by the catalog itself: the lock is still held, or the job still runs, so that a second try meets it


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One thing that identifies a cause.

    :param key: what is looked for, in the form that ``field`` says.
    :param strength: 9 says the cause itself; 7 is specific; 5 is typical; 3 is generic (a class, a status); 1 only
        says that something failed, and counts when nothing else does.
    :param also: a pattern that the text must hold somewhere, or empty.
    :param unless: a pattern that the text must not hold anywhere, or empty.
    :param traits: what else it tells.
    :param example: a text that it matches, and in which its category wins; empty for codes.
    :param source: whose words they are: a thread, a program that was run, or a manual.
    """

    field: Field
    key: str
    category: C
    strength: int
    also: str = ""
    unless: str = ""
    traits: frozenset[Trait] = frozenset()
    example: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        return f"{self.field}:{self.key}"


def _codes(field: Field, table: Mapping[str, tuple[C, int]]) -> tuple[Signature, ...]:
    return tuple(
        Signature(field=field, key=key, category=category, strength=strength)
        for keys, (category, strength) in table.items()
        for key in keys.split()
    )


# PostgreSQL's appendix A; a class (two characters) answers where its code is not named. Also used by Redshift,
# Snowflake, Db2 and others that follow the standard.
SQLSTATES: Mapping[str, tuple[C, int]] = {
    "08 08000 08001 08003 08004 08006 08007 08S01": (C.TRANSIENT_NETWORK, 6),
    "08P01": (C.DEPENDENCY_OR_VERSION, 4),
    "0A 0A000": (C.CODE_BUG, 4),
    "21 21000": (C.DUPLICATE_DATA, 6),
    "22": (C.DATA_QUALITY_VIOLATION, 5),
    "22003 22007 22008 22018 22P02 22P03": (C.DATA_QUALITY_VIOLATION, 6),
    "22012 2201B 2201E 2201F 2201G": (C.CODE_BUG, 4),
    "22021 22P05": (C.BAD_INPUT_ENCODING_OR_FORMAT, 8),
    "22P04 2200N 2200M 22032 2203F": (C.BAD_INPUT_ENCODING_OR_FORMAT, 7),
    "23 23000 23001": (C.DATA_QUALITY_VIOLATION, 6),
    "23502 23503 23514": (C.DATA_QUALITY_VIOLATION, 7),
    "23505 23P01": (C.DUPLICATE_DATA, 7),
    "25": (C.CODE_BUG, 4),
    "25006": (C.CONFIG_ERROR, 6),
    "25P03": (C.TIMEOUT, 7),
    "25P02": (C.CODE_BUG, 1),
    "26 34": (C.CODE_BUG, 4),
    "28 28000 28P01": (C.AUTH_EXPIRED_OR_INVALID, 8),
    "3D 3D000": (C.CONFIG_ERROR, 6),
    "3F 3F000": (C.MISSING_OBJECT, 7),
    "40 40001 40P01": (C.LOCK_CONTENTION, 8),
    "42 42601 42803 42846 42883 42P09 42P10 42P18 42702 42712": (C.CODE_BUG, 5),
    "42501": (C.PERMISSION_DENIED, 8),
    "22001 42703 42804 42S22": (C.SCHEMA_DRIFT, 7),
    "42701": (C.SCHEMA_DRIFT, 5),
    "42P01 42704 42S02": (C.MISSING_OBJECT, 7),
    "42P04 42P06 42P07 42710": (C.CODE_BUG, 4),
    "44 44000": (C.DATA_QUALITY_VIOLATION, 7),
    "53": (C.RESOURCE_EXHAUSTED_MEMORY, 4),
    "53100": (C.RESOURCE_EXHAUSTED_DISK, 8),
    "53200": (C.RESOURCE_EXHAUSTED_MEMORY, 8),
    "53300": (C.RESOURCE_EXHAUSTED_CONNECTIONS, 8),
    "53400": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 6),
    "2200H 2BP01 25001 428C9": (C.CODE_BUG, 5),
    "2B 24 09 0Z 20 27 2D 2F 38 39 3B": (C.CODE_BUG, 3),
    "54": (C.CODE_BUG, 4),
    "54000": (C.CODE_BUG, 5),
    "55": (C.LOCK_CONTENTION, 4),
    "55000": (C.CONFIG_ERROR, 4),
    "55006": (C.LOCK_CONTENTION, 6),
    "55P03": (C.LOCK_CONTENTION, 8),
    "57014": (C.TIMEOUT, 5),
    "57": (C.TRANSIENT_NETWORK, 4),
    "57P01 57P02 57P03 57P05": (C.TRANSIENT_NETWORK, 7),
    "57P04": (C.CONFIG_ERROR, 6),
    "58": (C.RESOURCE_EXHAUSTED_DISK, 3),
    "58P01 58P02": (C.MISSING_OBJECT, 5),
    "F0": (C.CONFIG_ERROR, 6),
    "HV": (C.TRANSIENT_NETWORK, 4),
    "P0001": (C.DATA_QUALITY_VIOLATION, 3),
    "P0002 P0003": (C.CODE_BUG, 4),
    "XX000": (C.UNKNOWN, 1),
    "XX001 XX002": (C.RESOURCE_EXHAUSTED_DISK, 3),
}

ERRNOS: Mapping[str, tuple[C, int]] = {
    "ECONNREFUSED ECONNRESET ECONNABORTED EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENETRESET": (
        C.TRANSIENT_NETWORK,
        6,
    ),
    "ETIMEDOUT EPIPE ENOTCONN ESHUTDOWN": (C.TRANSIENT_NETWORK, 5),
    "ENOSPC": (C.RESOURCE_EXHAUSTED_DISK, 8),
    "EDQUOT EFBIG": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 8),
    "ENOMEM": (C.RESOURCE_EXHAUSTED_MEMORY, 8),
    "EMFILE ENFILE": (C.RESOURCE_EXHAUSTED_CONNECTIONS, 6),
    "EACCES EPERM EROFS": (C.PERMISSION_DENIED, 6),
    "ENOENT": (C.MISSING_OBJECT, 5),
    "EIO": (C.RESOURCE_EXHAUSTED_DISK, 3),
    "ENOEXEC": (C.DEPENDENCY_OR_VERSION, 6),
    "EADDRINUSE": (C.CONFIG_ERROR, 5),
    "EADDRNOTAVAIL": (C.RESOURCE_EXHAUSTED_CONNECTIONS, 5),
    "EAI_AGAIN": (C.TRANSIENT_NETWORK, 7),
    "EAI_NONAME": (C.CONFIG_ERROR, 5),
}

HTTP_STATUSES: Mapping[str, tuple[C, int]] = {
    "400 405 406 411 415 422 501 505": (C.CODE_BUG, 2),
    "401 407": (C.AUTH_EXPIRED_OR_INVALID, 5),
    "402": (C.QUOTA_EXHAUSTED, 6),
    "403": (C.PERMISSION_DENIED, 4),
    "404 410": (C.MISSING_OBJECT, 3),
    "408": (C.TIMEOUT, 5),
    "409 423": (C.LOCK_CONTENTION, 3),
    "412": (C.LOCK_CONTENTION, 3),
    "413": (C.CONFIG_ERROR, 4),
    "429": (C.RATE_LIMITED, 5),
    "301 308 421 495 496": (C.CONFIG_ERROR, 3),
    "500 502 503 520 521 522 523 525 527 530": (C.TRANSIENT_NETWORK, 4),
    "504 524 598 599": (C.TRANSIENT_NETWORK, 4),
    "507": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 6),
    "529": (C.RATE_LIMITED, 5),
}

# Classes of exceptions (Python, Java, drivers, cloud clients) and reason words of services.
NAMES: Mapping[str, tuple[C, int]] = {
    # connections of Python, requests, urllib3, httpx, aiohttp, botocore, gRPC, Kafka, drivers
    "ConnectionRefusedError ConnectionResetError ConnectionAbortedError BrokenPipeError RemoteDisconnected "
    "NewConnectionError ProtocolError ChunkedEncodingError IncompleteRead ServerDisconnectedError ClientConnectorError "
    "ClientOSError ClientPayloadError ConnectError ReadError WriteError RemoteProtocolError EndpointConnectionError "
    "ConnectionClosedError ResponseStreamingError IncompleteReadError ServiceUnavailable TransportError "
    "NoBrokersAvailable KafkaConnectionError AutoReconnect NotPrimaryError NetworkTimeout ConnectionDoesNotExist "
    "ConnectionFailure AdminShutdown CrashShutdown CannotConnectNow ConnectionException ServerSelectionTimeoutError "
    "NoValidConnectionsError SSLEOFError SSLZeroReturnError TryAgain MaxRetryError UnknownHostException "
    "ClosedChannelException NoRouteToHostException": (C.TRANSIENT_NETWORK, 5),
    "ConnectTimeout ConnectTimeoutError PoolTimeout ConnectionTimeoutError ConnectionTimeout ProxyError": (
        C.TRANSIENT_NETWORK,
        4,
    ),
    "ArrowInvalid": (C.BAD_INPUT_ENCODING_OR_FORMAT, 3),
    "ConnectionError OperationalError InterfaceError SocketException": (C.TRANSIENT_NETWORK, 2),
    "InternalServerError BadGateway backendError internalError ServiceUnavailableException InternalFailure": (
        C.TRANSIENT_NETWORK,
        5,
    ),
    "NameResolutionError gaierror ClientConnectorDNSError": (C.TRANSIENT_NETWORK, 4),
    "LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION NOT_LEADER_OR_FOLLOWER": (C.TRANSIENT_NETWORK, 6),
    "FetchFailedException": (C.TRANSIENT_NETWORK, 3),
    # rates and quotas
    "TooManyRequests RateLimitError RateLimitExceeded rateLimitExceeded userRateLimitExceeded jobRateLimitExceeded "
    "ThrottlingException Throttling ThrottledException RequestLimitExceeded TooManyRequestsException SlowDown "
    "RequestThrottled RequestThrottledException ProvisionedThroughputExceededException BandwidthLimitExceeded "
    "PriorRequestNotComplete EC2ThrottledException RATE_LIMIT_EXCEEDED toomanyrequests "
    "OverloadedError ServerBusy es_rejected_execution_exception EsRejectedExecutionException": (C.RATE_LIMITED, 7),
    "ResourceExhausted RESOURCE_EXHAUSTED LimitExceededException": (C.RATE_LIMITED, 4),
    "quotaExceeded QuotaExceeded dailyLimitExceeded insufficient_quota billingNotEnabled QUOTA_EXCEEDED "
    "ServiceQuotaExceededException DAILY_LIMIT_EXCEEDED billingTierLimitExceeded bytesBilledLimitExceeded": (
        C.QUOTA_EXHAUSTED,
        6,
    ),
    "TotalRequests REQUEST_LIMIT_EXCEEDED LIMIT_EXCEEDED": (C.QUOTA_EXHAUSTED, 4),
    # memory, disk, connections
    "MemoryError OutOfMemoryError OutOfMemory ArrowMemoryError OOMKilled ContainerOOMKilled resourcesExceeded "
    "EXCEEDED_MEMORY_LIMIT EXCEEDED_LOCAL_MEMORY_LIMIT EXCEEDED_GLOBAL_MEMORY_LIMIT circuit_breaking_exception "
    "OutOfMemoryException CircuitBreakingException": (C.RESOURCE_EXHAUSTED_MEMORY, 8),
    "DiskFull DiskPressure": (C.RESOURCE_EXHAUSTED_DISK, 8),
    "storageQuotaExceeded StorageLimitExceeded QuotaExceededException DSQuotaExceededException "
    "NSQuotaExceededException": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 8),
    "ConfigurationLimitExceeded": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 5),
    "TooManyConnections PoolError EmptyPoolError ConnectionPoolFullError": (
        C.RESOURCE_EXHAUSTED_CONNECTIONS,
        7,
    ),
    # locks
    "DeadlockDetected LockNotAvailable SerializationFailure TransactionRollbackError "
    "ConcurrentAppendException ConcurrentDeleteReadException ConcurrentModificationException ConcurrentWriteException "
    "ConcurrentTransactionException LockTimeout TransactionConflictException WriteConflict "
    "version_conflict_engine_exception OptimisticLockException StaleDataError ConditionalCheckFailedException "
    "OperationAborted ConcurrentModification "
    "ConcurrentDeleteDeleteException MetadataChangedException ProtocolChangedException HoodieWriteConflictException": (
        C.LOCK_CONTENTION,
        7,
    ),
    # timeouts
    "AirflowTaskTimeout TaskTimeout SoftTimeLimitExceeded TimeLimitExceeded ReadTimeout ReadTimeoutError WriteTimeout "
    "DeadlineExceeded DEADLINE_EXCEEDED QueryCanceled EXCEEDED_TIME_LIMIT MaxTimeMSExpired ExecutionTimeout "
    "StatementTimeout BroadcastTimeout TimeoutExpired ServerTimeoutError SocketTimeoutException GatewayTimeout "
    "ActivityTimeout": (C.TIMEOUT, 5),
    "TimeoutError TimeoutException Timeout asyncio.TimeoutError RequestTimeout": (C.TIMEOUT, 3),
    # who you are
    "InvalidPassword InvalidAuthorizationSpecification Unauthenticated UNAUTHENTICATED ExpiredToken "
    "ExpiredTokenException InvalidAccessKeyId SignatureDoesNotMatch UnrecognizedClientException InvalidClientTokenId "
    "RefreshError AuthenticationError AuthenticationFailed AuthenticationException BadAuthentication "
    "SaslAuthenticationException SASLAuthenticationFailed TokenRefreshError invalid_grant invalid_client "
    "ExpiredSignatureError RequestExpired AuthFailure Unauthorized authError expired_token TokenExpiredError "
    "InvalidSignatureException AUTHENTICATION_FAILED INVALID_LOGIN SSHAuthenticationError BadCredentialsException "
    "UnauthorizedSSOTokenError SSOTokenLoadError TokenRetrievalError InvalidAuthenticationToken "
    "InvalidAuthenticationTokenTenant security_exception SMTPAuthenticationError": (C.AUTH_EXPIRED_OR_INVALID, 7),
    # what you may
    "InsufficientPrivilege AccessDenied AccessDeniedException accessDenied PermissionDenied PERMISSION_DENIED "
    "PermissionDeniedError AuthorizationError UnauthorizedOperation TopicAuthorizationException Forbidden forbidden "
    "GroupAuthorizationException ClusterAuthorizationException AccessControlException INSUFFICIENT_PERMISSIONS "
    "insufficientPermissions AuthorizationFailed AllAccessDisabled AuthorizationPermissionMismatch "
    "UnauthorizedAccess": (C.PERMISSION_DENIED, 6),
    "PermissionError": (C.PERMISSION_DENIED, 5),
    # what is not there
    "NoSuchBucket UndefinedTable InvalidSchemaName UndefinedObject ResourceNotFoundException EntityNotFoundException "
    "TABLE_NOT_FOUND TABLE_OR_VIEW_NOT_FOUND SCHEMA_NOT_FOUND NoSuchTableException NoSuchTableError "
    "index_not_found_exception UnknownTopicOrPartitionError UNKNOWN_TOPIC_OR_PART ContainerNotFound NoSuchEntity "
    "RepositoryNotFoundException QueueDoesNotExist NoSuchQueue NoSuchDatabaseException "
    "NoSuchNamespaceException": (C.MISSING_OBJECT, 7),
    "NoSuchKey BlobNotFound FileNotFoundException FileNotFoundError PATH_NOT_FOUND NotFound notFound NotFoundError "
    "NoSuchFileException": (C.MISSING_OBJECT, 4),
    # structure
    "UndefinedColumn StringDataRightTruncation DatatypeMismatch COLUMN_NOT_FOUND UNRESOLVED_COLUMN HIVE_PARTITION_SCHEMA_MISMATCH "
    "DELTA_FAILED_TO_MERGE_FIELDS SchemaColumnConvertNotSupportedException mapper_parsing_exception "
    "strict_dynamic_mapping_exception DELTA_METADATA_MISMATCH SchemaParseException AvroTypeException "
    "SchemaIncompatibleException ColumnNotFoundError SchemaFieldNotFoundError SchemaMismatchError "
    "SchemaDrift INSERT_COLUMN_ARITY_MISMATCH IncompatibleSchemaException": (C.SCHEMA_DRIFT, 7),
    # values
    "NotNullViolation CheckViolation ForeignKeyViolation NumericValueOutOfRange "
    "InvalidTextRepresentation DatetimeFieldOverflow InvalidDatetimeFormat CAST_INVALID_INPUT OutOfBoundsDatetime "
    "DataError IntegrityError SodaScanError ContractViolation DataQualityError ExpectationFailed "
    "GreatExpectationsValidationError InvalidOperation SchemaErrors": (C.DATA_QUALITY_VIOLATION, 5),
    "ValidationError": (C.DATA_QUALITY_VIOLATION, 3),
    "UniqueViolation DuplicateKeyError CardinalityViolation DUPLICATED_MAP_KEY": (C.DUPLICATE_DATA, 7),
    "DuplicateKeyException ConditionalRequestConflict": (C.DUPLICATE_DATA, 6),
    # bytes and syntax of files
    "UnicodeDecodeError UnicodeEncodeError BadZipFile BadGzipFile BadCopyFileFormat CharacterNotInRepertoire "
    "XMLSyntaxError ExpatError EmptyDataError MALFORMED_RECORD_IN_PARSING HIVE_BAD_DATA InvalidAvroMagicException "
    "MalformedInputException UntranslatableCharacter MalformedRecordException LZMAError InvalidFileException": (
        C.BAD_INPUT_ENCODING_OR_FORMAT,
        7,
    ),
    "JSONDecodeError ParserError ParseError UnpicklingError SerializationException JsonParseException "
    "EmptyFileException ValueDeserializationError KeyDeserializationError": (
        C.BAD_INPUT_ENCODING_OR_FORMAT,
        5,
    ),
    # settings
    "NoCredentialsError PartialCredentialsError NoRegionError ProfileNotFound DefaultCredentialsError "
    "AirflowNotFoundException NoSectionError NoOptionError MissingSchema InvalidSchema InvalidURL ConfigurationError "
    "ImproperlyConfigured AirflowConfigException CreateContainerConfigError PermanentRedirect "
    "IllegalLocationConstraintException AuthorizationHeaderMalformed InvalidCatalogName InvalidConfigException "
    "SERVICE_DISABLED accessNotConfigured ConfigException ConfigError DbtProfileError DbtProjectError "
    "UnsupportedProtocol ZoneInfoNotFoundError UnknownTimeZoneError LocationConstraint InvalidEndpointException TemplateNotFound MissingParameter": (
        C.CONFIG_ERROR,
        7,
    ),
    # Great Expectations could not start: that says nothing about the data
    "DataContextError CheckpointError CheckpointNotFoundError DatasourceError DatasourceNotFoundError StoreBackendError "
    "InvalidDataContextConfigError InvalidConfigurationYamlError ResourceFreshnessError ResourceFreshnessAggregateError "
    "BatchDefinitionNotFoundError BadHostKeyException RecordTooLargeException": (C.CONFIG_ERROR, 7),
    "ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull FailedMount": (C.CONFIG_ERROR, 4),
    # code
    "TypeError AttributeError NameError IndexError ZeroDivisionError UnboundLocalError SyntaxError IndentationError "
    "UndefinedError TemplateSyntaxError RecursionError NotImplementedError NullPointerException ClassCastException "
    "ArithmeticException AirflowDagCycleException DuplicateTaskIdFound UndefinedFunction PicklingError StopIteration "
    "ArrayIndexOutOfBoundsException IllegalArgumentException DivisionByZero SYNTAX_ERROR invalidQuery "
    "StringIndexOutOfBoundsException PARSE_SYNTAX_ERROR DetachedInstanceError AmbiguousColumn GroupingError "
    "TemplateAssertionError BadZoneInfo SettingWithCopyError": (C.CODE_BUG, 4),
    "KeyError AssertionError ValueError RuntimeError ProgrammingError LookupError": (C.CODE_BUG, 2),
    # packages
    "ModuleNotFoundError ImportError NoClassDefFoundError ClassNotFoundException NoSuchMethodError PackageNotFoundError "
    "UnsupportedClassVersionError VersionConflict DistributionNotFound ContextualVersionConflict NoSuchModuleError "
    "IncompatibleClassChangeError AbstractMethodError ResolutionImpossible UnsatisfiedLinkError": (
        C.DEPENDENCY_OR_VERSION,
        7,
    ),
    # processes
    "WorkerLostError ExecutorLostFailure NodeLost BrokenProcessPool SIGKILL SIGSEGV": (C.WORKER_LOST, 4),
    "SIGTERM Preempted Preempting SpotInterruption NodeShutdown Terminated": (C.WORKER_LOST, 4),
    "Evicted": (C.WORKER_LOST, 4),
    # others' failures
    "ExternalTaskFailedError ExternalDagFailedError ExternalTaskGroupFailedError UpstreamFailed": (
        C.UPSTREAM_FAILED,
        4,
    ),
    "AirflowSensorTimeout SensorTimeout": (C.LATE_OR_MISSING_SOURCE, 3),
}

#: PostgreSQL's condition names as drivers spell their classes, with the code each stands for.
CONDITIONS = (
    "02000:NoData 02001:NoAdditionalDynamicResultSetsReturned 03000:SqlStatementNotYetComplete "
    "08001:SqlclientUnableToEstablishSqlconnection 08004:SqlserverRejectedEstablishmentOfSqlconnection "
    "08007:TransactionResolutionUnknown 08P01:ProtocolViolation 09000:TriggeredActionException "
    "0A000:FeatureNotSupported 0B000:InvalidTransactionInitiation 0F000:LocatorException "
    "0F001:InvalidLocatorSpecification 0L000:InvalidGrantor 0LP01:InvalidGrantOperation "
    "0P000:InvalidRoleSpecification 0Z000:DiagnosticsException "
    "0Z002:StackedDiagnosticsAccessedWithoutActiveHandler 10608:InvalidArgumentForXquery 20000:CaseNotFound "
    "22000:DataException 22002:NullValueNoIndicatorParameter 22004:NullValueNotAllowed 22005:ErrorInAssignment "
    "22009:InvalidTimeZoneDisplacementValue 2200B:EscapeCharacterConflict 2200C:InvalidUseOfEscapeCharacter "
    "2200D:InvalidEscapeOctet 2200F:ZeroLengthCharacterString 2200G:MostSpecificTypeMismatch "
    "2200H:SequenceGeneratorLimitExceeded 2200L:NotAnXmlDocument 2200M:InvalidXmlDocument "
    "2200N:InvalidXmlContent 2200S:InvalidXmlComment 2200T:InvalidXmlProcessingInstruction "
    "22010:InvalidIndicatorParameterValue 22011:SubstringError 22013:InvalidPrecedingOrFollowingSize "
    "22014:InvalidArgumentForNtileFunction 22015:IntervalFieldOverflow "
    "22016:InvalidArgumentForNthValueFunction 22018:InvalidCharacterValueForCast 22019:InvalidEscapeCharacter "
    "2201B:InvalidRegularExpression 2201E:InvalidArgumentForLogarithm 2201F:InvalidArgumentForPowerFunction "
    "2201G:InvalidArgumentForWidthBucketFunction 2201W:InvalidRowCountInLimitClause "
    "2201X:InvalidRowCountInResultOffsetClause 22022:IndicatorOverflow 22023:InvalidParameterValue "
    "22024:UnterminatedCString 22025:InvalidEscapeSequence 22026:StringDataLengthMismatch 22027:TrimError "
    "2202E:ArraySubscriptError 2202G:InvalidTablesampleRepeat 2202H:InvalidTablesampleArgument "
    "22030:DuplicateJsonObjectKeyValue 22031:InvalidArgumentForSqlJsonDatetimeFunction 22032:InvalidJsonText "
    "22033:InvalidSqlJsonSubscript 22034:MoreThanOneSqlJsonItem 22035:NoSqlJsonItem "
    "22036:NonNumericSqlJsonItem 22037:NonUniqueKeysInAJsonObject 22038:SingletonSqlJsonItemRequired "
    "22039:SqlJsonArrayNotFound 2203A:SqlJsonMemberNotFound 2203B:SqlJsonNumberNotFound "
    "2203C:SqlJsonObjectNotFound 2203D:TooManyJsonArrayElements 2203E:TooManyJsonObjectMembers "
    "2203F:SqlJsonScalarRequired 2203G:SqlJsonItemCannotBeCastToTargetType 22P01:FloatingPointException "
    "22P03:InvalidBinaryRepresentation 22P06:NonstandardUseOfEscapeCharacter "
    "23000:IntegrityConstraintViolation 23001:RestrictViolation 23P01:ExclusionViolation "
    "24000:InvalidCursorState 25000:InvalidTransactionState 25001:ActiveSqlTransaction "
    "25002:BranchTransactionAlreadyActive 25003:InappropriateAccessModeForBranchTransaction "
    "25004:InappropriateIsolationLevelForBranchTransaction 25005:NoActiveSqlTransactionForBranchTransaction "
    "25006:ReadOnlySqlTransaction 25007:SchemaAndDataStatementMixingNotSupported "
    "25008:HeldCursorRequiresSameIsolationLevel 25P01:NoActiveSqlTransaction 25P02:InFailedSqlTransaction "
    "25P03:IdleInTransactionSessionTimeout 25P04:TransactionTimeout 26000:InvalidSqlStatementName "
    "27000:TriggeredDataChangeViolation 2B000:DependentPrivilegeDescriptorsStillExist "
    "2BP01:DependentObjectsStillExist 2D000:InvalidTransactionTermination 2F000:SqlRoutineException "
    "2F002:ModifyingSqlDataNotPermitted 2F003:ProhibitedSqlStatementAttempted 2F004:ReadingSqlDataNotPermitted "
    "2F005:FunctionExecutedNoReturnStatement 34000:InvalidCursorName 38000:ExternalRoutineException "
    "38001:ContainingSqlNotPermitted 38002:ModifyingSqlDataNotPermittedExt "
    "38003:ProhibitedSqlStatementAttemptedExt 38004:ReadingSqlDataNotPermittedExt "
    "39000:ExternalRoutineInvocationException 39001:InvalidSqlstateReturned 39004:NullValueNotAllowedExt "
    "39P01:TriggerProtocolViolated 39P02:SrfProtocolViolated 39P03:EventTriggerProtocolViolated "
    "3B000:SavepointException 3B001:InvalidSavepointSpecification 40000:TransactionRollback "
    "40002:TransactionIntegrityConstraintViolation 40003:StatementCompletionUnknown "
    "42000:SyntaxErrorOrAccessRuleViolation 42602:InvalidName 42611:InvalidColumnDefinition 42622:NameTooLong "
    "42701:DuplicateColumn 42710:DuplicateObject 42712:DuplicateAlias 42723:DuplicateFunction "
    "42725:AmbiguousFunction 42809:WrongObjectType 42830:InvalidForeignKey 42846:CannotCoerce "
    "428C9:GeneratedAlways 42939:ReservedName 42P02:UndefinedParameter 42P03:DuplicateCursor "
    "42P04:DuplicateDatabase 42P05:DuplicatePreparedStatement 42P06:DuplicateSchema 42P07:DuplicateTable "
    "42P08:AmbiguousParameter 42P09:AmbiguousAlias 42P10:InvalidColumnReference 42P11:InvalidCursorDefinition "
    "42P12:InvalidDatabaseDefinition 42P13:InvalidFunctionDefinition 42P14:InvalidPreparedStatementDefinition "
    "42P15:InvalidSchemaDefinition 42P16:InvalidTableDefinition 42P17:InvalidObjectDefinition "
    "42P18:IndeterminateDatatype 42P19:InvalidRecursion 42P20:WindowingError 42P21:CollationMismatch "
    "42P22:IndeterminateCollation 44000:WithCheckOptionViolation 53000:InsufficientResources "
    "54000:ProgramLimitExceeded 54001:StatementTooComplex 54011:TooManyColumns 54023:TooManyArguments "
    "55000:ObjectNotInPrerequisiteState 55006:ObjectInUse 55P02:CantChangeRuntimeParam "
    "55P04:UnsafeNewEnumValueUsage 57000:OperatorIntervention 57P04:DatabaseDropped 57P05:IdleSessionTimeout "
    "58000:SystemError 58030:IoError 58P01:UndefinedFile 58P02:DuplicateFile 58P03:FileNameTooLong "
    "72000:SnapshotTooOld F0000:ConfigFileError F0001:LockFileExists HV000:FdwError HV001:FdwOutOfMemory "
    "HV002:FdwDynamicParameterValueNeeded HV004:FdwInvalidDataType HV005:FdwColumnNameNotFound "
    "HV006:FdwInvalidDataTypeDescriptors HV007:FdwInvalidColumnName HV008:FdwInvalidColumnNumber "
    "HV009:FdwInvalidUseOfNullPointer HV00A:FdwInvalidStringFormat HV00B:FdwInvalidHandle "
    "HV00C:FdwInvalidOptionIndex HV00D:FdwInvalidOptionName HV00J:FdwOptionNameNotFound HV00K:FdwReplyHandle "
    "HV00L:FdwUnableToCreateExecution HV00M:FdwUnableToCreateReply HV00N:FdwUnableToEstablishConnection "
    "HV00P:FdwNoSchemas HV00Q:FdwSchemaNotFound HV00R:FdwTableNotFound HV010:FdwFunctionSequenceError "
    "HV014:FdwTooManyHandles HV021:FdwInconsistentDescriptorInformation HV024:FdwInvalidAttributeValue "
    "HV090:FdwInvalidStringLengthOrBufferLength HV091:FdwInvalidDescriptorFieldIdentifier P0000:PlpgsqlError "
    "P0001:RaiseException P0002:NoDataFound P0003:TooManyRows P0004:AssertFailure XX000:InternalError_ "
    "XX001:DataCorrupted XX002:IndexCorrupted "
)


def _conditions() -> tuple[Signature, ...]:
    """Class names, each with what its SQLSTATE says."""
    states = {key: value for keys, value in SQLSTATES.items() for key in keys.split()}
    pairs = (pair.split(":") for pair in CONDITIONS.split())
    known = ((name, states.get(code) or states.get(code[:2])) for code, name in pairs)
    return tuple(
        Signature(field=Field.NAME, key=name, category=said[0], strength=min(said[1], 5))
        for name, said in known
        if said
    )


CODES: tuple[Signature, ...] = (
    *_codes(Field.SQLSTATE, SQLSTATES),
    *_codes(Field.ERRNO, ERRNOS),
    *_codes(Field.HTTP, HTTP_STATUSES),
    *_codes(Field.NAME, NAMES),
    *(signature for reasons in REASONS for signature in _codes(Field.NAME, reasons)),
    *_conditions(),
)
