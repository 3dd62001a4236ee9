"""The results of files, by what they rest on: a head that is read each time, and a body that few runs need."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gradsafe.project.cache.disk import Disk, Facts
from gradsafe.project.cache.folder import Folder
from gradsafe.project.cache.packing import Malformed, Packing
from gradsafe.project.kept import PROBLEMS, Found, Kept, Limit, Problem

if TYPE_CHECKING:
    from gradsafe.interp.analyse import Root


@dataclass(frozen=True)
class Head:
    """Of the results of one file: the texts they rest on by their digests, what imports found, where something was found.

    The rest is what there is to say besides (:class:`~gradsafe.project.kept.About`), problems and limits packed, and empty where there are none:
    of most files nobody asks for them.
    """

    texts: dict[str, str | None]
    facts: Facts
    targets: frozenset[str]
    roots: int
    suppresses: bool
    packed_problems: str
    packed_limits: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What of the file could not be analysed. Raises :class:`Malformed`."""
        return _unpacked(self.packed_problems, PROBLEMS, Problem)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Where budgets were hit. Raises :class:`Malformed`."""
        from gradsafe.project.sharing import RESULTS

        return _unpacked(self.packed_limits, RESULTS, Limit)

    @cached_property
    def rests_on(self) -> str:
        """Names all that the results rest on."""
        return name_of(sorted(self.texts.items(), key=lambda item: item[0]), self.facts)

    @property
    def reads(self) -> frozenset[str]:
        """The files that were looked into; an empty name where it was asked which files there are."""
        return frozenset(self.texts) | ({""} if self.facts else frozenset())


class CachedResults:
    """Implements :class:`gradsafe.project.kept.Store` for the files of ``scope``, as they are on the disk when it is first asked.

    ``deciding``: what of the configuration decides on results.
    """

    def __init__(self, folder: Folder, root: str, scope: Iterable[str], deciding: Iterable[Any] = ()) -> None:
        self._folder, self._root, self._deciding = folder, root, tuple(deciding)
        self.disk = Disk(root, scope)
        self._heads: dict[str, Head | None] = {}

    def head(self, file: str) -> Head | None:
        """Of results of ``file`` that hold."""
        if file not in self._heads:
            self._heads[file] = self._read_head(file)
        return self._heads[file]

    def reads(self, file: str) -> frozenset[str] | None:
        """See :class:`gradsafe.project.kept.Store`."""
        head = self.head(file)
        return head.reads if head is not None else None

    def results(self, file: str) -> Iterable[tuple[Root, Kept]]:
        """See :class:`gradsafe.project.kept.Store`."""
        from gradsafe.project.sharing import RESULTS

        head = self.head(file)
        text = self._folder.read(self._name(file, head.texts[file], "body")) if head is not None else None
        try:
            found: Any = RESULTS.unpack(text) if text is not None else ()
            return [(root, kept) for root, kept in found if isinstance(kept, Kept)]
        except (Malformed, TypeError, ValueError):
            return ()

    def keep(self, found: Found) -> bool:
        """Write down what was found; False where the disk is not any more what it rests on."""
        # The names and digests of what all files import: from another process they come as new objects with each file.
        texts = {
            sys.intern(str(key[1])): sys.intern(value) if isinstance(value, str) else None
            for key, value in found.reads.items()
            if key[0] == "text"
        }
        facts = self.disk.facts(found.reads)
        if facts is None or texts[found.file] is None:
            return False
        about = found.about
        head = Head(texts, facts, found.targets, about.roots, about.suppresses, about.problems, about.limits)
        self._folder.write(self._name(found.file, texts[found.file], "body"), found.results)
        self._folder.write(self._name(found.file, texts[found.file], "head"), _spelled(head))
        self._heads[found.file] = head
        return True

    def _read_head(self, file: str) -> Head | None:
        digest = self.disk.digest(file)
        text = self._folder.read(self._name(file, digest, "head")) if digest is not None else None
        try:
            head = _parsed(text) if text is not None else None
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
        return head if head is not None and self._holds(head) else None

    def _holds(self, head: Head) -> bool:
        disk = self.disk
        return all(
            disk.digest(file) == digest and disk.is_called(file) for file, digest in head.texts.items()
        ) and disk.agrees(head.facts)

    def _name(self, file: str, digest: str | None, part: str) -> str:
        return f"{name_of(os.getcwd(), self._root, file, digest, self._deciding)}.{part}"  # noqa: PTH109


def name_of(*parts: Any) -> str:
    """A name for an entry that is about ``parts``."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


_Kind = TypeVar("_Kind")


def _unpacked(text: str, packing: Packing, kind: type[_Kind]) -> tuple[_Kind, ...]:
    found = packing.unpack(text) if text else ()
    if not isinstance(found, tuple) or not all(isinstance(each, kind) for each in found):
        raise Malformed(f"not a row of {kind.__name__}")
    return found


def _spelled(head: Head) -> str:
    parts = [head.texts, head.facts, sorted(head.targets)]
    rest = [head.roots, head.suppresses, head.packed_problems, head.packed_limits]
    return json.dumps([*parts, *rest], separators=(",", ":"))


def _parsed(text: str) -> Head:
    texts, facts, targets, roots, suppresses, problems, limits = json.loads(text)
    return Head(
        dict(texts), dict(facts), frozenset(targets), int(roots), bool(suppresses), str(problems), str(limits)
    )
