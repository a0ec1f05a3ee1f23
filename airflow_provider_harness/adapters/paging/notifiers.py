"""Airflow's notifiers beside PagerDuty: Slack, e-mail, Apprise, or any class of the kind."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.redaction.escaping import ESCAPES, Medium, links, one_line

#: A word in a notifier's path -> what its receiver reads; what is in no path here gets text without markup.
_MEDIA = {"slack": Medium.SLACK, "smtp": Medium.HTML, "email": Medium.HTML, "ses": Medium.HTML, "sendgrid": Medium.HTML}
_SUMMARY = 300  # characters
PLACE = "[harness] notifiers"
_FIX = 'Write a JSON list such as [{"path": "package.module.Class", "kwargs": {}}].'


class Notifier:
    """One notifier; it is made anew for each message, since rendering changes it.

    :param path: module and class.
    :param kwargs: its arguments; templates see ``page`` and ``action`` (trigger, resolve, acknowledge or change).
    """

    def __init__(self, path: str, kwargs: Mapping[str, Any]) -> None:
        self._path, self._kwargs = path, dict(kwargs)

    def trigger(self, page: Page) -> None:
        self._notify("trigger", page)

    def resolve(self, dedup_key: str) -> None:
        self._notify("resolve", _end(dedup_key))

    def acknowledge(self, dedup_key: str) -> None:
        self._notify("acknowledge", _end(dedup_key))

    def change(self, page: Page) -> None:
        self._notify("change", page)

    def _notify(self, action: str, page: Page) -> None:
        try:
            notifier = pkgutil.resolve_name(self._path)(**self._kwargs)
            context: Any = {"page": shown(page, medium_of(self._path)), "action": action}
            notifier._update_context(context)
            notifier.render_template_fields(context)
            notifier.notify(context)  # not the notifier's call, which hides that it failed
        except Exception as error:  # a class of anybody's: whatever it raises, the others are told
            raise HarnessUnavailable(f"notifier {self._path}", f"{type(error).__name__}: {error}") from error


def medium_of(path: str) -> Medium:
    """In which markup the receiver of a notifier reads, by the name of its module."""
    lowered = path.lower()
    return next((medium for word, medium in _MEDIA.items() if word in lowered), Medium.PLAIN)


def shown(page: Page, medium: Medium) -> Page:
    """The page in which nothing that somebody wrote is markup; only addresses of the web are links."""
    escape = ESCAPES[medium]
    return replace(
        page,
        summary=escape(one_line(page.summary, _SUMMARY)),
        source=escape(page.source),
        details={name: escape(text) for name, text in page.details.items()},
        links={escape(text): address for text, address in links(page.links).items()},
    )


def _end(dedup_key: str) -> Page:
    return Page(dedup_key=dedup_key, summary=dedup_key, severity=PageSeverity.LOW, source="airflow", details={})


def named(text: str) -> dict[str, Notifier]:
    """The notifiers of the setting by the name under which their messages wait.

    :raises ConfigurationError: it is no list of objects with a path.
    """
    if not text:
        return {}
    try:
        given = json.loads(text)
        return {
            f"notifier:{item['path']}:{n}": Notifier(item["path"], item.get("kwargs", {}))
            for n, item in enumerate(given)
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(PLACE, f"cannot be read: {error}", fix=_FIX) from error
