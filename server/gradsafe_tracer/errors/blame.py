"""For errors that an in-place operation itself raises: which tensor of the failing line torch refuses, and who holds it."""

from __future__ import annotations

import ast
import linecache
from types import FrameType, ModuleType, TracebackType
from typing import Any, Callable, Dict, Iterator, List, Optional

import torch

from ..seen.holders import holders
from ..seen.places import USER, kind_of_file, kinds
from .messages import reason_of


def guilty(error: BaseException) -> str:
    """A line for each tensor of the failing line that the error is about; empty where that is not known."""
    reason = reason_of(str(error)) if isinstance(error, RuntimeError) else None
    tells = _TELLS.get(reason or "")
    failing = _failing(error.__traceback__)
    if tells is None or failing is None:
        return ""
    frame, row, outer = failing
    lines: Dict[str, None] = {}
    with torch._C.DisableTorchFunction():
        for text, tensor in _operands(frame, row):
            what = tells(tensor)
            if what is not None:
                held = [name for name in holders(tensor, [frame, *outer]) if name != text]
                also = f"; also held by {', '.join(held)}" if held else ""
                kind = f"{str(tensor.dtype).replace('torch.', '')} {list(tensor.shape)}"
                lines[f"gradsafe: {text} ({kind}) {what}{also}\n"] = None
    return "".join(lines)


def _leaf(tensor: Any) -> Optional[str]:
    return "is a leaf that requires grad" if tensor.is_leaf and tensor.requires_grad else None


def _leaf_view(tensor: Any) -> Optional[str]:
    base = tensor._base
    if base is not None and _leaf(base):
        return "is a view of a leaf that requires grad"
    return _leaf(tensor)


def _view(tensor: Any) -> Optional[str]:
    if not tensor._is_view():
        return None
    made = f", made by {tensor.grad_fn.name()}" if _made(tensor) else ""
    return "is a view" + made


def _made(tensor: Any) -> bool:
    try:
        return tensor.grad_fn is not None
    except RuntimeError:  # torch refuses the history of some views that were written
        return False


def _inference(tensor: Any) -> Optional[str]:
    return "was made in torch.inference_mode()" if tensor.is_inference() else None


def _overlap(tensor: Any) -> Optional[str]:
    strides = [stride for size, stride in zip(tensor.shape, tensor.stride()) if size > 1]
    return f"has elements that share memory (strides {list(tensor.stride())})" if 0 in strides else None


_TELLS: Dict[str, Callable[[Any], Optional[str]]] = {
    "leaf": _leaf,
    "leaf-view": _leaf_view,
    "multi-output-view": _view,
    "no-grad-view": _view,
    "function-view": _view,
    "inference-write": _inference,
    "inference-save": _inference,
    "overlap": _overlap,
}


def _failing(trace: Optional[TracebackType]) -> Any:
    found = None
    outer: List[FrameType] = []
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        kind = kinds.get(filename)
        if (kind_of_file(filename) if kind is None else kind) == USER:
            if found is not None:
                outer.insert(0, found[0])
            found = (trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next
    return None if found is None else (*found, outer)


def _operands(frame: FrameType, row: int) -> Iterator[Any]:
    """The tensors that the statement around ``row`` names: variables, and attributes and items of them."""
    statement = _statement(frame.f_code.co_filename, row)
    if statement is None:
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            value = _value(node, frame)
            if isinstance(value, torch.Tensor):
                yield ast.unparse(node), value


def _statement(filename: str, row: int) -> Optional[ast.stmt]:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = None
    for node in ast.walk(tree):  # outer statements come first
        if isinstance(node, ast.stmt) and node.lineno <= row <= (node.end_lineno or node.lineno):
            found = node
    return found if found is None or not hasattr(found, "body") else None


def _value(node: ast.AST, frame: FrameType) -> Any:
    """The value of a plain name, attribute or item, read without running any code of the program."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        return _attribute(_value(node.value, frame), node.attr)
    if isinstance(node, ast.Subscript):
        owner, index = _value(node.value, frame), node.slice
        if isinstance(index, ast.Name):
            key = _value(index, frame)
        else:
            key = getattr(index, "value", None) if isinstance(index, ast.Constant) else None
        if type(owner) in (list, tuple) and type(key) is int and -len(owner) <= key < len(owner):
            return owner[key]
        return owner.get(key) if type(owner) is dict and type(key) in (str, int) else None
    return None


def _attribute(owner: Any, name: str) -> Any:
    if isinstance(owner, torch.nn.Module):
        for part in ("_parameters", "_buffers", "_modules"):
            if name in vars(owner).get(part, {}):
                return vars(owner)[part][name]
    if isinstance(owner, ModuleType) or hasattr(owner, "__dict__"):
        return vars(owner).get(name)
    return None
