"""What a command prints is text: nothing of it moves the cursor, names a link or hides a line."""

from __future__ import annotations

import json

import pytest

from airflow_provider_harness.cli import running


@pytest.mark.attack
def test_no_control_character_leaves_by_a_commands_answer(capsys: pytest.CaptureFixture[str]) -> None:
    running.out("key \x1b[2J\x1b]8;;http://evil.example\x07ok\r\u202e\tcaf\u00e9\nnext")
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown)
    assert shown.endswith("\tcaf\u00e9\nnext\n"), "and everything else is as it was"
    running.out(json.dumps({"a": "\x1b"}))
    assert json.loads(capsys.readouterr().out) == {"a": "\x1b"}
