"""Where something happened: the user's frames, taken cheaply at run time and resolved to places later.

While the program runs only ``(code, instruction, code, instruction, ...)`` is kept, innermost first;
files are read and columns computed when the log is written, each position once.
"""

from __future__ import annotations

import dis
import linecache
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ..events import Place

Where = Tuple[Any, ...]
"""Alternating code objects and instruction offsets of the user's frames, innermost first."""

SKIP, USER, OURS, STOP = 0, 1, 2, 3
"""What a frame is by its file: a library's, the user's, the function mode's, the one that runs the program."""

_HERE = str(Path(__file__).parents[1])
_PSEUDO = ("<ipython", "<stdin", "<cell", "<input", "<doctest")

_NOT_THE_USERS = ("site-packages", "dist-packages", "torchinductor_")
"""Parts of paths that no user's file has: installed packages, and what ``torch.compile`` has written."""

kinds: Dict[str, int] = {}
"""File name -> kind of frame; filled on first sight, looked up on every frame."""


def forget_files() -> None:
    kinds.clear()
    kinds[str(Path(_HERE, "watching", "mode.py"))] = OURS
    kinds[str(Path(_HERE, "running", "program.py"))] = STOP


def mark_user_file(filename: str) -> None:
    """The traced program's own file is the user's wherever it lies."""
    kinds[filename] = USER


def _library_roots() -> List[str]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {_HERE, *(paths[name] for name in names if name in paths)}
    roots |= {str(Path(root).resolve()) for root in roots}
    return [str(Path(root)) + ("/" if "/" in root else "\\") for root in roots]


_ROOTS = _library_roots()


def kind_of_file(filename: str) -> int:
    """Classifies a file that :data:`kinds` does not know yet, and remembers it."""
    if filename.startswith("<"):
        kind = USER if filename.startswith(_PSEUDO) else SKIP
    elif any(part in filename for part in _NOT_THE_USERS):
        kind = SKIP
    else:
        kind = SKIP if any(filename.startswith(root) for root in _ROOTS) else USER
    kinds[filename] = kind
    return kind


def is_user(frame: Optional[FrameType]) -> bool:
    """Whether ``frame`` itself runs the user's code."""
    if frame is None:
        return False
    filename = frame.f_code.co_filename
    kind = kinds.get(filename)
    return (kind_of_file(filename) if kind is None else kind) == USER


def where(frame: Optional[FrameType]) -> Where:
    """The user's frames from ``frame`` outwards."""
    found: List[Any] = []
    get = kinds.get
    while frame is not None:
        code = frame.f_code
        kind = get(code.co_filename)
        if kind is None:
            kind = kind_of_file(code.co_filename)
        if kind == USER:
            found.append(code)
            found.append(frame.f_lasti)
        elif kind == STOP:
            break
        frame = frame.f_back
    return tuple(found)


def user_frames(frame: Optional[FrameType]) -> Iterator[FrameType]:
    """The user's frames themselves; only for use while they run."""
    while frame is not None:
        filename = frame.f_code.co_filename
        kind = kinds.get(filename)
        kind = kind_of_file(filename) if kind is None else kind
        if kind == USER:
            yield frame
        elif kind == STOP:
            return
        frame = frame.f_back


_resolved: Dict[Tuple[int, int], Tuple[CodeType, Place]] = {}


def resolve(found: Where) -> Tuple[Optional[Place], Tuple[Place, ...]]:
    """The innermost place, and the calls that lead to it, outermost first."""
    places = [_place(found[i], found[i + 1]) for i in range(0, len(found), 2)]
    if not places:
        return None, ()
    return places[0], tuple(reversed(places[1:]))


def _place(code: CodeType, instruction: int) -> Place:
    key = (id(code), instruction)
    known = _resolved.get(key)
    if known is not None and known[0] is code:
        return known[1]
    place = _locate(code, instruction)
    _resolved[key] = (code, place)
    return place


def _locate(code: CodeType, instruction: int) -> Place:
    filename = code.co_filename
    if sys.version_info >= (3, 11):
        for number, position in enumerate(code.co_positions()):
            if number == instruction // 2:
                row, end_row, column, end_column = position
                if None not in position:
                    return Place(
                        filename,
                        row or 0,
                        code_points(filename, row or 0, column or 0) + 1,
                        end_row or 0,
                        code_points(filename, end_row or 0, end_column or 0) + 1,
                    )
                if row is not None:
                    return whole_line(filename, row)
    row = code.co_firstlineno
    for start, line in dis.findlinestarts(code):
        if start > instruction:
            break
        row = line if line is not None else row
    return whole_line(filename, row)


def whole_line(filename: str, row: int) -> Place:
    """The text of one row without its indentation: all that Python before 3.11 can tell."""
    text = linecache.getline(filename, row).rstrip("\r\n")
    return Place(filename, row, len(text) - len(text.lstrip()) + 1, row, len(text) + 1)


def code_points(filename: str, row: int, column: int) -> int:
    """Python counts columns in bytes of UTF-8, people and editors in characters."""
    line = linecache.getline(filename, row)
    if line.isascii():
        return column
    return len(line.encode("utf-8")[:column].decode("utf-8", "replace"))


forget_files()
