"""What was seen of a word, in sentences: what holds on all paths plainly, the rest with where it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gradsafe.domain.tensors import GradMode, Tri
from gradsafe.interp.watch import Books, Holder, Keeper, Sight
from gradsafe.ir import instructions as ir
from gradsafe.rules.words import operand_text, operation_text
from gradsafe_tracer.events import Alias, AnyPlace, Place, Save, Write

Part = str | Place
Line = tuple[Part, ...]
"""A sentence; where it names a place, that place, for whoever shows it to say in his own terms."""
Resolve = Callable[[AnyPlace], Place | None]

_MADE_OUTSIDE = ("unknown", "batch")
_SHOWN = 6
"""Saves and names that are listed; a tensor that is saved in every layer is not better known by a longer list."""


@dataclass(frozen=True)
class Told:
    """``head`` goes on the word's own line, ``lines`` are facts, ``notes`` say how far they can be trusted."""

    head: Line
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def tell(word: str, sights: Sequence[Sight], alone: bool, resolve: Resolve) -> Told | None:
    """None where no sight has anything to say of ``word``."""
    words = _Words(word, resolve)
    names = [sight for sight in sights if not sight.is_operation]
    reads = [sight for sight in names if isinstance(sight.instruction, (ir.Load, ir.Attr))] or names
    done = [sight for sight in sights if sight.is_operation and sight.events]
    known = [sight for sight in reads if sight.books is not None]
    if known:
        counters = {sight.books.counter for sight in known if sight.books is not None}
        facts = [(sight, tuple(words.of_tensor(sight))) for sight in known]
        actions = [(sight, tuple(words.of_operation(sight, counters))) for sight in done]
    else:
        facts = [(sight, (*words.of_operation(sight, None), *words.of_tensor(sight))) for sight in done]
        actions = []
    if not facts:
        return None
    merged = [*words.merged(facts), *words.merged(actions)]
    shown = known or done
    return Told(merged[0], tuple(merged[1:]), tuple(_notes(reads if known else done, shown, alone)))


def _notes(visits: Sequence[Sight], shown: Sequence[Sight], alone: bool) -> Iterator[str]:
    rounds = max(sight.rounds for sight in shown)
    if rounds > 1:
        yield f"In a loop: this is what the last of {rounds} rounds that were followed finds."
    if any(sight.books is None for sight in visits):
        yield "On some paths it is not known to be a tensor."
    if all(sight.shadow for sight in shown):
        yield "Torch raises before it gets here: this is what holds once that is mended."
    if any(sight.blurred for sight in shown):
        yield "Not every way through the program was followed."
    unknown = [sight.books for sight in shown if sight.books is not None]
    if alone and any(not books.known or books.requires_grad is Tri.MAYBE for books in unknown):
        yield "Seen from this function alone: what its callers pass is not known."


class _Words:
    """Sentences about sights."""

    def __init__(self, word: str, resolve: Resolve) -> None:
        self._word, self._resolve = word, resolve

    # -- one sight

    def of_tensor(self, sight: Sight) -> Iterator[Line]:
        books = sight.books
        if books is None:
            return
        yield (_summary(books),)
        yield (*self._origin(books), _gradient(books), _MODES[sight.grad_mode])
        if others := [_holder(each) for each in books.holders if each.lineage != ()][:_SHOWN]:
            yield (f"in the same memory: {', '.join(others)}",)
        written = {event.name for event in sight.events if isinstance(event, Write)}
        same = [
            each.name
            for each in books.holders
            if each.lineage == () and each.name not in (self._word, *written)
        ]
        if same:
            yield (f"the same tensor as {', '.join(f'`{name}`' for name in same[:_SHOWN])}",)
        if not books.keepers:
            yield ("no operation that is known of has saved it for backward" if books.known else _NOT_SAVED,)
        for keeper in books.keepers[-_SHOWN:]:
            yield self._keeper(keeper, books)

    def of_operation(self, sight: Sight, counters: set[int] | None) -> Iterator[Line]:
        """What the operation did, to tensors with one of ``counters`` if some are given."""

        def counted(event: Write | Save) -> str:
            books = sight.books
            return _FROM_HERE if books and books.counter == event.counter and not books.known else ""

        for event in sight.events:
            if isinstance(event, Write) and (counters is None or event.counter in counters):
                yield (f"{_write(event)}{counted(event)}",)
            elif isinstance(event, Save) and (counters is None or event.counter in counters):
                saved = "its result" if event.role == "result" else operand_text(event)
                yield (
                    f"`{event.operation}` saves {saved} for backward here, at version {event.version}{counted(event)}",
                )

    def _origin(self, books: Books) -> Line:
        made = books.made
        if isinstance(made, Alias):
            return (f"made by `{made.how}` as an alias", *self._on(made.place), ": ")
        if not books.known or made is None:
            return ("its history is not known: ",)
        if made.operation in _MADE_OUTSIDE:
            return ("",)
        return (f"made by `{made.operation}`", *self._on(made.place), ": ")

    def _keeper(self, keeper: Keeper, books: Books) -> Line:
        save = keeper.event
        saved = "its result" if save.role == "result" else operand_text(save)
        line = (
            f"`{save.operation}` has saved {saved} for backward at version {save.version}",
            *self._on(save.place),
        )
        if keeper.certain is not Tri.YES:
            line = (*line, ", if it records a graph at all")
        if save.version < books.version:
            return (
                *line,
                f"; since then the counter has moved on to {books.version}, and a backward through it raises",
            )
        return line

    def _on(self, place: AnyPlace) -> Line:
        found = self._resolve(place)
        return (" on ", found) if found is not None else ()

    # -- many sights

    def merged(self, told: Sequence[tuple[Sight, tuple[Line, ...]]]) -> Iterator[Line]:
        """Every line once, in order; what not every sight has says where it holds."""
        order = dict.fromkeys(line for _, lines in told for line in lines)
        for line in order:
            having = [sight for sight, lines in told if line in lines]
            if len(having) == len(told):
                yield line
            else:
                without = [sight for sight, lines in told if line not in lines]
                yield (*self._qualifier(having, without), *line)

    def _qualifier(self, having: Sequence[Sight], without: Sequence[Sight]) -> Line:
        calls = {sight.stack for sight in having}
        if calls.isdisjoint(sight.stack for sight in without):
            places = dict.fromkeys(self._resolve(stack[-1]) for stack in calls if stack)
            found = [place for place in places if place is not None]
            if found and len(found) <= _SHOWN:
                parts: list[Part] = ["called from "]
                for index, place in enumerate(sorted(found)):
                    parts += [", ", place] if index else [place]
                return (*parts, ": ")
        common = [each for each in having[0].conditions if all(each in sight.conditions for sight in having)]
        telling = [each for each in common if not any(each in sight.conditions for sight in without)]
        return (f"where `{telling[-1]}`: ",) if telling else ("on some paths: ",)


_MODES = {
    GradMode.ENABLED: "",
    GradMode.NO_GRAD: "; grad mode is off here (`no_grad`)",
    GradMode.INFERENCE: "; inference mode is on here",
    GradMode.UNKNOWN: "; whether grad mode is on here is not known",
}
_FROM_HERE = ", counted from where this function begins"
_NOT_SAVED = "no operation in sight has saved it for backward"


def _summary(books: Books) -> str:
    what = "an inference tensor" if books.inference else "a tensor"
    if books.shape is not None:
        sizes = ", ".join("?" if size is None else str(size) for size in books.shape)
        what += f" of sizes [{sizes}]"
    dtype = f", `{books.dtype}`" if books.dtype is not None else ""
    counted = "" if books.known else _FROM_HERE
    return f"{what}{dtype}, at version {books.version}{counted}"


def _gradient(books: Books) -> str:
    requires = {
        Tri.YES: "requires grad",
        Tri.NO: "does not require grad",
        Tri.MAYBE: "whether it requires grad is not known",
    }
    leaf = {Tri.YES: "a leaf", Tri.NO: "not a leaf", Tri.MAYBE: "whether it is a leaf is not known"}
    if books.unasked and books.leaf is Tri.YES:
        return (
            f"{requires[books.requires_grad]}; still a leaf for torch, until something asks for its `grad_fn`"
        )
    node = (
        f" (`grad_fn` is that of `{books.node}`)" if books.node is not None and books.leaf is Tri.NO else ""
    )
    return f"{requires[books.requires_grad]}, {leaf[books.leaf]}{node}"


def _holder(holder: Holder) -> str:
    own = "" if holder.same_counter else ", with a version counter of its own"
    if holder.lineage is None:
        return f"`{holder.name}`{f' ({own[2:]})' if own else ''}"
    chain = ".".join(holder.lineage)
    text = f"which this is `{chain}` of" if holder.is_above else f"`{chain}` of it"
    return f"`{holder.name}` ({text}{own})"


def _write(write: Write) -> str:
    name = f"`{write.name}`" if write.name else "the tensor"
    if write.version_after == write.version_before:
        return f"{operation_text(write)} writes {name} here, and its version counter stays at {write.version_before}: autograd cannot see it"
    return f"{operation_text(write)} writes {name} in place here: version {write.version_before} -> {write.version_after}"
