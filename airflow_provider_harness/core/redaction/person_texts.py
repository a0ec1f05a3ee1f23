"""Personal data in a text: what its own shape or checksum gives away, and numbers of persons that stand beside their name."""

from __future__ import annotations

import re
from collections.abc import Callable

from airflow_provider_harness.core.redaction.personal_data import french_nir, luhn, mod97
from airflow_provider_harness.core.redaction.redactor import MASK

_HOST = r"(?P<host>[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,6}\.[A-Za-z]{2,24})(?![\w@]|[.:\-]\w)"
_MAIL = re.compile(rf"(?<![\w.%+/@:\-])[^\W_][\w.%+'\-]{{0,63}}@{_HOST}")
_MAIL_IN_ADDRESS = re.compile(rf"(?<![\w.%+@:\-])[^\W_][\w.+\-]{{0,63}}%40{_HOST}")
_ROBOTS = re.compile(r"(?:gserviceaccount\.com|\.svc|\.local|\.internal)\Z", re.IGNORECASE)

#: Words beside which a number of a person stands, in ten languages.
_IDS = (
    r"PESEL|CPF|CNPJ|DNI|NIE|NIF|NINO|NIR|BSN|SSN|NHS|AHV|IdNr|Steuer-?ID|Steuernummer|Sozialversicherungsnummer|[Pp]ersonalausweis\w{0,8}|[Rr]eisepass\w{0,8}"
    r"|[Ss]ocial [Ss]ecurity|[Nn]ational [Ii]nsurance|[Pp]assport|s\u00e9curit\u00e9 sociale|[Cc]odice fiscale|[Pp]asaporte|[Pp]assaporto|[Pp]asseport|[Pp]ersonnummer|[Ff]\u00f8dselsnummer|[Hh]enkil\u00f6tunnus|[Rr]odn\u00e9 \u010d\u00edslo|[Kk]ranken\w{2,24}nummer|[Vv]ersicher\w{2,12}nummer|F\u00fchrerschein\w{0,8}"
    r"|[Dd]river'?s? [Ll]icen[cs]e|[Aa]adhaar|CURP|NISS|OIB|[Mm]edicare|\u30de\u30a4\u30ca\u30f3\u30d0\u30fc|\u500b\u4eba\u756a\u53f7"
)
_PHONES = r"[Tt]elefon\w{0,8}|[Tt]\u00e9?l\.|[Pp]hone|[Mm]obile|[Tt]\u00e9l\u00e9phone|[Tt]el\u00e9fono|[Cc]elular|[Hh]andy\w{0,8}|[Rr]ufnummer|\uc804\ud654(?:\ubc88\ud638)?|\ud734\ub300\ud3f0|\u96fb\u8a71|\u643a\u5e2f"
_BIRTHS = r"[Dd]ate[ _][Oo]f[ _][Bb]irth|[Bb]irth[ _]?[Dd]a(?:te|y)|dob|DOB|[Gg]eburtsdatum|[Gg]eburtstag|[Nn]aissance|[Nn]acimiento|[Nn]ascita|[Nn]ascimento|[Uu]rodzenia|[Bb]orn(?: on)?|[Gg]eboren(?: am)?|[Nn]\u00e9e?(?: le)?|[Nn]acid[oa](?: el)?|[Nn]at[oa] il|[Ff]\u00f6delsedatum|[Ff]\u00f8dselsdato|\u751f\u5e74\u6708\u65e5"
#: At most three words may stand between the name and the number: "SSN is invalid: ...".
_BESIDE = r"(?P<keep>(?<![A-Za-z0-9])(?:{words})(?:[^\w\n+(]{{1,4}}[^\W\d_]{{1,14}}|[^\x00-\x7f]{{1,8}}){{0,3}}[^\w\n+(]{{0,4}})"


def _digits(least: int, most: int) -> Callable[[str], bool]:
    return lambda text: least <= sum(sign.isdigit() for sign in text) <= most


def _always(_: str) -> bool:
    return True


#: What is found -> whether it is one; it is asked without blanks and marks.
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(pattern), holds)
    for pattern, holds in (
        (r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", mod97),
        (r"(?<![\w.\-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6(?:011|5\d{2}))(?:[ -]?\d{4}){2}[ -]?\d{3,4}(?![\w\-]|\.\d)", luhn),
        (r"(?<![\w.\-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w\-]|\.\d)", luhn),
        (r"(?<![\w\-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w\-])", _always),
        (r"(?<![\w.])[12] \d\d (?:0[1-9]|1[0-2]|[2-9]\d) \d[\dAB] \d{3} \d{3} \d{2}(?![\w.])", french_nir),
        (r"(?<![\w.\-])(?:\d{3}\.\d{3}\.\d{3}|\d{2}\.\d{3}\.\d{3}/\d{4})-\d{2}(?![\w\-])", _always),  # CPF, CNPJ
        (r"(?<![A-Za-z0-9])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![A-Za-z0-9])", _always),  # codice fiscale
        (r"(?<![\w+.\-])\+[1-9]\d{0,2}(?:[ .\-/]{0,2}\(?\d{1,12}\)?){1,6}(?![\w:])", _digits(9, 15)),
        (r"(?<![\w+.\-])(?:\(\d{2,3}\) ?9?\d{3,4}-\d{4}|0[789]0-\d{4}-\d{4})(?![\w\-])", _always),
        (r"(?<![\w.])(?<!\d )0[1-9](?:[ .]\d\d){4}(?![ .]?\w)", _always),
        (r"(?<![A-Z0-9<])(?=[A-Z0-9<]{0,43}<<)[A-Z0-9<]{28,44}(?![A-Z0-9<])", _always),  # what a machine reads in a passport
        (r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Za-z0-9])", _always),  # NINO
        (r"(?<![\w.+\-])(?:07\d{3} \d{6}|01[567]\d ?[/ \-] ?\d{7,8})(?![\w.\-])", _always),  # mobiles of two countries
        (_BESIDE.format(words=_PHONES) + r"[+(]?\d[\d ()./\-]{5,24}\d", _digits(7, 15)),
        (_BESIDE.format(words=_BIRTHS) + r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?:\d{1,2}\.? )?[^\W\d]{3,10}\.? (?:\d{1,2},? )?\d{4})", _always),
        (_BESIDE.format(words=_IDS) + r"(?=[A-Z0-9 .\-/]{0,20}\d)[A-Z0-9][A-Z0-9 .\-/]{5,22}(?![a-z])(?<=[A-Z0-9])", _digits(6, 18)),
    )
)  # fmt: skip


_CITY = r"(?:,? (?:[A-Z]{1,2}-)?\d{4,5} [A-Z\u00c0-\u00de][\w\-]{2,30})?"
_WORD = r"[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]{2,20}"
#: What a table or a system is called after the same words.
_OF_DATA = r"(?!(?:Data|Master|Support|Success|Service|Order|Relationship|Lifetime|Key|Account|Portal|Profile|Segment|Loyalty|Table|Import|Export|Feed|Record)s?\b)"
#: Where somebody lives, and who somebody is: a title or a word for persons before a name.
_TEXTS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b[A-Z\u00c0-\u00de][\w\-]{{2,30}}(?:stra(?:\u00df|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|straat|laan|gracht) \d{{1,4}} ?[a-z]?\b{_CITY}",
        rf"\b\d{{1,5}}[A-Z]? (?:{_WORD} ){{1,3}}(?:Street|St\.|Road|Rd\.|Avenue|Ave\.?|Lane|Drive|Boulevard|Blvd\.?|Court|Square|Terrace)(?!\w)",
        rf"\b\d{{1,4}}(?: bis| ter)?,? (?:rue|avenue|boulevard|impasse|all\u00e9e|chemin|place|quai) (?:(?:de|du|des|la|le) |l'|d'){{0,3}}{_WORD}(?: {_WORD}){{0,3}}{_CITY}",
        rf"\b(?:Calle|C/|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Corso) (?:(?:de|del|la|las|los|di|della) ){{0,3}}{_WORD}(?: {_WORD}){{0,3}},? \d{{1,4}}\b{_CITY}",
        rf"(?P<keep>\b(?:Mr|Mrs|Ms|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sra?|Se\u00f1ora?|Sig|Mevr)\.? (?:(?:Dr|Prof)\. ){{0,2}}){_WORD}(?: {_WORD}){{0,2}}",
        rf"(?P<keep>\b(?:[Cc]ustomer|[Pp]atient(?:in)?|[Ee]mployee|[Aa]pplicant|[Pp]assenger|[Cc]ardholder|Kund(?:e|in)|Mitarbeiter(?:in)?|[Cc]liente|[Pp]aciente|[Ee]mpleado) ){_OF_DATA}{_WORD} {_WORD}(?=,? [a-z(])",
    )
)  # fmt: skip


#: Without a digit no other pattern finds anything, but for what a machine reads in a passport; prose is looked through in half the time.
_DIGIT = re.compile(r"\d")
_TITLES = tuple(pattern for pattern in _TEXTS if "keep" in pattern.groupindex)


def _masked(match: re.Match[str], holds: Callable[[str], bool]) -> str:
    keep = match.groupdict().get("keep") or ""
    value = match.group()[len(keep) :]
    return f"{keep}{MASK}" if holds(re.sub(r"[ ./\-]", "", value)) else match.group()


def hide_people(text: str) -> str:
    """The text without addresses of people, and without numbers of accounts, cards, telephones and persons."""
    if "@" in text:
        text = _MAIL.sub(_mail, text)
    if "%40" in text:
        text = _MAIL_IN_ADDRESS.sub(_mail, text)
    numbered = _DIGIT.search(text) is not None
    for pattern, holds in _NUMBERS if numbered or "<<" in text else ():
        text = pattern.sub(lambda match, holds=holds: _masked(match, holds), text)  # type: ignore[misc]
    for pattern in _TEXTS if numbered else _TITLES:
        text = pattern.sub(lambda found: f"{found.groupdict().get('keep') or ''}{MASK}", text)
    return text


def _mail(match: re.Match[str]) -> str:
    return match.group() if _ROBOTS.search(match["host"]) or match.group().startswith("git@") else MASK
