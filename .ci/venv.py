"""Makes .venv whole: what requirements.lock pins, with its hashes, and this project, editable.

With ``--bigquery`` it makes .venv-bigquery instead, the BigQuery stand-in's own environment, from its own lock.

Standard library only. The stamp is removed before anything changes and written last, so an environment that was
interrupted half-way is never taken for a whole one. Exit status: 0 done, 2 cannot (one sentence says why), 130 stopped.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NEEDED_BYTES = 4 << 30
"""Free space that a fresh environment needs: 2 GB when done, as much again while it is unpacked."""


class Kind(NamedTuple):
    """One of the environments that can be made.

    :param folder: where it is.
    :param files: what it is made from; the first is its lock.
    :param first, last: the Pythons that it can have.
    :param editable: this project belongs into it.
    """

    folder: str
    files: tuple[str, ...]
    first: tuple[int, int]
    last: tuple[int, int]
    editable: bool


HARNESS = Kind(
    folder=".venv", files=("requirements.lock", "pyproject.toml"), first=(3, 11), last=(3, 13), editable=True
)
BIGQUERY = Kind(
    folder=".venv-bigquery", files=("requirements-bigquery.lock",), first=(3, 13), last=(3, 15), editable=False
)

PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
"""pip's setting -> uv's environment variable and what separates several values there (uv does not read pip.conf)."""

REASONS = (
    (r"No space left|os error 28|Disk quota", "the disk is full: free about 4 GB and run again."),
    (
        r"hash(es)? (mismatch|do(es)? not match)|DO NOT MATCH",
        "a downloaded file is not the one that requirements.lock names: run again; if it stays, the index is wrong.",
    ),
    (
        r"from versions: none|No matching distribution|not found in the (package registry|provided)|no version of",
        "the package index does not have a package that requirements.lock names.",
    ),
    (r"Permission denied|Read-only file system", "the folder cannot be written: check its owner and permissions."),
    (
        r"onnect|dns|resolve host|timed? ?out|ertificate|SSL|Temporary failure|HTTP status|incomplete|Max retries",
        "a download from the package index broke off: check the network and pip's settings, and run again.",
    ),
)
"""What a failed installer printed -> what the reader should know. The first match counts."""


class Unable(Exception):
    """The environment cannot be made; the message is the one sentence that the reader gets."""


class Progress:
    """Says what is being done, with the seconds since the start."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.start:6.1f} s] {text}", flush=True)


def digest(root: Path, kind: Kind = HARNESS) -> str:
    """What the environment must have been made from to be up to date."""
    parts = [(root / name).read_bytes() for name in kind.files]
    parts += [sys.version.encode(), str(root).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def pip_settings(listing: str) -> dict[str, str]:
    """pip's settings by bare name; the environment goes before the section for installing, that before the global one.

    :param listing: what ``pip config list`` printed.
    """
    found: dict[str, tuple[int, str]] = {}
    rank = {"global": 0, "install": 1, ":env:": 2}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in rank and rank[section] >= found.get(key, (-1, ""))[0]:
            found[key] = (rank[section], str(ast.literal_eval(value)))
    return {key: value for key, (_, value) in found.items()}


def uv_environment(settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """uv's environment for pip's settings; what the user has set for uv stays."""
    made = {
        variable: separator.join(settings[key].split())
        for key, (variable, separator) in PIP_TO_UV.items()
        if settings.get(key) and variable not in given
    }
    # pip takes a package from whichever index has it; the hashes in the lock say which file is right.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_PYTHON_DOWNLOADS": "never", **made}


def locked(lock: str, name: str) -> str:
    """The lines of one package in the lock: its version and hashes.

    :raises Unable: when the lock does not pin it.
    """
    block = re.search(rf"^{re.escape(name)}==.*\n(?:[ \t]+--hash.*\n)+", lock, re.MULTILINE)
    if block is None:
        raise Unable(f"requirements.lock does not pin {name}: add it to the extra dev and run make lock.")
    return block.group()


def reason(output: str) -> str:
    """Why an installer failed, in words for a reader; never an address."""
    return next(
        (text for pattern, text in REASONS if re.search(pattern, output, re.IGNORECASE)), "the installer failed."
    )


class Maker:
    """One environment in the making.

    :param root: the project's folder, with the environment in it.
    """

    def __init__(self, root: Path, kind: Kind = HARNESS) -> None:
        self.root, self.kind, self.venv = root, kind, root / kind.folder
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "harness.stamp"
        self.log = self.venv / "install.log"
        self.progress = Progress()

    def whole(self, wanted: str) -> bool:
        """Whether nothing has to be done."""
        return self.stamp.exists() and self.stamp.read_text() == wanted and self.runs()

    def runs(self) -> bool:
        """Whether the environment has an interpreter of this version that starts."""
        probe = [str(self.python), "-c", "import sys; print(sys.version)"]
        try:
            return subprocess.run(probe, capture_output=True, text=True).stdout.strip() == sys.version
        except OSError:
            return False

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> bool:
        """Runs an installer, its output to the log; says every 20 s that it is still at work."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                command, cwd=self.root, stdout=log, stderr=log, env={**os.environ, **(env or {})}
            )
            try:
                while True:
                    try:
                        return process.wait(timeout=20) == 0
                    except subprocess.TimeoutExpired:
                        self.progress.say("... still at it")
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()

    def pip(self, *arguments: str) -> bool:
        return self.run(str(self.python), "-m", "pip", "install", "--no-cache-dir", "--no-deps", "--quiet", *arguments)

    def must(self, done: bool, what: str) -> None:
        """:raises Unable: when it is not done, with the reason that the log gives."""
        if not done:
            why = reason(self.log.read_text(errors="replace")).replace(HARNESS.files[0], self.kind.files[0])
            raise Unable(f"Cannot {what}: {why} Details: {self.kind.folder}/{self.log.name}")

    def make(self, wanted: str) -> None:
        """Makes the environment, or brings it up to date when it was whole for another lock."""
        lock = (self.root / HARNESS.files[0]).read_text()
        locked(lock, "hatchling")
        uv = locked(lock, "uv")  # what is missing is said before anything is removed
        refresh = self.stamp.exists() and self.runs()
        self.stamp.unlink(missing_ok=True)
        if not refresh:
            self.create()
        self.log.write_text("")
        self.install(uv)
        self.stamp.write_text(wanted)
        self.progress.say(f"{self.kind.folder} is ready")

    def create(self) -> None:
        """An empty environment, instead of whatever is there."""
        if shutil.disk_usage(self.root).free < NEEDED_BYTES:
            raise Unable(
                f"The disk has less than {NEEDED_BYTES >> 30} GB free, which {self.kind.folder} needs: free some and run again."
            )
        self.progress.say(f"making {self.kind.folder} with Python {sys.version.split()[0]} (once; a few minutes)")
        if self.venv.is_symlink() or self.venv.is_file():
            raise Unable(f"{self.kind.folder} is not a folder: remove it and run again.")
        shutil.rmtree(self.venv, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(self.venv)], capture_output=True, text=True)
        if made.returncode:
            raise Unable(f"Cannot make {self.kind.folder}: {reason(made.stdout + made.stderr)}")

    def install(self, uv_lines: str) -> None:
        """Everything that the lock names, by uv or else by pip, then this project where it belongs.

        :param uv_lines: version and hashes of uv.
        """
        with tempfile.TemporaryDirectory(dir=self.venv) as cache:
            bootstrap = Path(cache) / "uv.txt"
            bootstrap.write_text(uv_lines)
            lock = self.kind.files[0]
            self.progress.say(f"installing what {lock} names")
            uv = str(self.venv / "bin" / "uv")
            listing = subprocess.run([str(self.python), "-m", "pip", "config", "list"], capture_output=True, text=True)
            env = uv_environment(pip_settings(listing.stdout), os.environ)
            env |= {"UV_CACHE_DIR": f"{cache}/uv", "TMPDIR": cache, "VIRTUAL_ENV": str(self.venv)}
            done = self.pip("--require-hashes", "-r", str(bootstrap)) and self.run(
                uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", lock, env=env
            )
            if not done and not re.search(REASONS[0][0], self.log.read_text(errors="replace"), re.IGNORECASE):
                self.progress.say("uv could not; trying pip, which is slower")
                done = self.pip("--require-hashes", "-r", lock)
            self.must(done, "install the packages")
        if self.kind.editable:
            self.must(self.pip("--no-build-isolation", "--editable", "."), "install this project")


def main(arguments: Sequence[str] = ()) -> int:
    """:param arguments: ``--bigquery``, if meant; the project's folder, if it is not the one this file lies in."""
    kind = BIGQUERY if "--bigquery" in arguments else HARNESS
    roots = [one for one in arguments if one != "--bigquery"]
    root = Path(roots[0]).resolve() if roots else ROOT
    if not kind.first <= sys.version_info[:2] <= kind.last:
        (low, first), (high, last) = kind.first, kind.last
        valid = f"Python {low}.{first} to {high}.{last}"
        print(f"{kind.folder} needs {valid}, and was started with {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    try:
        folder = os.open(root, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)  # two makes at once: the second waits, and finds it made
        maker, wanted = Maker(root, kind), digest(root, kind)
        if not maker.whole(wanted):
            maker.make(wanted)
    except Unable as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Cannot make {kind.folder}: {reason(str(error))} ({error.strerror}: {error.filename})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped; the next run makes {kind.folder} anew.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
