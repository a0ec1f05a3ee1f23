"""What ruff's rules on Airflow say of files, where ruff is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from airflow_provider_harness.app.authoring.finding import Found

VERSIONS = ("3.0", "3.1", "3.2", "3.3", "3.4")
"""Versions of Airflow that an upgrade may be checked for. ruff's family of rules is one for all of them."""
ABSENT = "ruff is not installed, so its rules on Airflow's versions were not asked: pip install ruff."


def program() -> str:
    """ruff's path; empty where it is not installed."""
    beside = Path(sys.executable).parent / "ruff"
    return str(beside) if beside.is_file() else shutil.which("ruff") or ""


def asked(paths: Sequence[str], version: str) -> dict[str, list[Found]]:
    """What ruff's AIR family says of each file; nothing where ruff is not installed.

    :param version: the version of Airflow that is the target.
    """
    ruff = program()
    if not ruff:
        return {}
    command = [
        ruff,
        "check",
        "--isolated",
        "--preview",
        "--select",
        "AIR3,AIR002",
        "--no-cache",
        "--exit-zero",
        "--output-format",
        "json",
        *paths,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found: dict[str, list[Found]] = {}
    names = {str(Path(path).resolve()): path for path in paths}
    for one in json.loads(done.stdout or "[]"):
        if not one.get("code") or not str(one["code"]).startswith("AIR"):
            continue
        place = names.get(str(Path(one["filename"]).resolve()), one["filename"])
        fix = (one.get("fix") or {}).get("message") or ""
        message = f"for Airflow {version}, {one['code']}: {one['message']}"
        found.setdefault(place, []).append(Found(rule="HF010", line=one["location"]["row"], message=message, fix=fix))
    return found
