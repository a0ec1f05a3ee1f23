"""Secrets that stand in a Dag file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Source
from airflow_provider_harness.core.redaction.secret_names import is_secret

_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@'\"{}]+:(?P<secret>[^\s/@'\"{}]+)@[^\s'\"]+", re.IGNORECASE)
_DSN = re.compile(
    r"(?i)\b(?:\w*password|pwd|\w*api_?key|\w*_token|\w*secret)\s*=\s*(?P<secret>[^\s;'\"{}%$<(&)]{4,})(?=[\s;'\"&]|$)"
)
_FORMS = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|xox[abpr]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}"
    r"|AIza[0-9A-Za-z_-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
    r"|sk_live_[A-Za-z0-9]{16,}|dapi[0-9a-f]{32}|hooks\.slack\.com/services/T\w+/B\w+/\w+"
)
_BEARER = re.compile(r"(?i)^(?:bearer|basic|token)\s+(?P<secret>[A-Za-z0-9._~+/=-]{12,})$")
_OPTION = re.compile(
    r"(?:(?:^|\s)--?(?:password|passwd|api-?key|token|secret)[= ]|\b(?:mysql|mysqldump|mariadb)\b[^|;&]*?\s-p"
    r"|\bredis-cli\b[^|;&]*?\s-a |\bcurl\b[^|;&]*?\s(?:-u|--user)[ =]?[^\s:{}$]+:)"
    r"['\"]?(?P<secret>(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s'\"{}$<(`]{6,})"
)
"""A secret among the options of a command; one without a digit or a letter is more likely a name or a port."""
_NONE = re.compile(
    r"(?i)^(?:|none|null|x{3,}|\*+|<.*>|\$\{?\w+\}?|changeme|change_me|todo|your[-_ ].*|.*placeholder.*|example|\.\.\.|not_used|dummy|fake|mock|~.*~|@.*@|__.*__|#.*#|%.*%)$"
)
_NOT_NAMES = re.compile(
    r"(?i)(?:_id|_ids|_name|_path|_file|_key_column|_url|_uri|_arn|_version|_type|key_format|_conn|_env|_var)$|^(?:sort|primary|partition|unique|merge|join|group|business|natural|dedup|idempotency)_?keys?$|^keys?$|tokens$"
)


def findings(source: Source) -> Iterator[Found]:
    """Each place where a secret is written down."""
    told: set[int] = set()
    docs = _docs(source.tree)
    for node in ast.walk(source.tree):
        for line, what in _seen(node, docs):
            if line not in told:
                told.add(line)
                yield Found(rule="HO161", line=line, message=what)


def _seen(node: ast.AST, docs: set[int]) -> Iterator[tuple[int, str]]:
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    if plain and (found := _text(str(node.value))):  # type: ignore[attr-defined]
        yield node.lineno, found  # type: ignore[attr-defined]
    for name, value in _named(node):
        if (
            isinstance(value, ast.Constant)
            and isinstance(value.value, str)
            and _names_secret(name)
            and _is_value(value.value, name)
        ):
            yield value.lineno, f"{name} is given as text"


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Every name with the value that it is given."""
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name | ast.Attribute):
                yield getattr(target, "id", getattr(target, "attr", "")), node.value
            elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                yield str(target.slice.value), node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif (
        isinstance(node, ast.Call) and len(node.args) == 2 and ast.unparse(node.func) in ("os.environ.get", "os.getenv")
    ):
        yield str(getattr(node.args[0], "value", "")), node.args[1]


def _names_secret(name: str) -> bool:
    return (
        len(name) > 3
        and not _NOT_NAMES.search(name)
        and (is_secret(name) or bool(re.search(r"(?i)passw|secret|api_?key|token$", name)))
    )


def _is_value(value: str, name: str) -> bool:
    """Whether a text may be a secret, rather than a name of one, a template or a gap to be filled."""
    plain = value.strip()
    words = re.fullmatch(r"[A-Za-z]+(?:[_-][A-Za-z]+)+", plain)
    if words and (name.lower().endswith("key") or plain.lower() in name.lower() or name.lower() in plain.lower()):
        return False
    return not (
        _NONE.match(plain)
        or "{{" in plain
        or " " in plain
        or len(plain) < 4
        or plain.startswith(("/", "env:", "vault:"))
    )


def _text(value: str) -> str:
    """What kind of secret a text holds; empty for none."""
    for pattern, what in (
        (_LOGIN, "an address with a login"),
        (_DSN, "a connection string with a password"),
        (_BEARER, "a token"),
        (_OPTION, "a command with a password"),
    ):
        found = pattern.search(value)
        if found and not _NONE.match(found["secret"]):
            return f"{what} is written down"
    return "a key or token is written down" if _FORMS.search(value) else ""


def _docs(tree: ast.Module) -> set[int]:
    """Docstrings."""
    owners = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    return {
        id(node.body[0].value)
        for node in owners
        if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    }
