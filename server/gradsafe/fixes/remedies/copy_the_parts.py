"""Copy the parts where they are made: ``parts = a.chunk(2)`` -> ``parts = [part.clone() for part in a.chunk(2)]``.

Not safe: the tensor they are parts of no longer sees what is written into them.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee, words
from gradsafe.fixes.made_by import maker_of
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted

_IN_PARTS = words("chunk split unbind hsplit vsplit dsplit tensor_split unsafe_chunk unsafe_split")


def propose(site: Site) -> Iterator[Draft]:
    maker = maker_of(site)
    if maker is None or not isinstance(maker.node, cst.Assign) or len(maker.node.targets) != 1:
        return
    value = maker.node.value
    if dotted(maker.node.targets[0].target) != maker.name:
        return
    if not isinstance(value, cst.Call) or callee(value) not in _IN_PARTS:
        return
    start, end = maker.spot.offsets(value)
    edit = maker.spot.replace(start, end, f"[part.clone() for part in {maker.spot.text(value)}]")
    yield Draft(f"Copy the parts in `{maker.name}`", (edit,), safe=False)
