"""What a remedy may ask about the code around a finding: chunks, their trees, the scope that they stand in.

Remedies never see a whole file: an edit is a piece of one chunk, so a fix stays right
while somebody types elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import libcst as cst

from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import AnyPlace


@dataclass(frozen=True, eq=False)
class Code:
    """One chunk that parses: its text, its statements and where each of their nodes stands in the text.

    The text of a chunk ends behind the line break of its last line, so that a trailing comment
    belongs to it. ``begins_line`` is False where a header stands before it on its line (``def f(): return 1``).
    """

    chunk: ChunkId
    text: str
    body: tuple[cst.CSTNode, ...]
    offsets: Callable[[cst.CSTNode], tuple[int, int]]
    begins_line: bool = True


class Sources(Protocol):
    """Read access to the sources that a finding was made from."""

    def span(self, place: AnyPlace) -> Span | None:
        """``place`` as a span (a real run reports rows and columns); None if it is in no known source."""

    def code(self, chunk: ChunkId) -> Code | None:
        """The chunk; None where it is gone or does not parse."""

    def scope(self, chunk: ChunkId) -> tuple[Code, ...] | None:
        """All chunks of the innermost function (else the module) around ``chunk``, in source order.

        Includes the function's header, first, and what is nested in it. None where one of them does not parse:
        then nothing can be said about who else holds a tensor.
        """

    def adjacent(self, chunk: ChunkId) -> tuple[Code, ...]:
        """The statements of the same block with nothing, not even a comment, between them, ``chunk`` among them."""

    def blocks(self, chunk: ChunkId) -> Iterator[tuple[tuple[Code | None, ...], ...]]:
        """The blocks around ``chunk``, innermost first, up to its function: statements, each as the chunks that it is made of.

        None in place of a chunk that does not parse.
        """

    def outermost(self, file: str) -> Iterator[Code | None]:
        """The statements at the top level of ``file`` in order, each as the chunk that it begins with."""

    def local_name(self, file: str, module: str) -> str | None:
        """The name under which ``file`` imports ``module`` (``torch`` -> ``torch`` or ``th``)."""

    def imports(self, file: str) -> Mapping[str, str]:
        """The names that imports at the top level of ``file`` bind, and what each stands for: ``Fn`` -> ``torch.nn.functional``."""
