"""Documents into an index: what did not change is not embedded again, and nothing is served that did not pass its gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_provider_harness.app.ports.learning import (
    Documents,
    Embedder,
    Find,
    Found,
    IndexCounts,
    Passages,
    Vector,
    VectorIndex,
)
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.validate import present
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator
from airflow_provider_harness.core.contracts.report import (
    CheckResult,
    Measurement,
    Measurements,
    Report,
    decide,
    judge_one,
)
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.learning.chunks import Chunk, Chunking, Document, Split, chunks
from airflow_provider_harness.core.learning.documents import NotText

LOOKED_UP, LOOKED_UP_BYTES = 500, 8 << 20
"""Documents whose digests are compared at once, and the bytes that they may hold meanwhile."""
GROUP = 256
"""Passages that are prepared before they are kept; a document is never divided."""
SHOWN = 10
"""Places that an error or a report names."""


@dataclass(slots=True)
class Tally:
    """What a run met.

    :param unreadable: place -> why it has no text, the first few; ``unread``: how many there were.
    :param personal: documents in which personal data was found.
    """

    found: int = 0
    changed: int = 0
    embedded: int = 0
    reused: int = 0
    unread: int = 0
    personal: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a document becomes passages.

    :param treat: gives the text of a document as it may be kept, as long as before, and how many pieces of personal data it had.
    :param complete: gives a document the contract's other columns.
    """

    chunking: Chunking
    split: Split
    treat: Callable[[str], tuple[str, int]]
    complete: Callable[[Document], Document] = lambda document: document


def fill(
    source: Documents,
    index: VectorIndex,
    embedder: Embedder,
    reading: Reading,
    mine: Callable[[str], bool],
    progress: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Bring what is new or changed into the index, a few documents at a time.

    :param mine: whether a document of this id belongs to this task's shard.
    :param progress: is told how many documents more were looked at.
    """
    tally = Tally()
    for batch in _batches(one for one in source.found() if mine(one.id)):
        tally.found += len(batch)
        wanted = index.changed(batch)
        opened = _opened([one for one in batch if one.id in wanted], index, reading, tally)
        for group in _groups(opened):
            index.put(_embedded(group, index, embedder, tally))
            tally.changed += len(group)
        progress(len(batch))
    return tally


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    held = 0
    for one in found:
        batch.append(one)
        held += one.size
        if len(batch) >= LOOKED_UP or held >= LOOKED_UP_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


Opened = tuple[Found, Document, tuple[Chunk, ...]]


def _opened(wanted: Sequence[Found], index: VectorIndex, reading: Reading, tally: Tally) -> Iterator[Opened]:
    for one in wanted:
        try:
            document, pieces = _treated(one.open(), reading.treat)
        except NotText as error:
            tally.unread += 1
            if len(tally.unreadable) < SHOWN:
                tally.unreadable[one.place] = error.reason
            index.forget([one.id])
            continue
        tally.personal += pieces > 0
        document = reading.complete(document)
        yield one, document, chunks(document, reading.chunking, reading.split)


def _treated(document: Document, treat: Callable[[str], tuple[str, int]]) -> tuple[Document, int]:
    """A document without personal data: in its text, and in the headings that its passages are kept and embedded with."""
    text, pieces = treat(document.text)
    names = {name: treat(name) for block in document.blocks for name in block.headings}
    blocks = tuple(replace(one, headings=tuple(names[name][0] for name in one.headings)) for one in document.blocks)
    return replace(document, text=text, blocks=blocks), pieces + sum(found for _, found in names.values())


def _groups(opened: Iterable[Opened]) -> Iterator[list[Opened]]:
    group: list[Opened] = []
    for one in opened:
        group.append(one)
        if sum(len(cut) for _, _, cut in group) >= GROUP:
            yield group
            group = []
    if group:
        yield group


def _embedded(group: Sequence[Opened], index: VectorIndex, embedder: Embedder, tally: Tally) -> list[Passages]:
    wanted = {chunk.digest: (one, chunk) for one, _, cut in group for chunk in cut}
    known = index.known(list(wanted))
    asked = [digest for digest in wanted if digest not in known]
    vectors: dict[str, Vector] = dict(known)
    for start in range(0, len(asked), embedder.batch):
        part = asked[start : start + embedder.batch]
        vectors.update(zip(part, _asked(embedder, [wanted[digest] for digest in part]), strict=True))
    tally.embedded += len(asked)
    tally.reused += len(wanted) - len(asked)
    return [
        Passages(
            found=one,
            document=document,
            chunks=cut,
            vectors={chunk.digest: vectors[chunk.digest] for chunk in cut},
        )
        for one, document, cut in group
    ]


def _asked(embedder: Embedder, part: Sequence[tuple[Found, Chunk]]) -> Sequence[Vector]:
    one, chunk = part[0]
    first = f"the first is {one.place}, characters {chunk.start} to {chunk.end}"
    return vectors_of(embedder, [chunk.embedded for _, chunk in part], first)


def vectors_of(embedder: Embedder, texts: Sequence[str], first: str = "") -> list[Vector]:
    """A model's vectors as plain numbers, whatever it holds them in; empty for one that is null or no vector.

    :param first: where the texts are, in words.
    :raises HarnessUnavailable: it gave more of them, or fewer.
    """
    answer: object = embedder.embed(texts)
    found = [_numbers(one) for one in answer] if isinstance(answer, Iterable) else []
    if len(found) != len(texts):
        where = f"; {first}" if first else ""
        raise HarnessUnavailable(
            f"model {embedder.model}", f"it gave {len(found)} vectors for {len(texts)} texts{where}"
        )
    return found


def _numbers(vector: object) -> Vector:
    try:
        return [float(number) for number in vector] if isinstance(vector, Iterable) else ()
    except (TypeError, ValueError):  # a null among the numbers, or what is not a number
        return ()


LEAST_SQUARED, MOST_SQUARED = 1.2e-38, 3.4e38
"""Of a vector's length: PostgreSQL keeps 32 bits a number, and compares by squares in as many; what is less is nothing there."""


def defect_of(vector: Vector, dimension: int) -> str:
    """What is wrong with a vector; empty where nothing is.

    >>> [defect_of(one, 2) for one in ((3.0, 4.0), (1.0,), (0.0, 0.0), (float("nan"), 1.0))]
    ['', 'has 1 dimensions in place of 2', 'is zero', 'is not finite']
    """
    if len(vector) != dimension:
        return f"has {len(vector)} dimensions in place of {dimension}" if len(vector) else "is null"
    squared = sum(number * number for number in vector)
    if not squared <= MOST_SQUARED:
        return "is not finite"
    return "" if squared >= LEAST_SQUARED else "is zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A question whose answer is known.

    :param expects: ids of documents, of which each should be among the first ``at``.
    """

    question: str
    expects: tuple[str, ...]
    vector: Vector = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What an index must keep beside its contract.

    :param golden: questions with known answers.
    :param least_recall: share of the expected documents that they must find among the first ``at``, 0 to 1.
    :param unclassified: the text's column, where the contract does not classify it.
    """

    golden: Sequence[Golden] = ()
    least_recall: float = 1.0
    at: int = 10
    unclassified: str = ""


def judged(
    gate: Gate, measured: Measurements | None, counts: IndexCounts, tally: Tally, find: Find, standards: Standards
) -> Report:
    """The report on an index that is about to be served: the contract's checks on its documents, and the index's own.

    :param measured: None for one shard of a version that is not yet whole: what is of the whole is left to the gate of the last.
    """
    own = _counted(counts)
    if measured is None:
        measured = Measurements(rows=counts.documents)
        report = gate.judge(measured, "shard of an index", [check.id for check in gate.contract.checks])
    else:
        report = gate.judge(measured, "index before the swap")
        own += _recall(standards, find)
        own += [] if gate.contract.load.allow_empty else [present(counts.documents)]
    if standards.unclassified and tally.personal:
        own.append(_suspected(standards.unclassified, tally))
    results = (*report.results, *own, _readable(tally, counts))
    measured = replace(measured, rows=measured.rows + tally.unread, malformed=tally.unread)
    decision = decide(gate.contract, results, measured)
    gate.report = replace(report, results=results, malformed=tally.unread, decision=decision)
    return gate.quarantines(gate.report)


def _counted(counts: IndexCounts) -> list[CheckResult]:
    wrong_size = [one for one in counts.defects if "dimensions" in one[2]]
    places = tuple({"document": doc, "passage": number, "vector": why} for doc, number, why in counts.defects[:SHOWN])
    sized = tuple(place for place in places if "dimensions" in str(place["vector"]))
    return [
        _own("dimension", CheckKind.TYPE, len(wrong_size), counts.passages, _MODEL, sized),
        _own("vectors", CheckKind.NOT_NULL, counts.defective, counts.passages, _MODEL, places),
        _own(
            "duplicate_documents", CheckKind.UNIQUE, len(counts.twice), counts.documents, _TWICE, _named(counts.twice)
        ),
        _own("duplicate_passages", CheckKind.UNIQUE, counts.doubled, counts.passages, _AGAIN),
        _own("orphans", CheckKind.REFERENTIAL, counts.orphans, counts.passages, _AGAIN),
        _own("coverage", CheckKind.RECONCILIATION, abs(counts.seen - counts.kept), counts.seen, _AGAIN),
        _own("passages", CheckKind.NOT_NULL, len(counts.bare), counts.documents, _BARE, _named(counts.bare)),
    ]


_MODEL = "Look at what the model gave for these passages; what is served stays as it was."
_TWICE = "Look at why the source gives a document twice: two rows of one id, or two folders in one."
_AGAIN = "Look at who else writes into the tables of the index."
_BARE = "Look at these documents: they have characters and no passage."


def _named(ids: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    return tuple({"document": one} for one in list(ids)[:SHOWN])


def _readable(tally: Tally, counts: IndexCounts) -> CheckResult:
    samples = tuple({"document": place, "problem": why} for place, why in tally.unreadable.items())
    told = "; ".join(f"{place}: {why}" for place, why in tally.unreadable.items())
    found = _own("readable", CheckKind.VALUE_TYPE, tally.unread, tally.unread + counts.seen, told, samples)
    return replace(found, quarantines=True)


def _suspected(column: str, tally: Tally) -> CheckResult:
    fix = f"Classify the column {column} in the contract, and say what is done with personal data in it."
    check = Check(id=f"personal_data:{column}", kind=CheckKind.PERSONAL_DATA, severity=CheckSeverity.WARN)
    found = judge_one(check, Measurement(value=tally.personal), tally.changed)
    return replace(found, look_at=fix, columns=(column,))


def _recall(standards: Standards, find: Find) -> list[CheckResult]:
    missed, met, expected = [], 0, 0
    for one in standards.golden:
        found = set(find(one.vector, one.question, standards.at))
        expected += len(one.expects)
        met += len(found.intersection(one.expects))
        missed += [{"question": one.question, "document": name} for name in one.expects if name not in found]
    if not expected:
        return []
    expect = Expectation(operator=Operator.GREATER_OR_EQUAL, values=(standards.least_recall,))
    check = Check(id="index:recall", kind=CheckKind.MINIMUM, expect=expect)
    result = judge_one(check, Measurement(value=round(met / expected, 4), samples=tuple(missed[:SHOWN])), 0)
    facts = {"at": standards.at, "questions": len(standards.golden)}
    return [replace(result, look_at="" if result.passed else _with_places(_MISSED, missed), facts=facts)]


_MISSED = "Look at the questions that no longer lead to their document, and at what changed there:"


def _own(
    name: str, kind: CheckKind, failing: int, rows: int, look_at: str, samples: Sequence[Mapping[str, object]] = ()
) -> CheckResult:
    check = Check(id=f"index:{name}", kind=kind)
    found = judge_one(check, Measurement(value=failing, samples=tuple(samples)), rows)
    return replace(found, look_at="" if found.passed else _with_places(look_at, samples))


def _with_places(look_at: str, samples: Sequence[Mapping[str, object]]) -> str:
    places = "; ".join(", ".join(f"{name} {value}" for name, value in one.items()) for one in samples[:3])
    return f"{look_at} {places}".strip() if places and places not in look_at else look_at
