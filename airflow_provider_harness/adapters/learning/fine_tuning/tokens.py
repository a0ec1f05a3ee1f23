"""Counters of tokens: a model's own where the file of its vocabulary is there, else an approximation that says so."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.ports.fine_tuning import TokenCounter
from airflow_provider_harness.core.errors import ConfigurationError

APPROXIMATE = "approximate"
_ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_CAPITALS, _SMALL = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
PATTERNS = {
    "cl100k_base": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k_base": "|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?[{_CAPITALS}]*[{_SMALL}]+{_ENDINGS}",
            rf"[^\r\n\p{{L}}\p{{N}}]?[{_CAPITALS}]+[{_SMALL}]*{_ENDINGS}",
            r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )
    ),
}
"""Name of an encoding, as tiktoken calls it and its file -> how it divides a text before it looks for pairs; the file has the pairs
alone."""


class Approximate:
    """Implements ``app.ports.fine_tuning.TokenCounter``: a quarter of a text's bytes of UTF-8, rounded up. It has no vocabulary, so it
    counts no model's tokens: English comes out within a fifth or so, other scripts rather too high."""

    name, approximates = APPROXIMATE, True

    def count(self, text: str) -> int:
        """Tokens, about."""
        return -(-len(text.encode()) // 4)


class Tiktoken:
    """Implements ``app.ports.fine_tuning.TokenCounter`` by a file of ranks, as ``cl100k_base.tiktoken``."""

    approximates = False

    def __init__(self, path: Path) -> None:
        import tiktoken

        pairs = (line.split() for line in path.read_bytes().splitlines() if line)
        ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
        self.name = f"tiktoken {path.name}"
        self._encoding = tiktoken.Encoding(
            path.stem, pat_str=PATTERNS[path.stem], mergeable_ranks=ranks, special_tokens={}
        )

    def count(self, text: str) -> int:
        """Tokens; what looks like a special token is text."""
        return len(self._encoding.encode_ordinary(text))


class Tokenizers:
    """Implements ``app.ports.fine_tuning.TokenCounter`` by a ``tokenizer.json``."""

    approximates = False

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self.name, self._tokenizer = f"tokenizers {path.name}", Tokenizer.from_file(str(path))

    def count(self, text: str) -> int:
        """Tokens, without those that a model puts around a text."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


_KINDS: dict[str, tuple[Any, str]] = {"tiktoken": (Tiktoken, "tiktoken"), "tokenizers": (Tokenizers, "tokenizers")}
_VALID = (APPROXIMATE, "tiktoken:/path/to/cl100k_base.tiktoken", "tokenizers:/path/to/tokenizer.json")


def counter_of(place: str, word: str) -> TokenCounter:
    """The counter that an operator names.

    :param word: ``approximate``, or ``tiktoken:`` or ``tokenizers:`` with the path of a file on this worker.
    :raises ConfigurationError: there is no such counter, package or file.
    """
    kind, _, path = word.partition(":")
    if word == APPROXIMATE:
        return Approximate()
    if kind not in _KINDS or not path:
        raise ConfigurationError(place, f"has counter={word!r}.", valid=_VALID)
    made, package = _KINDS[kind]
    if not Path(path).is_file():
        raise ConfigurationError(place, f"counts tokens by {path}, which is not a file on this worker.", valid=_VALID)
    if kind == "tiktoken" and Path(path).stem not in PATTERNS:
        raise ConfigurationError(
            place, f"counts tokens by {path}, an encoding that is not known.", valid=tuple(PATTERNS)
        )
    try:
        found: TokenCounter = made(Path(path))
    except ModuleNotFoundError as error:
        fix = f"pip install {package}"
        raise ConfigurationError(place, f"counts tokens by {package}, which is not installed.", fix=fix) from error
    except ValueError as error:
        raise ConfigurationError(place, f"counts tokens by {path}, which {package} cannot read: {error}.") from error
    return found
