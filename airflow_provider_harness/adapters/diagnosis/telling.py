"""How a line of a log is told in one sentence: what the program said, without what stands around it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_harness.adapters.diagnosis.matching import QUOTED, Match, quote

#: What a line has before and after what it says: a time and a level, the border of a table, where to read on.
_AROUND = re.compile(
    r"^\[\d{4}-[^\]]+\]\s*(?:\{[^}]*\}\s*)?(?:[A-Z]+\s+-\s+)?|^[\s|]*\|\s+|\s*For more information, see \S+"
)
#: A service's answer in JSON, of which a person reads the message.
_BODY = re.compile(r'\{[^{]{0,120}(?:\{[^{]{0,120})?"message":\s*"((?:[^"\\]|\\.){8,400})".*')
#: A line of a JSON document that was printed over several: a member with a plain value, or what holds members together.
_MEMBER = re.compile(r'\s*"([A-Za-z_]\w{0,40})": ("[^"]{0,80}"|-?[\d.]{1,20}|true|false|null),?\s*')
_STRUCTURE = re.compile(r'\s*(?:"\w{1,40}": [\[{]{1,2}|[\[\]{}]{1,3},?|"[^"]{0,80}",?|-?[\d.]{1,20},?|null,?)\s*')
#: Lines of such a document that are read.
_DOCUMENT = 30
#: Characters of a message that says little, if another line says the same and more.
_LITTLE = 30
#: Characters that are kept of what stands before such a message, if both are too long.
_HEAD = 100
_CUT = "..."


def clearest(telling: Sequence[Match]) -> Match:
    """The line that a person reads first: the one that weighs most, or a later one that says the same and more."""
    first = min(telling, key=lambda m: (-m.weight, m.at))
    said = first.said.line.text.strip().lower().rpartition(": ")[2].rstrip(".")
    if not said or len(said) > _LITTLE:
        return first
    fuller = [m for m in telling if m.at > first.at and said in m.said.line.text.strip().lower()[len(said) + _LITTLE :]]
    return min(fuller, key=lambda m: m.at, default=first)


def told(match: Match, lines: Sequence[str]) -> str:
    """What the line of a match says, at most as long as a quotation; a cut is marked.

    :param lines: of the whole log: a line that is one member of a JSON document is told with the members after it.
    """
    line = match.said.line.text
    if _MEMBER.fullmatch(line) and (members := _members(lines[match.line - 1 :][:_DOCUMENT])):
        return members if len(members) <= QUOTED else f"{members[:QUOTED].rpartition(', ')[0]} {_CUT}"
    whole = of_line(line)
    if len(whole) <= QUOTED:
        return whole
    if body := _BODY.search(line):
        after = f" {_CUT}" if len(body[1]) > QUOTED - _HEAD else ""
        return f"{of_line(line[: body.start()])[:_HEAD].rstrip()} {_CUT} {body[1][: QUOTED - _HEAD].rstrip()}{after}"
    part = of_line(quote(match))
    before = "" if whole.startswith(part[:_LITTLE]) else f"{_CUT} "
    return f"{before}{part}" if whole.endswith(part) else f"{before}{part.rstrip('., ')} {_CUT}"


def _members(lines: Sequence[str]) -> str:
    """The plain members of a JSON document from its line on; it ends at another line, or where a name comes again."""
    said: dict[str, str] = {}
    for line in lines:
        if member := _MEMBER.fullmatch(line):
            if member[1] in said:
                break
            said[member[1]] = member[2].strip('"')
        elif not _STRUCTURE.fullmatch(line):
            break
    return ", ".join(f"{name}: {value}" for name, value in said.items())


def of_line(line: str) -> str:
    """What a line of the log says, for one sentence."""
    said = _BODY.sub(lambda body: body[1].replace('\\"', '"'), _AROUND.sub("", line.strip()))
    head, mark, again = said.partition(", message: ")
    if mark and again[:60] in head:
        said = head.partition("; reason: ")[0]  # a client that says its message twice
    return said.strip()


def short(line: str) -> str:
    """The beginning of what a line says."""
    return of_line(line)[:QUOTED]


def sentence(said: str) -> str:
    """What was said, with one end: a full stop, or the mark of a cut."""
    return said if said.endswith(_CUT) else f"{said.rstrip('., ')}."
