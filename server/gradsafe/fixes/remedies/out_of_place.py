"""Compute a new tensor and bind it, in place of writing into the old one: ``h.add_(1)`` -> ``h = h.add(1)``.

Safe where nobody else sees the old tensor. (``h += x`` also keeps the dtype of ``h`` where ``x``
has a wider one; a program that mixes dtypes in one sum is taken to want the promotion.)
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.blocks import out_of_block
from gradsafe.fixes.chains import LIKE, WITHOUT_COUNTERPART, chain_subject, out_of_place_steps
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, WriteForm, callee, function_flag, in_place_steps
from gradsafe.fixes.holds import FRESH_METHODS, shares
from gradsafe.fixes.masks import masked_rewrite
from gradsafe.fixes.rewrite import drop_argument, line_before, operand, runs_once_in_place
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import OPAQUE, Cursor, argument, dotted
from gradsafe.fixes.variables import names_in
from gradsafe.rules.finding import Edit

IN_PLACE_OPERATORS = {
    "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv", "ifloordiv": "floordiv", "imod": "mod",
    "ipow": "pow", "imatmul": "matmul", "iand": "and_", "ior": "or_", "ixor": "xor",
}  # fmt: skip
"""The functions of ``operator`` that write their first argument, and their counterparts."""


def propose(site: Site) -> Iterator[Draft]:
    form = site.form
    draft = None
    if form is None:
        yield from _operator_function(site)
        return
    is_item = site.names.containers.is_item(form.target)
    if form.how is How.AUGMENTED and (is_item or not isinstance(form.target, cst.Subscript)):
        draft = _augmented(site, form)
    elif form.how in (How.AUGMENTED, How.SETITEM):
        draft = masked_rewrite(site, form)
    elif form.how is How.METHOD:
        steps = in_place_steps(form.at)
        edits = out_of_place_steps(site, steps)
        draft = _bound(site, steps[-1], chain_subject(steps), edits) if edits is not None else None
    elif form.how in (How.FUNCTION, How.FLAG, How.OUT):
        draft = _function(site, form)
    if site.subject is not None and site.loses_history(site.subject):
        # Under no_grad a new tensor would have no history at all. Where that is the very defect, the write leaves the block.
        lifted = out_of_block(site.spot) if site.finding.code == "data-bypasses-autograd" else ()
        draft = Draft("Take the write out of `no_grad`", lifted, safe=False) if lifted else None
    if draft is not None:
        yield draft


def _augmented(site: Site, form: WriteForm) -> Draft | None:
    node, spot = form.at.node, site.spot
    assert isinstance(node, cst.AugAssign)
    if not site.can_rebind(form.target):
        return None
    target = spot.text(form.target)
    gap_start, (value_start, value_end) = spot.offsets(form.target)[1], spot.offsets(node.value)
    symbol = spot.code.text[gap_start:value_start].strip(" \t\\\r\n").removesuffix("=")
    edits: tuple[Edit, ...]
    if operand(spot, node.value, symbol) == spot.text(node.value):
        edits = (spot.replace(gap_start, value_start, f" = {target} {symbol} "),)
    else:
        opened = spot.replace(gap_start, value_start, f" = {target} {symbol} (")
        edits = (opened, spot.insert(value_end, ")"))
    title = f"Replace `{target} {symbol}= ...` by `{target} = {target} {symbol} ...`"
    return Draft(title, edits, not site.names.seen_elsewhere(form.target))


def _function(site: Site, form: WriteForm) -> Draft | None:
    """``F.relu(h, inplace=True)``, ``torch.relu_(h)``, ``torch.mul(a, b, out=h)``."""
    call, spot = form.at.node, site.spot
    assert isinstance(call, cst.Call)
    name = callee(call) or ""
    if form.how is How.FUNCTION:
        func = call.func
        if name in WITHOUT_COUNTERPART or not isinstance(func, cst.Attribute):
            return None
        if not site.is_functional(func.value):
            return None
        edit = spot.replace(*spot.offsets(func.attr), LIKE.get(name, name[:-1]))
    else:
        dropped = function_flag(call) if form.how is How.FLAG else argument(call, None, "out")
        assert dropped is not None
        edit = drop_argument(spot, call, dropped, "False" if form.how is How.FLAG else "None")
    if isinstance(form.target, cst.Tuple):
        return _several(site, form.at, form.target, edit)
    return _bound(site, form.at, form.target, (edit,))


def _several(site: Site, at: Cursor, targets: cst.Tuple, edit: Edit) -> Draft | None:
    """``torch.max(x, 1, out=(values, indices))``: both are bound to what it gives."""
    spot, statement = site.spot, site.spot.statement.node
    names = [each.value for each in targets.elements]
    if not isinstance(statement, cst.Expr) or statement.value is not at.node:
        return None
    if not all(
        isinstance(each, cst.Name) and site.can_rebind(each) and not site.loses_history(each)
        for each in names
    ):
        return None
    bound = ", ".join(map(spot.text, names))
    seen = any(site.names.seen_elsewhere(each) for each in names)
    draft = Draft(f"Compute new `{bound}` instead of writing into them", (edit,), not seen)
    return _with(draft, spot.insert(spot.offsets(statement)[0], f"{bound} = "))


def _bound(site: Site, at: Cursor, subject: cst.BaseExpression, edits: tuple[Edit, ...]) -> Draft | None:
    """Bind the result of the call at ``at`` to ``subject``, where its statement does not do so already."""
    names, spot, statement = site.names, site.spot, site.spot.statement.node
    if _is_all_that_leaves(at, subject):
        title = f"Give a new tensor back instead of writing into `{spot.text(subject)}`"
        return Draft(title, edits, safe=False)  # whoever called it may hold the old tensor
    if _is_nobodys(subject) and not isinstance(statement, cst.Expr):
        return Draft(f"Compute a new tensor instead of writing into `{spot.text(subject)}`", edits, safe=True)
    if not site.can_rebind(subject):
        return None
    text, start = spot.text(subject), spot.offsets(at.node)[0]
    draft = Draft(
        f"Compute a new `{text}` instead of writing into it", edits, not names.seen_elsewhere(subject)
    )
    if isinstance(statement, cst.Expr) and statement.value is at.node:
        return _with(draft, spot.insert(spot.offsets(statement)[0], f"{text} = "))
    if any(isinstance(each.node, OPAQUE) for each in at.ancestors()):
        return None
    if isinstance(statement, cst.Assign) and any(
        spot.text(each.target) == text for each in statement.targets
    ):
        return draft
    if not names.read_after(subject) and _occurrences(site, text) == 1:
        return draft
    if isinstance(statement, cst.Assign) and statement.value is at.node:
        return _with(draft, spot.insert(start, f"{text} = "))
    return _hoisted(site, at, text, draft)


def _is_nobodys(subject: cst.BaseExpression) -> bool:
    """``x.exp().add_(1)``: the result of a call that shares nobody's memory has no other reader."""
    return isinstance(subject, cst.Call) and callee(subject) in FRESH_METHODS and not shares(subject)


def _is_all_that_leaves(at: Cursor, subject: cst.BaseExpression) -> bool:
    """``lambda t: t.clamp_(0)``, ``[x.relu_() for x in xs]``: the result is all that leaves it, so no name needs a new tensor."""
    within = next((each.node for each in at.ancestors() if isinstance(each.node, OPAQUE)), None)
    if isinstance(within, (cst.ListComp, cst.GeneratorExp, cst.SetComp)):
        return within.elt is at.node and bool(names_in(within.for_in.target) & names_in(subject))
    return isinstance(within, cst.Lambda) and within.body is at.node and isinstance(subject, cst.Name)


def _operator_function(site: Site) -> Iterator[Draft]:
    """``reduce(operator.iadd, xs)``: the function that writes is only named, whoever is handed it calls it."""
    for cursor in site.spot.nodes():
        node = cursor.node
        module, _, name = (dotted(node) or "").rpartition(".")
        if isinstance(node, cst.Attribute) and module == "operator" and name in IN_PLACE_OPERATORS:
            plain = IN_PLACE_OPERATORS[name]
            edit = site.spot.replace(*site.spot.offsets(node.attr), plain)
            yield Draft(f"Use `operator.{plain}`, which makes a new tensor", (edit,), safe=False)


def _with(draft: Draft, edit: Edit) -> Draft:
    return Draft(draft.title, (edit, *draft.edits), draft.safe)


def _occurrences(site: Site, name: str) -> int:
    names = (
        each.node
        for each in site.spot.nodes()
        if isinstance(each.node, (cst.Name, cst.Attribute, cst.Subscript))
    )
    return sum(site.spot.text(each) == name for each in names)


def _is_used_above(site: Site, name: str, start: int) -> bool:
    """Whether the statement has the tensor before the write: behind it, it finds the new one as it found the written one."""
    kinds = (cst.Name, cst.Attribute, cst.Subscript)
    names = (each.node for each in site.spot.nodes() if isinstance(each.node, kinds))
    return any(site.spot.text(each) == name and site.spot.offsets(each)[0] < start for each in names)


def _hoisted(site: Site, at: Cursor, name: str, draft: Draft) -> Draft | None:
    """The new tensor on a line of its own before the statement, which then uses its name."""
    start, end = site.spot.offsets(at.node)
    text = site.spot.patched(start, end, draft.edits)
    if not runs_once_in_place(site, at) or _is_used_above(site, name, start) or "\n" in text or "\r" in text:
        return None
    before = line_before(site, f"{name} = {text}")
    if before is None:
        return None
    return Draft(draft.title, (before, site.spot.replace(start, end, name)), draft.safe)
