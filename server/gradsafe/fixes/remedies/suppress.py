"""Say that the finding is known: ``# gradsafe: ignore[code]`` behind the statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import walk

IGNORE = re.compile(r"#\s*gradsafe:\s*ignore(?:\[(?P<codes>[^\]]*)\])?")


def propose(site: Site) -> Iterator[Draft]:
    spot = find_spot(site.sources, site.finding.where)
    end = _end_of_code(spot) if spot is not None else None
    if spot is None or end is None:
        return
    text, code = spot.code.text, site.finding.code
    line_end = _line_end(text, end)
    comment = text[end:line_end]
    known = IGNORE.search(comment)
    title = f"Ignore `{code}` here"
    if known is None:
        at = end + len(comment.rstrip())
        yield Draft(title, (spot.insert(at, f"  # gradsafe: ignore[{code}]"),), safe=True)
    elif known["codes"] is not None and code not in re.split(r"[\s,]+", known["codes"]):
        at = end + known.end("codes")
        codes = known["codes"].strip()
        yield Draft(title, (spot.insert(at, f", {code}" if codes else code),), safe=True)


def _end_of_code(spot: Spot) -> int | None:
    """Where the code of the statement's last line ends; for a compound statement, that of the line of the finding."""
    statement = spot.statement
    if isinstance(statement.node, cst.BaseSmallStatement):
        line = statement.parent.node if statement.parent is not None else None
        smalls = getattr(line, "body", [statement.node])
        return spot.offsets(smalls[-1])[1]
    text, end = spot.code.text, _line_end(spot.code.text, spot.end)
    if text[:end].endswith("\\"):
        return None
    for cursor in walk([statement.node]):
        if isinstance(cursor.node, (cst.SimpleString, cst.FormattedString)):
            start, stop = spot.code.offsets(cursor.node)
            if start < end < stop:
                return None
    return spot.end


def _line_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in "\r\n":
        at += 1
    return at
