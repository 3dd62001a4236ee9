"""What the names around a statement allow: the question behind every rewrite that binds a new tensor."""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.aliases import read_after, seen_elsewhere
from gradsafe.fixes.forms import VIEW_ATTRIBUTES, Containers
from gradsafe.fixes.scope import Nest, Position, Scope, collect
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import Cursor, dotted, walk


class Names:
    """What the names of the scope around a statement say about a rewrite of it."""

    def __init__(self, sources: Sources, spot: Spot) -> None:
        chunk = spot.code.chunk
        codes = sources.scope(chunk) or ()
        index = next((index for index, code in enumerate(codes) if code.chunk == chunk), None)
        self._scope = collect(codes, chunk.qualname) if index is not None else None
        start, end = spot.offsets(spot.statement.node)
        self._start: Position = (index or 0, start)
        self._end: Position = (index or 0, max(end, spot.end))
        self._nest: Nest = self._scope.nest_at(self._end) if self._scope is not None else ()
        self._leaves = isinstance(spot.statement.node, cst.Return)
        self.without_grad = self._scope is not None and _without_grad(spot.statement, self._scope, index or 0)

    @property
    def containers(self) -> Containers:
        """The names that hold lists or tuples of tensors rather than a tensor."""
        return self._scope.containers if self._scope is not None else Containers()

    @property
    def in_loop(self) -> bool:
        """Whether the statement runs again and again."""
        return self._scope is not None and any(block in self._scope.loops for block in self._nest)

    def can_bind(self, subject: cst.BaseExpression) -> bool:
        """``subject = ...`` would rebind what it reads (not make a new local of a global)."""
        if isinstance(subject, cst.Name):
            return self._scope is not None and self._scope.is_local(subject.value)
        if isinstance(subject, cst.Subscript):
            return self.containers.is_item(subject) and not any(
                isinstance(each.node, cst.Call) for each in walk([subject])
            )
        return dotted(subject) is not None and not _is_view(subject)

    def reads_grad(self, subject: cst.Name) -> bool:
        """Whether the scope asks for the ``.grad`` of it: that of a new tensor is not that of the old one."""
        return self._scope is None or (subject.value, "grad") in self._scope.attributes

    def comes_from_outside_loop(self, subject: cst.Name) -> bool:
        """Whether the statement is in a loop that ``subject`` was made before."""
        if self._scope is None:
            return True
        loops = {block for block in self._nest if block in self._scope.loops}
        reaching = self._scope.reaching(subject.value, self._start, self._nest)
        return bool(loops) and not any(loops & set(each.nest) for each in reaching)

    def read_after(self, subject: cst.BaseExpression) -> bool:
        """Whether ``subject`` may be read after the statement."""
        if not isinstance(subject, cst.Name) or self._scope is None:
            return True
        if self._leaves:
            return any(use.deferred and use.name == subject.value for use in self._scope.uses)
        return read_after(self._scope, subject.value, self._start, self._end)

    def is_item_of_others(self, subject: cst.BaseExpression) -> bool:
        """``for row in w``, and nobody reads ``row`` below: what is written to it is meant for ``w``."""
        if not isinstance(subject, cst.Name) or self._scope is None or self.read_after(subject):
            return False
        reaching = self._scope.reaching(subject.value, self._start, self._nest)
        return any(each.rounds and any(share.certain for share in each.shares) for each in reaching)

    def loses_history(self, subject: cst.BaseExpression) -> bool:
        """Whether a new tensor for ``subject`` is made under no_grad, has no history, and is used later."""
        return self.without_grad and self.read_after(subject)

    def carried(self) -> list[str]:
        """The names that carry a value from one round of the loop around the statement to the next."""
        return self._scope.carried(self._nest) if self._scope is not None else []

    def accumulated(self) -> list[str]:
        """The names that each round of the loop around the statement adds something to."""
        return self._scope.accumulated(self._nest) if self._scope is not None else []

    def seen_elsewhere(self, subject: cst.BaseExpression) -> bool:
        """Whether somebody else may see a write to ``subject``, so that doing without it changes a value."""
        if not isinstance(subject, cst.Name) or self._scope is None:
            return True
        if self.reads_grad(subject):
            return True
        return seen_elsewhere(self._scope, subject.value, self._start, self._end)


def _is_view(target: cst.CSTNode) -> bool:
    return isinstance(target, cst.Attribute) and target.attr.value in VIEW_ATTRIBUTES


def _without_grad(statement: Cursor, scope: Scope, index: int) -> bool:
    """Whether the statement visibly stands in ``with torch.no_grad():`` or a function decorated so."""
    headers: list[cst.CSTNode] = [each.node for each in statement.ancestors()]
    headers += [node for code in scope.enclosing.get(index, ()) for node in code.body[:1]]
    for header in headers:
        if isinstance(header, cst.With):
            switches = [item.item for item in header.items]
        elif isinstance(header, cst.FunctionDef):
            switches = [each.decorator for each in header.decorators]
        else:
            continue
        for switch in switches:
            name = dotted(switch.func if isinstance(switch, cst.Call) else switch) or ""
            if name.rpartition(".")[2] in ("no_grad", "inference_mode", "set_grad_enabled"):
                return True
    return False
