"""Let backward keep a copy: clone where the tensor was saved. Changes no value, costs one tensor of memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import Containers, callee, holder, is_in_place_name, is_module
from gradsafe.fixes.holds import SHARING_METHODS
from gradsafe.fixes.rewrite import clone_of
from gradsafe.fixes.scope import FILL_LISTS
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import argument, dotted, walk
from gradsafe.rules.finding import Edit, Finding, Role, SavedAs
from gradsafe_tracer.events import AnyPlace

Operation = (cst.Call, cst.BinaryOperation, cst.UnaryOperation)
_Saves: TypeAlias = "dict[AnyPlace, SavedAs | None]"


def propose(site: Site) -> Iterator[Draft]:
    if site.finding.code == "inference-tensor-saved":
        yield from _copies_of_operands(site)
        return
    saves = _saves(site.finding)
    # Where one of the saves cannot be copied, the others may have been broken before: then that of the finding alone is left.
    first = {place: kept for place, kept in saves.items() if place == site.finding.saved}
    wanted = [saves, first] if len(saves) > 1 else [saves]
    tries = ([*_of_saves(site, each, named)] for each in wanted for named in (False, True))
    yield from next(filter(None, tries), [])


def _of_saves(site: Site, saves: _Saves, named: bool) -> Iterator[Draft]:
    """Copies at all these saves of the tensor; ``named``: also of a result that is known by another name where it is written.

    That copy goes wherever the result went, so it is tried last: it may be saved there, too.
    """
    held = dotted(site.subject) if site.subject is not None else None
    name = held or site.finding.subject
    if name is None:
        return
    edits: list[Edit] = []
    title = name
    for place, kept in saves.items():
        spot = find_spot(site.sources, place)
        if spot is None:
            return
        cloned: list[Edit] = []
        if _means_the_same(name, spot.code.chunk.qualname, site.spot.code.chunk.qualname):
            cloned = _cloned(spot, name, site.finding.subject)
        if not cloned and kept is not None:
            operand = _by_role(spot, kept, named)  # the tensor has another name there, or none
            if operand is not None and not (named and _is_handed_over(site.sources, spot)):
                cloned, title = [clone_of(spot, operand)], spot.text(operand)
        if not cloned:
            return  # one save left open breaks as before
        edits += cloned
    if edits:
        yield Draft(f"Let backward keep a copy of `{title}`", tuple(edits), safe=True)


def _is_handed_over(sources: Sources, save: Spot) -> bool:
    """Whether the result is given to a method of who knows what: ``waiting.put(out)`` may hand it to the next operation that saves."""
    statement = save.statement.node
    targets = statement.targets if isinstance(statement, cst.Assign) else ()
    names = {name for each in targets if (name := dotted(each.target)) is not None}
    for code in sources.scope(save.code.chunk) or ():
        for call in (each.node for each in walk(code.body) if isinstance(each.node, cst.Call)):
            receiver_of = call.func.value if isinstance(call.func, cst.Attribute) else None
            is_ours = receiver_of is None or is_module(receiver_of) or callee(call) in FILL_LISTS
            if not is_ours and names & {dotted(arg.value) for arg in call.args}:
                return True
    return False


def _means_the_same(name: str, here: str, there: str) -> bool:
    """In one function a name does, and an attribute of ``self`` in all methods of a class."""
    return here == there or (
        name.startswith("self.") and here.rpartition(".")[0] == there.rpartition(".")[0] != ""
    )


def _saves(finding: Finding) -> _Saves:
    """Where this tensor was saved, and as what: each place needs a copy of its own."""
    saves: _Saves = {finding.saved: None} if finding.saved is not None else {}
    for each in finding.related:
        if each.role is Role.SAVED and saves.get(each.place) is None:
            saves[each.place] = each.kept
    return saves


def _copies_of_operands(site: Site) -> Iterator[Draft]:
    """Nothing is written: the operation itself cannot save an inference tensor, but a copy made outside it can.

    Where the finding does not name the operand, each may be the one; verifying tells which.
    """
    operation, subject = _operation(site.spot), site.finding.subject
    operands = (
        [each for each in _operands(operation) if not isinstance(each, cst.BaseNumber)] if operation else []
    )
    named = [each for each in operands if _is_held_by(site.spot, each, subject or "", subject)]
    for operand in named or operands:
        edit = clone_of(site.spot, operand)
        yield Draft(f"Let backward keep a copy of `{site.spot.text(operand)}`", (edit,), safe=True)


def _cloned(spot: Spot, name: str, subject: str | None) -> list[Edit]:
    operation = _operation(spot)
    if operation is None or (isinstance(operation, cst.Call) and is_in_place_name(callee(operation) or "")):
        return []
    edits = [clone_of(spot, each) for each in _operands(operation) if _is_held_by(spot, each, name, subject)]
    if not edits and _is_value_of(spot, operation, name):
        edits = [clone_of(spot, operation)]
    return edits


_POSITIONS = {
    "self": 0,
    "input": 0,
    "mat1": 0,
    "other": 1,
    "mat2": 1,
    "vec": 1,
    "weight": 1,
    "hx": 1,
    "target": 1,
}
"""Where operands stand that are given by position, in the signatures of torch."""


def _by_role(spot: Spot, kept: SavedAs, named: bool) -> cst.BaseExpression | None:
    """What stands for the saved operand in the operation that saved it, by torch's signatures; for a result, the operation."""
    operation, at = _operation(spot), _POSITIONS.get(kept.role)
    if operation is None:
        return None
    if kept.role == "result":
        gets_a_name = getattr(spot.statement.node, "value", None) is operation
        return operation if (named or not gets_a_name) and _is_called(operation, kept.operation) else None
    if at is None:
        return None
    operands = list(_operands(operation))
    if isinstance(operation, cst.Call):
        name, func = callee(operation) or "", operation.func
        if name == kept.operation:
            if isinstance(func, cst.Attribute) and not is_module(func.value):
                operands = [func.value, *(arg.value for arg in operation.args if not arg.star)]
        elif kept.operation[:1].isupper() and not is_in_place_name(
            name
        ):  # a module, whatever it is called here
            operands = [arg.value for arg in operation.args if not arg.star and arg.keyword is None]
            operands = [] if kept.role == "weight" else operands
        else:
            return None
        given = argument(operation, None, kept.role)
        if given is not None:
            return given.value
    found = operands[at] if at < len(operands) else None
    return None if isinstance(found, cst.BaseNumber) else found


def _is_called(operation: cst.BaseExpression, name: str) -> bool:
    """Whether this calls ``name``, or a module of that class, whatever it is called here."""
    called = callee(operation) or "" if isinstance(operation, cst.Call) else ""
    return bool(called) and not is_in_place_name(called) and (called == name or name[:1].isupper())


def _operation(spot: Spot) -> cst.BaseExpression | None:
    """The operation at the place of the save; the widest one where the place is a whole statement."""
    ranked = []
    for cursor in spot.nodes():
        if isinstance(cursor.node, Operation):
            start, end = spot.code.offsets(cursor.node)
            if spot.start <= start and end <= spot.end:
                ranked.append((start - end, start, cursor.node))
    return min(ranked, key=lambda entry: entry[:2])[-1] if ranked else None


def _operands(operation: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(operation, cst.BinaryOperation):
        yield from (operation.left, operation.right)
    elif isinstance(operation, cst.UnaryOperation):
        yield operation.expression
    elif isinstance(operation, cst.Call):
        if isinstance(operation.func, cst.Attribute) and not is_module(operation.func.value):
            yield operation.func.value
        for arg in operation.args:
            if isinstance(arg.value, (cst.List, cst.Tuple)):  # ``einsum("ij,jk", [a, b])``
                yield from (each.value for each in arg.value.elements if isinstance(each, cst.Element))
            elif not arg.star:
                yield arg.value


def _is_held_by(spot: Spot, operand: cst.BaseExpression, name: str, subject: str | None) -> bool:
    """Whether the operand is the tensor, or a view of it; ``h.exp() * w`` saves a temporary, not h."""
    if spot.text(operand) == subject:
        return True
    if isinstance(operand, cst.Call) and callee(operand) not in SHARING_METHODS:
        return False
    held = holder(operand, Containers())
    return held is not None and dotted(held) == name


def _is_value_of(spot: Spot, operation: cst.BaseExpression, name: str) -> bool:
    statement = spot.statement.node
    return (
        isinstance(statement, cst.Assign)
        and statement.value is operation
        and any(dotted(each.target) == name for each in statement.targets)
    )
