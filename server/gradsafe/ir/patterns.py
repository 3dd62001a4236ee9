"""Lowering of the patterns of ``match``."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.ir import instructions as ir
from gradsafe.ir.expressions import Lowering
from gradsafe.ir.instructions import LazyBody, Pattern


def lower_case(low: Lowering, node: cst.MatchCase, body: LazyBody) -> ir.Case:
    """One case: its pattern as a tree, its guard as a body of its own."""
    pattern = lower_pattern(low, node.pattern)
    guard: ir.Body = ()
    guard_reg = None
    if node.guard is not None:
        guard, guard_reg = low.nested(functools.partial(low.expression, node.guard))
    binds = tuple(dict.fromkeys(_names(pattern))) if pattern is not None else ()
    return ir.Case(low.source(node.pattern), pattern, binds, guard, guard_reg, body)


def lower_pattern(low: Lowering, node: cst.MatchPattern) -> Pattern | None:
    """The pattern as a tree; None for what is not modelled."""
    if isinstance(node, (cst.MatchValue, cst.MatchSingleton)):
        return _value(low, node.value)
    if isinstance(node, cst.MatchAs):
        inner = lower_pattern(low, node.pattern) if node.pattern is not None else None
        if node.pattern is not None and inner is None:
            return None
        return ir.PatternCapture(node.name.value if node.name is not None else None, inner)
    if isinstance(node, cst.MatchOr):
        found = _all(low, [each.pattern for each in node.patterns])
        return ir.PatternOr(found) if found is not None else None
    if isinstance(node, (cst.MatchList, cst.MatchTuple)):
        return _sequence(low, node.patterns)
    if isinstance(node, cst.MatchMapping):
        return _mapping(low, node)
    if isinstance(node, cst.MatchClass):
        return _class(low, node)
    return None


def _value(low: Lowering, node: cst.BaseExpression) -> ir.PatternValue:
    body, reg = low.nested(functools.partial(low.expression, node))
    return ir.PatternValue(body, reg)


def _all(low: Lowering, nodes: Sequence[cst.MatchPattern]) -> tuple[Pattern, ...] | None:
    found = [lower_pattern(low, node) for node in nodes]
    known = tuple(each for each in found if each is not None)
    return known if len(known) == len(found) else None


def _sequence(
    low: Lowering, elements: Sequence[cst.MatchSequenceElement | cst.MatchStar]
) -> ir.PatternSequence | None:
    items: list[Pattern] = []
    star: int | None = None
    for index, element in enumerate(elements):
        if isinstance(element, cst.MatchStar):
            star = index
            items.append(ir.PatternCapture(element.name.value if element.name is not None else None))
            continue
        item = lower_pattern(low, element.value)
        if item is None:
            return None
        items.append(item)
    return ir.PatternSequence(tuple(items), star)


def _mapping(low: Lowering, node: cst.MatchMapping) -> ir.PatternMapping | None:
    keys = tuple(_value(low, element.key) for element in node.elements)
    items = _all(low, [element.pattern for element in node.elements])
    rest = node.rest.value if node.rest is not None else None
    return ir.PatternMapping(keys, items, rest) if items is not None else None


def _class(low: Lowering, node: cst.MatchClass) -> ir.PatternClass | None:
    items = _all(low, [element.value for element in node.patterns])
    named = _all(low, [element.pattern for element in node.kwds])
    if items is None or named is None:
        return None
    names = [element.key.value for element in node.kwds]
    return ir.PatternClass(_value(low, node.cls), items, tuple(zip(names, named, strict=True)))


def _names(pattern: Pattern) -> Iterator[str]:
    stack: list[Pattern] = [pattern]
    while stack:
        each = stack.pop()
        if isinstance(each, ir.PatternCapture):
            if each.name is not None:
                yield each.name
            if each.pattern is not None:
                stack.append(each.pattern)
        elif isinstance(each, ir.PatternMapping):
            if each.rest is not None:
                yield each.rest
            stack.extend(each.items)
        elif isinstance(each, ir.PatternClass):
            stack.extend((*each.items, *(inner for _, inner in each.named)))
        elif isinstance(each, (ir.PatternSequence, ir.PatternOr)):
            stack.extend(each.items)
