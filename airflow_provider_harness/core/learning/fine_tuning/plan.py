"""What a set of examples shall be: the declared rules, refused where they have no meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.fine_tuning.examples import NEEDED, TEXTS, ExampleForm, Shape
from airflow_provider_harness.core.learning.fine_tuning.quality import Quality
from airflow_provider_harness.core.learning.fine_tuning.splits import Splits


class PersonalData(StrEnum):
    """What is done with personal data that stands in a text."""

    MASK = "mask"  # a fixed text instead of it
    DROP = "drop"  # the example is left out
    KEEP = "keep"


class NearDuplicates(StrEnum):
    """What is done with examples that are nearly the same."""

    DROP = "drop"  # one of each cluster stays
    TOGETHER = "together"  # all stay, and with their groups in one split
    KEEP = "keep"  # nobody looks for them


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """The rules of one set.

    :param similarity: from this share of common shingles on (Jaccard) two examples are nearly the same, over 0 and at most 1.
    :param max_tokens: of an example, 1 or more; None for no limit.
    :param seed: of the splits and of MinHash; the same seed and rows give the same set.
    :param max_bad_share: of the rows, how many may be no example (``BadExample``) and are left out then, 0 to 1.
    """

    shape: Shape
    splits: Splits
    quality: Quality = field(default_factory=Quality)
    personal_data: PersonalData = PersonalData.MASK
    near_duplicates: NearDuplicates = NearDuplicates.DROP
    similarity: float = 0.8
    max_tokens: int | None = None
    seed: int = 1
    max_bad_share: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The rules, JSON-ready, for the manifest and the card."""
        return {
            "form": str(self.shape.form),
            "columns": dict(self.shape.columns),
            "group": list(self.shape.group),
            "labelled_at": self.shape.labelled_at,
            "splits": dict(self.splits.shares),
            "quality": {name: getattr(self.quality, name) for name in Quality.__slots__},
            "personal_data": str(self.personal_data),
            "near_duplicates": str(self.near_duplicates),
            "similarity": self.similarity,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "max_bad_share": self.max_bad_share,
        }


_KINDS: Mapping[str, tuple[type, ...]] = {
    "splits": (int, float),
    "quality": (int, float),
    "similarity": (int, float),
    "max_bad_share": (int, float),
    "max_tokens": (int, NoneType),
    "seed": (int,),
}
"""Parameter -> the types of its value, or of each of its values."""


def planned(place: str, given: Mapping[str, Any]) -> FineTuning:
    """The rules as an operator is given them.

    :param place: of the task, for errors.
    :param given: ``form``, ``columns``, ``group``, ``labelled_at``, ``splits``, ``quality``, and the other parameters of
        ``FineTuning``.
    :raises ConfigurationError: one of them has no meaning.
    """
    for name, kinds in _KINDS.items():
        for value in given[name].values() if isinstance(given[name], Mapping) else (given[name],):
            if isinstance(value, bool) or not isinstance(value, kinds):
                wanted = " or ".join("none" if kind is NoneType else kind.__name__ for kind in kinds)
                raise ConfigurationError(place, f"has {name}={given[name]!r}.", fix=f"Give {wanted}.")
    form = _word(place, "form", ExampleForm, given["form"])
    shape = Shape(
        form=form,
        columns=_columns(place, form, given["columns"]),
        group=tuple(given["group"]),
        labelled_at=given["labelled_at"],
    )
    unknown = sorted({*given["quality"]} - {*Quality.__slots__})
    if unknown:
        raise ConfigurationError(f"{place}, quality", f"has {unknown[0]!r}.", valid=Quality.__slots__)
    if given["max_tokens"] is not None and given["max_tokens"] < 1:
        raise ConfigurationError(place, f"has max_tokens={given['max_tokens']}.", fix="Give 1 or more, or None.")
    for name, least in (("similarity", 0.01), ("max_bad_share", 0.0)):
        if not least <= given[name] <= 1:
            raise ConfigurationError(place, f"has {name}={given[name]}.", fix=f"Give a share from {least:g} to 1.")
    return FineTuning(
        shape=shape,
        splits=Splits(shares=given["splits"]),
        quality=Quality(**given["quality"]),
        personal_data=_word(place, "personal_data", PersonalData, given["personal_data"]),
        near_duplicates=_word(place, "near_duplicates", NearDuplicates, given["near_duplicates"]),
        similarity=given["similarity"],
        max_tokens=given["max_tokens"],
        seed=given["seed"],
        max_bad_share=given["max_bad_share"],
    )


_Word = TypeVar("_Word", bound=StrEnum)


def _word(place: str, name: str, words: type[_Word], given: str) -> _Word:
    if given not in tuple(map(str, words)):
        raise ConfigurationError(place, f"has {name}={given!r}.", valid=tuple(map(str, words)))
    return words(given)


def _columns(place: str, form: ExampleForm, given: Mapping[str, str]) -> dict[str, str]:
    if not any({*needed} <= {*given} for needed in NEEDED[form]) or not {*given} <= {*TEXTS[form]}:
        needed = " or ".join(str(list(one)) for one in NEEDED[form])
        raise ConfigurationError(
            place,
            f"has columns for {sorted(given)}; {form} needs {needed}.",
            valid=TEXTS[form],
            fix="Name the columns.",
        )
    return dict(given)
