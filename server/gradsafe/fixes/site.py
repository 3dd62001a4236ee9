"""The write of a finding as it stands in the source, and who else has to do with what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from gradsafe.fixes.forms import (
    FUNCTION_MODULES,
    MODULE_FLAG,
    Containers,
    How,
    WriteForm,
    forms,
    holder,
    in_place_steps,
)
from gradsafe.fixes.names import Names
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, argument, dotted
from gradsafe.rules.finding import Finding, Role

BELONGS_TO_A_MODULE = frozenset({"weight", "bias"})
"""Attributes that are parameters wherever they occur: torch refuses to bind a plain tensor to them."""


@dataclass(frozen=True, eq=False)
class Site:
    """All that a remedy needs to know: the finding, the sources, and the write if it was recognised."""

    finding: Finding
    sources: Sources
    spot: Spot
    form: WriteForm | None

    @cached_property
    def names(self) -> Names:
        """The scope around the write."""
        return Names(self.sources, self.spot)

    @property
    def subject(self) -> cst.BaseExpression | None:
        """What holds the memory that is written: a name, an attribute, an item of a list."""
        return holder(self.form.target, self.names.containers) if self.form is not None else None

    @property
    def header(self) -> cst.FunctionDef | None:
        """The ``def`` around the write."""
        outermost, *_ = self.sources.scope(self.spot.code.chunk) or (None,)
        nodes = outermost.body if outermost is not None else ()
        return next((node for node in nodes if isinstance(node, cst.FunctionDef)), None)

    def related(self, role: Role) -> Spot | None:
        """The statement at the finding's first related place of that role."""
        place = next((each.place for each in self.finding.related if each.role is role), None)
        return find_spot(self.sources, place) if place is not None else None

    def is_functional(self, module: cst.CSTNode) -> bool:
        """Whether an in-place function of this module has a counterpart without the underscore there."""
        name = dotted(module) or ""
        root, dot, rest = name.partition(".")
        known = self.sources.imports(self.spot.code.chunk.file).get(root, root)
        return name in FUNCTION_MODULES or f"{known}{dot}{rest}" in FUNCTION_MODULES

    def can_rebind(self, subject: cst.BaseExpression) -> bool:
        """Whether ``subject = ...`` is possible at all, and makes sense for what the finding is about."""
        if not self.names.can_bind(subject) or self._would_be_lost(subject):
            return False
        if isinstance(subject, cst.Attribute) and subject.attr.value in BELONGS_TO_A_MODULE:
            return False
        if not self.finding.code.startswith("leaf"):
            return True
        # A leaf is wanted as a leaf: as a parameter, for its ``.grad``, or from one round of a loop to the next.
        return (
            isinstance(subject, cst.Name)
            and not self.names.reads_grad(subject)
            and not self.names.comes_from_outside_loop(subject)
        )

    def _would_be_lost(self, subject: cst.BaseExpression) -> bool:
        """Whether nobody would ever see a new tensor: ``for row in w: row = row.add(1)`` leaves ``w`` as it was."""
        statement = self.spot.statement.node
        write = in_place_steps(self.form.at)[-1].node if self.form is not None else None
        unread = write is statement or (isinstance(statement, cst.Expr) and statement.value is write)
        return unread and self.names.is_item_of_others(subject)

    def loses_history(self, subject: cst.BaseExpression) -> bool:
        """Whether a new tensor for ``subject`` would be one without its history; what inference mode made has none."""
        return not self.finding.code.startswith("inference") and self.names.loses_history(subject)


def find_site(finding: Finding, sources: Sources) -> Site | None:
    """The write of ``finding``; where the primary place is a declaration, the write is the call that it causes."""
    spot = find_spot(sources, finding.primary)
    if spot is None:
        return None
    form = _closest(spot, (form for cursor in spot.nodes() for form in forms(cursor)), finding.subject)
    if form is None:
        spot = (find_spot(sources, finding.write) if finding.write is not None else None) or spot
        is_module = finding.operation is None or finding.operation in MODULE_FLAG
        form = _closest(
            spot,
            (
                form
                for cursor in spot.nodes()
                for form in (*forms(cursor), *(_module_call(cursor) if is_module else _applied(cursor)))
            ),
            finding.subject,
        )
    return Site(
        finding,
        sources,
        spot,
        _of_module(form, sources.imports(spot.code.chunk.file)) if form is not None else None,
    )


def _of_module(form: WriteForm, imports: Mapping[str, str]) -> WriteForm:
    """``Fn.relu_(h)`` writes its argument, where ``Fn`` is imported."""
    call = form.at.node
    known = imports.get((dotted(form.target) or "").partition(".")[0], "")
    is_module = known.partition(".")[0] == "torch"
    if form.how is not How.METHOD or not is_module or not isinstance(call, cst.Call):
        return form
    first = argument(call, 0, "input")
    return WriteForm(How.FUNCTION, form.at, first.value) if first is not None else form


def _module_call(cursor: Cursor) -> Iterator[WriteForm]:
    """``self.act(h)`` where ``self.act`` was built to work in place."""
    call = cursor.node
    if not isinstance(call, cst.Call) or len(call.args) != 1 or call.args[0].star:
        return
    if dotted(call.func) is not None and dotted(call.args[0].value) is not None:
        yield WriteForm(How.MODULE, cursor, call.args[0].value)


def _applied(cursor: Cursor) -> Iterator[WriteForm]:
    """``AddOne.apply(x)``, a custom Function that writes an argument."""
    call = cursor.node
    if (
        isinstance(call, cst.Call)
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value == "apply"
    ):
        for arg in call.args:
            if not arg.star and dotted(arg.value) is not None:
                yield WriteForm(How.MODULE, cursor, arg.value)


def _closest(spot: Spot, candidates: Iterable[WriteForm], subject: str | None) -> WriteForm | None:
    """The form that stands at the spot: the same piece of text, else the widest inside, else the tightest around.

    Of several targets of one assignment (``h[0] = g[1] = 0``) the one that is the subject.
    """
    ranked = []
    for form in candidates:
        start, end = spot.offsets(form.at.node)
        if end <= spot.start or start >= max(spot.end, spot.start + 1):
            continue
        inside = spot.start <= start and end <= spot.end
        size = end - start
        held = holder(form.target, Containers())
        another = subject is not None and held is not None and dotted(held) != subject
        ranked.append(
            (
                (start, end) != (spot.start, spot.end),
                not inside,
                -size if inside else size,
                start,
                another,
                form,
            )
        )
    return min(ranked, key=lambda entry: entry[:5])[-1] if ranked else None
