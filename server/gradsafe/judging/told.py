"""What is told of one file, as it is kept on the disk: its findings as they are reported, and which fixes hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gradsafe.project.cache.disk import Disk, Facts
from gradsafe.project.cache.packing import Malformed, Packing
from gradsafe.report.entry import Entry, EntryEdit, EntryFix, EntryRelated
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place


@dataclass(frozen=True)
class Proved:
    """Whether a fix holds, and what that rests on: what is told of some files (by its name), texts, which files there are."""

    holds: bool
    told: Mapping[str, str]
    texts: Mapping[str, str | None]
    facts: str

    @classmethod
    def of(
        cls, holds: bool, told: Mapping[str, str], texts: Mapping[str, str | None], facts: Facts
    ) -> Proved:
        """With the facts in the form in which they are kept."""
        return cls(holds, told, texts, json.dumps(facts))

    def stands(self, disk: Disk) -> bool:
        """Whether the disk is what it rests on; ``told`` is for the caller to compare."""
        return all(disk.digest(file) == digest for file, digest in self.texts.items()) and disk.agrees(
            json.loads(self.facts)
        )


@dataclass
class Told:
    """The entries with their fixes as they were offered; ``proofs`` by the places of entry and fix in them, ``pairs`` by that of the entry."""

    entries: tuple[Entry, ...]
    proofs: dict[tuple[int, int], Proved] = field(default_factory=dict)
    pairs: dict[int, tuple[tuple[EntryFix, ...], Proved]] = field(default_factory=dict)
    is_new: bool = False

    def pack(self) -> str:
        """For the disk."""
        return _PACKING.pack((self.entries, self.proofs, self.pairs))

    @classmethod
    def unpack(cls, text: str) -> Told:
        """From the disk. Raises :class:`Malformed`."""
        try:
            entries, proofs, pairs = _PACKING.unpack(text)
            if not all(isinstance(each, Entry) for each in entries):
                raise Malformed("no entries")
            return cls(tuple(entries), dict(proofs), dict(pairs))
        except (TypeError, ValueError) as error:
            raise Malformed(str(error)) from error

    def at(self, entry: Entry, fix: EntryFix) -> tuple[int, int] | None:
        """Where an entry and its fix stand; None where they are not of these."""
        try:
            number = self.entries.index(entry)
            return number, self.entries[number].fixes.index(fix)
        except ValueError:
            return None


_PACKING = Packing(Entry, EntryEdit, EntryFix, EntryRelated, Place, Proved, Role, Severity)
