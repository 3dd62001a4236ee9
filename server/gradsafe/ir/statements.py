"""Lowering of statements: a libcst statement becomes instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from gradsafe.ir import instructions as ir
from gradsafe.ir.expressions import (
    AUGMENTED,
    Lowering,
    arguments,
    assign,
    parameters,
    subscript_index,
)
from gradsafe.ir.instructions import Body, LazyBody
from gradsafe.ir.patterns import lower_case


def lower_statements(low: Lowering, nodes: Sequence[cst.BaseStatement], body: LazyBody | None = None) -> None:
    """Emit ``nodes``; ``body``, if given, replaces the (empty) body of the one compound statement in them."""
    for node in nodes:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                _small(low, small)
        else:
            _compound(low, node, body)


def suite(low: Lowering, node: cst.BaseSuite) -> Body:
    """The statements of an indented block or of ``if x: y; z``, as a body."""

    def build() -> None:
        if isinstance(node, cst.SimpleStatementSuite):
            for small in node.body:
                _small(low, small)
        else:
            assert isinstance(node, cst.IndentedBlock)
            lower_statements(low, node.body)

    return low.nested(build)[0]


def _small(low: Lowering, node: cst.BaseSmallStatement) -> None:
    method = _SMALL.get(type(node))
    if method is not None:
        method(low, node)


def _expr(low: Lowering, node: cst.Expr) -> None:
    low.expression(node.value)
    last = low.out[-1] if low.out else None
    if isinstance(node.value, cst.Call) and isinstance(last, ir.Call):
        low.out[-1] = replace(last, for_effect=True)


def _assign(low: Lowering, node: cst.Assign) -> None:
    src = low.expression(node.value)
    for target in node.targets:
        assign(low, target.target, src)


def _ann_assign(low: Lowering, node: cst.AnnAssign) -> None:
    if node.value is not None:
        assign(low, node.target, low.expression(node.value))
    if isinstance(node.target, cst.Name):
        annotation = low.source(node.annotation.annotation)
        low.emit(ir.Annotate(low.span(node.target), node.target.value, annotation))


def _aug_assign(low: Lowering, node: cst.AugAssign) -> None:
    """``t OP= v``: read the target once, apply the in-place operator, store it back, as Python does."""
    at, op, target = low.span(node), AUGMENTED[type(node.operator)], node.target
    subject, dst, old = low.subject(target), low.reg(), low.reg()
    if isinstance(target, cst.Attribute):
        obj = low.expression(target.value)
        low.emit(ir.Attr(low.span(target), old, obj, target.attr.value, low.subject(target.value)))
        right = low.expression(node.value)
        low.emit(ir.InPlace(at, dst, op, old, right, subject))
        low.emit(ir.SetAttr(at, obj, target.attr.value, dst, low.subject(target.value)))
    elif isinstance(target, cst.Subscript):
        obj = low.expression(target.value)
        index = subscript_index(low, target)
        low.emit(ir.Item(low.span(target), old, obj, index, low.subject(target.value)))
        right = low.expression(node.value)
        low.emit(ir.InPlace(at, dst, op, old, right, subject))
        low.emit(ir.SetItem(at, obj, index, dst, low.subject(target.value), augmented=True))
    elif isinstance(target, cst.Name):
        low.emit(ir.Load(low.span(target), old, target.value))
        right = low.expression(node.value)
        low.emit(ir.InPlace(at, dst, op, old, right, subject))
        low.emit(ir.Store(at, target.value, dst))


def _return(low: Lowering, node: cst.Return) -> None:
    src = low.expression(node.value) if node.value is not None else None
    low.emit(ir.Return(low.span(node), src))


def _del(low: Lowering, node: cst.Del) -> None:
    targets = [e.value for e in node.target.elements] if isinstance(node.target, cst.Tuple) else [node.target]
    for target in targets:
        if isinstance(target, cst.Name):
            low.emit(ir.Delete(low.span(target), target.value))
        elif isinstance(target, cst.Attribute):
            obj = low.expression(target.value)
            low.emit(ir.DeleteAttr(low.span(target), obj, target.attr.value))
        elif isinstance(target, cst.Subscript):
            obj = low.expression(target.value)
            low.emit(ir.DeleteItem(low.span(target), obj, subscript_index(low, target)))


def _raise(low: Lowering, node: cst.Raise) -> None:
    src = low.expression(node.exc) if node.exc is not None else None
    low.emit(ir.RaiseStatement(low.span(node), src))


def _assert(low: Lowering, node: cst.Assert) -> None:
    test = low.expression(node.test)
    low.emit(ir.Assert(low.span(node), test, low.source(node.test)))


def _scope(low: Lowering, node: cst.Global | cst.Nonlocal) -> None:
    kind = "global" if isinstance(node, cst.Global) else "nonlocal"
    low.emit(ir.Scope(low.span(node), kind, tuple(item.name.value for item in node.names)))


def dotted(node: cst.BaseExpression | None) -> str:
    """``a.b.c`` as a string; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


def _import(low: Lowering, node: cst.Import) -> None:
    at = low.span(node)
    for alias in node.names:
        module = dotted(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            low.emit(ir.Import(at, module, alias.asname.name.value, bind_root=False))
        else:
            low.emit(ir.Import(at, module, module.split(".")[0], bind_root=True))


def _import_from(low: Lowering, node: cst.ImportFrom) -> None:
    at, level, module = low.span(node), len(node.relative), dotted(node.module)
    if isinstance(node.names, cst.ImportStar):
        low.emit(ir.ImportFrom(at, module, level, "*", "*"))
        return
    for alias in node.names:
        attr = dotted(alias.name)
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else attr
        low.emit(ir.ImportFrom(at, module, level, attr, bound))


_SMALL: dict[type[cst.CSTNode], Callable[[Lowering, Any], None]] = {
    cst.Expr: _expr, cst.Assign: _assign, cst.AnnAssign: _ann_assign, cst.AugAssign: _aug_assign,
    cst.Return: _return, cst.Del: _del, cst.Raise: _raise, cst.Assert: _assert, cst.Global: _scope,
    cst.Nonlocal: _scope, cst.Import: _import, cst.ImportFrom: _import_from,
    cst.Break: lambda low, node: low.emit(ir.Break(low.span(node))),
    cst.Continue: lambda low, node: low.emit(ir.Continue(low.span(node))),
}  # fmt: skip


def _compound(low: Lowering, node: cst.BaseStatement, body: LazyBody | None) -> None:
    method = _COMPOUND.get(type(node))
    if method is None:
        low.emit(ir.Unmodelled(low.span(node), f"no lowering for {type(node).__name__}"))
    else:
        method(low, node, body)


def _body(low: Lowering, node: cst.BaseSuite, body: LazyBody | None) -> LazyBody:
    return suite(low, node) if body is None else body


def _orelse(low: Lowering, node: cst.Else | None) -> Body:
    return suite(low, node.body) if node is not None else ()


def _if(low: Lowering, node: cst.If, body: LazyBody | None) -> None:
    """An ``elif`` ladder: each further test stands in the ``else`` body of the one before."""
    ladder: list[cst.If] = []
    rest: cst.If | cst.Else | None = node
    while isinstance(rest, cst.If):
        ladder.append(rest)
        rest = rest.orelse
    tail = _orelse(low, rest)
    for rung in reversed(ladder[1:]):

        def build(rung: cst.If = rung, tail: Body = tail) -> None:
            test = low.expression(rung.test)
            low.emit(ir.If(low.span(rung.test), test, low.source(rung.test), suite(low, rung.body), tail))

        tail = low.nested(build)[0]
    test = low.expression(node.test)
    yes = _body(low, node.body, body)
    low.emit(ir.If(low.span(node.test), test, low.source(node.test), yes, tail))


def _for(low: Lowering, node: cst.For, body: LazyBody | None) -> None:
    iterable, target = low.expression(node.iter), low.reg()
    stores = low.nested(lambda: assign(low, node.target, target))[0]
    inner, orelse = _body(low, node.body, body), _orelse(low, node.orelse)
    at = low.span(node.iter)
    low.emit(ir.For(at, iterable, target, stores, inner, orelse, low.source(node.iter)))


def _while(low: Lowering, node: cst.While, body: LazyBody | None) -> None:
    condition, test = low.nested(lambda: low.expression(node.test))
    inner, orelse = _body(low, node.body, body), _orelse(low, node.orelse)
    low.emit(ir.While(low.span(node.test), condition, test, low.source(node.test), inner, orelse))


def _with(low: Lowering, node: cst.With, body: LazyBody | None) -> None:
    def level(items: Sequence[cst.WithItem]) -> None:
        item = items[0]
        manager, target = low.expression(item.item), low.reg()
        name = item.asname.name if item.asname is not None else None
        stores = low.nested(lambda: assign(low, name, target) if name is not None else None)[0]
        inner: LazyBody
        if len(items) > 1:
            inner = low.nested(lambda: level(items[1:]))[0]
        else:
            inner = _body(low, node.body, body)
        low.emit(ir.With(low.span(item.item), manager, target, stores, inner))

    level(node.items)


def exception_names(node: cst.BaseExpression | None) -> tuple[str, ...]:
    """The exception types of a handler, as dotted names; ``?`` for an expression that is no name."""
    if node is None:
        return ()
    elements = [e.value for e in node.elements] if isinstance(node, cst.Tuple) else [node]
    return tuple(dotted(element) or "?" for element in elements)


def _handler(low: Lowering, node: cst.ExceptHandler | cst.ExceptStarHandler) -> ir.Handler:
    name = node.name.name.value if node.name is not None and isinstance(node.name.name, cst.Name) else None
    return ir.Handler(exception_names(node.type), name, suite(low, node.body))


def _try(low: Lowering, node: cst.Try | cst.TryStar, body: LazyBody | None) -> None:
    inner = _body(low, node.body, body)
    handlers = tuple(_handler(low, handler) for handler in node.handlers)
    final = suite(low, node.finalbody.body) if node.finalbody is not None else ()
    low.emit(ir.Try(low.span(node), inner, handlers, _orelse(low, node.orelse), final))


def _function(low: Lowering, node: cst.FunctionDef, body: LazyBody | None) -> None:
    decorators = [(low.source(d.decorator), low.expression(d.decorator)) for d in node.decorators]
    params = parameters(low, node.params)
    dst, at = low.reg(), low.span(node.name)
    names = tuple(text for text, _ in decorators)
    is_async = node.asynchronous is not None
    inner = _body(low, node.body, body)
    low.emit(ir.Function(at, dst, node.name.value, params, inner, names, is_async))
    _decorate_and_store(low, node.name, decorators, dst)


def _class(low: Lowering, node: cst.ClassDef, body: LazyBody | None) -> None:
    decorators = [(low.source(d.decorator), low.expression(d.decorator)) for d in node.decorators]
    bases = arguments(low, [*node.bases, *node.keywords])
    dst, at = low.reg(), low.span(node.name)
    low.emit(ir.Class(at, dst, node.name.value, bases, _body(low, node.body, body)))
    _decorate_and_store(low, node.name, decorators, dst)


def _decorate_and_store(low: Lowering, name: cst.Name, decorators: list[tuple[str, int]], dst: int) -> None:
    at = low.span(name)
    for _, decorator in reversed(decorators):
        wrapped = low.reg()
        low.emit(ir.Call(at, wrapped, decorator, (ir.Argument(dst),), decorates=True))
        dst = wrapped
    low.emit(ir.Store(at, name.value, dst))


def _match(low: Lowering, node: cst.Match, body: LazyBody | None) -> None:
    subject = low.expression(node.subject)
    cases = tuple(lower_case(low, case, suite(low, case.body)) for case in node.cases)
    low.emit(ir.Match(low.span(node.subject), subject, cases))


_COMPOUND: dict[type[cst.CSTNode], Callable[[Lowering, Any, LazyBody | None], None]] = {
    cst.If: _if, cst.For: _for, cst.While: _while, cst.With: _with, cst.Try: _try, cst.TryStar: _try,
    cst.FunctionDef: _function, cst.ClassDef: _class, cst.Match: _match,
}  # fmt: skip
