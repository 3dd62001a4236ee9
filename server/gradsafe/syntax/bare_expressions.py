"""Expressions of CPython's tree as libcst's nodes without white space and parentheses; see :mod:`gradsafe.syntax.bare`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import libcst as cst

from gradsafe.syntax.offsets import At, offsets

N = TypeVar("N", bound=cst.CSTNode)

_JOINT = re.compile(r"\b(?:and|or)\b")
_COMMENT = re.compile(r"#[^\n]*")
_FILLING = re.compile(r"(?:[\s\\]|#[^\n]*)*")
_CLOSING = re.compile(r"(?:[\s\\]|#[^\n]*)*([),])")


class Unclear(Exception):
    """The tree does not say all that is needed: ask libcst."""


def make(kind: type[N], **fields: Any) -> N:
    """A node with these fields alone: libcst's own constructor would make, and check, all the white space."""
    node = kind.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(node, name, value)
    return node


def sign(kind: type[N]) -> N:
    return make(kind)


BINARY: dict[type[ast.operator], tuple[cst.CSTNode, cst.CSTNode]] = {
    ast.Add: (sign(cst.Add), sign(cst.AddAssign)),
    ast.Sub: (sign(cst.Subtract), sign(cst.SubtractAssign)),
    ast.Mult: (sign(cst.Multiply), sign(cst.MultiplyAssign)),
    ast.Div: (sign(cst.Divide), sign(cst.DivideAssign)),
    ast.FloorDiv: (sign(cst.FloorDivide), sign(cst.FloorDivideAssign)),
    ast.Mod: (sign(cst.Modulo), sign(cst.ModuloAssign)),
    ast.Pow: (sign(cst.Power), sign(cst.PowerAssign)),
    ast.MatMult: (sign(cst.MatrixMultiply), sign(cst.MatrixMultiplyAssign)),
    ast.BitAnd: (sign(cst.BitAnd), sign(cst.BitAndAssign)),
    ast.BitOr: (sign(cst.BitOr), sign(cst.BitOrAssign)),
    ast.BitXor: (sign(cst.BitXor), sign(cst.BitXorAssign)),
    ast.LShift: (sign(cst.LeftShift), sign(cst.LeftShiftAssign)),
    ast.RShift: (sign(cst.RightShift), sign(cst.RightShiftAssign)),
}
_COMPARE: dict[type[ast.cmpop], cst.CSTNode] = {
    ast.Eq: sign(cst.Equal), ast.NotEq: sign(cst.NotEqual), ast.Lt: sign(cst.LessThan),
    ast.LtE: sign(cst.LessThanEqual), ast.Gt: sign(cst.GreaterThan), ast.GtE: sign(cst.GreaterThanEqual),
    ast.Is: sign(cst.Is), ast.IsNot: sign(cst.IsNot), ast.In: sign(cst.In), ast.NotIn: sign(cst.NotIn),
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], cst.CSTNode] = {
    ast.USub: sign(cst.Minus), ast.UAdd: sign(cst.Plus), ast.Invert: sign(cst.BitInvert), ast.Not: sign(cst.Not),
}  # fmt: skip
_AND, _OR, _COMMA = sign(cst.And), sign(cst.Or), sign(cst.Comma)


class Conversion:
    """One text's tree being turned into libcst's nodes; ``found``: where they stand."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: dict[cst.CSTNode, At] = {}
        self._lines = source.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._ascii = source.isascii()

    # -- places

    def offset(self, row: int, column: int) -> int:
        """Of CPython's row and byte."""
        if not self._ascii:
            column = len(self._lines[row - 1].encode()[:column].decode())
        return self._starts[row - 1] + column

    def start(self, node: Any) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Any) -> int:
        return self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: Any) -> str:
        return self.source[self.start(node) : self.end(node)]

    def placed(self, at: At, kind: type[N], **fields: Any) -> N:
        node = make(kind, **fields)
        self.found[node] = at
        return node

    def inside(self, start: int, last: Any, end: int) -> At:
        """The bounds of what stands in the parentheses from ``start`` to ``end``; ``last`` is the last node in them."""
        filling = _FILLING.match(self.source, start + 1)
        begin, stop = filling.end() if filling else start + 1, self.end(last)
        while (close := _CLOSING.match(self.source, stop)) is not None and close.end() < end:
            stop = close.end()
        return begin, stop

    # -- expressions

    def expression(self, node: ast.expr) -> cst.BaseExpression:
        method = _EXPRESSIONS.get(type(node))
        if method is None:
            raise Unclear(type(node).__name__)
        made: cst.BaseExpression = method(self, node)
        if made not in self.found:
            self.found[made] = (self.start(node), self.end(node))
        return made

    def maybe(self, node: ast.expr | None) -> cst.BaseExpression | None:
        return self.expression(node) if node is not None else None

    def all(self, nodes: Iterable[ast.expr]) -> list[cst.BaseExpression]:
        return [self.expression(node) for node in nodes]

    def elements(self, nodes: Iterable[ast.expr]) -> list[cst.BaseElement]:
        return [
            make(cst.StarredElement, value=self.expression(node.value))
            if isinstance(node, ast.Starred)
            else make(cst.Element, value=self.expression(node))
            for node in nodes
        ]

    def parenthesized(self, node: ast.Tuple) -> bool:
        """Are the parentheses around a tuple its own? CPython's bounds are those of the text from first to last sign."""
        if not node.elts:
            return True
        first = node.elts[0]
        opened = _COMMENT.sub("", self.source[self.start(node) : self.start(first)]).count("(")
        following = _COMMENT.sub("", self.source[self.end(first) : self.end(node)]).partition(",")[0]
        return opened > following.count(")")


def word(name: str) -> cst.Name:
    return make(cst.Name, value=name)


def dotted(name: str) -> cst.Name | cst.Attribute:
    first, *rest = name.split(".")
    made: cst.Name | cst.Attribute = word(first)
    for part in rest:
        made = make(cst.Attribute, value=made, attr=word(part))
    return made


def _constant(to: Conversion, node: ast.Constant) -> cst.BaseExpression:
    value = node.value
    if value is None or isinstance(value, bool):
        return word(str(value))
    if value is ...:
        return make(cst.Ellipsis)
    if isinstance(value, (str, bytes)):  # several side by side may stand in several lines
        return make(cst.SimpleString, value=f"({to.text(node)})")
    return _NUMBERS[type(value)](to.text(node))


_NUMBERS: dict[type, Callable[[str], cst.BaseNumber]] = {
    int: lambda text: make(cst.Integer, value=text),
    float: lambda text: make(cst.Float, value=text),
    complex: lambda text: make(cst.Imaginary, value=text),
}


def _formatted(to: Conversion, node: ast.expr) -> cst.BaseExpression:
    """An f-string: before Python 3.12 nobody but libcst knows where its parts stand."""
    start, source = to.start(node), f"({to.text(node)})"
    module = cst.parse_module(source)
    for each, (begin, end) in offsets(module, source).items():
        to.found[each] = (begin + start - 1, end + start - 1)
    line = module.body[0]
    assert isinstance(line, cst.SimpleStatementLine)
    expression = line.body[0]
    assert isinstance(expression, cst.Expr)
    return expression.value


def _call(to: Conversion, node: ast.Call) -> cst.Call:
    func = to.expression(node.func)
    return make(cst.Call, func=func, args=arguments(to, node.args, node.keywords))


def arguments(to: Conversion, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> list[cst.Arg]:
    """In the order of the text."""
    given: list[ast.expr | ast.keyword] = [*args, *keywords]
    if keywords and any(isinstance(each, ast.Starred) for each in args):
        given.sort(key=lambda each: (each.lineno, each.col_offset))
    made: list[cst.Arg] = []
    for each in given:
        if isinstance(each, ast.keyword):
            keyword = word(each.arg) if each.arg is not None else None
            star = "" if keyword is not None else "**"
            made.append(make(cst.Arg, value=to.expression(each.value), keyword=keyword, star=star))
        elif isinstance(each, ast.Starred):
            made.append(make(cst.Arg, value=to.expression(each.value), keyword=None, star="*"))
        else:
            made.append(make(cst.Arg, value=to.expression(each), keyword=None, star=""))
    return made


def _subscript(to: Conversion, node: ast.Subscript) -> cst.Subscript:
    value, index = to.expression(node.value), node.slice
    parts, comma = [index], None
    if isinstance(index, ast.Tuple) and not to.parenthesized(index):
        parts = index.elts
        comma = _COMMA if len(parts) == 1 else None
    elements = [make(cst.SubscriptElement, slice=_subscript_element(to, part), comma=comma) for part in parts]
    return make(cst.Subscript, value=value, slice=elements)


def _subscript_element(to: Conversion, node: ast.expr) -> cst.BaseSlice:
    if not isinstance(node, ast.Slice):
        return make(cst.Index, value=to.expression(node))
    bounds = {"lower": to.maybe(node.lower), "upper": to.maybe(node.upper), "step": to.maybe(node.step)}
    return to.placed((to.start(node), to.end(node)), cst.Slice, **bounds)


def _boolean(to: Conversion, node: ast.BoolOp) -> cst.BaseExpression:
    """CPython has all operands in one node, libcst one node for each operator."""
    operator = _AND if isinstance(node.op, ast.And) else _OR
    start, made = to.start(node), to.expression(node.values[0])
    for index, value in enumerate(node.values[1:], 1):
        if index > 1:
            to.found.setdefault(made, (start, _operand_end(to, node.values[index - 1], value)))
        right = to.expression(value)
        made = make(cst.BooleanOperation, left=made, operator=operator, right=right)
    return made


def _operand_end(to: Conversion, operand: ast.expr, following: ast.expr) -> int:
    """Where an operand ends, its parentheses included."""
    end = to.end(operand)
    gap = to.source[end : to.start(following)]
    word = _JOINT.search(gap)
    if word is None or "#" in gap:
        raise Unclear(gap)
    return end + len(gap[: word.start()].rstrip(" \t\n\\"))


def _comparison(to: Conversion, node: ast.Compare) -> cst.Comparison:
    left = to.expression(node.left)
    links = [
        make(cst.ComparisonTarget, operator=_COMPARE[type(op)], comparator=to.expression(right))
        for op, right in zip(node.ops, node.comparators, strict=True)
    ]
    return make(cst.Comparison, left=left, comparisons=links)


def _tuple(to: Conversion, node: ast.Tuple) -> cst.Tuple:
    made = make(cst.Tuple, elements=to.elements(node.elts))
    if to.parenthesized(node):
        start, end = to.start(node), to.end(node)
        to.found[made] = to.inside(start, node.elts[-1], end) if node.elts else (start + 1, start + 1)
    return made


def _dict(to: Conversion, node: ast.Dict) -> cst.Dict:
    elements = [
        make(cst.StarredDictElement, value=to.expression(value))
        if key is None
        else make(cst.DictElement, key=to.expression(key), value=to.expression(value))
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    return make(cst.Dict, elements=elements)


def parameters(to: Conversion, node: ast.arguments) -> cst.Parameters:
    def one(arg: ast.arg, default: ast.expr | None = None) -> cst.Param:
        annotation = None
        if arg.annotation is not None:
            annotation = make(cst.Annotation, annotation=to.expression(arg.annotation))
        return make(cst.Param, name=word(arg.arg), default=to.maybe(default), annotation=annotation)

    plain = [*node.posonlyargs, *node.args]
    defaults = [*([None] * (len(plain) - len(node.defaults))), *node.defaults]
    params = [one(arg, default) for arg, default in zip(plain, defaults, strict=True)]
    named = [one(arg, default) for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    split = len(node.posonlyargs)
    return make(
        cst.Parameters, posonly_params=params[:split], params=params[split:], kwonly_params=named,
        star_arg=one(node.vararg) if node.vararg is not None else None,
        star_kwarg=one(node.kwarg) if node.kwarg is not None else None,
    )  # fmt: skip


def _lambda(to: Conversion, node: ast.Lambda) -> cst.Lambda:
    return make(cst.Lambda, params=parameters(to, node.args), body=to.expression(node.body))


def _loops(to: Conversion, nodes: Sequence[ast.comprehension]) -> cst.CompFor:
    made: cst.CompFor | None = None
    for node in reversed(nodes):
        ifs = [make(cst.CompIf, test=to.expression(test)) for test in node.ifs]
        target, iterable = to.expression(node.target), to.expression(node.iter)
        made = make(cst.CompFor, target=target, iter=iterable, ifs=ifs, inner_for_in=made)
    assert made is not None
    return made


def _comprehension(kind: type[N]) -> Callable[[Conversion, Any], N]:
    def convert(to: Conversion, node: Any) -> N:
        return make(kind, elt=to.expression(node.elt), for_in=_loops(to, node.generators))

    return convert


def _generator(to: Conversion, node: ast.GeneratorExp) -> cst.GeneratorExp:
    last = node.generators[-1]
    at = to.inside(to.start(node), last.ifs[-1] if last.ifs else last.iter, to.end(node))
    return to.placed(at, cst.GeneratorExp, elt=to.expression(node.elt), for_in=_loops(to, node.generators))


def _yield_from(to: Conversion, node: ast.YieldFrom) -> cst.Yield:
    return make(cst.Yield, value=make(cst.From, item=to.expression(node.value)))


_EXPRESSIONS: dict[type[ast.expr], Callable[[Conversion, Any], cst.BaseExpression]] = {
    ast.Name: lambda to, node: word(node.id),
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Attribute: lambda to, node: make(cst.Attribute, value=to.expression(node.value), attr=word(node.attr)),
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.BinOp: lambda to, node: make(
        cst.BinaryOperation, left=to.expression(node.left), operator=BINARY[type(node.op)][0],
        right=to.expression(node.right),
    ),
    ast.BoolOp: _boolean,
    ast.UnaryOp: lambda to, node: make(
        cst.UnaryOperation, operator=_UNARY[type(node.op)], expression=to.expression(node.operand)
    ),
    ast.Compare: _comparison,
    ast.IfExp: lambda to, node: make(
        cst.IfExp, test=to.expression(node.test), body=to.expression(node.body), orelse=to.expression(node.orelse)
    ),
    ast.Tuple: _tuple,
    ast.List: lambda to, node: make(cst.List, elements=to.elements(node.elts)),
    ast.Set: lambda to, node: make(cst.Set, elements=to.elements(node.elts)),
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.NamedExpr: lambda to, node: make(
        cst.NamedExpr, target=to.expression(node.target), value=to.expression(node.value)
    ),
    ast.ListComp: _comprehension(cst.ListComp),
    ast.SetComp: _comprehension(cst.SetComp),
    ast.GeneratorExp: _generator,
    ast.DictComp: lambda to, node: make(
        cst.DictComp, key=to.expression(node.key), value=to.expression(node.value), for_in=_loops(to, node.generators)
    ),
    ast.Yield: lambda to, node: make(cst.Yield, value=to.maybe(node.value)),
    ast.YieldFrom: _yield_from,
    ast.Await: lambda to, node: make(cst.Await, expression=to.expression(node.value)),
}  # fmt: skip
