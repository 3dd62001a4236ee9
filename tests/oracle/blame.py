"""Says who is to blame for an error of torch: the write, the operation that saved, the backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from .counters import moves_with
from .messages import slug_of, versions_of
from .tracer import Backward, Node, Recorder, Site, Write


@dataclass(frozen=True)
class Blame:
    """One defect of one run. Lines are rows of the program; None where it has no such row."""

    slug: str
    line: int | None
    saved: tuple[int, ...] = ()
    fails: int | None = None
    freed: int | None = None
    message: str = ""
    call: int = 0
    written: int | None = None
    also: tuple[int, ...] = ()
    node: str | None = None
    in_backward: bool = False


@dataclass
class Verdicts:
    """Collects the blames of one run, in the order in which torch raised."""

    blames: list[Blame] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def __call__(
        self, recorder: Recorder, error: BaseException, site: Site, backward: Backward | None
    ) -> None:
        message = str(error)
        slug = slug_of(message)
        if slug is None:
            self.other.append(f"{type(error).__name__}: {message.splitlines()[0] if message else ''}")
        elif slug == "saved-tensor-modified" and backward is not None:
            self.blames.append(_moved(recorder, backward, message))
        elif slug == "graph-freed" and backward is not None:
            self.blames.append(_freed(recorder, backward, message))
        elif slug == "expanded-tensor-modified" and backward is not None:
            self.blames.append(_overlapping(recorder, backward, message))
        else:
            self.blames.append(Blame(slug, site.primary, (), None, None, message, recorder.calls, site.line))


def _moved(recorder: Recorder, backward: Backward, message: str) -> Blame:
    versions = versions_of(message)
    failing = _last_executed(recorder, backward)
    expected = versions[1] if versions else 0
    counters: set[int] = set()
    if failing is not None:
        reads = [read for read, _ in _broken_reads(failing.object)]
        counters = _counters_behind(recorder, reads[0]) if reads else set()
        if not counters and versions:
            counters = _counters_of_call(recorder, failing, *versions)
    writes = [
        w for w in recorder.writes if w.counter in counters and w.before != w.after and w.after > expected
    ]
    fails = backward.line
    if not writes or failing is None:
        line = failing.site.line if failing else None
        return Blame(
            "saved-tensor-modified", None, (line,) if line else (), fails, None, message, recorder.calls
        )
    culprit = writes[0]
    saved = [failing.site.line, *_others_broken_by(recorder, backward, culprit)]
    return Blame(
        "saved-tensor-modified",
        culprit.site.primary,
        tuple(dict.fromkeys(line for line in saved if line is not None)),
        fails,
        None,
        message,
        culprit.call,
        culprit.site.line,
        tuple(dict.fromkeys(w.site.line for w in writes if w.site.line not in (None, culprit.site.line))),
        type(failing.object).__name__,
    )


def _freed(recorder: Recorder, backward: Backward, message: str) -> Blame:
    failing = _last_executed(recorder, backward)
    index = failing.index if failing else -1
    earlier = [run for run in recorder.backwards if run is not backward and index in run.executed]
    freed = earlier[-1].line if earlier else None
    saved = (failing.site.line,) if failing and failing.site.line is not None else ()
    return Blame(
        "graph-freed", backward.line, saved, backward.line, freed, message, backward.call, backward.line
    )


def _overlapping(recorder: Recorder, backward: Backward, message: str) -> Blame:
    """A fill of an expanded tensor passes forward, and its CopySlices refuses the same write on the gradient."""
    failing = _last_executed(recorder, backward)
    site = failing.site if failing else Site(backward.line)
    return Blame(
        "expanded-tensor-modified",
        site.primary,
        (),
        backward.line,
        None,
        message,
        backward.call,
        site.line,
        in_backward=True,
    )


def _last_executed(recorder: Recorder, backward: Backward) -> Node | None:
    if not backward.executed:
        return None
    return list(recorder.nodes.values())[backward.executed[-1]]


def _broken_reads(node: Any) -> Iterator[tuple[Callable[[], int], int]]:
    """For each saved operand of ``node`` that torch would refuse: how to read the version found, and the expected one."""
    saved = sorted(
        (name for name in dir(node) if name.startswith("_saved_")),
        key=lambda name: (name.startswith("_saved_result"), name),  # as the node's own function unpacks them
    )
    names = [*saved, "saved_tensors"]
    for name in names:
        found = _found(node, name)
        if found is not None:
            # The saved tensor's own version, read off torch's message: the only way to see it from Python.
            yield lambda name=name: (_found(node, name) or (-1, 0))[0], found[1]  # type: ignore[misc]


def _found(node: Any, name: str) -> tuple[int, int] | None:
    try:
        getattr(node, name, None)
    except RuntimeError as error:
        return versions_of(str(error))
    return None


def _counters_behind(recorder: Recorder, read: Callable[[], int]) -> set[int]:
    probes = recorder.counters.probes
    now = read()
    return {n for n, probe in enumerate(probes) if probe._version == now and moves_with(probe, read)}


def _counters_of_call(recorder: Recorder, node: Node, found: int, expected: int) -> set[int]:
    """CopySlices hides what its inner function saved; its call's operands are the candidates."""
    probes = recorder.counters.probes
    return {
        counter
        for counter, version in node.participants
        if version == expected and probes[counter]._version == found
    }


def _others_broken_by(recorder: Recorder, backward: Backward, culprit: Write) -> list[int]:
    """Rows of further saves that the same write broke, on the path of this backward and not yet run."""
    lines = []
    done = set(backward.executed)
    with torch._C.DisableTorchFunction():
        for node in recorder.reachable(backward.roots):
            known = recorder.nodes.get(node)
            if known is None or known.index in done or known.site.line is None:
                continue
            for read, expected in _broken_reads(node):
                behind = _counters_behind(recorder, read)
                broke = [w for w in recorder.writes if w.counter in behind and w.after > expected]
                if broke and broke[0] == culprit:
                    lines.append(known.site.line)
    return lines
