"""An auth manager for tests: Airflow's simple one, that refuses Dags named ``secret...`` to whoever is no administrator."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

SECRET = "secret"


class PerDag(SimpleAuthManager):
    """Refuses by Dag, as FAB's does."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **given: Any) -> bool:
        refused = details is not None and str(details.id or "").startswith(SECRET) and user.role != "admin"
        return not refused and super().is_authorized_dag(user=user, details=details, **given)
