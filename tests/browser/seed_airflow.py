"""Puts Dags into Airflow's database, a failed run of each, and runs of the healer whose question is open: run with the server's
environment.

Stands in for the scheduler, the Dag processor and the healer, which a test of pages needs not start. Arguments: a folder with
Dag files, and JSON: run id -> {"subject": the question, "assigned": who may answer}.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HEALER, RUN = "harness_healer", "manual__1"


def main(folder: Path, questions: dict[str, dict[str, object]]) -> None:
    """Parse, write, and open the questions."""
    bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    opened = datetime.now(UTC) - timedelta(minutes=2)
    with create_session() as session:
        for dag_id in sorted(bag.dags.keys() - {HEALER}):
            _run(session, dag_id, RUN, opened).state = TaskInstanceState.FAILED
        for run_id, question in questions.items():
            task = _run(session, HEALER, run_id, opened)
            task.state, task.start_date = TaskInstanceState.AWAITING_INPUT, opened
            assigned = [{"id": user, "name": user} for user in question["assigned"]]  # type: ignore[attr-defined]
            session.add(
                HITLDetail(
                    ti_id=task.id,
                    options=["Approve", "Refuse"],
                    subject=question["subject"],
                    params={},
                    assignees=assigned,
                    created_at=opened,
                )
            )


def _run(session: Session, dag_id: str, run_id: str, at: datetime) -> TaskInstance:
    """The only task of a new run."""
    dag = SerializedDagModel.get_dag(dag_id, session=session)
    assert dag is not None
    run: DagRun = dag.create_dagrun(
        run_id=run_id,
        run_after=at,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.RUNNING,
        session=session,
    )
    [task] = run.get_task_instances(session=session)
    return task


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
