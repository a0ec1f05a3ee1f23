"""``airflow harness new``: a gated Dag, its contract and its test, of a live table."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.authoring import start
from airflow_provider_harness.cli.running import FINE, command, out
from airflow_provider_harness.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that ``new`` must know.

    :param default: where nobody says otherwise, of the answers so far.
    """

    option: str
    text: str
    default: Callable[[Mapping[str, str]], str] = lambda _: ""


WHERE = (
    Question(option="conn_id", text="Connection of the PostgreSQL that has the table"),
    Question(option="table", text="The table there, as schema.table"),
    Question(option="target_conn_id", text="Connection of the warehouse"),
    Question(
        option="target_table",
        text="The table to publish there, as schema.table",
        default=lambda said: said["table"] if said["target_conn_id"] != said["conn_id"] else "",
    ),
    Question(
        option="name",
        text="Name of the Dag",
        default=lambda said: re.sub(r"\W+", "_", said["table"].rpartition(".")[2]),
    ),
    Question(option="dags_folder", text="Folder of the Dags", default=lambda _: _dags_folder()),
    Question(
        option="tests_folder",
        text="Folder of the tests",
        default=lambda said: str(Path(said["dags_folder"]).absolute().parent / "tests"),
    ),
)
"""What is asked before the table is looked at."""


def _about(document: start.Document) -> tuple[Question, ...]:
    """What is asked once the table is known."""
    times = start.sliceable(document)
    only = times[0] if len(times) == 1 else ""
    unique = ",".join(start.unique(document)[:1])
    asked = Question(option="key", text="Columns that tell two rows apart, as a,b", default=lambda _: unique)
    key = () if start.key_of(document) else (asked,)
    shown = f" ({', '.join(times)})" if times else ""
    return (
        Question(option="slice_column", text=f"Column with the time of a row{shown}; empty = the whole table each time", default=lambda _: only),
        Question(option="grain", text=f"Length of a slice: {', '.join(start.CRONS)}", default=lambda _: "day"),
        Question(option="time_zone", text="Time zone in which slices begin", default=lambda _: "UTC"),
        *key,
        Question(option="owner", text="Team that owns the table (empty = leave it open)"),
        Question(option="latency_hours", text="Hours after a slice's end by which it must be there (empty = leave it open)"),
        Question(option="late_minutes", text="Minutes after a slice's end from which the source is late (empty = leave it open)"),
    )  # fmt: skip


@command
def new(args: Any) -> int:
    from airflow_provider_harness.wiring.authoring import starting

    said = _asked(args, WHERE, {})
    _needed(said)
    document, lost = starting.drafted(said["conn_id"], said["table"])
    said = _asked(args, _about(document), said)
    answers = start.checked(_answers(said, args.start_date), document)
    folders = Path(said["dags_folder"]).absolute(), Path(said["tests_folder"]).absolute()
    files = starting.texts(answers, document, *folders)
    write(files, force=args.force)
    left, out_of_it = start.questions(answers), [*start.left_out(answers, document), *lost]
    if args.output == "json":
        out(json.dumps({"files": [str(path) for path in files], "questions": left, "left_out": out_of_it}, indent=2))
        return FINE
    for path in files:
        out(f"written  {path}")
    for one in out_of_it:
        out(f"left out {' '.join(one.split())}")
    for question in left:
        out(f"open     {question}")
    contract, dag, test = files
    out(f"\nNext: airflow harness check {dag}\n      airflow harness explain {dag}\n      python -m pytest {test}")
    if left:
        out(f"Open questions are marked TODO(harness) in {contract.name}; check reports each until you answer it.")
    return FINE


def _asked(args: Any, questions: Sequence[Question], so_far: Mapping[str, str]) -> dict[str, str]:
    """The answers so far and those to more questions: an option, else what a person types, else the default."""
    said = dict(so_far)
    for question in questions:
        given, default = getattr(args, question.option), question.default(said)
        if given is not None or args.yes:
            said[question.option] = str(default if given is None else given)
            continue
        if not sys.stdin.isatty():
            raise ConfigurationError(
                "new",
                "asks a question, and there is no terminal for the answer.",
                fix="Give --yes to use options and defaults; the rest stays open.",
            )
        shown = f" [{default}]" if default else ""
        said[question.option] = input(f"{question.text}{shown}: ").strip() or default
    return said


def _needed(said: Mapping[str, str]) -> None:
    for option in ("conn_id", "table", "target_conn_id", "target_table"):
        if not said[option]:
            name = f"--{option.replace('_', '-')}"
            raise ConfigurationError(name, "is not given.", fix=f"Give it, such as {name} {_SUCH_AS[option]}.")


_SUCH_AS = {"conn_id": "shop", "table": "public.orders", "target_conn_id": "warehouse", "target_table": "shop.orders"}


def _answers(said: Mapping[str, str], start_date: str) -> start.Answers:
    """The answers with their types."""
    from airflow_provider_harness.wiring import rows

    return start.Answers(
        name=said["name"],
        conn_id=said["conn_id"],
        table=_with_schema(said["table"]),
        target_conn_id=said["target_conn_id"],
        target_table=_with_schema(said["target_table"]),
        bigquery=rows.connections.is_bigquery(said["target_conn_id"]),
        slice_column=said["slice_column"],
        time_zone=_zone(said["time_zone"]),
        grain=said["grain"],
        key=tuple(name.strip() for name in said.get("key", "").split(",") if name.strip()),
        owner=said["owner"],
        latency=_number("--latency-hours", said["latency_hours"], float),
        late=_number("--late-minutes", said["late_minutes"], int),
        start=_day(start_date),
    )


def _with_schema(table: str) -> str:
    return table if "." in table else f"public.{table}"


def _zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(
            "--time-zone", f"{name!r} is not a time zone.", fix="Give an IANA name, such as Europe/Berlin."
        ) from error
    return name


def _number(option: str, text: str, kind: Callable[[str], Any]) -> Any:
    """A number; None where nobody answered."""
    if not text:
        return None
    try:
        return kind(text)
    except ValueError as error:
        fix = "Give a whole number." if kind is int else "Give a number."
        raise ConfigurationError(option, f"{text!r} is not a number.", fix=fix) from error


def _day(text: str) -> str:
    """The first day; yesterday where nobody says."""
    if not text:
        return (datetime.now(tz=UTC) - timedelta(days=1)).date().isoformat()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError as error:
        raise ConfigurationError("--start-date", f"{text!r} is not a day.", fix="Write it like 2026-01-31.") from error


def _dags_folder() -> str:
    from airflow.configuration import conf

    return str(conf.get("core", "dags_folder"))


def write(files: Mapping[Path, str], *, force: bool) -> None:
    """Write all files, or leave everything as it was.

    :param force: replace files that are there.
    :raises ConfigurationError: one is there already, and says something else.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    others = [str(path) for path, text in files.items() if before[path] not in (None, text.encode())]
    if others and not force:
        raise ConfigurationError(
            ", ".join(others),
            "exists already, so the command wrote nothing.",
            fix="Give --name, or --force to replace it.",
        )
    made: list[Path] = []
    try:
        for path, text in files.items():
            for folder in reversed([one for one in path.parents if not one.exists()]):
                folder.mkdir()
                made.append(folder)
            made.append(path)
            path.write_text(text, encoding="utf-8")
    except OSError:
        _undo(made, before)
        raise


def _undo(made: Sequence[Path], before: Mapping[Path, bytes | None]) -> None:
    """Take away what was written, the last first."""
    for path in reversed(made):
        old = before.get(path)
        if old is not None:
            path.write_bytes(old)
        elif path.is_dir():
            path.rmdir()
        elif path.exists():
            path.unlink()
