"""The index of decisions says what the pages say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_index_of_decisions_is_current() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "adr.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_number_is_taken_twice() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs" / "adr").glob("[0-9]*.md")]
    assert len(set(numbers)) == len(numbers) > 30
