"""A server process held by whoever started it: it ends with its holder, however the holder ends."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from airflow_provider_harness.core.errors import HarnessError


class ServerFailed(HarnessError):
    """A server of the test stack did not start, or ended by itself. Not retried; the end of its log says why.

    :param name: which server.
    :param log: its log file.
    """

    def __init__(self, name: str, problem: str, log: Path) -> None:
        self.name, self.log = name, log
        super().__init__(f"{name}: {problem}. The end of {log}:\n{tail(log)}")


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log, for an error message.

    :param lines: how many, at most.
    """
    text = log.read_text(errors="replace") if log.exists() else "(there is no such file)"
    return "\n".join(text.splitlines()[-lines:])


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """One running server under the supervisor (``supervise.py``).

    :param name: how messages call it.
    :param command: the program (looked up on the PATH of ``env``) and its arguments.
    :param env: its whole environment.
    :param log: file that gets its standard output and standard error; each start begins it anew.
    :param stop_signal: what asks it to end.
    :param stop_group: whether its whole process group is asked, or only the process itself.
    :param grace: seconds from asking until it and all its descendants are killed.
    :param identity: under whose user id it runs: a key of ``supervise.IDENTITIES``.
    :param reach: paths that it must be able to reach under that user id, or it is not started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_group: bool = False,
        grace: float = 10.0,
        identity: str = "same",
        reach: Sequence[Path] = (),
    ) -> None:
        self.name, self.log, self.grace = name, log, grace
        program = shutil.which(command[0], path=env.get("PATH"))
        if program is None:
            raise FileNotFoundError(f"{command[0]} is not a program on the PATH.")
        spec = {
            "command": [program, *command[1:]],
            "stop_signal": int(stop_signal),
            "stop_group": stop_group,
            "grace": grace,
            "identity": identity,
            "reach": [str(path) for path in reach],
        }
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervise.py")), json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,  # Ctrl-C reaches the holder only, which then stops its servers in order
            )

    def running(self) -> bool:
        """Whether it has not ended."""
        return self.supervisor.poll() is None

    def check(self) -> None:
        """:raises ServerFailed: when it has ended."""
        if not self.running():
            raise ServerFailed(self.name, f"ended with status {self.supervisor.returncode}", self.log)

    def stop_grouping(self) -> None:
        """Asks it to stop, without waiting."""
        if self.supervisor.stdin is not None:
            self.supervisor.stdin.close()

    def stop(self) -> None:
        """Stops it and everything that descends from it, and waits for that. Twice is once."""
        self.stop_grouping()
        try:
            self.supervisor.wait(self.grace + 15)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
