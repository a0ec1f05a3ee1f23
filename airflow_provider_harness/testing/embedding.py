"""A model for tests: the same text always has the same vector, and texts that share words have near ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from math import sqrt


class HashEmbedder:
    """Implements ``app.ports.learning.Embedder`` by words alone: each has a place and a sign of its own.

    :param dimension: numbers of a vector, 2 or more.
    :ivar embedded: all texts that it was asked for, in order.
    """

    batch = 64

    def __init__(self, *, model: str = "words", version: str = "1", dimension: int = 64) -> None:
        self.model, self.version, self.dimension = model, version, dimension
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 for each text; one without words points along the first axis."""
        self.embedded += texts
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for word in re.findall(r"\w+", text.lower()):
            number = int.from_bytes(
                hashlib.blake2b(f"{self.model} {self.version} {word}".encode(), digest_size=8).digest()
            )
            vector[number % self.dimension] += 1.0 if number >> 63 else -1.0
        length = sqrt(sum(number * number for number in vector))
        return [number / length for number in vector] if length else [1.0, *vector[1:]]
