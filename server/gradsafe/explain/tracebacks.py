"""A traceback, as somebody has copied it: Python's, IPython's, rich's or pytest's, with what a launcher put before each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """One line of a traceback; ``function`` may be missing."""

    file: str
    row: int
    function: str | None = None


_BEGINS = "Traceback (most recent call last)"
_COLOUR = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z]|\].*?(?:\x1b\\|\x07))")
_PREFIXED = re.compile(rf"^(?P<prefix>[^\n]*\S[^\n]*?){re.escape(_BEGINS)}", re.MULTILINE)
_BOX = re.compile(r"^[│|] ?(?P<line>.*?)[ \t]*[│|]?$")
_FRAMES = (
    # CPython; IPython 8 (``File ~/train.py:3, in main()``)
    r'^[ \t>|]*File "?(?P<file>[^"\n]+?)"?(?:, line |:)(?P<row>\d+)(?:, in (?P<function>[\w.<>]+))?',
    # rich (``/home/me/train.py:3 in main``), pytest (``train.py:3: in main``, ``train.py:3: `` of a test's own frame)
    r"^(?P<file>[^\s:][^:\n]*\.py):(?P<row>\d+):?(?: in (?P<function>[\w.<>]+)|(?=[ \t]*$))",
    # IPython before 8: ``~/train.py in main(net)``, and the row at the arrow
    r"^(?P<file>[^\s:][^:\n]*\.py) in (?P<function>[\w.<>]+)\([^\n]*\)\n(?:[^\n]*\n)*?-+> ?(?P<row>\d+)",
)
_FRAME = tuple(re.compile(pattern, re.MULTILINE) for pattern in _FRAMES)


def undressed(text: str) -> str:
    """The text without colours, without what stands before each line (``[rank0]: ``), and without rich's frame around it."""
    text = _COLOUR.sub("", text)
    prefixes = sorted({each["prefix"] for each in _PREFIXED.finditer(text)}, key=len, reverse=True)
    bare = [each for each in prefixes if "─" not in each and not each.startswith("RuntimeError")]
    lines = (_without_prefix(line, bare) for line in text.splitlines())
    return "\n".join(_without_box(lines) if "╭─" in text else lines)


def _without_prefix(line: str, prefixes: list[str]) -> str:
    for prefix in prefixes:
        if line.startswith(prefix):
            return line[len(prefix) :]
        if line == prefix.rstrip():
            return ""
    return line


def _without_box(lines: Iterator[str]) -> Iterator[str]:
    """What is in the box without its sides; the message behind it, which rich wraps to the width of the box, on one line."""
    message: list[str] = []
    behind = False
    for line in lines:
        if line.startswith("╰"):
            behind = True
        elif behind and line.strip():
            message.append(line.strip())
        else:
            yield from [" ".join(message)] * bool(message)
            message, behind = [], False
            if line.startswith("╭"):
                yield line
            elif (boxed := _BOX.match(line)) is not None:
                yield boxed["line"]
            else:
                yield line
    yield from [" ".join(message)] * bool(message)


def frames_in(text: str) -> tuple[Frame, ...]:
    """The frames of the last traceback in an undressed text, outermost first."""
    begins = max(text.rfind(_BEGINS), 0)
    found = sorted(
        (match for pattern in _FRAME for match in pattern.finditer(text, begins)),
        key=lambda match: match.start(),
    )
    return tuple(Frame(each["file"].strip(), int(each["row"]), each["function"]) for each in found)
