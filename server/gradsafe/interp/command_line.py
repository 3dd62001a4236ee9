"""``argparse``: the options of a script have the values that it declares for them.

Whoever starts the script may say otherwise; the defaults are what its author runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import FALSE, NONE, TRUE, Const, Instance, TupleValue, Unknown, Value
from gradsafe.interp import classes, containers

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

PARSER = "argparse.ArgumentParser"
_OF_ACTION = {"store_true": FALSE, "store_false": TRUE}


def construct_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """``ArgumentParser(...)`` and plain namespaces."""
    if name not in (PARSER, "argparse.Namespace", "types.SimpleNamespace"):
        return None
    obj = Instance(path.new_id(), name)
    if name != PARSER:
        for key, value in call.kwargs.items():
            classes.set_attribute(machine, path, obj, key, value, call.source, "")
    return [(path, obj)]


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """A method of a parser; None for other objects."""
    if obj.cls != PARSER:
        return None
    if name == "add_argument":
        _declare(machine, path, obj, call)
        return [(path, NONE)]
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return [(path, obj)]
    if name == "set_defaults":
        for key, value in call.kwargs.items():
            classes.set_attribute(machine, path, obj, key, value, call.source, "")
        return [(path, NONE)]
    if name in ("parse_args", "parse_known_args"):
        parsed = _parsed(machine, path, obj, call)
        return [
            (path, parsed if name == "parse_args" else TupleValue((parsed, containers.new_list(path, ()))))
        ]
    return None


def _declare(machine: Machine, path: Path, obj: Instance, call: Call) -> None:
    flags = [value.value for value in call.args if isinstance(value, Const) and isinstance(value.value, str)]
    long = [flag for flag in flags if flag.startswith("--")] or flags
    dest = call.kwargs.get("dest")
    named = str(dest.value) if isinstance(dest, Const) else long[0] if long else ""
    name = named.lstrip("-").replace("-", "_")
    if not name:
        return
    action = call.kwargs.get("action")
    implied = _OF_ACTION.get(str(action.value)) if isinstance(action, Const) else None
    required = (not named.startswith("-") and dest is None) or call.kwargs.get("required") == TRUE
    unset: Value = Unknown(("option", obj.oid, name)) if required else NONE
    classes.set_attribute(
        machine, path, obj, name, call.kwargs.get("default") or implied or unset, call.source, ""
    )


def _parsed(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    given = call.argument(0, "args")
    words = containers.elements(path, given) if given is not None else ()
    said = {
        str(word.value).lstrip("-").partition("=")[0].replace("-", "_")
        for word in words
        if isinstance(word, Const)
    }
    made = Instance(path.new_id(), "argparse.Namespace")
    for name in classes.attribute_names(path, obj.oid):
        value = path.vars.get((obj.oid, name)) or NONE
        open_ = name in said or (given is not None and isinstance(given, Unknown))
        value = Unknown(("option", obj.oid, name)) if open_ else value
        classes.set_attribute(machine, path, made, name, value, call.source, "")
    return made
