"""Above each cell: *Run and trace*, *Dry run*, and what its last run came to; above each test: *Trace this test*; above each
backward: what it reads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp import commands
from gradsafe.lsp.analysis import Analysis
from gradsafe.lsp.cells import cells_to_run
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.kept import LastResult
from gradsafe.lsp.locations import spot_of
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

_MAIN = re.compile(r"""^if __name__ == ["']__main__["']:""")
_TEST = re.compile(r"^(?P<class>class (?P<suite>Test\w*))|^(?P<indent> *)(?:async )?def (?P<test>test_\w+)\(")
_BACKWARD = re.compile(r"\bbackward\(|\bautograd\.grad\(")
_TEST_FILE = re.compile(r"(^|[/\\])(test_[^/\\]*|[^/\\]*_test)\.py$")


def register(server: GradsafeServer) -> None:
    """``textDocument/codeLens``."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        snapshot = server.texts.snapshot(uri)
        if not server.options.code_lens or snapshot is None:
            return []
        # Where code must not be run, a lens that only refuses is noise.
        found = [] if server.options.trusted is False else list(_lenses(server, uri, snapshot))
        return [*found, *await _of_backwards(server, uri, snapshot)]


async def _of_backwards(server: GradsafeServer, uri: str, snapshot: Snapshot) -> list[types.CodeLens]:
    """What each backward reads, as far as the analysis can tell."""
    rows = [row for row, line in enumerate(snapshot.lines, 1) if _BACKWARD.search(line)]
    if not rows or await server.published.wait_for_verdict(uri) is None:
        return []

    def ask(analysis: Analysis) -> Mapping[int, str]:
        return analysis.backwards(snapshot.file, rows) if server.texts.is_current(snapshot) else {}

    told = await asyncio.wrap_future(server.worker.ask(ask))
    lenses: list[types.CodeLens] = []
    for row, text in sorted(told.items()):
        spot = spot_of(Place(snapshot.file, row, 1, row, 1), server.texts, snapshot)
        if spot is not None and spot.uri == uri:
            lenses.append(_lens(spot.range.start.line, text, ""))
    return lenses


def _lenses(server: GradsafeServer, uri: str, snapshot: Snapshot) -> Iterator[types.CodeLens]:
    if server.runs.is_running(snapshot):
        cells = [cell for cell in cells_to_run(snapshot) if not snapshot.cells or cell.document == uri]
        row = 0 if snapshot.cells or not cells else max(min(cell.first_row for cell in cells) - 2, 0)
        yield _lens(row, "Running: cancel", commands.CANCEL, uri)
        return
    kept = server.runs.kept(snapshot)
    for cell in cells_to_run(snapshot):
        if cell.number == 0 or (snapshot.cells and cell.document != uri):
            continue
        row = 0 if snapshot.cells else cell.first_row - 2
        yield _lens(row, "Run and trace", commands.RUN_CELL, uri, cell.number)
        yield _lens(row, "Dry run", commands.DRY_RUN, uri, cell.number)
        result = kept.result(cell) if kept is not None else None
        if result is not None:
            yield _result(row, result)
    if not snapshot.cells:
        yield from _of_files(uri, snapshot, kept.whole(snapshot.file) if kept is not None else None)


def _of_files(uri: str, snapshot: Snapshot, result: LastResult | None) -> Iterator[types.CodeLens]:
    tests = _TEST_FILE.search(snapshot.file) is not None
    suite = ""
    for row, line in enumerate(snapshot.lines):
        if _MAIN.match(line):
            yield _lens(row, "Run and trace file", commands.RUN_FILE, uri)
            if result is not None:
                yield _result(row, result)
        found = _TEST.match(line) if tests else None
        if found is None:
            continue
        if found["class"]:
            suite = f"{found['suite']}::"
        else:
            name = f"{suite}{found['test']}" if found["indent"] else found["test"]
            yield _lens(row, "Trace this test", commands.RUN_TEST, uri, name)


def _result(row: int, result: LastResult) -> types.CodeLens:
    edited = " (edited since)" if result.edited else ""
    # No command: it only says something.
    return _lens(row, f"{result.summary}{edited}", "")


def _lens(row: int, title: str, command: str, *arguments: str | int) -> types.CodeLens:
    here = types.Position(line=row, character=0)
    return types.CodeLens(
        range=types.Range(start=here, end=here),
        command=types.Command(title=title, command=command, arguments=list(arguments) or None),
    )
