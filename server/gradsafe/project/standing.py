"""Where a root stands in its file."""

from __future__ import annotations

from collections.abc import Sequence

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.workspace import Workspace


def stands_on(workspace: Workspace, root: Root, rows: Sequence[int]) -> bool:
    """Whether the root is a function that stands, or a part of it, on one of some rows."""
    layout, chunk = workspace.layout(root.file), workspace.chunk(root.scope)
    if root.kind is RootKind.MODULE or layout is None or chunk is None:
        return False
    start = layout.start(chunk.id) or 0
    size = sum(len(each.lead) + len(each.text) for each in chunk.walk()) - len(chunk.lead)
    first, last = (layout.row_column(offset)[0] for offset in (start, start + max(size - 1, 0)))
    return any(first <= row <= last for row in rows)
