"""Builds the pages of Airflow's UI (``ui/``) and compares the result with the committed file; ``--write`` replaces it.

Standard library only. Needs Node.js and npm. Without them it says in one sentence that nothing was compared; in CI it fails.
Exit status: 0 the same, written, or left out; 1 another; 2 cannot.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "ui"
BUILT = ROOT / "airflow_provider_harness" / "plugins" / "ui" / "dist" / "main.js"
OLDEST = (20, 19)
"""The oldest Node.js that the bundler takes."""
MODULES = SOURCE / "node_modules"
STAMP = MODULES / "harness.stamp"


class Unable(Exception):
    """Nothing can be built; the message is the sentence that the reader gets."""


def node_version() -> tuple[int, ...]:
    """Of the Node.js on the path; empty where there is none, or no npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return ()
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def run(*command: str) -> None:
    """:raises Unable: when it fails, with what it printed."""
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True)
    if done.returncode:
        raise Unable(f"{' '.join(command)} failed in ui/:\n{(done.stdout + done.stderr).strip()[-3000:]}")


def install() -> None:
    """What package-lock.json names, unless it is there."""
    files = [SOURCE / name for name in ("package.json", "package-lock.json")]
    wanted = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    STAMP.write_text(wanted)


def build(folder: Path) -> bytes:
    """The bundle, with its types checked; nothing else may come out beside it, since Airflow loads one file.

    :param folder: an empty one, for what is built.
    """
    run("npx", "--no-install", "tsc", "--noEmit")
    run("npx", "--no-install", "vite", "build", "--logLevel", "warn", "--outDir", str(folder))
    made = sorted(path.name for path in folder.iterdir())
    if made != [BUILT.name]:
        raise Unable(f"The build made {', '.join(made)}, and Airflow loads {BUILT.name} only.")
    return (folder / BUILT.name).read_bytes()


def main(arguments: Sequence[str]) -> int:
    if node_version() < OLDEST:
        said = f"Node.js {OLDEST[0]}.{OLDEST[1]} or newer with npm is not on this machine"
        if os.environ.get("CI"):
            print(f"The pages cannot be built: {said}. Install it.", file=sys.stderr)
            return 2
        print(f"The pages' bundle was not compared with its source: {said}.")
        return 0
    try:
        install()
        with tempfile.TemporaryDirectory() as folder:
            made = build(Path(folder))
    except Unable as error:
        print(error, file=sys.stderr)
        return 2
    if "--write" in arguments:
        BUILT.parent.mkdir(parents=True, exist_ok=True)
        BUILT.write_bytes(made)
        return 0
    if not BUILT.exists() or BUILT.read_bytes() != made:
        print(f"{BUILT.relative_to(ROOT)} is not what ui/ gives: run make ui and commit it.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
