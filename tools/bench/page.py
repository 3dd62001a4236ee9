"""The results as tables: for the terminal, and as the page ``docs/performance.md``."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tools.bench.checked import Run
from tools.bench.goals import goals
from tools.bench.material import KINDS, Material
from tools.bench.peers import GRADSAFE, SETTLED, Installed
from tools.bench.typed import Times, median, p95, places


@dataclass(frozen=True)
class Results:
    """All that was measured, and of whom."""

    servers: tuple[Installed, ...]
    torchfix: Installed | None
    files: tuple[Material, ...]
    times: Times
    runs: list[Run]
    checked: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table before it has a form."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def grids(results: Results) -> Iterator[Grid]:
    """One for each question."""
    times, names = results.times, [each.peer.name for each in results.servers]
    sizes = [file.lines for file in results.files]
    kept = tuple((goal.what, f"{goal.value:.2f} {goal.unit}", f"{goal.limit:.2f} {goal.unit}", "kept" if goal.is_kept else "**missed**") for goal in goals(times, results.runs))  # fmt: skip
    yield Grid("Goals", ("", "measured", "goal", ""), kept)
    head = ("", *(f"{lines:,} lines" for lines in sizes))
    yield Grid(
        "Edit to diagnostics, ms: median / p95 of all places",
        head,
        tuple((name, *(_both(times.all_of(name, lines)) for lines in sizes)) for name in names),
    )
    for name in (GRADSAFE.name, SETTLED.name):
        found = {(kind, lines): each for lines in sizes for kind, each in places(times, name, lines)}
        rows = tuple((kind, *(_both(found.get((kind, lines), [])) for lines in sizes)) for kind in KINDS)
        yield Grid(f"{name}: the same, place by place", head, rows)
    opened = tuple((name, *(_one(times.opened.get((name, lines))) for lines in sizes)) for name in names)
    yield Grid("Open to first diagnostics, ms", head, opened)
    started = tuple(
        (name, _one(median(times.greeted.get(name, []))), _one(times.memory.get(name))) for name in names
    )
    yield Grid(
        "Start and memory", ("", "`initialize`, cold, ms (median of 5)", "memory after typing, MB"), started
    )
    runs = tuple(
        (run.name, f"{run.seconds:.1f}", _one(run.peak_mb or None), str(run.status)) for run in results.runs
    )
    yield Grid(
        f"Checking {results.checked} files of transformers", ("", "s", "peak memory, MB", "exit status"), runs
    )


def tables(results: Results) -> Iterator[Table]:
    """For the terminal."""
    for grid in grids(results):
        table = Table(title=grid.title, title_justify="left")
        for number, name in enumerate(grid.head):
            table.add_column(name, justify="right" if number else "left")
        for row in grid.rows:
            table.add_row(*(each.replace("**", "") for each in row))
        yield table


def page(results: Results, command: str, note: str, date: str) -> str:
    """For the docs."""
    versions = [f"{each.peer.name} {each.version}" for each in results.servers if each.peer is not SETTLED]
    if results.torchfix is not None:
        versions.append(f"TorchFix {results.torchfix.version}")
    what = f"Made by `make bench` (`{command}`) on {date}: {machine()}. {', '.join(versions)}."
    parts = [
        "# Performance",
        " ".join(filter(None, (what, _TOGETHER, note))),
        _READING,
        *(f"## {grid.title}\n\n{_markdown(grid)}" for grid in grids(results)),
        "## Files\n\n"
        + "\n".join(
            f"- about {file.lines:,} lines: `{file.name}` ({file.text.count(chr(10)):,})"
            for file in results.files
        ),
    ]
    untold = [*results.missing, *results.times.missing]
    if untold:
        parts.append("## What could not be measured\n\n" + "\n".join(f"- {each}" for each in untold))
    return "\n\n".join(parts) + "\n"


_TOGETHER = "All of it in one run, every keystroke to each server in turn; the numbers are this machine's, and what counts is how they stand to each other."
_READING = """- *gradsafe* is what is published at once: every function that the edit touches and that may write to a tensor or run backward, judged on its own. *gradsafe, settled* is when nothing is
  left to be found, callers and imports included, and functions that write nothing themselves; it comes under the same version of the document.
- Both run as an installed wheel does, its interpreter compiled (`make wheel`); *pure Python* is the same program as it stands in the repository. Of the peers ruff is compiled, and the parser that TorchFix uses.
- A word is typed character by character, and taken away again: most texts in between are broken, as they are while somebody types.
- *An empty pygls server* publishes nothing at all, at once: what the protocol costs in Python.
- Opening a file: *gradsafe* tells first what the first tenth of a second of analysis has found, functions that write before others; *settled* is all of it.
- Each file lies alone in its folder, and its imports are not found: what a project's other files add is not in these numbers. Slow peers get four keystrokes in one place, *gradsafe, settled* four in each.
- Memory is the proportional share (PSS) of a server with all its processes, the most of all files."""


def _both(times: Sequence[float]) -> str:
    middle, most = median(times), p95(times)
    return f"{middle:.1f} / {most:.1f}" if middle is not None and most is not None else "–"


def _one(value: float | None) -> str:
    return f"{value:,.0f}" if value is not None else "–"


def _markdown(grid: Grid) -> str:
    rule = "|".join(["---", *["---:"] * (len(grid.head) - 1)])
    lines = ["| " + " | ".join(row) + " |" for row in (grid.head, *grid.rows)]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def machine() -> str:
    """Processors, system and Python of this machine."""
    cores = Path("/proc/cpuinfo")
    model = "an unknown processor"
    count = 0
    if cores.exists():
        rows = [line.partition(":") for line in cores.read_text().splitlines()]
        models = [value.strip() for name, _, value in rows if name.strip() == "model name"]
        model, count = (models[0], len(models)) if models else (model, 0)
    return f"{count or '?'} cores of {model}, {platform.system()}, Python {platform.python_version()}"
