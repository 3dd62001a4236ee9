"""Executes a program under torch with a recorder, and says how it went."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from .blame import Blame, Verdicts
from .escapes import Escapes, mentions_a_way_out
from .messages import slug_of
from .tracer import Recorder

# The programs are tiny: more threads only wait for each other.
torch.set_num_threads(1)


@dataclass
class Outcome:
    """How a run ended, and what torch blamed on the way."""

    recorder: Recorder
    blames: list[Blame]
    error: str | None = None
    error_line: int | None = None
    unexplained: str | None = None

    @property
    def clean(self) -> bool:
        return not self.blames and self.error is None


Body = Callable[[dict[str, Any]], Any]
"""What to do with a program's globals once its top level has run."""


class Program:
    """Compiled text whose frames are told apart by ``filename``."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.filename = filename
        self.code: types.CodeType = compile(text, filename, "exec")

    def execute(self, body: Body | None = None) -> Any:
        """Runs the top level in a fresh module, then ``body``; a graph that body returns is run backward."""
        module = types.ModuleType("oracle_program")
        module.__dict__["__file__"] = self.filename
        if body is None:
            module.__dict__["__name__"] = "__main__"
        # Dataclasses and pickling look the module up by name.
        sys.modules["oracle_program"] = module
        seed()
        exec(self.code, module.__dict__)
        if body is None:
            return None
        returned = body(module.__dict__)
        for tensor in _graphs_in(returned):
            tensor.sum().backward(retain_graph=True)
        return returned


def seed() -> None:
    torch.manual_seed(0)
    random.seed(0)


def _graphs_in(value: object) -> list[Any]:
    if isinstance(value, torch.Tensor):
        return [value] if value.requires_grad and value.grad_fn is not None else []
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in _graphs_in(item)]
    return []


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Global settings of torch that a program may leave behind (a generator suspended in no_grad, say)."""
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        sys.modules.pop("oracle_program", None)


@contextlib.contextmanager
def _watched(recorder: Recorder) -> Iterator[None]:
    """Entries that no function mode sees: the engine, custom functions, the construction of modules, threads."""
    engine = torch.autograd._engine_run_backward
    apply = torch.autograd.Function.__dict__["apply"]
    init = torch.nn.Module.__init__
    start = threading.Thread.start

    def run_start(thread: Any) -> None:
        run = thread.run

        def run_watched() -> None:
            with recorder:  # modes are each thread's own
                run()

        thread.run = run_watched
        start(thread)

    def run_engine(outputs: Any, *args: Any, **kwargs: Any) -> Any:
        return recorder.engine(engine, outputs, args, kwargs)

    def run_apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            recorder.opaque += 1
            try:
                return apply.__func__(cls, *args, **kwargs)
            finally:
                recorder.opaque -= 1

        return recorder.observe(cls, args, kwargs, run)

    def run_init(module: Any, *args: Any, **kwargs: Any) -> None:
        init(module, *args, **kwargs)
        recorder.module_made(module)

    torch.autograd._engine_run_backward = run_engine
    torch.autograd.Function.apply = classmethod(run_apply)
    torch.nn.Module.__init__ = run_init
    threading.Thread.start = run_start  # type: ignore[method-assign]
    try:
        with recorder:
            yield
    finally:
        torch.autograd._engine_run_backward = engine
        torch.autograd.Function.apply = apply
        torch.nn.Module.__init__ = init
        threading.Thread.start = start  # type: ignore[method-assign]


def record(program: Program, body: Body | None = None, recorder: Recorder | None = None) -> Outcome:
    """One recorded run."""
    recorder = recorder or Recorder(program.filename)
    verdicts = Verdicts()
    recorder.blame = verdicts
    outcome = Outcome(recorder, verdicts.blames)
    watch: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if mentions_a_way_out(program.text):
        recorder.escapes = Escapes(recorder.log_escaped)
        watch = recorder.escapes.tracing(program.filename)
    with _restored(), _quiet(), _watched(recorder), watch:
        try:
            program.execute(body)
        except Exception as error:
            outcome.error, outcome.error_line = describe(error, program.filename)
            if slug_of(str(error)) is None or not verdicts.blames:
                outcome.unexplained = outcome.error
    return outcome


def run_plain(program: Program, body: Body | None = None) -> tuple[str | None, int | None]:
    """The error (first line) and its innermost row of the program, of a run that nobody watches."""
    with _restored(), _quiet():
        try:
            program.execute(body)
        except Exception as error:
            return describe(error, program.filename)
    return None, None


def describe(error: BaseException, filename: str) -> tuple[str, int | None]:
    rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    message = str(error)
    return f"{type(error).__name__}: {message.splitlines()[0] if message else ''}", rows[-1] if rows else None
