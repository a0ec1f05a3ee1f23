"""Compiled contracts on disk: the same as compiled anew, whatever happened to the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_harness.adapters import contracts_cache
from airflow_provider_harness.adapters.contracts_cache import dump, restore
from airflow_provider_harness.adapters.contracts_odcs import load_contract
from airflow_provider_harness.core.contract import Contract

DAGS = Path(__file__).resolve().parents[3] / "dags" / "contracts"
FILES = sorted(DAGS.glob("*.odcs.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_contract_comes_back_from_disk_as_it_was(file: Path) -> None:
    contract = load_contract(str(file))
    assert restore(dump(contract)) == contract
    assert repr(restore(dump(contract))) == repr(contract), "a 1 is no 1.0 and no True"


def compiled(path: str) -> Contract:
    return replace(load_contract(str(FILES[0])), place=path)


def test_the_second_reader_compiles_nothing(tmp_path: Path) -> None:
    first = contracts_cache.cached("text", "a.yaml", tmp_path, lambda text, path: compiled(path))
    again = contracts_cache.cached("text", "b.yaml", tmp_path, lambda text, path: pytest.fail("compiled again"))
    assert again == replace(first, place="b.yaml")
    assert [file.suffix for file in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize("junk", ["", "{", "[]", "{}", '{"id": 3}', "null"])
def test_a_spoilt_file_is_compiled_again_and_mended(tmp_path: Path, junk: str) -> None:
    contracts_cache.cached("text", "a.yaml", tmp_path, lambda text, path: compiled(path))
    [file] = tmp_path.iterdir()
    file.write_text(junk)
    found = contracts_cache.cached("text", "a.yaml", tmp_path, lambda text, path: compiled(path))
    assert found == compiled("a.yaml")
    assert restore(file.read_text()) == found


def test_another_content_and_another_compiler_are_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("one", "two"):
        contracts_cache.cached(text, "a.yaml", tmp_path, lambda text, path: compiled(path))
    monkeypatch.setattr(contracts_cache, "_compiler", lambda: "next")
    contracts_cache.cached("one", "a.yaml", tmp_path, lambda text, path: compiled(path))
    assert len(list(tmp_path.iterdir())) == 3
