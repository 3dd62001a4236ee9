"""Records what a real run does to version counters and graphs, without changing the run.

Built on a TorchFunctionMode alone: saved-tensor hooks and dispatch modes switch off
the very checks that this module observes. Graph nodes are read after each call, their
execution order through prehooks; both leave version checks and freeing as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .counters import Counters
from .escapes import Escapes

DATA_GET = torch.Tensor.data.__get__
DATA_SET = torch.Tensor.data.__set__
SWAP = "data.__set__"
ESCAPED = "escaped"


@dataclass(frozen=True)
class Site:
    """A row of the program; ``declared`` is the row that built the in-place module which runs there."""

    line: int | None
    declared: int | None = None

    @property
    def primary(self) -> int | None:
        return self.declared or self.line


@dataclass(frozen=True)
class Write:
    """``call`` moved ``counter`` (or, where before == after, wrote without moving it).

    ``tracked``: autograd recorded it, so that backward differentiates through it.
    """

    call: int
    counter: int
    storage: int
    before: int
    after: int
    site: Site
    operation: str
    tracked: bool
    through_data: bool


@dataclass
class Node:
    """A grad_fn, the row that made it, and the counters that its call could have saved."""

    index: int
    object: Any
    site: Site
    call: int
    operation: str
    participants: list[tuple[int, int]]


@dataclass
class Backward:
    """One run of the engine."""

    index: int
    call: int
    line: int | None
    roots: list[Any]
    executed: list[int] = field(default_factory=list)
    raised: bool = False


def tensors_in(value: object) -> Iterator[Any]:
    """Every tensor in nested arguments, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def storage_key(tensor: Any) -> int:
    """The identity of a storage; -1 where there is none (sparse tensors)."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return -1


def is_leaf(tensor: Any) -> bool:
    try:
        return bool(tensor.is_leaf)
    except RuntimeError:
        return False  # a no_grad view whose base was written: torch refuses to say


class Recorder(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """The log of one run of the program in ``filename``."""

    def __init__(self, filename: str) -> None:
        super().__init__()
        self.filename = filename
        self.calls = 0
        self.counters = Counters()
        self.writes: list[Write] = []
        self.nodes: dict[Any, Node] = {}
        self.graph_storages: set[int] = set()
        self.backwards: list[Backward] = []
        self.blame: Callable[[Recorder, BaseException, Site, Backward | None], None] | None = None
        self.lines: set[int] = set()
        self.modules: dict[int, tuple[Any, int | None]] = {}
        self.hooked: set[Any] = set()
        self.running: list[Backward] = []
        self.escapes: Escapes | None = None
        self.opaque = 0  # inside the forward of a custom function

    # -- places ---------------------------------------------------------------------------

    def site(self) -> Site:
        """The innermost row of the program, and the construction of the in-place module below it."""
        frame: FrameType | None = sys._getframe(1)
        declared = None
        while frame is not None:
            if frame.f_code.co_filename == self.filename:
                return Site(frame.f_lineno, declared)
            owner = frame.f_locals.get("self") if "torch" in frame.f_code.co_filename else None
            if declared is None and isinstance(owner, torch.nn.Module) and getattr(owner, "inplace", False):
                declared = self.modules.get(id(owner), (None, None))[1]
            frame = frame.f_back
        return Site(None, declared)

    def module_made(self, module: Any) -> None:
        self.modules[id(module)] = (module, self.site().line)

    # -- calls ----------------------------------------------------------------------------

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        return self.observe(func, args, kwargs, lambda: func(*args, **kwargs))

    def observe(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Callable[[], Any]
    ) -> Any:
        """Runs one call of torch and logs its writes and the nodes that it made."""
        site = self.site()
        if not self.running:
            # What hooks and custom functions call belongs to their backward; runs that skip it count alike.
            self.calls += 1
        call = self.calls
        if site.line is not None:
            self.lines.add(site.line)
        operands = [t for t in tensors_in((args, kwargs)) if not t.is_inference()]
        before = [t._version for t in operands]
        old = storage_key(args[0]) if func == DATA_SET else -1
        try:
            result = self.perform(func, call, operands, args, run)
        except RuntimeError as error:
            self.log_writes(func, call, site, operands, before)
            self.on_error(error, site)
            raise
        written = self.log_writes(func, call, site, operands, before)
        if func == DATA_GET:
            self.counters.from_data(result)
        if func == DATA_SET:
            self.log_data_set(call, site, args[0], old)
        results = list(tensors_in(result))
        if self.escapes is not None:
            for tensor in (*operands, *results):
                self.escapes.watch(tensor)
        self.find_nodes(func, call, site, results + written, operands + results)
        return result

    def perform(
        self, func: Any, call: int, operands: list[Any], args: tuple[Any, ...], run: Callable[[], Any]
    ) -> Any:
        """Overridden by runs that perturb, freeze or skip calls."""
        return run()

    def on_error(self, error: BaseException, site: Site, backward: Backward | None = None) -> None:
        if getattr(error, "_oracle_seen", False) or self.blame is None:
            return
        error._oracle_seen = True  # type: ignore[attr-defined]
        self.blame(self, error, site, backward)

    def log_writes(
        self, func: Any, call: int, site: Site, operands: list[Any], before: list[int]
    ) -> list[Any]:
        written = []
        seen = set()
        fused = "_fused_" in getattr(func, "__name__", "")
        for tensor, version in zip(operands, before, strict=True):
            now = tensor._version
            if now == version and not fused:
                continue
            counter = self.counters.of(tensor)
            if counter not in seen:
                seen.add(counter)
                self.writes.append(
                    Write(
                        call,
                        counter,
                        storage_key(tensor),
                        version,
                        now,
                        site,
                        getattr(func, "__name__", str(func)),
                        torch.is_grad_enabled() and tensor.requires_grad,
                        self.counters.is_data(counter),
                    )
                )
            written.append(tensor)
        return written

    def log_data_set(self, call: int, site: Site, tensor: Any, old: int) -> None:
        counter, version = self.counters.of(tensor), tensor._version
        for storage in (old, storage_key(tensor)):
            self.writes.append(Write(call, counter, storage, version, version, site, SWAP, True, True))

    def log_escaped(self, tensor: Any, line: int) -> None:
        """A write that no call of torch made."""
        counter, version = self.counters.of(tensor), tensor._version
        self.writes.append(
            Write(self.calls, counter, storage_key(tensor), version, version, Site(line), ESCAPED, True, True)
        )

    # -- nodes ----------------------------------------------------------------------------

    def find_nodes(self, func: Any, call: int, site: Site, outputs: list[Any], involved: list[Any]) -> None:
        heads = []
        for tensor in outputs:
            try:
                heads.append(tensor.grad_fn)
            except RuntimeError:
                continue  # a view whose history torch refuses to rebuild; the program will hear of it itself
        new = [head for head in heads if head is not None and head not in self.nodes]
        if not new:
            return
        self.graph_storages |= {storage_key(tensor) for tensor in involved if tensor.requires_grad}
        participants = [
            (self.counters.of(tensor), tensor._version) for tensor in involved if not tensor.is_inference()
        ]
        name = getattr(func, "__name__", str(func))
        while new:
            head = new.pop()
            if head in self.nodes:
                continue
            self.nodes[head] = Node(len(self.nodes), head, site, call, name, participants)
            new.extend(
                below for below, _ in head.next_functions if below is not None and below not in self.nodes
            )

    def reachable(self, roots: list[Any]) -> list[Any]:
        """The nodes below ``roots``, each once."""
        seen: dict[Any, None] = {}
        stack = [root for root in roots if root is not None]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen[node] = None
                stack.extend(below for below, _ in node.next_functions if below is not None)
        return list(seen)

    # -- backward -------------------------------------------------------------------------

    def engine(
        self, original: Callable[..., Any], outputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Runs the autograd engine in place of torch's own entry, and logs which nodes it executes."""
        site = self.site()
        if site.line is not None:
            self.lines.add(site.line)
        self.calls += 1
        roots = [output.grad_fn if isinstance(output, torch.Tensor) else output.node for output in outputs]
        self.find_nodes(original, self.calls, site, [o for o in outputs if isinstance(o, torch.Tensor)], [])
        backward = Backward(len(self.backwards), self.calls, site.line, roots)
        self.backwards.append(backward)
        graph = self.reachable(roots)
        grads = self.watch(graph)
        self.running.append(backward)
        try:
            return self.run_engine(self.reentered(original), backward, graph, outputs, args, kwargs)
        except RuntimeError as error:
            backward.raised = True
            self.on_error(error, site, backward)
            raise
        finally:
            self.running.pop()
            for grad, version in grads:
                self.log_writes(original, backward.call, site, [grad], [version])

    def reentered(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The engine with this mode on, so that hooks and custom functions are seen too."""

        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return original(*args, **kwargs)

        return run

    def run_engine(
        self,
        original: Callable[..., Any],
        backward: Backward,
        graph: list[Any],
        outputs: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        return original(outputs, *args, **kwargs)

    def watch(self, graph: list[Any]) -> list[tuple[Any, int]]:
        """Sets a prehook on every node, and returns the leaves' gradients with their versions."""
        grads = []
        for node in graph:
            if node not in self.hooked and hasattr(node, "register_prehook"):
                self.hooked.add(node)
                node.register_prehook(self.prehook(node))
            variable = getattr(node, "variable", None)
            if variable is not None and variable.grad is not None:
                grads.append((variable.grad, variable.grad._version))
        return grads

    def prehook(self, node: Any) -> Callable[[Any], None]:
        def executed(_grads: Any) -> None:
            if self.running and node in self.nodes:
                self.running[-1].executed.append(self.nodes[node].index)

        return executed
