"""``airflow harness init``: healer Dag, policy, approvers, connections and settings in one guided step."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out
from airflow_provider_harness.core.errors import ConfigurationError

#: Where the secrets come from that a command line would show to everybody on the machine.
PASSWORD, ROUTING_KEY = "HARNESS_PASSWORD", "PAGERDUTY_ROUTING_KEY"

HEALER = '''"""The healer and the reconciler of airflow-provider-harness."""

from airflow_provider_harness.dags import healer_dag

dag = healer_dag()
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that ``init`` must know.

    :param default: where nobody says otherwise.
    """

    option: str
    text: str
    default: Callable[[], str]
    secret: bool = False


def _conf(section: str, option: str, otherwise: str = "") -> Callable[[], str]:
    def read() -> str:
        from airflow.configuration import conf

        return str(conf.get(section, option, fallback=otherwise) or otherwise)

    return read


def _home() -> str:
    from airflow_provider_harness import config

    return config.airflow_home("harness")


QUESTIONS: Sequence[Question] = (
    Question(option="dags_folder", text="Folder of the Dags, for the healer", default=_conf("core", "dags_folder")),
    Question(option="folder", text="Folder for policy, approvers and settings", default=_home),
    Question(
        option="airflow_url",
        text="Address of Airflow's api-server",
        default=_conf("api", "base_url", "http://localhost:8080"),
    ),
    Question(option="login", text="The harness's own user in Airflow, with a user's rights", default=lambda: "harness"),
    Question(option="password", text="Its password", default=lambda: os.environ.get(PASSWORD, ""), secret=True),
    Question(option="store_url", text="Address of the store's database (empty = SQLite)", default=lambda: ""),
    Question(option="approvers", text="Who may answer for which owner, as owner=user,...", default=lambda: ""),
    Question(option="enroll", text="Dags to enrol without changing them: none, all, tag:NAME", default=lambda: "none"),
    Question(
        option="routing_key",
        text="Integration key of a PagerDuty service (empty = pages go to the log)",
        default=lambda: os.environ.get(ROUTING_KEY, ""),
        secret=True,
    ),
)  # fmt: skip


@command
def init(args: Any) -> int:
    answers = {question.option: _answer(args, question) for question in QUESTIONS}
    env = settings(answers)
    os.environ.update(env)
    _store()  # first: Airflow may start the healer's Dags as soon as their file is there
    kept = [path for path, text in written(answers, env).items() if not _write(path, text, overwrite=args.overwrite)]
    _doctor()
    out(f"\nGive {env_file(answers)} to every Airflow process (`. {env_file(answers)}`), and restart them.")
    return FINDINGS if kept else FINE


def _answer(args: Any, question: Question) -> str:
    given = getattr(args, question.option, None)
    default = question.default()
    if given is not None or args.yes:
        return str(default if given is None else given)
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "init",
            "asks a question, and there is no terminal for the answer.",
            fix="Give --yes to use options and defaults.",
        )
    ask: Callable[[str], str] = getpass.getpass if question.secret else input
    shown = "" if question.secret or not default else f" [{default}]"
    return ask(f"{question.text}{shown}: ").strip() or default


def env_file(answers: Mapping[str, str]) -> Path:
    """The file with connections and settings."""
    return Path(answers["folder"]).absolute() / "harness.env"


def settings(answers: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of every Airflow process: the section ``[harness]`` and the harness's connections."""
    from airflow_provider_harness import config

    config.read_one("enroll", lambda _option, _fallback: answers["enroll"])
    folder = env_file(answers).parent
    env = {
        "AIRFLOW__HARNESS__MODE": "shadow",
        "AIRFLOW__HARNESS__STORE": config.Place.CONNECTION if answers["store_url"] else config.Place.SQLITE,
        "AIRFLOW__HARNESS__ENROLL": answers["enroll"],
        "AIRFLOW__HARNESS__POLICY_FILE": str(folder / "policy.yaml"),
        "AIRFLOW__HARNESS__APPROVERS_FILE": str(folder / "approvers.yaml"),
    }
    if answers["password"]:
        account = {"conn_type": "http", "host": answers["airflow_url"], "login": answers["login"]}
        env["AIRFLOW_CONN_HARNESS_AIRFLOW"] = json.dumps(account | {"password": answers["password"]})
    if answers["store_url"]:
        env["AIRFLOW_CONN_HARNESS_STORE"] = answers["store_url"]
    if answers["routing_key"]:
        paging = {"conn_type": "pagerduty_events", "password": answers["routing_key"]}
        env["AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT"] = json.dumps(paging)
    return env


def written(answers: Mapping[str, str], env: Mapping[str, str]) -> dict[Path, str]:
    """Every file and its text."""
    folder = env_file(answers).parent
    policy = (files("airflow_provider_harness.adapters.yaml_files") / "policy_default.yaml").read_text()
    lines = [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
    return {
        Path(answers["dags_folder"]).absolute() / "harness_healer.py": HEALER,
        folder / "policy.yaml": policy,
        folder / "approvers.yaml": _approvers(answers["approvers"]),
        env_file(answers): "\n".join(lines) + "\n",
    }


def _approvers(text: str) -> str:
    teams: dict[str, list[str]] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        owner, equals, user = (word.strip() for word in pair.partition("="))
        if not (owner and equals and user):
            raise ConfigurationError(
                f"--approvers {pair!r}", "is not owner=user.", fix="Such as data-team=ann,data-team=bob."
            )
        teams.setdefault(owner, []).append(user)
    head = (
        "# Contract team or Dag owner -> ids of the users who may answer for it. If nobody is named, on-call is "
        "paged instead.\n"
    )
    return head + ("".join(f"{owner}: {json.dumps(users)}\n" for owner, users in teams.items()) or "{}\n")


def _write(path: Path, text: str, *, overwrite: bool) -> bool:
    """Write a file, for its owner only; False where another one is there and stays."""
    old = path.read_text() if path.exists() else None
    if old == text:
        out(f"as it was  {path}")
        return True
    if old is not None and not overwrite:
        out(f"kept       {path} differs from the generated file; --overwrite replaces it")
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if old is not None:
        path.replace(path.with_name(f"{path.name}.old"))
        out(f"REPLACED   {path}; the old one is {path.name}.old")
    else:
        out(f"written    {path}")
    path.touch(mode=0o644 if path.suffix == ".py" else 0o600)
    path.write_text(text)
    return True


def _store() -> None:
    from airflow_provider_harness.adapters.store.migrate import upgrade
    from airflow_provider_harness.wiring import store as wiring_store

    engine = wiring_store.whole_engine()
    out(f"store      {engine.url.render_as_string(hide_password=True)} at revision {upgrade(engine)}")


def _doctor() -> None:
    from airflow_provider_harness.cli.doctor import report as doctor

    out("\nairflow harness doctor says (the Dags appear when Airflow has read the folder):")
    out("\n".join(line for row in doctor.examination() for line in doctor.told(row)))
