"""Collect rows in a list and stack them, where a loop fills a tensor that it also reads: ``seq[t] = f(seq[t - 1])``.

``seq = torch.zeros(n, 4)`` -> ``seq = []``, ``seq[t] = v`` -> ``seq.append(v)``, and behind the loop ``seq = torch.stack(seq)``: a row
that was saved is then nobody's memory but its own. Only where the loop visibly fills one row after the other up to the last.
Not safe: a value that is broadcast into its row is not as long as the row.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import Containers, How, callee, forms, holder, is_module
from gradsafe.fixes.pieces import Part, Piece, blocks_around
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import Cursor, argument, dotted, walk
from gradsafe.fixes.variables import is_label, names_in
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span

_FILLED = ("zeros", "ones")
"""What makes rows that may stay as they are; those of ``empty`` are all written."""


@dataclass(frozen=True)
class _Made:
    """``name = torch.zeros(n, 4)``: the call, its sizes, and how they are written there."""

    part: Part
    call: cst.Call
    sizes: Sequence[cst.BaseExpression]
    like: str | None = None
    """``zeros_like(x)`` has no sizes, but those of ``x``."""

    def size(self, dim: int) -> str | None:
        """How its length along a dimension is written."""
        if self.like is not None:
            return f"{self.like}.size({dim})"
        return (
            self.part.code.text[slice(*self.part.code.offsets(self.sizes[dim]))]
            if dim < len(self.sizes)
            else None
        )


@dataclass(frozen=True)
class _Loop:
    """A loop over rows: ``row`` is their index along ``dim``, from ``first`` on."""

    name: str
    row: str
    dim: int
    first: int
    written: frozenset[str]
    """Other tensors that the loop writes in place."""


def propose(site: Site) -> Iterator[Draft]:
    torch = site.sources.local_name(site.spot.code.chunk.file, "torch")
    target = site.form.target if site.form is not None and site.form.how is How.SETITEM else None
    if torch is None or not isinstance(target, cst.Subscript) or not isinstance(target.value, cst.Name):
        return
    if not site.names.can_bind(target.value):
        return
    for _, outer in itertools.pairwise(blocks_around(site.sources, site.spot)):
        at = next(number for number, piece in enumerate(outer) if piece.covers(site.spot))
        made = _made(outer[:at], target.value.value)
        if made is not None:
            number, found = made
            edits = _rewritten(torch, outer[number + 1 : at], outer[at], found, target)
            if edits is not None:
                yield Draft(
                    f"Collect the rows of `{target.value.value}` in a list, and stack them", edits, safe=False
                )
            return


def _made(above: Sequence[Piece], name: str) -> tuple[int, _Made] | None:
    """The statement that makes the tensor."""
    number = next((n for n in range(len(above) - 1, -1, -1) if name in above[n].bound()), None)
    statement = above[number].statement if number is not None else None
    if number is None or not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    call = statement.value
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.lpar:
        return None
    if callee(call) in ("zeros_like", "ones_like", "empty_like"):
        return _made_like(above[number], call, statement, name, number)
    maker = (callee(call) or "").removeprefix("new_")
    of_module = is_module(call.func.value) and maker == callee(call)
    if maker not in (*_FILLED, "empty") or not (of_module or maker != callee(call)):
        return None
    if dotted(statement.targets[0].target) != name or argument(call, None, "requires_grad") is not None:
        return None
    given = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    if any(arg.star for arg in call.args):
        return None
    if len(given) == 1 and isinstance(given[0], (cst.Tuple, cst.List)):
        given = [each.value for each in given[0].elements]
    return number, _Made(above[number].parts[0], call, given)


def _made_like(
    piece: Piece, call: cst.Call, statement: cst.Assign, name: str, number: int
) -> tuple[int, _Made] | None:
    like = dotted(call.args[0].value) if len(call.args) == 1 and not call.args[0].star else None
    if like is None or dotted(statement.targets[0].target) != name:
        return None
    return number, _Made(piece.parts[0], call, (), like)


def _rewritten(
    torch: str, before: Sequence[Piece], piece: Piece, made: _Made, target: cst.Subscript
) -> tuple[Edit, ...] | None:
    node, header = piece.parts[0].node, piece.parts[0]
    dim = len(target.slice) - 1
    row = target.slice[dim].slice
    size = made.size(dim)
    if not isinstance(node, cst.For) or node.orelse is not None or size is None:
        return None
    if not isinstance(row, cst.Index) or not isinstance(row.value, cst.Name) or not _is_all(target, dim):
        return None
    first = _first(header, node, row.value.value, size)
    if first is None:
        return None
    assert isinstance(target.value, cst.Name)
    name = target.value.value
    loop = _Loop(name, row.value.value, dim, first, _written(piece) - {name})
    stores = [edit for n, each in enumerate(before) for edit in _stored_before(each, loop, n) or ()]
    written = len(stores) // 2
    if any(loop.name in each.names() for each in before[written:]) or any(
        loop.name not in each.names() for each in before[:written]
    ):
        return None
    start = _start(made, dim, first - written)
    inside = _in_loop(torch, piece, loop)
    if start is None or inside is None:
        return None
    stacked = f"{loop.name} = {torch}.stack({loop.name}{f', dim={dim}' if dim else ''})"
    newline = "\r\n" if "\r\n" in piece.text else "\n"
    return (start, *stores, *inside, piece.followed_by(f"{piece.indent}{stacked}{newline}"))


def _written(piece: Piece) -> frozenset[str]:
    """The variables of the tensors that it writes in place."""
    targets = (form.target for part in piece.parts for each in walk([part.node]) for form in forms(each))
    held = (holder(each, Containers()) for each in targets)
    return frozenset((dotted(each) or "").partition(".")[0] for each in held if each is not None)


def _is_all(target: cst.Subscript, dim: int) -> bool:
    """``[:, :, t]``: nothing but colons before the row."""
    slices = [each.slice for each in target.slice[:dim]]
    return all(isinstance(each, cst.Slice) and not (each.lower or each.upper or each.step) for each in slices)


def _first(part: Part, loop: cst.For, row: str, size: str) -> int | None:
    """The first row, of a loop that runs up to the last: ``range(n)``, ``range(1, n)``, ``enumerate(xs)``."""
    call = loop.iter
    if not isinstance(call, cst.Call) or any(arg.keyword or arg.star for arg in call.args):
        return None
    given = [arg.value for arg in call.args]
    texts = [part.code.text[slice(*part.code.offsets(each))] for each in given]
    if callee(call) == "range" and dotted(loop.target) == row and 1 <= len(given) <= 2:
        first = given[0] if len(given) == 2 else cst.Integer("0")
        whole = _length(texts[-1]) == _length(size)
        return int(first.value) if whole and isinstance(first, cst.Integer) else None
    if callee(call) == "enumerate" and len(given) == 1 and isinstance(loop.target, cst.Tuple):
        counts = dotted(loop.target.elements[0].value) == row
        return 0 if counts and _length(f"len({texts[0]})") == _length(size) else None
    return None


def _length(text: str) -> str:
    """One way to write the length of a tensor."""
    text = re.sub(r"\.shape\[(\d+)\]", r".size(\1)", text.replace(" ", ""))
    return text.removeprefix("len(").replace(".size(0)", ")")


def _start(made: _Made, dim: int, left: int) -> Edit | None:
    """An empty list; where a row is left as it was made, a list of that one."""
    code = made.part.code
    span = Span(code.chunk, *code.offsets(made.call))
    if left == 0:
        return Edit(span, "[]")
    if made.like is not None:
        head = code.text[slice(*code.offsets(made.call.func))]
        is_row = left == 1 and dim == 0 and not head.endswith("empty_like")
        return Edit(span, f"[{head}({made.like}[0])]") if is_row else None
    if left != 1 or not (callee(made.call) or "").endswith(_FILLED):
        return None
    text = code.text[span.start : span.end]
    sizes = [code.text[slice(*code.offsets(each))] for n, each in enumerate(made.sizes) if n != dim]
    begin, end = code.offsets(made.sizes[0])[0] - span.start, code.offsets(made.sizes[-1])[1] - span.start
    return Edit(span, f"[{text[:begin]}{', '.join(sizes) or '()'}{text[end:]}]") if "\n" not in text else None


def _stored_before(piece: Piece, loop: _Loop, number: int) -> tuple[Edit, ...] | None:
    """``seq[0] = x`` above the loop."""
    statement, part = piece.statement, piece.parts[0]
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0].target
    if not isinstance(target, cst.Subscript) or dotted(target.value) != loop.name:
        return None
    index = target.slice[-1].slice
    if len(target.slice) != loop.dim + 1 or not _is_all(target, loop.dim) or not isinstance(index, cst.Index):
        return None
    is_next = isinstance(index.value, cst.Integer) and int(index.value.value) == number
    return _appended(part, statement, loop) if is_next else None


def _appended(part: Part, statement: cst.Assign, loop: _Loop) -> tuple[Edit, ...] | None:
    value, code = statement.value, part.code
    if isinstance(value, (cst.Tuple, cst.BaseNumber)) or names_in(value) & loop.written:
        return None  # a number is no row; what is written later is no copy of what it was
    start, end = code.offsets(statement.targets[0].target)[0], code.offsets(value)[1]
    first = code.offsets(value)[0]
    if value.lpar:
        first, end = code.offsets(value.lpar[0])[0], code.offsets(value.rpar[-1])[1]
    return (
        Edit(Span(code.chunk, start, first), f"{loop.name}.append("),
        Edit(Span(code.chunk, end, end), ")"),
    )


def _in_loop(torch: str, piece: Piece, loop: _Loop) -> tuple[Edit, ...] | None:
    """The edits of all that the loop does with the tensor; None where it does anything else."""
    if len(piece.parts) != 1:
        return None
    part, edits, stored = piece.parts[0], list[Edit](), list[int]()
    if any(isinstance(each.node, (cst.Break, cst.Continue)) for each in walk([part.node])):
        return None  # a row may be left out
    for cursor in walk([part.node]):
        if not isinstance(cursor.node, cst.Name) or cursor.node.value != loop.name or is_label(cursor):
            continue
        at = cursor.parent
        if at is None or not isinstance(at.node, cst.Subscript) or at.node.value is not cursor.node:
            return None
        statement = at.parent.parent if at.parent is not None else None
        if at.parent is not None and isinstance(at.parent.node, cst.AssignTarget) and statement is not None:
            edit = _store(part, at.node, statement, loop)
            stored.append(part.code.offsets(statement.node)[1])
        else:
            edit = _read(torch, part, at.node, loop, bool(stored))
        if edit is None or len(stored) > 1:
            return None
        edits += edit
    return tuple(edits) if stored else None


def _store(part: Part, target: cst.Subscript, at: Cursor, loop: _Loop) -> tuple[Edit, ...] | None:
    statement, line = at.node, at.parent
    block = line.parent.node if line is not None and line.parent is not None else None
    assert isinstance(part.node, cst.For)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1 or block is not part.node.body:
        return None
    index = target.slice[-1].slice
    if len(target.slice) != loop.dim + 1 or not _is_all(target, loop.dim) or not isinstance(index, cst.Index):
        return None
    return _appended(part, statement, loop) if dotted(index.value) == loop.row else None


def _read(
    torch: str, part: Part, view: cst.Subscript, loop: _Loop, is_stored: bool
) -> tuple[Edit, ...] | None:
    """``seq[t - 1]``, ``seq[:, 0]``: a row that is there by then; ``seq[:t]``: all that are."""
    if len(view.slice) != loop.dim + 1 or not _is_all(view, loop.dim):
        return None
    index, code = view.slice[-1].slice, part.code
    start, end = code.offsets(view)
    if isinstance(index, cst.Slice):
        whole = index.lower is None and index.step is None and index.upper is not None
        if not whole or index.upper is None or dotted(index.upper) != loop.row or loop.first == 0 or loop.dim:
            return None
        return (
            Edit(Span(code.chunk, start, start), f"{torch}.stack("),
            Edit(Span(code.chunk, end, end), ")"),
        )
    if not isinstance(index, cst.Index) or not _is_there(index.value, loop, is_stored):
        return None
    text = code.text[slice(*code.offsets(index.value))]
    return (Edit(Span(code.chunk, start, end), f"{loop.name}[{text}]"),) if loop.dim else ()


def _is_there(index: cst.BaseExpression, loop: _Loop, is_stored: bool) -> bool:
    if isinstance(index, cst.Integer):
        return int(index.value) < loop.first
    if dotted(index) == loop.row:
        return is_stored
    if not isinstance(index, cst.BinaryOperation) or not isinstance(index.operator, cst.Subtract):
        return False
    back = index.right
    return (
        dotted(index.left) == loop.row and isinstance(back, cst.Integer) and 0 < int(back.value) <= loop.first
    )
