"""The demo that is stopped with Ctrl-C ends what it started, whatever it was doing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_harness.testing.supervise import descendants
from tests.demo.world import ROOT
from tests.ports.test_server_process import gone

pytestmark = pytest.mark.slow
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it would be ignored
from pathlib import Path
from tests.demo.__main__ import main
sys.exit(main(Path(sys.argv[1])))
"""


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, str(tmp_path / "demo")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "airflow backfill create" in line:
                break
        started = descendants(demo.pid)
        assert len(started) > 5
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(60) == 130
    assert "stopped" in rest
    assert gone(started)
