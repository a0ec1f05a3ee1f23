"""Great Expectations' Data Docs of one gate: a small site of its own, on any Airflow object storage."""

from __future__ import annotations

import copy
import logging
import tempfile
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.contracts.contract import Contract

log = logging.getLogger(__name__)

SITE = "harness"
SHOWN_VALUES = 20
"""Unexpected values that a page shows of one expectation, as Great Expectations itself does."""
LISTS = ("unexpected_list", "partial_unexpected_list", "partial_unexpected_counts")


def folder_of(docs: str, table: str, key: str) -> str:
    """Where the pages of one slice of one table are; empty where no docs are wanted."""
    return f"{docs.rstrip('/')}/{table}/{key}" if docs else ""


def publish(context: Any, suite: Any, result: Any, contract: Contract, folder: str) -> None:
    """Render a validation and its suite, and put the pages into a folder, where they replace those of an earlier look.

    Storage that is away costs the pages and no gate. Values are shown only of columns that the contract calls public.

    :param folder: local path or URI.
    """
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    with tempfile.TemporaryDirectory(prefix="harness-") as made:
        backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": made}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        site = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": backend,
            "site_index_builder": index,
        }
        context.add_data_docs_site(SITE, site)
        context.suites.add(suite)
        name = RunIdentifier(run_name=folder.rpartition("/")[2])
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(suite.name),
            run_id=name,
            batch_identifier=contract.table,
        )
        context.validation_results_store.set(key, _shown(result, contract))
        context.build_data_docs(site_names=[SITE])
        try:
            _copy(Path(made), folder)
        except OSError as error:
            log.warning("The Data Docs could not be written to %s: %s", folder, error)
            return
    log.info("Data Docs: %s/index.html", folder)


def _shown(result: Any, contract: Contract) -> Any:
    """A validation without the values of columns that are not public."""
    shown = copy.deepcopy(result)
    public = {name for name, kind in contract.classified().items() if kind == "public"}
    for one in shown.results:
        kwargs = one.expectation_config.kwargs
        named = {str(kwargs[key]) for key in kwargs if key.startswith("column") and isinstance(kwargs[key], str)}
        named |= {str(name) for key in ("column_list", "column_set") for name in kwargs.get(key) or ()}
        if named and named <= public:
            one.result = {
                name: value[:SHOWN_VALUES] if name in LISTS and value else value for name, value in one.result.items()
            }
        else:
            one.result = {name: value for name, value in one.result.items() if isinstance(value, int | float)}
    return shown


def _copy(made: Path, folder: str) -> None:
    from airflow.sdk import ObjectStoragePath

    target: Any = ObjectStoragePath(folder if "://" in folder else f"file://{folder}")
    for page in sorted(path for path in made.rglob("*") if path.is_file()):
        there = target / page.relative_to(made).as_posix()
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(page.read_bytes())
