"""Runs programs in this process, plain or traced, and says how they ended."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gradsafe_tracer.__main__ import _user_row
from gradsafe_tracer.care import harmless
from gradsafe_tracer.events import BackwardStart, Event, Free, Place, Raise, Save, Write, WrongGradient
from gradsafe_tracer.running import program
from gradsafe_tracer.running.dryrun import dry_run
from gradsafe_tracer.running.guess import NeedsValue
from gradsafe_tracer.seen import places
from gradsafe_tracer.watching.session import Session


@dataclass
class Run:
    """How one run of a program ended, what it left in its variables, and (traced) what was seen."""

    error: BaseException | None
    row: int | None
    variables: dict[str, Any]
    random_state: Any
    output: str
    events: list[Event] = field(default_factory=list)

    @property
    def outcome(self) -> tuple[str, str]:
        return (type(self.error).__name__, str(self.error)) if self.error is not None else ("", "")


Body = Callable[[dict[str, Any]], Any]
"""What to do with a program's variables once its top level has run."""


def run(path: Path, traced: bool, body: Body | None = None, dry: bool = False) -> Run:
    """Runs the file at ``path`` as ``__main__``, then ``body``; a graph that body returns is run backward."""
    loaded = program.load(str(path), None)
    codes = program.compile_cells(loaded)
    torch.manual_seed(0)
    random.seed(0)
    session = Session(light=dry) if traced else None  # as the command line has it
    places.forget_files()
    places.mark_user_file(str(path))
    places.kinds[__file__] = places.SKIP
    error: BaseException | None = None
    output = io.StringIO()
    with _put_back(), contextlib.redirect_stdout(output), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if session is not None:
            session.start()
        try:
            with dry_run() if dry else contextlib.nullcontext():
                program.run(loaded, codes, [])
                returned = body(sys.modules["__main__"].__dict__) if body is not None else None
                for tensor in _graphs_in(returned):
                    tensor.sum().backward(retain_graph=True)
        except (Exception, SystemExit, NeedsValue) as caught:
            error = caught
        finally:
            if session is not None:
                session.stop()
            variables = dict(sys.modules["__main__"].__dict__)
    row = _user_row(error)[1] if error is not None else None
    if body is not None:
        variables = {"returned": returned} if error is None else {}
    found = session.events() if session is not None else []
    troubles = list(harmless.troubles)
    harmless.troubles.clear()  # or every later test would fail for this one
    assert troubles == [], troubles
    return Run(error, row, variables, torch.get_rng_state(), output.getvalue(), found)


def _graphs_in(value: object) -> list[Any]:
    if isinstance(value, torch.Tensor):
        return [value] if value.requires_grad and value.grad_fn is not None else []
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in _graphs_in(item)]
    return []


def equal(one: Any, other: Any) -> bool:
    """To the last bit, NaNs included."""
    if one is None or other is None:
        return one is other
    return bool(one.shape == other.shape and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other)))


def differences(plain: Run, traced: Run, same: Callable[[Any, Any], bool] = equal) -> list[str]:
    """Each way in which tracing changed the run; ``same`` compares tensors."""
    found = []
    if plain.outcome != traced.outcome:
        found.append(f"ends with {traced.outcome}, not {plain.outcome}")
    if plain.row != traced.row:
        found.append(f"fails at row {traced.row}, not {plain.row}")
    if not torch.equal(plain.random_state, traced.random_state):
        found.append("leaves another random state")
    if plain.output != traced.output:
        found.append(f"prints {traced.output!r}, not {plain.output!r}")
    for name, value in plain.variables.items():
        found += _differs(name, value, traced.variables.get(name), same)
    return found


def _differs(name: str, one: Any, other: Any, same: Callable[[Any, Any], bool]) -> list[str]:
    if isinstance(one, torch.nn.Module):
        pairs = zip(one.named_parameters(), other.named_parameters(), strict=True)
        return [line for (key, a), (_, b) in pairs for line in _differs(f"{name}.{key}", a, b, same)]
    if not isinstance(one, torch.Tensor):
        return []
    found = [] if same(one.detach(), other.detach()) else [f"{name} has another value"]
    if _is_leaf(one) and not same(one.grad, other.grad):
        found.append(f"{name} has another gradient")
    return found


def _is_leaf(tensor: Any) -> bool:
    try:
        return bool(tensor.is_leaf)
    except RuntimeError:  # a view of a base that was written since: torch refuses to say
        return False


@contextlib.contextmanager
def _put_back() -> Iterator[None]:
    main, argv, path = sys.modules["__main__"], sys.argv, list(sys.path)
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main, argv, path
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)


@dataclass(frozen=True)
class Story:
    """Rows of the one failure that a log tells: saved, modified, failing, freed."""

    reason: str
    saved: int | None = None
    modified: tuple[int, ...] = ()
    failed: int | None = None
    freed: int | None = None
    declared: int | None = None
    kind: str = "raise"


def stories(events: list[Event]) -> list[Story]:
    """What the log says of each error and of each wrong gradient."""
    saves = {event.save: event for event in events if isinstance(event, Save)}
    found = []
    for event in events:
        if isinstance(event, Raise):
            found.append(_raise(event, events, saves))
        elif isinstance(event, WrongGradient):
            save = saves.get(event.save) if event.save is not None else None
            found.append(Story(event.reason, _row(save), (_row(event) or 0,), kind="silent"))
    return found


def _raise(event: Raise, events: list[Event], saves: dict[int, Save]) -> Story:
    if event.reason not in ("version", "freed"):
        return Story(event.reason, None, (_row(event) or 0,), _row(event))
    save = saves.get(event.save) if event.save is not None else None
    starts = {one.backward: one for one in events if isinstance(one, BackwardStart)}
    failed = starts.get(event.backward) if event.backward is not None else None
    if event.reason == "freed":
        frees = [one for one in events if isinstance(one, Free) and one.node == event.node]
        freed = starts.get(frees[-1].backward) if frees else None
        return Story("freed", _row(save), (), _row(failed), _row(freed))
    writes = [
        one
        for one in events
        if isinstance(one, Write)
        and save
        and one.counter == save.counter
        and one.version_after > save.version
    ]
    rows = tuple(dict.fromkeys(_row(one) or 0 for one in writes))
    declared = writes[0].declared.row if writes and isinstance(writes[0].declared, Place) else None
    return Story("version", _row(save), rows, _row(failed), None, declared)


def _row(event: Event | None) -> int | None:
    return event.place.row if event is not None and isinstance(event.place, Place) else None
