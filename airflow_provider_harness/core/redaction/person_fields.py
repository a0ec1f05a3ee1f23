"""Values that stand beside the name of a field which is about a person, or under it: whatever printed the row.

A name that many things have (``name``, ``city``, ``address``) is none of these; nor is a type, a word of a sentence or code.
"""

from __future__ import annotations

import re

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.row_values import says_nothing
from airflow_provider_harness.core.redaction.secret_names import is_secret

_BIRTH = (
    r"birth[_ -]?(?:date|day)|date[_ -]?of[_ -]?birth|(?<![a-z])dob|geburts(?:datum|tag)|date[_ -](?:de[_ -])?naissance"
    r"|fecha[_ -](?:de[_ -])?nacimiento|data[_ -](?:di[_ -])?nascita"
)
#: The end of a field's name, in small letters.
_PERSON = (
    r"(?:(?<![a-z])sur|first|last|given|family|middle|maiden|full|customer|contact|patient|employee|holder)[_ -]?names?|nachname|vorname|geburtsname|pr[e\u00e9]nom"
    r"|apellidos?|cognome|sobrenome|nazwisko|achternaam|efternamn|\u0444\u0430\u043c\u0438\u043b\u0438\u044f|\u59d3\u540d|\u6c0f\u540d|\uc131\uba85"
    r"|street(?:[_ -]?(?:name|address|line))?[_ ]?\d?|address[_ -]?line[_ -]?\d?|stra(?:\u00df|ss)e|post(?:al)?[_ -]?code|zip[_ -]?code|(?<![a-z])plz"
    r"|(?:phone|mobile|passport|tax|ssn|national)[_ -](?:number|no|id)|(?<![a-z])ssn|iban"
)
_NAME = re.compile(rf"(?:{_PERSON}|{_BIRTH})(?![a-z0-9])", re.IGNORECASE)
_IS_BIRTH = re.compile(_BIRTH, re.IGNORECASE)
_Q = r"\\{0,8}[\"'`]"
#: What stands between the name and its value; a sign, or blanks where a table is printed with them.
_BESIDE = re.compile(
    rf"(?P<close>{_Q})?\]?(?:[ \t]{{0,40}}(?P<sep>=>|:=|->|==?|:|[|\u2502\u2503]|,(?=[ \t]?b?{_Q}))[ \t]{{0,40}}|(?P<type>[ \t]{{1,40}}<\w{{1,12}}>[ \t]{{1,8}})|(?P<tag>>)|(?P<wide>[ \t]{{2,40}}))"
)
_QUOTED = re.compile(rf"b?(?P<q>{_Q})(?!\*\*\*)(?P<value>[^\n]{{1,1000}}?)(?=(?P=q))")
_MANY = re.compile(r"[{\[(][^{}\[\]()\n]{1,4000}[}\])]")
_ITEM = re.compile(rf"(?P<q>{_Q})(?!\*\*\*)[^\n]{{1,1000}}?(?P=q)(?!\s?:)")
_BARE = re.compile(
    r"(?!\*\*\*)[^\W_][^\s,;|\u2502\u2503)}\]'\"<>&]{0,200}(?: [A-Z\u00c0-\u00de][^\s,;|)}\]'\"<>]{1,60}){0,2}"
)
_CODE = re.compile(r"[A-Za-z_]\w*[.(\[]|[A-Za-z]\w*_\w+\Z")
_TYPE = re.compile(
    r"(?:n?(?:var)?char\w*|text|str(?:ing)?|utf-?8|object|date\w*|timestamp\w*|int\w*|bigint|long|float\w*|double|bool\w*|uuid|any|nullable|optional|required|missing|unknown|invalid|expected|field|column|value|not|must|is|has"
    r"|the|too|cannot|can|of|in|and|or|no|none|null|nan|true|false|dtype|type|unique|primary|index|asc|desc)\b",
    re.IGNORECASE,
)


def hide_fields(text: str, lowered: str) -> str:
    """The text without values of fields that are about a person."""
    if _NAME.search(lowered) is None:
        return text
    done, at = [], 0
    for name in _NAME.finditer(text):
        beside = _BESIDE.match(text, name.end()) if name.start() >= at else None
        found = _value(text, name, beside) if beside is not None else None
        if found is not None:
            first, last, shown = found
            done += [text[at:first], shown]
            at = last
    return "".join((*done, text[at:]))


def _value(text: str, name: re.Match[str], beside: re.Match[str]) -> tuple[int, int, str] | None:
    """Where the value begins and ends, and what is shown in its place; None where there is none to hide."""
    at, birth = beside.end(), _IS_BIRTH.fullmatch(name.group()) is not None
    if beside["sep"] == "," and not beside["close"]:
        return None
    many = _MANY.match(text, at)
    if many is not None:
        return at, many.end(), _ITEM.sub(rf"\g<q>{MASK}\g<q>", many.group())
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        if beside["sep"] == "," and text.startswith(":", quoted.end() + len(quoted["q"])):
            return None  # the next field
        return None if _stays(quoted["value"], birth=birth) else (*quoted.span("value"), MASK)
    bare = _BARE.match(text, at)
    if bare is None or _stays(bare.group(), birth=birth) or _CODE.match(bare.group()) or not _alone(text, bare, beside):
        return None
    return bare.start(), bare.end(), MASK


def _stays(value: str, *, birth: bool) -> bool:
    """Whether it says nothing of anybody: nothing, a place of a template, a type, a word about the field."""
    return value[:1] in "%{$:?<" or _TYPE.match(value) is not None or (says_nothing(value) and not birth)


def _alone(text: str, bare: re.Match[str], beside: re.Match[str]) -> bool:
    """Whether a value without quotes is one, and no sentence: its line ends with it, or the next field begins."""
    if beside["tag"]:
        return text.startswith(("</", "&lt;/"), bare.end())
    if beside["wide"]:
        line = text.rfind("\n", 0, beside.start()) + 1
        end = text.find("\n", bare.end())
        rest = text[bare.end() : end if end >= 0 else len(text)]
        return re.fullmatch(r"[\w \-]{2,60}", text[line : beside.start()]) is not None and not rest.strip()
    return (
        re.match(
            r"\\n|[ \t]{0,80}(?:[\n,;|\u2502\u2503)}\]>\"']|\Z)|[ \t](?:\w{1,40}\s?[:=]|(?:is|ist|est|es|was|war|has|hat|cannot|too|zu|trop)\b)",
            text[bare.end() :],
        )
        is not None
    )


#: Names of columns, and below them rows of as many fields.
_HEAD = re.compile(
    r"^(?:[^\n]{0,200}?(?:: | - ))?[ \t]*(?P<names>\|?[ \t]*\"?[A-Za-z_][\w .\-]{0,40}\"?(?:(?P<by>[,;\t|])[ \t]*\"?[A-Za-z_][\w .\-]{0,40}\"?){1,80}\|?)[ \t]*\n",
    re.MULTILINE,
)
_MOST_ROWS = 80


def hide_columns(text: str) -> str:
    """The text without the cells under a name of a person's field or of a secret, where rows are written with separators."""
    if "\n" not in text:
        return text
    done, at = [], 0
    for head in _HEAD.finditer(text):
        columns = [name.strip(' "') for name in head["names"].split(head["by"])]
        hidden = {place for place, name in enumerate(columns) if name and (is_secret(name) or _NAME.search(name))}
        if not hidden or head.start() < at:
            continue
        end, rows = _rows(text, head, len(columns), hidden)
        done += [text[at : head.end()], rows]
        at = end
    return "".join((*done, text[at:]))


def _rows(text: str, head: re.Match[str], width: int, hidden: set[int]) -> tuple[int, str]:
    """Where the rows below the names end, and what they are without the cells of some columns."""
    start, by = head.end(), head["by"]
    shown: list[str] = []
    while start < len(text) and len(shown) < _MOST_ROWS:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        cells = text[start:end].split(by)
        if len(cells) != width or text.endswith(head["names"].strip(), start, end):
            break
        row = by.join(MASK if i in hidden and cell.strip(' "') else cell for i, cell in enumerate(cells))
        shown.append(row + text[end : end + 1])
        start = end + 1
    return min(start, len(text)), "".join(shown)


_CARD = re.compile(r"BEGIN:VCARD[\s\S]{0,8000}?(?:END:VCARD|\Z)", re.IGNORECASE)
_CARD_LINE = re.compile(
    r"(?P<keep>(?:^|\\n)(?!BEGIN|END|VERSION)[A-Z\-]{1,20}(?:;[^:\n\\]{1,80})?:)(?!\*\*\*)(?:(?!\\n)[^\n])+",
    re.MULTILINE | re.IGNORECASE,
)
_ARRAY = re.compile(r"\barray\(\[[^\[\]\n]{1,4000}\](?=, dtype=(?:object|'<U))")


def hide_cards(text: str, lowered: str) -> str:
    """The text without what a visiting card says, and without texts of an array of objects."""
    if "begin:vcard" in lowered:
        text = _CARD.sub(lambda card: _CARD_LINE.sub(rf"\g<keep>{MASK}", card.group()), text)
    if "array([" in lowered:
        text = _ARRAY.sub(lambda array: _ITEM.sub(rf"\g<q>{MASK}\g<q>", array.group()), text)
    return text
