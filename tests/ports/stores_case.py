"""A harness store for each test: migrated once in a session, and copied, which costs a fraction of the migrations."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.testing.postgres import PostgresServer

TEMPLATE = "harness_store_template"


def _migrated(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in SQLite, to be copied."""
    path = tmp_path_factory.mktemp("store") / "harness.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def store_database(postgres: PostgresServer) -> str:
    """The name of a store in PostgreSQL, to be copied; nobody may be connected to it."""
    postgres.ensure_database(TEMPLATE)
    _migrated(postgres.url(TEMPLATE, driver="psycopg"))
    return TEMPLATE


@contextmanager
def empty_store(engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where an empty store is that only this test has."""
    if engine == "sqlite":
        path = request.getfixturevalue("tmp_path") / "harness.db"
        shutil.copyfile(request.getfixturevalue("store_file"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name, template = f"test_{uuid.uuid4().hex}", request.getfixturevalue("store_database")
    server.ensure_database(name, template=template)
    yield server.url(name, driver="psycopg")
    server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where an empty store is that only this test has, in SQLite and in PostgreSQL."""
    with empty_store(request.param, request) as url:
        yield url
