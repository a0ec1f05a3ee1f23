"""Secrets that only their place gives away: an argument of a program, of a function of SQL, a field of a file of settings.

Each program, function or file is named with the sign before its secret; what has a name that says so is in ``secret_names``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.secret_forms import Form

_GIVEN = r"(?!\*\*\*)[^\s'\",;]{3,400}"
_MIXED = r"(?!\*\*\*)(?=[^\s'\"|]*\d)(?=[^\s'\"|]*[A-Za-z])[^\s'\"|\u2502\u2503]{6,400}"
_IN_QUOTES = r"(?!\*\*\*)(?:[^'\"\\\n]|\\(?!\\{0,7}['\"])){1,2000}"
_D = r"\\{0,8}\""
_NAME = r"[\w.\-]{0,60}(?:secret|passw(?:or)?d|passphrase|token|api_?key|_pass|_pwd)\w{0,20}"
#: Hints -> pattern; capitals do not count.
_PLACES: Mapping[str, str] = {
    "curl": r"(?P<keep>\bcurl\b[^\n]{0,400}? (?:-b|--cookie)[ \t=]{1,3}['\"]?[^\s=,'\"]{1,60}=)(?!\*\*\*)[^'\"\n\s]{3,4000}",
    "curl ": rf"(?P<keep>\bcurl\b[^\n]{{0,400}}? (?:-E|--(?:proxy-)?cert)[ \t=]{{1,3}}['\"]?[^\s:'\"]{{1,200}}:){_GIVEN}",
    "curl -": rf"(?P<keep>\bcurl\b[^\n]{{0,400}}? -[a-z]{{1,6}}u[ \t]{{1,3}}['\"]?[^\s:'\"]{{1,100}}:){_GIVEN}",
    "openssl": rf"(?P<keep>\bopenssl\b[^\n]{{0,300}}? -k ['\"]?)(?!-){_GIVEN}",
    "/user:": rf"(?P<keep>/user:\S{{1,100}}[ \t]{{1,3}}['\"]?)(?![/\-]){_GIVEN}",
    "psexec|useradd|usermod": rf"(?P<keep>\b(?:psexec|useradd|usermod)\b[^\n]{{0,300}}? -p ['\"]?){_GIVEN}",
    "sqlcmd|bcp|isql": rf"(?P<keep>\b(?:sqlcmd|bcp|isql)\b[^\n]{{0,300}}? (?-i:-P)){_GIVEN}",
    "isql ": rf"(?P<keep>\bisql (?:-[a-z] ){{0,3}}[\w.]{{1,60}} \w{{1,60}} )(?!-){_GIVEN}",
    "sqlplus|sqlldr|expdp|impdp|rman": rf"(?P<keep>\b(?:sqlplus|sqlldr|expdp|impdp|rman target)(?: -\w{{1,8}}){{0,3}} ['\"]?[a-z][\w$#]{{0,30}}/)(?!/){_GIVEN}",
    "tns:|(description": rf"(?P<keep>(?<![\w/@.\-])[a-z][\w$#]{{0,30}}/)(?!/){_GIVEN}(?=@)",
    "echo |printf ": rf"(?P<keep>\b(?:echo|printf)(?: -n| '%s(?:\\n)?'| \"%s(?:\\n)?\")? ['\"]?)(?!%s){_GIVEN}(?=['\"]?\s{{0,4}}\|[^\n]{{0,120}}(?:kinit|chpasswd|passwd|sudo -S|cryptsetup|gpg))",
    "_pw ": rf"(?P<keep>\b(?:user|owner|input)_pw ){_GIVEN}",
    ":_auth|:_password": rf"(?P<keep>:_(?:authToken|auth|password)[ \t]{{1,3}}['\"]?){_GIVEN}",
    "rabbitmqctl": rf"(?P<keep>\brabbitmqctl (?:add_user|change_password|authenticate_user) \S{{1,100}} ['\"]?){_GIVEN}",
    "vault ": rf"(?P<keep>\bvault (?:kv (?:put|patch)|write) [^\n]{{0,300}}? [\w\-]{{1,60}}=['\"]?)(?![@\-]){_GIVEN}",
    "etcdctl": rf"(?P<keep>\betcdctl\b[^\n]{{0,200}}? --user[ =][^\s:]{{1,60}}:){_GIVEN}",
    "gh secret set": rf"(?P<keep>\bgh secret set [^\n]{{0,200}}?(?:--body|-b)[ =]['\"]?){_GIVEN}",
    "setx |env ": rf"(?P<keep>\b(?:setx|(?-i:ENV)) {_NAME} ['\"]?)(?![=:\-]){_GIVEN}",
    "secret_key|access_key": rf"(?P<keep>\b(?:secret_access_key|access_key_secret|secret_key)[ \t]{{1,3}}['\"]?){_MIXED}",
    "mc ": rf"(?P<keep>\bmc (?:alias set|config host add) \S{{1,60}} \S{{1,200}} \S{{1,100}} ['\"]?){_GIVEN}",
    "securestring": rf"(?P<keep>\bConvertTo-SecureString (?:-String )?['\"]){_IN_QUOTES}",
    "send ": rf"(?P<keep>\bsend (?:-- )?{_D})(?!\*\*\*)[^\"\\\n]{{4,200}}(?=\\{{1,4}}[rn]{_D}[^\n]{{0,60}}passw)",
    "getconnection(": rf"(?P<keep>\bgetConnection\([^()\n]{{1,400}},\s{{0,3}}{_D}[^\"\n]{{0,100}}{_D},\s{{0,3}}{_D}){_IN_QUOTES}",
    "@/": r"(?P<keep>['\" ][\w.\-]{1,60}:)(?!\*\*\*)[^\s'\"/:@]{3,200}(?=@/[a-z_])",  # Go's user:password@/database
    "machine |default login": rf"(?P<keep>\b(?:machine \S{{1,200}}|default)\s{{1,8}}login\s{{1,4}}\S{{1,100}}\s{{1,8}}password\s{{1,4}}){_GIVEN}",
    "variable ": rf"(?P<keep>\bvariable {_D}{_NAME}{_D} \{{[^{{}}]{{0,600}}?\bdefault\s{{0,20}}=\s{{0,3}}{_D}){_IN_QUOTES}",
    "random_password|random_string": rf"(?P<keep>\bresource {_D}random_(?:password|string){_D}[^{{}}]{{0,100}}\{{[^{{}}]{{0,600}}?\b(?:result|bcrypt_hash)\s{{0,20}}=\s{{0,3}}{_D}){_IN_QUOTES}",
    " -> ": rf"(?P<keep>\*\*\*\\{{0,8}}['\"]? -> {_D}){_IN_QUOTES}",
    "=>": rf"(?P<keep>\[{_D}{_NAME}{_D}\]\s{{0,3}}=>\s{{0,20}}string\(\d{{1,5}}\) {_D}){_IN_QUOTES}",
    ";s:": rf"(?P<keep>{_D}{_NAME}{_D};s:\d{{1,5}}:{_D}){_IN_QUOTES}",
    "|": rf"(?P<keep>\| {{0,40}}{_NAME} {{0,80}}\| {{0,40}}){_MIXED}(?= {{0,200}}\|)",
    "\u2502|\u2503": rf"(?P<keep>[\u2502\u2503] {{0,40}}{_NAME} {{0,80}}[\u2502\u2503] {{0,40}}){_MIXED}(?= {{0,200}}[\u2502\u2503])",
    "\t|\\t": rf"(?P<keep>(?<![\w.\-]){_NAME}(?:\t|\\{{1,4}}t){{1,4}}){_MIXED}",
    "schlüssel|credentials:|zugangsdaten:|identifiants|credenciales:": rf"(?P<keep>\b(?:schl\u00fcssel lautet: ?|(?:credentials|zugangsdaten|identifiants ?|credenciales): [^\s/]{{1,60}} ?/ ?)){_MIXED}",
    "login ": rf"(?P<keep>\blogin [\w.\-]{{1,40}}:)(?=\S{{0,60}}(?-i:[A-Z])){_MIXED}",
    "pgp_sym_|aes_|crypt(": rf"(?P<keep>\b(?:pgp_sym_(?:en|de)crypt(?:_bytea)?|aes_(?:en|de)crypt|(?:en|de)cryptbypassphrase)\([^\n]{{1,400}}?, ?N?'){_IN_QUOTES}",
    "sp_add": rf"(?P<keep>\bsp_add(?:linkedsrvlogin(?:\s{{1,3}}|,)(?:(?:N?'[^'\n]{{0,100}}'|\w{{1,20}}),\s{{0,3}}){{4}}|login\s{{1,3}}N?'[^'\n]{{0,100}}',\s{{0,3}})N?'){_IN_QUOTES}",
    "openrowset|opendatasource": rf"(?P<keep>\bOPENROWSET\([^\n;]{{1,200}};\s?'[^'\n]{{1,100}}';\s?'){_IN_QUOTES}",
    "password('|password(n'": rf"(?P<keep>\bpassword\(N?'){_IN_QUOTES}",
    "mysql(|postgresql(|mongodb(|remotesecure(|remote(": rf"(?P<keep>\b(?:mysql|postgresql|mongodb|remote|remoteSecure)\((?:'[^'\n]{{0,200}}', ?){{4}}'){_IN_QUOTES}",
    "s3(|s3cluster(": rf"(?P<keep>\bs3(?:Cluster)?\((?:'[^'\n]{{0,300}}', ?){{2,3}}')(?=[A-Za-z0-9/+]{{20,}}'){_IN_QUOTES}",
    "provider(|authenticator(|credential": rf"(?P<keep>\b\w{{0,40}}(?:AuthProvider|Authenticator|Credentials?)\((?:username ?= ?)?['\"][^'\"\n]{{1,100}}['\"], ?(?:password ?= ?)?['\"]){_IN_QUOTES}",
    "pass ": r"(?P<keep>(?:['\"]|\\n|---> |> |\bquote )(?-i:PASS) )(?!\*\*\*)[^\s'\"\\]{3,200}(?=['\"\\]|\s*(?:\n|$))",
    "imap": rf"(?P<keep>(?-i:\bLOGIN) \S{{1,100}} ['\"]?){_MIXED}",
    ".logon": rf"(?P<keep>\.logon \S{{1,100}}/\S{{1,60}},){_GIVEN}",
    "/private-|/reset|/invite|/magic|/verify|/unsubscribe|/secret": r"(?P<keep>https?://[^\s'\"<>]{1,300}/(?:private|reset[\w\-]{0,20}|invite|magic[\w\-]{0,12}|verify|unsubscribe|secret)[/\-])(?!\*\*\*)(?=[^\s/]{0,80}\d)[A-Z0-9_\-]{16,200}",
    "key |token |secret ": r"(?P<keep>\b(?:api[ _-]key|access[ _-]key|token|secret) ['\"]?)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}  # fmt: skip
FORMS: tuple[Form, ...] = tuple(
    Form(pattern, tuple(hints.split("|")) if hints != "|" else ("|",), flags=re.IGNORECASE)
    for hints, pattern in _PLACES.items()
)

#: A Secret of Kubernetes: everything under its data.
_SECRET_KIND = re.compile(r"\bkind\\{0,4}['\"]?:\s{0,3}\\{0,4}['\"]?Secret\b")
_DATA_BLOCK = re.compile(
    r"^(?P<in>[ \t]{0,40})(?:data|stringData):[ \t]*\n(?:(?P=in)[ \t]+[^\n]*(?:\n|\Z)){1,100}", re.MULTILINE
)
_DATA_LINE = re.compile(r"^(?P<keep>[ \t]+[\w.\-]{1,100}: )(?!\*\*\*|[|>])[^\n]+", re.MULTILINE)
_DATA_FIELDS = re.compile(r"\\{0,4}['\"](?:data|stringData)\\{0,4}['\"]:\s{0,3}\{[^{}]{0,8000}\}")
_DATA_FIELD = re.compile(
    r"(?P<keep>(?<=[{,\s])\\{0,4}['\"][\w.\-]{1,100}\\{0,4}['\"]:\s{0,3}\\{0,4}['\"])(?!\*\*\*)[^'\"\\]+"
)


def hide_places(text: str, lowered: str) -> str:
    """The text without secrets that stand where a program, a function or a file takes them."""
    for form in FORMS:
        text = form.hide(text, lowered)
    if "secret" in lowered and _SECRET_KIND.search(text):
        text = _DATA_BLOCK.sub(lambda block: _DATA_LINE.sub(rf"\g<keep>{MASK}", block.group()), text)
        text = _DATA_FIELDS.sub(lambda block: _DATA_FIELD.sub(rf"\g<keep>{MASK}", block.group()), text)
    return text
