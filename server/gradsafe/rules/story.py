"""Reading an event log: which save, which writes, which backward belong to an error.

A log is a plain sequence of events, of one explored path or of a real run; the rules see
nothing else.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradsafe_tracer.events import (
    Alias,
    AnyPlace,
    BackwardStart,
    Create,
    Event,
    Free,
    Raise,
    Read,
    Save,
    Write,
    WrongGradient,
)


@dataclass(slots=True)
class Log:
    """A log with the look-ups that rules need; the other fields are those of its path (``interp.analyse.Trail``)."""

    events: Sequence[Event]
    conditions: tuple[str, ...] = ()
    blurred: bool = False
    shadow_from: int | None = None
    choices: Mapping[Hashable, bool] = field(default_factory=dict)
    saves: dict[int, tuple[int, Save]] = field(init=False, default_factory=dict)
    backwards: dict[int, BackwardStart] = field(init=False, default_factory=dict)
    writes: dict[int, list[tuple[int, Write]]] = field(init=False, default_factory=dict)
    reads: dict[int, set[int]] = field(init=False, default_factory=dict)
    frees: dict[int, Free] = field(init=False, default_factory=dict)
    nodes: dict[int, list[Save]] = field(init=False, default_factory=dict)
    views: dict[int, tuple[int, Alias]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for index, event in enumerate(self.events):
            if isinstance(event, Save):
                self.saves[event.save] = (index, event)
                self.nodes.setdefault(event.node, []).append(event)
            elif isinstance(event, Write):
                self.writes.setdefault(event.counter, []).append((index, event))
            elif isinstance(event, Read):
                self.reads.setdefault(event.backward, set()).add(event.save)
            elif isinstance(event, BackwardStart):
                self.backwards[event.backward] = event
            elif isinstance(event, Alias):
                self.views[event.tensor] = (index, event)
            elif isinstance(event, Free):
                self.frees.setdefault(event.node, event)

    @property
    def happened(self) -> Sequence[Event]:
        """What torch lets happen: without the shadow of an error."""
        return self.events if self.shadow_from is None else self.events[: self.shadow_from]

    def writes_after(self, save: Save, before: int | None = None) -> list[Write]:
        """The writes that moved the saved tensor's counter since the version that was saved, oldest first.

        A counter only grows, so versions say what came after; the order in the log does not (a checkpointed region
        reads its arguments after it has written them, at the version that they came with).
        """
        return [
            write
            for index, write in self.writes.get(save.counter, ())
            if (before is None or index < before)
            and write.version_after > write.version_before >= save.version
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """One failure in one log, at position ``index``; ``mended`` are the places of writes that other failures tell of."""

    log: Log
    index: int
    event: Raise | WrongGradient
    mended: frozenset[AnyPlace] = frozenset()

    @property
    def save(self) -> Save | None:
        number = self.event.save
        if number is not None:
            found = self.log.saves.get(number)
            return found[1] if found is not None else None
        node = self.event.node if isinstance(self.event, Raise) else None
        kept = self.log.nodes.get(node, []) if node is not None else []
        return kept[0] if kept else None

    @property
    def backward(self) -> BackwardStart | None:
        number = self.event.backward
        return self.log.backwards.get(number) if number is not None else None

    @property
    def returned(self) -> bool:
        """True where no backward is in sight: the graph that is returned would fail."""
        return isinstance(self.event, Raise) and self.event.how == "returned"

    @property
    def shadowed(self) -> bool:
        """True where this failure shows only once an earlier one is mended."""
        return self.log.shadow_from is not None and self.index >= self.log.shadow_from

    def writes(self) -> list[Write]:
        """The writes that broke the save, oldest first."""
        found = self.log.writes_after(self.save, self.index) if self.save is not None else []
        return [write for write in found if write.place not in self.mended]

    def view_made(self) -> Alias | None:
        """Where the tensor of this failure was made a view."""
        found = self.log.views.get(self.event.tensor) if self.event.tensor is not None else None
        return found[1] if found is not None else None

    def is_past_graph(self, write: Write) -> bool:
        """Whether the write is meant for the values alone: without grad, or through ``detach()``."""
        alias = self.log.views.get(write.tensor)
        return not write.grad_enabled or (alias is not None and alias[1].how == "detach")

    def has_history(self, write: Write) -> bool:
        """Whether what is written was computed by an operation that autograd has recorded: no parameter and no buffer."""
        return any(
            isinstance(event, Create) and event.counter == write.counter and event.leaf is False
            for event in self.log.events
        )

    def base_writes(self) -> list[Write]:
        """The writes to the memory of a view since it was made, oldest first."""
        found = self.log.views.get(self.event.tensor) if self.event.tensor is not None else None
        if found is None:
            return []
        start, alias = found
        return [
            write for index, write in self.log.writes.get(alias.counter, ()) if start < index < self.index
        ]

    def first_backward(self) -> BackwardStart | None:
        """For a second backward: the one that freed the node."""
        node = self.event.node if isinstance(self.event, Raise) else None
        free = self.log.frees.get(node) if node is not None else None
        return self.log.backwards.get(free.backward) if free is not None else None


def stories(log: Log) -> list[Story]:
    """Every failure in a log, in order.

    The interpreter takes the writes of the error that ends a path, and of each that its shadow or a returned
    graph has, for mended; so does the story of the next.
    """
    found: list[Story] = []
    mended: frozenset[AnyPlace] = frozenset()
    for index, event in enumerate(log.events):
        if not isinstance(event, (Raise, WrongGradient)):
            continue
        story = Story(log, index, event)
        if story.shadowed or story.returned:
            story = replace(story, mended=mended)
        found.append(story)
        ends_path = log.shadow_from is not None and index >= log.shadow_from - 1
        if (ends_path or story.returned) and isinstance(event, Raise) and event.certain:
            mended |= {write.place for write in story.writes()}
    return found


def same_file(one: AnyPlace, other: AnyPlace) -> bool:
    """True if two places stand in one file; places are spans (static) or rows (a real run)."""
    return _file(one) == _file(other)


def _file(place: AnyPlace) -> object:
    chunk = getattr(place, "chunk", None)
    return chunk.file if chunk is not None else getattr(place, "file", None)
