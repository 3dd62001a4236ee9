"""Let a custom Function keep a copy: ``ctx.x = x.clone()``, or as torch wants it ``ctx.save_for_backward(x.clone())``. Changes no value.

``ctx.save_for_backward(x)`` alone is no fix: it makes torch raise where it was silent. With the copy it is worth having, since
torch frees what it saved after backward, and lets hooks move it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Part, Piece, block_of_function, inner_block, pieces_of
from gradsafe.fixes.rewrite import clone_of, receiver
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, dotted, walk
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import ChunkId, Span


def propose(site: Site) -> Iterator[Draft]:
    kept = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    statement = kept.statement.node if kept is not None else None
    if kept is None or not isinstance(statement, cst.Assign):
        return
    for target, value in _pairs(kept, statement):
        for each in _tensors(value):
            yield Draft(
                f"Let backward keep a copy of `{kept.text(each)}`", (clone_of(kept, each),), safe=True
            )
        saved = _saved(site, kept, statement, target, value)
        if saved:
            yield Draft(f"Save a copy of `{kept.text(value)}` for backward", tuple(saved), safe=True)


def _pairs(kept: Spot, statement: cst.Assign) -> Iterator[tuple[str, cst.BaseExpression]]:
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
        start, end = kept.code.offsets(target)
        name = dotted(target)
        if name is not None and "." in name and start < max(kept.end, kept.start + 1) and kept.start < end:
            yield name, value


def _tensors(value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """What may be the tensor: the value, or what stands in a display of several."""
    if isinstance(value, (cst.Tuple, cst.List)):
        yield from (each.value for each in value.elements if isinstance(each, cst.Element))
    else:
        yield value


def _saved(
    site: Site, kept: Spot, statement: cst.Assign, target: str, value: cst.BaseExpression
) -> list[Edit]:
    """The edits after which torch keeps it; none where the class saves something already, or others use the attribute."""
    context, _, attribute = target.rpartition(".")
    found = block_of_function(site.sources, kept)
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
    if not _is_final(site.sources, methods[at].parts[0].code.chunk):
        return []  # a `backward` elsewhere reads the attribute, perhaps
    uses = sum(_is_attribute(each, attribute) for piece in methods for _, each in _nodes(piece))
    edits = _unpacked(site, kept, backward, attribute)
    # One edit more for the line that unpacks, and none for the statement here; what else uses it stands elsewhere.
    if len(edits) != uses:
        return []
    copy = f"{context}.save_for_backward({receiver(kept, value)}.clone())"
    return [kept.replace(*kept.offsets(statement), copy), *edits]


def _is_final(sources: Sources, method: ChunkId) -> bool:
    """Whether it is a method of a class from which no other derives, as far as the block goes in which the class stands."""
    owner = ChunkId(method.file, method.qualname.rpartition(".")[0], 0)  # a scope's own chunk is its first
    header = sources.code(owner)
    cls = header.body[0] if header is not None and header.body else None
    beside = pieces_of(next(iter(sources.blocks(owner)), ()))
    if not isinstance(cls, cst.ClassDef) or beside is None:
        return False
    nodes = (each.node for piece in beside for _, each in _nodes(piece))
    bases = (base.value for each in nodes if isinstance(each, cst.ClassDef) for base in each.bases)
    return all((dotted(base) or "").rpartition(".")[2] != cls.name.value for base in bases)


def _unpacked(site: Site, kept: Spot, backward: Piece, attribute: str) -> list[Edit]:
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
    line = f"{first.indent}({attribute},) = {context}.saved_tensors{kept.newline}"
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
