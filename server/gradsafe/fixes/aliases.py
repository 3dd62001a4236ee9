"""Who else would have seen a write: the question that makes an out-of-place rewrite safe or not."""

from __future__ import annotations

from gradsafe.fixes.holds import ELSEWHERE
from gradsafe.fixes.scope import Binding, Position, Scope


def seen_elsewhere(scope: Scope, name: str, start: Position, end: Position) -> bool:
    """Whether another holder of the memory of ``name`` may be read after the statement from ``start`` to ``end``.

    Follows the bindings of the scope both ways: where the memory came from (a caller, an attribute,
    another name) and who took a view or a reference of it since.
    """
    nest = scope.nest_at(end)
    reaching = scope.reaching(name, start, nest)
    if _comes_from_elsewhere(scope, reaching):
        return True
    component = _component(scope, reaching)
    own = {binding for binding in component if start <= binding.at <= end}
    for other in {binding.name for binding in component - own} - {name}:
        for use in scope.reads_after(other, end, nest):
            reaching = scope.reaching(other, use.at, use.nest)
            if use.deferred or any(each in component for each in reaching):
                return True
    return False


def read_after(scope: Scope, name: str, start: Position, end: Position) -> bool:
    """Whether ``name`` is read after the statement from ``start`` to ``end`` before it is bound again."""
    nest = scope.nest_at(end)
    own = [each for each in scope.bindings if each.name == name and start <= each.at <= end]
    here = [*scope.reaching(name, start, nest), *own]
    for use in scope.reads_after(name, end, nest):
        reaching = scope.reaching(name, use.at, use.nest)
        if use.deferred or not reaching:
            return True
        if use.at <= end:
            reaching = [each for each in reaching if not scope.is_bound_anew(each, nest, use)]
        if any(each in here for each in reaching):
            return True
    return False


def _comes_from_elsewhere(scope: Scope, start: list[Binding]) -> bool:
    """Whether the memory surely is a caller's, an attribute's or a container's."""
    pending, seen = list(start), set()
    while pending:
        binding = pending.pop()
        if binding in seen:
            continue
        seen.add(binding)
        for share in binding.shares:
            if share.certain and share.name == ELSEWHERE:
                return True
            if share.certain:
                pending += scope.reaching(share.name, binding.at, binding.nest)
    return False


def _component(scope: Scope, start: list[Binding]) -> set[Binding]:
    """The bindings that are connected with ``start`` by shared memory, in either direction."""
    linked: dict[Binding, list[Binding]] = {binding: [] for binding in scope.bindings}
    for binding in scope.bindings:
        for share in binding.shares:
            if share.name != ELSEWHERE:
                for origin in scope.reaching(share.name, binding.at, binding.nest):
                    linked[binding].append(origin)
                    linked[origin].append(binding)
    found: set[Binding] = set()
    pending = list(start)
    while pending:
        binding = pending.pop()
        if binding not in found:
            found.add(binding)
            pending += linked[binding]
    return found
