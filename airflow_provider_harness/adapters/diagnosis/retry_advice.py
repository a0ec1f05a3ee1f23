"""What the rules say about trying again, from the exception alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_provider_harness.adapters.airflow.attributes import attribute
from airflow_provider_harness.adapters.airflow.exceptions.chain import chain_of, links_of
from airflow_provider_harness.adapters.diagnosis.matching import table
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import LONGEST_WAIT, Basis, Category, Certainty
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.diagnosis.witness import live
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.signatures.error_codes import Field

#: What the same try repeated cannot change.
HOPELESS = frozenset(
    {
        Category.SCHEMA_DRIFT,
        Category.DATA_QUALITY_VIOLATION,
        Category.DUPLICATE_DATA,
        Category.PERMISSION_DENIED,
        Category.AUTH_EXPIRED_OR_INVALID,
        Category.CODE_BUG,
        Category.CONFIG_ERROR,
        Category.DEPENDENCY_OR_VERSION,
        Category.BAD_INPUT_ENCODING_OR_FORMAT,
    }
)


_NO_END = 1_000_000
#: SQLSTATE, or class without ``Error`` -> failed tries after which another one is no use. A race is over at the next
#: try, and a file that broke off is fetched again; a parent may come late, and a server that is read-only may be taking over
#: from one that died, so these are left to the task's own settings.
PATIENT: Mapping[str, int] = {
    **dict.fromkeys(("23505", "UniqueViolation", "23P01", "ExclusionViolation"), 1),
    **dict.fromkeys(("BadZipFile", "BadGzipFile", "EmptyDataError", "22P04", "BadCopyFileFormat"), 1),
    **dict.fromkeys(("23503", "ForeignKeyViolation", "23001", "RestrictViolation", "23000"), _NO_END),
    **dict.fromkeys(("25006", "ReadOnlySqlTransaction", "F0001", "LockFileExists"), _NO_END),
}
#: Reasons of credentials that were good and ended, or of a clock: the next try makes new ones.
RENEWED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "ExpiredAccessToken",
        "RequestExpired",
        "TokenRefreshRequired",
        "RequestTimeTooSkewed",
        "ACCESS_TOKEN_EXPIRED",
        "CredentialRetrievalError",
        "DELEGATION_TOKEN_EXPIRED",
    }
)
#: Statuses that speak of the moment, besides all from 500.
_MOMENTARY = frozenset({408, 425, 429})
#: Words of a limit. Text stops no retry, but where a service names no reason, it may keep one.
_LIMIT = re.compile(r"rate.?limit|quota|throttl|too many|slow.?down|try again", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """:param delay: seconds until the next try, where the other side named them."""

    stop: bool = False
    delay: float | None = None
    reason: str = ""


def advise(error: BaseException, diagnoser: Diagnoser, try_number: int = 1) -> Advice:
    """Stop, wait, or leave it to the task's own settings.

    :param try_number: how many tries have failed with this one.
    """
    nowhere = TryKey(dag_id="", run_id="", task_id="")
    failure = Failure(
        key=nowhere,
        kind=FailureKind.TASK_FAILED,
        origin=Origin.CALLBACK,
        occurred_at=datetime.now(UTC),
        chain=links_of(error, Redactor()),
    )
    found = diagnoser.diagnose(failure, Evidence(witnessed=live(failure)))
    reason = f"{found.category}: {found.cause}"[:500]
    hopeless = found.basis is Basis.FACT and found.certainty is Certainty.SURE and found.category in HOPELESS
    if hopeless and not _may_help(error, failure.chain, try_number):
        return Advice(stop=True, reason=reason)
    if found.retry_after is not None and found.retry_after <= LONGEST_WAIT:
        return Advice(delay=found.retry_after, reason=reason)
    return Advice()


def _may_help(error: BaseException, chain: Sequence[ErrorLink], try_number: int) -> bool:
    """Whether something about the exception speaks for another try, although it looks hopeless."""
    if any(attribute(link, "retryable") is True for link in chain_of(error)):
        return True
    return any(_is_of_the_moment(link) or _is_patient(link, try_number) for link in chain)


def _is_of_the_moment(link: ErrorLink) -> bool:
    """A wait was asked for, the status speaks of the moment, or a service gave a reason that nobody here knows, or one
    that passes; or it gave none, and its words are those of a limit."""
    if link.retry_after is not None or (status := link.http_status or 0) in _MOMENTARY or status >= 500:
        return True
    if status and not link.reasons:
        return _LIMIT.search(link.message) is not None
    return any(_passes(reason) for reason in link.reasons)


def _passes(reason: str) -> bool:
    signature = table(Field.NAME).get(reason)
    return reason in RENEWED or signature is None or signature.category not in HOPELESS


def _is_patient(link: ErrorLink, try_number: int) -> bool:
    names = (link.sqlstate or "", link.type.rpartition(".")[2].removesuffix("Error"))
    return any(try_number <= PATIENT.get(name, 0) for name in names)
