"""``airflow harness incidents take|return|ack|forget|resolve``, ``approve`` and ``refuse``: what a person does, as that
person."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.oncall import incident_commands as hand_over
from airflow_provider_harness.app.oncall.approve import APPROVE, REFUSE
from airflow_provider_harness.app.oncall.incident_commands import CommandResult, IncidentCommands
from airflow_provider_harness.cli.incidents.which import incident_id
from airflow_provider_harness.cli.running import FINDINGS, FINE, command, out, show
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.airflow.user_api import AirflowPerson

#: How often what cannot be done yet is waited for, some seconds each time.
MOST_WAITS = 3
#: Airflow's own name for the token of whoever calls.
TOKEN = "AIRFLOW_CLI_TOKEN"


@command
def incidents_take(args: Any) -> int:
    return _at_the_desk(args, hand_over.take)


@command
def incidents_return(args: Any) -> int:
    return _at_the_desk(args, hand_over.return_incident)


@command
def incidents_ack(args: Any) -> int:
    return _at_the_desk(args, hand_over.acknowledge)


@command
def incidents_forget(args: Any) -> int:
    return _at_the_desk(args, lambda desk, name: hand_over.forget(desk, name, args.why))


@command
def incidents_resolve(args: Any) -> int:
    return _at_the_desk(args, lambda desk, name: hand_over.resolve(desk, name, args.why, unproved=args.unproved))


@command
def approve(args: Any) -> int:
    return _answer(args, APPROVE)


@command
def refuse(args: Any) -> int:
    return _answer(args, REFUSE)


def _answer(args: Any, option: str) -> int:
    from airflow_provider_harness import config

    healer = config.read().healer_dag_id
    return _at_the_desk(args, lambda desk, name: hand_over.answer(desk, name, option, healer))


def person(args: Any) -> AirflowPerson:
    """Airflow's API as whoever calls.

    :raises ConfigurationError: no token was given.
    """
    from airflow_provider_harness.adapters.airflow.user_api import AirflowPerson
    from airflow_provider_harness.wiring import healing as wiring

    token = args.token or os.environ.get(TOKEN, "")
    if not token:
        fix = f'Set {TOKEN} (or --token) to a token of your own: eval "$(airflow harness login --user YOU)"'
        raise ConfigurationError("token", "is not given; the command acts as you, not as the harness.", fix=fix)
    return AirflowPerson(args.url or wiring.airflow_url(), token)


def _at_the_desk(args: Any, do: Callable[[IncidentCommands, str], CommandResult]) -> int:
    from airflow_provider_harness.wiring import healing as wiring

    store = wiring.store()
    me = person(args)
    name = incident_id(store, args.incident_id)
    for waited in range(MOST_WAITS + 1):
        found = do(IncidentCommands(store=store, person=me, pager=wiring.pager(), now=wiring.now()), name)
        if not found.again_in or waited == MOST_WAITS:
            break
        time.sleep(found.again_in)
    if args.output == "json":
        show(args, [{"incident": name, "done": found.done, "what": found.text}], "")
    else:
        out(f"{name}: {found.text}")
    return FINE if found.done else FINDINGS
