"""What goes into a look-up of the op table and what comes out: arguments, and the operation they select."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gradsafe.ops.notation import Op


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""The value of an argument that the source does not tell."""


@dataclass(frozen=True, slots=True)
class Arg:
    """What is known of one argument of a call.

    ``kind``: tensor, tensors (a list or tuple of them), number, bool, str, none, ints (a tuple, list or ``torch.Size``
    of them), tuple, list (content unknown), slice, ellipsis, dtype, device, callable, other, unknown.
    ``value``: the literal, where it is known; ``None`` is the value of kind none.
    """

    kind: str = "unknown"
    value: object = UNKNOWN
    ndim: int | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The operation that a call runs.

    ``binding`` maps a parameter's name to the position or the keyword of its argument; a parameter that the call leaves
    out is absent. ``star`` is the parameter that takes every positional argument from ``binding[star]`` on.
    ``exact`` is False where unknown arguments leave several lines and ``op`` is what may happen: what all lines share
    stays certain, the rest carries a ``?``.
    """

    op: Op
    binding: Mapping[str, int | str]
    exact: bool = True
    star: str | None = None
    lines: tuple[Op, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ModuleState:
    """A parameter, buffer or submodule that ``__init__`` creates.

    ``needs`` are constructor arguments: ``bias`` (truthy), ``!dropout`` (falsy), ``padding_idx is not None`` reads
    ``padding_idx``. ``role``: parameter, buffer, module, none (the attribute is None).
    """

    name: str
    role: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """A ``torch.nn`` class: its constructor and what it leaves on ``self``.

    ``signature`` holds names and defaults (``REQUIRED`` and ``OPAQUE`` as in the notation; a name may start with
    ``*`` or ``**``). ``attributes`` maps an attribute to the constructor argument that it repeats.
    ``container``: sequential, list, dict, or empty. ``states_exact`` is False where names depend on numbers
    (``weight_ih_l0``): then ``recurrent_states`` spells them.
    """

    name: str
    signature: tuple[tuple[str, object], ...]
    states: tuple[ModuleState, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    container: str = ""
    forward: bool = True


@dataclass(frozen=True, slots=True)
class OptimizerSpec:
    """A ``torch.optim`` class: how often ``step()`` moves the counter of each parameter that has a grad."""

    name: str
    signature: tuple[tuple[str, object], ...]
    bumps: int
    foreach_bumps: int
    fused_bumps: int | None
