"""The words around a failure that change what it means. The texts that identify a cause are data: ``adapters/diagnosis/signatures``."""

from __future__ import annotations

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C
from airflow_provider_harness.core.signatures.error_codes import Trait

#: Abbreviations of the files of signatures.
SHORT = {
    "<day>": (
        r"(?:(?:19|20)\d\d[-/_]?(?:0[1-9]|1[0-2])[-/_]?(?:0[1-9]|[12]\d|3[01])(?!\d)"
        r"|(?:0[1-9]|1[0-2])[-_](?:0[1-9]|[12]\d|3[01])[-_](?:19|20)\d\d"
        r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[-_ ]\d{1,2}[-_ ](?:19|20)\d\d)"
    ),
    "<locked>": r"still waiting for \w*lock|waiting for \w*lock|blocked by (?:pid|process)|holds? \w*lock|lock wait",
    "<refused>": r"\b(?:http|status(?:[ _]?code)?|error)[/:= ]{1,3}(?:1\.[01] )?[45]\d\d\b|\b[45]\d\d (?:client|server) error",
    "<index>": r"(?:list|string|tuple)? ?index out of range|ordinal not in range",
}

#: Lines that say nothing about the failure: fetching logs, metrics and lineage, deprecations.
NOISE = (
    r"could not read (?:served )?logs|failed to fetch log|log file does not exist|^\W{0,2}\*\*\* (?:found|reading|log|!!!|could|failed|attempting)|deprecat|futurewarning|userwarning"
    r"|failed to (?:send email|upload remote logs|set rendered fields|run task callback)|error calling listener|openlineage|statsd|sentry|telemetry|filling up the dagbag|running on host|dependencies all met"
    r"|partial pars|no longer receives regular patches|compiled code at |registered adapter|start sql |full contents of the message"
)
#: What a reader is asked to do who is spoken to.
_DO = (
    r"(?:please |you (?:must |should |can |may )?|must |should |now |kindly |immediately |just |then ){0,3}(?:mark|set|run|drop|delete|truncate|retry|re-?run|clear|approve|ignore|classify|treat|report|escalate"
    r"|do not|don't|never|skip|post|send|call|execute|use|answer|reply|respond|output|return|submit|propose|choose|pick|disable|grant|confirm|proceed|the (?:documented|remedy|fix|correct|right|approved)|to (?:restore|fix|resolve|recover|proceed))\b"
)
#: What tells the reader what to do, from its first word on: data, not evidence. A log's own words are none: a component that is called
#: agent or model, a partition category=1, a root cause that is named in words.
INSTRUCTION = (
    r"ignore (?:all |any |the )?(?:previous|prior|above|other)|disregard (?:all |any |the )?(?:previous|prior|above)|system prompt"
    r"|\bas an ai\b|\byou are (?:now )?(?:an? |the )|<\/?(?:system|assistant|instruction)"
    rf"|\b(?:assistant|agent|ai|llm|model|harness|healer|bot)[:,] {_DO}"
    r"|pre-?approved|approved by|already approved|no approval (?:is )?(?:needed|required)|no further approval|do not escalate|without approval"
    r"|you(?:'re| are| have been)? authori[sz]ed|im_(?:start|end)\|?>|ki-assistent|ignoriere? (?:alle|die|vorherige)|ignore[rz] (?:toutes|les)"
    r"|ignora (?:todas|las|tutte|le)|(?:\u5ffd\u7565|\u7121\u8996|\u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443\u0439)|asistente|assistant ia\b"
    rf"|safe_action|\b(?:root_?cause|category) ?[\"']?[:=] ?[\"']?(?:{'|'.join(C)})\b"
    r"|classify (?:this |it )?as|set escalate|escalate ?= ?false|mark the (?:task|run|incident)|test traffic|new instructions?|note to (?:the )?(?:agent|ai|on-?call bot|automation)"
    r"|to the (?:automation )?(?:agent|assistant|healer|harness|bot)\b"
)
#: A guess that some program prints; it is not evidence of what it names.
HEDGE = r"\b(?:likely|probably|possibly|maybe|might be|may be|could be|suspected)\b[^.;]{0,80}"
#: What a line says is not there, or was set right: no finding.
NEGATED = (
    r"\b(?:0|no|zero|without(?: any)?|none of the) (?:\w+ )?(?:duplicates?|duplicate (?:rows|keys|records)|errors?|failures?|nulls?|violations?|warnings?|conflicts?|rejects?|(?:columns?|fields?|keys?|values?) (?:are |is )?(?:missing|unexpected))\b"
    r"|\b(?:errors?|failures?|failed|duplicates?|rejected|nulls?|violations?|warnings?)[:=] ?0\b"
    r"|\brate-?limit-(?:limit|used|reset|resource)\W{1,4}\S+|\brate-?limit-remaining\W{1,4}[1-9]\d*"
    r"|\b(?:de-?duplicated|de-?duped|(?:removed|merged|dropped|skipped|ignored) \d+ duplicates?)\b[^.;]{0,40}"
)
#: Classes of exceptions that a line speaks of, and that did not come up: what was expected, is handled, or would be tried again.
CLASS = r"(?:Error|Exception|Timeout|Failure|Violation|Detected|NotAvailable|Canceled)\b"
_CLASSES = rf"(?:(?:\w+\.)*[A-Z]\w*{CLASS}(?:, ?| or | and |\|)?)+"
MENTIONED = (
    r"(?P<before>\b(?:[Ee]xcept|[Ee]xpect(?:s|ed|ing)?|instead of|[Nn]ot|[Nn]o|[Ww]ithout|such as|isinstance|issubclass|import|class|[Ii]gnor(?:es|ed|ing)"
    r"|[Ss]uppress(?:es|ed|ing)|[Hh]andles|[Hh]andler for|[Rr]etry(?:able)?_(?:on|for|exceptions|errors))\W{1,4}(?:an? )?)"
    + _CLASSES
)
#: A line that tells of a try that failed and of the next one that worked.
WORKED = (
    r"\b(?:attempt|try|retry) \d+ (?:failed|timed out|got).{0,120}\b(?:attempt|try|retry) \d+ (?:succeeded|worked|ok|passed)\b"
    r"|\b(?:retried|retry) (?:successfully|succeeded|worked)\b|\bsucceeded (?:on|after|at) (?:attempt|retry|try)\b"
)
#: Words of a failure and of an end; a log with neither breaks off.
FAILED = r"fail|error|exception|critical|fatal|warn|traceback"
ENDED = r"success|finish|complet|done\b|exit|return(?:ed)? code|stopp|written|loaded"
#: Words that say that what failed before is over.
RECOVERED = (
    r"succeeded (?:on|after|at) (?:attempt|retry|try)|retry (?:\d+ )?succeeded|reconnected|recovered|connection (?:re-?)?established"
    r"|re-?established|retried successfully|success(?:fully)? (?:on|after) (?:retry|attempt|\d)|attempt \d+ (?:ok|succeeded|successful)"
    r"|is back|resumed|succeeded|\bok\b|\bdone\b|200 ok|loaded \d+|completed|finished|wrote \d+|uploaded|fetched \d+|connected to"
)
#: Words of a line that is about to be tried again.
RETRIED = r"retry|retrying|will try again|attempt \d+|backing off|backoff|try \d+ of|transient"

#: A place within a delivery, or how many of its rows are meant: what else is in it may be well.
_PLACE = (
    r"\b(?:line|row|record|offset|position|byte|char(?:acter)?|col(?:umn)?|entry|document|message|item|element|field|index|tag)s?(?: number| no\.?)?['\"]?[ :#=(]{1,3}['\"]?\d+"
    r"|\b\d[\d,]* (?:\w+ )?(?:rows?|records?|lines?|messages?|documents?|entries|values?|fields?|errors?)\b|\b(?:rows?|records?|errors?|lines?)\b[: ]{1,2}\d|\bin (?:cell|row|line|record) \w"
    r"|\b0x[0-9a-f]{2}\b|\bexpected \d+ (?:columns|fields)|\bconvert string to \w+: ?['\"]"
)
#: What comes by itself and is late: it has a date, or what waits for it or measures it says so.
_EXPECTED = (
    r"<day>|sensor|\bpok(?:e|es|ed|ing)\b|fresh|stale|\boverdue\b|\b(?:not|nothing) (?:yet|newer?)\b|\byet\b|\b(?:appear|arriv|deliver|land|upload|publish|receiv)\w*|_success\b|\b(?:still )?wait(?:ed|ing)\b"
    r"|row_?count(?s:.{0,400})(?:\b(?:min\w*|expected|value)\b|observed_value\W{1,4}0\b)|\b(?:is|are|was) (?:late|due)\b|\bexpected (?:by|at|since|before)\b|\bno (?:new )?(?:files?|data|rows|objects?) (?:for|since|today)\b"
)
#: What failed says that it is so for good: the same again ends the same.
_FOR_GOOD = (
    r"\b(?:is|are|was|were)? ?not (?:supported|allowed|permitted|enabled|implemented)\b|\bunsupported\b|\binvalid (?!response|status)\w|\bmalformed\b|\billegal\b|\bis required\b|\bdisabled\b|\bsunset\b|\bretired\b|\bdiscontinued\b"
    r"|\btoo (?:large|long|big)\b|\bunknown (?:column|field|argument|parameter|option|command|method)\b|\b(?:wrong|incorrect) (?:user|pass|number|type|argument|value|key)"
    r"|\b(?:try|attempt|run) \d+\b.{0,60}\btime(?:d )?-?out\b.{0,80}\b(?:try|attempt|run) \d+\b.{0,60}\btime(?:d )?-?out"
)

#: trait, the categories in which it means something, and the words that show it.
TRAIT_WORDS: tuple[tuple[Trait, frozenset[C], str], ...] = (
    (
        Trait.CONCURRENCY,
        frozenset({C.RATE_LIMITED}),
        r"mapped task|\b\d+ (?:workers|threads)\b|(?:parallel|concurrent) requests per|parallelism",
    ),
    (
        Trait.CONCURRENCY,
        frozenset({C.RESOURCE_EXHAUSTED_CONNECTIONS}),
        r"concurren|parallel|simultaneous|\bpool|queuepool|max_overflow|mapped|workers?\b|fan.?out|threads?\b|executor",
    ),
    (
        Trait.SIGTERM,
        frozenset({C.WORKER_LOST}),
        r"sigterm|\b143\b|signal 15|preempt|drain|spot|graceful|evict|scale|rolling|shutting down",
    ),
    (
        Trait.KILLED_UNKNOWN,
        frozenset({C.WORKER_LOST}),
        r"sigkill|\b137\b|signal 9\b|sigsegv|\b139\b|signal 11\b|segmentation|code -9\b",
    ),
    (
        Trait.MISSING_SLICES,
        frozenset({C.LATE_OR_MISSING_SOURCE}),
        r"gap|missing (?:partition|slice|date|day)s|(?:partition|slice|day|date)s missing|backfill|never (?:ran|loaded)|not (?:been )?(?:loaded|processed) for|between .{0,40}missing",
    ),
    (Trait.ROW_LEVEL, frozenset({C.BAD_INPUT_ENCODING_OR_FORMAT}), _PLACE),
    (Trait.EXPECTED, frozenset({C.LATE_OR_MISSING_SOURCE}), _EXPECTED.replace("<day>", SHORT["<day>"])),
    (Trait.PERMANENT, frozenset({C.TRANSIENT_NETWORK, C.RATE_LIMITED, C.LOCK_CONTENTION, C.TIMEOUT}), _FOR_GOOD),
    (
        Trait.ADDITIVE,
        frozenset({C.SCHEMA_DRIFT}),
        r"cannot add fields|no such field|unexpected (?:column|field)|unknown field|extra (?:column|field|data after|inputs)|new (?:column|field)|additional (?:column|field|propert)|added column|column.{0,20}added|dynamic introduction|not (?:declared|defined) in",
    ),
    (
        Trait.BREAKING,
        frozenset({C.SCHEMA_DRIFT}),
        r"missing|does not exist|changed type|changed from|removed|dropped|renamed|type mismatch|cannot (?:be )?c(?:ast|onvert)|incompatib|not found|invalid identifier|unknown column|but expression is of type",
    ),
    (
        Trait.BREAKING,
        frozenset({C.BAD_INPUT_ENCODING_OR_FORMAT}),
        r"unterminated string|expecting value: line 1 column 1 \(char 0\)|magic bytes|\bfooter\b|end-of-stream|ended before|not a (?:valid )?(?:zip|gzip|parquet|orc|avro|excel|xlsx?)\b|no element found: line 1"
        r"|truncated|unexpected end of|(?:whole|entire) (?:file|delivery)|(?:file|archive) (?:is |seems )?corrupt|crc(?:-?32)? (?:check )?failed|bad magic number|copy \w+, line 1\b",
    ),
    (
        Trait.BREAKING,
        frozenset({C.DATA_QUALITY_VIOLATION, C.BAD_INPUT_ENCODING_OR_FORMAT}),
        r"unexpected_percent\W{1,4}100\b|\b100(?:\.0+)? ?% of|\ball \d[\d,]* rows|\bevery row\b|\b(\d[\d,]{2,}) of \1 (?:rows|records|values)",
    ),
    (
        Trait.DERIVED,
        frozenset({C.DATA_QUALITY_VIOLATION}),
        r"(?:database|runtime) error in (?:model|snapshot)|failure in (?:model|snapshot)",
    ),
    (
        Trait.LOAD,
        frozenset({C.TIMEOUT}),
        r"days=\d{2,}|from=(\d{4})\S{0,30}to=(?!\1)\d{4}|limit=\d{4,}|page_?size=\d{3,}|batch[_ ]?size|chunk[_ ]?size|smaller|full (?:scan|refresh|table)|cross join|cartesian"
        r"|\d+ (?:gb|gib|tb|tib)\b|\d[\d,]{6,} (?:rows|records)|\d+ ?(?:m|million|billion) rows",
    ),
    (
        Trait.RERUN,
        frozenset({C.DUPLICATE_DATA}),
        r"already (?:been )?(?:loaded|processed|ingested|inserted)|re-?run|attempt [2-9]|try_number=[2-9]|retry|cleared|backfill",
    ),
)
