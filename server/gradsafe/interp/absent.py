"""Attributes that a value is known not to have, and that may not be bound: Python raises ``AttributeError``.

What a fix writes rests on this: ``rows = rows.clone()`` of a list, or ``out.hidden = ...`` of a named tuple, ends the program.
"""

from __future__ import annotations

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import (
    ClassValue,
    Const,
    DictRef,
    External,
    FunctionValue,
    Instance,
    ListRef,
    RangeValue,
    TensorRef,
    TupleValue,
    Value,
)
from gradsafe.interp import bounded, classes, data_classes, modules, told

_OF_TENSORS_ALONE = frozenset({"clone", "detach", "mul", "div", "sub"})
"""Methods of tensors that no container or function of Python has, nor any class of ``torch.nn``."""

_NAMESPACES = frozenset(
    {
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.optim",
        "torch.autograd",
        "torch.linalg",
        "numpy",
        "math",
    }
)
"""Modules that have none of these either (``torch`` has functions of all their names)."""

_RESULT_FIELDS = frozenset({"values", "indices"})

_CONTAINERS = frozenset({"list", "tuple", "dict", "set", "deque", "OrderedDict", "defaultdict", "object"})


def read(path: Path, value: Value, name: str) -> bool:
    """End the path where ``value.name`` cannot be there; whether it did."""
    if name not in _OF_TENSORS_ALONE or not _is_no_tensor(path, value):
        return False
    fail(path)
    return True


def bound(path: Path, value: Value, name: str) -> bool:
    """End the path where ``value.name = ...`` is refused: by a named tuple and by what ``torch.max`` gives; whether it did."""
    if not isinstance(value, TupleValue):
        return False
    if name not in value.fields and (value.cls is not None or name not in _RESULT_FIELDS):
        return False  # a subclass of a named tuple may have attributes besides
    fail(path)
    return True


def bound_as_property(path: Path, member: Value | None, value: Value) -> bool:
    """End the path where ``obj.name = value`` finds a property without a setter; whether it did.

    Not for what may be a parameter or a module, which ``nn.Module`` keeps apart from other attributes.
    """
    if not isinstance(member, FunctionValue) or member.binding != "property" or member.setter is not None:
        return False
    is_tensor = isinstance(value, TensorRef) and path.tensor(value.oid).origin == "made"
    if not is_tensor and not isinstance(value, (Const, ListRef, DictRef, TupleValue)):
        return False
    fail(path)
    return True


def fail(path: Path) -> None:
    """Python raises ``AttributeError`` here."""
    path.status, path.raised = Status.RAISED, "AttributeError"


def has_only_its_own(path: Path, obj: Instance) -> bool:
    """Is an object known to have no attributes but those that the workspace gives it?"""
    if data_classes.has_only_its_own(obj):
        return True
    return all(
        isinstance(cls, ClassValue) and path.vars.get((cls.env, "#dynamic")) is None
        for cls in classes.class_of(obj)
    )


def _is_no_tensor(path: Path, value: Value) -> bool:
    if isinstance(value, (DictRef, FunctionValue, ListRef, RangeValue)):
        return True
    if isinstance(value, External):
        return value.name in _NAMESPACES
    if isinstance(
        value, TupleValue
    ):  # a named tuple of torch's own (``PackedSequence``) has the methods that are told of it
        return value.cls is None or told.is_told(value.cls.file)
    if not isinstance(value, Instance):
        return False
    order = classes.class_of(value)
    if classes.find_member(path, order, "__getattr__") is not None:
        return False
    if path.vars.get((value.oid, bounded.SKIPPED)) is not None:
        return False
    outside = [each.name for each in order if isinstance(each, External)]
    if modules.is_module(order):
        return all(name.startswith("torch.nn.") for name in outside)
    return bool(outside) and all(name.rpartition(".")[2] in _CONTAINERS for name in outside)
