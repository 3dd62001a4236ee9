"""Source text on a terminal: a control character in somebody's file must not steer it."""

from __future__ import annotations

import re

CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text with each control character (and each that reverses the writing direction) as one visible sign."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
