"""Puts Dags into Airflow's database, and a run of the healer whose question is open: run with the server's environment.

Stands in for the scheduler, the Dag processor and the healer, which a test of pages needs not start. Arguments: a folder with
Dag files, and JSON: run id -> {"subject": the question, "assigned": who may answer}.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType


def main(folder: Path, questions: dict[str, dict[str, object]]) -> None:
    """Parse, write, and open the questions."""
    bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    opened = datetime.now(UTC) - timedelta(minutes=2)
    with create_session() as session:
        for run_id, question in questions.items():
            healer = SerializedDagModel.get_dag("harness_healer", session=session)
            assert healer is not None
            run: DagRun = healer.create_dagrun(
                run_id=run_id,
                run_after=opened,
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.RUNNING,
                session=session,
            )
            [task] = run.get_task_instances(session=session)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
