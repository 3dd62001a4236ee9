"""What an edit changed in a tree of chunks, found without looking at what it left alone.

A rebuilt tree is made of the old one's objects wherever the text is the same, so what is the same object needs no second look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.span import ChunkId


@dataclass(frozen=True, slots=True)
class Difference:
    """The chunks of an old tree that are not in the new one, and those of the new one that were not in the old.

    A chunk whose own text is as it was is in both if anything below it changed.
    """

    gone: tuple[Chunk, ...]
    come: tuple[Chunk, ...]

    @property
    def ids(self) -> frozenset[ChunkId]:
        """The names of all of them: a chunk with any other name is the same object as before."""
        return frozenset(each.id for each in (*self.gone, *self.come))


def difference(old: Chunk, new: Chunk) -> Difference:
    """Between two trees of one file. The cost is that of the chunks that changed and of the children beside them."""
    gone: list[Chunk] = []
    come: list[Chunk] = []
    pairs = [(old, new)]
    while pairs:
        before, after = pairs.pop()
        if before is after:
            continue
        gone.append(before)
        come.append(after)
        olds, news = _without_the_same_ends(before.children, after.children)
        old_ones, new_ones = set(map(id, olds)), set(map(id, news))
        left = {each.id: each for each in olds if id(each) not in new_ones}
        for child in news:
            if id(child) in old_ones:
                continue
            other = left.pop(child.id, None)
            if other is not None:
                pairs.append((other, child))
            else:
                come.extend(child.walk())
        for each in left.values():
            gone.extend(each.walk())
    return Difference(tuple(gone), tuple(come))


def _without_the_same_ends(
    old: Sequence[Chunk], new: Sequence[Chunk]
) -> tuple[Sequence[Chunk], Sequence[Chunk]]:
    """What is left of both without the objects with which both begin, and end."""
    most = min(len(old), len(new))
    first = next((at for at in range(most) if old[at] is not new[at]), most)
    last = next((at for at in range(1, most - first + 1) if old[-at] is not new[-at]), most - first + 1) - 1
    return old[first : len(old) - last], new[first : len(new) - last]
