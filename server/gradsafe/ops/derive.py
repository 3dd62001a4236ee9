"""Variants that the table does not list: ``mul_`` and ``mul(out=)`` out of ``mul``."""

from __future__ import annotations

from dataclasses import replace

from gradsafe.ops.notation import Op, Param, Return, Write

COPY = "copy"
"""What a derived in-place operation keeps of its old operand: nothing to modify, but gone at a second backward."""
SILENT_OUT = frozenset({"torch.empty", "torch.kron"})
"""``out=`` moves no counter: ``empty`` writes nothing, ``kron`` writes through a reshaped tensor (measured on 2.13)."""
OUT = Param("out", ("any",), None, True)


def in_place(op: Op, name: str) -> Op | None:
    """The in-place variant of ``op``, whose first parameter it writes; None where ``op`` gives more than one tensor.

    Where the derivative needs the old value, torch saves a clone; where it needs the result, that is the written
    tensor itself. (Tested: the generator lists each variant that behaves otherwise.)
    """
    if op.returns.kind != "fresh" or not op.params:
        return None
    written = op.params[0].name
    return replace(
        op,
        names=(name,),
        returns=Return("same", written),
        saves=tuple(save for save in op.saves if save.what != written),
        writes=(Write(written),),
        flags=tuple(flag for flag in op.flags if flag == "random"),
        origin=f"derived from {op.names[0]}",
    )


def with_copy(derived: Op, base: Op) -> Op:
    """``derived`` with what ``base`` saves of the written operand as a :data:`COPY`."""
    written = base.params[0].name
    copies = tuple(replace(save, what=COPY) for save in base.saves if save.what == written)
    return replace(derived, saves=derived.saves + copies) if copies else derived


def with_out(op: Op) -> Op:
    """``op`` with ``out=`` given: writes it, gives it back, saves nothing (torch refuses ``out=`` under autograd)."""
    returns = op.returns
    bumps = 0 if SILENT_OUT.intersection(op.names) else 1
    if returns.kind == "tuple":
        returns = replace(returns, items=tuple(Return("same", "out", grad="nograd") for _ in returns.items))
    else:
        returns = Return("same", "out", grad="nograd")
    params = op.params if any(param.name == "out" for param in op.params) else (*op.params, OUT)
    return replace(op, params=params, returns=returns, saves=(), writes=(*op.writes, Write("out", bumps)))
