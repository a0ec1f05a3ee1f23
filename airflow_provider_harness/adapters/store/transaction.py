"""The harness store as ordinary tasks open it: by a role that may do little, and with errors that say what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from airflow_provider_harness.adapters.store.engine import misshapen, unavailable
from airflow_provider_harness.core.errors import HarnessUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: What reading a row raises that is of no form in which the harness writes it.
UNREADABLE = (ValueError, TypeError, KeyError, ArithmeticError, RecursionError)
Asked = ParamSpec("Asked")
Found = TypeVar("Found")


@contextmanager
def transaction(engine: Callable[[], Engine]) -> Iterator[Connection]:
    """One transaction in the store.

    :param engine: gives the store; called here, since a store that cannot be opened is one that is away.
    :raises HarnessUnavailable: it cannot be opened, read or written.
    """
    from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

    try:
        with engine().begin() as connection:
            yield connection
    except IntegrityError as error:
        if misshapen(error):
            raise unavailable(error) from error
        raise
    except DBAPIError as error:
        raise _explained(unavailable(error)) from error
    except SQLAlchemyError as error:
        raise HarnessUnavailable("the harness store", str(error)) from error


def readable(ask: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """A question to rows that any task may write: one of them that nobody can read is a store that cannot answer, no crash."""

    @wraps(ask)
    def asked(*given: Asked.args, **named: Asked.kwargs) -> Found:
        try:
            return ask(*given, **named)
        except UNREADABLE as error:
            what = f"it holds a row that cannot be read ({type(error).__name__}: {str(error)[:200]})"
            raise HarnessUnavailable("the harness store", what) from error

    return asked


def _explained(error: HarnessUnavailable) -> HarnessUnavailable:
    """A role of an earlier version lacks rights on these tables."""
    if "permission denied" not in str(error):
        return error
    reason = str(error).partition(": ")[2]
    return HarnessUnavailable(
        "the harness store", f"{reason}. Run: airflow harness db upgrade --tasks-role ROLE, as the store's owner"
    )
