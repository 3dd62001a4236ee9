"""The static path that a real run took tells what the tracer saw: the same writes, versions and broken saves.

Verdicts can agree by luck; logs hardly. Numbers of tensors and counters differ between the two, so events are
compared by row and version.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.generate import Generated, generate
from tests.oracle.bare import OneFile, table
from tests.tracer.running import run

from gradsafe.interp.analyse import Root, RootKind, Trail, analyse_root
from gradsafe.syntax.layout import Layout
from gradsafe_tracer.events import AnyPlace, Event, Raise, Save, Write

pytestmark = pytest.mark.torch

SEEDS = range(51_000, 51_025)
NETS = range(51_000, 51_015)
VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")
Rows = Callable[[AnyPlace], int]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_same_writes_and_broken_saves(level: int, tmp_path: Path) -> None:
    compared = 0
    for seed in SEEDS:
        program = generate(seed, level)
        path, trails, rows = _static(program, tmp_path)
        if len(trails) != 1:
            continue  # the analysis saw more than one way: no single path to compare
        compared += 1
        happened = trails[0].events[: trails[0].shadow_from]
        real = run(path, traced=True).events
        ours, theirs = _moves(happened, rows), _moves(real, _row)
        assert ours == theirs, f"{program.text}\nours {ours - theirs}, torch's {theirs - ours}"
        ours, theirs = _broken(happened, rows), _broken(real, _row)
        assert ours == theirs, f"{program.text}\nours {ours - theirs}, torch's {theirs - ours}"
    assert compared >= len(SEEDS) - 3


def test_the_versions_of_the_message(tmp_path: Path) -> None:
    """Of nets, whose construction and optimizer write what no source shows, the versions in torch's message."""
    compared = 0
    for program in (generate(seed, 4) for seed in NETS):
        if program.judged.kind != "saved-tensor-modified":
            continue
        path, trails, _ = _static(program, tmp_path)
        said = VERSIONS.search(str(run(path, traced=False).error))
        if said is None or len(trails) != 1:
            continue
        compared += 1
        assert _versions(trails[0]) == (int(said[1]), int(said[2])), program.text
    assert compared >= 3


def _static(program: Generated, folder: Path) -> tuple[Path, Sequence[Trail], Rows]:
    path = folder / f"level{program.level}_seed{program.seed}.py"
    path.write_text(program.text, encoding="utf-8")
    world = OneFile(str(path), program.text)
    layout = Layout.of(world.root)
    result = analyse_root(world, Root(RootKind.MODULE, str(path), world.root.id), table())

    def row(place: AnyPlace) -> int:
        found = layout.place(place)
        return found.row if found is not None else 0

    return path, result.trails, row


def _row(place: AnyPlace) -> int:
    return getattr(place, "row", 0)


def _moves(events: Sequence[Event], row: Rows) -> Counter[tuple[int, int]]:
    """Row and version of each step of a counter; the engine's own writes to ``.grad`` stand on no row."""
    moves: Counter[tuple[int, int]] = Counter()
    for event in events:
        if isinstance(event, Write) and row(event.place) and event.operation != "AccumulateGrad":
            moves.update((row(event.place), at) for at in range(event.version_before, event.version_after))
    return moves


def _broken(events: Sequence[Event], row: Rows) -> Counter[tuple[int, int]]:
    """Row and version of each save whose counter moved on; copies that operations keep for themselves are never broken."""
    last = {event.counter: event.version_after for event in events if isinstance(event, Write)}
    return Counter(
        (row(event.place), event.version)
        for event in events
        if isinstance(event, Save) and last.get(event.counter, 0) > event.version
    )


def _versions(trail: Trail) -> tuple[int, int]:
    """The version that the first failing read finds, and the one that it expects."""
    found = next(e for e in trail.events if isinstance(e, Raise) and e.reason == "version" and e.certain)
    save = next(e for e in trail.events if isinstance(e, Save) and e.save == found.save)
    writes = [e for e in trail.events if isinstance(e, Write) and e.counter == save.counter]
    before = [e for e in writes if trail.events.index(e) < trail.events.index(found)]
    return max(e.version_after for e in before), save.version
