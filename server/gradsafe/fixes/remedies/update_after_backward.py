"""Let backward read the old values: move the update, ``optimizer.step()`` as a rule, below the backward that reads them.

What the parameters' gradients hold by then is what they held before, and what that backward adds: so it is never safe.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import update_and_backward
from gradsafe.fixes.site import Site


def propose(site: Site) -> Iterator[Draft]:
    found = update_and_backward(site)
    if found is None:
        return
    block, writes, reads = found
    update, passed = block[writes], block[writes + 1 : reads + 1]
    if any(each.names() & update.bound() or each.bound() & update.read() for each in passed):
        return
    if any(_zeroes(each.text, update.read()) for each in passed):
        return
    moved = update.alone(site.spot)
    if moved is not None:
        edits, text = moved
        yield Draft(
            f"Move {_called(site)} below the backward that reads the old values",
            (*edits, passed[-1].followed_by(text)),
            False,
        )


def _zeroes(text: str, names: frozenset[str]) -> bool:
    """Whether the gradients that the update is made of are thrown away here."""
    return any(f"{name}.zero_grad(" in text for name in names)


def _called(site: Site) -> str:
    node = site.spot.statement.node
    is_step = isinstance(node, cst.Expr) and isinstance(node.value, cst.Call)
    text = site.spot.text(node)
    return f"`{text}`" if is_step and "\n" not in text and len(text) < 40 else "the update"
