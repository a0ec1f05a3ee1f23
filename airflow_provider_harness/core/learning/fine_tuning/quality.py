"""Which examples are left out for how they are written; in any language, since nothing here knows a word of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_harness.core.errors import ConfigurationError

_MARK = re.compile(r"[^\w\s]|_")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|\w+")
"""A word, or a sign of a script that is written without blanks."""
SHINGLE = 3
"""Words that are compared together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Bounds of an example's texts taken together; who says nothing keeps nearly all.

    :param min_chars: characters, blanks at the ends left out, 0 or more.
    :param max_chars: characters; ``min_chars`` or more.
    :param max_symbol_share: of the characters that are no blank, how many may be no letter, digit or mark of one, 0 to 1.
    :param max_repeated_share: of the lines that are not empty, how many may have stood before, 0 to 1.
    """

    min_chars: int = 1
    max_chars: int = 200_000
    max_symbol_share: float = 0.5
    max_repeated_share: float = 0.5

    def __post_init__(self) -> None:
        shares = {"max_symbol_share": self.max_symbol_share, "max_repeated_share": self.max_repeated_share}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ConfigurationError(f"quality {name}", f"is {share}.", fix="Give a share from 0 to 1.")
        if not 0 <= self.min_chars <= self.max_chars:
            raise ConfigurationError(
                "quality min_chars", f"is {self.min_chars} and max_chars {self.max_chars}.", fix="Give 0 <= min <= max."
            )

    def fault(self, texts: Sequence[str]) -> str:
        """Why an example is left out; empty where it is not.

        >>> Quality(min_chars=10).fault(["short"]), Quality().fault(["#### $$$$ !!!!"]), Quality().fault(["हिन्दी में भी"])
        ('shorter than min_chars', 'more symbols than max_symbol_share', '')
        """
        size = sum(len(text.strip()) for text in texts)
        if size < self.min_chars:
            return "shorter than min_chars"
        if size > self.max_chars:
            return "longer than max_chars"
        if _symbol_share(texts) > self.max_symbol_share:
            return "more symbols than max_symbol_share"
        return "more repeated lines than max_repeated_share" if _repeated(texts) > self.max_repeated_share else ""


def _symbol_share(texts: Sequence[str]) -> float:
    """Combining marks are part of letters, as the vowels of Devanagari are."""
    signs = sum(len("".join(text.split())) for text in texts)
    marks = (sign for text in texts for sign in _MARK.findall(text))
    return sum(unicodedata.category(sign)[0] != "M" for sign in marks) / max(signs, 1)


def _repeated(texts: Sequence[str]) -> float:
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    return 1 - len({*lines}) / len(lines) if lines else 0.0


def shingles(texts: Sequence[str]) -> set[bytes]:
    """The runs of three words of an example, in small letters and without marks; of a shorter one, all of it.

    >>> sorted(shingles(["It was late, again."]))
    [b'it was late', b'was late again']
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", " ".join(texts)).casefold())
    return {" ".join(words[at : at + SHINGLE]).encode() for at in range(max(1, len(words) - SHINGLE + 1))}
