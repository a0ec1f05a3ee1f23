"""Names in a contract: what no name has, and what no table of a database is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean

NAMES = frozenset(
    [
        "id",
        "name",
        "physicalName",
        "businessName",
        "version",
        "status",
        "tenant",
        "domain",
        "dataProduct",
        "property",
        "element",
        "username",
        "role",
        "channel",
        "team",
        "sliceColumn",
        "key",
        "keys",
        "sums",
        "column",
        "columns",
        "column_A",
        "column_B",
        "column_list",
        "table",
        "from",
        "to",
        "environment",
        "server",
        "schema",
        "dataset",
        "database",
        "catalog",
        "project",
        "dimension",
        "severity",
        "engine",
        "check",
        "metric",
        "logicalType",
        "physicalType",
    ]
)
"""Fields whose text, or each of whose texts, is a name."""
LISTED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("slaProperties", "driver"): ("regulatory", "analytics", "operational"),
    ("support", "scope"): ("interactive", "announcements", "issues", "notifications"),
}
"""Part of a file and field of its entries -> the words that the standard lists for it."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, directions and joiners, halves of pairs, and ends of lines."""
_NO_TABLE = re.compile(r"""["`';\\]|--|/\*""")


def odd_texts(data: Any) -> Iterator[Finding]:
    """Names that hold a character which nobody sees, and texts that no database takes."""
    for path, text, name in _texts(data, (), name=False):
        if (name and not text.isprintable() and (bad := _unseen(text))) or (bad := "\0" if "\0" in text else ""):
            problem = f"holds U+{ord(bad):04X}, which {'nobody sees' if name else 'no database takes'}."
            yield Finding(path=path, problem=problem, fix="Write it without.")


def almost_words(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Words that are nearly one of those that the standard lists, where its list is open."""
    for (part, word), known in LISTED.items():
        entries = data.get(part)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            given = str(entry.get(word) or "").lower() if isinstance(entry, dict) else ""
            if given and given not in known and (fix := did_you_mean(given, known)):
                yield Finding(path=(part, index, word), problem=f"{given!r} is not known.", valid=known, fix=fix)


def no_table(name: str) -> str:
    """Why no table is called so, in a sentence; empty where one may be."""
    found = _NO_TABLE.search(name)
    if found is None:
        return ""
    return f"{name!r} has quotes in it, or a part of a statement ({found.group()}), as no name of a table needs here."


def _texts(data: Any, path: Path, *, name: bool) -> Iterator[tuple[Path, str, bool]]:
    """Each text and each key below a value, where it stands, and whether it is a name."""
    if isinstance(data, str):
        yield path, data, name
    elif isinstance(data, Mapping):
        for key, value in data.items():
            here = (*path, str(key))
            yield here, str(key), True
            yield from _texts(value, here, name=str(key) in NAMES)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index), name=name)


def numbers(data: Any, path: Path) -> Iterator[tuple[Path, float]]:
    """Each binary number below a value, and where it stands."""
    if isinstance(data, float):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from numbers(value, (*path, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from numbers(value, (*path, index))


def _unseen(text: str) -> str:
    return next((sign for sign in text if unicodedata.category(sign) in _UNSEEN), "")
