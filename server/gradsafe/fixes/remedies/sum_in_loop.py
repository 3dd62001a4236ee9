"""Step once for all losses: ``for loss in losses: loss.backward(); step()`` -> ``loss = sum(losses)``, then the same once.

The losses come from one forward, so a step for the first changes what the backward of the second reads. The sum has the
gradients of all, at the values that the forward read. What is trained is another thing: one step, not one for each; so it is
never safe.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee
from gradsafe.fixes.pieces import Part, Piece, backward_of, blocks_around
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import dotted, walk
from gradsafe.fixes.variables import names_in
from gradsafe.rules.finding import Edit


def propose(site: Site) -> Iterator[Draft]:
    backward = backward_of(site) if site.finding.write is not None else site.spot
    name = _differentiated(backward) if backward is not None else None
    if backward is None or name is None:
        return
    for inner, outer in itertools.pairwise(blocks_around(site.sources, site.spot)):
        loop = next(piece for piece in outer if piece.covers(site.spot))
        if loop.covers(backward):
            steps = site.finding.code != "graph-freed"
            # What else each round does for its own loss, with the gradients of that one, is another program for the sum.
            once = _once(loop, inner[0].indent, name) if steps or len(inner) == 1 else None
            if once is not None:
                what = "Step once, for" if steps else "Run backward once, for"
                yield Draft(f"{what} the sum of all `{name}`", (once,), safe=False)
            return


def _differentiated(backward: Spot) -> str | None:
    """``loss`` of a statement ``loss.backward(...)``."""
    statement = backward.statement.node
    call = statement.value if isinstance(statement, cst.Expr) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    owner, method = call.func.value, call.func.attr.value
    return owner.value if isinstance(owner, cst.Name) and method == "backward" else None


def _once(loop: Piece, inside: str, name: str) -> Edit | None:
    """The body in the place of the loop, whose variable is now the sum of what it ran over; ``inside`` is its indentation."""
    part = loop.parts[0]
    node = part.node
    if not isinstance(node, cst.For) or node.orelse is not None or node.asynchronous is not None:
        return None
    losses = _losses(part, node, name)
    if losses is None or len(loop.parts) > 1:
        return None
    if any(isinstance(each.node, (cst.Break, cst.Continue, cst.BaseString)) for each in walk([node.body])):
        return None  # a string may have lines of its own
    end = part.code.offsets(node.iter)[1]
    lines = part.code.text[end : part.end].splitlines(keepends=True)
    header, body = lines[0], lines[1:]
    if header.strip() != ":" or any(line.strip() and not line.startswith(inside) for line in body):
        return None  # a comment in the loop's own line would be lost
    once = f"{loop.indent}{name} = sum({losses}){header[1:]}"
    return Edit(part.span, once + "".join(line.replace(inside, loop.indent, 1) for line in body))


def _losses(part: Part, loop: cst.For, name: str) -> str | None:
    """What ``name`` runs over: all of it, or the values of a dict whose keys nobody reads."""
    text = part.code.text[slice(*part.code.offsets(loop.iter))]
    if isinstance(loop.target, cst.Name):
        return text if loop.target.value == name else None
    targets = (
        [dotted(each.value) for each in loop.target.elements] if isinstance(loop.target, cst.Tuple) else []
    )
    is_items = isinstance(loop.iter, cst.Call) and callee(loop.iter) == "items" and text.endswith(".items()")
    if not is_items or len(targets) != 2 or targets[1] != name or targets[0] in names_in(loop.body):
        return None
    return text.removesuffix("items()") + "values()"
