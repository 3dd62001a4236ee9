"""``obj.__dict__`` and ``vars(obj)``: an object's attributes read and written as a dict, past what its class says of them.

Reading gives a dict of what is there now; what is put into it goes to the object as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.domain.state import Path
from gradsafe.domain.values import TRUE, Const, DictRef, Instance, Value, const
from gradsafe.interp import classes, containers

IS_ITSELF = "#attributes are its entries"
"""Of a dict that did ``self.__dict__ = self``."""
_OWNER = "#attributes of"


def read(path: Path, obj: Instance) -> DictRef:
    """``obj.__dict__``."""
    names = classes.attribute_names(path, obj.oid)
    found = ((name, path.vars.get((obj.oid, name))) for name in names)
    return some(path, obj, ((name, value) for name, value in found if value is not None))


def some(path: Path, obj: Instance, attributes: Iterable[tuple[str, Value]]) -> DictRef:
    """Some of an object's attributes as a dict: ``module._parameters``."""
    made = containers.new_dict(path, tuple((const(name), value) for name, value in attributes))
    path.vars[made.oid, _OWNER] = obj
    return made


def replaced(path: Path, obj: Instance, entries: Value) -> None:
    """``obj.__dict__ = entries``: what is in it are attributes from now on."""
    if entries == obj:
        path.vars[obj.oid, IS_ITSELF] = TRUE
    elif isinstance(entries, DictRef):
        for name, value in path.entries(entries.oid).known:
            _bind(path, obj, name, value)


def entry_was_set(path: Path, entries: DictRef, name: Value, value: Value) -> None:
    """``entries[name] = value``: of an object's ``__dict__`` that sets an attribute."""
    owner = path.vars.get((entries.oid, _OWNER))
    if isinstance(owner, Instance):
        _bind(path, owner, name, value)


def was_updated(path: Path, entries: DictRef) -> None:
    """``entries.update(...)``: the same for all that is in it now."""
    owner = path.vars.get((entries.oid, _OWNER))
    if isinstance(owner, Instance):
        replaced(path, owner, entries)


def _bind(path: Path, obj: Instance, name: Value, value: Value) -> None:
    if isinstance(name, Const) and isinstance(name.value, str):
        classes.bind_attribute(path, obj, name.value, value)
