"""Whose memory a value may share: ``h[0]`` shares that of ``h``, ``h * 2`` shares nobody's.

Text alone cannot tell this exactly, so the answer leans to *shares*: a fix that is called
unsafe without need costs a click, one that is called safe wrongly changes a program's results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import libcst as cst

from gradsafe.fixes.forms import VIEW_ATTRIBUTES, callee, function_flag, is_in_place_name, is_module, words
from gradsafe.fixes.tree import dotted, walk

ELSEWHERE = "*"
"""Stands for every holder out of sight: a caller, an attribute, a container that was filled."""

SHARING_METHODS = words("""view view_as reshape reshape_as t transpose permute squeeze unsqueeze expand expand_as narrow select
    detach chunk split tensor_split hsplit vsplit dsplit unbind flatten unflatten unfold diagonal swapaxes swapdims
    movedim moveaxis contiguous ravel to float double half bfloat16 int long cpu cuda type type_as numpy
    as_strided requires_grad_ detach_ index_select_ get values items keys state_dict parameters named_parameters
    children modules buffers pop setdefault copy""")
"""Methods whose result is, or may be, their receiver's memory."""

SHARING_FUNCTIONS = words("""reshape t transpose permute squeeze unsqueeze narrow select detach chunk split tensor_split hsplit vsplit
    unbind flatten unflatten diagonal swapaxes movedim ravel as_strided broadcast_to broadcast_tensors view_as_real
    view_as_complex real imag as_tensor asarray from_numpy atleast_1d atleast_2d atleast_3d dropout alpha_dropout
    dropout1d dropout2d dropout3d feature_alpha_dropout meshgrid vmap grad Parameter checkpoint""")
"""Functions of torch whose result is, or may be (``dropout`` outside training), their first argument's memory."""

FRESH_METHODS = words("""clone exp log log2 log1p sqrt rsqrt sin cos tan tanh sigmoid relu softmax log_softmax abs neg sign square
    pow add sub mul div matmul mm bmm mv dot addmm sum mean std var norm prod max min amax amin argmax argmin cumsum
    cumprod clamp clip masked_fill where scatter gather index_select index_put index_add masked_select repeat roll
    flip sort topk eq ne lt le gt ge isnan isinf item tolist size dim numel backward new_zeros new_ones new_tensor
    new_full new_empty floor ceil round reciprocal erf softplus tril triu logsumexp any all count_nonzero zero_grad
    step format join startswith endswith median cross outer baddbmm""")

FRESH_CALLS = words("print len range float int bool str repr isinstance type sum abs max min")

HAND_ON = words("enumerate zip reversed iter list tuple")
"""What gives the items of its arguments again, as they are."""

NOT_MEMORY = words("shape dtype device ndim requires_grad is_leaf grad_fn _version training itemsize")


class Share(NamedTuple):
    """``certain`` is False where an unknown call may or may not hand its argument on."""

    name: str
    certain: bool


@dataclass(frozen=True)
class _Pending:
    node: cst.CSTNode
    certain: bool


def shares(value: cst.CSTNode) -> frozenset[Share]:
    """The names whose memory the value of this expression may share."""
    found: set[Share] = set()
    pending = [_Pending(value, True)]
    while pending:
        at = pending.pop()
        if isinstance(at.node, cst.Name):
            found.add(Share(at.node.value, at.certain))
        elif isinstance(at.node, cst.Attribute) and not _is_tensor_attribute(at.node):
            if at.node.attr.value not in NOT_MEMORY:
                found.add(Share(ELSEWHERE, at.certain))
        elif isinstance(at.node, (cst.BaseComp, cst.Lambda)):
            found.update(
                Share(each.node.value, False) for each in walk([at.node]) if isinstance(each.node, cst.Name)
            )
        else:
            pending.extend(_parts(at))
    return frozenset(found)


def _is_tensor_attribute(node: cst.Attribute) -> bool:
    return node.attr.value in VIEW_ATTRIBUTES


def _parts(at: _Pending) -> Iterator[_Pending]:
    """The expressions through which the memory of ``at`` may come."""
    node = at.node
    if isinstance(node, (cst.Subscript, cst.Attribute, cst.NamedExpr, cst.StarredElement)):
        yield _Pending(node.value, at.certain)
    elif isinstance(node, cst.Await):
        yield _Pending(node.expression, at.certain)
    elif isinstance(node, cst.BooleanOperation):
        yield _Pending(node.left, at.certain)
        yield _Pending(node.right, at.certain)
    elif isinstance(node, cst.IfExp):
        yield _Pending(node.body, at.certain)
        yield _Pending(node.orelse, at.certain)
    elif isinstance(node, (cst.Tuple, cst.List, cst.Set, cst.Dict)):
        for element in node.elements:
            if not isinstance(element, cst.StarredDictElement):
                yield _Pending(element.value, at.certain)
    elif isinstance(node, cst.Call):
        yield from _through_call(node, at.certain)


def _through_call(call: cst.Call, certain: bool) -> Iterator[_Pending]:
    name = callee(call) or ""
    arguments = [_Pending(arg.value, False) for arg in call.args]
    if isinstance(call.func, cst.Attribute):
        receiver = call.func.value
        if is_module(receiver):
            if name in SHARING_FUNCTIONS or is_in_place_name(name) or function_flag(call) is not None:
                yield from (_Pending(each.node, certain and name != "dropout") for each in arguments[:1])
        elif name in SHARING_METHODS or is_in_place_name(name):
            yield _Pending(receiver, certain)
        elif name not in FRESH_METHODS:
            if dotted(receiver) is None:  # a method of a temporary: a tensor or an unknown object
                yield _Pending(receiver, False)
            yield from arguments
    elif name in HAND_ON:
        yield from (_Pending(each.node, certain) for each in arguments)
    elif name not in FRESH_CALLS:
        yield from arguments
