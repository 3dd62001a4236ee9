"""What an error of autograd means, in words for somebody who has only its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.tracebacks import Frame
from gradsafe.explain.without_rule import BY_CODE

_TRANSPOSED = frozenset({"T", "Transpose", "Permute"})
_REBUILT = "AsStrided"
"""What torch makes of the history of a view once its base has been written (``CopySlices``, AUTOGRAD.md section 3)."""

_MEANING = {
    "saved-tensor-modified": "An operation kept a tensor for backward, and something has written into it since. Backward would compute "
    "with the new values, so torch refuses.",
    "graph-freed": "A backward frees what the graph has saved. This one runs through a part of the graph that an earlier backward, or "
    "an earlier round of the loop, has freed.",
    "leaf-modified": "A parameter or another tensor that requires grad and that no operation made is written in place. Its gradient "
    "would have nowhere to go.",
    "leaf-view-modified": "A slice, row or other view of a parameter (or another leaf that requires grad) is written in place.",
    "multi-output-view-modified": "`unbind`, `split`, `chunk` and iterating over a tensor give several views of one memory; none of "
    "them, nor the whole, may be written while gradients are recorded.",
    "function-view-modified": "A tensor that came out of a custom Function, or of a module with full backward hooks, is a view of its "
    "input; writing it would lose the Function's backward.",
    "no-grad-view-modified": "The view was made where gradients were off and is written where they are on: torch cannot tell which is meant.",
    "inference-tensor-modified": "A tensor made under `inference_mode` has no version counter; outside that mode it may not be written.",
    "inference-tensor-saved": "A tensor made under `inference_mode` has no version counter, so autograd cannot save it for backward.",
    "expanded-tensor-modified": "Several elements of the written tensor are one place in memory (`expand`, broadcasting, overlapping "
    "slices): which value would it get?",
}  # fmt: skip


def explain(error: ErrorText) -> Iterator[tuple[str, str]]:
    """Labelled sentences."""
    kind = BY_CODE.get(error.code)
    if kind is not None:
        yield "what it means", kind.meaning
        if (place := last_of_user(error.frames)) is not None:
            yield "where", f"{place.file}:{place.row}" + (f", in {place.function}" * bool(place.function))
        yield from ((f"step {number}", step) for number, step in enumerate(kind.steps, 1))
        return
    yield "what it means", _MEANING[error.code]
    if error.tensor is not None:
        yield "which tensor", _tensor(error)
    if error.found is not None and error.expected is not None:
        yield "versions", _versions(error.found, error.expected)
    if error.failed is not None:
        yield "who saved it", _saver(error)
    if error.code == "saved-tensor-modified" and error.failed is None:
        yield (
            "mind",
            "anomaly mode would add the line that saved the tensor; it never names the one that wrote it",
        )


def _tensor(error: ErrorText) -> str:
    kind, _, sizes = (error.tensor or "").partition(" ")
    what = f"a {kind.rpartition('.')[2]} of sizes {sizes}"
    if error.node is None:
        return (
            f"{what} that no operation made, or none that records gradients: a parameter, a buffer, an input. Optimizers, "
            "`load_state_dict`, weight clipping and soft updates write such tensors"
        )
    plain = plain_operation(error.node)
    if plain == _REBUILT:
        return (
            f"{what}, a view of a tensor that has been written (`{error.node}`): rows or slices that are filled one by one "
            "(`out[i] = ...`), or the transposed weight of a linear layer after `optimizer.step()`"
        )
    if plain in _TRANSPOSED and len(error.sizes or ()) == 2:
        return (
            f"{what}, the transpose of another (`{error.node}`): as a rule the weight of a linear layer, written by "
            "`optimizer.step()` between forward and backward"
        )
    which = "the result" if error.output == 0 else f"result {error.output} (counted from 0)"
    return f"{what}, {which} of `{plain.lower()}`: that operation made it, it is not the one that changed it"


def _versions(found: int, expected: int) -> str:
    times = found - expected
    written = "once" if times == 1 else f"{times} times"
    return (
        f"saved at version {expected}, now at version {found}: written in place {written} since it was saved"
    )


def _saver(error: ErrorText) -> str:
    place = last_of_user(error.forward)
    where = f" at {place.file}:{place.row}" if place is not None else ""
    return f"`{plain_operation(error.failed or '').lower()}`{where} (anomaly mode: `{error.failed}`)"


def last_of_user(frames: Sequence[Frame]) -> Frame | None:
    """The innermost line that is the user's own."""
    return next((each for each in reversed(frames) if is_users(each)), None)


def plain_operation(node: str) -> str:
    """``Sigmoid`` of ``SigmoidBackward0``."""
    return re.sub(r"Backward\d*$", "", node)


def is_users(frame: Frame) -> bool:
    """Whether a line is the user's own: not an installed package's, not Python's."""
    path = frame.file.replace("\\", "/")
    return not (
        "/site-packages/" in path
        or "/dist-packages/" in path
        or "/lib/python" in path
        or path.startswith("<frozen")
    )
