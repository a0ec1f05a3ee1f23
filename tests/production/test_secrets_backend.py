"""A secrets backend fails in every way, for real: HashiCorp's client by way of the fault proxy, and a small server in Vault's place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from airflow.sdk.configuration import clear_secrets_backends_cache
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness import config
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.wiring import store as wiring_store
from tests.faults.proxy import HTTP, NETWORK, FaultProxy, Mode
from tests.production.conftest import needs

pytestmark = [pytest.mark.slow, needs("airflow.providers.hashicorp")]

URL = "postgres://harness:secret@db:5432/harness"
BACKEND = "airflow.providers.hashicorp.secrets.vault.VaultBackend"
SECRETS = {"harness_store": URL}


@pytest.fixture(scope="module")
def vault() -> Iterator[FaultProxy]:
    """The way to a key-value engine, version 2."""
    server = HTTPServer(threaded=True)
    server.expect_request(re.compile("^/v1/.*")).respond_with_handler(_answer)
    server.start()  # type: ignore[no-untyped-call]
    with FaultProxy(server.port) as proxy:
        yield proxy
    server.stop()  # type: ignore[no-untyped-call]


def _answer(request: Request) -> Response:
    name = request.path.removeprefix("/v1/secret/data/connections/")
    found = {"data": {"data": {"conn_uri": SECRETS[name]}, "metadata": {}}} if name in SECRETS else {"errors": []}
    told = {"data": {"id": "token"}} if request.path.endswith("/lookup-self") else found
    return Response(json.dumps(told), status=200 if "data" in told else 404, content_type="application/json")


@pytest.fixture(autouse=True)
def backend(vault: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    vault.be(Mode.WELL)
    kwargs = {"url": f"http://127.0.0.1:{vault.port}", "token": "token", "mount_point": "secret", "timeout": 1}
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", BACKEND)
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps(kwargs))
    clear_secrets_backends_cache()
    yield
    clear_secrets_backends_cache()


def store_url(**given: str) -> str:
    return wiring_store.store_url(config.read(lambda option, fallback: given.get(option, fallback)), capture=False)


def test_a_store_is_found_in_it() -> None:
    assert "secret@db:5432/harness" in store_url()


MODES = [mode for mode in (*NETWORK, *HTTP) if mode not in (Mode.FLAPPING, Mode.TRICKLE, Mode.NOT_FOUND)]
"""Not: what the client's own second try makes up for; an answer that never ends; a 404, which is the backend's word for "none"."""


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_backend_that_is_away_is_no_word_that_there_is_no_store(vault: FaultProxy, mode: Mode) -> None:
    """SQLite in its place would take failures that nobody ever reads."""
    vault.be(mode)
    with pytest.raises(HarnessUnavailable, match=r"^(the harness store|connection harness_store) is unavailable: "):
        store_url()


@pytest.mark.parametrize("mode", [*MODES, Mode.NOT_FOUND], ids=str)
def test_where_an_administrator_says_connection_there_is_never_another_store(vault: FaultProxy, mode: Mode) -> None:
    vault.be(mode)
    with pytest.raises(HarnessUnavailable):
        store_url(store="connection")
