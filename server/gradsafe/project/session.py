"""Incremental analysis: texts in, findings per file out; what did not change is not looked at again.

What a session says of a file is what a fresh one would say of the same texts. Each root's result is kept with
all that it asked of the world (:mod:`gradsafe.project.recording`) and holds as long as the answers are the same,
wherever the text that gave them has moved. Not safe for use from several threads at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from gradsafe.interp.analyse import Root, RootResult
from gradsafe.interp.watch import Watcher
from gradsafe.project.advice import Adviser
from gradsafe.project.allowance import Allowance, Plan, Took
from gradsafe.project.closure import Closures
from gradsafe.project.entries import by_file
from gradsafe.project.interpret import Interpret, Outcome, interpret, rerun, unspent
from gradsafe.project.kept import Kept, Problem, Store
from gradsafe.project.outline import Outline
from gradsafe.project.problems import Problems, unreadable
from gradsafe.project.process import prepare
from gradsafe.project.reach import Reach
from gradsafe.project.recording import Answers, KeptPrelude, Key, Recorder, file_of
from gradsafe.project.result import FileResult, Work
from gradsafe.project.resuming import Resuming
from gradsafe.project.root_state import RootState
from gradsafe.project.roots import own_texts
from gradsafe.project.settings import Settings
from gradsafe.project.stored import Stored
from gradsafe.project.telling import tell
from gradsafe.project.workspace import Workspace
from gradsafe.rules.finding import Finding
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.source import Unreadable
from gradsafe.syntax.span import ChunkId
from gradsafe_tracer.events import AnyPlace, Place

TIDY = 1_000
"""Changes of texts after which what only older texts needed is let go, and what is still needed is worked out once more."""


class Session:
    """The analysis of some files, kept up to date edit by edit."""

    def __init__(
        self, settings: Settings, root: str, interpret: Interpret = interpret, store: Store | None = None,
        recorder: type[Recorder] = Recorder,
    ) -> None:  # fmt: skip
        """``recorder``: how closely is noted what a result rests on, which is how little of it is lost with an edit."""
        prepare()
        self._recorder = recorder
        self._settings = settings
        self.workspace = Workspace(root)
        self.workspace.known_tensors = settings.tensor_names
        self._interpret = interpret
        self._answers = Answers(self.workspace)
        self._prelude = KeptPrelude(self.workspace, self._answers)
        self._problems = Problems()
        self._closures = Closures(self.workspace)
        self._scope: dict[str, None] = {}
        self._states: dict[Root, RootState] = {}
        self._plans: dict[str, Plan] = {}
        self._left_out: dict[Root, Chunk] = {}
        """The roots for which nothing was left to spend, with the text that they had then."""
        self._stored = Stored(store)
        self._adviser = Adviser(self)
        self._reach = Reach()
        self.resuming = Resuming(self.workspace)
        self._stood: dict[str, tuple[int, dict[Root, Kept | None]]] = {}
        self._changes = 0
        self._moment = 0
        """Grows with whatever may change which results hold."""
        self._instructions = 0
        self._runs = 0

    @property
    def settings(self) -> Settings:
        """What holds now; others may be set at any time."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        before, self._settings = self._settings, settings
        if before.deciding == settings.deciding:
            return
        self.workspace.known_tensors = settings.tensor_names
        self._stored.forget()
        self._plans.clear()
        self._changed("")
        self._forget_results(None)

    # -- texts

    def set_text(self, file: str, text: str) -> None:
        """``file`` holds ``text`` now, and is in scope: its roots are judged."""
        file = self.workspace.name(file)
        before = self.workspace.tree(file) if file in self._scope else None
        if self.workspace.set_text(file, text):
            self._changed("")
        self._scope.setdefault(file)
        if before is None or self.workspace.tree(file) is not before:
            self._changed(file)

    def open(self, files: Iterable[str]) -> None:
        """Bring files into scope with the text that they have on the disk."""
        self._scope |= dict.fromkeys(map(self.workspace.name, files))

    @property
    def scope(self) -> list[str]:
        """The files whose roots are judged: those that are open, and those of the program's entry points."""
        return list(self._judged())

    def drop(self, file: str) -> None:
        """``file`` is not in scope any more; as an import it is what the disk says."""
        file = self.workspace.name(file)
        self._scope.pop(file, None)
        gone = self.workspace.drop(file)
        self._forget_roots(frozenset((file,)))
        for changed in (file, "") if gone else (file,):
            self._changed(changed)

    def let_go(self, files: Iterable[str]) -> None:
        """What was found in these files is handed over: nothing is kept of it, and of the files, which stay in scope, their texts."""
        names = frozenset(map(self.workspace.name, files))
        self._forget_roots(names)
        for each in (self._problems, self._answers, self.workspace):
            each.let_go(names)

    def _forget_roots(self, files: frozenset[str]) -> None:
        for known in (self._states, self._left_out):
            for root in [root for root in known if root.file in files]:
                del known[root]
        for file in files:
            self._plans.pop(file, None)
            self._stood.pop(file, None)
            self._reach.forget(file)

    def lay_over(self, file: str, text: str | None) -> None:
        """An editor holds ``text`` for a file that another session judges (None: not any more): it counts where it is imported."""
        for changed in self.workspace.lay_over(file, text):
            self._changed(changed)

    def refresh(self) -> None:
        """Files on the disk may have changed, come or gone."""
        self.workspace.refresh()
        self._answers = Answers(self.workspace)
        self._new_prelude()
        self._closures.forget()
        self._stored.forget()
        self._changes += 1
        self._forget_results(None)

    def _new_prelude(self) -> None:
        self._prelude = KeptPrelude(self.workspace, self._answers)
        self.resuming.clear()

    def _changed(self, file: str) -> None:
        changed = self._answers.renew(file)
        self._prelude.changed(changed)
        self._closures.forget()
        self._forget_results(file, changed)
        self._changes += 1
        if self._changes % TIDY == 0:
            self._tidy()

    def _tidy(self) -> None:
        """Statements, functions and names that were typed once are known by their texts: without this, for ever."""
        self._new_prelude()
        for known in (self._states, self._left_out):
            for root in list(known):
                plan = self._plans.get(root.file)
                if plan is not None and root not in plan.roots:
                    del known[root]
        self.workspace.tidy()
        self._answers.forget()
        self._forget_results(None)

    def _forget_results(self, file: str | None, changed: frozenset[Key] = frozenset()) -> None:
        """Of the roots that read ``file`` and a key that has changed (None: of all): whether they still hold is to be asked again."""
        if file is not None:
            self._stored.edited(file)
        self._moment += 1
        gone: set[Root] = set()
        if file is None:
            self._reach = Reach()
            affected = set(self._states)
            for state in self._states.values():
                state.forget()
        else:
            affected = self._reach.changed(file) & self._states.keys()
            gone = {root for root in affected if not self._states[root].outlasts(changed)}
            self._reach.still_rest_on(affected - gone, file)
        for each in {root.file for root in affected} & self._plans.keys():
            # of who looks into it the size of the file counts, too
            self._plans[each].restart(gone if each == file else None)

    # -- answers

    def check(self, file: str, with_advice: bool = True) -> FileResult:
        """All findings whose primary place is in ``file``, of every root in scope that may reach it; with advice if that is wanted."""
        file = self.workspace.name(file)
        self.open([file])
        before = self._counts()
        for owner in list(self._owners(file)):
            if self._reading(owner) is None or not self._stored.is_taken(owner):
                self._run_all(owner)
        advice = self._adviser.of(file) if with_advice and self.settings.advises else ()
        return self._result(file, before, advice)

    def quick(
        self, file: str, most: int | None = None, give_up: Callable[[], bool] | None = None
    ) -> FileResult:
        """What can be had at once: the roots whose own text changed and may write to a tensor are run, of the others what still holds is told.

        ``complete`` is False where roots are left whose callees or imports changed, or which have only to tell what those do:
        :meth:`pending` names them, :meth:`outcome` runs one, :meth:`check` all. After ``most`` instructions no further root is
        begun. ``give_up`` as in :meth:`outcome`.
        """
        file = self.workspace.name(file)
        self.open([file])
        before = self._counts()
        plan = self._plan(file)
        for root in [root for root, kept in self._standing(file).items() if kept is None]:
            if plan is None or (most is not None and self._instructions - before[1] >= most):
                break
            if plan.outline.acts(root) and self._holding(root) is None and self._is_edited(root):
                self._run(root, give_up)
        return self._result(file, before)

    def pending(self, file: str) -> list[Root]:
        """The roots that :meth:`check` would run for ``file``, those of the file itself first."""
        owners = self._owners(self.workspace.name(file))
        return [root for owner in owners for root, kept in self._standing(owner).items() if kept is None]

    def outcome(self, root: Root, give_up: Callable[[], bool] | None = None) -> Outcome:
        """The result of one root, run if need be. ``give_up`` is asked before each of its statements: where it says yes, nothing
        is kept of the root but what it has in common with others, and :class:`~gradsafe.interp.world.GivenUp` raised.
        """
        kept = self._holding(root)
        return kept.outcome if kept is not None else self._run(root, give_up)

    def watched(self, root: Root, watch: Watcher | None) -> RootResult:
        """The root run once more with a watch on it, on the budget that it has; nothing of it is kept."""
        recorder = self._recorder(self.workspace, self._answers, self._prelude)
        return rerun(recorder, root, self._allowance(root), watch)

    def known(self, root: Root) -> Outcome | None:
        """The result of one root, if there is one that holds."""
        kept = self._holding(root)
        return kept.outcome if kept is not None else None

    def outcomes(self, file: str) -> list[Outcome]:
        """The results that hold of all roots that may reach ``file``; none is run for that."""
        found = (self._standing(owner).values() for owner in self._owners(self.workspace.name(file)))
        return [kept.outcome for each in found for kept in each if kept is not None]

    def roots(self, file: str) -> tuple[Root, ...]:
        """The roots of a file in the order in which they may spend its budget; none where it cannot be read."""
        plan = self._plan(self.workspace.name(file))
        return plan.order if plan is not None else ()

    def results(self, file: str) -> list[tuple[Root, Kept]]:
        """What is kept of the roots of a file, to be admitted by another session for the same texts."""
        states = ((root, self._states.get(root)) for root in self.roots(file))
        return [(root, state.current) for root, state in states if state and state.current]

    def admit(self, results: Iterable[tuple[Root, Kept]]) -> None:
        """Take over results that another session found; each is told of for as long as the texts are what it rests on."""
        self._moment += 1
        for root, kept in results:
            self._states.setdefault(root, RootState()).add(kept, holds=False)
            self._reach.forget(root.file)

    def problems(self, file: str) -> tuple[Problem, ...]:
        """What of a file could not be analysed."""
        opened = self.workspace.opened(self.workspace.name(file))
        return (unreadable(opened),) if isinstance(opened, Unreadable) else self._problems.of(opened)

    def owners(self, file: str) -> tuple[str, ...]:
        """The files in scope whose roots decide what is told of ``file``, itself first; those that are to be run and may."""
        return tuple(self._owners(self.workspace.name(file)))

    def imports(self, file: str) -> frozenset[str]:
        """The files of the workspace that ``file`` imports, and that those import, in turn."""
        return self._closures.of(self.workspace.name(file))

    def layout(self, file: str) -> Layout | None:
        """Where the chunks of any file of the workspace stand now."""
        return self.workspace.layout(file)

    def place(self, where: AnyPlace) -> Place | None:
        """Rows and columns of a span in any file, as it stands now; None where its chunk is gone."""
        return self.workspace.place(where)

    def counts(self) -> dict[str, int]:
        """What the session holds, and has done since it was opened."""
        parsed, instructions, runs = self._counts()
        return {
            "files in scope": len(self._scope),
            "roots known": len(self._states),
            "results kept": sum(len(state.kept) for state in self._states.values()),
            "chunks parsed": parsed,
            "instructions run": instructions,
            "roots run": runs,
        }

    def budgets_hit(self) -> dict[str, int]:
        """How many roots hit each budget when they were run last."""
        latest = (state.kept[0].outcome for state in self._states.values() if state.kept)
        return dict(Counter(budget for each in latest for budget in each.budgets_hit))

    # -- within

    def _owners(self, file: str) -> Iterator[str]:
        """The files whose roots find something in ``file``, or may: itself, those in scope that have looked into it, and
        those that import it and are to be run.
        """
        judged = self._judged()
        # The file itself is one whatever it imports, which need not be worked out.
        unknown = self._reach.unknown(judged) - {file}
        to_be_run = [each for each in unknown if self._reading(each) is None]
        importing = {each for each in to_be_run if file in self._closures.of(each)}
        others = (self._reach.readers(file) | importing) - {file}
        yield file
        yield from (each for each in judged if each in others) if others else ()

    def _judged(self) -> dict[str, None]:
        entries = by_file(self._settings.entry_points, self.workspace.name)
        return self._scope | dict.fromkeys(entries) if entries else self._scope

    def _reading(self, file: str) -> frozenset[str] | None:
        """The files that the roots of ``file`` have looked into; None where one of them is to be run."""
        known = self._reach.of(file)
        if known is None:
            known = self._stored.reads(file)
            if known is None:
                kept = list(self._standing(file).values())
                files = [each.files for each in kept if each is not None]
                if len(files) < len(kept):
                    return None
                known = frozenset({file}).union(*files)
            self._reach.note(file, known)
        return known

    def _run_all(self, file: str) -> None:
        for root in self.roots(file):  # in turn: what one spends decides on the next
            self.outcome(root)

    def _plan(self, file: str) -> Plan | None:
        tree = self.workspace.tree(file)
        if tree is None:
            return None
        if not self._stored.is_taken(file):
            self.admit(self._stored.take(file))
        known = self._plans.get(file)
        if known is None or known.outline.tree is not tree:
            before = known.outline if known is not None else None
            entries = by_file(self._settings.entry_points, self.workspace.name).get(file, ())
            known = self._plans[file] = Plan(Outline(tree, entries, before), known)
        return known

    def _standing(self, file: str) -> dict[Root, Kept | None]:
        """Of each root in turn the result that holds; None where it is to be run."""
        known = self._stood.get(file)
        if known is None or known[0] != self._moment:
            plan = self._plan(file)
            given = plan.allowances(self._took, self.workspace.lines) if plan is not None else ()
            found = {root: self._holding_with(root, allowance) for root, allowance in given}
            known = self._stood[file] = (self._moment, found)
        return known[1]

    def _allowance(self, root: Root) -> Allowance:
        plan = self._plan(root.file)
        return plan.allowance(root, self._took, self.workspace.lines) if plan is not None else Allowance.FULL

    def _took(self, root: Root, allowance: Allowance) -> Took | None:
        kept = self._held(root, allowance)
        return Took(kept.outcome.instructions, kept.work, kept.files) if kept is not None else None

    def _holding(self, root: Root) -> Kept | None:
        """The root's result, if one holds for the texts as they are and for what it may spend."""
        return self._holding_with(root, self._allowance(root))

    def _holding_with(self, root: Root, allowance: Allowance) -> Kept | None:
        if allowance is Allowance.NONE:
            chunk = self.workspace.chunk(root.scope)
            if chunk is not None:
                self._left_out[root] = chunk
            return Kept(unspent(root), {}, frozenset(), frozenset(), allowance, {})
        return self._held(root, allowance)

    def _held(self, root: Root, allowance: Allowance) -> Kept | None:
        state = self._states.get(root)
        if state is None:
            return None
        before = state.current
        if before is not None and before.allowance is allowance:
            return before
        found = state.find(allowance, self._answers.value, self._changes)
        if found is not None and found is not before:
            self._reach.rests_on(root, found.files)
        return found

    def _is_edited(self, root: Root) -> bool:
        state = self._states.get(root)
        if state is not None and state.kept:
            return state.kept[0].own != self._own(root)
        left_out = self._left_out.get(root)
        return left_out is None or own_texts(left_out) != self._own(root)

    def _own(self, root: Root) -> frozenset[tuple[ChunkId, str]]:
        chunk = self.workspace.chunk(root.scope)
        return own_texts(chunk) if chunk is not None else frozenset()

    def _run(self, root: Root, give_up: Callable[[], bool] | None = None) -> Outcome:
        recorder = self._recorder(self.workspace, self._answers, self._prelude, give_up)
        allowance = self._allowance(root)
        keeper = None
        if root in self._states:  # it was run before, and may be what is typed in
            keeper = recorder.keeper = self.resuming.keeper(recorder, self._answers, root, allowance)
        outcome = self._interpret(recorder, root, allowance)
        if keeper is not None:
            self.resuming.keep(root, keeper)
        self._runs += 1
        self._instructions += outcome.instructions - (keeper.skipped if keeper is not None else 0)
        files = frozenset(file_of(key) for key in recorder.reads)
        kept = Kept(outcome, recorder.reads, files, self._own(root), allowance, recorder.work)
        self._moment += 1
        self._states.setdefault(root, RootState()).add(kept, holds=True)
        self._reach.rests_on(root, files)
        return outcome

    def _counts(self) -> tuple[int, int, int]:
        return self.workspace.lowered.parsed, self._instructions, self._runs

    def _result(self, file: str, before: tuple[int, int, int], advice: Iterable[Finding] = ()) -> FileResult:
        opened = self.workspace.opened(file)
        if isinstance(opened, Unreadable):
            return FileResult(file, (), (unreadable(opened),), None, Work())
        plans = [(self._plan(owner), self._standing(owner)) for owner in self._owners(file)]
        known = {root: standing[root] for plan, standing in plans if plan is not None for root in plan.roots}
        parsed, instructions, runs = (now - then for now, then in zip(self._counts(), before, strict=True))
        outcomes = {root: kept.outcome if kept is not None else None for root, kept in known.items()}
        problems, work = self._problems.of(opened), (parsed, instructions, runs)
        return tell(
            opened, outcomes, self.settings, problems, advice, work, self.workspace, self._scope
        )  # fmt: skip
