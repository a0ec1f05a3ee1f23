"""The ledger: what becomes of each keyword of the standard and of each property of the harness.

A keyword is enforced (as a check, as part of one, or as what the harness does), or informative, or refused with a
finding. There is no fourth end: a keyword that is in no row fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_provider_harness.core.contracts.checks import CHECKS, CheckKind, Operator
from airflow_provider_harness.core.contracts.checks import CheckKind as K


class End(StrEnum):
    """What becomes of a keyword."""

    ENFORCED = "enforced"  # it is a check, part of one, or what the harness does
    INFORMATIVE = "informative"  # it is for people and other programs
    REFUSED = "refused"  # it is a finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One keyword.

    :param becomes: in a few words, what.
    :param kinds: the kinds of check that it becomes, or is part of; empty where it is none.
    :param anyway: the harness acts by it also where it becomes no check.
    """

    end: End
    becomes: str
    kinds: tuple[CheckKind, ...] = ()
    anyway: bool = False


def _each(end: End, names: str, becomes: str, *kinds: CheckKind) -> dict[str, Row]:
    return dict.fromkeys(names.split(), Row(end=end, becomes=becomes, kinds=kinds))


def _anyway(end: End, names: str, becomes: str, *kinds: CheckKind) -> dict[str, Row]:
    return {name: replace(row, anyway=True) for name, row in _each(end, names, becomes, *kinds).items()}


def _in(section: str, *rows: Mapping[str, Row]) -> dict[str, Row]:
    return {f"{section}.{name}": row for part in rows for name, row in part.items()}


_E, _I, _R = End.ENFORCED, End.INFORMATIVE, End.REFUSED
_DICTIONARY = "in the dictionary of columns"
_OPERATORS = _each(_E, " ".join(Operator), "the bound of the rule")
_NEARLY = "for people; a word that is very similar to one of the standard's is a finding"
_BOUNDS = _each(_E, "minimum maximum exclusiveMinimum exclusiveMaximum", "check range", K.RANGE)
_COMMON_OPTIONS = {
    **_each(_E, "format", "of a text column: check regex of values so written; else informative", K.REGEX),
    **_BOUNDS,
}

LEDGER: Mapping[str, Row] = {
    **_in(
        "contract",
        _each(_E, "apiVersion", "which version of the standard the file is read by"),
        _each(_E, "kind", "must be DataContract"),
        _each(_E, "id version name status", "names the contract in reports, pages and lineage"),
        _each(_E, "schema", "one contract, and one gate, for each table"),
        _each(_E, "slaProperties", "promises about time, and checks of age"),
        _each(_E, "slaDefaultElement", "the element of promises that name none", K.FRESHNESS),
        _each(_E, "servers", "schema or dataset of the first one is where tables are whose names say none"),
        _each(_E, "team support", "who is told and paged; demanded by readiness bronze"),
        _each(_E, "roles", "demanded by readiness silver"),
        _each(_E, "description", "purpose, limitations and usage are demanded by readiness"),
        _each(_E, "authoritativeDefinitions", "one of type runbook is linked in pages; others are for people"),
        _each(_E, "customProperties", "harness.* are settings; others are for other programs"),
        _each(_I, "tenant tags dataProduct domain context price", "for people and other programs"),
        _each(_I, "contractCreatedTs", "for people; must be a moment"),
    ),
    **_in(
        "description",
        _each(_E, "purpose limitations usage", "demanded by readiness"),
        _each(_I, "authoritativeDefinitions customProperties", "for people and other programs"),
    ),
    **_in(
        "table",
        _each(_E, "name physicalName", "which table it is"),
        _each(_E, "properties", "the columns that the table must have"),
        _each(_E, "quality", "its rules"),
        _each(_E, "relationships", "check referential", K.REFERENTIAL),
        _each(_E, "dataGranularityDescription", "demanded by readiness bronze"),
        _each(_E, "customProperties", "harness.* are settings of this table; others are for other programs"),
        _each(_E, "authoritativeDefinitions", "one of type runbook is linked in pages; others are for people"),
        _each(_I, "id", "what references name it by"),
        _each(
            _I,
            "description tags logicalType physicalType businessName deprecated synonyms context",
            "for people and other programs",
        ),
    ),
    **_in(
        "property",
        _each(_E, "name physicalName", "the column's name; the table must have it"),
        _anyway(
            _E,
            "logicalType physicalType",
            "the column's type; compared with source and table before rows move; two that contradict each other, "
            "and names of other databases, are findings; below a column check value_type, unless another "
            "rule there, or the column's own type, proves it",
            K.VALUE_TYPE,
        ),
        _each(_E, "required", "check not_null, also below a column", K.NOT_NULL),
        _each(_E, "unique", "check unique", K.UNIQUE),
        _each(_E, "primaryKey", "checks not_null and unique", K.NOT_NULL, K.UNIQUE),
        _each(_E, "primaryKeyPosition", "the order of the key's columns; without primaryKey, or below 1, a finding"),
        _each(_I, "partitionKeyPosition", "for people; without partitioned, or below 1, a finding"),
        _each(_E, "logicalTypeOptions", "see the options of each type"),
        _each(_E, "enum", "check accepted_values", K.ACCEPTED_VALUES),
        _each(_E, "relationships", "check referential", K.REFERENTIAL),
        _each(_E, "quality", "its rules"),
        _each(_E, "partitioned", "the slice column, where harness.load names none and it is the only one"),
        _each(
            _E, "classification", "demanded by readiness silver; what may be shown, and what is treated at extraction"
        ),
        _each(_E, "description", "demanded by readiness silver"),
        _each(_E, "examples", "must keep the column's own rules; in the dictionary of columns"),
        _each(_E, "semanticType", "a measure is not a column; column and dimension are for people"),
        _each(_E, "transformLogic", "what a measure is made of; of a column it is for people"),
        _each(
            _E,
            "properties items",
            "each rule below a column is a check; unique, relationships, sql and custom there are findings",
        ),
        _each(_R, "map", "a finding: columns of this type are not carried"),
        _each(
            _E, "customProperties", "harness.personalData is what happens at extraction; others are for other programs"
        ),
        _each(_I, "synonyms", _DICTIONARY),
        _each(_I, "id", "what references name it by"),
        _each(
            _I,
            "businessName deprecated tags authoritativeDefinitions encryptedName transformSourceObjects "
            "transformDescription criticalDataElement",
            "for people and other programs",
        ),
    ),
    **_in("property.map", _each(_R, "key value", "a finding: columns of this type are not carried")),
    **_in(
        "options[string]",
        _each(_E, "minLength maxLength", "check length", K.LENGTH),
        _each(_E, "pattern", "check regex", K.REGEX),
        _each(
            _E, "format", "check regex; password and binary say nothing of the form; unknown ones are refused", K.REGEX
        ),
    ),
    **_in("options[date]", _COMMON_OPTIONS),
    **_in(
        "options[timestamp]",
        _COMMON_OPTIONS,
        _each(_E, "timezone", "the type, where physicalType is not given"),
        _each(_I, "defaultTimezone", "must be a zone; slices go by harness.load"),
    ),
    **_in(
        "options[time]",
        _COMMON_OPTIONS,
        _each(_I, "timezone", "the physicalType says it"),
        _each(_I, "defaultTimezone", "must be a zone; slices go by harness.load"),
    ),
    **_in(
        "options[integer]",
        _BOUNDS,
        _each(_E, "multipleOf", "check multiple", K.MULTIPLE),
        _each(_E, "format", "check range, where the column's type holds more", K.RANGE),
    ),
    **_in(
        "options[number]",
        _BOUNDS,
        _each(
            _E,
            "multipleOf",
            "check multiple of numeric columns; refused for floats, for which it cannot be exact",
            K.MULTIPLE,
        ),
        _each(_I, "format", "the physicalType says it"),
    ),
    **_in(
        "options[object]",
        _each(_E, "required", "check not_null of each field that it names", K.NOT_NULL),
        _each(_E, "minProperties maxProperties", "check properties", K.PROPERTIES),
    ),
    **_in(
        "options[array]",
        _each(_E, "minItems maxItems", "check items", K.ITEMS),
        _each(_E, "uniqueItems", "check unique_items", K.UNIQUE_ITEMS),
    ),
    **_in(
        "options[vector]",
        _each(
            _R,
            "dimensions elementType distanceMetric embeddingModel embeddingModelVersion normalized",
            "a finding: columns of this type are not carried",
        ),
    ),
    **_in(
        "quality",
        _each(_E, "type", "what kind of rule it is; text is for people"),
        _each(
            _E,
            "metric",
            "check not_null, null_rate, unique, row_count, or those of its arguments",
            *(K.NOT_NULL, K.NULL_RATE, K.UNIQUE, K.ROW_COUNT, K.ACCEPTED_VALUES, K.RANGE, K.LENGTH, K.REGEX),
        ),
        _each(_E, "rule", "the metric, as version 3.0 names it; unknown ones are refused"),
        _each(_E, "arguments", "part of the check; unknown ones are refused"),
        _OPERATORS,
        _each(_E, "unit", "rows, or percent of the rows; others are refused"),
        _each(_E, "query", "check custom_sql", K.CUSTOM_SQL),
        _each(_E, "engine", "harness or great-expectations; others are refused"),
        _each(
            _E, "implementation", "the check that it names; arguments that it does not take are findings", K.CUSTOM_GX
        ),
        _each(_E, "severity", "whether the check blocks or reports; unknown ones are refused"),
        _each(_E, "name id", "the check's id; the name comes first"),
        _each(
            _E, "schedule scheduler", "judged at every gate, whatever the schedule: in between, the rows do not change"
        ),
        _each(_I, "dimension description", "in reports of the check"),
        _each(
            _I, "businessImpact method tags authoritativeDefinitions customProperties", "for people and other programs"
        ),
    ),
    **_in(
        "relationship",
        _each(_E, "from to", "check referential; other files and columns below columns are refused", K.REFERENTIAL),
        _each(_E, "customProperties", "harness.severity; others are for other programs"),
        _each(_I, "id type", "a foreign key is the only type"),
    ),
    **_in(
        "sla",
        _each(
            _E,
            "property",
            "freshness and latency of a column: check freshness; times of day and lengths: promises",
            K.FRESHNESS,
        ),
        _each(
            _E, "value unit", "part of the promise; a value that is not a length of time, share or date is a finding"
        ),
        _each(_E, "element", "the column that is checked"),
        _each(_I, "schedule scheduler", "must be a cron; the check is judged at every gate"),
        _each(_I, "driver", _NEARLY),
        _each(
            _I,
            "id description valueExt customProperties authoritativeDefinitions",
            "for people and other programs",
        ),
    ),
    **_in(
        "enum",
        _each(_E, "value", "one of the accepted values", K.ACCEPTED_VALUES),
        _each(_I, "id label description tags authoritativeDefinitions customProperties", _DICTIONARY),
    ),
    **_in("synonym", _each(_I, "id synonym description locale source status customProperties", _DICTIONARY)),
    **_in(
        "team",
        _each(_E, "name members", "who is told and paged"),
        _each(_I, "id description tags customProperties authoritativeDefinitions", "for people and other programs"),
    ),
    **_in(
        "member",
        _each(_E, "username", "who is told and paged"),
        _each(_I, "dateIn dateOut", "for people; must be dates"),
        _each(
            _I,
            "id name description role replacedByUsername tags customProperties authoritativeDefinitions",
            "for people and other programs",
        ),
    ),
    **_in(
        "support",
        _each(_E, "channel", "where people are told"),
        _each(_I, "scope", _NEARLY),
        _each(_I, "id url description tool invitationUrl customProperties", "for people and other programs"),
    ),
    **_in(
        "role",
        _each(_E, "role", "demanded by readiness silver"),
        _each(
            _I,
            "id description access firstLevelApprovers secondLevelApprovers customProperties",
            "for people and other programs",
        ),
    ),
    **_in("price", _each(_I, "id priceAmount priceCurrency priceUnit", "for people and other programs")),
    **_in(
        "server",
        _each(_E, "schema dataset", "of the first server that has one: where tables are whose names say none"),
        _each(_E, "type", "bigquery: a physicalType may be one of BigQuery's names"),
        _each(_I, "*", "connections are Airflow's"),
    ),
    **_in("context", _each(_I, "*", "for people and other programs")),
    **_in(
        "authoritativeDefinition",
        _each(_E, "url type", "one of type runbook is linked in pages"),
        _each(_I, "id description", "for people and other programs"),
    ),
    **_in(
        "customProperty",
        _each(
            _E, "property value", "harness.* in its valid places, otherwise a finding; others are for other programs"
        ),
        _each(_I, "id description vendor", "for people and other programs"),
    ),
    **_in(
        "harness.load",
        _anyway(_E, "mode", "how a slice is published; all modes but full: check in_slice", K.IN_SLICE),
        _each(_E, "sliceColumn timeZone grain", "which rows a slice has; check in_slice", K.IN_SLICE),
        _each(_E, "key", "checks unique and not_null", K.UNIQUE, K.NOT_NULL),
        _each(_E, "epochUnit", "what an integer slice column counts"),
        _each(_E, "allowEmpty", "whether no rows may replace some"),
    ),
    **_in("harness.malformedRows", _each(_E, "policy maxRows maxPercent", "what may be set aside")),
    **_in("harness.late", _each(_E, "action waitMinutes until", "what FreshnessSensor does about a late source")),
    **_in("harness.backfill", _each(_E, "aloneSlices", "what the healer may fill without asking")),
    **_in("harness.page", _each(_E, "to", "who is paged")),
    **_in(
        "harness.features",
        _each(_E, "version", "a published version with another definition is refused"),
        _each(_E, "entity eventTime knownAt", "checks unique and not_null, and the join", K.UNIQUE, K.NOT_NULL),
        _each(_E, "validTo maxAge features online", "the join, the online table, and what serving reads"),
    ),
    **_in(
        "harness.trainingSet",
        _each(_E, "requests time", "checks of one row a request and of leakage", K.RECONCILIATION_BY_KEY, K.CUSTOM_SQL),
        _each(_E, "features contract take entity", "the join"),
        _each(_E, "label", "checks that no feature is the label", K.CUSTOM_SQL),
        _each(_E, "labelKnownAt", "a label from the future is refused"),
        _each(_E, "version", "within one, the same requests give the same rows"),
        _each(_I, "model", "in the registry"),
    ),
    **_in("harness.consumers", _each(_E, "name access columns purpose", "who is told; demanded by readiness gold")),
    **_in("harness.aiReady", _each(_E, "labels groups statements", "what readiness ai_ready is judged by")),
    **_in(
        "harness.watch",
        _each(_E, "connection column after withinMinutes", "which slices the healer looks at, and when"),
        _each(
            _E,
            "columns key historyDays sensitivity announced",
            "what is counted of a slice, and what is unusual; no gate of a publication",
        ),
        _each(_E, "maxRows maxBytes", "what costs more is not read, and an incident says so"),
    ),
    **_in("harness.claims", _each(_E, "claim check by date", "in cards; a claim without a proof is a finding")),
    **_in(
        "harness.model",
        _each(_E, "name metrics holdout", "what PromoteModelOperator holds a version to"),
        _each(_E, "rollback", "what RollbackModelOperator does; its steps are for people"),
        _each(_I, "purpose", "in the card of the model"),
    ),
    **_in(
        "harness",
        _each(
            _E,
            "load malformedRows late backfill page consumers aiReady claims model features trainingSet watch",
            "see its fields",
        ),
        _each(_E, "criticality", "how loudly people are paged"),
        _each(_E, "sourceOfTruth", "demanded by readiness gold"),
        _each(_E, "readiness", "the standards that `contract check --conn-id` and `readiness` look at"),
        _each(_E, "personalData", "what happens to columns at extraction; a class that no column has is a finding"),
        _each(_E, "severity", "whether a relationship blocks or reports"),
    ),
}
"""``section.keyword`` -> what becomes of it. ``*`` stands for every other keyword of a section."""


def row_of(section: str, keyword: str) -> Row | None:
    """The row of a keyword; None where the ledger has none."""
    return LEDGER.get(f"{section}.{keyword}") or LEDGER.get(f"{section}.*")


GATES = ("extract", "load", "transfer", "transform", "validate")
"""Where rows are judged."""
NEEDS_TABLES = (K.REFERENTIAL, K.RECONCILIATION_BY_KEY)
"""Kinds that look at another table, which an extract does not have."""


def gates_of(kind: CheckKind) -> tuple[str, ...]:
    """The gates at which a kind of check is judged."""
    return tuple(gate for gate in GATES if not (gate == "extract" and kind in NEEDS_TABLES))


def engines_of(kind: CheckKind) -> tuple[str, ...]:
    """The engines that measure a kind of check."""
    from airflow_provider_harness.adapters.duckdb.in_flight import ELSEWHERE
    from airflow_provider_harness.adapters.gx.suite import EXPECTATIONS

    metric = CHECKS[kind].metric
    found = [] if metric in ELSEWHERE else ["sql"]
    found += [] if metric in ELSEWHERE or kind in NEEDS_TABLES else ["arrow"]
    return tuple(found + (["gx"] if kind in EXPECTATIONS else []))
