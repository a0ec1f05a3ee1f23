"""Whether a task may run again without doing its work twice, by its kind of operator: a table of names that Airflow gives."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from airflow_provider_harness.core.operators import is_ours


class Repeatable(StrEnum):
    """What a second try of a task does."""

    YES = "yes"  # it publishes a slice exactly once, or only looks
    JOB = "job"  # it starts a job elsewhere, which may still run: a second try starts a second one
    NO = "no"  # it sends, triggers or posts something again
    UNKNOWN = "unknown"  # only its author knows
    APPROVED = "approved"  # the same, and a person answered that it may run again (core.incidents.remembered)
    REFUSED = "refused"  # the same, and a person answered that it may not


#: Operators that only look, and that set a state of the warehouse that is the same after a second try.
_LOOKS = (
    "SQLCheckOperator SQLValueCheckOperator SQLIntervalCheckOperator SQLThresholdCheckOperator SQLColumnCheckOperator "
    "SQLTableCheckOperator BigQueryCheckOperator BigQueryValueCheckOperator BigQueryIntervalCheckOperator BigQueryColumnCheckOperator "
    "BigQueryTableCheckOperator BigQueryGetDataOperator GXValidateBatchOperator GXValidateCheckpointOperator GXValidateDataFrameOperator "
    "GreatExpectationsOperator EmptyOperator LatestOnlyOperator GCSListObjectsOperator S3ListOperator"
)
_JOBS = (
    "GlueJobOperator EmrAddStepsOperator EmrServerlessStartJobOperator EmrContainerOperator BatchOperator EcsRunTaskOperator "
    "SageMakerTrainingOperator SageMakerProcessingOperator AthenaOperator RedshiftDataOperator BigQueryInsertJobOperator "
    "DataflowTemplatedJobStartOperator DataflowStartFlexTemplateOperator DataprocSubmitJobOperator DataprocCreateBatchOperator "
    "DatabricksRunNowOperator DatabricksSubmitRunOperator DatabricksNotebookOperator DbtCloudRunJobOperator AirbyteTriggerSyncOperator "
    "FivetranOperator KubernetesPodOperator KubernetesJobOperator SparkSubmitOperator SparkKubernetesOperator LivyOperator "
    "AzureDataFactoryRunPipelineOperator SnowflakeSqlApiOperator SSHOperator"
)
_ACTS = (
    "EmailOperator SlackAPIPostOperator SlackWebhookOperator SlackNotifier TriggerDagRunOperator SnsPublishOperator SqsPublishOperator "
    "PubSubPublishMessageOperator ProduceToTopicOperator TelegramOperator DiscordWebhookOperator"
)
LOOKS = frozenset(_LOOKS.split())
"""Names that count for a class of Airflow's or of a provider only: a Dag's author can give them to any class (``adapters.airflow.api``)."""

#: name of an operator's class -> what a second try does; sensors and the harness's own operators are added by ``repeatable``.
KINDS: Mapping[str, Repeatable] = {
    **dict.fromkeys(_LOOKS.split(), Repeatable.YES),
    **dict.fromkeys(_JOBS.split(), Repeatable.JOB),
    **dict.fromkeys(_ACTS.split(), Repeatable.NO),
}


def repeatable(operator: str) -> Repeatable:
    """What a second try of a task of this operator does."""
    if is_ours(operator) or operator.endswith("Sensor"):
        return Repeatable.YES
    return KINDS.get(operator, Repeatable.UNKNOWN)
