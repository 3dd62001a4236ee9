"""What an error text of autograd says: torch's own words (torch/csrc/autograd/saved_variable.cpp, VariableTypeUtils.h) taken apart.

The text is whatever somebody has copied: a whole traceback with or without anomaly mode's, one line, a notebook's output
with colours in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradsafe.explain.tracebacks import Frame, frames_in, undressed
from gradsafe.explain.without_rule import BY_CODE, KINDS


@dataclass(frozen=True)
class ErrorText:
    """An error by the rule that it belongs to, or by its kind (:mod:`gradsafe.explain.without_rule`) where no rule is about it.

    ``tensor``: type and sizes as torch prints them. ``node``: the operation of whose results the tensor is number ``output``.
    ``found``, ``expected``: versions. ``failed``: the node that anomaly mode names, and ``forward`` where it was made.
    """

    code: str
    message: str
    frames: tuple[Frame, ...] = ()
    tensor: str | None = None
    sizes: tuple[int, ...] | None = None
    node: str | None = None
    output: int | None = None
    found: int | None = None
    expected: int | None = None
    failed: str | None = None
    forward: tuple[Frame, ...] = ()

    @property
    def has_rule(self) -> bool:
        """Whether a rule marks what leads to this error."""
        return self.code not in BY_CODE


_MESSAGES = (
    ("saved-tensor-modified", r"one of the variables needed for gradient computation has been modified by an in-?place operation[^\n]*"),
    ("graph-freed", r"Trying to backward through the graph a second time[^\n]*"),
    ("leaf-view-modified", r"a view of a leaf Variable that requires grad is being used in an in-place operation[^\n]*"),
    ("leaf-modified", r"(?<!view of )a leaf Variable that requires grad (?:is being|has been) used in an in-place operation[^\n]*"),
    ("multi-output-view-modified", r"[^\n]*This view is the output of a function that returns multiple views[^\n]*"),
    ("function-view-modified", r"[^\n]*This view was created inside a custom Function[^\n]*"),
    ("no-grad-view-modified", r"A view was created in (?:no_grad|inference) mode and is being modified in-?place[^\n]*"),
    ("inference-tensor-modified", r"Inplace update to inference tensor outside InferenceMode[^\n]*"),
    ("inference-tensor-saved", r"Inference tensors cannot be saved for backward[^\n]*"),
    ("expanded-tensor-modified", r"unsupported operation: (?:more than one element of the written-to tensor refers|some elements of the input tensor and the written-to tensor refer)[^\n]*"),
)  # fmt: skip
_TENSOR = re.compile(r"\[(?P<type>[\w.]+) \[(?P<sizes>[\d, ]*)\]\]")
_MADE_BY = re.compile(r"output (?P<output>\d+) of (?P<node>\w+)")
_VERSIONS = re.compile(r"is at version (?P<found>\d+); expected version (?P<expected>\d+)")
_ANOMALY = re.compile(r"Error detected in (?P<node>\w+)\. Traceback of forward call that caused the error:")


_WRAPPED = re.compile(r"^.*\b\w*Error: .*(?:\n(?!\s|Traceback |During |The above ).+)+", re.MULTILINE)


def read_error(text: str) -> ErrorText | None:
    """The last error of autograd in a text; None where there is none. A terminal or a mail may have broken its last line into several."""
    text = undressed(text)
    found = _read(text)
    if found is not None and (found.code != "saved-tensor-modified" or found.found is not None):
        return found
    return _read(_WRAPPED.sub(lambda match: " ".join(match.group().splitlines()), text)) or found


def _read(text: str) -> ErrorText | None:
    last: tuple[int, str, str] | None = None
    for code, pattern in (*_MESSAGES, *((kind.code, kind.pattern) for kind in KINDS)):
        for match in re.finditer(pattern, text):
            if last is None or match.start() > last[0]:
                last = (match.start(), code, match.group().strip())
    if last is None:
        return None
    at, code, message = last
    forward, failed, before = _anomaly(text[:at])
    tensor, made_by = _TENSOR.search(message), _MADE_BY.search(message)
    versions = _VERSIONS.search(message)
    return ErrorText(
        code,
        message,
        frames_in(before),
        tensor[0][1:-1] if tensor else None,
        tuple(int(size) for size in tensor["sizes"].replace(",", " ").split()) if tensor else None,
        made_by["node"] if made_by else None,
        int(made_by["output"]) if made_by else None,
        int(versions["found"]) if versions else None,
        int(versions["expected"]) if versions else None,
        failed,
        forward,
    )


def _anomaly(text: str) -> tuple[tuple[Frame, ...], str | None, str]:
    """What anomaly mode printed, and the text without it. Its traceback ends where the next one begins."""
    found = None
    for found in _ANOMALY.finditer(text):  # noqa: B007  the last
        pass
    if found is None:
        return (), None, text
    rest = text[found.end() :]
    end = re.search(r"\(Triggered internally|^Traceback \(most recent call last\)", rest, re.MULTILINE)
    cut = end.start() if end else len(rest)
    return frames_in(rest[:cut]), found["node"], text[: found.start()] + rest[cut:]
