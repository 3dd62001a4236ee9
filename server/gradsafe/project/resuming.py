"""A root that is typed in goes on from where the edit is: from the last halt before it that still holds.

A halt holds as long as the statements before it are the same, and the world answers what it answered until then. So a keystroke at
the end of a function costs its last statements and not all of it. Kept for the few roots that were run last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from gradsafe.domain.state import Path
from gradsafe.interp.analyse import Root
from gradsafe.interp.halts import Halt
from gradsafe.interp.machine import Machine
from gradsafe.ir.instructions import Block
from gradsafe.project.allowance import Allowance
from gradsafe.project.recording import Answers, Key, Recorder
from gradsafe.project.workspace import Workspace

ROOTS = 8
"""Those that are kept: the one that is typed in and some that call it."""
HALTS = 48
"""Of one root. A file's own statements may be thousands: from here on every other one is let go."""
EVERY = 25
"""Instructions between two halts: making one takes as long as running some five."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A halt before a statement, and how many of the run's first answers it rests on."""

    statement: int
    reads: int
    work: int
    halt: Halt


@dataclass(slots=True)
class Halts:
    """Those of one run of a root, the first statement's first. ``statements`` are all of the root's, as far as they show."""

    allowance: Allowance
    statements: tuple[Hashable, ...]
    reads: dict[Key, Hashable] = field(default_factory=dict)
    work: dict[Hashable, int] = field(default_factory=dict)
    kept: list[_Kept] = field(default_factory=list)


class RootKeeper:
    """Implements :class:`gradsafe.interp.halts.Keeper` for one run of a root; what it kept is in ``halts``.

    ``skipped``: the instructions that were not run again.
    """

    def __init__(
        self, recorder: Recorder, workspace: Workspace, answers: Answers, root: Root, halts: Halts, before: Halts | None,
        every: int = EVERY,
    ) -> None:  # fmt: skip
        self.scope = root.scope
        self.halts = halts
        self.skipped = 0
        self._recorder, self._workspace, self._answers = recorder, workspace, answers
        self._before = before
        self._every = every
        self._is_asked = False

    def body(self) -> Sequence[Block]:
        """See :class:`gradsafe.interp.halts.Keeper`. The dependency on all of them is noted when the run is over."""
        self._is_asked = True
        return self._workspace.body(self.scope)

    def begin(self, machine: Machine, path: Path) -> tuple[int, list[Path]]:
        """See :class:`gradsafe.interp.halts.Keeper`."""
        found = self._holding()
        if found is None or self._before is None:
            return 0, [path]
        begun = machine.ran
        answers = dict(islice(self._before.reads.items(), found.reads))
        # What this run has asked before its first statement that one has asked too, and in the same order.
        self._recorder.reads.update(answers)
        self._recorder.work.update(islice(self._before.work.items(), found.work))
        self.halts.kept = [each for each in self._before.kept if each.statement <= found.statement]
        paths = found.halt.resume(machine, path)
        self.skipped = machine.ran - begun
        return found.statement, paths

    def _holding(self) -> _Kept | None:
        """The last halt before anything that has changed."""
        before = self._before
        if before is None or before.allowance is not self.halts.allowance or not before.kept:
            return None
        same = 0
        for old, new in zip(before.statements, self.halts.statements, strict=False):
            if old != new:
                break
            same += 1
        usable = [each for each in before.kept if each.statement <= same]
        value, good, last = self._answers.value, 0, usable[-1].reads if usable else 0
        for key, answer in islice(before.reads.items(), last):
            if value(key) != answer:
                break
            good += 1
        return next((each for each in reversed(usable) if each.reads <= good), None)

    def reached(self, machine: Machine, statement: int, paths: list[Path]) -> None:
        """See :class:`gradsafe.interp.halts.Keeper`."""
        kept = self.halts.kept
        if kept and (kept[-1].statement >= statement or machine.ran - kept[-1].halt.ran < self._every):
            return
        if not statement or machine.importing or not _stand_still(paths):
            return
        if ("body", self.scope) in self._recorder.reads:
            return  # somebody has looked at all of the root's text, by calling it, say
        reads, work = len(self._recorder.reads), len(self._recorder.work)
        kept.append(_Kept(statement, reads, work, Halt.of(machine, paths)))
        if len(kept) > HALTS:
            del kept[1::2]
            self._every *= 2

    def finish(self) -> None:
        """The run is over: its result rests on all statements, if it came to them."""
        self.halts.reads, self.halts.work = self._recorder.reads, self._recorder.work
        if self._is_asked:
            self._recorder.note("body", self.scope)


def _stand_still(paths: Iterable[Path]) -> bool:
    """Whether none of them is in the middle of a generator, which knows who takes what it yields."""
    return all(each.frame.generator is None and not each.frame.suspended for each in paths)


class Resuming:
    """The halts of the roots that were run last. ``every``: how many instructions lie between two."""

    def __init__(self, workspace: Workspace) -> None:
        self.every = EVERY
        self._workspace = workspace
        self._halts: OrderedDict[Root, Halts] = OrderedDict()

    def clear(self) -> None:
        """What halts share with other roots has been let go."""
        self._halts.clear()

    def keeper(self, recorder: Recorder, answers: Answers, root: Root, allowance: Allowance) -> RootKeeper:
        """For the next run of ``root``."""
        statements = cast("tuple[Hashable, ...] | None", answers.value(("body", root.scope))) or ()
        halts = Halts(allowance, statements)
        return RootKeeper(recorder, self._workspace, answers, root, halts, self._halts.get(root), self.every)

    def keep(self, root: Root, keeper: RootKeeper) -> None:
        """The run is over."""
        keeper.finish()
        self._halts[root] = keeper.halts
        self._halts.move_to_end(root)
        if len(self._halts) > ROOTS:
            self._halts.popitem(last=False)
