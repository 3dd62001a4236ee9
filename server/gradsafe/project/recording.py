"""A world that notes all that was asked of it: the answers are the dependencies of what was computed from them.

A key names a question, its value is the answer in a form that is equal if and only if the interpreter would see
the same. Values are made of chunk names and fingerprints, never of indices or places, so that what is inserted
elsewhere changes no value.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, overload

from gradsafe.interp.halts import Keeper
from gradsafe.interp.prelude import PARSING, Prelude
from gradsafe.interp.world import GivenUp, ModuleFacts, World
from gradsafe.ir.instructions import Block, Body
from gradsafe.project.workspace import Workspace
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.difference import difference
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId

Key = tuple[Any, ...]
"""``("body", chunk)``, ``("chunk", chunk)``, ``("yields", chunk)``, ``("module", file)``, ``("stars", file)``, ``("names", file)``,
``("name", file, name)``, ``("find", importer, name, level)``, ``("tensor names",)``; ``("text", file)`` is whatever a file could be asked."""


_OF_A_CHUNK = frozenset({"body", "chunk", "yields"})
"""The questions whose answer is the same as long as the chunk is the same object."""

_OF_STATEMENTS = frozenset({"name", "stars"})
"""The questions that are answered by the names of some statements of a module."""

_OF_THE_PROJECT = frozenset({"find", "tensor names"})
"""The questions that no one text answers."""


def file_of(key: Key) -> str:
    """The file whose text decides the answer; empty for a question about the project: which files there are, what it says."""
    if key[0] in _OF_THE_PROJECT:
        return ""
    about = key[1]
    return about.file if isinstance(about, ChunkId) else str(about)


class Answers:
    """The current answer to any key, worked out once for each text of its file.

    A key that was asked once is asked again with every change: they are far fewer than what has been asked by all
    results together, each of which holds on as long as none of its own has another answer.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._values: dict[str, dict[Key, Hashable]] = {}
        self._of_chunks: dict[str, dict[ChunkId, list[Key]]] = {}
        """Of the keys of a file those that are about one chunk."""
        self._others: dict[str, list[Key]] = {}
        self._trees: dict[str, Chunk | None] = {}
        """Of the files that have values: the tree for which they hold."""
        self._facts: dict[str, ModuleFacts | None] = {}
        """Of those of which somebody has asked what they bind: the answer."""

    def renew(self, file: str) -> frozenset[Key]:
        """The text of ``file`` has changed (empty: files have come or gone): the keys that have another answer now."""
        values = self._values.get(file)
        if values is None:
            return frozenset()
        changed: list[Key] = []
        for key in self._doubtful(file):
            now = self._ask(key)
            if now != values[key]:
                values[key] = now
                changed.append(key)
        return frozenset(changed)

    def _doubtful(self, file: str) -> list[Key]:
        """The keys that the edit may have given another answer."""
        old = self._trees.get(file)
        new = self._trees[file] = self._workspace.tree(file) if file else None
        bound = self._facts.get(file)
        facts = self._facts[file] = self._workspace.module(file) if bound is not None else None
        if old is None or new is None:
            return list(self._values[file])
        edited = difference(old, new).ids
        of_chunks = self._of_chunks.get(file, {})
        found = [key for each in edited & of_chunks.keys() for key in of_chunks[each]]
        if facts is None or facts is not bound:
            return [*found, *self._others.get(file, ())]
        # each statement binds what it bound: who has another name, be it that it is another text, is another answer
        pairs = zip(old.children, new.children, strict=True)
        renamed = {at for at, (was, now) in enumerate(pairs) if was is not now and was.id != now.id}
        for key in self._others.get(file, ()):
            kind = key[0]
            if kind not in _OF_STATEMENTS:
                found.append(key)
            elif renamed:
                at = facts.stars if kind == "stars" else facts.binders.get(key[2], ())
                if not renamed.isdisjoint(at):
                    found.append(key)
        return found

    def let_go(self, files: Iterable[str]) -> None:
        """The trees of these files are not held: with the next change of one all that was asked of it is asked again."""
        for file in files:
            self._trees.pop(file, None)
            self._facts.pop(file, None)

    def forget(self) -> None:
        """No key is asked again before somebody needs its answer."""
        for each in (self._values, self._of_chunks, self._others, self._trees, self._facts):
            each.clear()

    def value(self, key: Key) -> Hashable:
        """What the world answers now."""
        file = file_of(key)
        values = self._values.get(file)
        if values is None:
            values = self._values[file] = {}
            self._trees[file] = self._workspace.tree(file) if file else None
        if key not in values:
            values[key] = self._ask(key)
            if key[0] in _OF_A_CHUNK:
                self._of_chunks.setdefault(file, {}).setdefault(key[1], []).append(key)
            else:
                self._others.setdefault(file, []).append(key)
        return values[key]

    def _ask(self, key: Key) -> Hashable:
        kind = key[0]
        if kind == "body":
            chunk = self._workspace.chunk(key[1])
            return tuple(map(_seen, chunk.children)) if chunk is not None else None
        if kind == "chunk":
            chunk = self._workspace.chunk(key[1])
            return _seen(chunk) if chunk is not None else None
        if kind == "yields":
            return self._workspace.yields(key[1])
        if kind == "text":
            return self._workspace.digest(key[1])
        if kind == "find":
            return self._workspace.find_module(*key[1:])
        if kind == "tensor names":
            return self._workspace.tensor_names()
        facts = self._facts[key[1]] = self._workspace.module(key[1])
        if facts is None or kind == "module":
            return facts is not None
        if kind == "names":
            return frozenset(facts.binders)
        indices = facts.stars if kind == "stars" else facts.binders.get(key[2], ())
        return _statements(self._workspace.tree(key[1]), indices)


def _statements(module: Chunk | None, indices: Sequence[int]) -> tuple[ChunkId, ...]:
    """The names of some statements of a module, which stay the same wherever they move."""
    return tuple(module.children[index].id for index in indices) if module is not None else ()


def _seen(chunk: Chunk) -> Hashable:
    """All of a chunk that its own block shows: its text, and for a statement of clauses all of their headers."""
    if chunk.children and chunk.children[0].kind is Kind.CLAUSE:
        return chunk.id, chunk.fingerprint, tuple((each.id, each.fingerprint) for each in chunk.children)
    return chunk.id, chunk.fingerprint


class Recorder:
    """Implements :class:`gradsafe.interp.world.World`; ``reads`` holds the keys that were asked for, with their values."""

    def __init__(
        self,
        workspace: Workspace,
        answers: Answers,
        prelude: Prelude | None = None,
        give_up: Callable[[], bool] | None = None,
    ) -> None:
        self._workspace, self._answers = workspace, answers
        self.prelude = prelude
        self.give_up = give_up
        self.keeper: Keeper | None = None
        """Who keeps where the root stood, if anybody does."""
        self.reads: dict[Key, Hashable] = {}
        self.work: dict[Hashable, int] = {}
        """What each result of the prelude took, by its key: those of the root and those that these needed, each once."""
        self._modules: dict[str, ModuleFacts] = {}

    def note(self, *key: Any) -> None:
        if key not in self.reads:
            self.reads[key] = self._answers.value(key)

    def pause(self) -> None:
        """See :class:`World`."""
        if self.give_up is not None and self.give_up():
            raise GivenUp

    def body(self, chunk: ChunkId) -> Body:
        """See :class:`World`. The blocks of a module are noted one by one, as they are taken."""
        body = self._workspace.body(chunk)
        if chunk.qualname or chunk.ordinal:
            self.note("body", chunk)
            return body
        return _Blocks(body, self, chunk)

    def yields(self, chunk: ChunkId) -> bool:
        """See :class:`World`."""
        self.note("yields", chunk)
        return bool(self._answers.value(("yields", chunk)))

    def module(self, file: str) -> ModuleFacts | None:
        """See :class:`World`. The names that are looked up are noted, found or not."""
        noted = self._modules.get(file)
        if noted is not None:
            return noted
        self.note("module", file)
        facts = self._workspace.module(file)
        if facts is None:
            return None
        self.note("stars", file)
        noted = ModuleFacts(facts.file, facts.root, _Binders(facts.binders, self, file), facts.stars)
        self._modules[file] = noted
        return noted

    def tensor_names(self) -> tuple[str, ...]:
        """See :class:`World`."""
        self.note("tensor names")
        return self._workspace.tensor_names()

    def find_module(self, importer: str, name: str, level: int) -> str | None:
        """See :class:`World`."""
        self.note("find", importer, name, level)
        return self._workspace.find_module(importer, name, level)


class TextRecorder(Recorder):
    """The same where texts stay as they are: of a file that is looked into at all only the text as a whole is noted.

    Details are a hundred times as many, and only edits ask for them.
    """

    def note(self, *key: Any) -> None:
        """See :class:`Recorder`."""
        super().note(*(key if key[0] in _OF_THE_PROJECT else ("text", file_of(key))))

    def body(self, chunk: ChunkId) -> Body:
        """See :class:`World`."""
        super().note("text", chunk.file)
        return self._workspace.body(chunk)

    def yields(self, chunk: ChunkId) -> bool:
        """See :class:`World`."""
        super().note("text", chunk.file)
        return self._workspace.yields(chunk)

    def module(self, file: str) -> ModuleFacts | None:
        """See :class:`World`."""
        super().note("text", file)
        return self._workspace.module(file)


@dataclass(slots=True)
class _Kept:
    """A result and the answers that it rests on; ``checked`` is the state of the texts for which they were last compared."""

    result: Any
    reads: dict[Key, Hashable]
    work: dict[Hashable, int]
    checked: int


_REMEMBERED = 16
"""Changes for which it is known which keys they gave another answer; a result that is older is compared key by key."""


class KeptPrelude(Prelude):
    """A prelude that follows edits: a result holds as long as the world answers what it answered."""

    def __init__(self, workspace: Workspace, answers: Answers) -> None:
        super().__init__()
        self._workspace, self._answers = workspace, answers
        self._state = 0
        self._changes: deque[frozenset[Key]] = deque(maxlen=_REMEMBERED)
        self._records: dict[Hashable, _Kept] = {}

    def changed(self, keys: frozenset[Key]) -> None:
        """Some text is not what it was: these keys have another answer."""
        self._state += 1
        self._changes.append(keys)

    def find(self, world: World, key: Hashable) -> Any | None:
        """A kept result that holds; whoever takes it has asked what it asked."""
        kept = self._records.get(key)
        if kept is None:
            return None
        if kept.checked != self._state:
            if not self._holds(kept):
                return None
            kept.checked = self._state
        if isinstance(world, Recorder):
            world.reads.update(kept.reads)
            world.work.update(kept.work)
        return kept.result

    def _holds(self, kept: _Kept) -> bool:
        age, asked = self._state - kept.checked, kept.reads.keys()
        if age <= len(self._changes) and all(map(asked.isdisjoint, islice(reversed(self._changes), age))):
            return True
        value = self._answers.value
        return all(value(key) == answer for key, answer in kept.reads.items())

    def work(self, world: World) -> int:
        """Instructions that went into all results got through ``world``, each counted once however many of them needed it."""
        return sum(world.work.values()) if isinstance(world, Recorder) else 0

    def compute(
        self, world: World, key: Hashable, compute: Callable[[World], Any]
    ) -> tuple[Any, Callable[[Hashable], None]]:
        """A new result; its own questions are noted apart, and for who asked."""
        recorder, give_up = (type(world), world.give_up) if isinstance(world, Recorder) else (Recorder, None)
        inner = recorder(self._workspace, self._answers, self, give_up)
        found = compute(inner)
        inner.work[key] = found.instructions + PARSING
        if isinstance(world, Recorder):
            world.reads.update(inner.reads)
            world.work.update(inner.work)

        def keep(key: Hashable) -> None:
            self._records[key] = _Kept(found, inner.reads, inner.work, self._state)

        return found, keep


class _Binders(Mapping[str, tuple[int, ...]]):
    """Notes each name that is looked up; whoever goes through all of them depends on all of them.

    No dict: of those compiled code takes what it looks for past their methods.
    """

    def __init__(self, binders: Mapping[str, tuple[int, ...]], recorder: Recorder, file: str) -> None:
        self._binders, self._recorder, self._file = binders, recorder, file

    def get(self, name: str, default: Any = None) -> Any:
        self._recorder.note("name", self._file, name)
        return self._binders.get(name, default)

    def __getitem__(self, name: str) -> tuple[int, ...]:
        self._recorder.note("name", self._file, name)
        return self._binders[name]

    def __contains__(self, name: object) -> bool:
        self._recorder.note("name", self._file, name)
        return name in self._binders

    def __iter__(self) -> Iterator[str]:
        self._recorder.note("names", self._file)
        return iter(self._binders)

    def __len__(self) -> int:
        self._recorder.note("names", self._file)
        return len(self._binders)


class _Blocks(Sequence[Block]):
    """The blocks of a module: taking one depends on that statement alone, going through all of them on all."""

    def __init__(self, body: Body, recorder: Recorder, root: ChunkId) -> None:
        self._body, self._recorder, self._root = body, recorder, root

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        if isinstance(index, slice):
            self._recorder.note("body", self._root)
            return self._body[index]
        block = self._body[index]
        self._recorder.note("chunk", block.chunk)
        return block

    def __iter__(self) -> Iterator[Block]:
        self._recorder.note("body", self._root)
        return iter(self._body)

    def __len__(self) -> int:
        self._recorder.note("body", self._root)
        return len(self._body)
