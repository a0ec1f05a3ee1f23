"""One server process that cannot outlive the one who wanted it. Run as a script with a JSON spec as its only argument.

Its standard input is the lifeline: when whoever started it lets go, even by ``kill -9``, the server is asked to stop,
and after its grace everything that descends from it is killed. Standard library only: it runs as a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_SET_CHILD_SUBREAPER, PR_CAP_AMBIENT = 1, 28, 36, 47
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWUSER = 0x10000000
NOBODY = 65534
CANNOT_START = 126

LINUX = sys.platform.startswith("linux")


def _call(name: str, *arguments: Any) -> None:
    """A system call by name of its C wrapper.

    :raises OSError: when it fails.
    """
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _permitted() -> int:
    """The capabilities that this process may use, as a bit set."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapPrm")), 16)


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _become_searching_nobody() -> None:
    """Nobody that may enter folders closed to others, as a clone under ``/root`` is, and has no other privilege."""
    capability = next((c for c in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if _permitted() >> c & 1), None)
    if capability is None:
        raise PermissionError("neither CAP_DAC_READ_SEARCH nor CAP_DAC_OVERRIDE is there")
    # PostgreSQL looks at its own programs with access(2), which forgets a user's capabilities but for this bit.
    _call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    _become_nobody()
    # Permitted and ambient must be the same set: otherwise exec counts as secure and forgets the death signal.
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)(*[1 << capability] * 3, 0, 0, 0))
    _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _become_nobody_in_namespace() -> None:
    """Root outside, nobody as far as the server can see: where a container has only one user id."""
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


IDENTITIES = {
    "same": lambda: None,
    "nobody": _become_nobody,
    "searching-nobody": _become_searching_nobody,
    "namespace": _become_nobody_in_namespace,
}
"""Name -> what a process does to itself to run under another user id without an account being made for it."""


def _become_server(spec: dict[str, Any]) -> None:
    """The child's last steps before it is the server. Does not return."""
    try:
        os.setpgid(0, 0)
        IDENTITIES[spec.get("identity", "same")]()
        if LINUX:
            _call("prctl", PR_SET_PDEATHSIG, spec["stop_signal"], 0, 0, 0)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_DFL)
        for path in spec.get("reach", ()):
            Path(path).stat()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(spec["command"][0], spec["command"])
    except OSError as error:
        print(f"{spec['command'][0]}: cannot start: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(CANNOT_START)


def descendants(root: int) -> list[int]:
    """Every process below one, from /proc; itself not included."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        children.setdefault(parent, []).append(int(entry.parent.name))
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reap(pid: int, seconds: float) -> int | None:
    """The exit status of the server if it ends in time; adopted orphans are reaped on the way."""
    end = time.monotonic() + seconds
    while True:
        try:
            done, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if done == pid:
            return os.waitstatus_to_exitcode(status)
        if not done:
            if time.monotonic() >= end:
                return None
            time.sleep(0.02)


def _sweep() -> None:
    """Kills what the server left behind; being the subreaper, this process has inherited it."""
    while LINUX and (left := descendants(os.getpid())):
        for pid in left:
            _signal(pid, signal.SIGKILL)
        _reap(-1, 0.05)


def supervise(spec: dict[str, Any]) -> int:
    """Runs the server until it ends or the lifeline is let go.

    :param spec: ``command`` (absolute path and arguments), ``stop_signal`` (number), ``stop_group`` (whether the whole
        process group gets it), ``grace`` (seconds before everything is killed), ``identity`` (key of IDENTITIES),
        ``reach`` (paths that it must be able to reach, or it is not started).
    :returns: the server's exit status; negative for a signal.
    """
    if LINUX:
        _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    asked, ask = os.pipe()
    os.set_blocking(ask, False)
    signal.set_wakeup_fd(ask, warn_on_full_buffer=False)
    for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: stopping.append(number) if number != signal.SIGCHLD else None)
    stopping: list[int] = []
    server = os.fork()
    if server == 0:
        _become_server(spec)
    status = None
    while status is None and not stopping:
        ready, _, _ = select.select([0, asked], [], [])
        if 0 in ready and not os.read(0, 64):
            break
        if asked in ready:
            os.read(asked, 64)
        status = _reap(server, 0)
    if status is None:
        _signal(-server if spec.get("stop_group") else server, spec["stop_signal"])
        status = _reap(server, spec["grace"])
    if status is None:
        _signal(server, signal.SIGKILL)
        status = _reap(server, 10)
    _sweep()
    return CANNOT_START if status is None else status


if __name__ == "__main__":
    code = supervise(json.loads(sys.argv[1]))
    sys.exit(code if code >= 0 else 128 - code)
