"""The administrator's policy from YAML, every mistake named with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.yaml_files.reading import parsed
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.policy.hours import hours
from airflow_provider_harness.core.policy.policy import FACTS, Condition, Limit, Op, Policy, Rule, VerdictKind

_RULE_KEYS = ("id", "action", "verdict", "reason", "when", "limit")
_LIMIT_KEYS = ("per_incident", "per_dag_per_day")
_PACKAGED, _FIX = "policy_default.yaml", "Correct [harness] policy_file."


def load_policy(path: str) -> Policy:
    """The policy in this file; the package's own where the path is empty.

    :raises ConfigurationError: the file cannot be read or says what a policy cannot say.
    """
    return policy_of(policy_text(path), path or _PACKAGED)


def policy_text(path: str) -> str:
    """What stands in this file; in the package's own where the path is empty.

    :raises ConfigurationError: it cannot be read.
    """
    try:
        text = Path(path).read_bytes() if path else (files(__package__) / _PACKAGED).read_bytes()
        return text.decode()
    except (OSError, ValueError) as error:
        raise ConfigurationError(path or _PACKAGED, f"cannot be read: {error}", fix=_FIX) from error


def policy_of(text: str, name: str) -> Policy:
    """The policy that this text says.

    :param name: of the text, in errors.
    :raises ConfigurationError: it says what a policy cannot say.
    """
    found = parsed(text.encode(), name, "Correct the policy.")
    rules = (path for path in found.lines if len(path) == 2 and path[0] == "rules")
    return parse_policy(found.data, name, [found.lines[path] for path in rules])


def parse_policy(body: Any, name: str, lines: Sequence[int] = ()) -> Policy:
    """The policy that this YAML document says.

    :param lines: the line on which each rule begins, where it is known.
    :raises ConfigurationError: with every rule that is wrong, each on a line of its own.
    """
    if not isinstance(body, dict) or set(body) != {"version", "rules"}:
        raise ConfigurationError(name, "a policy is a mapping.", valid=("version", "rules"))
    if not isinstance(body["version"], int) or isinstance(body["version"], bool) or body["version"] < 1:
        raise ConfigurationError(f"{name}: version", "is a whole number, 1 or more.")
    if not isinstance(body["rules"], list):
        raise ConfigurationError(f"{name}: rules", "is a list.")
    rules = tuple(_rules(body["rules"], name, lines))
    ids = [rule.id for rule in rules]
    if twice := sorted({item for item in ids if ids.count(item) > 1}):
        raise ConfigurationError(name, f"rule ids are given twice: {', '.join(twice)}.")
    return Policy(version=body["version"], rules=rules)


def _rules(items: Sequence[Any], name: str, lines: Sequence[int]) -> list[Rule]:
    """Every rule; where some are wrong, one error with all of them."""
    rules, wrong = [], []
    for index, item in enumerate(items):
        line = f", line {lines[index]}" if index < len(lines) else ""
        try:
            rules.append(_rule(item, f"{name}{line}: rules[{index}]"))
        except ConfigurationError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise ConfigurationError(name, f"{len(wrong)} rules are wrong.\n" + "\n".join(map(str, wrong)))
    return rules


def _rule(item: Any, place: str) -> Rule:
    _keys(item, _RULE_KEYS, place)
    for name in ("id", "action", "verdict", "reason"):
        if not isinstance(item.get(name), str) or not item[name]:
            raise ConfigurationError(f"{place}: {name}", "is missing; it is a text.")
    limit = item.get("limit", {})
    _keys(limit, _LIMIT_KEYS, f"{place}: limit")
    for name, most in limit.items():
        if not isinstance(most, int) or isinstance(most, bool) or most < 0:
            raise ConfigurationError(f"{place}: limit: {name}", "is a whole number, 0 or more.")
    return Rule(
        id=item["id"],
        action=ActionKind(_one_of(item["action"], tuple(ActionKind), f"{place}: action")),
        verdict=VerdictKind(_one_of(item["verdict"], tuple(VerdictKind), f"{place}: verdict")),
        reason=item["reason"],
        when=tuple(_conditions(item.get("when", {}), f"{place}: when")),
        limit=Limit(**limit),
    )


def _conditions(when: Any, place: str) -> Iterator[Condition]:
    _keys(when, tuple(FACTS), place)
    for fact, test in when.items():
        _keys(test, tuple(Op), f"{place}: {fact}")
        if not test:
            raise ConfigurationError(f"{place}: {fact}", "says nothing.", valid=tuple(Op))
        for op, operand in test.items():
            many = tuple(operand) if isinstance(operand, list) else (operand,)
            if op not in FACTS[fact].ops:
                raise ConfigurationError(
                    f"{place}: {fact}: {op}",
                    "does not go with this fact.",
                    valid=tuple(one for one in Op if one in FACTS[fact].ops),
                )
            if (op == Op.IN) != isinstance(operand, list) or not many:
                raise ConfigurationError(
                    f"{place}: {fact}: {op}", "takes a list of at least one value with in, one value otherwise."
                )
            for value in many:
                _operand(fact, value, f"{place}: {fact}: {op}")
            yield Condition(fact=fact, op=Op(op), operand=many if op == Op.IN else operand)


def _operand(fact: str, value: Any, place: str) -> None:
    spec = FACTS[fact]
    if spec.moment or spec.type is tuple:
        if not isinstance(value, str) or not value:
            raise ConfigurationError(place, f"{value!r} is not a text.")
        if spec.moment:
            _hours(value, place)
        return
    if type(value) is not spec.type:
        raise ConfigurationError(place, f"{value!r} is not a {spec.type.__name__}.")
    if spec.values is not None:
        _one_of(str(value), tuple(sorted(spec.values)), place)


def _hours(value: str, place: str) -> None:
    try:
        hours(value)
    except ValueError as error:
        raise ConfigurationError(place, f"{error}.") from error


def _keys(item: Any, valid: tuple[str, ...], place: str) -> None:
    if not isinstance(item, Mapping):
        raise ConfigurationError(place, "is a mapping.", valid=valid)
    if strangers := [str(key) for key in item if key not in valid]:
        raise ConfigurationError(place, f"unknown: {', '.join(strangers)}.", valid=valid)


def _one_of(value: str, valid: tuple[str, ...], place: str) -> str:
    if value not in valid:
        raise ConfigurationError(place, f"{value!r} is not known.", valid=valid)
    return value
