"""A failure as somebody reported it: read strictly, and believed only where Airflow says the same (``app.healing.intake``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from airflow_provider_harness.core.diagnosis.failure import NOTICES, Failure, FailureKind, Origin, from_dict, to_dict
from airflow_provider_harness.core.redaction.redactor import visible

LONGEST_KEY = 1_024
LONGEST_BODY = 65_536  # bytes
LONGEST_BELIEVED = 1_000_000  # characters; of what an earlier version believed
MOST_LINKS = 64
#: Kinds that a task may report of itself; the others are the reconciler's, which reads them from Airflow.
TOLD_BY_TASKS = frozenset({FailureKind.TASK_FAILED, *NOTICES})
#: Years that a moment can be in, so that arithmetic with it has room.
YEARS = range(2000, 9000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report that joined no incident yet.

    :param key: under which it was recorded.
    :param failure: its origin is the reconciler only where the seal proves it.
    :param incident_id: that the task chose for the incident that it might open.
    :param report: which of the reports of this key it is; empty for the first one.
    :param reports: how many others there are of this key.
    :param recorded_at: UTC; None where what stands there is no moment.
    :param place: where it stands among all that wait.
    """

    key: str
    failure: Failure
    incident_id: str
    report: str = ""
    reports: int = 0
    recorded_at: datetime | None = None
    place: tuple[str, str] = ("", "")


class Unreadable(ValueError):
    """What was reported is no failure; the message says why, in one sentence."""


def body_of(failure: Failure) -> str:
    """A failure as JSON of a bounded length: what is too long loses first the checks that block nothing, then its samples, then the
    report, then what else is text."""
    less = replace(failure, report=None, schema_diff=None, missing=(*failure.missing, "report: too long to keep"))
    least = replace(less, chain=tuple(replace(link, message=link.message[:500]) for link in less.chain[:5]), detail={})
    for told in (failure, _briefly(failure), _briefly(failure, samples=False), less, least):
        if len(body := json.dumps(to_dict(told))) <= LONGEST_BODY:
            return body
    bare = Failure(key=failure.key, kind=failure.kind, origin=failure.origin, occurred_at=failure.occurred_at)
    return json.dumps(to_dict(replace(bare, missing=("report: too long to keep",))))


def _briefly(failure: Failure, *, samples: bool = True) -> Failure:
    """The failure with the results that block as they are, and of the others no more than that they are there."""
    if failure.report is None:
        return failure
    results = [
        one if one.get("blocking") else {"id": one.get("id"), "passed": one.get("passed")}
        for one in failure.report["results"]
    ]
    kept = (
        results if samples else [{name: value for name, value in one.items() if name != "samples"} for one in results]
    )
    return replace(failure, report={**failure.report, "results": kept})


def read(
    body: str | bytes,
    *,
    key: str | None = None,
    kind: str | None = None,
    sealed: bool = False,
    longest: int = LONGEST_BODY,
) -> Failure:
    """The failure that a body tells.

    :param key: under which it is kept; the body must name the same. None where nothing else names it.
    :param kind: likewise.
    :param sealed: the harness itself wrote it; else its origin is a task, whatever it says.
    :param longest: bytes of a body, or characters.
    :raises Unreadable: it is anything else.
    """
    try:
        if len(body) > longest or (isinstance(body, str) and not body.isascii() and len(body.encode()) > longest):
            raise Unreadable(f"longer than {longest:,} bytes")
        failure = from_dict(_shaped(json.loads(body)))
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise Unreadable(f"{type(error).__name__}: {str(error)[:200]}") from error
    if len(failure.identity) > LONGEST_KEY:
        raise Unreadable(f"its key is longer than {LONGEST_KEY} characters")
    if key is not None and failure.identity != key:
        raise Unreadable("its body names another try than its key")
    if kind is not None and failure.kind != kind:
        raise Unreadable("its body names another kind than its row")
    if not sealed and failure.kind not in TOLD_BY_TASKS:
        raise Unreadable(f"{failure.kind} is found by the reconciler alone")
    return replace(failure, origin=Origin.RECONCILER if sealed else Origin.CALLBACK)


def _shaped(body: Any) -> Mapping[str, Any]:
    """The body with each field of its type; ``from_dict`` takes any."""
    _must(isinstance(body, dict), "no object")
    for name, check in _FIELDS.items():
        if name in body:
            check(body[name], name)
    return {**body, "key": _key(body["key"])}


def _key(value: Any) -> dict[str, Any]:
    _must(isinstance(value, dict), "key is not an object")
    for name in ("dag_id", "run_id", "task_id"):
        _text(value.get(name), name, 250)
        _must(
            value[name].isprintable()
            and visible(value[name]) == value[name]
            and value[name].encode("utf-8", "ignore").decode() == value[name],
            f"{name} is not an id",
        )
    _must(bool(value["dag_id"] and value["run_id"]), "key names no run")
    _number(value.get("map_index", -1), "map_index", -1, 1_000_000)
    _number(value.get("try_number", 0), "try_number", 0, 100_000)
    return {name: value[name] for name in ("dag_id", "run_id", "task_id", "map_index", "try_number") if name in value}


def _must(holds: bool, why: str) -> None:
    if not holds:
        raise Unreadable(why)


def _text(value: Any, name: str, most: int = 100_000) -> None:
    _must(isinstance(value, str) and len(value) <= most, f"{name} is not text of at most {most:,} characters")


def _maybe_text(value: Any, name: str) -> None:
    if value is not None:
        _text(value, name)


def _number(value: Any, name: str, low: int, high: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    _must(whole and low <= value <= high, f"{name} is not a whole number from {low} to {high}")


def _moment(value: Any, name: str) -> None:
    _text(value, name, 64)
    moment = datetime.fromisoformat(value)
    _must(moment.tzinfo is not None and moment.astimezone(UTC).year in YEARS, f"{name} is not a moment in UTC")


def _texts(value: Any, name: str) -> None:
    _must(isinstance(value, list) and len(value) <= 10_000, f"{name} is not a list")
    for item in value:
        _text(item, name, 4_096)


def _details(value: Any, name: str) -> None:
    _must(isinstance(value, dict) and len(value) <= 100, f"{name} is not an object")
    for item in value.values():
        _text(item, name)


def _chain(value: Any, name: str) -> None:
    _must(
        isinstance(value, list) and len(value) <= MOST_LINKS, f"{name} is not a list of at most {MOST_LINKS} exceptions"
    )
    for link in value:
        _must(isinstance(link, dict), f"{name} holds no exception")
        _text(link.get("type"), "type", 1_000)
        _text(link.get("message", ""), "message")
        _texts(link.get("bases", []), "bases")
        _texts(link.get("reasons", []), "reasons")
        _maybe_text(link.get("sqlstate"), "sqlstate")
        for field, low, high in (("http_status", 100, 599), ("errno", 0, 100_000)):
            if link.get(field) is not None:
                _number(link[field], field, low, high)
        wait = link.get("retry_after")
        _must(
            wait is None or (isinstance(wait, int | float) and 0 <= wait <= 1e9),
            "retry_after is not a number of seconds",
        )


def _report(value: Any, name: str) -> None:
    if value is None:
        return
    _must(isinstance(value, dict) and isinstance(value.get("results"), list), f"{name} is not a report")
    for field in ("table", "slice"):
        _text(value.setdefault(field, ""), field, 2_000)
    if "rows" in value:
        _number(value["rows"], "rows", 0, 2**63)
    for result in value["results"]:
        _must(isinstance(result, dict), f"{name} holds no result")
        for field in ("id", "kind", "severity", "expected", "actual", "look_at"):
            _text(result.setdefault(field, ""), field)
        _must(isinstance(result.setdefault("passed", False), bool), "passed is not a boolean")
        share = result.get("share")
        _must(share is None or (isinstance(share, int | float) and "rows" in value), "share is not a number")
        _must(
            isinstance(result.get("facts", {}), dict) and isinstance(result.get("samples", []), list),
            "facts or samples",
        )
        for sample in result.get("samples", ()):
            _must(isinstance(sample, dict), "a sample is not a row")


def _diff(value: Any, name: str) -> None:
    if value is None:
        return
    _must(isinstance(value, dict), f"{name} is not a difference")
    _text(value.setdefault("sentence", ""), "sentence")
    _texts(value.setdefault("ddl", []), "ddl")
    _must(all(isinstance(one, dict) for one in value.get("changes", ())), "changes")


_FIELDS: Mapping[str, Callable[[Any, str], None]] = {
    "occurred_at": _moment,
    "operator": _text,
    "owner": _text,
    "slice_id": _maybe_text,
    "hostname": _text,
    "log_url": _text,
    "max_tries": lambda value, name: _number(value, name, 0, 100_000),
    "tags": _texts,
    "missing": _texts,
    "reads": _texts,
    "writes": _texts,
    "chain": _chain,
    "detail": _details,
    "report": _report,
    "schema_diff": _diff,
}
