"""Torch's error messages, and the rule that explains each."""

from __future__ import annotations

import re

_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"modified by an inplace operation", "saved-tensor-modified"),
    (r"a view of a leaf Variable that requires grad is being used", "leaf-view-modified"),
    (r"a leaf Variable that requires grad (is|has been)( being)? used in an in-place", "leaf-modified"),
    # First: `for row in zeros` also says "created in no_grad mode", and the many outputs are the cause.
    (r"created inside a custom Function", "function-view-modified"),
    (r"function that returns multiple views", "multi-output-view-modified"),
    (r"(view|which) was created in inference mode", "inference-tensor-modified"),
    (r"(view|which) was created in no_grad mode", "no-grad-view-modified"),
    (r"or another view of its base has been modified", "multi-output-view-modified"),
    (r"backward through the graph a second time", "graph-freed"),
    (r"Inference tensors cannot be saved for backward", "inference-tensor-saved"),
    (r"Inplace update to inference tensor outside InferenceMode", "inference-tensor-modified"),
    (r"refers? to a single memory location", "expanded-tensor-modified"),
)

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")


def slug_of(message: str) -> str | None:
    """The rule for a message of torch; None for any other error."""
    return next((slug for pattern, slug in _PATTERNS if re.search(pattern, message)), None)


def versions_of(message: str) -> tuple[int, int] | None:
    """The version found and the version expected."""
    match = _VERSIONS.search(message)
    return (int(match[1]), int(match[2])) if match else None
