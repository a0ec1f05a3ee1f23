"""A notifier of anybody's, for the tests of the outbox."""

from __future__ import annotations

from typing import Any

from airflow.sdk.bases.notifier import BaseNotifier

SAID: list[str] = []


class Remembering(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:
        SAID.append(self.text)
