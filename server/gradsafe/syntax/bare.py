"""What the lowering needs of a chunk's tree, from CPython's parser: libcst's nodes without white space and parentheses.

libcst takes 0.5 ms and more for a statement, and as long again to tell where its nodes stand; of a file with many imports
that was half of the time. CPython's own parser has both at once, and is four to five times as fast with all that is done here. Only
where it cannot tell (broken or newer text), or where its tree says too little, is the text given to libcst.
``tests/syntax/test_bare.py`` holds that both lower to the same instructions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import libcst as cst

from gradsafe.syntax.bare_expressions import (
    BINARY,
    Conversion,
    Unclear,
    arguments,
    dotted,
    make,
    parameters,
    sign,
    word,
)
from gradsafe.syntax.cpython import parsed
from gradsafe.syntax.offsets import At, RoundTripError

N = TypeVar("N", bound=cst.CSTNode)

_NAME_FOLLOWS = re.compile(r"(?:async[\s\\]+)?(?:def|class)[\s\\]+")
_ASYNC, _DOT = sign(cst.Asynchronous), sign(cst.Dot)


def convert(source: str) -> tuple[list[cst.BaseStatement], dict[cst.CSTNode, At]] | None:
    """The statements of ``source`` and where their nodes stand, in code points; None where libcst has to be asked.

    Give it nothing that the guard refuses, and no carriage return or form feed, which end lines in their own ways.
    """
    tree = parsed(source)
    if tree is None:
        return None
    conversion = Conversion(source)
    try:
        return _statements(conversion, tree.body), conversion.found
    except (Unclear, RecursionError, cst.ParserSyntaxError, RoundTripError):
        return None


def _statements(to: Conversion, nodes: Iterable[ast.stmt]) -> list[cst.BaseStatement]:
    return [_statement(to, node) for node in nodes]


def _statement(to: Conversion, node: ast.stmt) -> cst.BaseStatement:
    at = (to.start(node), to.end(node))
    small = _SMALL.get(type(node))
    if small is not None:
        made = small(to, node)
        to.found[made] = at
        return to.placed(at, cst.SimpleStatementLine, body=[made])
    compound = _COMPOUND.get(type(node))
    if compound is None:
        raise Unclear(type(node).__name__)
    found: cst.BaseStatement = compound(to, node)
    to.found[found] = at
    return found


def _block(to: Conversion, nodes: Sequence[ast.stmt]) -> cst.IndentedBlock:
    return make(cst.IndentedBlock, body=_statements(to, nodes))


def _orelse(to: Conversion, nodes: Sequence[ast.stmt]) -> cst.Else | None:
    return make(cst.Else, body=_block(to, nodes)) if nodes else None


def _name_of(to: Conversion, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> cst.Name:
    """The name of a definition, whose place CPython does not tell."""
    keyword = _NAME_FOLLOWS.match(to.source, to.start(node))
    if keyword is None or not to.source.startswith(node.name, keyword.end()):
        raise Unclear(node.name)
    return to.placed((keyword.end(), keyword.end() + len(node.name)), cst.Name, value=node.name)


def _delete(to: Conversion, node: ast.Delete) -> cst.Del:
    if len(node.targets) == 1:
        return make(cst.Del, target=to.expression(node.targets[0]))
    return make(cst.Del, target=make(cst.Tuple, elements=to.elements(node.targets)))


def _names(kind: type[N]) -> Callable[[Conversion, Any], N]:
    return lambda to, node: make(kind, names=[make(cst.NameItem, name=word(name)) for name in node.names])


def _aliases(node: ast.Import | ast.ImportFrom) -> list[cst.ImportAlias]:
    return [
        make(
            cst.ImportAlias,
            name=dotted(each.name),
            asname=make(cst.AsName, name=word(each.asname)) if each.asname else None,
        )
        for each in node.names
    ]


def _import_from(to: Conversion, node: ast.ImportFrom) -> cst.ImportFrom:
    names = make(cst.ImportStar) if node.names[0].name == "*" else _aliases(node)
    module = dotted(node.module) if node.module else None
    return make(cst.ImportFrom, module=module, names=names, relative=[_DOT] * (node.level or 0))


def _annotated(to: Conversion, node: ast.AnnAssign) -> cst.AnnAssign:
    annotation = make(cst.Annotation, annotation=to.expression(node.annotation))
    return make(
        cst.AnnAssign, target=to.expression(node.target), annotation=annotation, value=to.maybe(node.value)
    )


_SMALL: dict[type[ast.stmt], Callable[[Conversion, Any], cst.BaseSmallStatement]] = {
    ast.Expr: lambda to, node: make(cst.Expr, value=to.expression(node.value)),
    ast.Assign: lambda to, node: make(
        cst.Assign, value=to.expression(node.value),
        targets=[make(cst.AssignTarget, target=each) for each in to.all(node.targets)],
    ),
    ast.AnnAssign: _annotated,
    ast.AugAssign: lambda to, node: make(
        cst.AugAssign, target=to.expression(node.target), operator=BINARY[type(node.op)][1],
        value=to.expression(node.value),
    ),
    ast.Return: lambda to, node: make(cst.Return, value=to.maybe(node.value)),
    ast.Delete: _delete,
    ast.Raise: lambda to, node: make(cst.Raise, exc=to.maybe(node.exc)),
    ast.Assert: lambda to, node: make(cst.Assert, test=to.expression(node.test)),
    ast.Global: _names(cst.Global),
    ast.Nonlocal: _names(cst.Nonlocal),
    ast.Import: lambda to, node: make(cst.Import, names=_aliases(node)),
    ast.ImportFrom: _import_from,
    ast.Pass: lambda to, node: make(cst.Pass),
    ast.Break: lambda to, node: make(cst.Break),
    ast.Continue: lambda to, node: make(cst.Continue),
}  # fmt: skip


def _if(to: Conversion, node: ast.If) -> cst.If:
    orelse: cst.If | cst.Else | None
    if len(node.orelse) == 1 and to.source.startswith("elif", to.start(node.orelse[0])):
        rest = _statement(to, node.orelse[0])
        assert isinstance(rest, cst.If)
        orelse = rest
    else:
        orelse = _orelse(to, node.orelse)
    return make(cst.If, test=to.expression(node.test), body=_block(to, node.body), orelse=orelse)


def _for(to: Conversion, node: ast.For | ast.AsyncFor) -> cst.For:
    return make(
        cst.For, target=to.expression(node.target), iter=to.expression(node.iter), body=_block(to, node.body),
        orelse=_orelse(to, node.orelse),
    )  # fmt: skip


def _while(to: Conversion, node: ast.While) -> cst.While:
    return make(
        cst.While, test=to.expression(node.test), body=_block(to, node.body), orelse=_orelse(to, node.orelse)
    )


def _with(to: Conversion, node: ast.With | ast.AsyncWith) -> cst.With:
    def named(target: ast.expr | None) -> cst.AsName | None:
        return make(cst.AsName, name=to.expression(target)) if target is not None else None

    items = [
        make(cst.WithItem, item=to.expression(each.context_expr), asname=named(each.optional_vars))
        for each in node.items
    ]
    return make(cst.With, items=items, body=_block(to, node.body))


def _try(to: Conversion, node: ast.Try) -> cst.Try:
    handlers = [
        make(
            cst.ExceptHandler, type=to.maybe(each.type), body=_block(to, each.body),
            name=make(cst.AsName, name=word(each.name)) if each.name else None,
        )
        for each in node.handlers
    ]  # fmt: skip
    final = make(cst.Finally, body=_block(to, node.finalbody)) if node.finalbody else None
    return make(
        cst.Try,
        body=_block(to, node.body),
        handlers=handlers,
        orelse=_orelse(to, node.orelse),
        finalbody=final,
    )


def _decorators(to: Conversion, nodes: Sequence[ast.expr]) -> list[cst.Decorator]:
    return [make(cst.Decorator, decorator=each) for each in to.all(nodes)]


def _function(to: Conversion, node: ast.FunctionDef | ast.AsyncFunctionDef) -> cst.FunctionDef:
    return make(
        cst.FunctionDef, name=_name_of(to, node), params=parameters(to, node.args), body=_block(to, node.body),
        decorators=_decorators(to, node.decorator_list),
        asynchronous=_ASYNC if isinstance(node, ast.AsyncFunctionDef) else None,
    )  # fmt: skip


def _class(to: Conversion, node: ast.ClassDef) -> cst.ClassDef:
    return make(
        cst.ClassDef, name=_name_of(to, node), bases=arguments(to, node.bases, ()),
        keywords=arguments(to, (), node.keywords), body=_block(to, node.body),
        decorators=_decorators(to, node.decorator_list),
    )  # fmt: skip


_COMPOUND: dict[type[ast.stmt], Callable[[Conversion, Any], cst.BaseStatement]] = {
    ast.If: _if, ast.For: _for, ast.AsyncFor: _for, ast.While: _while, ast.With: _with, ast.AsyncWith: _with,
    ast.Try: _try, ast.FunctionDef: _function, ast.AsyncFunctionDef: _function, ast.ClassDef: _class,
}  # fmt: skip
