"""``gradsafe dump ir|events|findings|state FILE``: what each stage makes of a file, for tests and bug reports."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator

from gradsafe.cli.failure import Failure
from gradsafe.interp.analyse import RootResult, analyse_root
from gradsafe.ir import text
from gradsafe.ops.table import load as load_table
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.certainty.judge import findings_of
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import Alias, AnyPlace, Create, Event, Save, Write


def run(arguments: argparse.Namespace) -> int:
    """One stage, as text."""
    from pathlib import Path

    session = Session(Settings(), str(Path(arguments.file).parent))
    layout = session.layout(arguments.file)
    if layout is None:
        problem = session.check(arguments.file).problems[0]
        raise Failure(f"{arguments.file}: {problem.message}")
    lines = _ir(session, layout) if arguments.stage == "ir" else _of_roots(session, layout, arguments.stage)
    for line in lines:
        print(line)
    return 0


def _ir(session: Session, layout: Layout) -> Iterator[str]:
    tree = session.workspace.tree(layout.file)
    for chunk in tree.walk() if tree is not None else ():
        if chunk.text:
            yield f"{_where(Span(chunk.id, 0, 0), layout)} {chunk.kind.value} {chunk.id.qualname or '<module>'}"
            yield from text.lines((session.workspace.block(chunk),), 2)


def _of_roots(session: Session, layout: Layout, stage: str) -> Iterator[str]:
    for root in session.roots(layout.file):
        result = analyse_root(session.workspace, root, load_table())
        budgets = f", budgets hit: {', '.join(sorted(result.budgets_hit))}" if result.budgets_hit else ""
        yield f"root {'.'.join(root.names) or '<module>'}: {len(result.trails)} paths, {result.instructions} instructions{budgets}"
        if stage == "findings":
            for finding in findings_of(result):
                yield f"  {_where(finding.primary, layout)} {finding.severity.value}[{finding.code}] {finding.message}"
                for related in finding.related:
                    yield f"    {_where(related.place, layout)} {related.role.value}: {related.message}"
        else:
            yield from _of_paths(result, layout, stage)


def _of_paths(result: RootResult, layout: Layout, stage: str) -> Iterator[str]:
    for number, trail in enumerate(result.trails, 1):
        conditions = f" where {' and '.join(trail.conditions)}" if trail.conditions else ""
        yield f"  path {number}{conditions}{' (blurred)' if trail.blurred else ''}"
        lines = _events(trail.events, layout) if stage == "events" else _books(trail.events)
        yield from (f"    {line}" for line in lines)


def _events(events: Iterable[Event], layout: Layout) -> Iterator[str]:
    for event in events:
        hidden = ("place", "stack")
        shown = {
            each.name: getattr(event, each.name)
            for each in dataclasses.fields(event)
            if each.name not in hidden
        }
        listed = " ".join(
            f"{name}={_where(value, layout) if isinstance(value, Span) else value}"
            for name, value in shown.items()
            if value is not None
        )
        yield f"{_where(event.place, layout)} {event.kind} {listed}"


def _books(events: Iterable[Event]) -> Iterator[str]:
    """What the books say when the path ends: each tensor with its storage and counter, and who saved it when."""
    tensors: dict[int, Create | Alias] = {}
    versions: dict[int, int] = {}
    saves: dict[int, list[Save]] = {}
    for event in events:
        if isinstance(event, (Create, Alias)):
            tensors[event.tensor] = event
            versions.setdefault(event.counter, event.version if isinstance(event, Create) else 0)
        elif isinstance(event, Write):
            versions[event.counter] = event.version_after
        elif isinstance(event, Save):
            saves.setdefault(event.tensor, []).append(event)
    for number, made in tensors.items():
        how = made.operation if isinstance(made, Create) else f"{made.how} of t{made.base}"
        name = f" {made.name}" if made.name else ""
        at = versions.get(made.counter, 0)
        kept = "".join(
            f"; saved by {save.operation} as {save.role} at v{save.version}" for save in saves.get(number, ())
        )
        yield f"t{number}{name}: {how}, storage {made.storage}, counter {made.counter} at v{at}{kept}"


def _where(place: AnyPlace, layout: Layout) -> str:
    found = layout.place(place)
    return f"{found.row}:{found.column}" if found is not None else "?"
