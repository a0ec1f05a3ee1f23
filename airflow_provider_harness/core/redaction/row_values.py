"""Values of rows that databases, drivers and libraries repeat in their errors, in the languages that PostgreSQL speaks.

Whose column it is, and whether it is personal, is not known where an error is read; so every such value is masked. Names of
tables, columns and types stay, and so do a statement's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.secret_forms import Form

_OPEN, _CLOSE = "\\\\{0,8}[\"'\u00ab\u00bb\u201c\u201e`]", "\\\\{0,8}[\"'\u00ab\u00bb\u201d\u201c`]"
_WHAT_FOLLOWS = (
    r"\)(?=[\"\u00bb]?\s?\u00bb? ?(?:already|is|conflicts|with|existiert|ist|kollidiert|existe|n'est|est|no est|est\u00e1|esiste|non|\u00e8|j\u00e1|n\u00e3o|est\u00e1|uzhe"
    r"|\u0443\u0436\u0435|\u043e\u0442\u0441\u0443\u0442|\u0434\u0443\u0431\u043b|\u043a\u043e\u043d\u0444|\u306f|\u304c|\u304c|\ud0a4|\u5df2|\u6ca1|\u91cd|\u4e0e)\b)"
)
_TO_THE_END = r"(?!\*\*\*)(?:(?!\\n)[^\n])+"


_CODE = re.compile(r"[A-Za-z]{1,4}[-_]?\d{2,12}[\"\u00bb]?\s*\Z")


def _shape(value: str) -> str:
    """The mask; of a code such as C-1044 what it looks like, since that tells a column of another kind from one bad row."""
    return re.sub(r"\d", "0", re.sub("[A-Za-z]", "x", value)) if _CODE.match(value) else MASK


def _up_to(end: str) -> str:
    """Up to what follows on this line, or on one of the next where the value has line feeds; else the rest of the line."""
    return rf"(?!\*\*\*)(?:[^\n]{{0,1000}}?(?={end})|(?:[^\n]{{0,500}}\n){{1,4}}?[^\n]{{0,500}}?(?={end})|(?:(?!\\n)[^\n])+)"


_DAY = r"20\d\d-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}[/.]\d{1,2}[/.]20\d\d"
_PLAIN = (
    rf"(?:n/?a|n\.?v\.?|null|none|nan|nil|-{{1,3}}|\?|\.{{3}}|-?\d{{1,3}}(?:[.,]\d{{1,2}})?(?: [A-Z]{{3}})?|{_DAY})"
)
#: Values that say nothing of anybody and much of the error: nothing, a sign for nothing, small numbers, days; three signs.
_SAYS_NOTHING = re.compile(
    rf"[\"'\u00bb\u201d`]|(?:{_PLAIN}(?:, {_PLAIN}){{0,30}}|(?-i:[a-z0-9_]{{1,3}}|[A-Z0-9_]{{1,3}}))(?:[\"'\u00bb\u201d`\])](?!\w)|\s*\Z)|[),;\]}}]",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"birth|\bdob\b|geburt|geboren|naissance|nacimiento|nascita|nascimento|urodz|\u751f\u5e74", re.IGNORECASE
)


def says_nothing(value: str) -> bool:
    """Whether a value is nothing, a sign for it, a small number, a day, or at most three signs."""
    return value in ("", MASK) or _SAYS_NOTHING.match(value + " ") is not None


def says_something(match: re.Match[str]) -> bool:
    """Whether what a form found may say something of somebody."""
    value = match.group()[len(match["keep"]) :]
    value = value[1:] if value[:2] in ("b'", 'b"') else value
    if value[:1] in ("'", '"') and not match["keep"].endswith(("'", '"')):
        value = value[1:]
    return value != "" and (_SAYS_NOTHING.match(value + " ") is None or _BIRTH.search(_line(match)) is not None)


def _line(match: re.Match[str]) -> str:
    """The beginning of the line on which something was found, up to its end."""
    text = match.string
    return text[max(text.rfind("\n", 0, match.start()) + 1, match.start() - 200) : match.end()]


#: PostgreSQL: what ends with the value.
_ENDS_WITH = "|".join(
    (
        r"invalid input syntax for (?:type )?[\w \[\]()]{1,60}",
        r"invalid input value for enum [\w.\"]{1,130}",
        r"date/time field value out of range|interval field value out of range|time zone displacement out of range",
        r"malformed (?:array|record|range|multirange) literal|invalid (?:hexadecimal|binary|octal) digit|invalid cidr value|invalid XML content",
        r"ung\u00fcltige Eingabesyntax f\u00fcr Typ [\w ]{1,60}|ung\u00fcltiger Eingabewert f\u00fcr Enum \S{1,130}|Datum/Zeit-Feldwert ist au\u00dferhalb des g\u00fcltigen Bereichs",
        r"\u00bbinterval\u00ab-Feldwert ist au\u00dferhalb des g\u00fcltigen Bereichs|Zeitzonenunterschied ist au\u00dferhalb des g\u00fcltigen Bereichs|fehlerhafte (?:Array|Record-K|Bereichsk)onstante|ung\u00fcltige hexadezimale Ziffer",
        r"syntaxe en entr\u00e9e invalide pour le type [\w ]{1,60}|valeur en entr\u00e9e invalide pour le enum [^\s:]{1,130}|valeur du champ (?:date/time|interval) en dehors des limites",
        r"d\u00e9placement du fuseau horaire en dehors des limites|tableau litt\u00e9ral mal form\u00e9|enregistrement litt\u00e9ral invalide|chiffre hexad\u00e9cimal invalide",
        r"la sintaxis de entrada no es v\u00e1lida para (?:el )?(?:tipo|enum) [\w ]{1,130}|valor de (?:hora/fecha|interval) fuera de rango|desplazamiento de huso horario fuera de rango",
        r"literal de (?:array|record) mal formado|d\u00edgito hexadecimal no v\u00e1lido",
        r"sintassi di input non valida per il tipo [\w ]{1,60}|la sintassi per l'enumerazione \S{1,130} non \u00e8 valida|valore del campo (?:date/time|interval) fuori dall'intervallo consentito",
        r"sintaxe de entrada (?:\u00e9 )?inv\u00e1lida para (?:o )?tipo [\w ]{1,60}|\u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439 \u0441\u0438\u043d\u0442\u0430\u043a\u0441\u0438\u0441 \u0434\u043b\u044f \u0442\u0438\u043f\u0430 [\w ]{1,60}",
    )
)
_SPACE = r"(?:\s|[.,;:)\]}]|\\n|$)"
#: What goes on after the value: only where that follows are these the words of an error.
_GOES_ON: Mapping[str, str] = {
    r"\bvalue|Wert|la valeur|el valor|valore|\u0437\u043d\u0430\u0447\u0435\u043d\u0438\u0435": r"(?= (?:is out of range|ist au\u00dferhalb|est en dehors|est\u00e1 fuera|fuori dall|\u0432\u043d\u0435))",
    r"The value|with value": r"(?= of (?:the )?type| cannot )",
    r"\b(?:Value|String|Input|text)": r"(?= is (?:not recognized|too long|not a valid)| was not recognized)",
    r"\b(?:Numeric|Timestamp|Date|Time|Boolean|Real|Float|Integer|Double|Variant)(?: value)?": r"(?= is not recognized| is out of range)",
}
#: What goes on somehow.
_PHRASES: Mapping[str, str] = {
    "got a '|got an '": r"got an? '\w{1,30}' object:?",
    "field format|cast literal|variant value|input string|unexpected value|for decimal": r"invalid \w{1,20} field format|could not cast literal|failed to cast variant value|failed to parse input string|\bunexpected values?|invalid literal for Decimal",
    "convert string|not convert|not parse|to parse|conversion failed|not cast": r"\bcould not convert(?: string)?|\bcould not parse(?: string| json)?|unable to parse(?: string)?|conversion failed for value|could not cast(?: value)?|failed to cast(?: value)?",
    "string to float|string to complex|invalid literal|isoformat|parse string|invalid value|date string": r"could not convert string to (?:float|complex)|invalid literal for int\(\) with base \d{1,2}|Invalid isoformat string|Failed to parse string|\binvalid value(?!:)|Given date string",
    "time data|invalid date|invalid time|invalid inter|invalid numer|invalid geog|invalid json": r"time data|Invalid (?:date|time|timestamp|datetime|interval|numeric|geography|JSON)(?: literal| value| format| string)?",
    "incorrect |truncated|out of range value": r"Incorrect (?:integer|decimal|string|datetime|date|time|double|float) value|Truncated incorrect \w{1,20} value|Truncated value|Data truncated for value|Out of range value",
    "converting|parsing |duplicate key|because key": r"Conversion failed when converting the \w{1,20} value|Error converting data type \w{1,20} value|parsing (?:field|value)|Duplicate key|because key",
    "input string|unparseable": r"For input string|Unparseable (?:date|number)",
    "by string|preview of|value containing|] for value": r"exceeded by string|string value containing|\] for value|Preview of field's value",
}
#: Hints -> what is followed by a value without quotes.
_BARE: Mapping[str, str] = {
    "bad ": r"(?P<keep>\bBad (?:u?int\d{0,2}|double|float|numeric|bool|date|time|timestamp|datetime) value: )(?!\*\*\*)(?:[^\n(;]{1,500}?(?= \(|;|\.? ?(?:\n|\\n|$))|[^\n]{1,4000})",
    "; value: ": r"(?P<keep>; Value: )(?!\*\*\*)[^\n;]{1,4000}",
    "nanosecond timestamp: |string format: |invalid number: ": r"(?P<keep>\b(?:nanosecond timestamp|Unknown (?:datetime )?string format|invalid number): )" + _TO_THE_END,
    "numeric value: ": r"(?P<keep>\bInvalid (?:NUMERIC|BIGNUMERIC|FLOAT|INTEGER) value: )(?!\*\*\*)[^\n]{1,500}?(?= Field: |;|\n|$)",
    "in set: [|samples": r"(?P<keep>\b(?:not in set|samples['\"]?): ?\[)(?!\*\*\*)[^\]\n]{1,4000}",
    "'input': |\"input\": ": r"(?P<keep>\{['\"]input['\"]: ?)(?!\*\*\*)[^\n]{1,2000}?(?=, ['\"](?:loc|ctx|url|type|msg)['\"])",
    "data remains": r"(?P<keep>unconverted data remains: )" + _TO_THE_END,
    "unable to parse: ": r"(?P<keep>unable to parse: )(?!\*\*\*)[^\n]{1,500}?(?=, at position|\n|$)",
    "failure case": r"(?P<keep>\bfailure cases?: )" + _TO_THE_END,
    "with value |with a value ": r"(?P<keep>\bwith (?:a )?value )(?!\*\*\*)[^\n'\"\s]{1,200}(?= can't be cast| cannot be cast| is out of range)",
    "for value ": r"(?P<keep>\bfor value )(?!\*\*\*)[^\n'\"\s]{1,200}(?= in column)",
    "not a valid ": r"(?P<keep>\bNot a valid \w{1,20}: )(?!\*\*\*)[^\n'\"]{1,1000}",
    "new category": r"(?P<keep>\bnew category \()(?!\*\*\*)[^\n)]{1,500}",
    "original line": r"(?P<keep>\bOriginal Line:\s{1,4})" + _TO_THE_END,
    "raw_field_value|raw_line": r"(?P<keep>\braw_(?:field_value|line)\s{0,40}[|:=]\s{0,3})" + _TO_THE_END,
    "json data, |json-daten, |données json|datos json|dati json": r"(?P<keep>\b(?:JSON data|JSON-Daten|donn\u00e9es JSON|Datos JSON|dati JSON), (?:line|Zeile|ligne|l\u00ednea|riga) \d{1,9} ?: )" + _TO_THE_END,
    "record": r"(?P<keep>\b(?:records? (?:are|is) detected in record parsing|Malformed records?[^\n:]{0,60}): ?)" + _TO_THE_END,
    "value: [|values: [": r"(?P<keep>\bvalues?: \[)(?!\*\*\*)[^\]\n]{1,4000}",
    "with parameters: |mit parametern: |les paramètres: |los paramètres|con parámetros: |con parametri: ": r"(?P<keep>\b(?:with parameters|mit Parametern|avec les param\u00e8tres|con par\u00e1metros|con parametri): (?:\u00ab ?)?)" + _TO_THE_END,
    "param": r"(?P<keep>(?:DETAIL|D\u00c9TAIL|DETALLE|DETTAGLI) ?:  ?[Pp]aram\S{3,9} ?: )" + _TO_THE_END,
    "parameter $": r"(?P<keep>\bportal(?: \"[^\"\n]{0,60}\")? parameter \$\d{1,4} = )" + _TO_THE_END,
    "bind ": r"(?P<keep>(?:\bBIND|\bbind) (?:values|variables|params?): )" + _TO_THE_END,
}  # fmt: skip
_HINTS = "not recognized|out of range|ist außerhalb|en dehors|fuera de|fuori dall|вне д|of type| of the type| cannot |too long|not a valid"
#: How PostgreSQL calls the detail of an error in its languages but English, and its types, whose names stand in every language.
_DETAIL = "D\u00c9TAIL|DETALLE|DETTAGLI|DETALHE|SZCZEG\u00d3\u0141Y|\u041f\u041e\u0414\u0420\u041e\u0411\u041d\u041e\u0421\u0422\u0418|\u0414\u0415\u0422\u0410\u041b\u0406|DETALJ|AYRINTI|\u63cf\u8ff0|\u8a73\u7d30|\uc0c1\uc138\uc815\ubcf4"
_TYPES = "smallint|integer|bigint|numeric|real|double precision|boolean|date|time|timestamp|timestamptz|interval|uuid|jsonb|json|inet|cidr|bytea|money|xml"
#: Hints -> pattern.
_ROWS: tuple[tuple[str, str], ...] = (
    (")=(|) = (", r"(?P<keep>\((?:\\?\"?[^()\n=]{1,200}|[^\n=]{1,200}(?:::text|\)))\)=\()" + _up_to(_WHAT_FOLLOWS)),
    (") = (", r"(?P<keep>(?:contains|contiene|contient|enth\u00e4lt|\u0441\u043e\u0434\u0435\u0440\u0436\u0438\u0442) \([^()\n]{1,200}\) = \()(?!\d{4}-\d\d-\d\d\))" + _TO_THE_END),
    (
        "row|zeile|ligne|fila|riga|\u0441\u0442\u0440\u043e\u043a\u0430|\u884c|\uc790\ub8cc|linha",
        r"(?P<keep>(?:failing row contains|Fehlgeschlagene Zeile enth\u00e4lt|La ligne en \u00e9chec contient|La fila que falla contiene|La riga in errore contiene|\u041e\u0448\u0438\u0431\u043e\u0447\u043d\u0430\u044f \u0441\u0442\u0440\u043e\u043a\u0430 \u0441\u043e\u0434\u0435\u0440\u0436\u0438\u0442|\u5931\u6557\u3057\u305f\u884c\u306f|\u5931\u8d25, \u884c\u5305\u542b|\uc2e4\ud328\ud55c \uc790\ub8cc:|A linha que falhou cont\u00e9m) ?\()"
        r"(?!\*\*\*|[^()\n]{1,200}\) = \()(?:[^\n]+(?<=\)\.)(?=\s*$)|(?:[^\n]{0,2000}\n){1,4}?[^\n]{0,2000}(?<=\)\.)(?=\s*$)|(?:(?!\\n)[^\n])+)",
    ),
    (_DETAIL.lower(), rf"(?P<keep>\b(?:{_DETAIL})\s?: {{1,2}}[^()\n]{{1,80}}\()(?!\*\*\*)(?=[^\n]*, )(?![^()\n]{{1,200}}\) ?= ?\()(?:(?!\\n)[^\n])+"),
    (
        "copy ",
        r"(?P<keep>\bCOPY [^\n,]{1,130}, ?[^\W\d]{1,12} ?\d{1,12}(?:, ?[^\n:\"\u00ab\u00bb']{1,160})?\s?: ?\\{0,8}[\"'\u00ab\u00bb] ?)"
        r"(?!(?<=\b1: .)[a-z0-9]{1,60}_[a-z0-9_]{1,60}(?:[,;|\t][a-z0-9_]{1,60}){1,200}['\"])" + _TO_THE_END,
    ),
    ("could not be parsed", r"(?P<keep>\bText ')" + _up_to(r"' could not be parsed")),
    ("duplicate entry", r"(?P<keep>\bduplicate entry ['\"])" + _up_to(r"['\"] for key\b")),
    (
        "duplicate key value is|schl\u00fcsselwert ist|double|dupliqu|duplicada|duplicata",
        r"(?P<keep>(?:duplicate key value is|doppelte Schl\u00fcsselwert ist|cl\u00e9 (?:en double|dupliqu\u00e9e)(?: est|\s?:)|clave duplicada es|chiave duplicata \u00e8|chave duplicada \u00e9) \()" + _up_to(r"\)\."),
    ),
    (
        "für schlüssel|pour la cl|para la clave|para a chave|per la chiave|dla klucza|\u043a\u043b\u044e\u0447|sleutel",
        r"(?P<keep>')(?!\*\*\*)[^'\n]{1,500}(?=' (?:(?:duplicad[ao] )?(?:f\u00fcr Schl\u00fcssel|pour la cl\w{1,2}|para la clave|para a chave|per la chiave|dla klucza|\u043f\u043e \u043a\u043b\u044e\u0447\u0443|voor (?:zoek)?sleutel)\b))",
    ),
    ("column values (", r"(?P<keep>\bcolumn values \()" + _up_to(r"\) already exists")),
    ("row(|row (", r"(?P<keep>(?:\bRow\(|\bfor row \())(?=[^\n)]{1,1000}, )(?!\*\*\*)[^\n]{1,4000}?(?=\))"),
    ("dup key: {", r"(?P<keep>\bdup key: \{ ?)(?!\*\*\*)[^\n]{1,4000}?(?= ?\})"),
    ("record(", r"(?P<keep>\b(?:Consumer|Producer)Record\([^\n]{0,400}?\bvalue=)" + _TO_THE_END),
    ("parameters", r"(?P<keep>\[(?:cached |generated in \S{1,20} )?parameters: )(?!\*\*\*)(?:[^\n]*(?=\][\"'\s]*(?:\(Background on|$|\\n\(Background))|[^\n]+)"),
    ("generated in|cached since", r"(?P<keep>\[(?:generated in|cached since) [^\]\n]{1,160}\] )(?!\*\*\*)[({\[][^\n]+"),
)  # fmt: skip
_SAYING: tuple[tuple[str, str], ...] = (
    (
        "input syntax|input value|out of range|malformed|invalid hex|invalid bin|invalid oct|invalid cidr|invalid xml|eingabe|bereich|fehlerhaft|hexadez|en entrée|limites|littéral|hexadéc|sintaxis|fuera de rango|mal formado|hexadec|sintassi|fuori dall|sintaxe|синтаксис",
        rf"(?P<keep>(?:{_ENDS_WITH})\s?: ?{_OPEN} ?)" + _TO_THE_END,
    ),
    *((hints, rf"(?P<keep>(?:{phrase})(?:: ?| ){_OPEN} ?)" + _up_to(_CLOSE + _SPACE)) for hints, phrase in _PHRASES.items()),
    *((_HINTS, rf"(?P<keep>(?:{phrase})(?:: ?| ){_OPEN} ?)(?!\*\*\*)[^\n]{{0,1000}}?(?={_CLOSE}{follows})") for phrase, follows in _GOES_ON.items()),
    ("input_value=", r"(?P<keep>\binput_value=)" + _up_to(r", input_type=|\]\s*(?:\n|$)")),
    ("'input'|\"input\"", r"(?P<keep>['\"]loc['\"][^\n]{1,600}?['\"]input['\"]: ?)" + _up_to(r", ['\"](?:ctx|url|type|loc)['\"]|\}[,\]\s]|\}$")),
    (" is not of type| does not match | is not one of | is too long| is not valid under| is not a '| is less than the minimum| is greater than the maximum",
     r"(?P<keep>(?:ValidationError: |^))(?!\*\*\*)(?:['\"{\[][^\n]{0,2000}?|[\d.eE+-]{1,40})(?= (?:is not of type|does not match|is not one of|is too long|is too short|is not valid under|is not a '|is less than the minimum|is greater than the maximum))"),
    ("the datum ", r"(?P<keep>\bThe datum )" + _up_to(r" (?:provided for [^\n]{1,80} )?is not an example of")),
    ("copy", r"(?P<keep>(?<![A-Za-z])COPY[^\n\":]{0,160}?\d{1,12}[^\n\":]{0,160}: ?\\{0,8}\")(?!(?<=\b1: .)[a-z0-9]{1,60}_[a-z0-9_]{1,60}(?:[,;|\t][a-z0-9_]{1,60}){1,200}['\"])" + _TO_THE_END),
    (_TYPES.lower(), rf"(?P<keep>[^\x00-\x7f][^\n\":]{{0,120}}(?<![A-Za-z])(?:{_TYPES})(?![A-Za-z])[^\n\":]{{0,40}}: ?\\{{0,8}}\")" + _TO_THE_END),
    (_TYPES.lower(), rf"(?P<keep>(?<![A-Za-z])(?:{_TYPES})(?![A-Za-z])\\{{0,8}}\"?(?=[^\n\":]{{0,40}}[^\x00-\x7f])[^\n\":]{{0,40}}: ?\\{{0,8}}\")" + _TO_THE_END),
    ("on instance", r"(?P<keep>\bOn instance[^\n]{0,200}:\n\s{1,12})" + _TO_THE_END),
    *_BARE.items(),
)  # fmt: skip
FORMS: tuple[Form, ...] = tuple(
    Form(pattern, tuple(hints.split("|")), holds, shape, re.IGNORECASE | re.MULTILINE)
    for table, holds, shape in ((_ROWS, says_something, None), (_SAYING, says_something, _shape))
    for hints, pattern in table
)

# Statements: their text is somebody's, their literals are values of rows.
_STATEMENT = re.compile(
    r"\[SQL: [\s\S]{0,20000}?(?=\]\s*(?:\n|\[|\(|\"|$)|\Z)|^[^\S\n]*(?:LINE|ZEILE|LIGNE|L\u00cdNEA|RIGA|LINHA|\u0421\u0422\u0420\u041e\u041a\u0410) \d{1,6} ?: [^\n]*"
    r"|\b(?:STATEMENT|QUERY|ANWEISUNG|ANFRAGE|INSTRUCTION|REQU\u00caTE|SENTENCIA|CONSULTA|ISTRUZIONE) ?: {1,2}[^\n]*"
    r"|\b(?:INSERT INTO|REPLACE INTO|MERGE INTO)\b[^\n]{0,2000}?\bVALUES\b[^\n]*|\bUPDATE\s[\w.\"`]{1,130}\sSET\b[^\n]*|\bDELETE FROM\s[\w.\"`]{1,130}\sWHERE\b[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*+(?:'|\Z)")
_STAYS = re.compile(
    r"'(?:\*\*\*|\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.+Z]{2,20})?|\d+ (?:second|minute|hour|day|week|month|year)s?|[\d.,]{0,4}|\w|\{\{[^{}]{1,80}\}\}|%s|YYYY[\w: /.-]{0,30})'\Z"
)
_SOURCE = re.compile(r"\w\((?:[rfRF]{0,2}[\"']{1,3})\s{0,20}\Z")  # the code of a call, which its author wrote
_VALUES = re.compile(r"(\bVALUES\s*)(\([\s\S]*)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.$%:\"])-?\d+(?:\.\d+)?(?![\w.%\"])")
_LONG_NUMBER = re.compile(r"(?<![\w.$%:\"-])-?\d{5,}(?:\.\d+)?(?![\w.%\"])")


def hide_statements(text: str, lowered: str) -> str:
    """The text whose statements have no literals but dates; in the values that are inserted no numbers either."""
    hints = ("[sql:", " 1", ": ", "insert into", "merge into", "replace into", "update ", "delete from")
    return _STATEMENT.sub(_statement, text) if any(hint in lowered for hint in hints) else text


def _statement(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 40) : match.start()]
    if _SOURCE.search(before):
        return match.group()
    inserts = _VALUES.search(match.group())
    text = _LITERAL.sub(_literal, match.group())
    numbers = _NUMBER if match.group().startswith("[") else _LONG_NUMBER
    return _VALUES.sub(lambda found: found[1] + numbers.sub(MASK, found[2]), text) if inserts else text


_ARGUMENT = re.compile(r"'[a-z_.]{1,30}'\Z")
_CALL = re.compile(r"\b(?!values|in\b|any\b|all\b)[a-z_]{2,40}\((?:[^()']|'[a-z_.]{1,30}')*\Z", re.IGNORECASE)


def _literal(found: re.Match[str]) -> str:
    """A literal without what it says, but for dates, and words that are the argument of a function."""
    if _STAYS.match(found.group()):
        return found.group()
    if _ARGUMENT.match(found.group()) and _CALL.search(found.string, max(0, found.start() - 120), found.start()):
        return found.group()
    return f"'{MASK}'"


# Lists of values that a check did not expect, on one line or on many.
_LIST = re.compile(
    r"\b(?:(?:partial_)?unexpected_(?:list|values?|counts|index_list|rows?)\\{0,4}['\"]?\s?[:=]"
    r"|(?:(?:rejected|failing|failed|bad|invalid|malformed|failure|offending|test) (?:row|record|document|item)s?|records? rejected|data item|valid_data)\s?[:=]?"
    r"|(?:row|record|after|before|document|op)\s?[:=]|(?:mismatch; row|contains NUL:))\s?(?=[\[{(])"
    r"|(?=[\[(](?:[^()\[\]\n]{0,400}, )?(?:datetime\.date(?:time)?\(\d|(?:Decimal|UUID)\('))",  # what a driver makes of a row
    re.IGNORECASE,
)
_LIST_HINTS = (
    "unexpected_",
    "row",
    "record",
    "document",
    "item",
    "valid_data",
    "after",
    "before",
    "op",
    "nul",
    "datetime.date",
    "decimal('",
    "uuid('",
)
_ITEM = re.compile(
    r"\\\"(?:[^\"\\\n]|\\(?!\"))*\\\"(?:\s*:)?|\"(?:[^\"\\\n]|\\.)*\"(?:\s*:)?|'(?:[^'\\\n]|\\.)*'(?:\s*:)?|(?<![\w.\"'])-?\d[\d.]{3,40}(?![\w\"'])"
)
_BRACKETS = re.compile(r"[\[\](){}]")
_MOST = 20_000  # characters of a list that are looked through for its end


def hide_lists(text: str, lowered: str) -> str:
    """The text without the values that a check of Great Expectations lists, or a library of the row that it refused."""
    if not any(hint in lowered for hint in _LIST_HINTS):
        return text
    done, at = [], 0
    for found in _LIST.finditer(text):
        if found.start() < at:
            continue
        end = _closed(text, found.end())
        done += [text[at : found.end()], _ITEM.sub(_item, text[found.end() : end])]
        at = end
    return "".join((*done, text[at:]))


def _item(match: re.Match[str]) -> str:
    """A value of a list without what it says; its quotes stay, and so does the name of a field."""
    text = match.group()
    if text.endswith(":") or _SAYS_NOTHING.match(text.lstrip("\\")[1:] + " "):
        return text
    if text.startswith("\\"):
        return f'\\"{MASK}\\"'
    return f"{text[0]}{MASK}{text[-1]}" if text[0] in "\"'" and len(text) > 1 else MASK


def _closed(text: str, start: int) -> int:
    """Where the bracket that opens here is closed."""
    depth = 0
    for sign in _BRACKETS.finditer(text, start, start + _MOST):
        depth += 1 if sign.group() in "[({" else -1
        if depth == 0:
            return sign.start()
    return min(len(text), start + _MOST)


# What pandas prints of a table.
_DTYPE = re.compile(
    r"(?:^(?! )[^\n]{1,100}? {2,}\S[^\n]*\n){1,80}(?=(?:Name: [^\n]{1,80}, )?(?:Length: \d{1,12}, )?dtype: \w)",
    re.MULTILINE,
)
_CELLS = re.compile(r"^(?P<keep>\S[^\n]*? {2,})\S[^\n]*$", re.MULTILINE)
_TABLE = re.compile(
    r"^(?=[^\n]{0,2000}? {2})(?:[^\n]{0,300}?[:\-])? *[^\W\d]\S*(?: {1,40}\S+){0,60} *\n(?:\d{1,9} [^\n]*(?:\n|\Z)){1,80}",
    re.MULTILINE,
)
_ROW = re.compile(r"^(?P<keep>(?P<row>\d{1,9}) +)(?!\*\*\*)\S[^\n]*$", re.MULTILINE)


def hide_tables(text: str, lowered: str) -> str:
    """The text without the cells of a series or a table that pandas printed; names of columns and rows stay."""
    if "dtype: " in lowered:
        text = _DTYPE.sub(lambda found: _CELLS.sub(rf"\g<keep>{MASK}", found.group()), text)
    return _TABLE.sub(_table, text) if "\n" in text and "  " in text else text


def _table(found: re.Match[str]) -> str:
    """A table without its cells, where its rows are numbered one after the other."""
    rows = [int(row["row"]) for row in _ROW.finditer(found.group())]
    numbered = rows[:1] == [0] or (len(rows) > 1 and rows == sorted(set(rows)))
    return _ROW.sub(rf"\g<keep>{MASK}", found.group()) if numbered else found.group()
