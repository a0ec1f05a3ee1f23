"""What moving and validating rows needs from the outside."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Measurements
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite
from airflow_provider_harness.core.slices.slices import Slice

Batch = Any
"""One Arrow record batch."""
Chunks = Generator[tuple[bytes, int]]
"""Rows in a form that only one kind of warehouse reads: bytes, and the number of rows so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a finished extract left behind.

    :param name: of the contract's table, as the contract has it; empty where an older version wrote the manifest.
    :param start: the slice's first moment, as ISO 8601, and ``end`` the first one after it; empty as ``name`` is.
    :param files: name -> (rows, bytes, sha256).
    :param snapshot: the source's own name of the state that was read.
    :param treated: column -> what happened to its values at extraction; only those that were not kept as they were.
    :param hash_key: id of the key that hashed values; empty where nothing was hashed.
    :param milliseconds: stage -> how long it took: ``read``, ``gate``, ``write``, ``seal`` (the final names), ``total``.
    """

    contract: str
    contract_version: str
    slice: str
    rows: int
    files: dict[str, tuple[int, int, str]]
    snapshot: str
    treated: dict[str, str] = field(default_factory=dict)
    hash_key: str = ""
    milliseconds: dict[str, int] = field(default_factory=dict)
    name: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one publication did.

    :param rows: rows of the slice now in the published table; in mode full, all rows.
    :param before: rows of the slice that were there before.
    :param new: rows whose key was not there before; without a key, by how many rows the slice grew.
    :param quarantined: check id -> rows set aside; a row that fails several checks counts for the first.
    """

    slice: str
    rows: int
    before: int
    new: int
    quarantined: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a warehouse says of a query without running it.

    :param schema: the columns that it gives.
    :param cost: what it will cost, as the warehouse estimates it.
    :param unit: of the cost.
    :param rows: how many rows it expects; None where it does not say.
    """

    schema: Schema
    cost: float
    unit: str
    rows: int | None = None


class Progress(Protocol):
    """Where a long step says how far it is."""

    def __call__(self, stage: str, rows: int) -> None: ...


class Source(Protocol):
    """A relation that is read slice by slice, all from one snapshot.

    Columns that the contract treats leave it treated: masked, hashed, or not at all.
    """

    @property
    def hash_key(self) -> str:
        """Id of the key that hashes values; empty where there is none."""
        ...

    def schema(self) -> Schema: ...
    def snapshot(self) -> str: ...
    def in_no_slice(self, contract: Contract) -> int:
        """Rows of the relation that no slice can hold, in the same snapshot."""
        ...

    def batches(self, contract: Contract, piece: Slice) -> Iterator[Batch]: ...


class CopySource(Protocol):
    """A relation that gives a slice in a form that a session of the same kind of warehouse takes as it is."""

    def schema(self) -> Schema: ...
    def in_no_slice(self, contract: Contract) -> int:
        """See ``Source``."""
        ...

    def chunks(self, contract: Contract, piece: Slice) -> Chunks:
        """The slice's rows, the same ones each time; to be closed when nobody wants more of them."""
        ...


class Watch(Protocol):
    """Looks for personal data that the contract does not speak of in the batches that pass by."""

    def add(self, batch: Batch) -> None: ...
    def results(self) -> Sequence[CheckResult]: ...


class InFlightChecks(Protocol):
    """Measures the batches that pass by."""

    @property
    def complete(self) -> bool:
        """Whether it measures every check of the contract, so that nothing is left to the warehouse."""
        ...

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of the checks that it leaves to the gate of the load; final after ``finish``."""
        ...

    def add(self, batch: Batch) -> None: ...
    def finish(self) -> Measurements: ...


class Writer(Protocol):
    """Files in the making: nothing is visible before ``seal``; ``discard`` leaves nothing."""

    def write(self, batch: Batch) -> None: ...
    def seal(
        self, contract: Contract, piece: Slice, snapshot: str, hash_key: str = "", *, gate: int = 0
    ) -> Manifest: ...
    def discard(self) -> None: ...


class Stage(Protocol):
    """The staged files of one slice of one task."""

    def writer(self, contract: Contract) -> Writer: ...
    def manifest(self) -> Manifest: ...
    def verify(self, manifest: Manifest) -> None:
        """Read the files once, before anything else does.

        :raises MalformedFile: one is gone, or is not, byte for byte, what the extract left.
        """
        ...

    def batches(self, contract: Contract) -> Iterator[Batch]: ...
    def open(self, name: str) -> BinaryIO: ...
    def uri(self, name: str) -> str: ...


class Accept(Protocol):
    """Says whether rows that were measured may be published.

    :param counted: how many there are at the other end: where they arrived, if they were measured on their way; else where
        they came from.
    """

    def __call__(self, measured: Measurements, counted: int) -> bool: ...


class Session(Protocol):
    """One exclusive session on one slice of one published table."""

    def schema(self) -> Schema | None: ...
    def create(self) -> None: ...
    def publish_files(
        self, stage: Stage, progress: Progress, gauge: InFlightChecks, accept: Accept
    ) -> Published | None:
        """Publish the files without a staging table, in one transaction that commits if ``accept`` says so.

        None where that cannot be, or was refused; then nothing has changed.
        """
        ...

    def stage_files(
        self, stage: Stage, manifest: Manifest, progress: Progress, gauge: InFlightChecks | None = None
    ) -> int:
        """Fill the staging table; rows that pass by here are measured on their way, where a gauge is given."""
        ...

    def plan_query(self, sql: str) -> Plan:
        """What a query would give and cost; a query that is wrong raises the driver's own error, and nothing is made."""
        ...

    def stage_query(self, sql: str, progress: Progress) -> int: ...
    def converted(self) -> Mapping[str, int]:
        """Column -> how many values of the last staged query changed when they became the contract's type; none with 0."""
        ...

    def measure_staged(self, checks: Sequence[Check] | None = None) -> Measurements:
        """What the staging table has; all checks of the contract, or only these."""
        ...

    def measure_rest(self, checks: Sequence[Check]) -> Measurements:
        """What it has, of these checks, without the rows that would be set aside."""
        ...

    def beyond(self) -> Sequence[Check]:
        """The checks that the slice's rows alone do not decide: also rows that stay published count."""
        ...

    def asked(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """What a query in the warehouse's own words gives; ``${table}`` stands for the staging table."""
        ...

    def there(self) -> int:
        """Rows of the slice that are published now; in mode full, all rows."""
        ...

    def publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published: ...
    def discard(self) -> None: ...


class CopyTarget(Session, Protocol):
    """A session that takes what a pump gives."""

    def publish_chunks(self, chunks: Chunks, progress: Progress, accept: Accept) -> Published | None:
        """Publish them without a staging table, as ``publish_files`` does; ``accept`` is told how many were sent."""
        ...

    def stage_chunks(self, chunks: Chunks, progress: Progress) -> int: ...


class Warehouse(Protocol):
    """Where slices are published."""

    def slice(self, contract: Contract, piece: Slice) -> AbstractContextManager[Session]: ...
    def measure_published(
        self, contract: Contract, piece: Slice | None, at: datetime | None = None
    ) -> Measurements: ...
    def missing(self, contract: Contract, slices: Sequence[Slice]) -> list[Slice]:
        """The slices of which no row is published, in order; all of them if there is no table."""
        ...


class RowsUnderTest(Protocol):
    """Rows that a gate looks at where they are.

    :ivar where: what they are, in a word or two.
    """

    @property
    def where(self) -> str: ...

    def measure(self, contract: Contract, piece: Slice) -> tuple[Measurements, tuple[CheckResult, ...]]:
        """What the contract's checks need, and results of the subject's own."""


class Permit(Protocol):
    """Single-use leave to set the failing rows of some checks aside."""

    @property
    def checks(self) -> tuple[str, ...]: ...

    def use(self) -> bool:
        """Use it up; False where it is not good any more, and then nothing may be set aside."""


class History(Protocol):
    """What the gates of earlier slices found. It is written by tasks, so no policy may read it."""

    def points(self, contract: Contract, piece: Slice, post: GateSite) -> Mapping[str, Sequence[Point]]:
        """Check id -> what its gates measured for slices before this one, one point a slice.

        A slice counts with its latest gate at the same place; where there is none, with its latest at a place that
        stands in for it. What was flagged or blocked is marked.

        :raises HarnessUnavailable: it cannot be read.
        """

    def empty(self, table: str, conn_id: str, pieces: Sequence[Slice]) -> Collection[str]:
        """Ids of the slices, of these one or more, that were last given to a table without a row, by a gate that let them be
        published. Whether a slice is there for certain, only its rows say.

        :raises HarnessUnavailable: it cannot be read.
        """

    def keep(self, run: GateRun) -> None:
        """Keep what one gate found; the same gate of the same try is kept once.

        :raises HarnessUnavailable: it cannot be written.
        """


class Definition(Protocol):
    """What gives a query for the engine that a connection leads to: ``airflow_provider_harness.patterns``."""

    def sql(self, engine: str = ...) -> str: ...
    def refuse(self, contract: str, mode: str, checks: Iterable[str]) -> None: ...
