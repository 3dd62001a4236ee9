"""Measurements of servers: from a keystroke to its diagnostics, from opening to the first ones, from the start to the greeting."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.client import Client, NoAnswer
from tools.bench.material import KINDS, Key, Material, keys
from tools.bench.memory import resident_mb
from tools.bench.peers import Installed

SLOW_KEYS = 4
"""Of those that need hundreds of milliseconds for each."""
STARTS = 5


@dataclass
class Times:
    """Milliseconds, by server, lines and place. ``missing``: who gave no answer, and to what."""

    typed: dict[tuple[str, int, str], list[float]] = field(default_factory=dict)
    opened: dict[tuple[str, int], float] = field(default_factory=dict)
    greeted: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def all_of(self, name: str, lines: int | None = None) -> list[float]:
        """All keystrokes of a server, in files of so many lines."""
        return [
            each
            for (who, many, _), times in self.typed.items()
            if who == name and lines in (None, many)
            for each in times
        ]


def median(times: Sequence[float]) -> float | None:
    """None of nothing."""
    return statistics.median(times) if times else None


def p95(times: Sequence[float]) -> float | None:
    """The smallest that 95 of 100 do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * 95 // 100) - 1)] if ordered else None


def measure(
    servers: Sequence[Installed], files: Sequence[Material], repeats: int, tell: Callable[[str], None]
) -> Times:
    """Every keystroke goes to each server in turn, and the next one only when all have answered."""
    times = Times()
    for _ in range(STARTS):
        for server in servers:
            with tempfile.TemporaryDirectory() as folder:
                client = Client(server.command, Path(folder), server.peer.pulls)
                times.greeted.setdefault(server.peer.name, []).append(client.greeted_ms)
                client.quit()
    for file in files:
        tell(f"typing into {file.name}")
        _type_into(file, servers, repeats, times)
    return times


def _type_into(file: Material, servers: Sequence[Installed], repeats: int, times: Times) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        path = folder / Path(file.name).name
        path.write_text(file.text, "utf-8")
        clients: dict[str, Client] = {}
        plans: dict[str, Iterator[Key]] = {}
        for server in servers:
            name = server.peer.name
            clients[name] = client = Client(server.command, folder, server.peer.pulls)
            stack.callback(client.quit)
            with _told(times, f"{name}: opening {file.name}"):
                times.opened[name, file.lines] = client.open(path.as_uri(), file.text)
        typed = {kind: found for kind in KINDS if (found := list(keys(file.text, kind)))}
        for kind, found in typed.items():
            for server in servers:
                server_keys = _wanted(server, found * repeats, kind == next(iter(typed)))
                plans[server.peer.name] = iter(server_keys)
            _in_turn(file, kind, plans, clients, path.as_uri(), times)
        for name, client in clients.items():
            times.memory[name] = max(times.memory.get(name, 0.0), resident_mb(client.process.pid))


def _wanted(server: Installed, found: list[Key], is_first: bool) -> list[Key]:
    """The keystrokes that a server gets in one place; ``is_first``: of a file."""
    if not server.peer.slow:
        return found
    return found[:SLOW_KEYS] if server.peer.slow == "all" or is_first else []


def _in_turn(
    file: Material,
    kind: str,
    plans: dict[str, Iterator[Key]],
    clients: dict[str, Client],
    uri: str,
    times: Times,
) -> None:
    """One keystroke to each server, until all have had theirs; then the text is as it was."""
    touched: set[str] = set()
    going = True
    while going:
        going = False
        for name, plan in plans.items():
            key = next(plan, None)
            if key is None or any(each.startswith(f"{name}: ") for each in times.missing):
                continue
            going = True
            touched.add(name)
            with _told(times, f"{name}: typing {kind} in {file.name}"):
                taken = clients[name].change(uri, key.start, key.end, key.new, key.text)
                times.typed.setdefault((name, file.lines, kind), []).append(taken)
    for name in touched:
        with _told(times, f"{name}: taking back what was typed in {file.name}"):
            clients[name].reset(uri, file.text)


class _told:
    """Whoever does not answer is told of, and the others go on."""

    def __init__(self, times: Times, what: str) -> None:
        self._times, self._what = times, what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, _: object) -> bool:
        if isinstance(error, (NoAnswer, OSError)):
            self._times.missing.append(f"{self._what}: {error}")
            return True
        return False


def places(times: Times, name: str, lines: int) -> Iterator[tuple[str, list[float]]]:
    """The keystrokes of a server in files of so many lines, place by place."""
    for kind in KINDS:
        found = times.typed.get((name, lines, kind))
        if found:
            yield kind, found
