"""Secrets that stand beside a name that says so: assignments, settings, JSON, YAML, XML, environment, command lines.

A name is found by a word in it, read whole, and judged; then what stands beside it is judged: a word of a sentence, a
reference, a status or a number that counts something is no secret, however the name reads.
"""

from __future__ import annotations

import re

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.secret_forms import looks_random, lower

#: "Password" in other languages, by the letters alone, or by the last word of several.
_ELSEWHERE = (
    "\u5bc6[\u7801\u78bc]|\u53e3\u4ee4|\u30d1\u30b9\u30ef\u30fc\u30c9|\u6697\u8a3c\u756a\u53f7|\ube44\ubc00\ubc88\ud638|\uc554\ud638|wachtwoord|l[\u00f6o]senord|[\u015fs]ifre|parola|heslo|geslo"
    "|jelsz[\u00f3o]|\u03ba\u03c9\u03b4\u03b9\u03ba|\u0627\u0644\u0645\u0631\u0648\u0631|\u05e1\u05d9\u05e1\u05de[\u05d4\u05d0]|\u0e23\u0e2b\u0e31\u0e2a\u0e1c\u0e48\u0e32\u0e19|kh\u1ea9u|adgangskode|salasana|passord"
    "|slapta\u017eod|\u043b\u043e\u0437\u0438\u043d\u043a|lozink|palavrapasse|\u092a\u093e\u0938\u0935\u0930\u094d\u0921"
)
#: Where a name may begin; each is in lower case. What it means is decided by the whole name.
_STEM = re.compile(
    r"pass|pwd|kennwort|geheim|contrase|mot.de.passe|senha|clave|secret|token|key|cred|auth|cookie|sess|csrf|xsrf|sas|sig|otp|pin\b|(?<![a-z0-9])pw\b|\bsid\b|hasło|парол|"
    + _ELSEWHERE
)
_LEFT = re.compile(r"[\w.\-]{0,60}\Z")
_RIGHT = re.compile(r"[\w.\-]{0,60}")
_CAMEL = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z\u00c0-\u024f\u0370-\u06ff\u0900-\u0e7f\u1e00-\u1eff\u3040-\u9fff\uac00-\ud7a3]+"
)
#: A secret by the letters of the name, whatever separates them; and by a whole part of it.
_SECRET = re.compile(
    r"password|passwort|passwd|passphrase|passcode|passkey|pwd|kennwort|geheimnis|contrase|motdepasse|senha|secret|token|credential|cookie"
    r"|(?:api|access|account|auth|private|fernet|encrypt|encryption|signing|master|host|storage|service|routing|integration|license|session|consumer|app|application|client|deploy|webhook|admin|root|subscription|function|functions|shared|sharedaccess|jwt|ssh|gpg|hmac|aes|rsa|webserversecret|primary|secondary|ingest|write|read)key|(?:store|key|src|dest|db|user|admin|root|smtp|ftp|proxy|my|pg|sys|trust)pass\b"
    r"|sharedaccesssignature|sessionid|sessid|sessiontoken|csrf|xsrf|hasło|парол|" + _ELSEWHERE
)
_PARTS = frozenset({"pass", "pw", "pin", "sid", "sig", "auth", "sas", "otp", "cred", "creds", "clave", "bearer"})
#: The last part of a name that is about a secret and holds none.
_ABOUT = frozenset(
    re.findall(
        r"\w+",
        "name names file files filename path paths dir folder url uri endpoint host port address type types kind count counts length len size limit "
        "limits max min policy expiry expires expired expiration expire exp ttl lifetime age date at time timeout version field fields column columns "
        "header headers scope scopes error errors status state ref reference class label labels provider manager store method methods mode backend "
        "backends arn required enabled disabled valid invalid validator validation alg algorithm format prefix suffix rotation service usage used "
        "budget cost price rate hint failed failure exception issuer audience family plugin module mechanism realm protocol role roles user username "
        "login db database stdin prompt ",
    )
)
_COUNTS = frozenset(
    re.findall(
        r"\w+",
        "tokens max total num prompt completion input output used remaining limit budget per min ",
    )
)
#: The first word of what is said about a secret in place of it.
SAID = frozenset(
    re.findall(
        r"\w+",
        "a access an and are authentication authorization bad been but by can cannot check could denied did does due empty error expected expired "
        "failed failure for found from had has have header id in incorrect invalid is it length login malformed may mismatch missing must name needs "
        "never no none not null of on one or other parameter please provided refused rejected required revoked session should signature some string "
        "that the this to too type unable unauthorized undefined unexpected unknown unset unsupported use user validation value was wrong you your "
        "true false yes ok nil changed rotated verification verified expires ist fehlt ",
    )
)
#: Names before whose value a sentence is rare.
_FIRM = re.compile(r"pass(?!es|ed|ing)|pwd|kennwort|contrase|senha|motdepasse|clave|hasło|парол|" + _ELSEWHERE)
_Q = r"(?:\\{0,8}[\"'`]|&quot;|&\#3[49];|&apos;|\\u0022|\\x2[27]|%22|%27|[\u00ab\u00bb\u201c\u201d])"
#: The type of a name that is assigned to, as in ``api_key: str = "..."`` (Python, TypeScript, Scala).
_TYPED = (
    r"(?::[ \t]{0,3}(?:typing\.)?(?:str|bytes|SecretStr|Final|ClassVar|Optional|Any|[Ss]tring)"
    r"(?:\[[\w.\[\], |]{0,40}\])?(?:[ ]?\|[ ]?None)?[ \t]{0,3}(?==[^=]))?"
)
_BESIDE = re.compile(
    rf"(?P<close>{_Q})?(?P<index>\]|\[['\"\w]{{0,20}}\])?[ \t]{{0,40}}{_TYPED}(?P<sep>=>|->|:=|\.{{3,60}}(?=\\{{0,8}}[\"'\w])|==?|[:\uff1a\uff1d]|%3[dD]|%3[aA]|,(?=[ \t]{{0,3}}[brBR]?\\?['\"]))[ \t]{{0,40}}"
)
_OPEN = re.compile(
    rf"(?P<box>[\[({{<]{{0,3}}[ \t]{{0,3}})(?P<maker>\w{{0,30}}\()?(?:\\{{0,8}}[\"']?(?i:value|data)\\{{0,8}}[\"']?[ \t]?[:=][ \t]?)?(?P<kind>[bBrRuUfF]{{0,2}})(?P<q>(?:\\{{0,8}}\"){{3}}|'{{3}}|{_Q})"
)
_BARE = re.compile(r"(?:[^\s'\"`;&<>]|(?<=\w)['\"](?=\w)|&(?!amp;|quot;|#|[\w.\-]{1,40}=))+")
_IN_LIST = re.compile(r"[\[({,][ \t]*[bB]?\\{0,4}[\"'][\-]{0,2}\Z")
#: Characters of a value between quotes that are looked through for its end.
_LONGEST_VALUE = 16_000
_STARTS = re.compile(
    r"(?:^|\n)[ \t]{0,60}(?:[-*|>+][ \t]{1,4}|export[ \t]|set[ \t]|setenv[ \t]|env:|\$env:|-e[ \t]|ENV[ \t]|ARG[ \t]){0,2}[\"']?\Z"
)
_BLOCK = re.compile(
    r"(?:![\w/\-]{1,40}[ \t]{1,4})?[|>][+\-\d]{0,3}[ \t]*(?:\n(?P<in>[ \t]+)[^\n]*(?:\n(?P=in)[^\n]*){0,80})"
)
_BELOW = re.compile(r"\n[ \t]+(?:value:[ \t]+(?=[^\s:]{4,400}(?:\s|\Z))|(?=[^\s\-:][^\s:]{3,400}[ \t]*(?:\n|\Z)))")
_NOTHING = re.compile(
    r"(?:\*+|x{3,}|X{3,}|\.{3}|none|null|nil|true|false|undefined|unset|empty|yes|no|<[^<>]{0,60}>|\[[a-z ]{0,30}\]|\(?(?:redacted|hidden|masked|omitted)\)?|\$\{{1,2}[^{}]{0,80}\}{1,2}|\{\{[^{}]{0,80}\}\}"
    r"|\$[A-Z_][A-Z0-9_]{2,60}|\$\([^()]{0,80}\)|%\([a-z_]{1,60}\)s|%s|:[a-z_]{1,60}|\?|[=:,.)\]}]*)\Z",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"(?:[A-Za-z_]\w{0,60}(?:\.\w{1,60}){0,5}\(|(?:self|cls|conn|connection|config|conf|settings|args|kwargs|os|var|hook|cfg|options|params|ctx|context|env|request|credentials|data)[.\[])"
)
_TEMPLATE = re.compile(r"\$\{[^{}\n]{1,80}\}|\{\{[^{}\n]{0,80}\}\}|\$\([^()\n]{0,80}\)")
_TAIL = re.compile(r"(?:\\[nrt]|[,.)\]}>:!?'\"`])+\Z")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,30}(?:'[a-z]{1,2})?[.,:;!?]?\Z")


def hide(text: str) -> str:
    """The text without what stands beside the name of a secret."""
    lowered, done, at = lower(text), [], 0
    for stem in _STEM.finditer(lowered):
        if stem.start() < at:
            continue
        found = _value(text, stem.start(), stem.end())
        if found is not None and found[0] >= at:
            first, last = found
            done += [text[at:first], MASK]
            at = last
    return "".join((*done, text[at:]))


def is_secret(name: str) -> bool:
    """Whether a name says that a secret stands beside it."""
    parts = [part.lower() for part in _CAMEL.split(name) if part]
    if not parts or (len(parts) > 1 and parts[-1] in _ABOUT and parts[-1] != "value"):
        return False
    flat = "".join(parts)
    return bool(_SECRET.search(flat)) or bool(_PARTS & set(parts)) or flat in ("pgpass", "mypwd")


def _value(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Where the value begins and ends that belongs to the name around this place; None where there is none to hide."""
    left = _LEFT.search(text, max(0, first - 60), first)
    start = left.start() if left else first
    right = _RIGHT.match(text, last)
    end = right.end() if right else last
    name = text[start:end].rstrip(".-")
    end = start + len(name)
    beside = _BESIDE.match(text, end)
    if beside is None or not (
        is_secret(name) or (" " in text[max(0, start - 14) : end] and _two_words(text, start, end))
    ):
        return None
    if beside["sep"] == "," and not (beside["close"] and _IN_LIST.search(text, max(0, start - 20), start)):
        return None
    at = beside.end()
    opened = _OPEN.match(text, at)
    if opened is not None:
        return _quoted(text, name, beside["sep"], opened)
    if beside["sep"] == ",":
        return None
    return _bare(text, start, name, beside, at)


def _two_words(text: str, start: int, end: int) -> bool:
    """A name that is written as two words, such as "api key" or "mot de passe"."""
    before = text[max(0, start - 14) : start]
    return bool(
        re.search(
            r"(?:api|access|private|account|secret|auth|license|mot de|shared|encryption|signing)[ ]\Z", before, re.I
        )
    ) and text[start:end].lower() in ("key", "passe")


def _quoted(text: str, name: str, sep: str, opened: re.Match[str]) -> tuple[int, int] | None:
    quote = opened["q"]
    box = opened["box"].strip()
    at = opened.end()
    close = re.compile(r"(?<!\\)" + re.escape(quote) + r"(?!\w)")
    if quote in ("\u00ab", "\u201c"):
        close = re.compile("[\u00bb\u201d]")
    found = close.search(text, at, at + _LONGEST_VALUE)
    line = text.find("\n", at)
    line = len(text) if line < 0 else line
    end = found.start() if found else line
    if end > line and not (found and end - at < 400 and text.count("\n", at, end) <= 6 and sep == "="):
        end = line
    value = text[at:end]
    if "{" in box and "cookie" in lower(name):
        closed = text.find("}", end, at + 4000)
        return at - len(quote), closed if closed > 0 else line
    if (quote == "`" and value.isalpha()) or (
        (sep == "," or "{" in box) and re.match(r"\s*:", text[end + len(quote) : end + len(quote) + 3])
    ):
        return None
    if box.startswith(("[", "(")):  # several values: hide them all
        bracket = text.find({"[": "]", "(": ")"}[box[0]], end)
        inner = bracket if 0 <= bracket < at + 4000 else end
        return None if _none(value) and inner - end < 3 else (opened.start("kind"), inner)
    if (
        _none(value)
        or _plain(name, value, quoted=sep not in ("=", ":="))  # what is assigned is no sentence
        or (value.startswith(("/", "./")) and lower(name) in ("pwd", "oldpwd"))
    ):
        return None
    keep = (
        opened.start("kind")
        if quote in "\"'" and not opened["maker"] and not opened["kind"] and found and end == found.start()
        else at
    )
    return (keep, end + len(quote)) if keep != at else (at, end)


def _bare(text: str, start: int, name: str, beside: re.Match[str], at: int) -> tuple[int, int] | None:
    sep = ":" if beside["sep"] == "->" else beside["sep"]
    begins = _STARTS.search(text, max(0, start - 70), start) is not None
    if at >= len(text) or text[at] == "\n":
        below = _BELOW.match(text, at) if sep == ":" else None
        if below is None:
            return None
        return below.end(), _end(text, below.end())
    block = _BLOCK.match(text, at) if sep == ":" else None
    if block is not None:
        return at, block.end()
    if _TEMPLATE.match(text, at):
        return None
    if text[at] == "{" and (closed := text.find("}", at, at + 500)) > 0 and sep == "=" and "\n" not in text[at:closed]:
        return None if _none(text[at : closed + 1]) and ":" not in text[at:closed] else (at, closed + 1)
    bare = _BARE.match(text, at)
    if bare is None:
        return None
    whole, line = bare.group(), text[at : _end(text, at)]
    value, words = _cut(_TAIL.sub("", whole), sep), line.split()
    if _is_no_value(name, value) or _is_said(name, sep, value, words, begins):
        return None
    wordy = begins and sep == ":" and not whole.endswith(",") and len(words) > 1 and not beside["close"]
    # a password of some words, at the end of its line
    firm = sep == ":" and not begins and 1 < len(words) <= 3 and _FIRM.search(lower(name)) and whole == value
    environment = begins and sep == "=" and name.isupper() and len(words) == 1
    return at, at + len(line.rstrip() if wordy or firm or environment else value)


def _cut(value: str, sep: str) -> str:
    """The value without the name that follows it."""
    if sep.startswith("%"):
        end = re.search(r"%26|%22|%27|%7[dD]|%2[cC]", value)
    elif sep in ("=", ":=") and "," in value:
        end = re.search(r",(?=\s?[A-Za-z_][\w.\-]{0,40}\s?[=:])", value)
    else:
        end = None
    return value[: end.start()] if end else value


def _is_no_value(name: str, value: str) -> bool:
    """Whether it is empty, a place of a template, code, the name again, or a folder."""
    if not value or _none(value) or _CODE.match(value) or value.lower() == name.lower():
        return True
    return lower(name) in ("pwd", "oldpwd") and value.startswith(("/", "~"))


def _end(text: str, at: int) -> int:
    line = text.find("\n", at)
    return len(text) if line < 0 else line


def _none(value: str) -> bool:
    inner = value.strip("{}")
    if value.startswith("{") and value.endswith("}") and (is_secret(inner) or not inner):
        return True  # a place of a template
    return _NOTHING.match(value) is not None or value == MASK


def _plain(name: str, value: str, *, quoted: bool) -> bool:
    """Whether it counts or names something: a number of tokens, a method of authentication."""
    flat = lower(name)
    parts = {part.lower() for part in _CAMEL.split(name) if part}
    if "token" in flat and value.isdigit() and (parts & _COUNTS or len(value) < 6):
        return True
    if (
        parts & {"pass", "key", "sid", "sig", "auth"}
        and not parts & {"api"}
        and value.isdigit()
        and len(value) < 5
        and "pass" not in flat.replace("pass", "", 1)
    ):
        return "password" not in flat
    if (
        (flat.endswith("id") or "routing" in flat)
        and len(flat) > 2
        and not (len(value) >= 8 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value))
    ):
        return True
    if flat.rpartition("_")[2] in ("auth", "sas") or flat.endswith("auth"):
        return value.isalpha() and len(value) < 20
    return bool(quoted and " " in value and _all_words(value.split()) and not _FIRM.search(flat))


def _all_words(words: list[str]) -> bool:
    return len(words) > 1 and all(_WORD.match(word) for word in words[:3])


def _is_said(name: str, sep: str, value: str, words: list[str], begins: bool) -> bool:
    """Whether it is a sentence about the secret, and not the secret."""
    if _plain(name, value, quoted=False):
        return True
    flat, first = lower(name), value.lower()
    firm = bool(_FIRM.search(flat))
    if (
        sep == ":"
        and first in SAID
        and (len(words) > 1 or first not in ("signature", "session", "access", "login", "user", "use"))
    ):
        return True
    if sep != ":":
        return not firm and value.isalpha() and len(value) < 5
    if firm:
        return False
    if begins and len(words) == 1:
        return False
    if any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and (len(value) >= 8 or len(words) == 1):
        return bool(re.match(r"\d{4}-\d\d-\d\d|\d+(?:ms|s|m|h|d)\Z", value))
    if looks_random(value, 12) or (len(value) >= 24 and not value.isalpha()):
        return False
    if value.isdigit():
        return len(value) < 6
    return not (len(words) == 1 and not value.isalpha() and len(value) >= 8)


# Name and value in two fields of one thing.
_PAIR = re.compile(
    rf"(?P<keep>\b(?:name|key|property|param|id|setting|variable)(?:{_Q})?[ \t]{{0,3}}[:=][ \t]{{0,3}}(?:{_Q})?(?P<name>[\w.\-]{{2,80}})(?:{_Q})?\s{{0,3}}[,;/]?\s{{0,60}}(?:{_Q})?"
    rf"(?:value|val|content|default)(?:{_Q})?[ \t]{{0,3}}[:=][ \t]{{0,3}})(?:(?P<q>{_Q})(?P<quoted>.{{0,4000}}?)(?P=q)(?!\w)|(?P<bare>[^\s,;}}\]>/]{{1,2000}}))",
    re.IGNORECASE,
)
# <password>...</password>, whatever its prefix and attributes; and an element whose attribute names a secret.
_TAG = re.compile(r"(?:<|&lt;)(?:[\w.\-]{1,40}:)?(?P<name>[\w.\-]{2,80})(?P<attributes>\s[^<>]{0,400})?(?:>|&gt;)")
_INSIDE = re.compile(r"\s{0,80}(?:<!\[CDATA\[)?(?=[^<&\s])")
_TAG_ENDS = re.compile(r"\]\]>|</|&lt;/")
_NAMED = re.compile(r"\b(?:name|key|id)=\\{0,4}['\"]([\w.\-]{2,80})\\{0,4}['\"]", re.IGNORECASE)
_LONGEST_ELEMENT = 8000


def _pair(match: re.Match[str]) -> str:
    value = match["quoted"] if match["q"] else match["bare"]
    if not is_secret(match["name"]) or _none(value) or _CODE.match(value):
        return match.group()
    quote = match["q"] or ""
    return f"{match['keep']}{quote}{MASK}{quote}"


def _hide_elements(text: str) -> str:
    done, at = [], 0
    for tag in _TAG.finditer(text):
        named = _NAMED.findall(tag["attributes"] or "")
        inside = _INSIDE.match(text, tag.end())
        if (
            tag.start() < at
            or inside is None
            or tag.group().endswith(("/>", "/&gt;"))
            or not any(map(is_secret, (tag["name"], *named)))
        ):
            continue
        ends = _TAG_ENDS.search(text, inside.end(), inside.end() + _LONGEST_ELEMENT)
        end = ends.start() if ends else min(len(text), inside.end() + _LONGEST_ELEMENT)
        if not _none(text[inside.end() : end].strip()):
            done += [text[at : inside.end()], MASK]
            at = end
    return "".join((*done, text[at:]))


def hide_fields(text: str, lowered: str) -> str:
    """The text without secrets of elements, and of things with a name and a value."""
    if "<" in text or "&lt;" in lowered:
        text = _hide_elements(text)
    if "value" in lowered or "content" in lowered or "default" in lowered:
        text = _PAIR.sub(_pair, text)
    return text


# Command lines.
_FLAG = re.compile(
    r"(?P<keep>(?<![\w-])--?(?P<name>[A-Za-z][\w\-]{1,60})(?P<quote>['\"],?)?(?P<sep>=|[ \t]{1,4}(?!-)|(?<=['\"],)[ \t]{0,3}))(?P<value>(?P<q>\\?['\"])[^\n]{1,2000}?(?P=q)|[^\s'\"]{1,2000}(?:'[^\s']{1,200})?)"
)
_TOOL = re.compile(
    r"\b(?P<tool>mysql\w{0,20}|mariadb[\w\-]{0,20}|sshpass|7z\w?|unrar|rar|ldap\w{1,12}|docker|podman|helm|skopeo|az|mongo\w{0,20}|cqlsh|rabbitmqadmin"
    r"|mosquitto_\w{3}|ipmitool|hdbsql|exaplus|cbq|cypher-shell|cf|oc|ibmcloud|vsql|plink|pscp|psftp|nzsql|nzload|redis-cli|sqlcmd|bcp|sqsh|isql|tsql|curl|wget|http|lftp|smbclient|beeline|zip|unzip|influx|clickhouse-client)\b(?P<rest>['\"]?,?[ \t][^\n]*)"
)
_SEP, _GIVEN = r"(?:['\"],[ \t]{0,3}['\"]|[ \t]{1,4}['\"]?)", r"(?!\*\*\*)[^\s'\",\]]{1,400}"
_LATER, _AT_ONCE = rf"(?P<keep>(?<![\w-])-%s{_SEP})(?!-){_GIVEN}", rf"(?P<keep>(?<![\w-])-p){_GIVEN}"
_LOGIN = rf"(?P<keep>(?<![\w-])(?:-[uU]|--user|--proxy-user|-a){_SEP}?[^\s:%,'\"]{{1,100}}[:%,]){_GIVEN}"
#: The beginning of a tool's name -> how it is given a secret.
_TAKES = {
    tool: re.compile(pattern)
    for tools, pattern in (
        ("mysql mariadb 7z unrar rar", _AT_ONCE),
        ("sshpass mongo", rf"{_LATER % 'p'}|{_AT_ONCE.replace('keep', 'keep2')}"),
        (
            "docker podman helm skopeo az cqlsh rabbitmqadmin beeline influx hdbsql exaplus cbq cypher-shell cf oc ibmcloud",
            _LATER % "p",
        ),
        ("plink pscp psftp nzsql nzload", _LATER % "pw"),
        ("sqlcmd bcp sqsh isql tsql zip unzip mosquitto ipmitool", _LATER % "P"),
        ("redis-cli", _LATER % "a"),
        ("ldap vsql", _LATER % "w"),
        ("curl wget http lftp smbclient", _LOGIN),
    )
    for tool in tools.split()
}
_ONLY_AT_LOGIN = ("docker", "podman", "helm", "skopeo", "az", "cf", "oc", "ibmcloud")
_OTHERS = (
    ((" set ", " put ", " add "), re.compile(r"(?P<keep>\b(?:set|put|add) [\w.\-]{0,60}(?:secret|password|passwd|token|api_?key)[\w.\-]{0,60}[ \t]{1,4}['\"]?)(?!\*\*\*|[=:\-])[^\s'\"]{4,400}", re.I)),
    (("echo ",), re.compile(r"(?P<keep>\becho (?:-n )?['\"]?)(?!\*\*\*)[^\s'\"|]{3,400}(?=['\"]?\s{0,4}\|[^\n]{0,120}(?:password|passphrase|login|sudo -S))", re.I)),
    (("<<<",), re.compile(r"(?P<keep>(?:sudo -S|passw|kinit|login|secret)[^\n]{0,120}<<< ?['\"]?)(?!\*\*\*)[^\s'\"]{3,400}", re.I)),
    (("<key>", "<name>"), re.compile(r"(?P<keep><(?:key|name)>[\w.\-]{0,60}(?:secret|passw|passphrase|token|api[_\-]?key|access[_\-]?key)[\w.\-]{0,60}</(?:key|name)>\s{0,40}<(?:value|string|val)>)(?!\*\*\*)[^<]{1,4000}", re.I)),
    (("secret", "password(", "token("), re.compile(r"(?P<keep>\b(?:[A-Za-z]{0,20}Secret|SecretStr|SecretBytes|Password|Token|ApiKey)\((?:value=)?b?\\{0,4}['\"])(?!\*\*\*)[^'\"\\\n]{1,2000}")),
    (("token ", "password ", "passwort ", "secret ", "key ", "credential "), re.compile(r"(?P<keep>\b(?i:token|password|passwort|secret|api[ _\-]?key|key|credential) ['\"]?)(?=[\w\-+=]{0,80}[a-z])(?=[\w\-+=]{0,80}[A-Z])(?=[\w\-+=]{0,80}\d)[\w\-+=]{10,400}(?![\w.(/:])")),
    (("token ", "key ", "secret "), re.compile(r"(?P<keep>\b(?i:token|key|secret) ['\"]?)[0-9a-f]{32,128}(?![\w-])")),
    ((" pass ", " password "), re.compile(r"(?P<keep>\buser(?:name)? \S{1,100} pass(?:word)? )(?!\*\*\*)[^\s'\"]{4,400}")),
    (("pass:",), re.compile(r"(?P<keep>\bpass:)(?!\*\*\*)[^\s'\"]{3,400}")),
    (("vault login", "vault token"), re.compile(r"(?P<keep>\bvault (?:login|token (?:lookup|renew|revoke))(?: -[\w-]{1,30}(?:=\S{1,60})?){0,5} )(?![\-*:=])(?=\S{8})[A-Za-z0-9._\-]{8,400}")),
    (("sqlplus", "sqlldr", "oracle", "expdp", "impdp", "rman"), re.compile(r"(?P<keep>(?<![\w/@.\-])[A-Za-z][\w$#]{0,30}/)(?!\*\*\*|/)[^\s/'\"]{1,100}(?=@)")),
    (("ora-", "sqlplus", "(description", "oracle"), re.compile(r"(?P<keep>(?<![\w/@.\-\"'])[A-Za-z][\w$#]{0,30}/\\?\")(?!\*\*\*)[^\"\\\n]{1,100}")),
    (("htpasswd",), re.compile(r"(?P<keep>\bhtpasswd (?:-[a-zA-Z]{1,8} ){1,4}(?:\S{1,200} )?\S{1,60} )(?!\*\*\*)[^\s'\"]{1,200}")),
    (("passphrase for", "password for"), re.compile(r"(?P<keep>\bpass(?:phrase|word) for [^\n:]{1,200}: {1,4})(?!\*\*\*|(?:expired|wrong|invalid|incorrect|failed|rejected|denied|missing|required|unknown|empty|none|null|authentication|login|could|cannot|must|this|that|the|your|has|was|does|did)\b)[^\s\"\\]{4,400}", re.I)),
    (("password", "passphrase", "secret"), re.compile(r"(?P<keep>\b(?:password|passphrase|secret|key_id)[ \t]{1,3}')(?!\*\*\*)(?:[^'\n]|'')+(?=')", re.I)),
    (("password is", "password was", "secret is", "token is", "key is", "passwort ist", "passwort lautet", "pin is"), re.compile(r"(?P<keep>\b(?:password|passwort|secret|token|key|pin) (?:is|was|ist|lautet):? ['\"]?)(?!\*\*\*)(?=[^\s'\"]*\d)(?=[^\s'\"]*[A-Za-z\W])[^\s'\",]{5,400}", re.I)),
    (("with password", "using password", "and password", "mit passwort", "avec le mot de passe", "con la contrase"), re.compile(r"(?P<keep>\b(?:with|using|and|mit|avec le|con la) (?:password|passwort|mot de passe|contrase\w{1,3}) ['\"]?)(?!\*\*\*)(?=[^\s'\"]*\d)[^\s'\",]{5,400}", re.I)),
)  # fmt: skip


def _flag(match: re.Match[str]) -> str:
    value = match["value"].strip("\\'\"")
    if (
        not is_secret(match["name"])
        or _none(value)
        or value.startswith("-")
        or _plain(match["name"], value, quoted=False)
    ):
        return match.group()
    if match["sep"].strip() == "" and not match["quote"] and value.lower().rstrip(".,;:") in SAID:
        return match.group()
    return f"{match['keep']}{MASK}"


def _tool(match: re.Match[str]) -> str:
    tool, rest = match["tool"], match["rest"]
    pattern = next((found for name, found in _TAKES.items() if tool.startswith(name)), None)
    if pattern is None or (tool in _ONLY_AT_LOGIN and "login" not in rest):
        return match.group()
    return f"{tool}{pattern.sub(_given, rest)}"


def _given(match: re.Match[str]) -> str:
    kept = match.groupdict()
    return f"{kept.get('keep') or kept.get('keep2')}{MASK}"


def hide_command_lines(text: str, lowered: str) -> str:
    """The text without what programs were given as secrets."""
    if "-" in text:
        text = _TOOL.sub(_tool, _FLAG.sub(_flag, text))
    for hints, pattern in _OTHERS:
        if any(hint in lowered for hint in hints):
            text = pattern.sub(lambda match: f"{match['keep']}{MASK}", text)
    return text
