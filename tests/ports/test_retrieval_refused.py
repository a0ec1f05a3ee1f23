"""Documents, vectors and models that are not as they should be: each is named with its place, and what was published stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.learning.retrieval.served import LONGEST_PAUSE, TRIES, ServedEmbedder
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, HarnessUnavailable
from airflow_provider_harness.testing.embedding import HashEmbedder
from tests.ports.retrieval_case import CONTRACT, PAGES, Library, library

__all__ = ["library"]

QUARANTINE = CONTRACT.replace(
    "schema:\n",
    "customProperties:\n  - {property: harness.malformedRows, value: {policy: quarantine, maxRows: 1, maxPercent: 50}}\nschema:\n",
    1,
)


class Odd(HashEmbedder):
    """Gives another vector where a text has a word."""

    def __init__(self, vectors: dict[str, Callable[[list[float]], Sequence[float]]]) -> None:
        super().__init__()
        self._odd = vectors

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return [self._changed(text, list(one)) for text, one in zip(texts, super().embed(texts), strict=True)]

    def _changed(self, text: str, vector: list[float]) -> Sequence[float]:
        return next((change(vector) for word, change in self._odd.items() if word in text), vector)


def refused(library: Library, *args: Any, **more: Any) -> ContractViolation:
    """What blocks; what was served before still is."""
    before = library.rows("SELECT doc_id, text FROM ai.handbook ORDER BY 1")
    with pytest.raises(AirflowFailException) as caught:
        library.index(*args, **more)
    assert library.rows("SELECT doc_id, text FROM ai.handbook ORDER BY 1") == before
    assert isinstance(caught.value.__cause__, ContractViolation)
    return caught.value.__cause__


BAD = {
    "a.md": (b"\xff\xfe\x00", "a.md: is not text in UTF-8: byte 0 is 0xff"),
    "a.txt": (b"one\0two", "a.txt: is not text: character 3 is the one of number 0"),
    "a.png": (b"PNG", "a.png: has the suffix '.png', which names no format that is read; valid: .txt"),
    "a.pdf": (b"%PDF-1.4 broken", "a.pdf: is not a PDF that can be read"),
}


def test_a_document_that_is_no_text_is_named(library: Library) -> None:
    library.index()
    for name, (text, _) in BAD.items():
        library.page(name, text)
    error = refused(library, QUARANTINE)
    assert [told for _, told in BAD.values() if told not in str(error)] == []
    assert [one.id for one in error.report.failed] == ["index:readable"], "four are more than may be set aside"
    for name in list(BAD)[1:]:
        (library.home / "docs" / name).unlink()
    done = library.index(QUARANTINE)
    assert (done["rows"], done["set_aside"]) == (4, 1)


def test_a_vector_that_is_none_blocks_and_is_asked_for_again(library: Library) -> None:
    odd: dict[str, tuple[Callable[[list[float]], Sequence[float]], str]] = {
        "odd-dimension": (lambda found: found[:10], "has 10 dimensions in place of 64"),
        "odd-nan": (lambda found: [float("nan"), *found[1:]], "is not finite"),
        "odd-null": (lambda found: [], "is null"),
        "odd-zero": (lambda found: [0.0] * len(found), "is zero"),
    }
    library.index()
    library.model = Odd({word: vector for word, (vector, _) in odd.items()})
    for word in odd:
        library.page(f"{word}.md", f"# Page\n\nAn {word} page.\n")
    error = refused(library)
    assert {one.id: one.failing for one in error.report.failed} == {"index:dimension": 1, "index:vectors": 4}
    [vectors] = [one for one in error.report.failed if one.id == "index:vectors"]
    assert [(one["document"], one["vector"]) for one in vectors.samples] == [
        (f"{word}.md", told) for word, (_, told) in odd.items()
    ]
    assert "document odd-dimension.md, passage 0, vector has 10 dimensions in place of 64" in str(error)
    library.model = HashEmbedder()
    assert library.index()["embedded"] == 4
    assert "odd-zero.md" in library.served()


def test_an_empty_folder_and_one_that_is_not_there_are_named(library: Library, tmp_path: Path) -> None:
    library.index()
    (tmp_path / "docs" / "none").mkdir()
    error = refused(library, documents=f"file://{tmp_path}/docs/none")
    assert "present: expected more than 0 rows" in str(error)
    with pytest.raises(AirflowFailException, match=r"nowhere is not a folder\. Name a folder that the worker can read"):
        library.index(documents=f"file://{tmp_path}/nowhere")


def test_golden_questions_must_still_lead_to_their_document(library: Library, tmp_path: Path) -> None:
    golden = [
        {"question": "Who restarts the scheduler?", "expects": ["ops/restart.md"]},
        {"question": "Which log may be deleted when the volume is full?", "expects": ["ops/disk.md"]},
    ]
    (tmp_path / "golden.yaml").write_text(json.dumps(golden))
    library.index(golden="golden.yaml")
    (tmp_path / "docs" / "ops" / "disk.md").unlink()
    error = refused(library, golden="golden.yaml")
    [failed] = error.report.failed
    assert (failed.id, failed.value) == ("index:recall", 0.5)
    assert "Which log may be deleted when the volume is full?, document ops/disk.md" in str(error)
    assert library.index(golden="golden.yaml", least_recall=0.5)["gone"] == 1


def test_a_contract_that_does_not_say_what_a_document_is_is_refused(library: Library) -> None:
    for contract, told in (
        (CONTRACT.replace("primaryKey: true, ", ""), r"has no primary key of one column"),
        (
            CONTRACT.replace("name: folder", "name: team"),
            r"has team, which files do not have\. Valid: doc_id, text, folder, format, title",
        ),
        (CONTRACT.replace("name: text", "name: body"), r"has no column 'text'"),
    ):
        with pytest.raises(AirflowFailException, match=told):
            library.index(contract)


def test_the_contracts_own_checks_gate_the_documents(library: Library) -> None:
    rule = "quality: [{metric: invalidValues, arguments: {validValues: [ops]}, mustBe: 0}]"
    library.index()
    library.page("ops/more.md", "more\n")
    error = refused(library, CONTRACT.replace("name: folder,", f"name: folder, {rule},"))
    assert [one.failing for one in error.report.failed] == [2], "both of the folder people"


@pytest.fixture
def provider(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """A provider over HTTP, whose connection is ``model``."""
    connection = {"conn_type": "http", "host": httpserver.url_for("/v1"), "password": "sk-secret"}
    monkeypatch.setenv("AIRFLOW_CONN_MODEL", json.dumps(connection))
    yield httpserver
    httpserver.clear()


def answered(request: Request) -> Response:
    """Vectors of the hash model, in another order than asked."""
    body = request.get_json()
    vectors = HashEmbedder(dimension=body.get("dimensions", 8)).embed(body["input"])
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return Response(json.dumps({"data": data[::-1], "model": body["model"]}), content_type="application/json")


def test_any_provider_is_reached_by_its_connection(library: Library, provider: HTTPServer) -> None:
    provider.expect_request(
        "/v1/embeddings", method="POST", headers={"Authorization": "Bearer sk-secret"}
    ).respond_with_handler(answered)
    told = library.index(model="small", model_conn_id="model", dimension=16)
    assert (told["rows"], told["embedded"]) == (4, 5)
    terms = {"embedder": None, "model": "small", "model_conn_id": "model", "dimension": 16}
    assert library.search("heartbeat of the scheduler", **terms)[0].document == "ops/restart.md"
    [(dimension, version)] = library.rows("SELECT dimension, model_version FROM ai.handbook__index")
    assert (dimension, version) == (16, "16 dimensions")


@pytest.mark.parametrize(
    ("status", "text", "error", "told"),
    [
        (
            401,
            "bad key sk-secret",
            ConfigurationError,
            r"refused model small with 401: bad key .*Correct the password",
        ),
        (404, "", ConfigurationError, r"refused model small with 404.*ends before /embeddings"),
        (200, "{}", HarnessUnavailable, r"its answer is malformed \(KeyError"),
        (200, '{"data": []}', HarnessUnavailable, r"its answer has 0 vectors for 1 passages"),
    ],
)
def test_what_a_provider_refuses_is_named_without_its_key(
    provider: HTTPServer, status: int, text: str, error: type[Exception], told: str
) -> None:
    provider.expect_request("/v1/embeddings").respond_with_data(text, status=status)
    with pytest.raises(error, match=told) as caught:
        ServedEmbedder(provider.url_for("/v1"), "sk-secret", "small", name="connection model").embed(["a"])
    assert "sk-secret" not in str(caught.value)


def embedder(server: HTTPServer, slept: list[float], seconds: float = 5.0) -> ServedEmbedder:
    return ServedEmbedder(
        server.url_for("/v1"), "", "small", name="connection model", seconds=seconds, sleep=slept.append
    )


def test_a_provider_that_asks_to_wait_is_asked_again_after_it(provider: HTTPServer) -> None:
    slept: list[float] = []
    provider.expect_ordered_request("/v1/embeddings").respond_with_data(
        "slow down", status=429, headers={"Retry-After": "7"}
    )
    provider.expect_ordered_request("/v1/embeddings").respond_with_data("", status=503)
    provider.expect_ordered_request("/v1/embeddings").respond_with_handler(answered)
    assert len(embedder(provider, slept).embed(["a", "b"])) == 2
    assert slept == [7.0, 2.0]


def test_a_provider_that_stays_away_is_left_to_the_tasks_own_retry(provider: HTTPServer) -> None:
    slept: list[float] = []
    provider.expect_request("/v1/embeddings").respond_with_data(
        "slow down", status=429, headers={"Retry-After": "3600"}
    )
    with pytest.raises(
        HarnessUnavailable,
        match=r"model small \(connection model\) is unavailable: it answered 429 and asks to wait 3600 s",
    ):
        embedder(provider, slept).embed(["a"])
    assert slept == [], f"{LONGEST_PAUSE} s is the longest that is waited here"
    provider.clear()
    provider.expect_request("/v1/embeddings").respond_with_data("", status=500)
    with pytest.raises(HarnessUnavailable, match=rf"it answered 500.*{TRIES} time\(s\)"):
        embedder(provider, slept).embed(["a"])
    assert len(slept) == TRIES - 1


def test_a_provider_that_is_slow_or_not_there_can_be_tried_again(provider: HTTPServer) -> None:
    import time

    def late(_: Request) -> Response:
        time.sleep(0.3)
        return Response("{}")

    provider.expect_request("/v1/embeddings").respond_with_handler(late)
    with pytest.raises(HarnessUnavailable, match=r"no answer within 0.1 s"):
        embedder(provider, [], seconds=0.1).embed(["a"])
    away = ServedEmbedder("http://127.0.0.1:9/v1", "", "small", name="connection model")
    with pytest.raises(HarnessUnavailable, match=r"connection model\) is unavailable: ConnectError"):
        away.embed(["a"])


def test_a_model_without_a_connection_is_named(library: Library) -> None:
    with pytest.raises(AirflowFailException, match=r"model 'small': needs a connection\. Valid: wordllama\."):
        library.index(model="small")


def test_pages_that_were_indexed_stay_where_the_model_is_away(library: Library) -> None:
    class Away(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            raise HarnessUnavailable("model words", "no answer")

    library.index()
    library.page("new.md", "new\n")
    library.model = Away()
    with pytest.raises(HarnessUnavailable):
        library.index()
    assert library.served() == sorted(PAGES)
    with pytest.raises(ConfigurationError, match=r"needs its model to be searched by vector. Give words 1"):
        library.search("x", embedder=None)
