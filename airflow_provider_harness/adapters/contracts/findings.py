"""YAML with the line of every field, and JSON-schema errors in words a contract's author can act on."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from airflow_provider_harness.adapters.yaml_files import reading
from airflow_provider_harness.adapters.yaml_files.reading import Path as Path
from airflow_provider_harness.adapters.yaml_files.reading import dotted as dotted


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake in a contract file.

    :param path: keys and indexes from the top of the file to the field.
    :param valid: what would be accepted, if it is a closed set.
    """

    path: Path
    problem: str
    valid: tuple[str, ...] = ()
    fix: str = ""

    def sentence(self, file: str, lines: Mapping[Path, int]) -> str:
        """The finding with its place."""
        valid = f" Valid: {', '.join(self.valid)}." if self.valid else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{file}:{self.line(lines)}: {dotted(self.path) or 'the file'}: {self.problem}{valid}{fix}"

    def line(self, lines: Mapping[Path, int]) -> int:
        """The line of the field, or of the nearest around it; 1 for the first."""
        path = self.path
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 1)

    def parts(self, lines: Mapping[Path, int]) -> Mapping[str, Any]:
        """The finding for programs."""
        said = {"line": self.line(lines), "path": dotted(self.path), "problem": self.problem}
        return {**said, "valid": list(self.valid), "fix": self.fix}


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """A YAML document with the line of each field.

    :param lines: path -> line, 1 for the first.
    """

    data: Any
    lines: Mapping[Path, int]
    findings: tuple[Finding, ...] = ()


def read(text: str) -> YamlDocument:
    """A document that is a mapping, with the line of each field. Dates stay text, as the standard's schema wants them."""
    found = reading.read(text)
    findings = [Finding(path=path, problem=problem, fix=fix) for path, problem, fix in found.problems]
    unread = found.data is None and any(not finding.path for finding in findings)
    if not isinstance(found.data, dict) and not unread:
        findings.append(Finding(path=(), problem="is not a mapping of fields."))
    return YamlDocument(data=found.data, lines=found.lines, findings=tuple(findings))


def schema_findings(data: Any, schema: Mapping[str, Any], at: Path = (), *, formats: bool = False) -> list[Finding]:
    """Every way in which ``data`` breaks a JSON schema, each mistake once.

    :param at: where ``data`` stands in the file.
    :param formats: texts are held to the formats that the schema gives them.
    """
    import jsonschema

    known = jsonschema.validators.extend(jsonschema.Draft201909Validator, {"uniqueItems": _told_once})
    validator = known(schema, format_checker=_formats() if formats else None)
    found: list[Finding] = []
    for error in validator.iter_errors(data):
        found += _explain(error, schema, at)
    unknown = {finding.path[:-1] for finding in found if finding.problem.startswith("is not a field")}
    mistyped = {finding.path for finding in found if finding.problem.endswith("has the wrong type.")}
    kept = [f for f in found if not (f.problem.startswith("needs one of") and f.path in unknown)]
    kept = [f for f in kept if not (f.problem.startswith("may have only one") and f.path in mistyped)]
    return list(dict.fromkeys(kept))


_FORMS: Mapping[str, tuple[str, str]] = {
    "date": ("a date", "2027-12-31"),
    "date-time": ("a moment", "2027-12-31T09:30:00Z"),
    "uri": ("an address", "s3://bucket/folder"),
}
"""Format of the standard's schema -> what such a text is, and an example."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S|\$?\{")
"""How an address begins: with a scheme, or with a placeholder."""


def _is_date(text: Any) -> bool:
    return not isinstance(text, str) or bool(date.fromisoformat(text))


def _is_moment(text: Any) -> bool:
    return not isinstance(text, str) or bool(datetime.fromisoformat(text))


def _is_address(text: Any) -> bool:
    return not isinstance(text, str) or bool(_ADDRESS.match(text))


def _formats() -> Any:
    """What reads texts by their format; to a validator without it, a format is a comment."""
    import jsonschema

    made = jsonschema.FormatChecker(formats=())
    made.checkers = {"date": (_is_date, ValueError), "date-time": (_is_moment, ValueError), "uri": (_is_address, ())}
    return made


def _told_once(validator: Any, wanted: bool, items: Any, schema: Any) -> Iterator[Any]:
    """``uniqueItems`` in one pass: jsonschema compares each entry with each other one, and an enum may have thousands."""
    import jsonschema

    seen: set[str] = set()
    for place, item in enumerate(items if wanted and isinstance(items, list) else ()):
        text = json.dumps(item, sort_keys=True, default=str)
        if text in seen:
            yield jsonschema.ValidationError("is in the list twice", path=[place])
        seen.add(text)


def _explain(error: Any, root: Mapping[str, Any], at: Path) -> list[Finding]:
    path = (*at, *error.absolute_path)
    kind = error.validator
    if kind in ("unevaluatedProperties", "additionalProperties"):
        return _unknown_keys(error, root, path)
    if kind in ("oneOf", "anyOf"):
        return _alternatives(error, root, at, path)
    if kind in ("enum", "const"):
        valid = tuple(str(value) for value in (error.validator_value if kind == "enum" else [error.validator_value]))
        return [
            Finding(
                path=path,
                problem=f"{error.instance!r} is not valid.",
                valid=valid,
                fix=did_you_mean(error.instance, valid),
            )
        ]
    if kind == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [Finding(path=path, problem=f"needs the field {name!r}.", fix=f"Add {name}.") for name in missing]
    if kind == "type":
        valid = _types(error.validator_value)
        said = isinstance(error.instance, bool) and "string" in valid
        fix = "YAML reads yes, no, on and off as true and false: quote it." if said else ""
        return [Finding(path=path, problem=f"{error.instance!r} has the wrong type.", valid=valid, fix=fix)]
    if kind == "not" and set(error.validator_value) == {"required"}:
        words = ", ".join(error.validator_value["required"])
        return [Finding(path=path, problem=f"may not have {words} here.", fix=f"Remove {words}.")]
    if kind == "format":
        what, example = _FORMS[error.validator_value]
        return [Finding(path=path, problem=f"{error.instance!r} is not {what}.", fix=f"For example {example}.")]
    if kind in _BOUNDS:
        return [Finding(path=path, problem=f"{error.instance!r} must be {_BOUNDS[kind]} {error.validator_value}.")]
    if kind == "pattern" and {"title", "examples"} <= set(error.schema):
        told = f"{error.instance!r} is not a valid {error.schema['title']}."
        return [Finding(path=path, problem=told, fix=f"For example {error.schema['examples'][0]}.")]
    return [Finding(path=path, problem=f"{error.message}.")]


_BOUNDS: Mapping[str, str] = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}
"""Words of JSON Schema -> what a number must be."""


def _types(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _unknown_keys(error: Any, root: Mapping[str, Any], path: Path) -> list[Finding]:
    """Only keys that no branch of the schema knows: a failed branch makes the validator forget its known ones."""
    known = sorted(_known(error.schema, root, set()))
    return [
        Finding(path=(*path, key), problem="is not a field here.", valid=tuple(known), fix=did_you_mean(key, known))
        for key in error.instance
        if key not in known
    ]


def _alternatives(error: Any, root: Mapping[str, Any], at: Path, path: Path) -> list[Finding]:
    if not error.context:
        return [Finding(path=path, problem="may have only one of the alternatives given here.")]
    if all(inner.validator == "required" and not inner.relative_path for inner in error.context):
        names = tuple(sorted({name for inner in error.context for name in inner.validator_value}))
        return [Finding(path=path, problem="needs one of these fields.", valid=names)]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [group for group in branches.values() if not any(_wrong_shape(inner) for inner in group)]
    # a branch whose field is there and wrong tells more than one whose field is not there
    chosen = min(fitting or branches.values(), key=lambda group: (any(map(_is_missing, group)), len(group)))
    return [finding for inner in chosen for finding in _explain(inner, root, at)]


def _is_missing(error: Any) -> bool:
    return error.validator == "required" and not error.relative_path


def _wrong_shape(error: Any) -> bool:
    return error.validator == "type" and not error.relative_path


def _known(schema: Any, root: Mapping[str, Any], seen: set[int]) -> set[str]:
    if not isinstance(schema, Mapping) or id(schema) in seen:
        return set()
    seen.add(id(schema))
    names = set(schema.get("properties", ()))
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        names |= _known(target, root, seen)
    inner = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ())]
    inner += [schema[word] for word in ("if", "then", "else") if word in schema]
    for part in inner:
        names |= _known(part, root, seen)
    return names


def did_you_mean(given: Any, valid: Sequence[str]) -> str:
    """``Did you mean ...?``, where one of the valid words is close."""
    close = difflib.get_close_matches(str(given), [str(value) for value in valid], n=1)
    return f"Did you mean {close[0]}?" if close else ""
