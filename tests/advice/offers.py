"""The advice that a program gets, and what becomes of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.judging.mend import Choice, mend
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import ADVICE

REMEDY = "in-place"


@dataclass(frozen=True)
class Offer:
    """What is offered at ``row``, and the program with it taken; row 0: all of them, one after the other."""

    row: int
    title: str
    text: str


def offers(text: str, folder: Path) -> list[Offer]:
    """Each alone, and then all."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    judge = open_paths([str(file)], advice=True).judge
    found: list[Offer] = []
    for entry in judge.check(str(file)).entries:
        if entry.code in ADVICE:
            held = [fix for fix in with_proved_fixes(judge, entry).fixes if fix.remedy == REMEDY]
            assert held, f"{entry.place.row}: advice without a fix that holds"
            for fix in held:
                found.append(
                    Offer(entry.place.row, fix.title, edited_files({str(file): text}, fix.edits)[str(file)])
                )
    if len(found) > 1:
        choice = Choice(ADVICE, unsafe=True, remedies=frozenset({REMEDY}))
        whole = mend(judge, {str(file): text}, choice).changed.get(str(file), text)
        found.append(Offer(0, "all of them", whole))
    return found


_AUGMENTED = re.compile(r"^(?P<indent> *)(?P<name>\w+) (?P<sign>[-+*/])= (?P<value>.+)$")
_METHOD = re.compile(r"^(?P<indent> *)(?P<name>\w+)\.(?P<method>[a-z]\w*[a-z0-9])_\((?P<rest>.*)\)$")
_FUNCTION = re.compile(
    r"^(?P<indent> *)(?P<owner>F|torch)\.(?P<function>[a-z]\w*[a-z0-9])_\((?P<name>\w+)(?P<rest>.*)\)$"
)
_STAY = (
    "copy",
    "zero",
    "fill",
    "requires_grad",
    "detach",
    "set",
    "resize",
    "uniform",
    "normal",
    "bernoulli",
    "random",
    "exponential",
)


def loosened(text: str) -> str:
    """The program with what it writes in place written out of place: what advice would have it back, if it is right."""
    return "\n".join(map(_loosened, text.split("\n")))


def _loosened(line: str) -> str:
    if found := _AUGMENTED.match(line):
        return "{indent}{name} = {name} {sign} ({value})".format(**found.groupdict())
    if (found := _METHOD.match(line)) and found["method"] not in _STAY:
        return "{indent}{name} = {name}.{method}({rest})".format(**found.groupdict())
    if found := _FUNCTION.match(line):
        return "{indent}{name} = {owner}.{function}({name}{rest})".format(**found.groupdict())
    return line


def variants(text: str) -> Iterator[str]:
    """The program, and the same out of place where that is another one."""
    yield text
    if (other := loosened(text)) != text:
        yield other
