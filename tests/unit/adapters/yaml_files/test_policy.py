"""The administrator's policy and approvers files: every mistake is one clear error that names its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.yaml_files.approvers import YamlApprovers
from airflow_provider_harness.adapters.yaml_files.policy import load_policy, parse_policy
from airflow_provider_harness.app.ports.airflow import DagFacts
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.policy.policy import FACTS, Condition, Limit, Op, Policy, Rule, VerdictKind

RULE: dict[str, Any] = {
    "id": "a",
    "action": "retry_task",
    "verdict": "approve",
    "reason": "r",
    "when": {"category": {"in": ["timeout"]}, "tries_by_harness": {"lt": 2}},
    "limit": {"per_incident": 2},
}


def policy(**more: Any) -> dict[str, Any]:
    return {"version": 3, "rules": [RULE | more]}


def test_what_a_file_says(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 3\nrules:\n  - {id: a, action: retry_task, verdict: approve, reason: r,\n"
        "     when: {category: {in: [timeout]}, tries_by_harness: {lt: 2, ge: 1}}, limit: {per_incident: 2}}\n"
    )
    when = (
        Condition(fact="category", op=Op.IN, operand=("timeout",)),
        Condition(fact="tries_by_harness", op=Op.LT, operand=2),
        Condition(fact="tries_by_harness", op=Op.GE, operand=1),
    )
    rule = Rule(
        id="a",
        action=ActionKind.RETRY_TASK,
        verdict=VerdictKind.APPROVE,
        reason="r",
        when=when,
        limit=Limit(per_incident=2),
    )
    assert load_policy(str(path)) == Policy(version=3, rules=(rule,))


def test_the_packaged_policy_loads() -> None:
    assert {rule.action for rule in load_policy("").rules} == set(ActionKind)


def when(**conditions: Any) -> dict[str, Any]:
    return policy(when=conditions)


#: a mistake -> what the error must name.
MISTAKES: list[tuple[Any, str]] = [
    (None, "p"),
    ([], "p"),
    ({"version": 1}, "p"),
    (policy() | {"more": 1}, "p"),
    (policy() | {"version": 0}, "p: version"),
    (policy() | {"version": True}, "p: version"),
    (policy() | {"version": "1"}, "p: version"),
    (policy() | {"rules": {}}, "p: rules"),
    (policy() | {"rules": ["x"]}, "p: rules[0]"),
    (policy() | {"rules": [RULE, RULE]}, "given twice: a"),
    (policy() | {"rules": [RULE, RULE | {"id": "b", "verdict": "maybe"}]}, "p: rules[1]: verdict"),
    (policy(id=""), "p: rules[0]: id"),
    (policy(id=7), "p: rules[0]: id"),
    (policy(reason=None), "p: rules[0]: reason"),
    (policy(action="delete_table"), "p: rules[0]: action"),
    (policy(action="retry_*"), "p: rules[0]: action"),
    (policy(verdict="Approve"), "p: rules[0]: verdict"),
    (policy(verdict=True), "p: rules[0]: verdict"),
    (policy(wen={}), "p: rules[0]"),
    (policy(limit={"per_hour": 1}), "p: rules[0]: limit"),
    (policy(limit={"per_incident": -1}), "limit: per_incident"),
    (policy(limit={"per_incident": True}), "limit: per_incident"),
    (policy(limit={"per_incident": None}), "limit: per_incident"),
    (policy(limit={"per_dag_per_day": 1.0}), "limit: per_dag_per_day"),
    (policy(limit=None), "p: rules[0]: limit"),
    (policy(limit=0), "p: rules[0]: limit"),
    (policy(when=None), "p: rules[0]: when"),
    (policy(when=False), "p: rules[0]: when"),
    (policy(when=[]), "p: rules[0]: when"),
    (when(color={"eq": "red"}), "p: rules[0]: when"),
    (when(tags={"eq": "flights"}), "when: tags: eq"),
    (when(tags={"has": ""}), "when: tags: has"),
    (when(tags={"has": 7}), "when: tags: has"),
    (when(category={"has": "timeout"}), "when: category: has"),
    (when(time={"eq": "now"}), "when: time: eq"),
    (when(time={"within": "always"}), "when: time: within"),
    (when(time={"within": "09:00-17:00 Mars/Base"}), "no time zone 'Mars/Base'"),
    (when(environment={"eq": "moon"}), "when: environment: eq"),
    (when(category="timeout"), "when: category"),
    (when(category={}), "when: category"),
    (when(category={"like": "time"}), "when: category"),
    (when(category={"eq": "no such category"}), "when: category: eq"),
    (when(category={"eq": ["timeout"]}), "when: category: eq"),
    (when(category={"in": "timeout"}), "when: category: in"),
    (when(category={"in": []}), "when: category: in"),
    (when(category={"in": ["timeout", "x"]}), "when: category: in"),
    (when(category={"lt": "timeout"}), "when: category: lt"),
    (when(dag_paused={"ge": True}), "when: dag_paused: ge"),
    (when(dag_paused={"eq": "true"}), "when: dag_paused: eq"),
    (when(dag_paused={"eq": 1}), "when: dag_paused: eq"),
    (when(tries_by_harness={"lt": True}), "when: tries_by_harness: lt"),
    (when(tries_by_harness={"lt": "2"}), "when: tries_by_harness: lt"),
    (when(tries_by_harness={"lt": 2.0}), "when: tries_by_harness: lt"),
]


@pytest.mark.parametrize(("body", "place"), MISTAKES)
def test_a_mistake_names_its_place(body: Any, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(body, "p")
    assert place in str(caught.value)
    assert caught.value.place.startswith("p")


@pytest.mark.parametrize("name", ["id", "action", "verdict", "reason"])
def test_what_a_rule_must_have(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"rules\\[0\\]: {name}"):
        parse_policy({"version": 1, "rules": [{key: value for key, value in RULE.items() if key != name}]}, "p")


def test_words_and_hours_can_be_asked_for() -> None:
    asked = when(tags={"has": "flights"}, time={"within": "Mon-Fri 22:00-06:00 Europe/Berlin"})
    [found] = parse_policy(asked, "p").rules
    assert [(one.fact, one.op.value) for one in found.when] == [("tags", "has"), ("time", "within")]


def test_the_valid_values_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(policy(action="x"), "p")
    assert caught.value.valid == tuple(ActionKind)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
conditions = st.dictionaries(
    st.sampled_from(sorted(FACTS)), st.dictionaries(st.sampled_from(list(Op)), values, max_size=2) | values, max_size=2
)
rules = st.fixed_dictionaries(
    {
        "id": st.just("a") | values,
        "action": st.sampled_from(ActionKind) | values,
        "verdict": st.sampled_from(VerdictKind) | values,
        "reason": st.just("r") | values,
    },
    optional={"when": conditions | values, "limit": values},
)


@given(values | st.fixed_dictionaries({"version": st.just(1) | values, "rules": st.lists(rules, max_size=2) | values}))
def test_whatever_a_document_says_is_a_policy_or_a_configuration_error(body: Any) -> None:
    try:
        assert isinstance(parse_policy(body, "p"), Policy)
    except ConfigurationError as error:
        assert error.place.startswith("p")


BROKEN = [
    b"version: [",
    b"\xff\xfe\x00",
    b"\x00",
    b"version: 2013-99-99",
    b"[" * 3000,
    b"version: 1\nversion: 2\nrules: []",
    b"version: 1\nrules:\n  - id: a\n    id: b",
    b"version: " + b"9" * 5000,
    b"!!python/object/apply:os.system ['true']",
    b"? [a]\n: b",
    b"",
]


@pytest.mark.parametrize("content", BROKEN)
def test_whatever_a_file_holds(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    for load in (load_policy, YamlApprovers):
        with pytest.raises(ConfigurationError) as caught:
            load(str(path))
        assert str(path) in caught.value.place


@given(st.binary(max_size=40))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    for load in (load_policy, YamlApprovers):
        try:
            load(str(path))
        except ConfigurationError:
            continue
        assert load is YamlApprovers, "no random text is a policy"


@pytest.mark.parametrize("path", ["/no/such/file", "/", "a\0b"])
def test_a_file_that_cannot_be_read(path: str) -> None:
    for load, option in ((load_policy, "policy_file"), (YamlApprovers, "approvers_file")):
        with pytest.raises(ConfigurationError, match=option):
            load(path)


# Approvers.


def of(path: Path, *owners: str) -> tuple[str, ...]:
    dag = DagFacts(dag_id="d", paused=False, tags=(), owners=owners, fileloc="")
    return tuple(YamlApprovers(str(path)).of(dag))


def test_who_may_answer(tmp_path: Path) -> None:
    path = tmp_path / "approvers.yaml"
    path.write_text("data: [oncall, '17']\nops: [oncall, second]\n")
    assert of(path, "data") == ("oncall", "17")
    assert of(path, "data", "ops") == ("oncall",), "of several owners, who may answer for each"
    assert of(path, "nobody") == () == of(path)


@pytest.mark.attack
def test_an_owner_that_an_author_adds_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "approvers.yaml"
    path.write_text("data: [oncall]\nsandbox: [author]\n")
    assert of(path, "data", "sandbox") == ()


def test_without_a_file_nobody_may_answer() -> None:
    assert YamlApprovers("").of(DagFacts(dag_id="d", paused=False, tags=(), owners=("data",), fileloc="")) == ()


@pytest.mark.parametrize(
    ("content", "place"),
    [("data: oncall", "data"), ("data: [17]", "data"), ("data: ['']", "data"), ("17: [a]", "17"), ("- a", "")],
)
def test_a_mistake_among_approvers(tmp_path: Path, content: str, place: str) -> None:
    path = tmp_path / "approvers.yaml"
    path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        YamlApprovers(str(path))
    assert caught.value.place == (f"{path}: {place}" if place else str(path))


def test_every_wrong_rule_is_named_with_its_line(tmp_path: Path) -> None:
    text = (
        "version: 1\n"
        "rules:\n"
        "  - {id: a, action: retry_tsk, verdict: approve, reason: r}\n"
        "  - id: b\n"
        "    action: retry_task\n"
        "    verdict: approve\n"
        "    reason: r\n"
        "  - id: c\n"
        "    action: retry_task\n"
        "    verdict: allow\n"
        "    reason: r\n"
    )
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_policy(str(path))
    said = str(raised.value)
    assert f"{path}, line 3: rules[0]: action: 'retry_tsk' is not known." in said
    assert f"{path}, line 8: rules[2]: verdict: 'allow' is not known." in said
    assert "2 rules are wrong" in said and "rules[1]" not in said


def test_a_condition_is_told_without_brackets() -> None:
    condition = Condition(fact="category", op=Op.IN, operand=("timeout", "rate_limited"))
    assert str(condition) == "category in timeout, rate_limited"
