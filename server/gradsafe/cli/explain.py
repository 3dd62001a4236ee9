"""``gradsafe explain``: from a traceback to plain words, the likely lines and their fixes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import Opened, open_paths, widened
from gradsafe.explain.cuts import cuts_behind
from gradsafe.explain.error_text import ErrorText, read_error
from gradsafe.explain.suspects import SHOWN, files_of, located, ranked, with_imports
from gradsafe.explain.words import explain
from gradsafe.judging.judge import texts_of, wanted
from gradsafe.report.entry import Entry
from gradsafe.report.plain import plain
from gradsafe.rules.finding import UNUSED

if TYPE_CHECKING:
    from rich.console import Console


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where the text holds an error of autograd, whether or not a line is found for it."""
    error = read_error(_text(arguments.file))
    if error is None:
        raise Failure(
            f"{arguments.file or 'standard input'}: no error of autograd in it. Give the whole text, its last line included: "
            "it begins with `RuntimeError: one of the variables needed for gradient computation ...` or the like."
        )
    error = located(error, ".")
    if not error.has_rule:
        _tell(error, [], None, arguments)
        return 0
    paths = arguments.paths or [os.path.relpath(file) for file in files_of(error)]
    opened = open_paths(paths) if paths else None
    suspects: list[Entry] = []
    if opened is not None:
        opened = widened(opened, with_imports(opened.files, opened.judge.imports))
        found = ranked(_entries(opened), error)[:SHOWN]
        suspects = [with_proved_fixes(opened.judge, entry) for entry in found]
    _tell(error, suspects, opened, arguments)
    return 0


def _tell(
    error: ErrorText, suspects: list[Entry], opened: Opened | None, arguments: argparse.Namespace
) -> None:
    if arguments.output_format == "json":
        print(_json(error, suspects), end="")
        return
    from rich.console import Console

    _print(error, suspects, opened, Console(highlight=False, soft_wrap=True))


def _text(file: str | None) -> str:
    if file is None:
        if sys.stdin.isatty():
            print("gradsafe: paste the traceback, then press Ctrl+D", file=sys.stderr)
        return sys.stdin.read()
    try:
        return Path(file).read_text("utf-8", errors="replace")
    except OSError as error:
        raise Failure(
            f"{file}: {error.strerror or error}. Name a file that holds the traceback, or pipe it in."
        ) from error


def _entries(opened: Opened) -> Iterator[Entry]:
    for file in opened.files:
        yield from wanted(opened.judge.check(file).entries, None, frozenset({UNUSED}))


def _json(error: ErrorText, suspects: list[Entry]) -> str:
    from gradsafe.report.json_format import entry_json

    told = {
        "code": error.code,
        "message": error.message,
        "explanation": dict(explain(error)),
        "suspects": [entry_json(entry) for entry in suspects],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _print(error: ErrorText, suspects: list[Entry], opened: Opened | None, console: Console) -> None:
    from gradsafe.report.full import print_full
    from gradsafe.report.plain import plain

    console.print(f"torch says: {plain(error.message)}", style="bold", markup=False)
    for label, sentence in explain(error):
        console.print(f"  {label}: {plain(sentence)}", markup=False)
    console.print()
    if not error.has_rule:
        _print_cuts(error, console)
        return
    if suspects and opened is not None:
        what = (
            "This is the line"
            if len(suspects) == 1
            else "These are the lines that it may be, likeliest first"
        )
        console.print(f"{what}:\n", markup=False)
        print_full(suspects, texts_of(opened.judge, tuple(suspects)), console)
        return
    searched = ", ".join(opened.files[:5]) if opened is not None else ""
    console.print(
        (
            f"The analysis finds no such write in {plain(searched)}. "
            if searched
            else "The text names no file that is here. "
        )
        + ("Run it" if searched else "Name files: `gradsafe explain TRACEBACK --in FILE`, or run the program")
        + " with `gradsafe trace FILE`: it names the line that saved the tensor and the one that wrote it.",
        markup=False,
    )
    console.print(f"  learn why: gradsafe rule {error.code}", markup=False)


def _print_cuts(error: ErrorText, console: Console) -> None:
    """The lines that may have ended the graph, in the files that the traceback names."""
    for number, cut in enumerate(cuts_behind(error)):
        if number == 0:
            console.print("These lines cut a graph; one of them may be the one:\n")
        place = f"{os.path.relpath(cut.place.file)}:{cut.place.row}"
        console.print(f"  {plain(place)}: {plain(cut.text)}   ({cut.why})", markup=False)
