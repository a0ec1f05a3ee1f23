"""Every error the harness raises, and what Airflow's retry does with it.

"Not retried" is enforced where a task raises: operators re-raise such an error as ``AirflowFailException`` with the
error as its ``__cause__``, so no retry is burned even where no retry policy is installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from airflow_provider_harness.core.report import Report
    from airflow_provider_harness.core.schema import SchemaDiff


class HarnessError(Exception):
    """Any error of the harness.

    :cvar retryable: whether another try of the same task can end differently without anybody changing anything.
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


class ContractError(ConfigurationError):
    """A data contract file is wrong. Not retried. Carries every finding of the file, not only the first.

    :param findings: one sentence each: file, line, field, problem, valid values, fix.
    """

    def __init__(self, path: str, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__(path, f"{len(self.findings)} finding(s)\n" + "\n".join(self.findings))


class MissingExtra(ConfigurationError):
    """A feature needs a package that was not installed. Not retried: install the extra that is named."""

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(feature, "needs an optional package.", fix=f"pip install 'airflow-provider-harness[{extra}]'")


class ContractViolation(HarnessError):
    """A gate blocked: a check of severity error did not pass, so nothing was published. Not retried: the same rows
    would fail again.

    :param report: every check with what was expected and what was found.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report.sentence())


class SchemaDrift(HarnessError):
    """Contract, source and target disagree about columns, found before any row moved. Not retried: a person decides.

    :param diff: what changed, which kind each change is, and the DDL that a person may apply.
    """

    def __init__(self, diff: SchemaDiff) -> None:
        self.diff = diff
        super().__init__(diff.sentence())


class QueryTooCostly(HarnessError):
    """A transformation would cost more than it may; it was planned and not run. Not retried: narrow the query, or raise the
    limit that the message names.

    :param cost: what the warehouse estimates, in the planner's units (PostgreSQL) or bytes (BigQuery).
    :param limit: what the task allows, in the same unit.
    """

    def __init__(self, table: str, cost: float, limit: float, unit: str) -> None:
        self.cost, self.limit, self.unit = cost, limit, unit
        super().__init__(
            f"the query for {table} would cost {cost:,.0f} {unit}, and the task allows {limit:,.0f}; it was not run"
        )


class UncarriedValue(HarnessError):
    """The source has a type or value that cannot be carried without loss. Not retried.

    :param table: the relation that was read.
    :param columns: column name -> what it holds that cannot be carried.
    """

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self.table, self.columns = table, dict(columns)
        super().__init__(f"{table}: " + "; ".join(f"{c}: {why}" for c, why in columns.items()))


class SliceBusy(HarnessError):
    """Another run is publishing the same slice now. Retried by Airflow as usual: the other run ends or fails."""

    retryable: ClassVar[bool] = True


class HarnessUnavailable(HarnessError):
    """The store, Airflow's API or PagerDuty did not answer. Retried as usual; what a
    callback could not write is found again by the reconciler.

    :param what: the part that did not answer.
    """

    retryable: ClassVar[bool] = True

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        super().__init__(f"{what} is unavailable: {reason}")


class NotAllowed(HarnessError):
    """The executor was about to do what no verdict, approval or mode covers. Nothing was done. Not retried.

    :param facts: the values that were compared, for the audit.
    """

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(reason)
