"""A code frame: the lines of a story with what happened on each, the gaps left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.syntax import Syntax
from rich.text import Text

from gradsafe.report.plain import plain
from gradsafe.report.texts import split_lines
from gradsafe_tracer.events import Place

TAB = "    "


@dataclass(frozen=True)
class Label:
    """A place, what to say below it, and how: ``mark`` underlines it, ``style`` colours it."""

    place: Place
    message: str
    mark: str
    style: str


def frames(labels: Sequence[Label], texts: Mapping[str, str], *, colour: bool) -> Iterator[Text]:
    """The lines to print: for each file, in the order in which the labels name them, one frame."""
    files = list(dict.fromkeys(label.place.file for label in labels))
    width = max((len(str(label.place.row)) for label in labels), default=1) + 1
    for index, file in enumerate(files):
        if index:
            yield Text(f"{'':>{width}} ::: {plain(file)}", style="dim")
        mine = [label for label in labels if label.place.file == file]
        yield from _frame(mine, split_lines(texts.get(file, "")), width, colour)


def _frame(labels: Sequence[Label], lines: Sequence[str], width: int, colour: bool) -> Iterator[Text]:
    by_row: dict[int, list[Label]] = {}
    for label in labels:
        by_row.setdefault(label.place.row, []).append(label)
    previous: int | None = None
    for row in sorted(by_row):
        if previous is not None and row == previous + 2:
            yield _source_line(previous + 1, lines, width, colour)
        elif previous is not None and row > previous + 2:
            yield Text(f"{'...':>{width}}", style="dim")
        yield _source_line(row, lines, width, colour)
        for label in by_row[row]:
            yield _underline(label, _line(lines, row), width)
        previous = row


def _source_line(row: int, lines: Sequence[str], width: int, colour: bool) -> Text:
    shown = plain(_line(lines, row).replace("\t", TAB))
    if colour:
        code = Syntax("", "python", theme="ansi_dark").highlight(shown)
        code.rstrip()
        code.no_wrap = True
    else:
        code = Text(shown)
    return Text().append(f"{row:>{width}} | ", style="dim").append_text(code)


def _underline(label: Label, line: str, width: int) -> Text:
    """The mark below the place; a place of several lines is marked to the end of its first."""
    place = label.place
    start = place.column - 1
    end = place.end_column - 1 if place.end_row == place.row else len(line.rstrip())
    before = cell_len(plain(line[:start].replace("\t", TAB)))
    long = max(1, cell_len(plain(line[start:end].replace("\t", TAB))))
    text = Text().append(f"{'':>{width}} | ", style="dim")
    return text.append(f"{'':>{before}}{label.mark * long} {plain(label.message)}", style=label.style)


def _line(lines: Sequence[str], row: int) -> str:
    return lines[row - 1].rstrip("\r\n") if row <= len(lines) else ""
