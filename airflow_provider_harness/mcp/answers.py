"""An answer as text that never has more tokens than it may: what is cut is said, with how to get the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.adapters.model.prompt import tokens
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.mcp import foreign

#: Tokens of one answer: at most, and the fewest that a caller may ask for.
MOST, LEAST = 20_000, 500
#: What a part of an answer gets at least; one with less room is left out as a whole.
_PIECE = 80
_REST = "Call the tool again with the same arguments and the part and start of an entry of `cut`."

Cut = dict[str, Any]


def told(value: Any, part: str = "", start: int = 0, most: int = MOST) -> str:
    """The answer, as JSON.

    :param value: JSON values.
    :param part: which part of it, as a JSON pointer such as ``/evidence/log``; empty for the whole.
    :param start: how many items, entries or characters of that part are left out at its beginning.
    :param most: tokens of the answer at most.
    :raises ConfigurationError: it has no such part, the part no such start, or ``most`` no room for the names around
        it.
    """
    chosen = _from(_at(foreign.named(value), part), part, start)
    room = most
    while room:
        shown, cuts = _fit(chosen, room, part, start)
        if part.endswith(f"/{foreign.KEY}"):
            shown = {foreign.KEY: shown}
        text = _written(shown, cuts)
        if tokens(text) <= most:
            return text
        room = room * 4 // 5
    raise ConfigurationError(f"max_tokens {most}", "is too small for the address of this part.", fix=f"Give {MOST}.")


def _written(shown: Any, cuts: Sequence[Cut]) -> str:
    body: dict[str, Any] = {"answer": shown}
    if cuts:
        body |= {"cut": cuts, "rest": _REST}
    text = _json(body)
    return _json({"note": foreign.NOTE, **body}) if f'"{foreign.KEY}":' in text else text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _at(value: Any, part: str) -> Any:
    """A part of a value by its JSON pointer."""
    for step in part.split("/")[1:] if part.startswith("/") else [part] if part else []:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            valid = tuple(_pointer("", key) for key in value)[:40] if isinstance(value, dict) else ()
            raise ConfigurationError(f"part {part[:200]}", "is not in this answer.", valid=valid)
    return value


def _pointer(part: str, name: object) -> str:
    return f"{part}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _from(value: Any, part: str, start: int) -> Any:
    if start == 0:
        return value
    size = len(value) if isinstance(value, str | list | dict) else 0
    if not 0 < start < size:
        fix = "Take part and start of an entry of `cut`."
        raise ConfigurationError(f"start {start}", f"{part or 'the answer'} has {size} items.", fix=fix)
    return dict(list(value.items())[start:]) if isinstance(value, dict) else value[start:]


def _size(value: Any) -> float:
    return tokens(_json(value))


def _fit(value: Any, room: float, part: str, start: int = 0) -> tuple[Any, list[Cut]]:
    """What of a value has room, and what is cut."""
    if not isinstance(value, str | list | dict) or _size(value) <= room:
        return value, []
    if isinstance(value, str):
        return _text(value, room, part, start)
    if isinstance(value, dict) and len(value) * _PIECE <= room:
        return _shared(value, room, part)
    return _first(value, room, part, start)


def _cut(part: str, start: int, left: int) -> list[Cut]:
    return [{"part": part, "start": start, "left": left}] if left else []


def _text(value: str, room: float, part: str, start: int) -> tuple[str, list[Cut]]:
    kept = value[: int(len(value) * max(0.0, min(1.0, room / _size(value))))]
    while kept and _size(kept) > room:
        kept = kept[: len(kept) * 9 // 10]
    return kept, _cut(part, start + len(kept), len(value) - len(kept))


def _first(value: list[Any] | dict[str, Any], room: float, part: str, start: int) -> tuple[Any, list[Cut]]:
    """The first items that have room as a whole; of the very first one a part, where it has none."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value, start))
    named = isinstance(value, dict)
    kept: list[tuple[Any, Any]] = []
    cuts: list[Cut] = []
    for key, one in items:
        size = _size({key: one} if named else one)
        if size > room and not kept and room >= _PIECE:
            one, cuts = _fit(one, room - _size({key: 0}), _pointer(part, key))
        elif size > room:
            break
        kept.append((key, one))
        room -= min(size, room)
    cuts = [*cuts, *_cut(part, start + len(kept), len(items) - len(kept))]
    return (dict(kept) if named else [one for _, one in kept]), cuts


def _shared(value: dict[str, Any], room: float, part: str) -> tuple[dict[str, Any], list[Cut]]:
    """Every entry with an equal share of the room; what a small one does not need is the others'."""
    shown, cuts = dict.fromkeys(value), []
    sizes = {key: _size({key: one}) for key, one in value.items()}
    for number, key in enumerate(sorted(value, key=lambda name: sizes[name])):
        share = room / (len(value) - number)
        shown[key], more = _fit(value[key], share - _size({key: 0}), _pointer(part, key))
        cuts += more
        room -= min(sizes[key], share)
    return shown, cuts
