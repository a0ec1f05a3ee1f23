"""Forms of secrets that are known by their own shape: tokens of vendors, keys, webhooks, headers, and random text.

Each form says which word stands in every text that it matches, so that a text without the word costs one search of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log2

from airflow_provider_harness.core.redaction.redactor import MASK


@dataclass(frozen=True)
class Form:
    """One way in which something stands in a text that must not be shown.

    :param pattern: its group "keep" stays; everything else that it matched is masked. It is compiled for the first text that has a
        hint: all of them together would cost a process that has one failure to tell most of its time.
    :param hints: in lower case; one of them is in every text that the pattern matches.
    :param holds: looks at the match once more; where it says no, the text stays.
    :param shape: what is shown in place of the value; the mask where it is None.
    """

    pattern: str
    hints: tuple[str, ...]
    holds: Callable[[re.Match[str]], bool] | None = None
    shape: Callable[[str], str] | None = None
    flags: re.RegexFlag = re.NOFLAG

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    def hide(self, text: str, lowered: str) -> str:
        """The text without it."""
        return self.compiled.sub(self._masked, text) if any(hint in lowered for hint in self.hints) else text

    def _masked(self, match: re.Match[str]) -> str:
        if self.holds is not None and not self.holds(match):
            return match.group()
        keep = match.groupdict().get("keep") or ""
        return keep + (self.shape(match.group()[len(keep) :]) if self.shape is not None else MASK)


def lower(text: str) -> str:
    """The text in lower case, of the same length: the one letter that becomes two is replaced first."""
    return text.replace("\u0130", "I").lower()


# Random text. A name or a path of as many characters has fewer changes between capitals, small letters and digits.
_ENTROPY, _CHANGES = 0.8, 0.34


def looks_random(text: str, least: int = 24) -> bool:
    """Whether a word has capitals, small letters and digits in the disorder that a generator of keys leaves."""
    letters = [c for c in text if c.isascii() and c.isalnum()]
    if len(letters) < least:
        return False
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in letters]
    if len({"u", "l"} & set(kinds)) < 2 or (kinds.count("d") < 1 and not (len(text) >= 36 and "+" in text)):
        return False
    changes = sum(a != b for a, b in itertools.pairwise(kinds)) / (len(kinds) - 1)
    counts = [letters.count(c) / len(letters) for c in set(letters)]
    entropy = -sum(share * log2(share) for share in counts)
    return changes >= _CHANGES and entropy >= _ENTROPY * log2(min(len(letters), 62))


def _random(match: re.Match[str]) -> bool:
    return looks_random(match.group())


def _no_word(match: re.Match[str]) -> bool:
    """Whether what follows a word such as Bearer is no word of a sentence."""
    token = match.group("token")
    if re.match(r"[a-z_]{2,30}=[^=]", token, re.IGNORECASE):
        return False  # the next thing that is said
    return len(token) >= 20 or not token.isalpha() or not (token.islower() or token.istitle() or token.isupper())


def _forms(table: Mapping[str, str], flags: re.RegexFlag = re.NOFLAG) -> Iterable[Form]:
    for hints, pattern in table.items():
        yield Form(pattern, tuple(hints.split("|")), flags=flags)


_B = r"(?<![A-Za-z0-9])"  # nothing of a word before it
#: hints -> pattern, as their vendors document them; letters count as written.
_VENDORS: Mapping[str, str] = {
    "akia|asia|aroa|aida|abia|acca|agpa|aipa|anpa|anva|apka": _B + r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA|AGPA|AIPA|ANPA|ANVA|APKA)[A-Z0-9]{12,20}(?![A-Za-z0-9])",
    "aiza": r"AIza[A-Za-z0-9_\-]{30,45}",
    "ya29.": r"ya29\.[A-Za-z0-9_\-.]{10,1000}",
    "1/": _B + r"1/\d{10,20}:[0-9a-f]{32}(?![A-Za-z0-9])",
    "1//0": _B + r"1//0[A-Za-z0-9_\-]{20,300}",
    "gocspx-": r"GOCSPX-[A-Za-z0-9_\-]{20,60}",
    "8q~": r"[A-Za-z0-9_~.\-]{3}8Q~[A-Za-z0-9_~.\-]{28,40}",
    "azdo": r"[A-Za-z0-9]{60,90}AZDO[A-Za-z0-9]{4}",
    "ghp_|gho_|ghu_|ghs_|ghr_": r"gh[pousr]_[A-Za-z0-9]{16,255}",
    "github_pat_": r"github_pat_[A-Za-z0-9_]{16,255}",
    "gl": _B + r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas|ffct|rtr|wt)-[A-Za-z0-9_\-.]{16,300}",
    "gr1348941": r"GR1348941[A-Za-z0-9_\-]{16,60}",
    "atbb|atctt|atatt": _B + r"AT(?:BB|CTT3|ATT3)[A-Za-z0-9_\-=]{20,300}",
    "xox|xapp": _B + r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9\-]{10,300}",
    "sk_|rk_|pk_|whsec_": _B + r"(?:(?:sk|rk|pk)_(?:live|test|prod)?_?[A-Za-z0-9]{16,300}|whsec_[A-Za-z0-9+/=]{16,300})",
    "sq0|eaaa": _B + r"(?:sq0[a-z]{3}-[A-Za-z0-9_\-]{20,60}|EAAA[A-Za-z0-9_\-]{56,70})",
    "shp": _B + r"shp(?:at|ca|pa|ss|ua)_[a-fA-F0-9]{16,64}",
    "sk|ac": _B + r"(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])",
    "sg.": _B + r"SG\.[A-Za-z0-9_\-]{10,64}\.[A-Za-z0-9_\-]{10,100}",
    "key-": _B + r"key-[0-9a-f]{32}",
    "-us": _B + r"[0-9a-f]{32}-us\d{1,2}(?!\d)",
    "-": _B + r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9A-Za-z-])",
    "pypi-": r"pypi-[A-Za-z0-9_\-]{16,1000}",
    "npm_": r"npm_[A-Za-z0-9]{20,60}",
    "_v1_": r"do[opr]_v1_[a-f0-9]{32,80}",
    "hvs.|hvb.|hvr.": _B + r"hv[sbr]\.[A-Za-z0-9_\-]{16,400}",
    "s.|b.": _B + r"[sb]\.[A-Za-z0-9]{24}(?![A-Za-z0-9])",
    "dapi|dose|dkea|dsapi": _B + r"(?:dapi|dose|dkea|dsapi)[a-f0-9]{28,40}(?:-\d)?",
    "sk-": _B + r"sk-[A-Za-z0-9_\-]{16,300}",
    "hf_|r8_|gsk_|pplx-|xai-|pcsk_|lsv2_|nvapi-|fw_|together_": _B + r"(?:hf_|r8_|gsk_|pplx-|xai-|pcsk_|lsv2_[a-z]{2}_|nvapi-|fw_|together_)[A-Za-z0-9_\-]{20,200}",
    "hrku-|flyv1|fm1_|fm2_|fo1_": _B + r"(?:HRKU-[A-Za-z0-9_\-]{20,100}|FlyV1 [A-Za-z0-9_,+/=\-]{20,2000}|f[mo][12]_[A-Za-z0-9_+/=\-]{20,2000})",
    "glc_|glsa_": _B + r"gl(?:c|sa)_[A-Za-z0-9+/=_]{20,400}",
    "nrak-|nraa-|nrjs-|nrii-|nrra-": _B + r"NR(?:AK|AA|JS|II|RA)-[A-Za-z0-9_\-]{16,100}",
    "sntry": _B + r"sntry[su]_[A-Za-z0-9+/=_\-]{20,400}",
    "dt0": _B + r"dt0[a-z]\d{2}\.[A-Z0-9]{20,30}\.[A-Z0-9]{40,100}",
    "pmak-|lin_api_|ntn_|figd_|nfp_|tfp_|rdme_|cfpat-|pul-|sbp_|sb_secret_|napi_|npg_|tskey-|xkeysib-|kgat_": _B
    + r"(?:PMAK-|lin_api_|ntn_|figd_|nfp_|tfp_|rdme_|CFPAT-|pul-|sbp_|sb_secret_|napi_|npg_|tskey-[a-z]{3,8}-|xkeysib-|KGAT_)[A-Za-z0-9_\-]{12,300}",
    "2/|1/": _B + r"[12]/\d{13,20}(?:/\d{13,20})?:[a-f0-9]{32}",
    "pat": _B + r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
    "sl.": _B + r"sl\.(?:u\.)?[A-Za-z0-9_\-]{60,2000}",
    ".atlasv1.": r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-=]{40,100}",
    "dp.": _B + r"dp\.(?:pt|st|ct|scim|audit)\.[A-Za-z0-9._\-]{30,100}",
    "pscale_": r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._\-]{20,100}",
    "dckr_": r"dckr_[a-z]{3}_[A-Za-z0-9_\-]{20,100}",
    "rubygems_|oy2|akcp|cmvmdgtu|clojars_": _B + r"(?:rubygems_[a-f0-9]{30,60}|oy2[a-z0-9]{43}|AKCp[A-Za-z0-9]{40,100}|cmVmdGtu[A-Za-z0-9]{40,100}|CLOJARS_[a-z0-9]{60})",
    "bkua_|ccipat_|cciprj_|sqp_|squ_|sqa_|dbtc_|dbtu_|pnu_|pnb_|mdb_sa_sk_|sm_pat_": _B
    + r"(?:bkua_|CCIPAT_|CCIPRJ_|sqp_|squ_|sqa_|dbtc_|dbtu_|pnu_|pnb_|mdb_sa_sk_|sm_pat_)[A-Za-z0-9_\-=]{20,200}",
    "gaaaaa": _B + r"gAAAAA[A-Za-z0-9_\-]{20,4000}={0,2}",
    "age-secret-key-": r"AGE-SECRET-KEY-1[A-Z0-9]{40,70}",
    "ops_ey": r"ops_eyJ[A-Za-z0-9+/=_\-]{40,2000}",
    "ltai|akid": _B + r"(?:LTAI|AKID)[A-Za-z0-9]{12,40}(?![A-Za-z0-9])",
    "access-": _B + r"access-(?:sandbox|development|production)-[0-9a-f\-]{30,40}",
    "re_": _B + r"re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,40}",
    "flwseck|rzp_|shippo_|ezak|eztk": _B + r"(?:FLWSECK(?:_TEST)?-[A-Za-z0-9\-]{16,60}|rzp_(?:live|test)_[A-Za-z0-9]{12,40}|shippo_(?:live|test)_[a-f0-9]{30,60}|EZ[AT]K[A-Za-z0-9]{40,80})",
    "access_token$": r"access_token\$(?:production|sandbox)\$[a-z0-9$]{30,100}",
    ":aa": _B + r"\d{6,12}:AA[A-Za-z0-9_\-]{30,40}",
    ".": _B + r"[MNO][A-Za-z0-9_\-]{22,28}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,45}(?![A-Za-z0-9_-])",
    "eyj": r"eyJ[A-Za-z0-9_\-]{5,4000}\.(?:[A-Za-z0-9_\-]{5,8000}|(?=\.))(?:\.[A-Za-z0-9_\-]{0,4000}){0,3}",
    ":": r"(?P<keep>(?<![\w.:/\-])(?:\*|[A-Za-z][\w.\-]{0,200}):(?:\*|\d{4,5}):(?:\*|[A-Za-z_][\w\-]{0,100}):[A-Za-z_][\w.@\-]{0,100}:)(?!\*\*\*)[^\s:'\"]{3,200}(?![\w:])",  # a line of .pgpass
    "pk_": _B + r"pk_\d{6,12}_[A-Z0-9]{32}",
    "cio|fc-|sgp_|zpka_|waka_": _B + r"(?:cio[A-Za-z0-9]{32}|fc-[a-f0-9]{32}|sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}|zpka_[a-f0-9]{32}_[a-f0-9]{8}|waka_[a-f0-9\-]{36})(?![A-Za-z0-9])",
    "pat-": _B + r"pat-[a-z]{2}\d-[a-f0-9\-]{36}",
    "nral": _B + r"[A-Za-z0-9]{32,38}NRAL(?![A-Za-z0-9])",
    "lin_oauth_|cal_live_|avns_|y0_|y1_|aqvn": _B + r"(?:lin_oauth_|cal_live_|AVNS_|y[01]_|AQVN)[A-Za-z0-9_\-]{16,100}",
    "astracs:": r"AstraCS:[A-Za-z0-9*]{3,60}:[a-f0-9]{64}",
    "amzn": _B + r"amzn(?:\.mws\.[a-f0-9\-]{36}|1\.oa2-cs\.v1\.[a-f0-9]{64})",
    "1000.": _B + r"1000\.[a-f0-9]{32}\.[a-f0-9]{32}",
    "api-": _B + r"API-[A-Z0-9]{25,34}(?![A-Za-z0-9])",
    "s": _B + r"S[UAONCX][A-Z2-7]{56}(?![A-Za-z0-9])",
    "v1.0-": _B + r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,200}",
    "private-lines: ": r"(?P<keep>Private-Lines: \d{1,4}\r?\n)(?:[A-Za-z0-9+/=]{1,80}\r?\n?){1,200}",
}  # fmt: skip

#: The same where capitals do not count: keys, addresses of webhooks, parts of a query.
_LOOSE: Mapping[str, str] = {
    "private key-----": r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,12000}?(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|(?:^[ \t]{0,20}[A-Za-z0-9+/=]{1,80}[ \t]{0,3}\r?\n){1,200}(?=[ \t]{0,20}-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY)",
    "hooks.slack.com|hooks.slack-gov.com": r"(?P<keep>hooks\.slack(?:-gov)?\.com(?:/|%2F)(?:services|workflows|triggers)(?:/|%2F))[A-Z0-9/%_\-]{8,400}",
    "webhook.office.com|outlook.office": r"(?P<keep>(?:webhook\.office\.com|outlook\.office(?:365)?\.com)/webhook(?:b2)?/)[A-Z0-9@/_\-]{8,600}",
    "logic.azure.com|powerplatform.com": r"(?P<keep>(?:logic\.azure|powerplatform)\.com(?::\d{1,5})?/)[^\s'\"<>]{8,1000}",
    "/webhooks/": r"(?P<keep>/api/(?:v\d{1,2}/)?webhooks/\d{5,30}/)[A-Z0-9_\-]{8,200}",
    "api.telegram.org": r"(?P<keep>api\.telegram\.org/(?:file/)?bot)[A-Z0-9:_\-%]{8,120}",
    "/hooks/": r"(?P<keep>/hooks/(?:catch/(?:\d{1,12}/)?)?)[A-Z0-9/_\-]{8,100}",
    "/integration/": r"(?P<keep>/integration/)[0-9a-f]{32}",
    "/with/key/": r"(?P<keep>/with/key/)[A-Z0-9_\-]{8,100}",
    "hc-ping.com/": r"(?P<keep>hc-ping\.com/)[A-Z0-9\-_]{8,100}",
    "chat.googleapis.com": r"(?P<keep>chat\.googleapis\.com/v1/spaces/[A-Z0-9_\-]{1,40}/messages\?)[^\s'\"<>]{4,600}",
    "x-amz-|x-goog-|x-ms-": r"(?P<keep>\bx-(?:amz|goog|ms)-(?:signature|credential|security-token|copy-source-authorization|authorization-auxiliary)['\"]?\s{0,3}[=:]\s{0,3}['\"]?)[^&\s'\",;]{1,4000}",
    "sig|key|code|token|auth|pass|pw|hmac|ticket|assertion|otp|se=|appid": r"(?P<keep>[?&;](?:amp;)?(?:sig|signature|se|code|key|apikey|api_key|subscription-key|auth|access_token|refresh_token|id_token|client_assertion|assertion|ticket|hmac|pw|pwd|pass|otp|token|appid)=)(?!\*\*\*|\{)[^&\s'\"<>;\\]{1,4000}",
    "credentials|aws_": r"(?P<keep>\b(?:credentials|aws_iam_role)\s{1,5}')[^'\n]{1,2000}",
    "identified by|identified with": r"(?P<keep>\bidentified (?:with '?[a-z0-9_]{1,60}'? )?(?:by|as)\s{1,5}(?:password\s{1,5})?['\"]?)(?!\*\*\*)[^'\"\n\s;]{1,500}",
    "auth(": r"(?P<keep>\b[a-z]{0,20}(?:basic|digest|ntlm|proxy|ldap|plain|password)[a-z]{0,20}auth\()(?!\*\*\*)[^)\n]{1,500}",
    "cookie ": r"(?P<keep><cookie [^\s=<>]{1,100}=)(?!\*\*\*)[^\n]{1,4000}?(?= for )",
}  # fmt: skip

_HEADERS: Mapping[str, str] = {
    "bearer": r"(?P<keep>\bbearer(?:\s|%20|\+){1,3}['\"]?)(?P<token>[a-z0-9._~+/=\-]{6,4000})",
    "basic|negotiate|ntlm": r"(?P<keep>\b(?:basic|negotiate|ntlm)\s{1,3})(?P<token>[a-z0-9+/]{8,4000}={0,2})(?![a-z0-9])",
}

_KEY_BODY = Form(r"^[ \t]{0,20}[A-Za-z0-9+/]{60,80}={0,2}(?=[ \t]{0,5}$)", ("",), flags=re.MULTILINE)

FORMS: tuple[Form, ...] = (
    *_forms(_LOOSE, re.IGNORECASE | re.MULTILINE),
    *_forms(_VENDORS, re.MULTILINE),
    *(
        Form(pattern, tuple(hints.split("|")), _no_word, flags=re.IGNORECASE)
        for hints, pattern in _HEADERS.items()
    ),
    _KEY_BODY,
    # An AWS secret, an Azure account key, a key of a vendor that is not in the table.
    Form(r"(?<![A-Za-z0-9+/=_.\-])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/_\-])", ("",), _random),
    Form(r"(?<![A-Za-z0-9])[A-Za-z0-9+_\-]{24,2000}={0,2}(?![A-Za-z0-9])", ("",), _random),
    Form(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{60,20000}={0,2}(?![A-Za-z0-9])", ("",), _random),
    Form(r"(?<![A-Za-z0-9])[a-z2-7]{52}(?![A-Za-z0-9])", ("",), lambda m: any(c.isdigit() for c in m.group())),
)  # fmt: skip
