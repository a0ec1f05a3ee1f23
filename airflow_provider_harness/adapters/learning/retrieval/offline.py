"""A model that needs no network: WordLlama, whose weights and tokens come in its wheel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.ports.learning import Vector
from airflow_provider_harness.core.errors import MissingExtra

MODEL = "wordllama"


class OfflineEmbedder:
    """Implements ``app.ports.learning.Embedder``."""

    model = MODEL
    batch = 256

    @property
    def version(self) -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("wordllama")
        except PackageNotFoundError as error:
            raise MissingExtra(f"the model {MODEL}", "demo") from error

    def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        found: Sequence[Vector] = _loaded().embed(list(texts), norm=True).tolist()
        return found


@cache
def _loaded() -> Any:
    """The model; its own search for its tokens looks into a folder that its wheel does not have, so the wheel's is named."""
    try:
        import wordllama
    except ImportError as error:
        raise MissingExtra(f"the model {MODEL}", "demo") from error
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
