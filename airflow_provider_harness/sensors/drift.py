"""Whether a load would find the columns that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .waiting import SliceSensor


class SchemaDriftSensor(SliceSensor):
    """Compares contract, source and published table, and fails before a load would break.

    Additive and widening changes that are in no load's way are warnings in the log. What is in the way fails the task with the
    statements that a person could run; none is ever run.

    :param conn_id: connection of the source.
    :param table: ``schema.table`` of the source; with ``sql``, only the name of the data.
    :param sql: a query instead of the whole table, as in ``PostgresExtractOperator``.
    :param target_conn_id: connection of the warehouse; without it, only the source is compared.
    :param target_table: ``schema.table`` as published; without it, the contract's own.
    :param wait: True waits until somebody has mended it; False, the default, fails at the first look.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "sql", "target_conn_id", "target_table")
    template_ext: Sequence[str] = (".sql",)
    look = "undrifted"
    looks_at = ("sql", "target_conn_id", "target_table")

    def __init__(
        self, *, sql: str = "", target_conn_id: str = "", target_table: str = "", wait: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(wait=wait, **kwargs)
        self.sql, self.target_conn_id, self.target_table = sql, target_conn_id, target_table
