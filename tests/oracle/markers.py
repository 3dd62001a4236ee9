"""Reads the expectations that a fixture carries in its own trailing comments.

``# error: [slug] (saved=LABEL, fails=LABEL)`` (also ``warning``, ``info``, ``gap``, ``noise``, ``meant``, ``later``)
says what is wrong with its line, ``# <LABEL>`` names a line. ``gap`` is a miss that we know of (torch
blames the line, gradsafe is silent), ``noise`` a known false alarm (the reverse), ``meant`` a gradient
that differs on purpose, on which gradsafe keeps silent by decision. ``later``: torch raises here once the error
before it is mended (``tests/test_shadow.py`` mends it and asks torch).
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field

_MARKER = re.compile(r"(error|warning|info|gap|noise|meant|later): \[([a-z-]+)\](?: \(([^)]*)\))?")
_LABEL = re.compile(r"<([A-Za-z0-9_-]+)>")
_KEYS = ("saved", "fails", "freed")


class MarkerError(ValueError):
    """A comment that looks like a marker and is none."""


@dataclass(frozen=True)
class Marker:
    """One expectation. ``saved`` lists lines, the first of which is the save that backward finds broken first."""

    line: int
    kind: str
    slug: str
    saved: tuple[int, ...] = ()
    fails: tuple[int, ...] = ()
    freed: tuple[int, ...] = ()


@dataclass
class Markers:
    """All markers of a file, by line, and its labels."""

    found: list[Marker] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)

    def of_kinds(self, *kinds: str) -> list[Marker]:
        return [marker for marker in self.found if marker.kind in kinds]


def parse(text: str) -> Markers:
    """The markers of ``text``; raises MarkerError for an unknown label or key."""
    comments = [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    markers = Markers()
    for line, comment in comments:
        for label in _LABEL.findall(comment):
            if label in markers.labels:
                raise MarkerError(f"line {line}: label <{label}> is taken by line {markers.labels[label]}")
            markers.labels[label] = line
    for line, comment in comments:
        for kind, slug, options in _MARKER.findall(comment):
            markers.found.append(Marker(line, kind, slug, **_lines_of(options, line, markers.labels)))
    return markers


def _lines_of(options: str, line: int, labels: dict[str, int]) -> dict[str, tuple[int, ...]]:
    lines: dict[str, list[int]] = {}
    for option in filter(None, (part.strip() for part in options.split(","))):
        key, _, label = option.partition("=")
        if key not in _KEYS or not label:
            raise MarkerError(f"line {line}: cannot read {option!r}; keys are {', '.join(_KEYS)}")
        if label != "here" and label not in labels:
            raise MarkerError(f"line {line}: no line is named <{label}>")
        lines.setdefault(key, []).append(line if label == "here" else labels[label])
    return {key: tuple(value) for key, value in lines.items()}
