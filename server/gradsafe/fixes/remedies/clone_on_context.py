"""Let a custom Function keep a copy: ``ctx.x = x.clone()``, or as torch wants it ``ctx.save_for_backward(x.clone())``. Changes no value.

``ctx.save_for_backward(x)`` alone is no fix: it makes torch raise where it was silent. With the copy it is worth having, since
torch frees what it saved after backward, and lets hooks move it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Part, Piece, block_of_function, inner_block
from gradsafe.fixes.rewrite import clone_of, receiver
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, dotted, walk
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span


def propose(site: Site) -> Iterator[Draft]:
    put = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    statement = put.statement.node if put is not None else None
    if put is None or not isinstance(statement, cst.Assign):
        return
    for target, value in _pairs(put, statement):
        for each in _tensors(value):
            yield Draft(f"Let backward keep a copy of `{put.text(each)}`", (clone_of(put, each),), safe=True)
        saved = _saved(site, put, statement, target, value)
        if saved:
            yield Draft(f"Save a copy of `{put.text(value)}` for backward", tuple(saved), safe=True)


def _pairs(put: Spot, statement: cst.Assign) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The attributes at the spot, each with what it is set to: of ``ctx.a, ctx.b = x, y`` one of the two."""
    pending: list[tuple[cst.BaseExpression, cst.BaseExpression]] = [
        (each.target, statement.value) for each in reversed(statement.targets)
    ]
    while pending:
        target, value = pending.pop()
        if isinstance(target, (cst.Tuple, cst.List)):
            if isinstance(value, (cst.Tuple, cst.List)) and len(target.elements) == len(value.elements):
                both = zip(target.elements, value.elements, strict=True)
                pending += reversed([(one.value, other.value) for one, other in both])
            continue
        start, end = put.code.offsets(target)
        name = dotted(target)
        if name is not None and "." in name and start < max(put.end, put.start + 1) and put.start < end:
            yield name, value


def _tensors(value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """What may be the tensor: the value, or what stands in a display of several."""
    if isinstance(value, (cst.Tuple, cst.List)):
        yield from (each.value for each in value.elements if isinstance(each, cst.Element))
    else:
        yield value


def _saved(
    site: Site, put: Spot, statement: cst.Assign, target: str, value: cst.BaseExpression
) -> list[Edit]:
    """The edits after which torch keeps it; none where the class saves something already, or others use the attribute."""
    context, _, attribute = target.rpartition(".")
    found = block_of_function(site.sources, put)
    if len(statement.targets) > 1 or "." in context or found is None:
        return []
    if isinstance(statement.targets[0].target, (cst.Tuple, cst.List)) or isinstance(
        value, (cst.Tuple, cst.List)
    ):
        return []
    methods, at = found
    texts = "".join(piece.text for piece in methods)
    backward = next((each for each in methods if each.defines_name("backward")), None)
    own = inner_block(site.sources, methods[at])
    # Under an `if` it may not run, and then there would be nothing to unpack.
    always = own is not None and any(each.statement is statement for each in own)
    if backward is None or not always or "save_for_backward" in texts or "saved_tensors" in texts:
        return []
    if _is_extended(site, put):
        return []  # by a `backward` that reads the attribute, perhaps
    uses = sum(_is_attribute(each, attribute) for piece in methods for _, each in _nodes(piece))
    edits = _unpacked(site, put, backward, attribute)
    # One edit more for the line that unpacks, and none for the statement here; what else uses it stands elsewhere.
    if len(edits) != uses:
        return []
    copy = f"{context}.save_for_backward({receiver(put, value)}.clone())"
    return [put.replace(*put.offsets(statement), copy), *edits]


def _is_extended(site: Site, put: Spot) -> bool:
    """Whether another class of the file derives from the one around ``put``."""
    *_, cls, _ = put.code.chunk.qualname.split(".")
    for code in site.sources.outermost(put.code.chunk.file):
        classes = (node for node in (code.body if code is not None else ()) if isinstance(node, cst.ClassDef))
        bases = (dotted(base.value) or "" for node in classes for base in node.bases)
        if any(base.rpartition(".")[2] == cls for base in bases):
            return True
    return False


def _unpacked(site: Site, put: Spot, backward: Piece, attribute: str) -> list[Edit]:
    """The edits of ``backward`` by which it unpacks what was saved, in a line of its own, and reads that."""
    header, body = backward.parts[0].node, inner_block(site.sources, backward) or []
    context = _context(header)
    if context is None or attribute in backward.names() or not attribute.isidentifier():
        return []
    name = f"{context}.{attribute}"
    reads = [
        Edit(Span(part.code.chunk, *part.code.offsets(each.node)), attribute)
        for part, each in _nodes(backward)
        if isinstance(each.node, cst.Attribute) and dotted(each.node) == name
    ]
    first = next((each for each in body if not _is_docstring(each)), None)
    if not reads or first is None:
        return []
    line = f"{first.indent}({attribute},) = {context}.saved_tensors{put.newline}"
    return [first.preceded_by(line), *reads]


def _nodes(piece: Piece) -> Iterator[tuple[Part, Cursor]]:
    for part in piece.parts:
        for cursor in walk([part.node]):
            yield part, cursor


def _is_attribute(cursor: Cursor, attribute: str) -> bool:
    return isinstance(cursor.node, cst.Attribute) and cursor.node.attr.value == attribute


def _context(header: cst.CSTNode) -> str | None:
    """What a method calls its first parameter."""
    parameters: Sequence[cst.Param] = header.params.params if isinstance(header, cst.FunctionDef) else ()
    return parameters[0].name.value if parameters else None


def _is_docstring(piece: Piece) -> bool:
    statement = piece.statement
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.SimpleString)
