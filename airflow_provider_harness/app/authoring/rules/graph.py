"""What is wrong with the order of a Dag's tasks: publishing past a check, joins that are skipped, races."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import (
    INTO,
    OUT_OF,
    connection,
    is_check,
    is_plain,
    is_sensor,
    publishes,
    reads,
    writes,
)

_PASSES = (
    "all_done",
    "always",
    "all_done_min_one_success",
    "one_done",
    "dummy",
    "all_failed",
    "one_failed",
    "none_skipped",
)
"""Trigger rules by which a task runs although one before it failed."""
_SKIPPED = ("all_success", "all_done_setup_success", "none_skipped", "")
"""Trigger rules by which a task is skipped with one before it."""


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with the order of tasks."""
    for dag in source.dags:
        yield from _twice(dag)
        if dag.whole:
            for task in dag.tasks.values():
                yield from _past_a_check(dag, task, source)
            yield from _late_checks(dag, source)
            yield from _branches(dag)
            yield from _races(dag, source)
            yield from _alone(dag)
            yield from _said_twice(dag)
    seen: dict[str, Dag] = {}
    for dag in source.dags:
        if dag.id in seen and dag.id:
            yield Found(
                rule="HO121", line=dag.line, message=f"{dag.id} is also the id of the Dag in line {seen[dag.id].line}"
            )
        seen.setdefault(dag.id, dag)


def rule_of(task: Task) -> str:
    """A task's trigger rule, in Airflow's words."""
    return str(task.arg("trigger_rule") or "all_success").rpartition(".")[2].lower()


def _twice(dag: Dag) -> Iterator[Found]:
    for name in dag.args.get("tasks named twice", ()):
        if "{" not in name and name in dag.tasks:
            yield Found(rule="HO122", line=dag.tasks[name].line, message=f"{name} is the id of two tasks of {dag.id}")


def _past_a_check(dag: Dag, task: Task, source: Source) -> Iterator[Found]:
    rule = rule_of(task)
    if rule not in (*_PASSES, "one_success", "none_failed_min_one_success") or not publishes(task, source):
        return
    checks = [name for name in dag.before(task) if is_check(dag.tasks[name])]
    if rule in ("one_success", "none_failed_min_one_success"):
        near = [name for name in task.upstream if name in dag.tasks and is_check(dag.tasks[name])]
        if rule != "one_success" or not near or len(task.upstream) < 2:
            return
        checks = near
    if checks:
        yield Found(
            rule="HO141",
            line=task.line_of("trigger_rule"),
            message=f"{task.id} has trigger_rule={rule!r}, so it runs although {sorted(checks)[0]} failed",
        )
    elif task.upstream and rule in ("all_done", "always", "one_done"):
        yield Found(
            rule="HO141",
            line=task.line_of("trigger_rule"),
            message=f"{task.id} has trigger_rule={rule!r}, so it runs although {min(task.upstream)} failed",
            severity=FindingSeverity.WARNING if writes(task, source) else FindingSeverity.HINT,
        )


def _late_checks(dag: Dag, source: Source) -> Iterator[Found]:
    """A check that nothing waits for, while its neighbour publishes from the same step."""
    for task in dag.tasks.values():
        if not is_check(task) or task.downstream or not task.upstream:
            continue
        for name in sorted(task.upstream):
            other = (
                [n for n in dag.tasks[name].downstream if n != task.id and publishes(dag.tasks[n], source)]
                if name in dag.tasks
                else []
            )
            if other and not any(is_check(dag.tasks[n]) for n in dag.before(dag.tasks[other[0]])):
                yield Found(
                    rule="HO143",
                    line=task.line,
                    message=f"{task.id} judges beside {other[0]}, which does not wait for it",
                    fix=f"{task.id} >> {other[0]}",
                )
                break


def _branches(dag: Dag) -> Iterator[Found]:
    """Joins behind a branch that are skipped with its other way."""
    for branch in dag.tasks.values():
        if "Branch" not in branch.kind and ".branch" not in branch.kind and not branch.kind.startswith("branch"):
            continue
        ways = {name: _flow(dag, name) for name in branch.downstream if name in dag.tasks}
        for task in dag.tasks.values():
            through = [way for way, reach in ways.items() if task.id in reach]
            direct = len(
                [name for name in task.upstream if name in ways or any(name in reach for reach in ways.values())]
            )
            if len(through) > 1 and direct > 1 and task.id not in ways and rule_of(task) in _SKIPPED:
                yield Found(
                    rule="HO142",
                    line=task.line,
                    message=f"{task.id} joins the ways of {branch.id} with trigger_rule={rule_of(task)!r}",
                )


def _flow(dag: Dag, first: str) -> set[str]:
    """The tasks that are skipped with a task, up to where the skipping ends."""
    seen: set[str] = set()
    ahead = list(dag.tasks[first].downstream)
    while ahead:
        name = ahead.pop()
        if name in seen or name not in dag.tasks:
            continue
        seen.add(name)
        if rule_of(dag.tasks[name]) in _SKIPPED:
            ahead += dag.tasks[name].downstream
    return seen


def _races(dag: Dag, source: Source) -> Iterator[Found]:
    filled = {task.id: writes(task, source) for task in dag.tasks.values()}
    before = {task.id: dag.before(task) for task in dag.tasks.values()}
    for one, other in combinations([name for name, tables in filled.items() if tables], 2):
        shared = filled[one] & filled[other]
        if shared and one not in before[other] and other not in before[one]:
            yield Found(
                rule="HO104",
                line=dag.tasks[other].line,
                message=f"{one} and {other} both write {min(shared)}",
                fix=f"{one} >> {other}",
            )
    for task in dag.tasks.values():
        for writer, tables in filled.items():
            into, out_of = connection(dag.tasks[writer], INTO), connection(task, OUT_OF)
            shared = tables & reads(task, source) if not into or not out_of or into == out_of else frozenset()
            if shared and writer != task.id and writer not in before[task.id] and task.id not in before[writer]:
                yield Found(
                    rule="HO105",
                    line=task.line,
                    message=f"{task.id} reads {min(shared)}, which {writer} writes",
                    fix=f"{writer} >> {task.id}",
                )


def _alone(dag: Dag) -> Iterator[Found]:
    linked = [task for task in dag.tasks.values() if task.upstream or task.downstream]
    if len(linked) < 2:
        return
    for task in dag.tasks.values():
        if not task.upstream and not task.downstream and not is_sensor(task):
            yield Found(rule="HO145", line=task.line, message=f"{task.id} depends on nothing, and nothing on it")


def _said_twice(dag: Dag) -> Iterator[Found]:
    for task in dag.tasks.values():
        for name in sorted(task.upstream):
            others = [n for n in task.upstream if n != name and n in dag.tasks]
            longer = [n for n in others if name in dag.before(dag.tasks[n])]
            if longer and name in dag.tasks and is_plain(dag.tasks[name]) and rule_of(task) == "all_success":
                yield Found(
                    rule="HO147", line=task.line, message=f"{name} >> {task.id} is said by way of {longer[0]}, too"
                )
