"""The op table: what a torch operation saves, writes, views and returns, looked up by its dotted name.

Loading splits the text into lines and indexes them by name; a line is parsed when it is first asked for.
Nothing here imports torch.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gradsafe.ops.derive import in_place, with_copy, with_out
from gradsafe.ops.entry import Arg, ModuleSpec, OptimizerSpec, Selection
from gradsafe.ops.match import Bound, Fit, bind
from gradsafe.ops.merge import merge
from gradsafe.ops.notation import Op, parse
from gradsafe.ops.operators import METHODS
from gradsafe.ops.specs import parse_module, parse_optimizer

TABLES: Final = Path(__file__).parent / "tables"

MOST_REMEMBERED: Final = 4096
"""Look-ups that are kept: programs ask the same few again and again."""

_PREFIXES: Final = (
    ("torch.nn.functional.", "F."),
    ("torch._C._nn.", "F."),
    ("torch.nn.init.", "init."),
    ("torch.nn.modules.", "nn."),
    ("torch.nn.parameter.", "nn."),
    ("torch.nn.", "nn."),
    ("nn.functional.", "F."),
    ("nn.init.", "init."),
    ("torch.Tensor.", "Tensor."),
    ("torch._tensor.Tensor.", "Tensor."),
    ("torch.functional.", "torch."),
    ("torch.optim.", "optim."),
)


class OpTable:
    """A read-only table of operations, modules and optimizers of one torch version."""

    def __init__(self, text: str) -> None:
        self._header: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._modules: dict[str, str] = {}
        self._optimizers: dict[str, str] = {}
        self._ops: dict[str, tuple[Op, ...]] = {}
        self._canonical: dict[str, str | None] = {}
        self._reads: dict[str, frozenset[str]] = {}
        self._selected: dict[object, Selection | None] = {}
        self._derived: frozenset[str] = frozenset()
        self._aliases: dict[str, str] = {}
        for line in text.splitlines():
            self._index(line)

    def _index(self, line: str) -> None:
        if not line or line.startswith("# "):
            return
        if line[0] == "@":
            kind, _, rest = line[1:].partition(" ")
            if kind == "module":
                self._modules[rest.partition("(")[0]] = rest
            elif kind == "optimizer":
                self._optimizers[rest.partition("(")[0]] = rest
            elif kind == "in-place":
                self._derived = frozenset(rest.split(" "))
            elif kind == "alias":
                name, _, target = rest.partition(" = ")
                self._aliases[name] = target
            else:
                self._header[kind] = rest
            return
        for name in line[: line.index("(")].split(","):
            self._lines.setdefault(name, []).append(line)

    @property
    def torch_version(self) -> str:
        """The torch that the table was made with."""
        return self._header.get("torch", "")

    def names(self) -> tuple[str, ...]:
        """Every name of an operation, the derived in-place ones included."""
        return (*self._lines, *(name for name in sorted(self._derived) if name not in self._lines))

    def canonical(self, dotted: str) -> str | None:
        """The table's name for a dotted one (``torch.nn.functional.relu`` is ``F.relu``); None if it has none."""
        if dotted not in self._canonical:
            self._canonical[dotted] = self._find_canonical(dotted)
        return self._canonical[dotted]

    def _find_canonical(self, dotted: str) -> str | None:
        for prefix, short in _PREFIXES:
            if dotted.startswith(prefix):
                rest = dotted[len(prefix) :]
                if prefix == "torch.nn.modules.":
                    rest = rest.rpartition(".")[2]
                dotted = short + rest
                break
        owner, _, method = dotted.rpartition(".")
        if owner == "Tensor" and method in METHODS:
            dotted = f"Tensor.{METHODS[method]}"
        dotted = self._aliases.get(dotted, dotted)
        known = (self._lines, self._derived, self._modules, self._optimizers)
        return dotted if any(dotted in names for names in known) else None

    def ops(self, name: str) -> tuple[Op, ...]:
        """The lines of a canonical name, parsed; empty where the table has none."""
        found = self._ops.get(name)
        if found is None:
            found = tuple(map(parse, self._lines.get(name, ())))
            if not found and name in self._derived:
                base = self.ops(name.removesuffix("_"))
                pairs = ((in_place(line, name), line) for line in base)
                found = tuple(with_copy(op, line) for op, line in pairs if op is not None)
            self._ops[name] = found
        return found

    def reads(self, name: str) -> frozenset[str]:
        """The parameters that the lines of a name have."""
        found = self._reads.get(name)
        if found is None:
            ops = self.ops(self.canonical(name) or "")
            found = self._reads[name] = frozenset(param.name for op in ops for param in op.params)
        return found

    def select(self, name: str, args: Sequence[Arg], kwargs: Mapping[str, Arg]) -> Selection | None:
        """The operation that a call runs; a method's ``self`` and a module's input are ``args[0]``.

        A module's forward reads more than it is given: pass the parameters, buffers and attributes that its lines
        name (``weight``, ``running_mean``, ``training``) as keywords; those left out count as unknown.
        None where the table has no such name, or no line that takes these arguments.
        """
        key = (name, tuple(map(_identity, args)), tuple((key, _identity(arg)) for key, arg in kwargs.items()))
        try:
            if key in self._selected:
                return self._selected[key]
        except TypeError:
            # A literal that cannot be hashed: a list of numbers.
            return self._select(name, args, kwargs)
        if len(self._selected) >= MOST_REMEMBERED:
            self._selected.clear()
        selection = self._selected[key] = self._select(name, args, kwargs)
        return selection

    def _select(self, name: str, args: Sequence[Arg], kwargs: Mapping[str, Arg]) -> Selection | None:
        ops = self.ops(self.canonical(name) or "")
        out = kwargs.get("out")
        takes_out = any(param.name == "out" for op in ops for param in op.params)
        if out is not None and not takes_out:
            kwargs = {key: value for key, value in kwargs.items() if key != "out"}
        chosen = _choose(ops, args, kwargs)
        if chosen is None:
            return None
        if out is not None and out.kind != "none":
            binding = {**chosen.binding, "out": "out"}
            chosen = Selection(with_out(chosen.op), binding, chosen.exact, chosen.star, chosen.lines)
        return chosen

    def module(self, name: str) -> ModuleSpec | None:
        """What the constructor of a ``torch.nn`` class takes and leaves on ``self``; None if it is no such class."""
        canonical = self.canonical(name)
        text = self._modules.get(canonical or "")
        return parse_module(text) if text else None

    def modules(self) -> tuple[str, ...]:
        """The names of all ``torch.nn`` classes."""
        return tuple(self._modules)

    def optimizer(self, name: str) -> OptimizerSpec | None:
        """What ``step()`` of a ``torch.optim`` class writes; None if it is no such class."""
        canonical = self.canonical(name)
        text = self._optimizers.get(canonical or "")
        return parse_optimizer(text) if text else None


def _identity(arg: Arg) -> tuple[object, ...]:
    """Apart from equality: 1, 1.0 and True are different arguments."""
    return (arg.kind, type(arg.value), arg.value, arg.ndim, arg.dtype)


def _choose(ops: Sequence[Op], args: Sequence[Arg], kwargs: Mapping[str, Arg]) -> Selection | None:
    """The first line that certainly fits, merged with those before it that may."""
    fitting: list[tuple[Op, Bound]] = []
    for op in ops:
        bound = bind(op, args, kwargs)
        if bound.fit is not Fit.NO:
            fitting.append((op, bound))
        if bound.fit is Fit.YES:
            break
    if not fitting:
        return None
    lines = tuple(op for op, _ in fitting)
    binding: dict[str, int | str] = {}
    for _, bound in reversed(fitting):
        binding |= bound.binding
    star = next((bound.star for _, bound in fitting if bound.star), None)
    same = all(_behaviour(line) == _behaviour(lines[0]) for line in lines)
    return Selection(lines[0] if same else merge(lines), binding, same, star, lines)


def _behaviour(op: Op) -> tuple[object, ...]:
    return (op.returns, op.saves, op.writes, op.flags)


@functools.cache
def load(version: str | None = None) -> OpTable:
    """The table of a torch version, or of the nearest one that there is (cached)."""
    files = sorted(TABLES.glob("torch-*.txt"))
    wanted = _release(version) if version else None
    path = files[-1]
    if wanted is not None:
        path = min(files, key=lambda file: _distance(_release(file.name.split("-")[1]), wanted))
    return OpTable(path.read_text(encoding="utf-8"))


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = (*version.partition("+")[0].split("."), "0", "0")
    return int(major), int(minor)


def _distance(first: tuple[int, int], second: tuple[int, int]) -> int:
    return abs((first[0] - second[0]) * 100 + first[1] - second[1])
