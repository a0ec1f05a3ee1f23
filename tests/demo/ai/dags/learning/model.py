"""The demo's model: scikit-learn's logistic regression on the published training set."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

HOLDOUT = "scheduled_at >= '2013-01-25 00:00 America/New_York' AND scheduled_at < '2013-02-01 00:00 America/New_York'"
LATE = 15
"""Minutes from which on a flight is late; as in the statistics of the Bureau of Transportation."""


def trained(conn_id: str) -> dict[str, Any]:
    """Learn from all rows but the holdout's, measure on those, and say where the model is."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    hook = PostgresHook(postgres_conn_id=conn_id)
    asked = (
        "SELECT id, mean_delay, departed, date_part('hour', scheduled_at AT TIME ZONE 'America/New_York'), delay >= %s"
        " FROM public.late_departures WHERE mean_delay IS NOT NULL AND {} ORDER BY id"
    )
    learned = hook.get_records(asked.format(f"NOT ({HOLDOUT})"), parameters=(LATE,))
    held = hook.get_records(asked.format(HOLDOUT), parameters=(LATE,))
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit([row[1:4] for row in learned], [row[4] for row in learned])
    auc = float(roc_auc_score([row[4] for row in held], model.predict_proba([row[1:4] for row in held])[:, 1]))
    file = Path.cwd() / f"late_departures_{len(learned)}.pickle"
    file.write_bytes(pickle.dumps(model))
    rows = hashlib.sha256("\n".join(f"{row[0]} {row[4]}" for row in held).encode()).hexdigest()
    return {
        "metrics": {"auc": round(auc, 4)},
        "holdout_hash": f"sha256:{rows[:16]}",
        "rows": len(learned),
        "uri": file.as_uri(),
    }
