"""What an overload saves, read off torch's derivative formulas (derivatives.yaml), with torchgen's own rules.

A formula's free names are what it saves. The guards (``mul`` saves ``other`` only if ``self`` requires grad) follow
``guard_for`` in torchgen's gen_variable_type.py.
"""

from __future__ import annotations

from torchgen.api.autograd import DifferentiabilityInfo, SavedAttribute
from torchgen.api.types import BaseCType, ListCType, OptionalCType, VectorCType, tensorListT, tensorT
from torchgen.model import SchemaKind

from gradsafe.ops.notation import Save, Write
from tools.op_table.declared import Declared


def has_formula(declared: Declared) -> bool:
    """Is the formula what torch runs? A CompositeImplicit kernel is preferred to it (OP_TABLE, trap 1)."""
    native = declared.function.func
    info = (declared.function.info or {}).get("Default")
    return info is not None and not native.has_composite_implicit_autograd_kernel


def declared_saves(declared: Declared) -> tuple[Save, ...]:
    """The saves of an overload that :func:`has_formula`; saved copies are left out."""
    info = (declared.function.info or {})["Default"]
    native = declared.function.func
    in_place = native.func.kind() is SchemaKind.inplace
    saves = []
    for saved in info.all_saved_inputs:
        if not _is_tensor(saved) or (in_place and saved.nctype.name == "self"):
            # In place, the old self is saved as a clone.
            continue
        saves.append(Save(str(saved.nctype.name), _guard(saved, info)))
    names = _result_names(declared)
    for saved in info.all_saved_outputs:
        if _is_tensor(saved):
            saves.append(Save(names.get(str(saved.nctype.name), str(saved.nctype.name))))
    # A foreach's formula is its scalar twin's, in the twin's words: what these do not name is left out.
    places = {param.name: place for place, param in enumerate(declared.params)}
    kept = [
        save
        for save in saves
        if (save.what in places or save.what.startswith("result")) and places.keys() >= set(save.needs)
    ]
    return tuple(sorted(kept, key=lambda save: (places.get(save.what, len(places)), save.what)))


def declared_writes(declared: Declared) -> tuple[Write, ...]:
    """The arguments that the schema marks as written."""
    arguments = declared.function.func.func.arguments.flat_all
    return tuple(Write(a.name) for a in arguments if a.annotation is not None and a.annotation.is_write)


def _is_tensor(saved: SavedAttribute) -> bool:
    kind = saved.nctype.type
    while isinstance(kind, (OptionalCType, VectorCType, ListCType)):
        kind = kind.elem
    return isinstance(kind, BaseCType) and kind.type in (tensorT, tensorListT)


def _guard(saved: SavedAttribute, info: DifferentiabilityInfo) -> tuple[str, ...]:
    schema = info.func.func
    tensor_lists = any(
        "Tensor[]" in str(a.type) or "Tensor?[]" in str(a.type) for a in schema.arguments.flat_all
    )
    with_derivatives = {name for d in info.derivatives for name in d.var_names}
    if tensor_lists or "backward" in info.name or len(with_derivatives) <= 1:
        return ()
    if saved.nctype.type != BaseCType(tensorT):
        return ()
    used_in = [d for d in info.derivatives if saved in d.saved_inputs]
    if len(used_in) != 1 or len(used_in[0].var_names) != 1:
        return ()
    return (used_in[0].var_names[0],)


def _result_names(declared: Declared) -> dict[str, str]:
    returns = declared.function.func.func.returns
    if len(returns) == 1:
        return {returns[0].name or "result": "result", "result": "result"}
    names = {item.name or f"result{index}": f"result{index}" for index, item in enumerate(returns)}
    return names | {f"result{index}": f"result{index}" for index in range(len(returns))}
