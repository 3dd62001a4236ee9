"""Names: local variables, closures, globals evaluated on demand, imports, built-ins."""

from __future__ import annotations

import builtins
from collections.abc import Hashable

from gradsafe.domain.state import Frame, Items, Path, Status
from gradsafe.domain.values import (
    FALSE,
    TRUE,
    Const,
    DictRef,
    External,
    Imported,
    Instance,
    ListRef,
    ModuleValue,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import told
from gradsafe.interp.machine import DEFINITION, STATEMENT, Machine
from gradsafe.interp.prelude import ELSEWHERE, Bindings
from gradsafe.interp.world import CHANGED, ModuleFacts, World
from gradsafe.ir import instructions as ir
from gradsafe.syntax.span import Span

BUILTINS = frozenset(dir(builtins))


def module_env(file: str) -> Hashable:
    """The environment of a file's module-level variables."""
    return ("module", file)


def load(machine: Machine, path: Path, name: str) -> Value:
    """The value of ``name`` in the current frame; an :class:`Unknown` where it has none."""
    frame = path.frame
    scope = _comprehension_of(frame, name) if frame.comprehensions else None
    if scope is not None and (own := path.vars.get((scope, name))) is not None:
        return looked_up(machine, path, own)
    if name not in frame.global_names:
        env: Hashable = frame.env
        own = path.vars.get((env, name))
        if own is not None:
            return looked_up(machine, path, own)
        env = frame.closure
        while env is not None:
            found = path.vars.get((env, name))
            if found is not None:
                return looked_up(machine, path, found)
            parent = path.vars.get((env, "#parent"))
            env = parent.value if isinstance(parent, Const) else None
    return load_global(machine, path, frame.file, name)


def store(path: Path, name: str, value: Value) -> None:
    """Bind ``name`` in the current frame, honouring ``global`` and ``nonlocal``; a comprehension's variable is its own."""
    frame = path.frame
    scope = _comprehension_of(frame, name) if frame.comprehensions else None
    if scope is not None:
        path.vars[scope, name] = value
        return
    if name in frame.global_names:
        path.vars[module_env(frame.file), name] = value
        return
    if name in frame.nonlocal_names:
        env = bound_around(path, frame.closure, name)
        if env is not None:
            path.vars[env, name] = value
            return
    path.vars[frame.env, name] = value


def bound_around(path: Path, env: Hashable, name: str) -> Hashable:
    """The environment in which a function's variable is bound: this one, or one around it; None where none binds it."""
    while env is not None and (env, name) not in path.vars:
        parent = path.vars.get((env, "#parent"))
        env = parent.value if isinstance(parent, Const) else None
    return env


def enter_comprehension(path: Path, own: tuple[str, ...]) -> None:
    """From here on ``own`` are the names of a comprehension (PEP 709): lambdas in it close over them, what is around keeps its."""
    frame = path.frame
    outer = closed_over(frame)
    env = path.new_id()
    if outer is not None:
        path.vars[env, "#parent"] = Const(outer, object)
    frame.comprehensions = (*frame.comprehensions, (env, own))


def _comprehension_of(frame: Frame, name: str) -> int | None:
    """The environment of the innermost comprehension that runs and has a variable of that name."""
    return next((env for env, own in reversed(frame.comprehensions) if name in own), None)


def closed_over(frame: Frame) -> Hashable:
    """The environment that a function defined now closes over: never a class body's, never a module's."""
    if frame.comprehensions:
        return frame.comprehensions[-1][0]
    return frame.env if frame.kind == "function" else frame.closure


def load_global(machine: Machine, path: Path, file: str, name: str) -> Value:
    """A module-level name: as executed so far, or as its binding statement gives it, or a built-in."""
    env = module_env(file)
    found = path.vars.get((env, name))
    if found is not None:
        return looked_up(machine, path, found)
    if name == "__name__":
        running = path.vars.get((env, "#main"))
        return Const("__main__", str) if running is not None else Const(file, str)
    if machine.executing != file:
        value = _of_module(machine, path, file, name)
        if value is not None:
            return looked_up(machine, path, value)
    if name in BUILTINS:
        return External(f"builtins.{name}")
    return Unknown(("global", file, name))


def _of_module(machine: Machine, path: Path, file: str, name: str) -> Value | None:
    """What the module in ``file`` binds ``name`` to.

    With several binders the last definition or import wins; several plain assignments leave the
    value open, since which of them ran last is not known.
    """
    if (file, name) in machine.globals:
        return machine.globals[file, name]
    facts = machine.world.module(file)
    if facts is None:
        return None
    machine.globals[file, name] = None  # star imports in a circle
    indices = facts.binders.get(name, ())
    value: Value | None
    if not indices:
        value = _from_star(machine, path, facts, name)
    else:
        block = machine.world.body(facts.root)[indices[-1]]
        unknown = Unknown(("global", file, name))
        if len(indices) > 1 and not any(isinstance(i, _DEFINITE) for i in block.instructions):
            value = unknown
        else:
            bound = _bindings(machine, facts, indices[-1], block)
            if bound is not None and not bound.shared:
                del machine.globals[file, name]
                value = _run_here(machine, path, facts, name, block, unknown)
                return _changed_later(machine, path, facts, name, value)
            value = bound.names.get(name) if bound is not None else unknown
            if isinstance(value, (ListRef, DictRef, Instance)) and facts.binders.get(name + CHANGED):
                del machine.globals[file, name]
                return _changed_later(machine, path, facts, name, value)
    machine.globals[file, name] = value
    return value


def _changed_later(
    machine: Machine, path: Path, facts: ModuleFacts, name: str, value: Value | None
) -> Value | None:
    """The object with what the module's own statements write into it after they bound it; unknown where these are many, or which of
    them run is not known.
    """
    if not isinstance(value, (ListRef, DictRef, Instance)):
        return value
    later = [each for each in facts.binders.get(name + CHANGED, ()) if each > facts.binders[name][-1]]
    blocks = [machine.world.body(facts.root)[each] for each in later[: MAX_CHANGES + 1]]
    if len(blocks) > MAX_CHANGES or any(
        isinstance(i, _MAYBE) for block in blocks for i in block.instructions
    ):
        return Unknown(("global", facts.file, name))
    held: Value = value
    path.vars[module_env(facts.file), name] = held
    for block in blocks:
        held = _run_here(machine, path, facts, name, block, held) or held
    return held


_MAYBE = (ir.If, ir.For, ir.While, ir.With, ir.Try, ir.Match, ir.Choose, ir.Unmodelled)


MAX_CHANGES = 8
"""So many statements are run to know what is in an object of a module. Tables of a package's names are filled by hundreds."""


_DEFINITE = (ir.Function, ir.Class, ir.ImportFrom, ir.Import, ir.Try)


def _bindings(machine: Machine, facts: ModuleFacts, index: int, block: ir.Block) -> Bindings | None:
    """What a module-level statement binds, run on a path of its own; None while that is going on further out."""

    def compute(world: World) -> Bindings:
        # The block that this world gives: it notes that it was asked.
        defines = any(isinstance(each, ir.Class) for each in block.instructions)
        inner = Machine(world, machine.table, DEFINITION if defines else STATEMENT, machine.prelude)
        inner.forking = frozenset()
        inner_facts = inner.world.module(facts.file) or facts
        inner_block = inner.world.body(inner_facts.root)[index]
        path = _module_path(inner, inner_facts, inner_block)
        path.next_id = machine.prelude.first_id()
        first = inner.run(path, (inner_block,))[0]
        env = module_env(facts.file)
        if first.log is not None:
            return Bindings({}, False, instructions=inner.ran)
        machine.prelude.share(first, lambda owner: isinstance(owner, tuple) and owner[0] == "module")
        names = {name: value for (owner, name), value in first.vars.flat().items() if owner == env}
        return Bindings(names, True, frozenset(inner.called), inner.ran, inner.spent())

    if machine.prelude.work(machine.outside) > ELSEWHERE:
        machine.note("imports", Span(block.chunk or facts.root, 0, 0))
        return None
    found = machine.prelude.remember(machine.outside, ("binds", facts.file, block.chunk or index), compute)
    if isinstance(found, Bindings):
        if found.cut:
            machine.note("instructions", Span(block.chunk or facts.root, 0, 0))
        machine.called |= found.called
        machine.called_with_grad |= found.called
        return found
    return None


def _module_path(machine: Machine, facts: ModuleFacts, block: ir.Block) -> Path:
    frame = Frame(module_env(facts.file), facts.file, block.chunk or facts.root, "", ())
    return Path.begin(frame, machine.prelude.shared)


def _run_here(
    machine: Machine, path: Path, facts: ModuleFacts, name: str, block: ir.Block, before: Value
) -> Value | None:
    """Run the statement on this path, in a frame of its own: it makes tensors, or writes some, or into an object. ``before``: what the name holds then."""
    env = module_env(facts.file)
    path.vars[env, name] = before
    outer, mode = path.frame, path.grad_mode
    path.frame = Frame(env, facts.file, block.chunk or facts.root, "", outer.stack)
    first, *others = machine.run(path, (block,))
    if first is not path:
        path.vars, path.heap, path.next_id = first.vars, first.heap, first.next_id
        path.decisions = first.decisions
    # A module-level condition that is not known: the first side stands for the module, and nothing is certain of it.
    path.blurred = path.blurred or bool(others)
    path.frame, path.grad_mode = outer, mode
    path.status, path.raised, path.returned = Status.RUN, None, None
    return path.vars.get((env, name))


def _from_star(machine: Machine, path: Path, facts: ModuleFacts, name: str) -> Value | None:
    """The name as the first star import gives it that leads to a module which may have it."""
    body = machine.world.body(facts.root)
    for index in facts.stars:
        for instruction in body[index].instructions:
            if isinstance(instruction, ir.ImportFrom) and instruction.attr == "*":
                file = machine.world.find_module(facts.file, instruction.module, instruction.level)
                target = machine.world.module(file) if file is not None else None
                if file is not None and target is not None and (name in target.binders or target.stars):
                    return load_global(machine, path, file, name)
    return None


def import_module(machine: Machine, path: Path, instruction: ir.Import) -> Value:
    """``import a.b``: the workspace's module, or the outside name."""
    target = instruction.module.split(".")[0] if instruction.bind_root else instruction.module
    file = machine.world.find_module(path.frame.file, target, 0)
    if file is not None:
        return ModuleValue(file)
    if target != instruction.module and machine.world.find_module(path.frame.file, instruction.module, 0):
        path.vars[("namespace", target), "#found"] = TRUE  # a package without ``__init__.py``
    return External(target)


def namespace_member(machine: Machine, path: Path, package: str, name: str) -> Value | None:
    """An attribute of a package without ``__init__.py``: a module in it, or a package again."""
    if path.vars.get((("namespace", package), "#found")) is None:
        return None
    dotted = f"{package}.{name}"
    file = machine.world.find_module(path.frame.file, dotted, 0)
    if file is not None:
        return ModuleValue(file)
    path.vars[("namespace", dotted), "#found"] = TRUE
    return External(dotted)


def star_names(machine: Machine, path: Path, file: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """What ``from module import *`` binds: ``__all__`` if that is known, else all names without an underscore."""
    facts = machine.world.module(file)
    if facts is None or file in seen or len(seen) > MAX_STARS:
        return []
    if "__all__" in facts.binders:
        listed = load_global(machine, path, file, "__all__")
        held = path.heap.get(listed.oid) if isinstance(listed, ListRef) else None
        items = (
            listed.items if isinstance(listed, TupleValue) else held.known if isinstance(held, Items) else ()
        )
        names = [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]
        if names and len(names) == len(items):
            return names
    found = [name for name in facts.binders if not name.startswith("_") and not name.endswith(CHANGED)]
    body = machine.world.body(facts.root) if facts.stars else ()
    for index in facts.stars:
        for instruction in body[index].instructions:
            if isinstance(instruction, ir.ImportFrom) and instruction.attr == "*":
                inner = machine.world.find_module(file, instruction.module, instruction.level)
                if inner is not None:
                    found += star_names(machine, path, inner, seen | {file})
    return list(dict.fromkeys(found))


MAX_STARS = 8
"""Star imports that are followed one into the other."""


def import_from(machine: Machine, path: Path, instruction: ir.ImportFrom) -> Value:
    """``from m import a``: what a workspace module has of that name, looked up when it is used, or an outside name."""
    asked = Imported(path.frame.file, instruction.module, instruction.level, instruction.attr)
    file = machine.world.find_module(asked.importer, asked.module, asked.level)
    if file is None:
        return _not_held(machine, path, asked)
    return path.vars.get((module_env(file), asked.name)) or asked


def replace_global(machine: Machine, path: Path, file: str, name: str, value: Value) -> None:
    """``module.name = value`` from outside: whoever imported the name before keeps what it was."""
    if (_replaced(file), name) not in path.vars:
        path.vars[_replaced(file), name] = load_global(machine, path, file, name)
    path.vars[module_env(file), name] = value


def _replaced(file: str) -> Hashable:
    """Owner of what names of a module meant before they were replaced from outside."""
    return ("replaced", file)


def looked_up(machine: Machine, path: Path, value: Value) -> Value:
    """The value itself, or what it was imported as. Imports in a circle end in what is not known."""
    if not isinstance(value, Imported):
        return value
    file = _holder(machine, value)
    if file is None:
        return _not_held(machine, path, value)
    if value in machine.importing:
        return Unknown(("import", value))
    machine.importing.add(value)
    try:
        found = path.vars.get((_replaced(file), value.name)) or load_global(machine, path, file, value.name)
    finally:
        machine.importing.discard(value)
    return _not_held(machine, path, value) if isinstance(found, Unknown) else found


def _holder(machine: Machine, asked: Imported) -> str | None:
    """The workspace module that binds the name, or may by a star import."""
    file = machine.world.find_module(asked.importer, asked.module, asked.level)
    facts = machine.world.module(file) if file is not None else None
    return file if facts is not None and (asked.name in facts.binders or facts.stars) else None


def _not_held(machine: Machine, path: Path, asked: Imported) -> Value:
    """What the name means where the module has no value for it: a submodule, or something outside."""
    dotted = f"{asked.module}.{asked.name}" if asked.module else asked.name
    submodule = machine.world.find_module(asked.importer, dotted, asked.level)
    if submodule is not None:
        return ModuleValue(submodule)
    if asked.level or machine.world.find_module(asked.importer, asked.module, asked.level) is not None:
        return Unknown(("import", asked))
    return outside(machine, path, dotted)


_CHECKED_ONLY = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})
"""Names that are true for a type checker, and false in every run."""


def outside(machine: Machine, path: Path, dotted: str) -> Value:
    """What stands outside the workspace: a name, or what is told of it."""
    if dotted in _CHECKED_ONLY:
        return FALSE
    found = told.find(dotted)
    if found is None:
        return External(dotted)
    value = load_global(machine, path, *found)
    return External(dotted) if isinstance(value, Unknown) else value


def bound_names(instructions: tuple[ir.Instruction, ...]) -> set[str]:
    """The names that a block binds in its own scope, those in branches included."""
    found: set[str] = set()
    stack: list[object] = list(instructions)
    while stack:
        item = stack.pop()
        if isinstance(item, ir.Block):
            stack.extend(item.instructions)
        elif isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, (ir.Store, ir.Import, ir.ImportFrom)):
            found.add(item.name)
        elif isinstance(item, ir.Unmodelled):
            found.update(item.binds)
        elif isinstance(item, ir.If):
            stack.extend((item.yes, item.no))
        elif isinstance(item, (ir.For, ir.While)):
            stack.extend((getattr(item, "assign", ()), item.body, item.orelse))
        elif isinstance(item, ir.With):
            stack.extend((item.assign, item.body))
        elif isinstance(item, ir.Try):
            stack.extend((item.body, item.orelse, item.final, tuple(h.body for h in item.handlers)))
        elif isinstance(item, ir.Match):
            stack.extend(case.body for case in item.cases)
    return found
