"""Say that a custom Function writes its input: ``ctx.mark_dirty(x)`` before ``x.mul_(2)``. No value changes.

Autograd then gives the input the history of the Function. Torch takes only inputs that are returned, which the analysis knows.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.rewrite import line_before
from gradsafe.fixes.site import Site

CONTEXT = "ctx"
"""What everybody calls the first parameter of ``forward``, as torch's documentation does."""


def propose(site: Site) -> Iterator[Draft]:
    written = site.subject
    if not isinstance(written, cst.Name) or site.spot.function != "forward":
        return
    first, *inputs = _parameters(site) or ("",)
    if first != CONTEXT or written.value not in inputs:
        return
    before = line_before(site, f"{CONTEXT}.mark_dirty({written.value})")
    if before is not None:
        yield Draft(f"Tell autograd that `{written.value}` is written", (before,), safe=True)


def _parameters(site: Site) -> list[str]:
    """The parameters of the function around the write that are given by position."""
    header = site.header
    return [each.name.value for each in header.params.params] if header is not None else []
