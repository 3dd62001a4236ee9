"""Whether an operation could as well write its operand: asked of a root that is run once more, answered by the path's own books.

A question stands at an operation out of place (or a ``clone()``) whose operand is a variable, or a value without a name. What the
source alone tells (:mod:`gradsafe.fixes.in_place`) comes with the question: where the variable gets a tensor of its own, and
which reads of it may hand the tensor to somebody else. What a path must know is looked up whenever it comes to the operation:
nothing saved the operand, nothing else in reach holds its memory, and the result would be the same in its place
(:func:`gradsafe.interp.sole_owner.reason_against`). One path on which any of that is not known is enough for silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsafe.domain.state import LogEntry, Path, Status
from gradsafe.domain.tensors import Shape
from gradsafe.domain.values import NONE, Bound, TensorRef, Value
from gradsafe.interp import sole_owner, torch_ops
from gradsafe.interp.sole_owner import Soft
from gradsafe.interp.watch import Sight
from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import Instruction
from gradsafe.syntax.span import Span

if TYPE_CHECKING:
    from gradsafe.interp.machine import Executor, Machine

OPERATIONS = (ir.Call, ir.Binary)


@dataclass(frozen=True, slots=True)
class Question:
    """May the operation at ``place`` write its operand? ``name`` None: the operand has none, and was made at ``births``.

    ``births`` are the expressions whose value the variable gets, and nobody else; ``reads`` of the variable may come before
    the operation, ``captures`` are those of them after which somebody else may hold the tensor. ``keeps_dtype``: whatever dtype
    the operand has, the result has it too; else only if that is floating. ``plain``: no argument can be a tensor.
    """

    place: Span
    name: str | None
    births: frozenset[Span]
    reads: frozenset[Span] = frozenset()
    captures: frozenset[Span] = frozenset()
    keeps_dtype: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What all paths of a root say. ``came``: one came to the operation; ``against``: why not (the first reason; empty: none)."""

    came: bool
    against: str
    shape: Shape = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    question: Question
    tensor: int
    counters: tuple[int, int]
    storage: int
    may_be_view: bool
    against: str
    shape: Shape
    dtype: str | None


class Inquiry:
    """Watches one run of a root for several questions. Implements :class:`gradsafe.interp.watch.Watcher`."""

    def __init__(self, questions: Sequence[Question], soft: Soft) -> None:
        self._soft = soft
        self._at = {question.place: question for question in questions}
        self._wanted = frozenset(place for question in questions for place in question.reads)
        self._read: dict[Span, set[int]] = {}
        self._seen: list[_Seen] = []
        self._returned: set[int] = set()
        self._links: frozenset[tuple[Span, int, int]] = frozenset()

    def begin(self) -> None:
        """The root is run from its start."""
        self._read.clear()
        self._seen.clear()
        self._returned.clear()

    def executors(self, table: dict[type, Executor]) -> dict[type, Executor]:
        """``table`` with reads of variables and the operations watched."""
        watched: dict[type, Executor] = {kind: self._operation(table[kind]) for kind in OPERATIONS}
        names: dict[type, Executor] = {
            ir.Load: self._load(table[ir.Load]),
            ir.Return: self._return(table[ir.Return]),
        }
        return {**table, **watched, **names}

    def finish(self, paths: Iterable[Path]) -> tuple[Sight, ...]:
        """Nothing is seen of a word."""
        self._links = frozenset(link for path in paths for link in path.sharing.links)
        return ()

    def answer(self, question: Question) -> Answer:
        """What the run that ended last says, of the function's own root."""
        seen = self._of(question)
        if not seen:
            return Answer(False, "no path comes to it")
        reason = self._against(question)
        if not reason and any(place not in self._read for place in question.reads):
            reason = "no path comes to a read of the variable"
        alike = len({(each.shape, each.dtype) for each in seen}) == 1
        shape, dtype = (seen[0].shape, seen[0].dtype) if alike else (None, None)
        return Answer(True, reason, shape, dtype)

    def refuses(self, question: Question) -> bool:
        """Whether a path of the run that ended last has something against it: what is said of a caller."""
        return bool(self._against(question))

    def _of(self, question: Question) -> list[_Seen]:
        return [each for each in self._seen if each.question == question]

    def _against(self, question: Question) -> str:
        checks = (self._handed_on, self._shares, self._is_returned)
        reasons = (
            each.against or next(filter(None, (check(each) for check in checks)), "")
            for each in self._of(question)
        )
        return next(filter(None, reasons), "")

    def _handed_on(self, seen: _Seen) -> str:
        """Whether a read after which somebody else may hold the tensor found this one, on whatever path."""
        found = any(seen.tensor in self._read.get(place, ()) for place in seen.question.captures)
        return "somebody else may hold the operand" if found else ""

    def _shares(self, seen: _Seen) -> str:
        """Whether the operand may be another tensor's memory: what ``reshape``, ``to`` or a dropout in evaluation gave."""
        operand, result = seen.counters
        for place, one, other in self._links:
            if operand in (one, other) and (place, one, other) != (seen.question.place, operand, result):
                return "the operand may share memory"
        return ""

    def _is_returned(self, seen: _Seen) -> str:
        """Whether a caller gets the memory of what may be a view: made without grad, it could not be written with grad."""
        is_view = seen.may_be_view and seen.storage in self._returned
        return "the operand may be a view, and is returned" if is_view else ""

    def _return(self, run: Executor) -> Executor:
        def execute(machine: Machine, path: Path, instruction: Instruction) -> list[Path] | None:
            assert isinstance(instruction, ir.Return)
            value = path.frame.regs.get(instruction.src) if instruction.src is not None else None
            tensors = torch_ops.tensors_in(path, value) if value is not None else ()
            self._returned.update(path.tensor(oid).storage for oid in tensors)
            return run(machine, path, instruction)

        return execute

    def _load(self, run: Executor) -> Executor:
        def execute(machine: Machine, path: Path, instruction: Instruction) -> list[Path] | None:
            assert isinstance(instruction, ir.Load)
            forks = run(machine, path, instruction)
            place = Span(path.frame.chunk, *instruction.at)
            if place in self._wanted:
                found = self._read.setdefault(place, set())
                for each in (path,) if forks is None else forks:
                    value = torch_ops.resolve(each, each.frame.regs.get(instruction.dst, NONE))
                    if isinstance(value, TensorRef):
                        found.add(value.oid)
            return forks

        return execute

    def _operation(self, run: Executor) -> Executor:
        def execute(machine: Machine, path: Path, instruction: Instruction) -> list[Path] | None:
            question = self._at.get(Span(path.frame.chunk, *instruction.at))
            if question is None:
                return run(machine, path, instruction)
            before, given = path.log, _given(path, instruction)
            forks = run(machine, path, instruction)
            for each in (path,) if forks is None else forks:
                self._note(each, question, instruction, given, before)
            return forks

        return execute

    def _note(
        self, path: Path, question: Question, instruction: Instruction, given: _Given | None,
        before: LogEntry | None,
    ) -> None:  # fmt: skip
        dst = getattr(instruction, "dst", None)
        result = path.frame.regs.get(dst) if isinstance(dst, int) else None
        operand = given[0] if given is not None else None
        if given is None or not isinstance(operand, TensorRef) or not isinstance(result, TensorRef):
            self._seen.append(
                _Seen(question, -1, (-1, -1), -1, False, "operand or result is not known", None, None)
            )
            return
        if path.status is not Status.RUN:
            self._seen.append(_Seen(question, operand.oid, (-1, -1), -1, False, "torch raises", None, None))
            return
        case = sole_owner.Case(
            question.place, question.name, question.births, operand.oid, result.oid, given[1], before,
            question.keeps_dtype, question.plain, self._soft,
        )  # fmt: skip
        against = sole_owner.reason_against(path, case)
        tensor, made = path.tensor(operand.oid), path.tensor(result.oid)
        counters, may_be_view = (tensor.counter, made.counter), sole_owner.may_be_view(path, case)
        self._seen.append(
            _Seen(
                question,
                operand.oid,
                counters,
                made.storage,
                may_be_view,
                against,
                tensor.shape,
                tensor.dtype,
            )
        )


_Given = tuple[Value, tuple[Value, ...]]


def _given(path: Path, instruction: Instruction) -> _Given | None:
    """The operand of the operation and its further arguments."""
    regs = path.frame.regs
    if isinstance(instruction, ir.Binary):
        return torch_ops.resolve(path, regs[instruction.left]), (regs[instruction.right],)
    if not isinstance(instruction, ir.Call) or any(argument.star for argument in instruction.args):
        return None
    values = tuple(regs[argument.reg] for argument in instruction.args)
    function = regs[instruction.fn]
    if isinstance(function, Bound):
        return torch_ops.resolve(path, function.receiver), values
    first = instruction.args[0] if instruction.args else None
    return (
        (torch_ops.resolve(path, values[0]), values[1:]) if first is not None and first.name is None else None
    )
