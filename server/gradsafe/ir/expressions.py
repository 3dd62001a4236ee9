"""Lowering of expressions: a libcst expression becomes instructions and the register of its value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import libcst as cst

from gradsafe.ir import instructions as ir
from gradsafe.ir import strings
from gradsafe.ir.instructions import At, Block, Body, Instruction, Reg

BINARY = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.MatrixMultiply: "@", cst.BitAnd: "&", cst.BitOr: "|", cst.BitXor: "^",
    cst.LeftShift: "<<", cst.RightShift: ">>",
}  # fmt: skip
AUGMENTED = {
    cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//", cst.ModuloAssign: "%", cst.PowerAssign: "**", cst.MatrixMultiplyAssign: "@",
    cst.BitAndAssign: "&", cst.BitOrAssign: "|", cst.BitXorAssign: "^", cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
}  # fmt: skip
COMPARE = {
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.Is: "is", cst.IsNot: "is-not", cst.In: "in", cst.NotIn: "not-in",
}  # fmt: skip
UNARY = {cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~", cst.Not: "not"}
SUBJECT_LENGTH = 60
MAX_COMPARISONS = 16
"""Longest chain `a < b < ...` that is taken apart: each link nests one deeper."""
N = TypeVar("N", bound=cst.CSTNode)


class Lowering:
    """One chunk's text being lowered: hands out registers and collects instructions."""

    def __init__(self, text: str, span: Callable[[cst.CSTNode], At]) -> None:
        self.text = text
        self.span = span
        self.out: list[Instruction] = []
        self._registers = 0

    def reg(self) -> Reg:
        self._registers += 1
        return self._registers

    def emit(self, instruction: Instruction) -> None:
        self.out.append(instruction)

    def source(self, node: cst.CSTNode) -> str:
        start, end = self.span(node)
        return " ".join(self.text[start:end].split())

    def subject(self, node: cst.CSTNode) -> str:
        text = self.source(node)
        return text if len(text) <= SUBJECT_LENGTH else ""

    def nested(self, build: Callable[[], N2]) -> tuple[Body, N2]:
        """What ``build`` emits, as a body of its own, and what it returns."""
        outer, self.out = self.out, []
        try:
            value = build()
            return body_of(self.out), value
        finally:
            self.out = outer

    def const(self, at: At, value: object) -> Reg:
        dst = self.reg()
        self.emit(ir.Const(at, dst, value))
        return dst

    def expression(self, node: cst.BaseExpression) -> Reg:
        """The register that holds the value of ``node``."""
        method = _EXPRESSIONS.get(type(node))
        if method is not None:
            return method(self, node)
        dst = self.reg()
        self.emit(ir.Opaque(self.span(node), dst))
        return dst


N2 = TypeVar("N2")


def body_of(instructions: Sequence[Instruction]) -> Body:
    return (Block(None, tuple(instructions)),) if instructions else ()


def _name(low: Lowering, node: cst.Name) -> Reg:
    dst, at = low.reg(), low.span(node)
    if node.value in ("True", "False", "None"):
        low.emit(ir.Const(at, dst, {"True": True, "False": False, "None": None}[node.value]))
    else:
        low.emit(ir.Load(at, dst, node.value))
    return dst


def _number(low: Lowering, node: cst.Integer | cst.Float | cst.Imaginary) -> Reg:
    try:
        return low.const(low.span(node), strings.literal(node.value))
    except (ValueError, SyntaxError, MemoryError):
        dst = low.reg()
        low.emit(ir.Opaque(low.span(node), dst))
        return dst


def _ellipsis(low: Lowering, node: cst.Ellipsis) -> Reg:
    return low.const(low.span(node), ...)


def _trailers(low: Lowering, node: cst.Attribute | cst.Call | cst.Subscript) -> Reg:
    """A chain ``a.b(c)[d].e``, lowered from its base outwards without recursion."""
    chain: list[cst.Attribute | cst.Call | cst.Subscript] = []
    base: cst.BaseExpression = node
    while isinstance(base, (cst.Attribute, cst.Call, cst.Subscript)):
        chain.append(base)
        base = base.func if isinstance(base, cst.Call) else base.value
    reg = low.expression(base)
    for link in reversed(chain):
        dst = low.reg()
        if isinstance(link, cst.Attribute):
            low.emit(ir.Attr(low.span(link), dst, reg, link.attr.value, low.subject(link.value)))
        elif isinstance(link, cst.Subscript):
            index = subscript_index(low, link)
            low.emit(ir.Item(low.span(link), dst, reg, index, low.subject(link.value)))
        else:
            low.emit(ir.Call(low.span(link), dst, reg, arguments(low, link.args), *_call_texts(low, link)))
        reg = dst
    return reg


def _call_texts(low: Lowering, node: cst.Call) -> tuple[str, str]:
    """The texts of the receiver and of the first argument, empty where there is none."""
    receiver = low.subject(node.func.value) if isinstance(node.func, cst.Attribute) else ""
    first = low.subject(node.args[0].value) if node.args and not node.args[0].star else ""
    return receiver, first


def arguments(low: Lowering, args: Sequence[cst.Arg]) -> tuple[ir.Argument, ...]:
    """The arguments of a call or of a class statement, evaluated in order."""
    return tuple(
        ir.Argument(low.expression(arg.value), arg.keyword.value if arg.keyword else None, len(arg.star))
        for arg in args
    )


def subscript_index(low: Lowering, node: cst.Subscript) -> Reg:
    """The register of a subscript's index: a value, a slice, or a tuple of them."""
    regs = [_subscript_element(low, element.slice) for element in node.slice]
    at = low.span(node)
    trailing = isinstance(node.slice[-1].comma, cst.Comma) if node.slice else False
    if len(regs) == 1 and not trailing:
        return regs[0]
    dst = low.reg()
    low.emit(ir.Build(at, dst, "tuple", tuple(ir.Argument(reg) for reg in regs)))
    return dst


def _subscript_element(low: Lowering, element: cst.BaseSlice) -> Reg:
    if isinstance(element, cst.Index):
        return low.expression(element.value)
    assert isinstance(element, cst.Slice)
    bounds = [low.expression(part) if part else None for part in (element.lower, element.upper, element.step)]
    dst = low.reg()
    low.emit(ir.BuildSlice(low.span(element), dst, *bounds))
    return dst


def _binary(low: Lowering, node: cst.BinaryOperation) -> Reg:
    chain: list[cst.BinaryOperation] = []
    left: cst.BaseExpression = node
    while isinstance(left, cst.BinaryOperation):
        chain.append(left)
        left = left.left
    reg = low.expression(left)
    for link in reversed(chain):
        right, dst = low.expression(link.right), low.reg()
        low.emit(ir.Binary(low.span(link), dst, BINARY[type(link.operator)], reg, right))
        reg = dst
    return reg


def _boolean(low: Lowering, node: cst.BooleanOperation) -> Reg:
    """``a and b and c``: each operand after the first is evaluated only where the ones before let it."""
    chain: list[cst.BooleanOperation] = []
    left: cst.BaseExpression = node
    while isinstance(left, cst.BooleanOperation):
        chain.append(left)
        left = left.left
    reg = low.expression(left)
    text = low.source(left)
    for link in reversed(chain):
        body, right = low.nested(functools.partial(low.expression, link.right))
        dst = low.reg()
        if isinstance(link.operator, cst.And):
            low.emit(ir.Choose(low.span(link), dst, reg, text, body, right, (), reg))
        else:
            low.emit(ir.Choose(low.span(link), dst, reg, text, (), reg, body, right))
        reg, text = dst, low.source(link)
    return reg


def _conditional(low: Lowering, node: cst.IfExp) -> Reg:
    test = low.expression(node.test)
    yes, yes_reg = low.nested(lambda: low.expression(node.body))
    no, no_reg = low.nested(lambda: low.expression(node.orelse))
    dst = low.reg()
    low.emit(ir.Choose(low.span(node), dst, test, low.source(node.test), yes, yes_reg, no, no_reg))
    return dst


def _unary(low: Lowering, node: cst.UnaryOperation) -> Reg:
    src = low.expression(node.expression)
    dst = low.reg()
    low.emit(ir.Unary(low.span(node), dst, UNARY[type(node.operator)], src))
    return dst


def _comparison(low: Lowering, node: cst.Comparison) -> Reg:
    """``a < b < c`` is ``a < b and b < c``: what stands further right is evaluated only where the left holds."""
    left = low.expression(node.left)
    at, links = low.span(node), node.comparisons
    if len(links) > MAX_COMPARISONS:
        low.emit(ir.Opaque(at, dst := low.reg()))
        return dst

    def chain(left: Reg, index: int) -> Reg:
        right, dst = low.expression(links[index].comparator), low.reg()
        low.emit(ir.Compare(at, dst, COMPARE[type(links[index].operator)], left, right))
        if index + 1 == len(links):
            return dst
        body, last = low.nested(functools.partial(chain, right, index + 1))
        whole = low.reg()
        low.emit(ir.Choose(at, whole, dst, low.source(node), body, last, (), dst))
        return whole

    return chain(left, 0)


def _sequence(low: Lowering, node: cst.Tuple | cst.List | cst.Set) -> Reg:
    shape = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}[type(node)]
    items = tuple(
        ir.Argument(low.expression(element.value), None, int(isinstance(element, cst.StarredElement)))
        for element in node.elements
    )
    dst = low.reg()
    low.emit(ir.Build(low.span(node), dst, shape, items))
    return dst


def _dict(low: Lowering, node: cst.Dict) -> Reg:
    items: list[tuple[Reg | None, Reg]] = []
    for element in node.elements:
        key = low.expression(element.key) if isinstance(element, cst.DictElement) else None
        items.append((key, low.expression(element.value)))
    dst = low.reg()
    low.emit(ir.BuildDict(low.span(node), dst, tuple(items)))
    return dst


def _lambda(low: Lowering, node: cst.Lambda) -> Reg:
    params = parameters(low, node.params)

    def build() -> None:
        value = low.expression(node.body)
        low.emit(ir.Return(low.span(node.body), value))

    body, _ = low.nested(build)
    dst = low.reg()
    low.emit(ir.Function(low.span(node), dst, "<lambda>", params, body, is_lambda=True))
    return dst


def parameters(low: Lowering, node: cst.Parameters) -> tuple[ir.Parameter, ...]:
    """The parameters of a def or lambda; defaults are evaluated here, where the def stands."""

    def one(
        param: cst.Param, kind: str = "", keyword_only: bool = False, positional: bool = False
    ) -> ir.Parameter:
        default = low.expression(param.default) if param.default is not None else None
        annotation = low.source(param.annotation.annotation) if param.annotation else None
        return ir.Parameter(param.name.value, kind, keyword_only, positional, default, annotation)

    found = [one(param, positional=True) for param in node.posonly_params]
    found += [one(param) for param in node.params]
    if isinstance(node.star_arg, cst.Param):
        found.append(one(node.star_arg, "*"))
    found += [one(param, keyword_only=True) for param in node.kwonly_params]
    if node.star_kwarg is not None:
        found.append(one(node.star_kwarg, "**"))
    return tuple(found)


def _named(low: Lowering, node: cst.NamedExpr) -> Reg:
    src = low.expression(node.value)
    if isinstance(node.target, cst.Name):
        low.emit(ir.Store(low.span(node), node.target.value, src))
    return src


def _comprehension(low: Lowering, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Reg:
    shape = {cst.ListComp: "list", cst.SetComp: "set", cst.GeneratorExp: "generator", cst.DictComp: "dict"}

    def element() -> None:
        if isinstance(node, cst.DictComp):
            key = low.expression(node.key)
            low.emit(ir.Collect(low.span(node.value), key, low.expression(node.value)))
        else:
            low.emit(ir.Collect(low.span(node.elt), None, low.expression(node.elt)))

    return _comprehension_level(low, node, node.for_in, shape[type(node)], element)


def _comprehension_level(
    low: Lowering, node: cst.CSTNode, level: cst.CompFor, shape: str, element: Callable[[], None]
) -> Reg:
    """One ``for`` of a comprehension; an inner ``for`` is a comprehension that collects into the outer one."""
    iterable = low.expression(level.iter)
    target = low.reg()

    def conditions(rest: Sequence[cst.CompIf]) -> None:
        if rest:
            test = low.expression(rest[0].test)
            body, _ = low.nested(lambda: conditions(rest[1:]))
            low.emit(ir.If(low.span(rest[0].test), test, low.source(rest[0].test), body, ()))
        elif level.inner_for_in is not None:
            _comprehension_level(low, node, level.inner_for_in, "inner", element)
        else:
            element()

    def build() -> None:
        assign(low, level.target, target)
        conditions(level.ifs)

    body, _ = low.nested(build)
    dst = low.reg()
    own = tuple(_names_of(level)) if shape != "inner" else ()
    low.emit(ir.Comprehension(low.span(node), dst, shape, iterable, target, body, own))
    return dst


def _names_of(level: cst.CompFor) -> Iterator[str]:
    """The names that a ``for`` of a comprehension and those behind it bind."""
    targets: list[cst.BaseExpression] = [level.target]
    while targets:
        target = targets.pop()
        if isinstance(target, cst.Name):
            yield target.value
        elif isinstance(target, (cst.Tuple, cst.List)):
            targets.extend(element.value for element in target.elements)
        elif isinstance(target, cst.StarredElement):
            targets.append(target.value)
    if level.inner_for_in is not None:
        yield from _names_of(level.inner_for_in)


def assign(low: Lowering, target: cst.BaseExpression, src: Reg) -> None:
    """Store ``src`` into an assignment target of any shape."""
    at = low.span(target)
    if isinstance(target, cst.Name):
        low.emit(ir.Store(at, target.value, src))
    elif isinstance(target, cst.Attribute):
        obj = low.expression(target.value)
        low.emit(ir.SetAttr(at, obj, target.attr.value, src, low.subject(target.value)))
    elif isinstance(target, cst.Subscript):
        obj = low.expression(target.value)
        index = subscript_index(low, target)
        low.emit(ir.SetItem(at, obj, index, src, low.subject(target.value)))
    elif isinstance(target, (cst.Tuple, cst.List)):
        star = next((i for i, e in enumerate(target.elements) if isinstance(e, cst.StarredElement)), None)
        dsts = tuple(low.reg() for _ in target.elements)
        low.emit(ir.Unpack(at, src, dsts, star))
        for element, dst in zip(target.elements, dsts, strict=False):
            assign(low, element.value, dst)
    elif isinstance(target, cst.StarredElement):
        assign(low, target.value, src)


def _yield(low: Lowering, node: cst.Yield) -> Reg:
    is_from = isinstance(node.value, cst.From)
    value = node.value.item if isinstance(node.value, cst.From) else node.value
    src = low.expression(value) if value is not None else None
    dst = low.reg()
    low.emit(ir.Yield(low.span(node), dst, src, is_from))
    return dst


def _await(low: Lowering, node: cst.Await) -> Reg:
    src = low.expression(node.expression)
    dst = low.reg()
    low.emit(ir.Await(low.span(node), dst, src))
    return dst


_EXPRESSIONS: dict[type[cst.CSTNode], Callable[[Lowering, Any], Reg]] = {
    cst.Name: _name, cst.Ellipsis: _ellipsis, cst.Integer: _number, cst.Float: _number, cst.Imaginary: _number,
    cst.SimpleString: strings.string, cst.ConcatenatedString: strings.string, cst.FormattedString: strings.formatted,
    cst.TemplatedString: strings.formatted, cst.Attribute: _trailers, cst.Call: _trailers, cst.Subscript: _trailers,
    cst.BinaryOperation: _binary, cst.BooleanOperation: _boolean, cst.IfExp: _conditional,
    cst.UnaryOperation: _unary, cst.Comparison: _comparison, cst.Tuple: _sequence, cst.List: _sequence,
    cst.Set: _sequence, cst.Dict: _dict, cst.Lambda: _lambda, cst.NamedExpr: _named,
    cst.ListComp: _comprehension, cst.SetComp: _comprehension, cst.GeneratorExp: _comprehension,
    cst.DictComp: _comprehension, cst.Yield: _yield, cst.Await: _await,
}  # fmt: skip
