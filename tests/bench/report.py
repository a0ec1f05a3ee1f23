"""The bench's table as text."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.postgres import PostgresServer


def machine(server: PostgresServer, rows: int, rounds: int, seconds: float) -> str:
    """When and on what it ran."""
    with server.connect() as connection:
        [(version,)] = connection.execute("SHOW server_version").fetchall()
    load = os.getloadavg()[2]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}, PostgreSQL {version} on loopback, psql from the same wheel, {rows:,} rows, "
        f"{rounds} rounds, {seconds / 60:.0f} minutes, load average {load:.1f}"
    )


def table(results: Sequence[dict[str, Any]], about: str, settings: Sequence[str], folder: Path) -> str:
    """Everything that a reader of a terminal needs."""
    width = max(len(entry["what"]) for entry in results)
    name = max(len(entry["name"]) for entry in results)
    lines = [about, "", f"{'row':{name}}  {'what':{width}}  {'median':>9}  {'min .. max':>17}  {'goal':>12}"]
    for entry in results:
        lines.append(f"{entry['name']:{name}}  {entry['what']:{width}}  {_numbers(entry)}  {_verdict(entry, folder)}")
    lines += ["", "Ratios are of the same round. Compared with:", *(f"  {setting}" for setting in settings)]
    return "\n".join(lines)


def _numbers(entry: dict[str, Any]) -> str:
    if entry["ratio"] is None:
        return f"{'-':>9}  {'':>17}  {entry['bound']:>12}"
    spread = f"{entry['spread'][0]:.2f} .. {entry['spread'][1]:.2f}" if entry["rounds"] > 1 else ""
    return f"{entry['ratio']:9.2f}  {spread:>17}  {entry['bound']:>12}"


def _verdict(entry: dict[str, Any], folder: Path) -> str:
    if entry["ratio"] is None:
        return entry["note"] or "did not run"
    if entry["ok"]:
        return "met"
    return "NOT MET" + _where(folder / f"profile-{entry['name']}.txt")


def _where(profile: Path) -> str:
    """The busiest lines of the first thread of a profile, in one sentence."""
    if not profile.exists():
        return ""
    lines = profile.read_text().split("\n\n")[1].splitlines()[1:4] if "\n\n" in profile.read_text() else []
    return ": " + "; ".join(" ".join(line.split()) for line in lines) if lines else ""
