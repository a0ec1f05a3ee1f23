"""Features as their contract defines them, and training sets that take them as they were known at a moment.

Two times belong to each value: since when it holds (event time), and since when anybody could know it (known-at). A request of
time t takes, of the rows of its entity with both times at or before t, the one with the newest event time; of several with that,
the one that became known last. Both bounds are inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass

KNOWN_AT, EVENT_AT = "features_known_at", "features_event_at"
"""Columns of a training set: the newest known-at and the newest event time of the values in a row; null where there is none."""
LEAKAGE = "training_set:known_in_time"
"""Id of the check that no row has a value that became known after its request."""
TELLTALE = "training_set:no_label"
"""How the ids of the checks begin that a feature is not the label under another name; then comes the feature's column."""
LEAST_TOLD = 10
"""Rows with a feature and a label from which on it is no chance that each tells the other."""
ONE_ROW = "training_set:one_row_a_request"
"""Id of the check that each request has its row, and as many as it has in the table of requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """One definition from which the offline table, training sets and the online table are made.

    :param version: counts up when the meaning of a feature changes, 1 or more.
    :param entity: columns that name the thing that features are about.
    :param event_time: since when a row's values hold.
    :param known_at: since when anybody could know them; empty: since their event time.
    :param valid_to: until when they hold, exclusively, null for no end (SCD type 2); empty where the next row ends one.
    :param max_age: seconds after its event time for which the newest value is still used, inclusively; 0 for no limit.
    :param features: the columns that are features.
    :param online: ``schema.table`` of the newest values; empty where there is none.
    """

    version: int
    entity: tuple[str, ...]
    event_time: str
    features: tuple[str, ...]
    known_at: str = ""
    valid_to: str = ""
    max_age: int = 0
    online: str = ""

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that order the rows of an entity, the first one before the others."""
        return tuple(dict.fromkeys((self.event_time, self.known_at or self.event_time)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it names."""
        ends = (self.valid_to,) if self.valid_to else ()
        return (*self.entity, *self.times, *ends, *self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUse:
    """The features of one table that a training set takes.

    :param contract: file of the feature table's contract, relative to the training set's own.
    :param version: of the definition that is meant.
    :param entity: column of the feature table's entity -> column of the requests, as pairs.
    :param take: feature -> column of the training set, as pairs.
    """

    contract: str
    version: int
    entity: tuple[tuple[str, str], ...]
    take: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """A row a request, with features as they were known at its time.

    :param version: counts up when the rows of a request may change, 1 or more.
    :param requests: ``schema.table`` with a row for each request.
    :param time: column of the requests: when each was.
    :param uses: where its features come from.
    :param label: column of the requests: what a model shall foretell; empty where nobody says it.
    :param label_known_at: column of the requests: when the label became known; empty where nothing says it.
    :param model: name of the model that learns from it; empty where nobody says it.
    """

    version: int
    requests: str
    time: str
    uses: tuple[FeatureUse, ...]
    label: str = ""
    label_known_at: str = ""
    model: str = ""

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns that come from features, in order."""
        return (*(column for use in self.uses for _, column in use.take), KNOWN_AT, EVENT_AT)
