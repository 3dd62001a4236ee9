"""The names of one function (or module body) in source order: where each is bound, where it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import libcst as cst

from gradsafe.fixes.forms import Containers, callee, words
from gradsafe.fixes.holds import ELSEWHERE, FRESH_METHODS, Share, shares
from gradsafe.fixes.sources import Code
from gradsafe.fixes.tree import Cursor, dotted, walk
from gradsafe.fixes.variables import is_inner

Position = tuple[int, int]
"""Index of the chunk in the scope, offset in the chunk."""

Nest = tuple[int, ...]
"""The blocks around a place that may not run, or run often, outermost first."""

LOOPS = (cst.For, cst.While)
SCOPES = (cst.FunctionDef, cst.ClassDef)
BRANCHES = (*LOOPS, cst.If, cst.Else, cst.Try, cst.TryStar, cst.ExceptHandler, cst.MatchCase)
MAKE_TUPLES = words("tuple zip chunk split unbind tensor_split hsplit vsplit broadcast_tensors parameters")
MAKE_LISTS = words("list dict deque OrderedDict defaultdict")
HOLD_WEAKLY = words("WeakValueDictionary WeakSet")
"""What forgets an item that nobody else holds: a new tensor put into it is gone at once."""

FILL_LISTS = words("append appendleft extend popleft setdefault")
OUT_OF_SIGHT = frozenset({Share(ELSEWHERE, True)})


@dataclass(frozen=True, eq=False)
class Binding:
    """``name`` comes to stand for a value at ``at``; the value may share the memory of ``shares``.

    ``adds``: it is the object that it was, with something more in it. ``rounds``: the loop that binds it anew in each
    round, to an item of what it shares.
    """

    name: str
    at: Position
    nest: Nest
    shares: frozenset[Share]
    adds: bool = False
    rounds: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Use:
    """``name`` is read at ``at``: ``deferred`` where a nested function reads it, so at any time later;
    ``passed`` as (part of) an argument of a call."""

    name: str
    at: Position
    nest: Nest
    deferred: bool
    passed: bool


@dataclass
class Scope:
    """Bindings and uses of one scope; filled by :func:`collect`, then only read."""

    bindings: list[Binding] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    loops: set[int] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    attributes: set[tuple[str, str]] = field(default_factory=set)
    enclosing: dict[int, tuple[Code, ...]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    tuples: set[str] = field(default_factory=set)
    is_module: bool = True

    @property
    def containers(self) -> Containers:
        """The names that hold several tensors."""
        return Containers(frozenset(self.lists), frozenset(self.tuples))

    def nest_at(self, at: Position) -> Nest:
        """The blocks around the last name at or before ``at``."""
        near = [(each.at, each.nest) for each in self.bindings if each.at <= at]
        near += [(each.at, each.nest) for each in self.uses if each.at <= at]
        return max(near, key=lambda each: (each[0], len(each[1])))[1] if near else ()

    def is_local(self, name: str) -> bool:
        """Binding ``name`` here would bind the same variable as before."""
        bound = any(each.name == name for each in self.bindings)
        return name not in self.foreign and (bound or self.is_module)

    def reaching(self, name: str, at: Position, nest: Nest) -> list[Binding]:
        """The bindings whose value ``name`` may have at ``at``."""
        mine = [each for each in self.bindings if each.name == name]
        before = sorted((each for each in mine if each.at < at), key=lambda each: each.at)
        certain = [index for index, each in enumerate(before) if nest[: len(each.nest)] == each.nest]
        found = before[certain[-1] :] if certain else before
        open_loops = self._loops(nest)
        if certain:
            open_loops -= set(before[certain[-1]].nest) | before[certain[-1]].rounds
        return found + [each for each in mine if each.at >= at and open_loops & set(each.nest)]

    def reads_after(self, name: str, at: Position, nest: Nest) -> Iterator[Use]:
        """The uses of ``name`` that may run after ``at``."""
        loops = self._loops(nest)
        for use in self.uses:
            if use.name == name and (use.deferred or use.at > at or loops & set(use.nest)):
                yield use

    def is_bound_anew(self, binding: Binding, nest: Nest, use: Use) -> bool:
        """Whether a use in a later round of the loop that is around both finds the next item instead."""
        shared = next((block for block in reversed(nest) if block in self.loops and block in use.nest), None)
        return shared in binding.rounds

    def carried(self, nest: Nest) -> list[str]:
        """The names that a call in the innermost loop of ``nest`` is given and that hold a value of the round before."""
        return self._from_the_round_before(nest, passed=True)

    def accumulated(self, nest: Nest) -> list[str]:
        """The names that hold a value of the round before in an operation of the innermost loop of ``nest``."""
        return self._from_the_round_before(nest, passed=False)

    def _from_the_round_before(self, nest: Nest, *, passed: bool) -> list[str]:
        loop = next((block for block in reversed(nest) if block in self.loops), None)
        found: list[str] = []
        for use in self.uses:
            if use.passed is passed and not use.deferred and loop in use.nest and use.name not in found:
                reaching = self.reaching(use.name, use.at, use.nest)
                if any(
                    each.at >= use.at and loop in each.nest and (passed or not each.adds) for each in reaching
                ):
                    found.append(use.name)
        return found

    def _loops(self, nest: Nest) -> set[int]:
        return {block for block in nest if block in self.loops}


@lru_cache(maxsize=16)
def collect(codes: tuple[Code, ...], qualname: str) -> Scope:
    """Read off the names of the scope ``qualname``. The header of the function, if it is one, is the first chunk.

    Kept for the next finding in the same scope: chunks are the same objects while their text is.
    """
    scope = Scope()
    # What a split compound statement holds comes as chunks of their own, indented more than its header.
    open_blocks: list[tuple[int, Code]] = []
    own = codes[0] if codes and codes[0].chunk.qualname == qualname and _opens(codes[0], *SCOPES) else None
    for index, code in enumerate(codes):
        if not code.body:
            continue
        depth = _depth(code)
        while open_blocks and open_blocks[-1][0] >= depth:
            open_blocks.pop()
        scope.enclosing[index] = tuple(each for _, each in open_blocks)
        nested = any(each is not own and _opens(each, *SCOPES) for _, each in open_blocks)
        outer = tuple(id(each) for _, each in open_blocks)
        _Collector(scope, code, index, outer, nested, code is own).run()
        if _opens(code, *LOOPS):
            scope.loops.add(id(code))
        open_blocks.append((depth, code))
    return scope


def _depth(code: Code) -> int:
    """The width of the indentation; what stands behind a header on its line is deeper than any."""
    if not code.begins_line:
        return len(code.text) + 1000
    return len(code.text) - len(code.text.lstrip(" \t\f"))


def _opens(code: Code, *kinds: type[cst.CSTNode]) -> bool:
    return bool(code.body) and isinstance(code.body[0], kinds)


@dataclass
class _Collector:
    """Adds the names of one chunk to the scope."""

    scope: Scope
    code: Code
    index: int
    outer: Nest
    nested: bool
    own: bool

    def run(self) -> None:
        for cursor in walk(self.code.body):
            node = cursor.node
            if isinstance(node, LOOPS):
                self.scope.loops.add(id(node.body))
            elif isinstance(node, (cst.Assign, cst.AnnAssign)) and node.value is not None:
                self._container(node)
            elif isinstance(node, cst.Call):
                self._filled(node)
            elif isinstance(node, cst.Param):
                self._parameter(node)
            elif isinstance(node, cst.FunctionDef) and self._is_own_header(cursor):
                self.scope.is_module = False
            elif isinstance(node, (cst.Global, cst.Nonlocal)):
                self.scope.foreign.update(item.name.value for item in node.names)
            elif isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
                self.scope.attributes.add((node.value.value, node.attr.value))
            elif isinstance(node, cst.Name) and _is_read(cursor) and not is_inner(cursor, node.value):
                nest, deferred = self._nest(cursor), self._is_nested(cursor)
                passed = any(isinstance(each.node, cst.Arg) for each in cursor.ancestors())
                self.scope.uses.append(Use(node.value, self._at(node)[0], nest, deferred, passed))
            if not self._is_nested(cursor):
                for bound in _bound(cursor):
                    nest = self._nest(cursor)
                    if bound.adds:  # the old content stays: a block of its own keeps the old bindings alive
                        nest = (*nest, id(node))
                    rounds = self._rounds(node)
                    at = self._at(bound.behind)[1]
                    binding = Binding(bound.name, at, nest, bound.shares, bound.adds, rounds)
                    self.scope.bindings.append(binding)

    def _rounds(self, node: cst.CSTNode) -> frozenset[int]:
        """The block of a ``for``, under both its names: it may be split off, then its chunk stands for it."""
        if not isinstance(node, cst.For):
            return frozenset()
        return frozenset({id(node.body)} | ({id(self.code)} if node is self.code.body[0] else set()))

    def _container(self, node: cst.Assign | cst.AnnAssign) -> None:
        assert node.value is not None
        for target in (
            [each.target for each in node.targets] if isinstance(node, cst.Assign) else [node.target]
        ):
            for one, value in _pairs(target, node.value):
                name = dotted(one)
                made_by = callee(value) if isinstance(value, cst.Call) else None
                if name is None:
                    continue
                if (
                    isinstance(value, (cst.List, cst.Dict, cst.ListComp, cst.DictComp))
                    or made_by in MAKE_LISTS
                ):
                    self.scope.lists.add(name)
                elif isinstance(value, (cst.Tuple, cst.GeneratorExp)) or made_by in MAKE_TUPLES | HOLD_WEAKLY:
                    self.scope.tuples.add(name)

    def _filled(self, call: cst.Call) -> None:
        """``history.append(h)``: no tensor is filled so."""
        name = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else None
        if name is not None and callee(call) in FILL_LISTS:
            self.scope.lists.add(name)

    def _parameter(self, node: cst.Param) -> None:
        if node.star == "*":
            self.scope.tuples.add(node.name.value)
        elif isinstance(node.default, (cst.List, cst.Dict)):
            self.scope.lists.add(node.name.value)

    def _is_own_header(self, cursor: Cursor) -> bool:
        return self.own and not any(isinstance(each.node, SCOPES) for each in cursor.ancestors())

    def _is_nested(self, cursor: Cursor) -> bool:
        """In a function inside this scope: it runs later, with names of its own."""
        if self.nested:
            return True
        functions = (
            each for each in cursor.ancestors() if isinstance(each.node, (cst.FunctionDef, cst.Lambda))
        )
        owner = next(functions, None)
        return owner is not None and not (
            isinstance(owner.node, cst.FunctionDef) and self._is_own_header(owner)
        )

    def _at(self, node: cst.CSTNode) -> tuple[Position, Position]:
        start, end = self.code.offsets(node)
        return (self.index, start), (self.index, end)

    def _nest(self, cursor: Cursor) -> Nest:
        inner: list[int] = []
        at = cursor
        for parent in cursor.ancestors():
            if isinstance(parent.node, BRANCHES):
                if at.node is parent.node.body:
                    inner.append(id(at.node))
                elif isinstance(parent.node, cst.While):  # its test is read again in every round
                    inner.append(id(parent.node.body))
            at = parent
        return (*self.outer, *reversed(inner))


def _pairs(
    target: cst.BaseExpression, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """``a, b = [], {}`` binds one to each."""
    if not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        yield target, value
        return
    elements = (*target.elements, *value.elements)
    if len(target.elements) == len(value.elements) and all(
        isinstance(each, cst.Element) for each in elements
    ):
        yield from (
            (one.value, other.value) for one, other in zip(target.elements, value.elements, strict=True)
        )


class _Bound(NamedTuple):
    """One binding as a node makes it: valid behind ``behind``; ``adds`` where the name keeps what it held."""

    name: str
    shares: frozenset[Share]
    behind: cst.CSTNode
    adds: bool = False


def _bound(cursor: Cursor) -> Iterator[_Bound]:
    node = cursor.node
    if isinstance(node, cst.Assign):
        for target in node.targets:
            yield from _targets(target.target, shares(node.value), node)
    elif isinstance(node, (cst.AnnAssign, cst.NamedExpr)) and node.value is not None:
        yield from _targets(node.target, shares(node.value), node)
    elif isinstance(node, cst.For):
        yield from _targets(node.target, shares(node.iter), node.iter)
    elif isinstance(node, cst.WithItem) and node.asname is not None:
        yield from _targets(node.asname.name, shares(node.item), node)
    elif isinstance(node, cst.Param):
        yield _Bound(node.name.value, OUT_OF_SIGHT, node)
    elif isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
        yield _Bound(node.target.value, frozenset({Share(node.target.value, True)}), node)
    elif isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
        yield from _stored(node.value)


def _targets(target: cst.CSTNode, shared: frozenset[Share], behind: cst.CSTNode) -> Iterator[_Bound]:
    if isinstance(target, cst.Name):
        yield _Bound(target.value, shared, behind)
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value, shared, behind)
    elif isinstance(target, cst.Attribute) and target.attr.value != "data":
        yield from _escapes(shared, behind)
    # ``h[0] = v`` copies v where h is a tensor, and keeps it where h is a list or a dict.
    elif isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
        held = frozenset(Share(share.name, False) for share in shared)
        yield _Bound(target.value.value, held, behind, adds=True)


def _stored(call: cst.Call) -> Iterator[_Bound]:
    """``outs.append(h)``: from here on ``outs`` holds ``h``. ``self.outs.append(h)``: somebody does."""
    if not isinstance(call.func, cst.Attribute) or not call.args:
        return
    receiver, method = call.func.value, call.func.attr.value
    if method in FRESH_METHODS or method.endswith("_"):
        return
    held = frozenset(share for arg in call.args for share in shares(arg.value))
    if isinstance(receiver, cst.Name):
        yield _Bound(receiver.value, held, call, adds=True)
    elif dotted(receiver) is not None:
        yield from _escapes(held, call)


def _escapes(shared: frozenset[Share], behind: cst.CSTNode) -> Iterator[_Bound]:
    for share in shared:
        if share.name != ELSEWHERE:
            yield _Bound(share.name, frozenset({share, Share(ELSEWHERE, share.certain)}), behind, adds=True)


def _is_read(cursor: Cursor) -> bool:
    """Whether this name is a variable that is read (not a target, a keyword, an attribute's name)."""
    around = cursor.parent
    while around is not None and isinstance(
        around.node, (cst.Tuple, cst.List, cst.Element, cst.StarredElement)
    ):
        cursor, around = around, around.parent  # one of several targets: ``for p, g in pairs``
    node, parent = cursor.node, around.node if around is not None else None
    if isinstance(parent, cst.Attribute):
        return parent.attr is not node
    if isinstance(parent, (cst.Param, cst.FunctionDef, cst.ClassDef)):
        return parent.name is not node
    if isinstance(parent, cst.Arg):
        return parent.keyword is not node
    if isinstance(parent, (cst.NamedExpr, cst.For, cst.CompFor, cst.AnnAssign)):
        return parent.target is not node
    return not isinstance(parent, (cst.AssignTarget, cst.NameItem, cst.AsName, cst.ImportAlias))
