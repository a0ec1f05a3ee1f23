"""The step before everything else: the interpreter that is chosen and the environment that is made."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def venv() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ci_venv", ROOT / ".ci" / "venv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def choose(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
    """What .ci/python says when only the programs of one folder are there."""
    command = ["/bin/sh", str(ROOT / ".ci" / "python"), *what]
    return subprocess.run(command, env={"PATH": str(folder), "HOME": str(folder)}, capture_output=True, text=True)


def test_a_shim_for_a_missing_version_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    program(tmp_path / "bin" / "python3", f'exec {sys.executable} "$@"')
    done = choose(tmp_path / "bin")
    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


def test_no_python_is_one_sentence(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3", "exit 1")
    done = choose(tmp_path / "bin")
    assert done.returncode == 2
    assert done.stderr.startswith("No suitable Python found: install Python 3.11")
    assert done.stderr.count("\n") == 1


def test_no_python_for_bigquery_is_one_sentence(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3", "exit 1")
    done = choose(tmp_path / "bin", "bigquery")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The BigQuery stand-in needs Python 3.13 to 3.15: install one with its venv module and run make bigquery.\n"
    )


def test_a_python_for_bigquery_that_is_not_switched_on_is_found(tmp_path: Path) -> None:
    (tmp_path / ".pyenv" / "versions" / "3.13.9" / "bin").mkdir(parents=True)
    program(
        tmp_path / ".pyenv" / "versions" / "3.13.9" / "bin" / "python", f'test "$1" = -c && exec {sys.executable} -c ""'
    )
    program(tmp_path / "python3.13", "exit 127")
    assert choose(tmp_path, "bigquery").returncode == 0


def test_the_stand_in_has_its_own_lock_and_environment(venv: ModuleType, tmp_path: Path) -> None:
    lock = (ROOT / "requirements-bigquery.lock").read_text()
    assert "local-bigquery==0.4.0" in lock
    assert "://" not in lock
    (tmp_path / "requirements-bigquery.lock").write_text(lock)
    maker = venv.Maker(tmp_path, venv.BIGQUERY)
    assert maker.venv == tmp_path / ".venv-bigquery"
    before = venv.digest(tmp_path, venv.BIGQUERY)
    (tmp_path / "requirements-bigquery.lock").write_text("changed")
    assert venv.digest(tmp_path, venv.BIGQUERY) != before


def test_a_python_that_does_not_suit_is_one_sentence(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "BIGQUERY", venv.BIGQUERY._replace(first=(3, 99), last=(3, 99)))
    assert venv.main(["--bigquery"]) == 2
    assert capsys.readouterr().err.startswith(".venv-bigquery needs Python 3.99 to 3.99, and was started with 3.")


def test_pip_settings_are_told_to_uv(venv: ModuleType) -> None:
    listing = "\n".join(
        [
            "global.cert='/global.pem'",
            "global.extra-index-url='a\\nb'",
            "install.cert='/install.pem'",
            ":env:.find-links='x y'",
            "list.format='columns'",
        ]
    )
    made = venv.uv_environment(venv.pip_settings(listing), {})
    assert made["SSL_CERT_FILE"] == "/install.pem"
    assert made["UV_INDEX"] == "a b"
    assert made["UV_FIND_LINKS"] == "x,y"
    assert not any("format" in name.lower() for name in made)


@pytest.mark.parametrize("first", [True, False])
def test_the_environment_goes_before_a_file(venv: ModuleType, first: bool) -> None:
    lines = [":env:.cert='/env.pem'", "global.cert='/global.pem'"]
    assert venv.pip_settings("\n".join(lines if first else lines[::-1])) == {"cert": "/env.pem"}


def test_what_the_user_told_uv_stays(venv: ModuleType) -> None:
    assert "UV_DEFAULT_INDEX" not in venv.uv_environment({"index-url": "a"}, {"UV_DEFAULT_INDEX": "mine"})


def test_the_lock_pins_the_tools_with_hashes(venv: ModuleType) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    for name in ("uv", "hatchling"):
        assert "--hash=sha256:" in venv.locked(lock, name)
    with pytest.raises(venv.Unable, match="does not pin no-such-package"):
        venv.locked(lock, "no-such-package")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: Hash mismatch for `x==1`", "not the one that requirements.lock names"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one"),
        ("ERROR: No matching distribution found for x==1", "does not have a package"),
        ("error: Failed to fetch: `https://host/x` Caused by: error sending request: dns error", "broke off"),
        ("ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "broke off"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "cannot be written"),
        ("something new", "the installer failed"),
    ],
)
def test_a_failure_has_a_reason_without_an_address(venv: ModuleType, output: str, words: str) -> None:
    assert words in venv.reason(output)
    assert "://" not in venv.reason(output)


def project(folder: Path) -> Path:
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def test_a_whole_environment_is_left_alone_and_another_is_not(venv: ModuleType, tmp_path: Path) -> None:
    maker, wanted = venv.Maker(project(tmp_path)), venv.digest(tmp_path)
    assert not maker.whole(wanted)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    maker.python.symlink_to(sys.executable)
    assert not maker.whole(wanted), "no stamp: it was interrupted"
    maker.stamp.write_text(wanted)
    assert maker.whole(wanted)
    maker.python.unlink()
    assert not maker.whole(wanted), "its interpreter is gone"


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_change_asks_for_a_refresh(venv: ModuleType, tmp_path: Path, name: str) -> None:
    before = venv.digest(project(tmp_path))
    (tmp_path / name).write_text("changed")
    assert venv.digest(tmp_path) != before


def test_a_full_disk_is_one_sentence(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "NEEDED_BYTES", 1 << 60)
    assert venv.main([str(project(tmp_path))]) == 2
    assert "GB free" in capsys.readouterr().err
    assert not (tmp_path / ".venv").exists()


def test_a_missing_pin_is_said_before_anything_is_removed(
    venv: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project(tmp_path) / "requirements.lock").write_text("")
    (tmp_path / ".venv").mkdir()
    assert venv.main([str(tmp_path)]) == 2
    assert "does not pin" in capsys.readouterr().err
    assert (tmp_path / ".venv").exists()


def test_an_index_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    """The whole program, with an index that nobody serves."""
    unreachable = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "venv.py"), str(project(tmp_path))],
        env={**kept, **unreachable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "a download from the package index broke off" in done.stderr or "does not have a package" in done.stderr
    assert "Traceback" not in done.stderr
    assert "127.0.0.1" not in done.stderr
    assert not (tmp_path / ".venv" / "harness.stamp").exists()
