"""Values of rows that engines other than PostgreSQL repeat in their errors, in five languages, and cells of printed tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.row_values import says_nothing, says_something
from airflow_provider_harness.core.redaction.secret_forms import Form

_TO_THE_END = r"(?!\*\*\*)(?:(?!\\n)[^\n])+"
_SHORT = r"(?!\*\*\*)[^\n]{1,1000}?"
_Q = r"\\{0,8}['\"`]"
_ANY_Q = "\\\\{0,8}['\"`\u00ab\u00bb\u201c\u201d\u201e]"
_VALUE = (
    "Wert|valeur|valor|valore|waarde|warto\u015b\u0107|\u0437\u043d\u0430\u0447\u0435\u043d\u0438\u0435|\u0437\u043d\u0430\u0447\u0435\u043d\u043d\u044f|v\u00e4rde|verdi|v\u00e6rdi|arvo|hodnota|\u00e9rt\u00e9k|valoarea|vrednost|de\u011fer|\u03c4\u03b9\u03bc\u03ae"
    "|\u5024|\u503c|\uac12"
)
"""The word for a value in languages other than English."""
#: Hints -> pattern; capitals do not count.
_ENGINES: Mapping[str, str] = {
    # SQL Server
    "schlüsselwert|キーの値": rf"(?P<keep>(?:Schl\u00fcsselwert(?: ist)?|\u30ad\u30fc\u306e\u5024\u306f) \(){_SHORT}(?=\)(?:\.| kann| \u3067\u3059|\s|$))",
    "-werts|de la valeur|el valor|の値": rf"(?P<keep>(?:des \w{{1,20}}-Werts|de la valeur \w{{1,20}}|el valor \w{{1,20}}|\w{{1,20}} \u306e\u5024) {_Q}){_SHORT}(?={_Q} ?(?:in den|en type|al tipo|\u3092))",
    "abgeschnittener|tronquée|truncado|切り捨てられた値": rf"(?P<keep>(?:Abgeschnittener Wert|Valeur tronqu\u00e9e|Valor truncado|\u5207\u308a\u6368\u3066\u3089\u308c\u305f\u5024)\s?: ?{_Q}){_SHORT}(?={_Q}(?:[.\s\u3002]|$))",
    "char": rf"(?P<keep>\bn?(?:var)?char[^\n'\"`\u00ab\u00bb]{{0,24}}{_ANY_Q}){_SHORT}(?={_ANY_Q}[^\n'\"`]{{0,60}}(?<![A-Za-z])(?:int|bigint|smallint|tinyint|bit|float|real|decimal|numeric|money|date\w{{0,10}}|time|uniqueidentifier|xml)(?![A-Za-z]))",  # in every language
    _VALUE.lower(): rf"(?P<keep>(?:{_VALUE})(?: non valido| no v\u00e1lido| inv[a\u00e1]lid[eo]?)?\s?:? ?{_ANY_Q} ?){_SHORT}(?= ?{_ANY_Q})",
    "is not": rf"(?P<keep>\bValue {_Q}){_SHORT}(?={_Q} is not (?!recognized))",
    ", got ": rf"(?P<keep>\bexpected [^\n'\"]{{1,80}}[^\n]{{0,80}}?, got {_Q})(?!(?:int|str|float|list|dict|bool|bytes|tuple|object|NoneType|string|number|null)\b){_SHORT}(?={_Q})",
    "key value": rf"(?P<keep>\bKey value: \(){_SHORT}(?=\)(?:[.,\s\"'\\]|$))",
    "allowed": rf"(?P<keep>[\"':] ?){_SHORT}(?= (?:was|is) not (?:one of the allowed|an allowed) )".replace(r"[^\n]{1,1000}?", r"[^\n\"':]{1,200}?"),
    "(a java": rf"(?P<keep>\bvalue ){_SHORT}(?= \(an? java\.)",
    "重复|重複|중복|дублир|duplik|duplicat|duplicad|dubbele|yinelenen|dublett|duplicit|dupliker|kahdennettu": r"(?P<keep>(?:\u91cd\u590d|\u91cd\u8907|\uc911\ubcf5|\u0434\u0443\u0431\u043b\u0438\u0440|duplik|duplicat[aoe]|duplicad|dubbele|yinelenen|dublett|duplicit|dupliker|kahdennettu)[^\n()=]{0,40} ?\()(?!\*\*\*|\d{1,3}\))[^\n()]{1,500}(?=\)[^\n]{0,24}[.\u3002]\s*(?:[\n\"'\\]|$))",
    # MySQL
    "-wert: |incorrecte|incorrecto": rf"(?P<keep>(?:Falscher \S{{1,20}}-Wert|Valeur \S{{1,10}} ?\w{{0,20}} ?incorrecte|Valor \S{{1,10}} ?\w{{0,20}} ?incorrecto)\s?: ?{_Q}){_SHORT}(?={_Q} (?:f\u00fcr|pour|para|en)\b)",
    "重複": rf"(?P<keep>\u30ad\u30fc {_Q}){_SHORT}(?={_Q} \u306e\u91cd\u8907)",
    "は索引": r"(?P<keep>['\"])(?!\*\*\*)[^\n'\"]{1,500}(?=['\"] \u306f\u7d22\u5f15)",
    # Oracle
    "column values|spaltenwerten|列値": rf"(?P<keep>(?:column values|Spaltenwerten|\u5217\u5024|valeurs de colonne|valores de columna)\s?\(){_SHORT}(?=\)(?:\s|\u3092|$))",
    "invalid string value|ora-01861": rf"(?P<keep>\binvalid string value: |\bliteral (?=\S{{1,200}} does not match)){_SHORT}(?= does not match|\n|$)",
    # Snowflake, BigQuery, Athena, Trino, ClickHouse, Vertica, Netezza
    "detected in string": rf"(?P<keep>\bUTF-?8 detected in string {_Q}){_SHORT}(?={_Q})",
    "rejected_record": r"(?P<keep>\brejected_record['\"]?\s{0,40}[|:=]\s{0,3})" + _TO_THE_END,
    "row content|bad row|rejected row|bad line|offending line": r"(?P<keep>\b(?:row content|bad row|rejected row|bad line|offending line)s?\s?: ?)" + _TO_THE_END,
    "(bad value)": r"(?P<keep>\(bad value\): ?)(?!\*\*\*)[^\n'\"}]{1,1000}",
    "column_type:|column_name:": rf"(?P<keep>\bcolumn_(?:type|name): [^\n]{{1,200}}?\bvalue: {_Q}){_SHORT}(?={_Q}(?:[,;.\s]|$))",
    "is not like": rf"(?P<keep>\btext {_Q}){_SHORT}(?={_Q} is not like )",
    "“": r"(?P<keep>\u201c)(?!\*\*\*)[^\n\u201d]{1,500}(?=\u201d (?:value |is not (?:a|an|one|a valid)\b))",
    "debuginfo": rf"(?P<keep>\bdebugInfo{_Q}: ?{_Q}){_SHORT}(?={_Q}(?:[,}}\s]|$))",
    "field value '": rf"(?P<keep>\bparsing field value {_Q}){_SHORT}(?={_Q} for field)",
    "cannot cast|cannot parse|cannot convert": rf"(?P<keep>\bcannot (?:cast|convert|parse(?: string)?|parse input: [^\n]{{1,80}}? before:) {_Q}){_SHORT}(?={_Q}(?:: \(| as | to [A-Z]))",
    "be cast to": rf"(?P<keep>\bcannot be cast to \w{{1,30}}: ){_TO_THE_END}",
    " format '": rf"(?P<keep>\bInvalid \w{{1,20}} format {_Q}){_SHORT}(?={_Q} for column)",
    "error in ": rf"(?P<keep>\b\w{{1,20}}: error in {_Q}){_SHORT}(?={_Q}: can't parse)",
    "parsing ": r"(?P<keep>\bparsing \\{0,8}\")" + _SHORT + r"(?=\\{0,8}\": (?:invalid syntax|value out of range|time))",
    # Spark, Delta, Java
    "map key": rf"(?P<keep>\bDuplicate map key ){_SHORT}(?= was found)",
    "variant value": rf"(?P<keep>\bvariant value `?{_Q}){_SHORT}(?={_Q}`? cannot)",
    "row with values": r"(?P<keep>\bviolated by row with values:)(?:\s{0,8}- [^\n:]{1,200} : (?!\*\*\*)[^\n]{0,2000}){1,80}",
    "value in row": rf"(?P<keep>\bviolated by value in row: \[){_SHORT}(?=\])",
    "from string ": rf"(?P<keep>\bfrom String \\{{0,8}}\"){_SHORT}(?=\\{{0,8}}\": not a valid)",
    "unrecognized token": rf"(?P<keep>\bUnrecognized token {_Q}){_SHORT}(?={_Q}: was expecting)",
    # Python
    "got ": r"(?P<keep>\bExpected \d{1,5} columns, got \d{1,5}: )" + _TO_THE_END,
    "are in the [index]": rf"(?P<keep>\bNone of \[\w{{1,30}}\(\[){_SHORT}(?=\]?[^\n\]]{{0,60}}\] are in the \[index\])",
    "(type <class": r"(?P<keep>['\"])(?!\*\*\*)[^\n'\"]{1,500}(?=['\"] \(type <class)",
    "failed validating": rf"(?P<keep>\bfailed validating {_Q}){_SHORT}(?={_Q} with )",
    "is not a valid value|not accepted by the pattern|not an element of the set": rf"(?P<keep>: {_Q}){_SHORT}(?={_Q} is not (?:a valid value of|accepted by the pattern|an element of the set))",
    "value '|value \"": rf"(?P<keep>\bvalue {_Q}){_SHORT}(?={_Q} (?:cannot be|can't be|could not be) (?:converted|cast|parsed|coerced|stored|inserted))",
}  # fmt: skip
FORMS: tuple[Form, ...] = tuple(
    Form(pattern, tuple(hints.split("|")), says_something, flags=re.IGNORECASE | re.MULTILINE)
    for hints, pattern in _ENGINES.items()
)

#: A row that is repeated as it stood in its file, after words that say so.
_AS_IT_STOOD = Form(
    (
        r"(?P<keep>\b(?:rejected|bad|malformed|invalid|offending|skipped|skipping|broken|failed)(?: \w{1,12})? (?:record|row|line)(?: (?:no\.? |#)?\d{1,12})?\s?: ?)(?=[^\n]{0,2000}?[^\s,;|\t](?:[,;|\t]|\\t)[^\s])"
        + _TO_THE_END
    ),
    ("record", "row", "line"),
    flags=re.IGNORECASE,
)
#: A rule of a table, with a place where lines cross; names of tables that tell of columns and tasks, and of nobody; a row's edge.
_RULE = re.compile(r"(?=.{1,2000}[+|\u253c\u256a\u2547\u2502])\s*[|+\u251c\u2521\u255e\-][|+:\-= \u2500-\u257f]{3,}\Z")
_OF_NOBODY = re.compile(
    r"\b(?:column_name|data_type|definition_type|dag_id|task_id|package|version|status)\b", re.IGNORECASE
)
_EDGE = re.compile("[|\u2502\u2503]")
_CELL = re.compile("(?<=[|\u2502\u2503\u2506])[^|\u2502\u2503\u2506]+")


def hide_rows(text: str, lowered: str) -> str:
    """The text without values of rows that engines repeat, and without the cells of tables in boxes."""
    for form in (*FORMS, _AS_IT_STOOD):
        text = form.hide(text, lowered)
    return _hide_boxes(text) if "--" in text or "\u2550" in text or "\u2500" in text or "\u2501" in text else text


def _hide_boxes(text: str) -> str:
    """The text without the rows after the rule under the names of a table; one that begins with a rule has its names after it."""
    lines, rows = text.split("\n"), False
    for place, line in enumerate(lines):
        if _RULE.match(line):
            names = lines[place - 1] if place else ""
            rows = rows or (_EDGE.search(names) is not None and not _OF_NOBODY.search(names) and not _RULE.match(names))
        elif not _EDGE.search(line):
            rows = False
        elif rows:
            lines[place] = _hide_cells(line)
    return "\n".join(lines)


def _hide_cells(line: str) -> str:
    """A row without its cells; where it has no edge, the first cell begins with the line."""
    edge = "" if line.lstrip()[:1] in ("|", "\u2502", "\u2503") else "|"
    return _CELL.sub(_cell, edge + line)[len(edge) :]


def _cell(match: re.Match[str]) -> str:
    """A cell without its value; its width stays."""
    cell = match.group()
    value = cell.strip()
    return cell if says_nothing(value) else cell.replace(value, MASK + " " * (len(value) - len(MASK)))
