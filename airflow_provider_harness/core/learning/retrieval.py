"""What an index of passages is, when its vectors can be compared, and what a search gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from airflow_provider_harness.core.contracts.contract import Column, Contract, Treatment
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.chunks import Chunking
from airflow_provider_harness.core.learning.documents import FOREIGN, NOTE, quoted

READERS = 2
"""Raised where the same file gives another text or other blocks than before: every index is then built anew."""
OWN = "harness_"
"""How the index's own columns begin."""
FILE_FIELDS = ("folder", "format", "title")
"""Columns of a contract that are filled for a file: the folder below the source's, the suffix without its dot, the first heading."""
LONGEST_TABLE = 37
"""Characters of a table's name, since PostgreSQL has 63 for the names that are made of it."""
SMOOTHING = 60
"""Of reciprocal rank fusion: how little the first few ranks differ (Cormack, Clarke and Büttcher 2009)."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that vectors and passages are made by; another recipe makes another index, which is built beside the one that is served.

    :param table: ``schema.table`` that people read: documents with the contract's columns.
    :param key: the contract's column that is a document's id.
    :param text: its column that is a document's text.
    :param columns: all its columns.
    :param language: of PostgreSQL's full text search, such as ``english`` or ``simple``.
    """

    table: str
    key: str
    text: str
    columns: tuple[Column, ...]
    model: str
    model_version: str
    chunking: Chunking
    language: str = "english"

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that tell recipes apart."""
        made = [
            READERS,
            self.model,
            self.model_version,
            self.chunking.size,
            self.chunking.overlap,
            self.language,
            self.key,
            self.text,
            [(column.name, column.physical_type, column.treatment) for column in self.columns],
        ]
        return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:8]

    @property
    def fields(self) -> tuple[Column, ...]:
        """The columns by which a search can be narrowed."""
        return tuple(column for column in self.columns if column.name not in (self.key, self.text))

    @property
    def treatment(self) -> Treatment:
        """What happens to personal data in the text."""
        return next(column.treatment for column in self.columns if column.name == self.text)


def recipe(
    contract: Contract, *, text: str, model: str, model_version: str, chunking: Chunking, language: str, of_files: bool
) -> Recipe:
    """The recipe of a contract's index.

    :raises ConfigurationError: the contract does not say what a document is.
    """
    place, names = f"contract {contract.id}", contract.names
    name = contract.table.rpartition(".")[2]
    for wrong, problem, fix in (
        (
            len(contract.key) != 1,
            "has no primary key of one column.",
            "Give the column with a document's id primaryKey.",
        ),
        (text not in names, f"has no column {text!r}.", "Add it, or name the column of the text (text_column)."),
        (text in contract.key, f"has {text!r} as its key.", "A document needs an id beside its text."),
        (len(name) > LONGEST_TABLE, f"is of a table with {len(name)} characters.", f"Use {LONGEST_TABLE} at most."),
        (any(one.startswith(OWN) for one in names), f"has a column {OWN}...", "Give it another name."),
        (contract.load.slice_column != "", "has a slice column.", "An index is published as a whole: use mode full."),
    ):
        if wrong:
            raise ConfigurationError(place, problem, fix=fix, valid=names if text not in names else ())
    made = Recipe(
        table=contract.table,
        key=contract.key[0],
        text=text,
        columns=contract.columns,
        model=model,
        model_version=model_version,
        chunking=chunking,
        language=language,
    )
    if of_files and next(column for column in made.columns if column.name == made.key).treatment is not Treatment.KEEP:
        raise ConfigurationError(
            place,
            f"treats {made.key}, but the key of a file is its path, which the index shows as the place of a text.",
            fix="Leave the key as it is, and keep personal data out of file names; or index a table.",
        )
    unknown = [column.name for column in made.fields if of_files and column.name not in FILE_FIELDS]
    if unknown:
        raise ConfigurationError(
            place, f"has {', '.join(unknown)}, which files do not have.", valid=(made.key, text, *FILE_FIELDS)
        )
    return made


def asked_text(question: object) -> str:
    """A question in characters that every model and database takes; it may be anybody's.

    :raises ConfigurationError: it is no text.
    """
    if not isinstance(question, str):
        raise ConfigurationError("question", f"is {type(question).__name__}.", fix="Ask with a text.")
    return question.replace("\0", " ").encode("utf-8", "replace").decode()


def fused(rankings: Iterable[Sequence[Key]]) -> dict[Key, float]:
    """Reciprocal rank fusion: key -> score, best first; equal scores in the order in which the keys were met.

    >>> list(fused([["a", "b"], ["b", "c"]]))
    ['b', 'a', 'c']
    """
    scores: dict[Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (SMOOTHING + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that a search found. Its text is somebody's: see ``quoted`` and ``as_dict``.

    :param document: id of the document.
    :param place: where the document was read.
    :param headings: above the passage, the outermost first.
    :param start: its first character in the document's text; ``end`` is the one after its last.
    :param fields: the document's other columns.
    :param score: of the fusion; only its order means something.
    :param ranks: ``vector`` and ``keyword`` -> rank there, from 1; a search that did not find it has none.
    :param version: of the index.
    """

    document: str
    place: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    score: float
    ranks: Mapping[str, int]
    version: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def citation(self) -> str:
        """Where it stands, in words."""
        path = f", {' > '.join(self.headings)}" if self.headings else ""
        return f"{self.document}{path}, characters {self.start} to {self.end}"

    def quoted(self) -> str:
        """Its text between two lines that it cannot hold, for a prompt; ``NOTE`` tells the model what they mean."""
        return quoted(self.text)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values; all that the document's author wrote stands below ``foreign``."""
        return {
            "document": self.document,
            "start": self.start,
            "end": self.end,
            "score": self.score,
            "ranks": dict(self.ranks),
            "version": self.version,
            FOREIGN: {
                "note": NOTE,
                "text": self.text,
                "headings": list(self.headings),
                "place": self.place,
                "fields": {
                    name: value if isinstance(value, int | float | bool | None) else str(value)
                    for name, value in self.fields.items()
                },
            },
        }
