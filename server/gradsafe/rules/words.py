"""The words that rules share: how a save, a write and a backward read in a message."""

from __future__ import annotations

from gradsafe.rules.finding import Related, Role, SavedAs
from gradsafe.rules.story import Story, same_file
from gradsafe_tracer.events import AnyPlace, BackwardStart, Raise, Save, Write

_OPERATORS = {
    "add_": "+=",
    "sub_": "-=",
    "mul_": "*=",
    "div_": "/=",
    "pow_": "**=",
    "remainder_": "%=",
    "matmul_": "@=",
}


def named(name: str | None, otherwise: str = "the tensor") -> str:
    """A tensor in a sentence: its source text in backquotes, or a description."""
    return f"`{name}`" if name else otherwise


def operation_text(write: Write) -> str:
    """The in-place operation as the user wrote it, roughly: ``+=``, ``relu_()``, ``optimizer.step()``, ``x[...] = ...``."""
    if write.how == "augmented":
        return f"`{_OPERATORS.get(write.operation, write.operation)}`"
    if write.how == "setitem":
        return "this assignment to a slice"
    if write.how == "optimizer":
        return "`optimizer.step()`"
    if write.how == "module":
        return f"`{write.operation}(inplace=True)`"
    return f"`{write.operation}()`"


def operation_of(event: Raise) -> str:
    """The in-place operation at which torch raises, as :func:`operation_text` writes it."""
    if event.how == "augmented":
        return f"`{_OPERATORS.get(event.operation or '', event.operation)}`"
    if event.how == "setitem":
        return "This assignment to a slice"
    if event.how == "module":
        return f"`{event.operation}(inplace=True)`"
    return f"`{event.operation}()`"


def operand_text(save: Save) -> str:
    """What was saved, seen from the operation that saved it."""
    if save.role in ("result", "a copy", "the view"):
        return "its result" if save.role == "result" else save.role
    return f"its operand {named(save.name, f'`{save.role}`')}"


def saved(save: Save) -> Related:
    """The related place where the tensor was saved."""
    text = f"`{save.operation}` saved {operand_text(save)} for backward here, at version {save.version}"
    return Related(Role.SAVED, save.place, text, SavedAs(save.operation, save.role))


def modified(write: Write) -> Related:
    """The related place of one more write."""
    text = f"also changed here: version {write.version_before} -> {write.version_after}"
    return Related(Role.MODIFIED, write.place, text)


def backward(start: BackwardStart, text: str) -> Related:
    """The related place of a backward call."""
    return Related(Role.BACKWARD, start.place, text)


def primary_of(place: AnyPlace, how: str | None, declared: AnyPlace) -> AnyPlace:
    """The line to change: an in-place module's construction if it stands in the same file, else the write."""
    if how == "module" and declared is not None and same_file(declared, place):
        return declared
    return place


def call_of(write: Write | Raise) -> tuple[Related, ...]:
    """For an in-place module that is reported at its construction: where it was called; else where it was built, in another file."""
    if primary_of(write.place, write.how, write.declared) != write.place:
        return (Related(Role.CALL, write.place, "the in-place module runs here"),)
    if write.how == "module" and write.declared is not None and write.declared != write.place:
        return (Related(Role.CREATED, write.declared, "the in-place module is built here"),)
    return ()


def other_saves(story: Story, write: Write) -> list[Save]:
    """Further saves that the same backward reads and the same write broke, each place once: a loop saves there every round."""
    read = story.log.reads.get(story.event.backward or -1, set())
    found: list[Save] = []
    places = {story.save.place} if story.save is not None else set()
    for index, save in story.log.saves.values():
        if save.save not in read:
            continue
        other = save.counter == write.counter and save != story.save and index < story.index
        if other and save.place not in places and write in story.log.writes_after(save, story.index):
            places.add(save.place)
            found.append(save)
    return found[:4]
