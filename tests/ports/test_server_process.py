"""A server ends with its holder, however the holder ends, and takes everything below it along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_provider_harness.testing.process import ServerFailed, ServerProcess

FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.{on_term})
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
open(sys.argv[1], "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
"""
"""A server with a child that left its session; both write their ids."""

HOLDER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it would be ignored
from pathlib import Path
from airflow_provider_harness.testing.process import ServerProcess
ServerProcess("family", [sys.executable, "-c", sys.argv[1], sys.argv[2]], env={}, log=Path(sys.argv[2] + ".log"))
time.sleep(60)
"""


def wait_for(path: Path) -> list[int]:
    """The process ids that a server wrote."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and len(words := path.read_text().split()) == 2:
            return [int(word) for word in words]
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: list[int], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ends_with_its_holder(tmp_path: Path, number: signal.Signals) -> None:
    ids = tmp_path / "ids"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, FAMILY.format(on_term="SIG_DFL"), str(ids)], stderr=subprocess.DEVNULL
    )
    with holder:
        try:
            pids = wait_for(ids)
            holder.send_signal(number)
            holder.wait(10)
        finally:
            holder.kill()
    assert gone(pids)


def test_ends_with_its_supervisor(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    command = [sys.executable, "-c", "import os, time; print(os.getpid(), 0, flush=True); time.sleep(60)"]
    with ServerProcess("server", command, env={}, log=ids) as server:
        pid, _ = wait_for(ids)
        server.supervisor.kill()
        assert gone([pid])


def test_a_stubborn_server_is_killed_after_its_grace(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    command = [sys.executable, "-c", FAMILY.format(on_term="SIG_IGN"), str(ids)]
    with ServerProcess("stubborn", command, env={}, log=tmp_path / "log", grace=0.3) as server:
        pids = wait_for(ids)
        start = time.monotonic()
    assert 0.3 <= time.monotonic() - start < 5
    assert not server.running()
    assert gone(pids, 0)


def test_an_early_end_is_told_with_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such setting')"]
    with ServerProcess("server", command, env={}, log=tmp_path / "log") as server:
        server.supervisor.wait(10)
        with pytest.raises(ServerFailed, match=r"ended with status 1[\s\S]*no such setting"):
            server.check()


def test_a_path_that_cannot_be_reached_stops_the_start(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('started')"]
    log = tmp_path / "log"
    with ServerProcess("server", command, env={}, log=log, reach=[tmp_path / "missing"]) as server:
        assert server.supervisor.wait(10) == 126
    assert "missing" in log.read_text()
    assert "started" not in log.read_text().splitlines()


def test_no_descriptor_of_the_holder_reaches_a_server(tmp_path: Path) -> None:
    """A server that held another's lifeline would keep it alive."""
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"]
    with (
        ServerProcess("first", [sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=tmp_path / "first"),
        ServerProcess("second", command, env=dict(os.environ), log=log) as second,
    ):
        assert second.supervisor.wait(10) == 0
    assert log.read_text().split() == ["['0',", "'1',", "'2',", "'3']"]  # 3 is the listing itself
