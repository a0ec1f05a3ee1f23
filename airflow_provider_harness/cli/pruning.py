"""``airflow harness db prune``: what is old leaves the store."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

from airflow_provider_harness.cli.running import FINE, command, say, show
from airflow_provider_harness.core.errors import ConfigurationError

#: Days that are kept at least: recurrences, limits and what Airflow may still report look back on them.
LEAST = 30


@command
def db_prune(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.store.audit.prune import prune
    from airflow_provider_harness.wiring import healing as wiring

    keep = _days(args.keep, max(LEAST, config.read().recurrence_days))
    now, removed = wiring.now(), Counter[str]()
    for step in prune(wiring.store(), now - keep, now, trial=args.dry_run):
        removed.update(step.removed)
        say(f"{step.done} of {step.among} incident(s), {sum(removed.values())} row(s)", FINE)
    word = "would be removed" if args.dry_run else "removed"
    show(
        args,
        [{"table": name, word: count} for name, count in sorted(removed.items()) if count],
        "No record is that old.",
    )
    return FINE


def _days(text: str, least: int) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})d", text)
    if not found:
        raise ConfigurationError("--keep", f"{text!r} is not a number of days.", fix="Write it like 400d.")
    if int(found[1]) < least:
        raise ConfigurationError(
            "--keep", f"{text} is too short: the harness looks back {least} days.", fix=f"Keep {least}d or more."
        )
    return timedelta(days=int(found[1]))
