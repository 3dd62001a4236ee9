"""From the notes of a run to the events of the schema, in the order in which things happened."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ..events import (
    Alias,
    BackwardEnd,
    BackwardStart,
    Escape,
    Event,
    Free,
    Raise,
    Read,
    Save,
    Write,
    WrongGradient,
)
from ..seen.places import resolve
from ..seen.records import BackwardNote, PlainNote, SaveNote, WriteNote
from ..unseen import arrays
from ..watching.operands import operation_name
from . import source

_PLAIN: Dict[str, Any] = {
    "alias": Alias,
    "escape": Escape,
    "free": Free,
    "read": Read,
    "raise": Raise,
    "wrong-gradient": WrongGradient,
    "backward-end": BackwardEnd,
}


def events_of(notes: List[Any]) -> List[Event]:
    """The events that ``notes`` stand for, oldest first."""
    _as_before(notes)
    return [_event(note) for note in sorted(notes, key=lambda note: int(note.t))]


def _as_before(notes: List[Any]) -> None:
    """Saves that were not looked at closely are those that the same place made before, in the same order."""
    known: Dict[Any, SaveNote] = {}
    for note in notes:
        if isinstance(note, SaveNote) and note.role is not None and note.where:
            known.setdefault((id(note.where[0]), note.where[1], note.func, note.count), note)
    for note in notes:
        if isinstance(note, SaveNote) and note.role is None and note.where:
            like = known.get((id(note.where[0]), note.where[1], note.func, note.count))
            if like is not None:
                note.role, note.operation, note.inner = like.role, like.operation, like.inner


def _event(note: Any) -> Event:
    place, stack = resolve(note.where)
    if place is not None and _by_array(note):
        place = arrays.first_write(place, str(_operation(note)))
    if isinstance(note, SaveNote):
        operation = note.operation or _called(note, place)
        return Save(
            place, stack, note.number, note.node, operation, note.role or "saved", note.tensor, note.counter,
            note.version, note.name or _operand(note, place, operation),
        )  # fmt: skip
    if isinstance(note, WriteNote):
        return Write(
            place, stack, note.tensor, note.counter, note.before, note.after, note.operation,
            _how(note, place), note.grad, resolve(note.declared)[0], note.name or source.receiver(place, note.operation),
        )  # fmt: skip
    if isinstance(note, BackwardNote):
        return BackwardStart(
            place, stack, note.number, note.operation, source.receiver(place, note.operation)
        )
    assert isinstance(note, PlainNote)
    fields = dict(note.fields)
    if note.kind == "raise":
        fields["declared"] = resolve(fields.get("declared", ()))[0]
        if fields["reason"] not in ("version", "freed"):
            fields["how"] = fields.get("how") or source.how(place, str(fields.get("operation")))
            fields["name"] = fields.get("name") or source.receiver(place, str(fields.get("operation")))
    if note.kind == "wrong-gradient" and fields["reason"] not in ("numpy-write", "gradient-write"):
        fields["name"] = fields.get("name") or _without_data(
            source.receiver(place, str(fields.get("operation")))
        )
    return _PLAIN[note.kind](place, stack, **fields)  # type: ignore[no-any-return]


def _called(note: SaveNote, place: Optional[Any]) -> str:
    return operation_name(note.func) if note.func is not None else source.called(place) or "unknown"


def _operand(note: SaveNote, place: Optional[Any], operation: str) -> Optional[str]:
    if note.inner and note.role is not None and note.role.startswith("result"):
        return None
    return source.operand(place, note.role, operation)


def _without_data(text: Optional[str]) -> Optional[str]:
    """``w.data`` is a name of w's memory, not of another tensor."""
    return text[: -len(".data")] if text is not None and text.endswith(".data") else text


def _by_array(note: Any) -> bool:
    if isinstance(note, WriteNote):
        return note.how == "numpy"
    if not isinstance(note, PlainNote):
        return False
    reason, operation = note.fields.get("reason"), note.fields.get("operation")
    return reason == "numpy-write" or (reason == "gradient-write" and operation in arrays.ESCAPES)


def _operation(note: Any) -> Optional[str]:
    return note.operation if isinstance(note, WriteNote) else note.fields.get("operation")


def _how(note: WriteNote, place: Optional[Any]) -> str:
    """How the user wrote it down: ``data`` for the writes that pass by the counter, else by the source."""
    if note.how in ("optimizer", "module", "numpy", "data", "other"):
        return note.how
    return source.how(place, note.operation)
