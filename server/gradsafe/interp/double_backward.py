"""The graph of gradients made with ``create_graph=True``: what it keeps for a second backward through them.

Which operands a backward formula keeps when it is itself recorded was measured on 2.13 (saved tensors of the new nodes,
compared by memory with operands and result of the old ones); operations that are not listed may keep what they had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Node, SavedTensor, Tri
from gradsafe.domain.values import Source
from gradsafe.interp import autograd
from gradsafe_tracer.events import Save

_KEEPS = frozenset({
    "pow", "square", "tanh", "tan", "log2", "log10", "log1p", "reciprocal", "rsqrt", "mish", "erf", "asin", "acos", "sigmoid", "relu", "softmax", "log_softmax", "log", "sin", "cos", "softplus", "gelu", "silu",
    "mse_loss", "norm", "abs", "leaky_relu", "elu", "layer_norm", "hardtanh", "atan", "logsigmoid", "smooth_l1_loss",
    "conv1d", "conv2d", "conv3d",
})  # fmt: skip
"""Keep what the operation kept, whatever the incoming gradient is."""

_PRODUCTS = frozenset({"mul", "multiply", "linear", "mm", "matmul", "bmm", "mv", "dot", "addmm", "exp"})
"""Keep it only where the incoming gradient requires grad itself: ``g * b`` keeps b for g."""

_BENT = frozenset({
    "prod", "cumprod", "std", "var", "logsumexp", "cross_entropy", "kl_div", "binary_cross_entropy", "expm1",
    "binary_cross_entropy_with_logits", "huber_loss", "softmin", "batch_norm", "normalize", "cosine_similarity",
    "scaled_dot_product_attention", "CrossEntropyLoss", "BCEWithLogitsLoss", "BCELoss", "BatchNorm1d", "BatchNorm2d",
})  # fmt: skip
"""Their gradient depends on the values they were given, so what flows on requires grad; what they keep is not listed."""

_MODULES = {"ReLU": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Linear": "linear", "Softplus": "softplus", "GELU": "gelu",
            "SiLU": "silu", "Mish": "mish", "ELU": "elu", "LeakyReLU": "leaky_relu", "LayerNorm": "layer_norm", "MSELoss": "mse_loss",
            "Conv1d": "conv1d", "Conv2d": "conv2d", "Conv3d": "conv3d", "Softmax": "softmax", "__matmul__": "matmul"}  # fmt: skip


def graph(path: Path, source: Source, executed: Sequence[int]) -> tuple[int, Tri]:
    """The node of the gradients, and whether they require grad: only what depends on a tensor that does."""
    incoming: dict[int, Tri] = {}
    saves: list[SavedTensor] = []
    above: list[int] = []
    needs = Tri.NO
    made = path.new_id()
    for number in executed:
        node, arriving = path.node(number), incoming.get(number, Tri.NO)
        name = _name(node.operation)
        listed = name in _KEEPS or name in _PRODUCTS
        depends, again = (node.certain if name in _BENT else Tri.NO), []
        for saved in node.saves:
            wanted = autograd.requires_grad(path, saved.tensor) if saved.tensor >= 0 else Tri.MAYBE
            depends = depends | (wanted & (Tri.YES if listed else Tri.MAYBE))
            kept = Tri.YES if name in _KEEPS else arriving if name in _PRODUCTS else Tri.MAYBE
            if (kept & saved.certain) is not Tri.NO and (listed or not saved.as_output):
                again.append(_kept(path, source, made, node, saved, kept & saved.certain))
        saves[:0] = again  # made in the order of that backward, and what is made last runs first
        above.extend(edge for edge in node.inputs if path.node(edge).leaf is not None or name in _KEEPS)
        if any(saved.as_output for saved in node.saves):
            above.append(number)  # the gradient is computed with the result, whose history is this very node
        leaving = arriving | depends
        needs = needs | (leaving if node.leaf is None else Tri.NO)
        for edge in node.inputs:
            incoming[edge] = incoming.get(edge, Tri.NO) | leaving
    inputs = tuple(dict.fromkeys(above))
    path.heap[made] = Node("double backward", inputs, tuple(saves), source, certain=Tri.YES)
    return made, needs


def _name(operation: str) -> str:
    return _MODULES.get(operation, operation.rstrip("_"))


def _kept(path: Path, source: Source, made: int, node: Node, saved: SavedTensor, certain: Tri) -> SavedTensor:
    """The operand is saved anew, by the call that makes the gradients."""
    number = path.new_id()
    path.emit(
        Save(
            source.place, source.stack, number, made, f"{node.operation} backward", saved.role, saved.tensor, saved.counter,
            saved.version, saved.name,
        )
    )  # fmt: skip
    return replace(saved, save=number, certain=certain, as_output=False)
