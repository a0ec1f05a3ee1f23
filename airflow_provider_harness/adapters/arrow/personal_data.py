"""Personal data on its way: keyed hashes instead of values, and a sample of what nobody classified."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.redaction.personal_data import suspects

if TYPE_CHECKING:
    import pyarrow as pa

KEY_BYTES = 32
"""Bytes of the shortest key: as many as SHA-256 has (RFC 2104)."""
SAMPLED_PER_BATCH, SAMPLED_PER_COLUMN = 200, 2_000
"""Values of a column that are looked at, so that the cost does not grow with the slice."""


class Hasher:
    """HMAC-SHA256 of values, in hexadecimal: the same value gives the same hash in every slice and table of one key.

    :param key: at least 32 bytes; never logged, never staged.
    :param place: what a person calls the key, for errors.
    """

    def __init__(self, key: bytes, place: str) -> None:
        if len(key) < KEY_BYTES:
            raise ConfigurationError(
                place, f"is a key of {len(key)} bytes.", fix=f"Use {KEY_BYTES} random bytes or more as its password."
            )
        self._key = key

    @property
    def id(self) -> str:
        """Tells keys apart without telling anything of them: eight hexadecimal digits of a hash of the key."""
        return hashlib.sha256(b"airflow-provider-harness key id\0" + self._key).hexdigest()[:8]

    def word(self, value: str) -> str:
        """One value hashed."""
        return hmac.digest(self._key, value.encode(), "sha256").hex()

    def hashed(self, array: pa.Array) -> pa.Array:
        """A text column with its values hashed; nulls stay null. Each distinct value is hashed once a batch."""
        import pyarrow as pa

        encoded = array.dictionary_encode()
        words = [None if value is None else self.word(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(words, type=pa.string()).take(encoded.indices)


def treat(batch: pa.RecordBatch, contract: Contract, hasher: Hasher | None) -> pa.RecordBatch:
    """The batch with every column hashed that the contract wants hashed; masked ones were never read."""
    for place, column in enumerate(contract.columns):
        if column.treatment is Treatment.HASH:
            assert hasher is not None, "a contract that hashes is refused before data moves where there is no key"
            batch = batch.set_column(place, batch.schema.field(place), hasher.hashed(batch.column(place)))
    return batch


class Watch:
    """Looks at a sample of the text columns that the contract does not classify."""

    def __init__(self, contract: Contract) -> None:
        known = contract.classified()
        self._kept: dict[str, list[str]] = {c.name: [] for c in contract.columns if c.name not in known}

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a few values of one batch, spread over it."""
        import pyarrow as pa

        for name, kept in self._kept.items():
            column = batch.column(batch.schema.get_field_index(name))
            if len(kept) >= SAMPLED_PER_COLUMN or not pa.types.is_string(column.type) or not len(column):
                continue
            step = max(1, len(column) // SAMPLED_PER_BATCH)
            values = column.take(pa.array(range(0, len(column), step))).to_pylist()
            kept += [value for value in values[:SAMPLED_PER_BATCH] if value is not None]

    def results(self) -> tuple[CheckResult, ...]:
        """A warning for each column that looks like personal data."""
        return tuple(
            _result(
                suspect.column, suspect.sentence(), {"kind": suspect.kind, "sampled": suspect.sampled}, suspect.found
            )
            for name, kept in self._kept.items()
            for suspect in suspects(name, kept)
        )


def _result(column: str, sentence: str, facts: Mapping[str, object], found: int) -> CheckResult:
    check = Check(
        id=f"personal_data:{column}",
        kind=CheckKind.PERSONAL_DATA,
        columns=(column,),
        severity=CheckSeverity.WARN,
        expect=Expectation(),
    )
    return CheckResult(
        id=check.id,
        kind=check.kind,
        columns=check.columns,
        severity=check.severity,
        passed=False,
        expected="no personal data in a column that nobody classified",
        actual=sentence,
        failing=found,
        look_at=check.spec.look_at,
        facts=facts,
        dimension="conformity",
        value=found,
    )
