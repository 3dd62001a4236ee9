"""The arguments of ``python -m gradsafe_tracer``, read as ``python`` itself reads them: what follows the program is its own."""

from __future__ import annotations

import argparse
from typing import Any, List, Optional, Tuple

USAGE = "python -m gradsafe_tracer [options] (FILE | -m MODULE) [ARGS ...]"
_REMEDIES = {
    "no-torch": "Run it with the interpreter that your program uses, or install torch into this one.",
    "torch-broken": "Repair that installation: `import torch` must work by itself.",
    "old-torch": "Upgrade it: torch 2.1 and newer can be traced.",
    "self-test": "The tracer and this torch do not fit each other: please report it.",
    "no-file": "Check the spelling and the folder from which the command runs.",
    "a-folder": "Name a file in it, or run a package with -m.",
    "no-module": "Check the spelling, and run from the folder that holds the package.",
    "no-cell": "Cells start with a line `# %%` and count from 1; code before the first marker is cell 0. "
    "What has none, as a marimo notebook, is run as a whole: leave the cell out.",
    "syntax": "Mend the syntax first: nothing was run.",
    "not-text": "Save it as UTF-8, or declare its encoding in the first line.",
    "not-a-notebook": "Save the notebook again, or give a Python file.",
    "unreadable": "Check its permissions.",
}


def remedy(problem: str) -> str:
    """What to do about a :class:`~gradsafe_tracer.running.program.ProgramError`."""
    return _REMEDIES.get(problem, "")


def parse(arguments: List[str]) -> Any:
    """The options; ``file`` or ``module`` is set, ``arguments`` are the program's."""
    own, program, rest = _cut(arguments)
    parser = _parser()
    options = parser.parse_args(own)
    options.file, options.module, options.arguments = None, None, rest
    if program is None:
        parser.error("name the program to run: a file, or -m and a module")
    is_module, name = program
    setattr(options, "module" if is_module else "file", name)
    return options


def _cut(arguments: List[str]) -> Tuple[List[str], Optional[Tuple[bool, str]], List[str]]:
    """Our own options, then the program (whether it is a module, and its name), then the program's arguments."""
    number = 0
    while number < len(arguments):
        argument = arguments[number]
        if argument == "-m" and number + 1 < len(arguments):
            return arguments[:number], (True, arguments[number + 1]), arguments[number + 2 :]
        if argument == "--" and number + 1 < len(arguments):
            return arguments[:number], (False, arguments[number + 1]), arguments[number + 2 :]
        if not argument.startswith("-"):
            return arguments[:number], (False, argument), arguments[number + 1 :]
        number += 2 if argument in _WITH_VALUE else 1
    return arguments, None, []


_WITH_VALUE = ("--cell", "--events", "--deadline", "--memory", "--source", "--html")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradsafe_tracer",
        usage=USAGE,
        description="Runs a program under the autograd tracer: who saved a tensor, who modified it, who failed.",
        allow_abbrev=False,
    )
    cell = "run a notebook, or a file with # %%%% lines, up to this cell, counted from 1"
    parser.add_argument("--cell", metavar="N", type=int, help=cell)
    parser.add_argument("--html", metavar="FILE", help="write the report as one page with a timeline, too")
    dry = "run on meta tensors: no data, no GPU, in milliseconds; up to where a value is needed"
    parser.add_argument("--dry-run", action="store_true", help=dry)
    light = "cheaper: errors only, no silently wrong gradients"
    parser.add_argument("--light", action="store_true", help=light)
    for name, kind, text in (
        ("--events", str, "write events and result to this file, as JSON lines, and no report"),
        ("--deadline", float, "report at this time (seconds since 1970)"),
        ("--memory", int, "report when the process holds more bytes"),
        ("--source", str, "run the text of this file in place of FILE's"),
    ):
        parser.add_argument(name, type=kind, help=text)
    return parser
