"""Whoever speaks to Airflow's API: what is busy, what is no API, and a name that would lead elsewhere are the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jwt
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from airflow_provider_harness.adapters.airflow.account_probe import PROBES, AccountProbe
from airflow_provider_harness.adapters.airflow.api import AirflowApi
from airflow_provider_harness.adapters.airflow.http import AirflowHttp
from airflow_provider_harness.adapters.airflow.user_api import AirflowPerson, token_of
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed

Call = Callable[[str], object]


@pytest.fixture(params=["healer", "person", "doctor"])
def call(request: pytest.FixtureRequest, httpserver: HTTPServer) -> Iterator[Call]:
    """A call about a Dag of this name."""
    url = httpserver.url_for("")
    healer, person, doctor = AirflowApi(url, "", "t", "h"), AirflowPerson(url, "t"), AccountProbe(url, "", "t")
    yield {
        "healer": lambda name: healer.run_state(name, "r"),
        "person": lambda name: person.state(TryKey(dag_id=name, run_id="r", task_id="t")),
        "doctor": lambda name: doctor.may(PROBES[0], name),
    }[request.param]
    healer._http.close()
    doctor._http.close()


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_server_that_cannot_answer_now_refuses_nothing(httpserver: HTTPServer, call: Call, status: int) -> None:
    httpserver.expect_request("/").respond_with_data("")
    httpserver.no_handler_status_code = status
    with pytest.raises(HarnessUnavailable, match=str(status)):
        call("flights")


@pytest.mark.parametrize(
    "page", [Response("<html>", content_type="text/html"), Response(status=307, headers={"Location": "/login"})]
)
def test_a_page_is_no_answer(httpserver: HTTPServer, call: Call, page: Response) -> None:
    import re

    httpserver.expect_request(re.compile(".*")).respond_with_response(page)
    with pytest.raises(HarnessUnavailable, match="a page answered, not the API"):
        call("flights")


@pytest.mark.attack
@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_of_dots_is_never_sent(httpserver: HTTPServer, call: Call, name: str) -> None:
    with pytest.raises(NotAllowed, match="would change the path"):
        call(name)
    assert not httpserver.log


def test_a_token_is_asked_for_without_one(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/auth/token").respond_with_json({"access_token": "new"})
    with AirflowHttp(httpserver.url_for("/"), token="old") as http:
        assert (http.log_in("ann", "pw"), http.token) == ("new", "new")
    [(asked, _)] = httpserver.log
    assert "Authorization" not in asked.headers and asked.json == {"username": "ann", "password": "pw"}


@pytest.mark.parametrize(("answer", "error"), [("[]", HarnessUnavailable), ("{}", HarnessUnavailable)])
def test_a_login_that_gives_no_token(httpserver: HTTPServer, answer: str, error: type[Exception]) -> None:
    httpserver.expect_request("/auth/token").respond_with_data(answer, content_type="application/json")
    with pytest.raises(error, match="gave no token"):
        token_of(httpserver.url_for(""), "ann", "pw")


def test_a_person_whom_airflow_does_not_know(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/auth/token").respond_with_json({"detail": "no"}, status=401)
    with pytest.raises(NotAllowed, match="does not let ann log in with this password: 401"):
        token_of(httpserver.url_for(""), "ann", "pw")


def test_an_account_that_cannot_read_who_set_a_state_lacks_a_right(httpserver: HTTPServer) -> None:
    """FAB's role User may not: without this every pass of the reconciler would end here, and doctor would be content."""
    httpserver.expect_request("/api/v2/eventLogs").respond_with_json({"detail": "Forbidden"}, status=403)
    doctor = AccountProbe(httpserver.url_for(""), "", "t")
    [probe] = [probe for probe in PROBES if "log of events" in probe.what]
    assert (probe.needed, doctor.may(probe, "harness_healer")) == (True, False)
    doctor._http.close()


def test_an_account_is_known_by_the_id_that_its_token_names(httpserver: HTTPServer) -> None:
    """FAB numbers its users: the harness's own number among the approvers would let it answer itself."""
    token = jwt.encode({"sub": "17"}, "k" * 32)
    httpserver.expect_request("/auth/token").respond_with_json({"access_token": token})
    doctor = AccountProbe(httpserver.url_for(""), "harness", "pw")
    assert doctor.user_id() == "17"
    doctor._http.close()
