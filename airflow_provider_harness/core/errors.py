"""Every error the harness raises, and what Airflow's retry does with it.

"Not retried" is enforced where a task raises: operators re-raise such an error as ``AirflowFailException`` with the
error as its ``__cause__``, so Airflow does not retry it, even without a retry policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.contracts.schema import SchemaDiff


class HarnessError(Exception):
    """Any error of the harness.

    :cvar retryable: whether another try of the same task can succeed without any change by a person.
    """

    retryable: ClassVar[bool] = False


class ConfigurationError(HarnessError):
    """A setting, connection or file is missing or wrong. Not retried: correct what the message names.

    :param place: where it was found (file, line and field; or section and option; or connection id).
    :param problem: what is wrong, in one sentence.
    :param valid: the values that would be accepted, if they are a closed set.
    :param fix: what to do about it.
    """

    def __init__(self, place: str, problem: str, *, valid: Sequence[str] = (), fix: str = "") -> None:
        self.place, self.problem, self.valid, self.fix = place, problem, tuple(valid), fix
        parts = [f"{place}: {problem}"]
        if valid:
            parts.append(f"Valid: {', '.join(valid)}.")
        if fix:
            parts.append(fix)
        super().__init__(" ".join(parts))


class NoSlice(ConfigurationError):
    """A run owns no slice: it has no logical date, no data interval and no partition key. Not retried."""


class ContractError(ConfigurationError):
    """A data contract file is wrong. Not retried. Carries every finding of the file, not only the first.

    :param findings: one sentence each: file, line, field, problem, valid values, fix.
    :param parts: the same of each in parts: ``line``, ``path``, ``problem``, ``valid``, ``fix``.
    """

    def __init__(self, path: str, findings: Sequence[str], parts: Sequence[Mapping[str, Any]] = ()) -> None:
        self.findings, self.parts = tuple(findings), tuple(parts) or ({},) * len(findings)
        super().__init__(path, f"{len(self.findings)} finding(s)\n" + "\n".join(self.findings))


class MissingExtra(ConfigurationError):
    """A feature needs a package that was not installed. Not retried: install the extra that the message names."""

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(feature, "needs an optional package.", fix=f"pip install 'airflow-provider-harness[{extra}]'")


#: How a gate that blocked begins to say what stands published.
NOTHING_PUBLISHED = "This run published nothing"


class ContractViolation(HarnessError):
    """A gate blocked: a check of severity error did not pass, so nothing was published. Not retried: the same rows
    would fail again.

    :param report: every check with its expected and its found value.
    :param standing: rows of the slice that an earlier run published and that are still published; None if they were not
        counted.
    """

    def __init__(self, report: Report, *, standing: int | None = None) -> None:
        self.report, self.standing = report, standing
        stands = {None: "", 0: f" {NOTHING_PUBLISHED}, and nothing of the slice stands there."}
        kept = f" {NOTHING_PUBLISHED}; {standing} row(s) of an earlier run stand there as they were."
        super().__init__(f"{report.sentence()}{stands.get(standing, kept)}")


class SchemaDrift(HarnessError):
    """The columns of contract, source and target differ; found before any row moved. Not retried: a person decides.

    :param diff: what changed, which kind each change is, and the DDL that a person may apply.
    """

    def __init__(self, diff: SchemaDiff) -> None:
        self.diff = diff
        super().__init__(diff.sentence())


class QueryTooCostly(HarnessError):
    """A transformation would cost more than its limit; it was planned and not run. Not retried: narrow the query, or
    raise the limit that the message names.

    :param cost: the warehouse's estimate, in the planner's units (PostgreSQL) or bytes (BigQuery).
    :param limit: what the task allows, in the same unit.
    :param fix: how to make it cost less.
    """

    def __init__(self, table: str, cost: float, limit: float, unit: str, fix: str = "") -> None:
        self.cost, self.limit, self.unit = cost, limit, unit
        super().__init__(
            f"the query for {table} would cost {cost:,.0f} {unit}, and the task allows {limit:,.0f}; it was not run"
            f"{'. ' if fix else ''}{fix}"
        )


class PromotionRefused(HarnessError):
    """A version of a model does not meet the terms of its contract, or there is no version for a rollback; the version
    in use stays. Not retried: the same metrics would be refused again. Train another version, or change the terms.

    :param whys: each reason, as a sentence.
    :param current: the version in use; None if there is none.
    """

    def __init__(self, model: str, version: str, whys: Sequence[str], current: str | None) -> None:
        self.model, self.version, self.whys, self.current = model, version, tuple(whys), current
        stays = f"Version {current} stays in use." if current else "No version is in use."
        super().__init__(f"model {model}, version {version}: {' '.join(whys)} {stays}")


class ModelUnproved(HarnessError):
    """A version of a model was put into use, but the verification failed. Not retried: a person must check the
    registry.

    :param whys: each failed condition, as a sentence.
    """

    def __init__(self, model: str, version: str, whys: Sequence[str]) -> None:
        self.model, self.version, self.whys = model, version, tuple(whys)
        super().__init__(f"model {model}: version {version} was put into use, and this does not hold: {' '.join(whys)}")


class UncarriedValue(HarnessError):
    """The source has a type or value that cannot be moved without loss. Not retried: change the query or the contract
    as the message says.

    :param table: the relation that was read.
    :param columns: column name -> its type or values that cannot be moved.
    """

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self.table, self.columns = table, dict(columns)
        super().__init__(f"{table}: " + "; ".join(f"{c}: {why}" for c, why in columns.items()))


class SliceBusy(HarnessError):
    """Another run is publishing the same slice now. Retried by Airflow as usual: the other run ends or fails."""

    retryable: ClassVar[bool] = True


class HarnessUnavailable(HarnessError):
    """The store, Airflow's API or PagerDuty did not answer. Retried as usual; the reconciler finds failures that a
    callback could not write.

    :param what: the part that did not answer.
    """

    retryable: ClassVar[bool] = True

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        super().__init__(f"{what} is unavailable: {reason}")


class DatabaseRefused(HarnessError):
    """A database or warehouse refused a request: a permission, a name, a type, a constraint, a value. Not retried: it
    would refuse again. Correct what the message names.

    :param where: the connection, in words.
    :param reason: what it refused, without values of rows.
    :param fix: what to do about it.
    :param code: SQLSTATE, or the reason in the service's own word (``accessDenied``); empty where there is none.
    :param names: ``table``, ``column``, ``constraint`` and ``function``, as far as they are known.
    """

    def __init__(
        self, where: str, reason: str, *, fix: str = "", code: str = "", names: Mapping[str, str] | None = None
    ) -> None:
        self.where, self.reason, self.fix, self.code, self.names = where, reason, fix, code, dict(names or {})
        super().__init__(f"{where}: {told(reason, code, self.names)}{' ' if fix else ''}{fix}")


STORAGE = "the object storage of the staged files"
"""How errors name it, and what helps where it refuses."""
STORAGE_FIX = "Let the storage's connection read and write [harness] staging_path, or correct the path."


class DatabaseUnavailable(HarnessUnavailable):
    """A database or warehouse did not answer, or could not finish for now: a lost connection, too many connections, a
    deadlock, a temporary quota. Retried by Airflow as usual: another try can pass.

    :param where: the connection, in words.
    :param reason: what happened, without values of rows.
    :param code: SQLSTATE, or the reason in the service's own word; empty where there is none.
    """

    def __init__(self, where: str, reason: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(where, f"{told(reason, code, {})} Another try can pass.")


class TableLocked(HarnessError):
    """A statement waited for a lock longer than the session's ``lock_timeout``, and was cancelled. Retried by Airflow
    as usual: the other sessions end.

    :param where: the connection, in words.
    :param waited: how long it may wait, as PostgreSQL writes it.
    :param holders: who held the lock, one sentence each; empty if that is not known.
    """

    retryable: ClassVar[bool] = True

    def __init__(self, where: str, waited: str, holders: Sequence[str] = ()) -> None:
        self.where, self.waited, self.holders = where, waited, tuple(holders)
        whom = "; ".join(holders) or "an unknown session"
        super().__init__(
            f"{where}: gave up after {waited} of waiting for a lock held by {whom}. Another try can pass; if it "
            f"does not, end "
            "that session, or let the connection wait longer (lock_timeout)."
        )


class TargetInterferes(HarnessError):
    """A trigger, a rule or a row-level policy of the published table changed, removed or hid rows that passed the gate.
    The publication was rolled back. Not retried: it would happen again.

    :param table: the published table.
    :param what: the effect on the rows, with counts.
    :param by: the triggers, rules and policies that it has.
    """

    def __init__(self, table: str, what: str, by: Sequence[str]) -> None:
        self.table, self.what, self.by = table, what, tuple(by)
        super().__init__(
            f"{table}: {what}; it has {', '.join(by) or 'nothing that explains it'}. The publication was rolled "
            f"back. Change or "
            "drop what does it, or leave the columns that it fills out of the contract."
        )


class MalformedFile(HarnessError):
    """A file cannot be read in its format: its encoding, a row of the wrong length, a header, a broken document. Not
    retried: the file would be the same. The report advises nothing for a table.

    :param problems: one sentence each: file, line where there is one, what is wrong.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"{'; '.join(problems)}. Have the files delivered anew, or correct them; no table needs to change for it."
        )


def told(reason: str, code: str, names: Mapping[str, str]) -> str:
    """What went wrong as a sentence, with the names and the code where the reason does not have them."""
    more = [f"{kind} {name}" for kind, name in names.items() if name and name not in reason]
    more += [code] if code else []
    return f"{reason.rstrip('.')}{' (' + ', '.join(more) + ')' if more else ''}."


class NotAllowed(HarnessError):
    """No verdict, approval or mode allows this act. The harness did nothing. Not retried.

    :param facts: the values that were compared, for the audit.
    """

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(reason)
