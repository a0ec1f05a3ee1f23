"""YAML as people write it, read in one way: bounded, with the line of each field, and with whatever would be misread told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from airflow_provider_harness.adapters.yaml_files.limits import TooLarge, loader, within_limits
from airflow_provider_harness.core.errors import ConfigurationError

Path = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a field."""


class Problem(NamedTuple):
    """What cannot be read, or would be read as something else than was meant.

    :param fix: empty where nothing general can be said.
    """

    path: Path
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document with the line of each field.

    :param lines: path -> line, 1 for the first.
    """

    data: Any
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...] = ()


def dotted(path: Path) -> str:
    """``schema[0].properties[3].enum``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def read(text: str, *, dates: bool = False) -> Document:
    """
    :param dates: dates and times become Python's; else they stay text, as JSON schemas want them.
    """
    import yaml

    try:
        within_limits(text)
        return _built(_loader(dates)(text))
    except TooLarge as error:
        return _unread(f"is too large to be read: {error}.", error.line)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _unread(f"is not YAML: {error.problem}.", line)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return _unread(f"is not YAML: {str(error).splitlines()[0]}.", 1)
    except (LookupError, TypeError, AttributeError):  # of PyYAML's constructors
        return _unread("is not YAML: a tag does not go with its value.", 1)


def parse(text: bytes, place: str, fix: str) -> Any:
    """The document that this text says.

    :param place: the file, for the error.
    :param fix: what to do about it.
    :raises ConfigurationError: it cannot be read, or something in it would be read as something else; all is told at once.
    """
    return parsed(text, place, fix).data


def parsed(text: bytes, place: str, fix: str) -> Document:
    """The same with the lines."""
    try:
        found = read(text.decode("utf-8-sig"), dates=True)
    except UnicodeDecodeError as error:
        raise ConfigurationError(place, f"cannot be read: {error}.", fix=fix) from error
    if len(found.problems) == 1:
        [(path, problem, own)] = found.problems
        where = f"{place}: {dotted(path)}" if path else place
        raise ConfigurationError(where, f"cannot be read: line {found.lines[path]}: {problem}", fix=own or fix)
    if found.problems:
        said = (f"line {found.lines[path]}: {dotted(path)} {problem}" for path, problem, _ in found.problems)
        raise ConfigurationError(place, f"cannot be read: {' '.join(said)}", fix=fix)
    return found


def _loader(dates: bool) -> Any:
    plain: Any = loader()

    class Loader(plain):  # type: ignore[misc, unused-ignore]
        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [(tag, pattern) for tag, pattern in pairs if dates or tag != "tag:yaml.org,2002:timestamp"]
            for first, pairs in plain.yaml_implicit_resolvers.items()
        }

    Loader.add_constructor("tag:yaml.org,2002:float", _exact)
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _POWER, list("-+0123456789."))
    return Loader


def _unread(problem: str, line: int) -> Document:
    return Document(None, {(): line}, (Problem((), problem),))


def _built(loader: Any) -> Document:
    try:
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        problems = tuple(_mark(node, (), lines)) if node is not None else ()
        return Document(loader.construct_document(node) if node is not None else None, lines, problems)
    finally:
        loader.dispose()


def _exact(loader: Any, node: Any) -> Any:
    """A number with a point; as a decimal where a binary number would lose digits of it."""
    number = loader.construct_yaml_float(node)
    try:
        exact = Decimal(node.value.replace("_", ""))
    except InvalidOperation:
        return number  # infinity and NaN have other names in YAML
    return number if exact == Decimal(repr(number)) else exact


def _mark(node: Any, path: Path, lines: dict[Path, int]) -> Iterator[Problem]:
    lines.setdefault(path, node.start_mark.line + 1)
    if node.id == "mapping":
        for key, value in node.value:
            here = (*path, str(key.value))
            if key.tag not in _KEYS:
                yield Problem(here, "is a key that is not text.", "Quote it.")
            elif here in lines and key.value != "<<":
                yield Problem(here, "is given twice.", "Keep one.")
            lines[here] = key.start_mark.line + 1
            yield from _mark(value, here, lines)
    elif node.id == "scalar" and node.tag in _NUMBERS and not node.style and _OTHERWISE.match(node.value):
        problem = f"{node.value} is read as another number by YAML 1.1 (in base 8 or 60)."
        yield Problem(path, problem, "Quote it, or write the number that is meant.")
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            yield from _mark(value, (*path, index), lines)


_POWER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$")
"""A number of YAML 1.2 that YAML 1.1 takes for a text, such as ``1e3``."""
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_OTHERWISE = re.compile(r"[-+]?(?:0[0-7_]+$|[0-9][0-9_]*(?::[0-5]?[0-9])+)")
_KEYS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
