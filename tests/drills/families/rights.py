"""Credentials and permissions: a person must put them right."""

from __future__ import annotations

from dataclasses import replace

from tests.drills.acts import published_early, silence, unasked
from tests.drills.drill import Deed, Difficulty, Drill, Family, does, nothing
from tests.drills.families.source import ASKS_HTTP
from tests.drills.pipelines import GATED, PLAIN, contract

WRONG = (
    unasked("retry: a right does not come back by itself"),
    unasked("retry a refused login until the account is shut", times=5),
    silence("tell nobody"),
    published_early("publish an empty day"),
)


def _refusal(
    name: str, story: str, causes: set[str], dag: str, break_it: Deed, mend: Deed, *, quick: bool = False
) -> Drill:
    return Drill(
        name=name,
        family=Family.RIGHTS,
        difficulty=Difficulty.EASY,
        story=story,
        wrong=WRONG,
        dag=dag,
        contract=contract() if dag is GATED else "",
        seconds=180,
        causes=frozenset(causes),
        remedies=frozenset({"escalate_to_human"}),
        person=True,
        break_it=break_it,
        mend=mend,
        quick=quick,
    )


DRILLS = (
    _refusal(
        "revoked",
        "The role of the pipeline may not read the source table any more.",
        {"permission_denied"},
        PLAIN,
        does("REVOKE SELECT ON <name>.orders_in FROM drill_<name>"),
        does("GRANT SELECT ON <name>.orders_in TO drill_<name>"),
        quick=True,
    ),
    _refusal(
        "password",
        "The password of the pipeline's role was changed.",
        {"auth_expired_or_invalid"},
        GATED,
        does("ALTER ROLE drill_<name> PASSWORD 'changed'"),
        does("ALTER ROLE drill_<name> PASSWORD 'drill'"),
    ),
    _refusal(
        "nologin",
        "The pipeline's role may not log in any more.",
        {"permission_denied", "auth_expired_or_invalid"},
        PLAIN,
        does("ALTER ROLE drill_<name> NOLOGIN"),
        does("ALTER ROLE drill_<name> LOGIN"),
    ),
    _refusal(
        "token",
        "A service answers 401: the token has expired.",
        {"auth_expired_or_invalid"},
        ASKS_HTTP,
        lambda world: world.answer(401, "token expired"),
        lambda world: world.answer(200),
    ),
    _refusal(
        "forbidden",
        "A service answers 403: the account may not do this.",
        {"permission_denied"},
        ASKS_HTTP,
        lambda world: world.answer(403, "account lacks role reader"),
        lambda world: world.answer(200),
    ),
    replace(
        _refusal(
            "parameter",
            "The connection sets a parameter that the role may not set: PostgreSQL refuses each login, as if it were away.",
            {"permission_denied", "config_error"},
            GATED,
            nothing,
            does("GRANT SET ON PARAMETER deadlock_timeout TO drill_<name>"),
        ),
        difficulty=Difficulty.MEDIUM,
        connection={"warehouse": {"options": "-c deadlock_timeout=2s"}},
    ),
)
