"""Calls: functions of the workspace are entered, everything else goes to the file that knows it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradsafe.domain.state import Frame, Path, Pending, Status
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import (
    NONE,
    Bound,
    ClassValue,
    Const,
    DictRef,
    External,
    FunctionValue,
    Instance,
    Lazy,
    ListRef,
    Manager,
    PartialValue,
    Source,
    SuperValue,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    bounded,
    builtin_calls,
    caching,
    classes,
    container_methods,
    containers,
    contexts,
    coroutines,
    data_classes,
    dispatching,
    expecting,
    foreach_calls,
    frameworks,
    generators,
    making,
    marimo,
    modules,
    names,
    numpy_api,
    optimizers,
    renewing,
    since,
    tensor_api,
    threads,
    told,
    torch_api,
    torch_ops,
)
from gradsafe.interp.bases import mro
from gradsafe.interp.joining import join_returned, mark
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ir.instructions import Parameter

MAX_TOLD = 24
"""Told functions in each other: they add nothing to the stack of places, so what they call has a bound of its own."""

_LEAVES_ALONE = sys.stdlib_module_names | {"torch", "numpy"}
"""Packages whose functions put no other tensor into what they get; those that do are told elsewhere."""

OPEN = "**"
"""Among the keyword arguments of a call: a value for those that a starred argument may hold, unseen."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call with its arguments evaluated. ``declared`` is where the called in-place module was made; ``for_effect``: nobody
    asks for the result.
    """

    function: Value
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]
    source: Source
    subject: str = ""
    first: str = ""
    declared: Any = field(default=None, compare=False)
    for_effect: bool = False

    def argument(self, index: int, name: str) -> Value | None:
        """The argument at ``index`` or called ``name``."""
        if name in self.kwargs:
            return self.kwargs[name]
        return self.args[index] if index < len(self.args) else None

    def of(self, function: Value, *args: Value) -> Call:
        """A call that this one makes of what it was given (``map``, ``reduce``): the text of its own arguments names none of these."""
        return Call(function, args, {}, self.source)


def unknown_result(path: Path, call: Call) -> Outcomes:
    """A result of which nothing is known but which tensors went in: it may carry their graph.

    What goes in empty is there to be filled.
    """
    value = Unknown(("call", call.source.place, path.new_id()))
    given = [call.function, *call.args, *call.kwargs.values()]
    for each in given:
        if isinstance(each, (ListRef, DictRef)):
            containers.fill(path, each, Unknown(("item", value.token)))
    tensors = list(dict.fromkeys(oid for item in given for oid in torch_ops.graph_inputs(path, item)))
    if tensors:
        path.vars[("inputs", value.token), "#tensors"] = TupleValue(tuple(TensorRef(oid) for oid in tensors))
    return [(path, value)]


def _by_somebody(machine: Machine, path: Path, request: Call) -> Outcomes:
    """The same where whoever is called may change what it gets."""
    if request.for_effect:
        since.by_method(path, request.function)
    return [
        outcome
        for each in renewing.hand_over(machine, path, request)
        for outcome in unknown_result(each, request)
    ]


def call(machine: Machine, path: Path, request: Call) -> Outcomes:
    """Carry out a call; the result per path."""
    function = request.function
    if machine.spent():
        path.blurred = True
        return unknown_result(path, request)
    if OPEN in request.kwargs and not isinstance(
        function, (FunctionValue, Bound, ClassValue, Instance, PartialValue)
    ):
        known = {name: value for name, value in request.kwargs.items() if name != OPEN}
        request = replace(request, kwargs=known)
    if isinstance(function, FunctionValue):
        return call_function(machine, path, function, request.args, request.kwargs, request.source)
    if isinstance(function, Bound):
        return _call_bound(machine, path, function, request)
    if isinstance(function, ClassValue):
        return classes.instantiate(machine, path, function, request)
    if isinstance(function, External):
        return _call_external(machine, path, function, request)
    if isinstance(function, Instance):
        return modules.call_instance(machine, path, function, request)
    if isinstance(function, PartialValue):
        merged = {**dict(function.kwargs), **request.kwargs}
        whole = replace(request, function=function.function, args=function.args + request.args, kwargs=merged)
        return call(machine, path, whole)
    if isinstance(function, Unknown):
        if _decorates(function, request):
            return [(path, request.args[0])]
        if (expected := expecting.call_method(request)) is not None:
            return [(path, expected)]
        same = frameworks.handed_back(path, function, request)
        if same is not None:
            return [(path, same)]
        outcomes = optimizers.backward_of_unknown(machine, path, function, request)
        return outcomes if outcomes is not None else _by_somebody(machine, path, request)
    if isinstance(function, Manager) and request.args and isinstance(request.args[0], FunctionValue):
        return [(path, replace(request.args[0], grad_mode=function.mode))]
    if isinstance(function, Lazy) and request.args and isinstance(request.args[0], FunctionValue):
        return [(path, replace(request.args[0], within=function))]  # a context manager as a decorator
    return unknown_result(path, request)


def _decorates(function: Unknown, request: Call) -> bool:
    """``@app.command("train")``: what an unknown call gave is called with one function, which it registers or wraps."""
    made_by_call = isinstance(function.token, tuple) and function.token[0] == "call"
    alone = len(request.args) == 1 and not request.kwargs
    return made_by_call and alone and isinstance(request.args[0], (FunctionValue, ClassValue))


def _call_bound(machine: Machine, path: Path, bound: Bound, call: Call) -> Outcomes:
    receiver, function = bound.receiver, bound.function
    if isinstance(function, FunctionValue):
        return call_function(machine, path, function, (receiver, *call.args), call.kwargs, call.source)
    if isinstance(receiver, TensorRef):
        return tensor_api.call_method(machine, path, receiver, function, call)
    if isinstance(receiver, Instance):
        inner = data_classes.held(path, receiver)
        held = (
            container_methods.call_method(machine, path, inner, function, call)
            if inner is not receiver
            else None
        )
        if held is not None:
            return held
        if receiver.cls == "contextlib.ExitStack":
            on_stack = contexts.on_stack(machine, path, receiver, function, call)
            if on_stack is not None:
                return on_stack
        for known in (threads.call_method, marimo.call_method):
            done = known(machine, path, receiver, function, call)
            if done is not None:
                return done
    if isinstance(receiver, SuperValue) and function in ("__new__", "__call__"):
        made = _made_by_python(machine, path, receiver, function, call)
        if made is not None:
            return made
    if isinstance(receiver, Instance) and (expected := expecting.call_method(call)) is not None:
        return [(path, expected)]
    if isinstance(receiver, (Instance, SuperValue)):
        return modules.call_method(machine, path, receiver, function, call)
    if isinstance(receiver, ClassValue):
        made = data_classes.class_method(machine, path, receiver, function, call)
        return (
            made if made is not None else modules.call_class_method(machine, path, receiver, function, call)
        )
    if isinstance(receiver, Lazy):
        stepped = coroutines.call_method(machine, path, receiver, function, call)
        if stepped is not None:
            return stepped
    if isinstance(receiver, Manager) and function in ("__enter__", "__exit__"):
        return [(path, contexts.by_hand(path, receiver, function))]
    outcomes = container_methods.call_method(machine, path, receiver, function, call)
    if outcomes is not None or not isinstance(receiver, Unknown):
        return outcomes if outcomes is not None else unknown_result(path, call)
    return _by_somebody(machine, path, call)


def _made_by_python(
    machine: Machine, path: Path, receiver: SuperValue, function: str, call: Call
) -> Outcomes | None:
    """``super().__new__(cls)``, and in a metaclass ``super().__call__(...)``."""
    if function == "__new__":
        return making.new(machine, path, call)
    if not isinstance(receiver.receiver, ClassValue):
        return None
    made = making.made_by_new(machine, path, receiver.receiver, call)
    return made if made is not None else classes.construct(machine, path, receiver.receiver, call)


def _call_external(machine: Machine, path: Path, function: External, call: Call) -> Outcomes:
    for handler in (
        builtin_calls.call_external, torch_api.call_external, foreach_calls.call_external, numpy_api.call_function, modules.construct_external,
    ):  # fmt: skip
        outcomes = handler(machine, path, function.name, call)
        if outcomes is not None:
            return outcomes
    if function.name.split(".")[0] == "torch":
        owner, _, method = function.name.rpartition(".")
        if owner == "torch.Tensor" and call.args:
            receiver = torch_ops.materialise(path, call.args[0], call.source)
            if isinstance(receiver, TensorRef):
                rest = replace(call, args=call.args[1:])
                return tensor_api.call_method(machine, path, receiver, method, rest)
        applied = torch_ops.apply(
            machine, path, function.name, call.args, call.kwargs, call.source, "function", call.first
        )
        if applied is not None:
            return applied
    if call.args and isinstance(call.args[0], (FunctionValue, ClassValue)) and len(call.args) == 1:
        return [(path, call.args[0])]  # a decorator from outside: it wraps, it does not change what is done
    if function.name.split(".")[0] in _LEAVES_ALONE:
        return unknown_result(path, call)
    return _by_somebody(machine, path, call)


def call_class_getitem(
    machine: Machine, path: Path, cls: ClassValue, index: Value, source: Source
) -> Outcomes | None:
    """``Box[key]`` where the class says what that means."""
    found = classes.find_member(path, mro(cls), "__class_getitem__")
    if found is None or not isinstance(found[0], FunctionValue):
        return None
    return call_function(machine, path, found[0], (cls, index), {}, source)


def call_method(
    machine: Machine, path: Path, receiver: Value, name: str, args: tuple[Value, ...], source: Source
) -> Outcomes | None:
    """Call a special method of a workspace class; None where the receiver has none."""
    if not isinstance(receiver, Instance):
        return None
    found = classes.find_member(path, classes.class_of(receiver), name)
    if found is None or not isinstance(found[0], FunctionValue):
        return None
    member = replace(found[0], owner=found[1] if isinstance(found[1], ClassValue) else None)
    return call_function(machine, path, member, (receiver, *args), {}, source)


def own_operator(
    machine: Machine, path: Path, name: str, left: Value, right: Value, source: Source
) -> Outcomes | None:
    """The operator as a class of the workspace defines it; a tensor on the other side leaves it to that class."""
    outcomes = call_method(machine, path, left, f"__{name}__", (right,), source)
    return outcomes or call_method(machine, path, right, f"__r{name}__", (left,), source)


def call_function(
    machine: Machine, path: Path, function: FunctionValue, args: tuple[Value, ...], kwargs: Mapping[str, Value],
    source: Source,
) -> Outcomes:  # fmt: skip
    """Enter a function of the workspace with its arguments bound; of a generator only the call is kept."""
    if function.within is not None:
        return generators.call_within(
            machine, path, function.within, replace(function, within=None), args, kwargs, source
        )
    if function.dispatches:
        chosen = dispatching.chosen(path, function, args)
        if chosen is None:
            request = Call(function, args, kwargs, source)
            return unknown_result(path, request)
        return call_function(machine, path, chosen, args, kwargs, source)
    if generators.is_generator(machine, function.code):
        lazy = Lazy(path.new_id())
        path.heap[lazy.oid] = Pending(function, args, dict(kwargs), source)
        return [(path, lazy)]
    if function.is_cached:
        known = caching.value_of(machine, path, function, args, kwargs)
        if known is not None:
            return [(path, known)]
    if (
        (machine.making or machine.loading)
        and function.file != path.frame.file
        and not told.is_told(function.file)
    ):
        return bounded.from_elsewhere(machine, path, function, args, kwargs, source)
    outer, mode, before = path.frame, path.grad_mode, mark(path)
    key = (
        ("cached", function.chunk, classes.function_key(function), args, tuple(kwargs.items()))
        if function.is_cached
        else None
    )
    kept = path.vars.get((key, "#value")) if key is not None else None
    if kept is not None:
        return [(path, kept)]
    outcomes: Outcomes = []
    for number, each in enumerate(enter(machine, path, function, args, kwargs, source)):
        if each.frame is outer:
            return [(each, Unknown(("call", source.place, each.new_id())))]
        value = each.returned if each.status is Status.RETURN and each.returned is not None else NONE
        each.frame = outer if number == 0 else outer.copy()
        each.returned = None
        if each.status is not Status.RAISED:
            each.status = Status.RUN
        if function.grad_mode or each.status is Status.RAISED:
            each.grad_mode = mode
        if key is not None and each.status is Status.RUN:
            each.vars[key, "#value"] = value
        outcomes.append((each, value))
    return join_returned(before, outcomes)


def enter(
    machine: Machine, path: Path, function: FunctionValue, args: tuple[Value, ...], kwargs: Mapping[str, Value],
    source: Source, prepare: Callable[[Frame], None] | None = None,
) -> list[Path]:  # fmt: skip
    """Run a function's body in a frame of its own, where the paths are left; past the bounds it is not entered."""
    hidden = source if told.is_told(function.file) else None
    stack = path.frame.stack if hidden is not None else (*path.frame.stack, source.place)
    told_depth = path.frame.told_depth + (hidden is not None)
    if (
        told_depth > MAX_TOLD
        or len(stack) > machine.budget.depth
        or stack.count(source.place) > machine.budget.recursion
    ):
        machine.note("depth", source.place)
        path.blurred = True
        return [path]
    if hidden is None:
        machine.called.add(function.chunk)
        machine.entered[id(function.code)] = function.code
        if path.grad_mode in (GradMode.ENABLED, GradMode.UNKNOWN):
            machine.called_with_grad.add(function.chunk)
    env = path.new_id()
    frame = Frame(env, function.file, function.chunk, function.qualname, stack, function.env, kind="function")
    frame.owner, frame.hidden, frame.told_depth = function.owner, hidden, told_depth
    frame.receiver = args[0] if args else None
    if prepare is not None:
        prepare(frame)
    path.frame = frame
    if function.env is not None:
        path.vars[env, "#parent"] = Const(function.env, object)
    bind_arguments(path, function, args, kwargs)
    if function.grad_mode:
        contexts.enter_mode(path, function.grad_mode)
    return machine.run(path, function.code.body)


def bind_arguments(
    path: Path, function: FunctionValue, args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> None:
    """Bind parameters in the callee's frame, as Python does; what is missing is unknown."""
    env, left = path.frame.env, dict(kwargs)
    rest = left.pop(OPEN, None)
    position = 0
    for number, parameter in enumerate(function.code.parameters):
        if parameter.kind == "*":
            extra = args[position:]
            path.vars[env, parameter.name] = (
                TupleValue(extra) if rest is None else containers.new_list(path, extra, rest, "tuple")
            )
            position = len(args)
            continue
        if parameter.kind == "**":
            entries = tuple((const(name), value) for name, value in left.items())
            path.vars[env, parameter.name] = containers.new_dict(path, entries, rest)
            continue
        value: Value | None
        if not parameter.keyword_only and position < len(args):
            value = args[position]
            position += 1
        elif parameter.name in left:
            value = left.pop(parameter.name)
        elif isinstance(rest, Unknown):
            value = Unknown(("item", rest.token, parameter.name))
        else:
            value = function.defaults[number] if number < len(function.defaults) else None
        path.vars[env, parameter.name] = value if value is not None else unknown_argument(function, parameter)


def unknown_argument(function: FunctionValue, parameter: Parameter) -> Unknown:
    return Unknown(("argument", function.chunk, parameter.name))


def exception_name(value: Value) -> str | None:
    """The name of an exception class or object; None where unknown."""
    if isinstance(value, External):
        return value.name.rpartition(".")[2]
    if isinstance(value, ClassValue):
        return value.name
    if isinstance(value, Instance):
        return value.cls.name if isinstance(value.cls, ClassValue) else value.cls.rpartition(".")[2]
    return None


def current_super(machine: Machine, path: Path) -> Value:
    """``super()`` without arguments: the receiver of the running method, and the class that defines it."""
    env = path.frame.env
    frame = path.frame
    receiver = frame.receiver
    if isinstance(frame.owner, ClassValue) and receiver is not None:
        return SuperValue(receiver, frame.owner)
    found = names.load(machine, path, "self")
    return Unknown(("super", env)) if not isinstance(found, Instance) else Unknown(("super", found.oid))
