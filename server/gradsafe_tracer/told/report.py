"""The story of a run for use without gradsafe's rules: findings from events, and those as plain text."""

from __future__ import annotations

import linecache
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ..events import BackwardStart, Event, Free, Place, Raise, Save, Write, WrongGradient
from ..findings import Finding, Related

CODES = {
    "version": "saved-tensor-modified",
    "freed": "graph-freed",
    "leaf": "leaf-modified",
    "leaf-view": "leaf-view-modified",
    "multi-output-view": "multi-output-view-modified",
    "no-grad-view": "no-grad-view-modified",
    "function-view": "function-view-modified",
    "overlap": "expanded-tensor-modified",
    "inference-write": "inference-tensor-modified",
    "inference-save": "inference-tensor-saved",
}
"""The rule of each reason; a wrong gradient has :data:`SILENT`. A test holds it against gradsafe's rules."""
SILENT = "data-bypasses-autograd"


def findings_of(events: Iterable[Event]) -> List[Finding]:
    """One finding for each line that made torch raise, or a gradient wrong."""
    told = _Told(list(events))
    found: Dict[Tuple[str, Optional[Place]], Finding] = {}
    for event in told.events:
        finding = None
        if isinstance(event, Raise):
            finding = told.raised(event)
        elif isinstance(event, WrongGradient):
            finding = told.wrong(event)
        if finding is not None:
            found.setdefault((finding.code, finding.place), finding)
    return list(found.values())


def text_report(events: Iterable[Event]) -> str:
    """A few lines for each error and each wrong gradient; empty where there is none."""
    return "".join(map(text_of, findings_of(events)))


def text_of(finding: Finding) -> str:
    """One finding with its lines."""
    lines = [f"gradsafe: {finding.severity}[{finding.code}]: {finding.message}"]
    lines += _line(
        "modified" if finding.code not in _AT_THE_CALL else "fails", finding.place, "change this line"
    )
    for one in finding.related:
        lines += _line(one.role, one.place, one.message)
    return "".join(line + "\n" for line in lines)


_AT_THE_CALL = ("graph-freed", "inference-tensor-saved")


def _line(role: str, place: Optional[Place], text: str) -> Iterator[str]:
    if place is None:
        yield f"  {role:>8}  (outside of your code): {text}"
        return
    source = linecache.getline(place.file, place.row).strip()
    yield f"  {role:>8}  {place.file}:{place.row}: {source}   <- {text}"


class _Told:
    """A log with the look-ups that the stories need."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._saves = {event.save: event for event in events if isinstance(event, Save)}
        self._backwards = {event.backward: event for event in events if isinstance(event, BackwardStart)}
        self._frees = {event.node: event for event in events if isinstance(event, Free)}
        self._writes: Dict[int, List[Write]] = {}
        for event in events:
            if isinstance(event, Write) and event.version_after > event.version_before:
                self._writes.setdefault(event.counter, []).append(event)

    def raised(self, event: Raise) -> Finding:
        code = CODES.get(event.reason, event.reason)
        if event.reason == "version" and event.save in self._saves:
            return self._version(code, event, self._saves[event.save])
        if event.reason == "freed":
            return self._freed(code, event)
        said = (event.message or "torch raises here").partition(" Hint:")[0]
        place = _place(event.declared) if event.how == "module" and event.declared else _place(event.place)
        related = [Related("call", _place(event.place), "torch raises here")] if place != event.place else []
        what = f"`{event.operation}` on `{event.name}`: " if event.name else f"`{event.operation}`: "
        return Finding(code, "error", what + said, place, tuple(related))

    def _version(self, code: str, event: Raise, save: Save) -> Finding:
        writes = [one for one in self._writes.get(save.counter, ()) if one.version_before >= save.version]
        start = self._backwards.get(event.backward or 0)
        related = [_saved(save)]
        if start is not None:
            related.append(Related("backward", _place(start.place), "backward reads it here and raises"))
        if not writes:
            text = f"what `{save.operation}` saved was changed, and no call was seen to do it"
            return Finding(code, "error", text, _place(event.place), tuple(related))
        first = writes[0]
        versions = "version {} -> {}"
        related += [
            Related(
                "modified",
                _place(one.place),
                "changed again, " + versions.format(one.version_before, one.version_after),
            )
            for one in writes[1:4]
        ]
        what = f"`{first.name or save.name}`" if first.name or save.name else "a tensor"
        message = (
            f"`{first.operation}` changes {what} in place, which `{save.operation}` saved for backward "
            f"({_operand(save)}, at version {save.version}; now {writes[-1].version_after})"
        )
        place = _place(first.declared) if first.how == "module" and first.declared else _place(first.place)
        if place != _place(first.place):
            related.insert(1, Related("call", _place(first.place), "it runs here"))
        return Finding(code, "error", message, place, tuple(related))

    def _freed(self, code: str, event: Raise) -> Finding:
        start = self._backwards.get(event.backward or 0)
        free = self._frees.get(event.node or 0)
        first = self._backwards.get(free.backward) if free is not None else None
        related = []
        if first is not None:
            related.append(Related("freed", _place(first.place), "this backward freed it"))
        save = self._saves.get(event.save or 0)
        if save is not None:
            related.append(_saved(save))
        message = f"backward runs through `{event.operation or 'the graph'}` a second time, and an earlier backward has freed what it saved"
        return Finding(
            code, "error", message, _place(start.place if start is not None else event.place), tuple(related)
        )

    def wrong(self, event: WrongGradient) -> Finding:
        save = self._saves.get(event.save or 0)
        start = self._backwards.get(event.backward or 0)
        related = [] if save is None else [_saved(save)]
        if start is not None:
            related.append(Related("backward", _place(start.place), "this backward gives the wrong gradient"))
        of_gradient = event.reason == "gradient-write"
        if event.leaf is not None:
            protected = (
                "with each gradient in memory of its own" if of_gradient else "with what was saved protected"
            )
            proof = f"{event.leaf}: computed {event.computed:.6g}, {protected} {event.protected:.6g}"
            related.append(
                Related(
                    "gradient", _place(event.place), f"{proof} (relative difference {event.difference:.2g})"
                )
            )
        what = f"`{event.name}`" if event.name else "a value"
        message = (
            f"`{event.operation}` changes {what} where autograd cannot see it ({event.reason}): torch says nothing, "
            "and the gradient is wrong"
        )
        if of_gradient:
            message = (
                f"`{event.operation}` changes the gradient of {what} where it lies, and other gradients lie there too "
                "(gradient-write): torch says nothing, and they are wrong. Return a new one instead: `g * 2`"
            )
        return Finding(SILENT, "warning", message, _place(event.place), tuple(related))


def _saved(save: Save) -> Related:
    text = f"`{save.operation}` saved {_operand(save)} for backward, at version {save.version}"
    return Related("saved", _place(save.place), text)


def _operand(save: Save) -> str:
    if save.role.startswith("result"):
        return "its result"
    return f"its operand `{save.name or save.role}`"


def _place(place: object) -> Optional[Place]:
    return place if isinstance(place, Place) else None
