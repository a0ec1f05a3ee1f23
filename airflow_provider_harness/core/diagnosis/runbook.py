"""What was learned from incidents: entries that a person reviewed, and what they may add to a diagnosis.

An entry is data of the administrator's, as the policy is. All that it can do is name a category where the rules do not
know one: by a literal phrase in a log, with the weight of text. So a policy gives it what it gives any text, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Citation, Evidence, Source

#: Characters of a phrase; a shorter one would be in every log.
SHORTEST_PHRASE, LONGEST_PHRASE = 12, 200
#: Characters of each other text, and entries of one runbook.
LONGEST_TEXT, MOST_ENTRIES = 2_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one incident taught.

    :param id: of the incident.
    :param phrase: stands literally in one line of the log or the exception, whatever its case; empty = only to be read.
    :param prevention: what keeps it from happening again, with the check that would have caught it.
    :param source: where it is written, for a known issue of a product; empty for an incident.
    :param reviewed_by: user id of the person who accepted it; empty in a draft.
    """

    id: str
    category: Category
    phrase: str
    symptoms: tuple[str, ...]
    root_cause: str
    resolution: str
    prevention: str
    reviewed_by: str = ""
    source: str = ""


def problems(entry: Entry) -> list[str]:
    """Why it cannot be accepted; empty where it can."""
    found = []
    if entry.phrase and not SHORTEST_PHRASE <= len(entry.phrase.strip()) <= LONGEST_PHRASE:
        found.append(f"phrase: has {SHORTEST_PHRASE} to {LONGEST_PHRASE} characters, or none.")
    if "\n" in entry.phrase:
        found.append("phrase: stands in one line.")
    if entry.phrase and entry.category is Category.UNKNOWN:
        found.append("category: a phrase identifies a cause; unknown is none.")
    for name in ("root_cause", "resolution", "prevention"):
        text = getattr(entry, name).strip()
        if not text or TODO in text:
            found.append(f"{name}: is not written yet.")
        elif len(text) > LONGEST_TEXT:
            found.append(f"{name}: has at most {LONGEST_TEXT} characters.")
    return found


#: Stands in a draft where a person must write.
TODO = "TODO"


def recall(entries: Sequence[Entry], evidence: Evidence) -> Diagnosis | None:
    """The diagnosis of the first reviewed entry whose phrase stands in the evidence, or None."""
    said = [(Source.LOG, number, line) for number, line in enumerate(evidence.log.split("\n"), 1)]
    said += [(item.source, 0, item.text) for item in evidence.observations if item.source is Source.EXCEPTION]
    for entry in entries[:MOST_ENTRIES]:
        phrase = entry.phrase.strip().lower()
        if not (entry.reviewed_by and phrase):
            continue
        for source, number, line in said:
            if phrase in line.lower():
                return _diagnosis(entry, Citation(source=source, line=number, text=line[:300]))
    return None


def known(entries: Sequence[Entry], found: Diagnosis) -> Diagnosis:
    """A diagnosis with what is known of its cause: the first entry of its category whose phrase stands in what it cites."""
    said = "\n".join(item.text for item in found.citations).lower()
    for entry in entries:
        if entry.phrase and entry.category is found.category and entry.phrase.lower() in said:
            where = f" ({entry.source})" if entry.source else f" (incident {entry.id})"
            return replace(found, why=f"{found.why} Known: {entry.root_cause} {entry.resolution}{where}")
    return found


def _diagnosis(entry: Entry, cited: Citation) -> Diagnosis:
    return Diagnosis(
        category=entry.category,
        cause=entry.root_cause,
        basis=Basis.TEXT,
        certainty=Certainty.LIKELY,
        why=f"Known: {entry.resolution} ({entry.source})"
        if entry.source
        else f"As in incident {entry.id}, reviewed by {entry.reviewed_by}. What helped then: {entry.resolution}",
        citations=(cited,),
    )


#: What would have caught it before it failed, by cause; a check of a contract, a sensor or a setting.
PREVENTION: Mapping[Category, str] = {
    Category.TRANSIENT_NETWORK: "retries with HarnessRetryPolicy on the task that meets the other side first",
    Category.RATE_LIMITED: "a pool for the tasks that call this service, no larger than its limit",
    Category.QUOTA_EXHAUSTED: "an alert of the service at 80 percent of its quota",
    Category.RESOURCE_EXHAUSTED_MEMORY: "the check row_count with a maximum, which stops a slice of unusual size",
    Category.RESOURCE_EXHAUSTED_DISK: "an alert on free space where it ran out",
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: "a pool for the tasks that connect to it, smaller than its limit",
    Category.LOCK_CONTENTION: "max_active_runs=1, or a pool of one slot for the tasks that write this table",
    Category.TIMEOUT: "the check row_count with a maximum, and an execution_timeout that fits the usual time",
    Category.AUTH_EXPIRED_OR_INVALID: "a reminder before the credential expires",
    Category.PERMISSION_DENIED: "a check of rights in the deployment of the change that took them",
    Category.MISSING_OBJECT: "FreshnessSensor or SchemaDriftSensor before the task that reads it",
    Category.SCHEMA_DRIFT: "SchemaDriftSensor before the extract, and `contract diff` in the source's own CI",
    Category.DATA_QUALITY_VIOLATION: "the check that failed, in the contract of the source as well",
    Category.LATE_OR_MISSING_SOURCE: "FreshnessSensor before the extract, and harness.late in the contract",
    Category.DUPLICATE_DATA: "the check unique on the key, at the source",
    Category.BAD_INPUT_ENCODING_OR_FORMAT: "harness.malformedRows in the contract, with a share that is set aside",
    Category.CONFIG_ERROR: "`airflow harness doctor` in the deployment",
    Category.CODE_BUG: "a test of this case",
    Category.DEPENDENCY_OR_VERSION: "pinned versions, and the Dags imported in CI",
    Category.WORKER_LOST: "a memory limit with room, and an alert when it is near",
    Category.UPSTREAM_FAILED: "what would have caught the upstream failure",
    Category.OUT_OF_DISK_OR_STORAGE_QUOTA: "an alert at 80 percent of the quota",
    Category.UNKNOWN: "",
}
