"""Reason words of services, product by product, as their references list them.

A word is written as the service prints it. What a word alone does not decide (``Conflict``, ``INTERNAL``) has a small
strength, so that the message beside it decides. Sources: the Kafka protocol's error codes, Azure's common, blob and
queue error codes, the error responses of Amazon S3 and the common errors of AWS APIs, BigQuery's and Cloud Storage's
error tables, the canonical codes of gRPC, Databricks' error conditions, Trino's ``StandardErrorCode``, the reasons of
the Kubernetes API (``metav1.StatusReason``), of pods and containers, RabbitMQ's AMQP replies, MongoDB's ``error_codes``,
Elasticsearch's exception types, ClickHouse's ``ErrorCodes``.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

Reasons = Mapping[str, tuple[C, int]]

KAFKA: Reasons = {
    "BROKER_NOT_AVAILABLE COORDINATOR_NOT_AVAILABLE COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR NETWORK_EXCEPTION "
    "NOT_CONTROLLER NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND _TRANSPORT _ALL_BROKERS_DOWN "
    "REPLICA_NOT_AVAILABLE UNSTABLE_OFFSET_COMMIT BrokerNotAvailableException CoordinatorNotAvailableException "
    "NotLeaderOrFollowerException NotEnoughReplicasException DisconnectException": (C.TRANSIENT_NETWORK, 6),
    "_MSG_TIMED_OUT _TIMED_OUT": (C.TRANSIENT_NETWORK, 4),
    "REQUEST_TIMED_OUT": (C.TIMEOUT, 6),
    "THROTTLING_QUOTA_EXCEEDED ThrottlingQuotaExceededException": (C.RATE_LIMITED, 7),
    "TOPIC_AUTHORIZATION_FAILED GROUP_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED "
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED DELEGATION_TOKEN_AUTHORIZATION_FAILED": (C.PERMISSION_DENIED, 8),
    "SASL_AUTHENTICATION_FAILED ILLEGAL_SASL_STATE DELEGATION_TOKEN_EXPIRED _AUTHENTICATION": (
        C.AUTH_EXPIRED_OR_INVALID,
        8,
    ),
    "UNKNOWN_TOPIC_OR_PARTITION UNKNOWN_TOPIC_ID _UNKNOWN_TOPIC _UNKNOWN_PARTITION UnknownTopicOrPartitionException "
    "OFFSET_OUT_OF_RANGE OffsetOutOfRangeException NoOffsetForPartitionException": (C.MISSING_OBJECT, 7),
    "CORRUPT_MESSAGE INVALID_RECORD _VALUE_DESERIALIZATION _KEY_DESERIALIZATION RecordDeserializationException "
    "CorruptRecordException": (C.BAD_INPUT_ENCODING_OR_FORMAT, 7),
    "MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE INVALID_CONFIG UNSUPPORTED_SASL_MECHANISM POLICY_VIOLATION "
    "INVALID_REPLICATION_FACTOR INVALID_PARTITIONS INVALID_SESSION_TIMEOUT _SSL": (C.CONFIG_ERROR, 6),
    "UNSUPPORTED_VERSION UNSUPPORTED_FOR_MESSAGE_FORMAT UnsupportedVersionException": (C.DEPENDENCY_OR_VERSION, 7),
    "REBALANCE_IN_PROGRESS ILLEGAL_GENERATION UNKNOWN_MEMBER_ID FENCED_INSTANCE_ID PRODUCER_FENCED CONCURRENT_TRANSACTIONS "
    "RebalanceInProgressException IllegalGenerationError UnknownMemberIdError ProducerFencedException": (
        C.LOCK_CONTENTION,
        5,
    ),
    "KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND KafkaStorageException": (C.RESOURCE_EXHAUSTED_DISK, 7),
}

AZURE: Reasons = {
    "ServerTimeout OperationTimedOut RequestTimeoutException": (C.TIMEOUT, 5),
    "InternalError": (C.TRANSIENT_NETWORK, 4),
    "OperationNotAllowed": (C.QUOTA_EXHAUSTED, 4),
    "IngressLimitExceeded EgressLimitExceeded AccountIopsLimitExceeded": (C.RATE_LIMITED, 7),
    "InvalidAuthenticationInfo NoAuthenticationInformation ClientAuthenticationError "
    "CredentialUnavailableError InvalidApiVersion": (C.AUTH_EXPIRED_OR_INVALID, 6),
    "AuthorizationFailure AuthorizationServiceMismatch AuthorizationProtocolMismatch AuthorizationSourceIPMismatch "
    "AuthorizationResourceTypeMismatch InsufficientAccountPermissions AccountIsDisabled LinkedAuthorizationFailed "
    "PublicAccessNotPermitted RequestDisallowedByPolicy": (C.PERMISSION_DENIED, 7),
    "ResourceNotFound ResourceNotFoundError ContainerBeingDeleted QueueNotFound ShareNotFound FilesystemNotFound "
    "ParentNotFound": (C.MISSING_OBJECT, 6),
    "LeaseIdMissing LeaseAlreadyPresent LeaseLost LeaseIdMismatchWithBlobOperation LeaseNotPresentWithBlobOperation "
    "ConditionNotMet UpdateConditionNotSatisfied BlobImmutableDueToPolicy TargetConditionNotMet": (
        C.LOCK_CONTENTION,
        7,
    ),
    "RequestBodyTooLarge InvalidHeaderValue OutOfRangeInput InvalidResourceName": (C.CONFIG_ERROR, 4),
    "QuotaLimitExceeded SkuNotAvailable": (C.QUOTA_EXHAUSTED, 6),
    "Md5Mismatch InvalidMd5 CrcMismatch": (C.TRANSIENT_NETWORK, 6),
}

AWS: Reasons = {
    "CrawlerRunningException CrawlerStoppingException SchedulerTransitioningException "
    "OperationInProgressException ResourceInUse": (C.LOCK_CONTENTION, 7),
    "ServiceUnavailableError InternalServerException InternalServiceException InternalServiceError ServiceFailure": (
        C.TRANSIENT_NETWORK,
        5,
    ),
    "ExpiredAccessToken InvalidToken TokenRefreshRequired InvalidIdentityToken IncompleteSignature "
    "MissingAuthenticationToken NotSignedUp OptInRequired IDPRejectedClaim InvalidSecurity "
    "RequestTimeTooSkewed CredentialRetrievalError": (C.AUTH_EXPIRED_OR_INVALID, 7),
    "AccountProblem NotAuthorized MethodNotAllowed UnauthorizedAccessException KMSAccessDeniedException "
    "AllAccessDisabledException": (C.PERMISSION_DENIED, 5),
    "NoSuchUpload NoSuchVersion NoSuchLifecycleConfiguration NoSuchHostedZone StreamNotFound "
    "TableNotFoundException ClusterNotFoundException NotFoundException DBInstanceNotFound "
    "KMSNotFoundException": (C.MISSING_OBJECT, 6),
    "IllegalLocationConstraint BucketRegionError InvalidBucketName TemporaryRedirect EntityTooLarge InvalidRequest "
    "InvalidRegion UnknownEndpoint InvalidParameterCombination ParamValidationError "
    "UnknownServiceError": (C.CONFIG_ERROR, 5),
    "TransactionInProgressException TransactionConflict ResourceInUseException ConflictException "
    "ResourceConflictException": (C.LOCK_CONTENTION, 6),
    "PreconditionFailed conditionNotMet": (C.LOCK_CONTENTION, 3),
    "LimitExceeded ServiceLimitExceeded ResourceLimitExceeded": (C.QUOTA_EXHAUSTED, 5),
    "KMSThrottlingException ThrottledClientException TooManyUpdates TransactionLimitExceeded "
    "TooManyConcurrentRequests RequestRateExceeded": (C.RATE_LIMITED, 7),
    "InsufficientInstanceCapacity InstanceLimitExceeded VcpuLimitExceeded MaxSpotInstanceCountExceeded "
    "ConcurrentRunsExceededException": (C.QUOTA_EXHAUSTED, 6),
    "InvalidObjectState": (C.CONFIG_ERROR, 5),
    "ValidationException": (C.CODE_BUG, 3),
}

GOOGLE: Reasons = {
    "responseTooLarge tooManyParts": (C.CONFIG_ERROR, 4),
    "retentionPolicyNotMet domainPolicy insufficientParentPermissions insufficientFilePermissions "
    "SECURITY_POLICY_VIOLATED IAM_PERMISSION_DENIED CONSUMER_INVALID VPC_SERVICE_CONTROLS": (C.PERMISSION_DENIED, 7),
    "keyInvalid keyExpired ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_TYPE_UNSUPPORTED ACCOUNT_STATE_INVALID API_KEY_INVALID "
    "CREDENTIALS_MISSING": (C.AUTH_EXPIRED_OR_INVALID, 8),
    "accountDisabled BILLING_DISABLED projectNotLinked": (C.CONFIG_ERROR, 6),
    "variableTermLimitExceeded variableTermExpiredDailyExceeded servingLimitExceeded concurrentLimitExceeded "
    "rateLimitExceededUnreg": (C.RATE_LIMITED, 6),
    "dailyLimitExceededUnreg dailyLimit ZONE_RESOURCE_POOL_EXHAUSTED limitExceeded "
    "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS": (C.QUOTA_EXHAUSTED, 7),
    "teamDriveFileLimitExceeded activeItemCreationLimitExceeded": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 7),
    "DataCorruption uploadBrokenConnection jobBackendError jobInternalError tableUnavailable backendNotConnected": (
        C.TRANSIENT_NETWORK,
        6,
    ),
    "sharingRateLimitExceeded": (C.RATE_LIMITED, 7),
}

GRPC: Reasons = {
    "UNAVAILABLE": (C.TRANSIENT_NETWORK, 6),
    "ABORTED": (C.LOCK_CONTENTION, 5),
    "FAILED_PRECONDITION OUT_OF_RANGE UNIMPLEMENTED": (C.CODE_BUG, 2),
    "DATA_LOSS": (C.BAD_INPUT_ENCODING_OR_FORMAT, 4),
    "NOT_FOUND": (C.MISSING_OBJECT, 4),
}

DATABRICKS: Reasons = {
    "DELTA_TABLE_NOT_FOUND DELTA_PATH_DOES_NOT_EXIST CATALOG_NOT_FOUND VIEW_NOT_FOUND "
    "DELTA_MISSING_DELTA_TABLE CLUSTER_NOT_FOUND RESOURCE_DOES_NOT_EXIST VOLUME_DOES_NOT_EXIST": (C.MISSING_OBJECT, 7),
    "CAST_OVERFLOW ARITHMETIC_OVERFLOW NUMERIC_VALUE_OUT_OF_RANGE DELTA_NOT_NULL_CONSTRAINT_VIOLATED "
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES CANNOT_PARSE_TIMESTAMP CANNOT_PARSE_DECIMAL "
    "DELTA_EXCEED_CHAR_VARCHAR_LIMIT": (C.DATA_QUALITY_VIOLATION, 7),
    "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE": (C.DUPLICATE_DATA, 9),
    "UNKNOWN_FIELD_EXCEPTION CF_SCHEMA_MISMATCH INCOMPATIBLE_DATA_FOR_TABLE PARQUET_CONVERSION_FAILURE "
    "FIELD_NOT_FOUND": (C.SCHEMA_DRIFT, 7),
    "FAILED_READ_FILE MALFORMED_CSV_RECORD INVALID_JSON_RECORD_TYPE": (
        C.BAD_INPUT_ENCODING_OR_FORMAT,
        6,
    ),
    "DIVIDE_BY_ZERO AMBIGUOUS_REFERENCE MISSING_AGGREGATION UNRESOLVED_ROUTINE WRONG_NUM_ARGS "
    "DATATYPE_MISMATCH_BINARY INVALID_PARAMETER_VALUE": (C.CODE_BUG, 5),
    "DRIVER_UNREACHABLE DRIVER_UNRESPONSIVE CLOUD_PROVIDER_SHUTDOWN SPOT_INSTANCE_TERMINATION": (C.WORKER_LOST, 6),
    "CLOUD_PROVIDER_LAUNCH_FAILURE TEMPORARILY_UNAVAILABLE": (C.TRANSIENT_NETWORK, 5),
    "AWS_INSUFFICIENT_INSTANCE_CAPACITY_FAILURE AZURE_QUOTA_EXCEEDED_EXCEPTION GCP_QUOTA_EXCEEDED": (
        C.QUOTA_EXHAUSTED,
        7,
    ),
}

TRINO: Reasons = {
    "NO_NODES_AVAILABLE REMOTE_HOST_GONE SERVER_SHUTTING_DOWN SERVER_STARTING_UP PAGE_TRANSPORT_TIMEOUT "
    "PAGE_TRANSPORT_ERROR REMOTE_TASK_ERROR": (C.TRANSIENT_NETWORK, 6),
    "EXCEEDED_CPU_LIMIT EXCEEDED_SCAN_LIMIT": (C.QUOTA_EXHAUSTED, 6),
    "EXCEEDED_SPILL_LIMIT": (C.OUT_OF_DISK_OR_STORAGE_QUOTA, 6),
    "NUMERIC_VALUE_OUT_OF_BOUNDS INVALID_CAST_ARGUMENT CONSTRAINT_VIOLATION": (C.DATA_QUALITY_VIOLATION, 6),
    "MERGE_TARGET_ROW_MULTIPLE_MATCHES SUBQUERY_MULTIPLE_ROWS": (C.DUPLICATE_DATA, 8),
    "MISMATCHED_COLUMN_ALIASES HIVE_INVALID_PARTITION_VALUE HIVE_UNSUPPORTED_FORMAT TYPE_MISMATCH": (C.SCHEMA_DRIFT, 4),
    "HIVE_CURSOR_ERROR HIVE_CANNOT_OPEN_SPLIT": (C.BAD_INPUT_ENCODING_OR_FORMAT, 4),
    "ICEBERG_COMMIT_ERROR TRANSACTION_CONFLICT HIVE_CONCURRENT_MODIFICATION_DETECTED": (C.LOCK_CONTENTION, 7),
    "CATALOG_UNAVAILABLE INVALID_CATALOG_PROPERTY MISSING_CATALOG_NAME INVALID_SESSION_PROPERTY": (C.CONFIG_ERROR, 6),
    "FUNCTION_NOT_FOUND EXPRESSION_NOT_AGGREGATE AMBIGUOUS_NAME INVALID_FUNCTION_ARGUMENT": (C.CODE_BUG, 5),
}

KUBERNETES: Reasons = {
    "CrashLoopBackOff RunContainerError BackoffLimitExceeded": (C.UNKNOWN, 1),
    "FailedScheduling Unschedulable": (C.RESOURCE_EXHAUSTED_MEMORY, 1),
    "FailedAttachVolume CreateContainerError InvalidEnvironmentVariableNames": (C.CONFIG_ERROR, 5),
    "TaintManagerEviction NodeAffinity PodGC DisruptionTarget UnexpectedAdmissionError ScaleDown NodeNotReady": (
        C.WORKER_LOST,
        4,
    ),
}

BROKERS: Reasons = {
    "ACCESS_REFUSED": (C.AUTH_EXPIRED_OR_INVALID, 7),
    "CONNECTION_FORCED": (C.TRANSIENT_NETWORK, 7),
    "RESOURCE_LOCKED": (C.LOCK_CONTENTION, 7),
    "PRECONDITION_FAILED NOT_ALLOWED COMMAND_INVALID": (C.CONFIG_ERROR, 5),
}

STORES: Reasons = {
    "WriteConflictError NoSuchTransaction LockBusy": (C.LOCK_CONTENTION, 7),
    "HostUnreachable HostNotFound PrimarySteppedDown InterruptedAtShutdown NotWritablePrimary "
    "InterruptedDueToReplStateChange": (C.TRANSIENT_NETWORK, 6),
    "DocumentValidationFailure": (C.DATA_QUALITY_VIOLATION, 7),
    "NamespaceNotFound": (C.MISSING_OBJECT, 7),
    "ExceededMemoryLimit MEMORY_LIMIT_EXCEEDED": (C.RESOURCE_EXHAUSTED_MEMORY, 8),
    "OutOfDiskSpace NOT_ENOUGH_SPACE": (C.RESOURCE_EXHAUSTED_DISK, 8),
    "document_parsing_exception": (C.SCHEMA_DRIFT, 6),
    "master_not_discovered_exception node_not_connected_exception NoHostAvailable": (C.TRANSIENT_NETWORK, 6),
    "TOO_MANY_SIMULTANEOUS_QUERIES": (C.RATE_LIMITED, 7),
    "TIMEOUT_EXCEEDED ReadTimeoutException WriteTimeoutException": (C.TIMEOUT, 6),
    "UNKNOWN_TABLE UNKNOWN_DATABASE": (C.MISSING_OBJECT, 7),
    "NO_SUCH_COLUMN_IN_TABLE UNKNOWN_IDENTIFIER THERE_IS_NO_COLUMN": (C.SCHEMA_DRIFT, 7),
    "CANNOT_PARSE_INPUT_ASSERTION_FAILED INCORRECT_DATA CANNOT_READ_ALL_DATA": (C.BAD_INPUT_ENCODING_OR_FORMAT, 7),
    "CANNOT_PARSE_NUMBER CANNOT_PARSE_DATETIME CANNOT_PARSE_DATE": (C.DATA_QUALITY_VIOLATION, 7),
}

#: Exception classes of Python, its common libraries and the JVM that ``core.signatures.error_codes.NAMES`` does not hold.
RUNTIMES: Reasons = {
    "IsADirectoryError NotADirectoryError ArgumentError BindException": (C.CONFIG_ERROR, 5),
    "FloatingPointError BufferError ReferenceError StopAsyncIteration TabError NoSuchElementException "
    "UnsupportedOperationException IllegalStateException StackOverflowError InvalidStateError "
    "SQLSyntaxErrorException MissingGreenlet PendingRollbackError": (C.CODE_BUG, 4),
    "FileExistsError": (C.CODE_BUG, 3),
    "NumberFormatException DateTimeParseException OverflowError InvalidOperationError ComputeError "
    "SQLIntegrityConstraintViolationException DateParseError ConversionException": (C.DATA_QUALITY_VIOLATION, 5),
    "ZipException MalformedJsonException CSVParserException BadRarFile XLRDError TransformationException": (
        C.BAD_INPUT_ENCODING_OR_FORMAT,
        6,
    ),
    "ConnectException SQLTransientConnectionException SSLHandshakeException SQLNonTransientConnectionException "
    "NoHttpResponseException ConnectionClosedException ConnectionForced ConnectionClosedByBroker "
    "ChannelClosedByBroker ConsumerCancelled BadStatusLine": (C.TRANSIENT_NETWORK, 4),
    "InterruptedIOException SQLTimeoutException TimeoutFailure": (C.TIMEOUT, 4),
    "OutOfDirectMemoryError ArrayMemoryError _ArrayMemoryError": (C.RESOURCE_EXHAUSTED_MEMORY, 8),
    "NoSuchFieldError ExceptionInInitializerError LinkageError": (C.DEPENDENCY_OR_VERSION, 6),
    "AccessRefused": (C.AUTH_EXPIRED_OR_INVALID, 7),
    "MissingInputException": (C.MISSING_OBJECT, 6),
}

REASONS: tuple[Reasons, ...] = (
    KAFKA,
    AZURE,
    AWS,
    GOOGLE,
    GRPC,
    DATABRICKS,
    TRINO,
    KUBERNETES,
    BROKERS,
    STORES,
    RUNTIMES,
)
