"""The analysis of one file without a session: chunks, lowering, interpreter, rules, and nothing kept.

What ``gradsafe.project`` does with caches and imports between files, done plainly. It lets the figures
be taken while the stages above are being built or changed; where both work they agree.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .grade import Verdict


@dataclass
class Spent:
    """What an analysis cost: the seconds of each root, and the budgets that were hit."""

    seconds: dict[str, float] = field(default_factory=dict)
    budgets: dict[str, int] = field(default_factory=dict)


class OneFile:
    """The world of a single file."""

    def __init__(self, file: str, text: str) -> None:
        from gradsafe.interp.names import bound_names
        from gradsafe.interp.world import CHANGED, ModuleFacts
        from gradsafe.ir.lower import Lowered, lower_body
        from gradsafe.project.binding import names_bound
        from gradsafe.syntax.chunk import build

        self.root = build(file, text)
        self.chunks = {chunk.id: chunk for chunk in self.root.walk()}
        self.lowered = Lowered()
        self.lower = lower_body
        binders: dict[str, list[int]] = {}
        for number, block in enumerate(self.body(self.root.id)):
            whole = "".join(each.text for each in self.root.children[number].walk())
            written = {name for name in names_bound(whole) or () if name.endswith(CHANGED)}
            for name in bound_names(block.instructions) | written:
                binders.setdefault(name, []).append(number)
        self.facts = ModuleFacts(file, self.root.id, {name: tuple(found) for name, found in binders.items()})

    def pause(self) -> None: ...

    def body(self, chunk: Any) -> Any:
        return self.lower(self.chunks[chunk], self.lowered) if chunk in self.chunks else ()

    def yields(self, chunk: Any) -> bool:
        return True

    def module(self, file: str) -> Any:
        return self.facts if file == self.facts.file else None

    def tensor_names(self) -> tuple[str, ...]:
        return ()

    def find_module(self, importer: str, name: str, level: int) -> str | None:
        return None


@cache
def table() -> Any:
    from gradsafe.ops.table import load

    return load()


def analyse(path: Path, spent: Spent | None = None) -> list[Verdict]:
    """The findings of the file at ``path``."""
    from gradsafe.interp.analyse import analyse_root
    from gradsafe.project.merge import never_with_grad
    from gradsafe.rules.certainty.judge import findings_of
    from gradsafe.rules.finding import Severity
    from gradsafe.syntax.layout import Layout

    world = OneFile(str(path), path.read_text(encoding="utf-8"))
    layout = Layout.of(world.root)
    results = []
    for root in _roots(world):
        start = time.perf_counter()
        result = analyse_root(world, root, table())
        if spent is not None:
            spent.seconds[f"{path.name}:{'.'.join(root.names) or 'module'}"] = time.perf_counter() - start
            for budget in result.budgets_hit:
                spent.budgets[budget] = spent.budgets.get(budget, 0) + 1
        results.append(result)
    called = {chunk for result in results for chunk in result.called if chunk != result.root.scope}
    verdicts: dict[tuple[int, str], Verdict] = {}
    plain = never_with_grad({result.root: result for result in results})
    for result in results:
        if result.root in plain:
            continue
        for finding in findings_of(result):
            if result.root.scope in called and finding.severity is not Severity.ERROR:
                continue
            verdict = _verdict(finding, layout)
            key = (verdict.line, verdict.slug)
            if key not in verdicts or verdict.severity == "error":
                verdicts[key] = verdict
    return list(verdicts.values())


def _roots(world: OneFile) -> Iterator[Any]:
    from gradsafe.interp.analyse import Root, RootKind
    from gradsafe.syntax.kind import Kind

    yield Root(RootKind.MODULE, world.facts.file, world.root.id)
    for chunk in world.root.walk():
        names = tuple(chunk.id.qualname.split("."))
        if chunk.kind is Kind.DEF and _reachable(world, names):
            yield Root(RootKind.FUNCTION, world.facts.file, chunk.id, names)


def _reachable(world: OneFile, names: tuple[str, ...]) -> bool:
    """Functions and methods; what is defined inside a function is no root."""
    from gradsafe.syntax.kind import Kind

    classes = {chunk.id.qualname for chunk in world.root.walk() if chunk.kind is Kind.CLASS}
    return all(".".join(names[:depth]) in classes for depth in range(1, len(names)))


def _verdict(finding: Any, layout: Any) -> Verdict:
    from gradsafe.rules.finding import Role

    def rows(role: Any) -> tuple[int, ...]:
        places = (layout.place(related.place) for related in finding.related if related.role is role)
        return tuple(place.row for place in places if place is not None)

    place = layout.place(finding.primary)
    return Verdict(
        place.row if place is not None else 0,
        finding.code,
        finding.severity.value,
        rows(Role.SAVED),
        rows(Role.BACKWARD),
        rows(Role.FREED),
    )
