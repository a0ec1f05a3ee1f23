"""Whatever bytes somebody writes: no hang, no error that is not ours, no memory without bound.

Short here; ``make fuzz`` tries as long as it is told (``EXAMPLES=20000``), each target with inputs of its own.
"""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.odcs import compile_file
from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.adapters.model.prompt import dossier
from airflow_provider_harness.adapters.store.spool import FileSpool
from airflow_provider_harness.adapters.yaml_files.policy import parse_policy
from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import (
    ErrorLink,
    Failure,
    FailureKind,
    Origin,
    TryKey,
    from_dict,
    to_dict,
)
from airflow_provider_harness.core.diagnosis.log_excerpt import BUDGET, as_text, excerpt, search
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.audit import canonical, recorded
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.incidents.incident import ImpossibleEvent, Incident
from airflow_provider_harness.core.redaction.escaping import ESCAPES, code, link
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.events import event_of
from tests.yardstick import at_most

pytestmark = pytest.mark.attack
EXAMPLES = int(os.environ.get("HARNESS_FUZZ_EXAMPLES", "25"))
SLOWEST = 50  # times the yardstick, for one input
MOST_MEMORY = 400  # MB more than before a target began
DATA = Path(__file__).parents[1] / "data"
PLAIN = Redactor(("pässwörd-Größe1",))
#: What an engine takes apart: signs that open, close, escape, repeat; words of the formats.
TOKENS = (
    *"'\"`\\<>[]{}()=:,;&%@#|*-\n\t\r\0\u202e\u200b«»é€",
    "\\\\", "\\n", "\\u0000", "&amp;", "&a", "*a", "<<: *a", "!!python/object:os.system", "- ", "? ", "password=", "token: ", "://u:p@", "Key (a)=(",
    "[SQL: ", "[parameters: ", "Cookie: ", "Authorization: Bearer ", "<password>", "-----BEGIN PRIVATE KEY-----", "null", "true", "1e999", "-1", "9" * 400,
    "2026-11-20", "{}", "[]", "~", "---\n", "...\n", "%YAML 9.9\n", "\ufeff", "a" * 1000, " " * 1000, "\n" * 300, "x: &x [*x]", "x: {<<: *x}",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, *seeds: str) -> str:
    """A valid text with some of it cut out, doubled, moved or replaced."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        last = min(last, first + 200)
        new = draw(st.one_of(st.sampled_from(TOKENS), st.text(max_size=20), st.just(text[first:last] * 3), st.just("")))
        text = (
            text[:first]
            + new * draw(st.sampled_from((1, 1, 1, 2, 40)))
            + text[last if draw(st.booleans()) else first :]
        )
    return text


pieces = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=30)), max_size=60).map("".join)
repeated = st.builds(
    lambda text, times: text * (times // max(1, len(text))), st.text(min_size=1, max_size=12), st.integers(1, 20_000)
)
anything = st.one_of(pieces, repeated, st.builds(lambda a, b, c: a + b + c, pieces, repeated, pieces))
json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("x" * 5000)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@contextmanager
def bounded() -> Iterator[None]:
    """One input takes no longer, and no more memory, than it may."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with at_most(SLOWEST):
        yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024 < MOST_MEMORY


@fuzzed
@given(anything)
def test_the_redactor(text: str) -> None:
    with bounded():
        once = PLAIN.redact(text)
        assert PLAIN.redact(once) == once
        assert len(PLAIN.redact(text, 100)) <= 100


@fuzzed
@given(anything)
def test_the_escapes(text: str) -> None:
    with bounded():
        for escape in ESCAPES.values():
            escape(text)
        assert code(text).count("`") == 2
        link(text)


@fuzzed
@given(
    st.one_of(anything.map(lambda t: t.encode("utf-8", "surrogatepass")), st.binary(max_size=5000)),
    st.text(min_size=1, max_size=5),
)
def test_the_excerpt(log: bytes, words: str) -> None:
    with bounded():
        assert len(as_text(excerpt(log, clean=PLAIN.redact))) < 3 * BUDGET
        if "\n" not in words:
            search(log, words, 5, PLAIN.redact)


EVENT = '{"timestamp": "2026-11-20", "event": "x", "level": "error", "error_detail": [{"exc_type": "E", "exc_value": "v", "frames": [{"filename": "f", "lineno": 1, "name": "n"}]}]}'


@fuzzed
@given(
    st.one_of(
        mutated(EVENT, f'{{"content": [{EVENT}]}}', EVENT + "\n" + EVENT),
        st.just("[" * 100_000),
        st.just('{"event":' * 50_000),
    )
)
def test_a_log_of_airflow(body: str) -> None:
    with bounded():
        found = read_log(body.encode("utf-8", "surrogatepass"), PLAIN)
        assert all(len(item.type) <= 200 for item in found.chain)


CONTRACT = (DATA / "ten_mistakes.odcs.yaml").read_text("utf-8")


@fuzzed
@given(mutated(CONTRACT))
def test_a_contract(text: str) -> None:
    with bounded(), suppress(HarnessError):
        compile_file(text, "fuzzed.yaml")


POLICY = """version: 3
rules:
  - id: no-schema-change
    action: suggest_schema_change
    verdict: refuse
    reason: A person applies schema changes.
  - id: retry-transient
    action: retry_task
    when: {category: {in: [transient_network, rate_limited]}, tries_by_harness: {lt: 2}}
    verdict: approve
    limit: {per_incident: 2, per_dag_per_day: 20}
    reason: Transient and within limits.
"""


@fuzzed
@given(mutated(POLICY))
def test_a_policy(text: str) -> None:
    with bounded(), suppress(HarnessError):
        parse_policy(parse(text.encode("utf-8", "surrogatepass"), "fuzzed.yaml", "Mend it."), "fuzzed.yaml")


NOW = datetime(2026, 11, 20, tzinfo=UTC)
FAILURE = Failure(
    key=TryKey(dag_id="d", run_id="r", task_id="t", try_number=1),
    kind=FailureKind.TASK_FAILED,
    origin=Origin.CALLBACK,
    occurred_at=NOW,
    chain=(ErrorLink(type="ValueError", message="x"),),
)
BODY = json.dumps(to_dict(FAILURE))
#: What ``from_dict`` may raise of a body that is none; whoever decodes somebody's row or file catches these.
NO_FAILURE = (HarnessError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


@fuzzed
@given(st.one_of(mutated(BODY), json_like.map(json.dumps)))
def test_the_body_of_a_failure(text: str) -> None:
    with bounded(), suppress(*NO_FAILURE):
        from_dict(json.loads(text))


@fuzzed
@given(st.lists(st.one_of(mutated(BODY), json_like.map(json.dumps), st.text(max_size=50)), max_size=3))
def test_the_spool(texts: list[str]) -> None:
    told: list[str] = []
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"fuzz-spool-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    spool = FileSpool(folder, told.append)
    for number, text in enumerate(texts):
        (folder / f"{number:032x}.json").write_text(text, "utf-8", errors="surrogatepass")
    with bounded():
        for failure in spool.waiting():
            spool.forget(failure)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@fuzzed
@given(anything, anything, st.lists(anything, max_size=3))
def test_the_dossier(log: str, message: str, missing: list[str]) -> None:
    with bounded():
        failure = Failure(
            key=FAILURE.key, kind=FAILURE.kind, origin=FAILURE.origin, occurred_at=NOW,
            chain=(ErrorLink(type=message[:200], message=message[:2000]),), missing=tuple(missing),
        )  # fmt: skip
        seen = Observation(source=Source.RUN, text=message[:1500])
        told = dossier(failure, Evidence(log=PLAIN.redact(log), observations=(seen,)), "log-0123")
        assert len(told) < 20_000 and told.count("<log-0123>") == told.count("</log-0123>") == 3


@fuzzed
@given(
    st.lists(
        st.tuples(st.sampled_from(list(EventKind)), st.dictionaries(st.text(max_size=6), json_like, max_size=3)),
        max_size=8,
    )
)
def test_the_events_of_an_incident(given_events: list[tuple[EventKind, dict[str, Any]]]) -> None:
    with bounded():
        incident = Incident(id="I1")
        for kind, body in given_events:
            event = event_of(incident_id="I1", kind=kind, at=NOW, body=body)
            canonical(recorded(event))
            try:
                incident = incident.after(event)
            except ImpossibleEvent:
                continue


def test_every_target_is_here() -> None:
    """The targets that the long run must try, by name."""
    named = {name for name, found in globals().items() if name.startswith("test_") and isinstance(found, Callable)}  # type: ignore[arg-type]
    assert len(named) >= 11
