"""The texts of a workspace, cut, parsed and lowered on demand: what the interpreter sees of the world.

Texts come from the disk, or from the open documents laid over it. Nothing here decides what is analysed, and
nothing is read twice unless somebody says that it has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from gradsafe.interp.world import ModuleFacts
from gradsafe.ir.instructions import Block, Body
from gradsafe.ir.lower import Lowered, lower_chunk
from gradsafe.project.binding import Bindings
from gradsafe.project.imports import find_module
from gradsafe.project.program import read_program
from gradsafe.syntax.cells import NotebookText
from gradsafe.syntax.chunk import Chunk, build, mentions_yield, rebuild
from gradsafe.syntax.difference import difference
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.source import Unreadable, digest_of
from gradsafe.syntax.span import ChunkId
from gradsafe_tracer.events import AnyPlace, Place


@dataclass(slots=True)
class _Opened:
    """One file as it is now, and what was derived from its text so far: who only reads what it imports needs no tree."""

    file: str
    text: str
    tree: Chunk | None = None
    digest: str | None = None
    notebook: NotebookText | None = None
    layout: Layout | None = None
    facts: ModuleFacts | None = None
    bodies: dict[ChunkId, Body] = field(default_factory=dict)
    chunks: dict[ChunkId, Chunk] | None = None
    before: tuple[Chunk, ModuleFacts] | None = None
    """What the text bound before it was edited, as long as it is not known what it binds now."""

    @property
    def root(self) -> Chunk:
        """The text, cut."""
        if self.tree is None:
            self.tree = build(self.file, self.text)
        return self.tree

    def edited(self, text: str) -> _Opened:
        """The same file with another text."""
        if self.tree is None:
            return _Opened(self.file, text)
        root = rebuild(self.tree, text)
        if root is self.tree:
            return self
        before = (self.tree, self.facts) if self.facts is not None else self.before
        if self.chunks is None:
            return _Opened(self.file, text, root, before=before)
        found = difference(self.tree, root)
        chunks = self.chunks.copy()
        for each in found.gone:
            chunks.pop(each.id, None)
        chunks.update((each.id, each) for each in found.come)
        return _Opened(self.file, text, root, chunks=chunks, before=before)


class Workspace:
    """Implements :class:`gradsafe.interp.world.World` over files and open documents.

    Files go by the name under which they were first named; other spellings of the same path mean the same file.
    """

    def __init__(self, root: str, lowered: Lowered | None = None) -> None:
        self.root = root
        self.known_tensors: tuple[str, ...] = ()
        """As the project's configuration has it."""
        self.lowered = lowered or Lowered()
        self._files: dict[str, _Opened | Unreadable] = {}
        self._overlays: set[str] = set()
        self._elsewhere: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._spellings: dict[str, str] = {}
        self._exists: dict[str, bool] = {}
        self._told: set[tuple[str, bool]] = set()
        """Which paths exist or do not, as it was answered: what nobody has asked for changes no answer when it comes or goes."""
        self._found: dict[tuple[str, str, int], str | None] = {}
        self._bindings = Bindings(self.block)

    # -- texts

    def name(self, file: str) -> str:
        """The name that ``file`` goes by."""
        name = self._spellings.get(file)
        if name is None:
            name = self._spellings[file] = self._names.setdefault(_absolute(file), file)
        return name

    def set_text(self, file: str, text: str) -> bool:
        """From now on ``file`` holds ``text``, whatever the disk says. Whether that changes which files there are."""
        file = self.name(file)
        old = self._files.get(file)
        self._files[file] = old.edited(text) if isinstance(old, _Opened) else _Opened(file, text)
        self._overlays.add(file)
        return self._is_news(file)

    def drop(self, file: str) -> bool:
        """Forget the text of ``file``: it is what the disk says, read again when it is next needed. As :meth:`set_text`."""
        file = self.name(file)
        self._files.pop(file, None)
        self._overlays.discard(file)
        return self._is_news(file)

    def lay_over(self, file: str, text: str | None) -> frozenset[str]:
        """An editor holds ``text`` for a file that is judged elsewhere (None: not any more).

        Whose answers change by that: those about the file, if anybody has read it, and ("") those about which files there are.
        """
        file = self.name(file)
        if text is None:
            self._elsewhere.pop(file, None)
        else:
            self._elsewhere[file] = text
        changed: set[str] = {""} if self._is_news(file) else set()
        if file not in self._overlays and self._files.pop(file, None) is not None:
            changed.add(file)
        return frozenset(changed)

    def refresh(self) -> None:
        """Files on the disk may have come, gone or changed; open documents stay what they are."""
        for file in [file for file in self._files if file not in self._overlays]:
            del self._files[file]
        self._told.clear()
        self._forget_what_exists()

    def let_go(self, files: Iterable[str]) -> None:
        """Of these files their texts are all that is kept."""
        for file in files:
            found = self._files.get(file)
            if isinstance(found, _Opened):
                self._files[file] = _Opened(
                    found.file, found.text, digest=found.digest, notebook=found.notebook
                )

    def tidy(self) -> None:
        """Let go what is known of names and statements that may be gone; which files there are is to be asked again."""
        self._bindings.clear()
        self._told.clear()
        self._forget_what_exists()

    def _is_news(self, file: str) -> bool:
        """Whether somebody was told otherwise of this file's existence; then all of that is asked again."""
        if (_absolute(file), not self._is_there(file)) not in self._told:
            return False
        self._told.clear()
        self._forget_what_exists()
        return True

    def _is_there(self, file: str) -> bool:
        return file in self._overlays or file in self._elsewhere or _is_file(file)

    def _forget_what_exists(self) -> None:
        self._exists.clear()
        self._found.clear()

    def opened(self, file: str) -> Chunk | Unreadable:
        """The MODULE chunk of ``file``, or why there is none."""
        found = self._open(self.name(file))
        return found.root if isinstance(found, _Opened) else found

    def tree(self, file: str) -> Chunk | None:
        """The MODULE chunk of ``file``; None where it cannot be read."""
        found = self.opened(file)
        return found if isinstance(found, Chunk) else None

    def lines(self, file: str) -> int:
        """The logical lines of ``file``; 0 where it cannot be read (or has no name)."""
        tree = self.tree(file) if file else None
        return tree.lines if tree is not None else 0

    def text(self, file: str) -> str | None:
        """The text that places in ``file`` point into: for a notebook that of its code cells."""
        found = self._open(self.name(file))
        return found.text if isinstance(found, _Opened) else None

    def digest(self, file: str) -> str | None:
        """Names the text of ``file``: on the disk that of its bytes; None where it cannot be read."""
        found = self._open(self.name(file))
        if not isinstance(found, _Opened):
            return None
        if found.digest is None:
            found.digest = digest_of(found.text.encode("utf-8", "surrogatepass"))
        return found.digest

    def notebook(self, file: str) -> NotebookText | None:
        """Where the cells of a notebook that was read from the disk stand in its text; None for any other file."""
        found = self._open(self.name(file))
        return found.notebook if isinstance(found, _Opened) else None

    def layout(self, file: str) -> Layout | None:
        """Where the chunks of ``file`` stand now."""
        found = self._open(self.name(file))
        if not isinstance(found, _Opened):
            return None
        if found.layout is None:
            found.layout = Layout.of(found.root)
        return found.layout

    def place(self, where: AnyPlace) -> Place | None:
        """Rows and columns of a span in any file, as it stands now; None where its chunk is gone."""
        file = getattr(getattr(where, "chunk", None), "file", None)
        layout = self.layout(file) if isinstance(file, str) else None
        if layout is None:
            return where if isinstance(where, Place) else None
        return layout.place(where)

    def exists(self, file: str) -> bool:
        """Whether there is such a file, open or on the disk."""
        known = self._exists.get(file)
        if known is None:
            absolute = _absolute(file)
            known = self._is_there(self._names.get(absolute, file))
            self._exists[file] = known
            self._told.add((absolute, known))
        return known

    def _open(self, file: str) -> _Opened | Unreadable:
        found = self._files.get(file)
        if found is None:
            text = self._elsewhere.get(file)
            found = self._files[file] = _read(file) if text is None else _Opened(file, text)
        return found

    # -- the world

    def chunk(self, chunk: ChunkId) -> Chunk | None:
        """The chunk of this name, in its file as it is now."""
        found = self._open(self.name(chunk.file))
        if not isinstance(found, _Opened):
            return None
        if found.chunks is None:
            found.chunks = {each.id: each for each in found.root.walk()}
        return found.chunks.get(chunk)

    def block(self, chunk: Chunk) -> Block:
        """One chunk, lowered."""
        return lower_chunk(chunk, self.lowered)

    def body(self, chunk: ChunkId) -> Body:
        """The lowered children of a chunk; empty where there is no such chunk."""
        found = self._open(self.name(chunk.file))
        if not isinstance(found, _Opened):
            return ()
        body = found.bodies.get(chunk)
        if body is None:
            parent = self.chunk(chunk)
            body = _Lowered(parent.children, self.block) if parent is not None else ()
            found.bodies[chunk] = body
        return body

    def yields(self, chunk: ChunkId) -> bool:
        """Whether ``yield`` stands in the text of a chunk's body."""
        found = self.chunk(chunk)
        return found is not None and mentions_yield(found)

    def module(self, file: str) -> ModuleFacts | None:
        """The module in ``file``, open or on the disk."""
        found = self._open(self.name(file))
        if not isinstance(found, _Opened):
            return None
        if found.facts is None:
            before, found.before = found.before, None
            if before is not None and self._bindings.still(before[1], before[0], found.root):
                found.facts = before[1]
            else:
                found.facts = self._bindings.facts(self.name(file), found.root)
        return found.facts

    def tensor_names(self) -> tuple[str, ...]:
        """See :class:`~gradsafe.interp.world.World`."""
        return self.known_tensors

    def pause(self) -> None:
        """See :class:`World`."""

    def find_module(self, importer: str, name: str, level: int) -> str | None:
        """The workspace file that an import in ``importer`` names."""
        asked = (importer, name, level)
        if asked not in self._found:
            found = find_module(self.root, importer, name, level, self.exists)
            self._found[asked] = self.name(_spelled_like(importer, found)) if found is not None else None
        return self._found[asked]


class _Lowered(Sequence[Block]):
    """Blocks that are lowered when they are taken: of a long file a root may need few, and not reach the last."""

    def __init__(self, chunks: Sequence[Chunk], lower: Callable[[Chunk], Block]) -> None:
        self._chunks, self._lower = chunks, lower
        self._done: list[Block | None] = [None] * len(chunks)

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Block, ...]: ...
    def __getitem__(self, index: int | slice) -> Block | tuple[Block, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self._chunks))))
        block = self._done[index]
        if block is None:
            block = self._done[index] = self._lower(self._chunks[index])
        return block

    def __iter__(self) -> Iterator[Block]:
        for index, block in enumerate(self._done):
            yield block if block is not None else self[index]

    def __len__(self) -> int:
        return len(self._chunks)


def _spelled_like(importer: str, file: str) -> str:
    """Relative where the importer's name is: by which of its importers a file is found first must not decide on its name."""
    if not Path(file).is_absolute() or Path(importer).is_absolute() or ":" in importer[2:]:
        return file
    try:
        return os.path.relpath(file)
    except ValueError:  # another drive
        return file


def _is_file(file: str) -> bool:
    try:
        return Path(file).is_file()
    except ValueError:  # a null character
        return False


def _absolute(file: str) -> str:
    """A path in one spelling; a name that is no path (an unsaved document's) stays as it is."""
    return file if ":" in file[2:] else os.path.normcase(os.path.abspath(file))  # noqa: PTH100  (links are not followed)


def _read(file: str) -> _Opened | Unreadable:
    found = read_program(file)
    if isinstance(found, Unreadable):
        return found
    return _Opened(file, found.text, digest=found.digest, notebook=found.notebook)
