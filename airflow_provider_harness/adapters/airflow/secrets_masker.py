"""What Airflow itself holds to be secret: the masker of this process, and the secret parts of a connection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

#: The masker of Airflow's core, where it is loaded beside that of the task SDK: each knows what was registered with it.
_CORE = "airflow._shared.secrets_masker"


def masked(text: str) -> str:
    """The text as Airflow would write it into a log here: every value that ``mask_secret`` was told of is masked, and so are
    passwords of connections and variables with a secret's name that this process has read."""
    from airflow.sdk._shared.secrets_masker import redact

    text = str(redact(text))
    core = sys.modules.get(_CORE)
    return str(core.redact(text)) if core is not None else text


def secrets_of(connection: Any) -> Iterator[str]:
    """The password of a connection, and what its extra has under names that Airflow takes for secret."""
    from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

    if connection.password:
        yield connection.password
    for name, value in connection.extra_dejson.items():
        if isinstance(value, str) and should_hide_value_for_key(name):
            yield value
