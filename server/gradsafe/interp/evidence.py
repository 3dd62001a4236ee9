"""Annotations as evidence: what a parameter, field or variable is said to be.

The text is enough: an annotation is never run. String annotations, ``Optional``, ``| None``, ``Annotated`` and
jaxtyping's ``Float[Tensor, "b c"]`` are read through.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TENSORS = frozenset({
    "Tensor", "FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor", "LongTensor", "IntTensor", "BoolTensor",
    "Parameter", "TensorType", "UninitializedParameter",
})  # fmt: skip
_WRAPPERS = frozenset({"Annotated", "Final", "Required", "NotRequired", "ClassVar"})
_SEQUENCES = frozenset({"list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Iterator", "Generator", "MutableSequence", "Collection"})  # fmt: skip
_JAXTYPED = re.compile(r"[A-Za-z0-9_.]+\[\s*(?:torch\.)?Tensor\b")


@lru_cache(maxsize=4096)
def is_tensor(annotation: str | None) -> bool:
    """Does the annotation say: a tensor, whatever its history? An optional one may be None, and is not."""
    return any(_is_tensor_name(part) for part in _alternatives(annotation)) and not is_optional(annotation)


@lru_cache(maxsize=4096)
def is_optional(annotation: str | None) -> bool:
    """Does the annotation allow None?"""
    text = _plain(annotation)
    return text.startswith(("Optional[", "typing.Optional[", "t.Optional[")) or "None" in _union(text)


@lru_cache(maxsize=4096)
def may_be_tensor(annotation: str | None) -> bool:
    """Does the annotation say: a tensor or None?"""
    return bool(annotation) and all(
        _is_tensor_name(part) for part in _alternatives(annotation) if part != "None"
    )


@lru_cache(maxsize=4096)
def element(annotation: str | None) -> str | None:
    """The annotation of each element of a sequence; None where it is none."""
    text = _plain(annotation)
    head, bracket, inner = text.partition("[")
    if not bracket or head.rpartition(".")[2] not in _SEQUENCES:
        return None
    parts = _split(inner.removesuffix("]"), ",")
    return parts[0] if parts else None


def _plain(annotation: str | None) -> str:
    text = (annotation or "").strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    head, bracket, inner = text.partition("[")
    if bracket and head.rpartition(".")[2] in _WRAPPERS:
        return _plain(_split(inner.removesuffix("]"), ",")[0])
    return text


def _union(text: str) -> list[str]:
    head, bracket, inner = text.partition("[")
    if bracket and head.rpartition(".")[2] == "Union" and text.endswith("]"):
        return _split(inner.removesuffix("]"), ",")
    return _split(text, "|")


def _alternatives(annotation: str | None) -> list[str]:
    text = _plain(annotation)
    head, bracket, inner = text.partition("[")
    if bracket and head.rpartition(".")[2] == "Optional":
        return [_plain(inner.removesuffix("]"))]
    return [_plain(part) for part in _union(text)]


def _split(text: str, separator: str) -> list[str]:
    """The parts of a text at the separators that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "[(") - (letter in "])")
        if letter == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def _is_tensor_name(text: str) -> bool:
    return text.partition("[")[0].strip().rpartition(".")[2] in _TENSORS or bool(_JAXTYPED.match(text))
