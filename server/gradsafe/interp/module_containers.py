"""``Sequential``, ``ModuleList``, ``ModuleDict``, ``ParameterList``, ``ParameterDict``: modules that hold children.

The children are one dict under ``#children``, named as ``torch`` names them in ``_modules`` (``"0"``, ``"1"`` ... in a list), so
that a subclass of ``Sequential`` may also get them by ``add_module`` or by plain assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Entries, Path
from gradsafe.domain.values import (
    NONE,
    TRUE,
    Const,
    DictRef,
    External,
    Instance,
    ListRef,
    SliceValue,
    Source,
    TupleValue,
    Value,
    const,
)
from gradsafe.interp import classes, containers, picking, shapes

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call

Method: TypeAlias = "Callable[[Path, Instance, Call], Value | None]"
METHODS: dict[str, Method] = {}


def method(*names: str) -> Callable[[Method], Method]:
    """Register what a method of a container does; it returns None where it is not understood."""

    def register(handler: Method) -> Method:
        for name in names:
            METHODS[name] = handler
        return handler

    return register


def construct(path: Path, obj: Instance, kind: str, call: Call) -> None:
    """``Sequential(a, b)``, ``Sequential(OrderedDict(...))``, ``ModuleList([a, b])``, ``ModuleDict({...})``."""
    path.vars[obj.oid, "#container"] = const(kind)
    given = call.args if kind == "sequential" else call.args[:1] or tuple(call.kwargs.values())[:1]
    if len(given) == 1 and isinstance(given[0], (DictRef, ListRef, TupleValue)):
        pairs = _pairs(path, given[0])
    elif kind == "sequential":
        pairs = _numbered(given)
    else:
        pairs = _pairs(path, given[0]) if given else ()
    path.vars[obj.oid, "#children"] = containers.new_dict(path, pairs)


def kind_of(path: Path, obj: Instance) -> str:
    """``sequential``, ``list``, ``dict``, ``parameters list``, ``parameters dict``, or empty."""
    found = path.vars.get((obj.oid, "#container"))
    return str(found.value) if isinstance(found, Const) else ""


def pairs_of(path: Path, obj: Instance) -> tuple[tuple[Value, Value], ...] | None:
    """The children with their names, in order; None where the object is no container."""
    held = path.vars.get((obj.oid, "#children"))
    return path.entries(held.oid).known if isinstance(held, DictRef) else None


def values(path: Path, obj: Instance) -> tuple[Value, ...] | None:
    """The children in order; None where the object is no container."""
    pairs = pairs_of(path, obj)
    return tuple(value for _, value in pairs) if pairs is not None else None


def iterated(path: Path, obj: Instance) -> tuple[Value, ...] | None:
    """What ``for x in container`` goes over: the children, or the keys of a dict."""
    pairs = pairs_of(path, obj)
    if pairs is None:
        return None
    return tuple(pair[0] if kind_of(path, obj).endswith("dict") else pair[1] for pair in pairs)


def set_child(path: Path, obj: Instance, name: Value, child: Value) -> bool:
    """``container.name = module``, ``add_module``, ``container["name"] = module``; False where it is no container."""
    held = path.vars.get((obj.oid, "#children"))
    if not isinstance(held, DictRef):
        return False
    containers.set_entry(path, held, name, child)
    return True


def child(path: Path, obj: Instance, name: str) -> Value | None:
    """``container.name``."""
    return dict(pairs_of(path, obj) or ()).get(const(name))


def get_item(path: Path, obj: Instance, index: Value, source: Source) -> Value | None:
    """``layers[0]``, ``layers[:2]``, ``blocks["a"]``; None where the object is no container."""
    held = path.vars.get((obj.oid, "#children"))
    if not isinstance(held, DictRef):
        return None
    if kind_of(path, obj).endswith("dict"):
        return picking.dict_item(path, held, index)
    pairs = path.entries(held.oid).known
    if not isinstance(index, SliceValue):
        return picking.sequence_item(path, TupleValue(tuple(v for _, v in pairs)), index, source)
    bounds = containers.python_slice(index)
    chosen = pairs[bounds] if bounds is not None else pairs
    return _made(path, obj, chosen if kind_of(path, obj) == "sequential" else _numbered(v for _, v in chosen))


def set_item(path: Path, obj: Instance, index: Value, item: Value) -> None:
    """``layers[0] = module``, ``blocks["a"] = module``."""
    pairs = pairs_of(path, obj)
    if pairs is None or kind_of(path, obj).endswith("dict"):
        set_child(path, obj, index, item)
        return
    at = containers.position(index, len(pairs))
    if at is not None:
        _replace(path, obj, (*pairs[:at], (pairs[at][0], item), *pairs[at + 1 :]))


def delete_item(path: Path, obj: Instance, index: Value) -> None:
    """``del layers[1]``: what follows moves up and is numbered anew."""
    pairs = pairs_of(path, obj) or ()
    if kind_of(path, obj).endswith("dict"):
        _replace(path, obj, (pair for pair in pairs if pair[0] != index))
        return
    children = [value for _, value in pairs]
    if isinstance(index, SliceValue) and (bounds := containers.python_slice(index)) is not None:
        del children[bounds]
    elif (at := containers.position(index, len(children))) is not None:
        del children[at]
    _replace(path, obj, _numbered(children))


def children(path: Path, value: Value) -> tuple[Value, ...]:
    """The children of a container, or the elements of a plain list of modules."""
    return _children(path, value)


def sequence(path: Path, items: Iterable[Value]) -> Instance:
    """A ``Sequential`` of these modules."""
    obj = Instance(path.new_id(), "torch.nn.Sequential")
    path.vars[obj.oid, "#container"] = const("sequential")
    path.vars[obj.oid, "#children"] = containers.new_dict(path, _numbered(items))
    return obj


def joined(path: Path, left: Value, right: Value) -> Value | None:
    """``Sequential(...) + Sequential(...)``, ``ModuleList(...) + [...]``: a new container; None for other values."""
    if not isinstance(left, Instance) or values(path, left) is None:
        return None
    return _made(path, left, _numbered((values(path, left) or ()) + _children(path, right)))


def extend(path: Path, left: Value, right: Value) -> Value | None:
    """``layers += [...]``; None for other values."""
    if not isinstance(left, Instance) or values(path, left) is None:
        return None
    _replace(path, left, _numbered((values(path, left) or ()) + _children(path, right)))
    return left


def call_method(path: Path, obj: Instance, name: str, call: Call) -> Value | None:
    """A method of a container; None where it has none of this name."""
    handler = METHODS.get(name)
    return handler(path, obj, call) if handler is not None and pairs_of(path, obj) is not None else None


@method("append")
def _append(path: Path, obj: Instance, call: Call) -> Value | None:
    return extend(path, obj, TupleValue(call.args[:1]))


@method("extend")
def _extend(path: Path, obj: Instance, call: Call) -> Value | None:
    return extend(path, obj, call.args[0]) if call.args else None


@method("insert")
def _insert(path: Path, obj: Instance, call: Call) -> Value | None:
    at = shapes.number(call.argument(0, "index"))
    module = call.argument(1, "module")
    if at is None or module is None:
        return None
    children = list(values(path, obj) or ())
    children.insert(at, module)
    _replace(path, obj, _numbered(children))
    return obj


@method("pop")
def _pop(path: Path, obj: Instance, call: Call) -> Value | None:
    index = call.args[0] if call.args else const(-1)
    found = get_item(path, obj, index, call.source)
    delete_item(path, obj, index)
    return found


@method("update")
def _update(path: Path, obj: Instance, call: Call) -> Value | None:
    for key, value in _pairs(path, call.args[0]) if call.args else ():
        set_child(path, obj, key, value)
    return NONE


@method("clear")
def _clear(path: Path, obj: Instance, call: Call) -> Value | None:
    _replace(path, obj, ())
    return NONE


def _pairs(path: Path, value: Value) -> tuple[tuple[Value, Value], ...]:
    """Names and children out of a dict, a list of pairs, a list of modules, or another container."""
    if isinstance(value, DictRef):
        return path.entries(value.oid).known
    if isinstance(value, Instance):
        return pairs_of(path, value) or ()
    items = containers.elements(path, value)
    couples = [item.items for item in items if isinstance(item, TupleValue) and len(item.items) == 2]
    if items and len(couples) == len(items):
        return tuple((couple[0], couple[1]) for couple in couples)
    return _numbered(items)


def _children(path: Path, value: Value) -> tuple[Value, ...]:
    if isinstance(value, Instance):
        return values(path, value) or ()
    return containers.elements(path, value)


def _numbered(children: Iterable[Value]) -> tuple[tuple[Value, Value], ...]:
    return tuple((const(str(number)), child) for number, child in enumerate(children))


def _replace(path: Path, obj: Instance, pairs: Iterable[tuple[Value, Value]]) -> None:
    held = path.vars.get((obj.oid, "#children"))
    if isinstance(held, DictRef):
        path.heap[held.oid] = Entries(tuple(pairs))


def _made(path: Path, like: Instance, pairs: Iterable[tuple[Value, Value]]) -> Instance:
    """A container of the same kind with other children: a slice, a sum."""
    external = next(
        (c.name for c in classes.class_of(like) if isinstance(c, External)), "torch.nn.Sequential"
    )
    part = Instance(path.new_id(), external)
    path.vars[part.oid, "#container"] = const(kind_of(path, like))
    path.vars[part.oid, "#children"] = containers.new_dict(path, tuple(pairs))
    path.vars[part.oid, "training"] = path.vars.get((like.oid, "training")) or TRUE
    return part


def named(path: Path, obj: Instance) -> list[tuple[str, Value]]:
    """The children under the names that ``named_parameters`` and ``named_modules`` give them."""
    return [(str(k.value) if isinstance(k, Const) else "?", v) for k, v in pairs_of(path, obj) or ()]
