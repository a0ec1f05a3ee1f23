"""Airflow's api-server from the inside: what a person who calls it may do, and what they do there. Only the plugin uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.oncall.incident_commands import Question
from airflow_provider_harness.core.errors import NotAllowed

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from sqlalchemy.orm import Session

    from airflow_provider_harness.core.diagnosis.failure import TryKey

#: The longest note that Airflow keeps, in characters.
NOTE_LENGTH = 1_000


def _manager() -> BaseAuthManager[Any]:
    from airflow.api_fastapi.app import get_auth_manager

    return get_auth_manager()


def readable(user: BaseUser, dag_ids: Iterable[str]) -> frozenset[str]:
    """Those of these Dags whose failures this person may read: the Dag, and logs of tasks."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.models.dag import DagModel

    manager, wanted = _manager(), sorted(set(dag_ids))
    if not manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.TASK_LOGS, user=user):
        return frozenset()
    team_of = DagModel.get_dag_id_to_team_name_mapping(wanted)
    teams: dict[str | None, set[str]] = {}
    for dag_id in wanted:
        teams.setdefault(team_of.get(dag_id), set()).add(dag_id)
    found = (
        manager.filter_authorized_dag_ids(dag_ids=some, user=user, method="GET", team_name=team)
        for team, some in teams.items()
    )
    return frozenset(dag_id for some in found for dag_id in some)


def _may(user: BaseUser, dag_id: str, entity: str) -> bool:
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.models.dag import DagModel

    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return _manager().is_authorized_dag(method="PUT", access_entity=DagAccessEntity[entity], details=details, user=user)


def may_act(user: BaseUser, dag_id: str) -> bool:
    """Whether this person may change task instances of a Dag."""
    return _may(user, dag_id, "TASK_INSTANCE")


def may_answer(user: BaseUser, dag_id: str) -> bool:
    """Whether this person may answer required actions of a Dag."""
    return _may(user, dag_id, "HITL_DETAIL")


def may_see(user: BaseUser) -> bool:
    """Whether this person may see what concerns the whole installation."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView

    return _manager().is_authorized_view(access_view=AccessView.CLUSTER_ACTIVITY, user=user)


def may_configure(user: BaseUser) -> bool:
    """Whether this person may change how the installation behaves: whoever may write connections, the harness's among them.

    A right to write Airflow's configuration exists in no role of FAB, an administrator's included.
    """
    return _manager().is_authorized_connection(method="PUT", user=user)


def see_plugins(user: BaseUser) -> bool:
    """Whether this person sees pages of plugins at all."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView

    return _manager().is_authorized_view(access_view=AccessView.PLUGINS, user=user)


class ServerPerson:
    """Implements ``app.oncall.incident_commands.CallerApi`` for whoever calls the api-server."""

    def __init__(self, user: BaseUser) -> None:
        self._user = user

    def who(self) -> str:
        return str(self._user.get_id())

    def note(self, key: TryKey, text: str) -> None:
        """Write a note where it failed, as Airflow's own route does."""
        from airflow.utils.session import create_session

        if not may_act(self._user, key.dag_id):
            raise NotAllowed(f"Airflow does not let {self.who()} change task instances of {key.dag_id}.")
        with create_session() as session:
            found: Any = _instance(session, key) if key.task_id else _run(session, key)
            if found is None:  # a broken file has neither, and a run may be gone
                return
            there = found.task_instance_note if key.task_id else found.dag_run_note
            if there is None:
                found.note = (text[:NOTE_LENGTH], self.who())
            else:  # given both at once, Airflow's model would take the pair for the text
                there.content, there.user_id = text[:NOTE_LENGTH], self.who()

    def state(self, key: TryKey) -> str:
        from airflow.utils.session import create_session

        with create_session() as session:
            found: Any = _instance(session, key) if key.task_id else _run(session, key)
            return "gone" if found is None else str(found.state or "")

    def question(self, dag_id: str, run_id: str, task_id: str) -> Question | None:
        raise NotImplementedError("A page answers by Airflow's own route, with the person's own cookie.")

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> bool:
        raise NotImplementedError("A page answers by Airflow's own route, with the person's own cookie.")


def _instance(session: Session, key: TryKey) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    names = ("dag_id", "run_id", "task_id", "map_index")
    return session.scalar(select(TaskInstance).where(*(getattr(TaskInstance, n) == getattr(key, n) for n in names)))


def _run(session: Session, key: TryKey) -> Any:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    return session.scalar(select(DagRun).where(DagRun.dag_id == key.dag_id, DagRun.run_id == key.run_id))
