"""The graph of a gradient that was asked for with ``create_graph``: what it saves, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Node, SavedTensor, Tri
from gradsafe.domain.values import Source
from gradsafe_tracer.events import Save

CURVED = frozenset({
    "pow", "square", "tanh", "sigmoid", "sin", "cos", "tan", "log", "log2", "log10", "log1p", "reciprocal", "rsqrt",
    "softplus", "silu", "gelu", "mish", "logsigmoid", "softmax", "log_softmax", "atan", "asin", "acos", "erf",
    "Tanh", "Sigmoid", "Softplus", "SiLU", "GELU", "Mish", "Softmax",
})  # fmt: skip
"""Operations whose derivative is a curve in what they saved: the graph of a gradient saves it again.

`exp`, `mul`, `Linear` and others save it again only if the incoming gradient requires grad (`grad * result`).
"""
BENT = CURVED | {
    "exp", "expm1", "prod", "cumprod", "norm", "std", "var", "logsumexp", "mse_loss", "cross_entropy", "kl_div", "bce",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "smooth_l1_loss", "huber_loss", "softmin",
    "layer_norm", "LayerNorm", "batch_norm", "BatchNorm1d", "BatchNorm2d", "MSELoss", "CrossEntropyLoss", "normalize",
    "BCEWithLogitsLoss", "BCELoss", "cosine_similarity", "scaled_dot_product_attention",
}  # fmt: skip
"""Operations whose gradient depends on the values they were given: what flows on requires grad itself."""
STRAIGHT = frozenset({
    "mul", "linear", "Linear", "matmul", "mm", "bmm", "addmm", "baddbmm", "dot", "mv", "outer", "einsum", "conv1d", "conv2d",
    "conv3d", "Conv1d", "Conv2d", "Conv3d", "exp", "relu", "ReLU", "leaky_relu", "LeakyReLU", "gather", "index_select",
    "embedding", "Embedding", "masked_fill", "where", "clamp", "max", "min", "amax", "abs",
})  # fmt: skip
"""Operations whose gradient's graph saves nothing of theirs as long as the incoming gradient is a constant."""


def grad_graph(path: Path, source: Source, executed: Sequence[int]) -> int:
    """The graph of a gradient made with ``create_graph``: it may read whatever the first backward read.

    Its nodes are made in the order of that backward, so that the ones made last run first.
    """
    saves: list[SavedTensor] = []
    above: list[int] = []
    moving: set[int] = set()
    made = path.new_id()
    for number in executed:
        node = path.node(number)
        operation = node.operation.rstrip("_")
        again = Tri.NO if operation in STRAIGHT else Tri.MAYBE
        if operation in CURVED or number in moving:
            again = Tri.YES
        if number in moving or operation in BENT or (node.saves and len(node.inputs) > 1):
            moving.update(
                node.inputs
            )  # a product of two that both require grad sends on the one for the other
        saves[:0] = [
            _saved_again(path, source, made, node, saved, again)
            for saved in node.saves
            if again is Tri.YES or (again is Tri.MAYBE and not saved.as_output)
        ]
        above.extend(edge for edge in node.inputs if path.node(edge).leaf is not None)
        if any(saved.as_output for saved in node.saves):
            above.append(number)  # the gradient is computed with the result, whose history is this very node
    inputs = tuple(dict.fromkeys(above))
    path.heap[made] = Node("double backward", inputs, tuple(saves), source, certain=Tri.YES)
    return made


def _saved_again(
    path: Path, source: Source, made: int, node: Node, saved: SavedTensor, again: Tri
) -> SavedTensor:
    """The same tensor, kept by a node of the gradient's own graph: it was saved where the gradient was asked for."""
    number = path.new_id()
    path.emit(
        Save(
            source.place, source.stack, number, made, node.operation, saved.role, saved.tensor, saved.counter,
            saved.version, saved.name,
        )
    )  # fmt: skip
    return replace(saved, save=number, certain=saved.certain & again, as_output=False)
