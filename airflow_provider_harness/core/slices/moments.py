"""Moments that people write: on a command line, in a tool of an agent, in the script of a simulation."""

from __future__ import annotations

from datetime import date, datetime

from airflow_provider_harness.core.errors import ConfigurationError


def moment_of(text: str, place: str) -> datetime:
    """A moment with a zone, as ISO 8601.

    :param place: the argument that has it, for the error.
    :raises ConfigurationError: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        fix = "Use ISO 8601 with zone: 2026-01-31T23:59:00+01:00."
        raise ConfigurationError(place, f"{text!r} is not a timestamp with a time zone.", fix=fix)
    return at


def moment_if_given(text: str, place: str) -> datetime | None:
    """The same; None where nothing was given."""
    return moment_of(text, place) if text else None


def day_or_moment(text: str) -> date | datetime:
    """A date, or a moment, as ISO 8601."""
    return date.fromisoformat(text) if len(text) == len("2026-01-01") else datetime.fromisoformat(text)
