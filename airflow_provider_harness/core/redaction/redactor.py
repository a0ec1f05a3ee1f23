"""Takes secrets and values of rows out of a text, makes its hidden characters visible, and only then shortens it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

MASK = "***"
_ESCAPES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc\U000110bd\U000110cd\U00013430-\U0001343f\U00016fe4\U0001d159\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e01ef\ud800-\udfff]"
)

#: What colours a terminal, or redraws its line: it says nothing, and would stand within words and secrets.
_COLOURS = re.compile("\x1b\\[[0-9;]{0,12}[mKGJA-D]")
#: Marks that are set upon a letter, more than any language sets on one: they would cover what stands around them.
_STACKED = re.compile(
    "[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]{4,}"
)


def visible(text: str) -> str:
    """Control, bidirectional and invisible characters as their Python escapes, and so are heaps of marks upon one letter; tabs and
    line feeds stay."""
    text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = _STACKED.sub(lambda found: "".join(f"\\u{ord(mark):04x}" for mark in found.group()), text)
    return _ESCAPES.sub(_escape, text.replace("\r", "\\r") if "\r" in text else text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters; what was cut off is said, where there is room to say it."""
    if len(text) <= limit:
        return text
    mark = f"... [{len(text) - limit} more characters]"
    return text[: max(limit - len(mark), 0)] + mark if limit > len(mark) else text[:limit]


@dataclass(frozen=True, slots=True)
class Redactor:
    """Knows the secrets of this installation beside the patterns of secrets in general.

    :param secrets: texts that must never leave, such as connection passwords; shorter than 4 characters are not
        looked for, since they would mask ordinary words.
    :param outer: masks what somebody else knows to be secret, such as Airflow's own masker; it comes first.
    """

    secrets: tuple[str, ...] = ()
    outer: Callable[[str], str] = str
    _known: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.secrets:
            from airflow_provider_harness.core.redaction.known_secrets import pattern_of

            object.__setattr__(self, "_known", pattern_of(self.secrets))

    def redact(self, text: str, limit: int | None = None) -> str:
        """The text without secrets, hidden characters made visible, then cut.

        :param limit: characters that remain at most; None keeps all. Cutting comes last, so that no half of a secret
            escapes its pattern.
        """
        text = _COLOURS.sub("", text) if "\x1b" in text else text
        for _ in range(4):  # masking can join what surrounds it into a new match; a fixed point ends it
            before, text = text, self._once(text)
            if text == before:
                break
        return text if limit is None else shorten(text, limit)

    def _once(self, text: str) -> str:
        text = self.outer(text)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _patterns(visible(text))
        return self._known.sub(MASK, text) if self._known is not None else text


def _patterns(text: str) -> str:
    """The text without what looks like a secret or a value of a row; who is nearest to it is asked first.

    The tables are compiled where the first error is read, not where a Dag file is.
    """
    from airflow_provider_harness.core.redaction import (
        engine_rows,
        person_fields,
        person_texts,
        row_values,
        secret_forms,
        secret_names,
        secret_places,
        secret_urls,
    )
    from airflow_provider_harness.core.redaction.secret_forms import lower

    lowered = lower(text)
    text = secret_urls.hide_headers(text, lowered)
    text = secret_urls.hide_logins(text)
    for form in secret_forms.FORMS:
        text = form.hide(text, lowered)
    text = secret_names.hide_fields(text, lowered)
    text = secret_names.hide(text)
    text = secret_names.hide_command_lines(text, lowered)
    text = secret_places.hide_places(text, lowered)
    text = row_values.hide_lists(text, lowered)
    for form in row_values.FORMS:
        text = form.hide(text, lowered)
    text = row_values.hide_tables(row_values.hide_statements(text, lowered), lowered)
    text = engine_rows.hide_rows(text, lowered)
    text = person_fields.hide_columns(person_fields.hide_fields(text, lowered))
    text = person_fields.hide_cards(text, lowered)
    return person_texts.hide_people(text)
