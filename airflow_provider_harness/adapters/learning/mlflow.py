"""A registry of models in MLflow, by its REST API: versions, metrics of their runs, and the alias of the one in use.

MLflow has no alias that moves only if nobody moved it before, so two promotions at the same moment are told apart only
by what is read back afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.learning.models import ModelVersion

if TYPE_CHECKING:
    import httpx

HOLDOUT_TAG = "harness.holdout_hash"
"""Tag of a run, or of a model's version, that says which holdout its metrics are of."""
SECONDS = 30
_ABSENT = (
    ("RESOURCE_DOES_NOT_EXIST", ""),
    ("INVALID_PARAMETER_VALUE", "alias"),
    ("INVALID_PARAMETER_VALUE", "'version'"),
)
"""What MLflow says of a version, or an alias, that is not there, or that no version can be called: its code, and a word of its message."""


class MlflowModels:
    """Implements ``app.ports.models.ModelRegistry``.

    :param url: address of the tracking server.
    :param alias: of the version in use.
    :param user: of basic authentication; empty with a password: that is a bearer token; both empty: none.
    """

    def __init__(self, url: str, *, alias: str = "champion", user: str = "", password: str = "") -> None:
        import httpx

        self._url, self._alias = url.rstrip("/"), alias
        bearer = {"Authorization": f"Bearer {password}"} if password and not user else {}
        self._client = httpx.Client(auth=(user, password) if user else None, headers=bearer, timeout=SECONDS)

    def version(self, model: str, version: str) -> ModelVersion | None:
        found = self._ask("GET", "model-versions/get", {"name": model, "version": version})
        if found is None:
            return None
        told = found["model_version"]
        run = self._ask("GET", "runs/get", {"run_id": told["run_id"]}) if told.get("run_id") else None
        data = run["run"]["data"] if run else {}
        tags = {one["key"]: one["value"] for one in (*data.get("tags", ()), *told.get("tags", ()))}
        return ModelVersion(
            model=model,
            version=str(told["version"]),
            metrics={one["key"]: float(one["value"]) for one in data.get("metrics", ())},
            holdout_hash=str(tags.get(HOLDOUT_TAG, "")),
            uri=str(told.get("source", "")),
        )

    def current(self, model: str) -> str | None:
        found = self._ask("GET", "registered-models/alias", {"name": model, "alias": self._alias})
        return str(found["model_version"]["version"]) if found else None

    def point(self, model: str, version: str, *, expected: str | None) -> None:
        there = self.current(model)
        if there == version:
            return
        if there != expected:
            why = f"version {there} is in use, and {expected} was before: somebody else was faster."
            raise HarnessUnavailable(f"model {model}", why)
        told = {"name": model, "alias": self._alias, "version": version}
        if self._ask("POST", "registered-models/alias", told) is None:
            raise HarnessUnavailable(f"model {model}", f"MLflow has no version {version} of it.")

    def _ask(self, method: str, path: str, given: Mapping[str, str]) -> Any:
        """An answer; None where what is asked for does not exist."""
        import httpx

        address = f"{self._url}/api/2.0/mlflow/{path}"
        sent: dict[str, Any] = {"params": dict(given)} if method == "GET" else {"json": dict(given)}
        try:
            answer = self._client.request(method, address, **sent)
            return self._read(answer)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise HarnessUnavailable("MLflow", f"{path} at {self._url}: {error}") from error

    def _read(self, answer: httpx.Response) -> Any:
        body = answer.json()
        if answer.is_success:
            return body
        code, message = str(body.get("error_code", answer.status_code)), str(body.get("message", ""))
        if any(code == absent and word in message for absent, word in _ABSENT):
            return None
        raise HarnessUnavailable("MLflow", f"{code}: {message}"[:300])
