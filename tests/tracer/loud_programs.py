"""Programs on which torch raises, one or more for each loud kind of AUTOGRAD section 7, with the lines of the story.

``# saves``, ``# writes``, ``# fails``, ``# frees`` at the end of a line say what happens there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


def _leaf(*shape: int) -> Any:
    return torch.rand(*(shape or (3,)), requires_grad=True)


def output_multiplied() -> None:
    y = _leaf().exp()  # saves
    y.mul_(2)  # writes
    y.sum().backward()  # fails


def output_added_to() -> None:
    y = _leaf().tanh()  # saves
    y += 1  # writes
    y.sum().backward()  # fails


def scores_masked_after_softmax() -> None:
    weights = _leaf(2, 3).softmax(-1)  # saves
    weights.masked_fill_(torch.eye(2, 3) > 0, 0.0)  # writes
    weights.sum().backward()  # fails


def input_of_a_power() -> None:
    h = _leaf() * 1
    y = h.pow(2)  # saves
    h.add_(1)  # writes
    y.sum().backward()  # fails


def divided_by_its_norm() -> None:
    h = _leaf() * 1
    h /= h.norm()  # saves writes
    h.sum().backward()  # fails


def accumulator_after_use() -> None:
    out = _leaf() * 1
    y = out.pow(2)  # saves
    out += torch.ones(3)  # writes
    (y + out).sum().backward()  # fails


def rows_one_from_another() -> None:
    w, x = _leaf(), torch.zeros(4, 3)
    for i in range(3):
        x[i + 1] = torch.sin(x[i]) * w[i]  # saves writes
    x.sum().backward()  # fails


def activations_in_a_chain() -> None:
    h = torch.relu_(torch.sigmoid(_leaf()))  # saves writes
    h.sum().backward()  # fails


def activation_then_residual() -> None:
    x = _leaf()
    h = F.relu(x * 1)  # saves
    h += x  # writes
    h.sum().backward()  # fails


def modules_in_a_chain() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Sigmoid(), nn.ReLU(inplace=True))
    net(_leaf(2, 3)).sum().backward()  # saves writes fails


def stepped_between_two_losses() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    first = net(torch.rand(2, 3)).sum()
    second = net(torch.rand(2, 3)).pow(2).sum()  # saves
    first.backward()
    optimizer.step()  # writes
    second.backward()  # fails


def foreach_step_between() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(net.parameters(), foreach=True)
    first = net(torch.rand(2, 3)).sum()
    second = net(torch.rand(2, 3)).pow(2).sum()  # saves
    first.backward()
    optimizer.step()  # writes
    second.backward()  # fails


def weight_clamped_between() -> None:
    w = _leaf()
    y = (w * w).sum()  # saves
    with torch.no_grad():
        w.clamp_(0, 0.5)  # writes
    y.backward()  # fails


def weights_loaded_between() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    y = net(_leaf(2, 3))  # saves
    net.load_state_dict(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1)).state_dict())  # writes
    y.sum().backward()  # fails


def through_detach() -> None:
    y = _leaf().sigmoid()  # saves
    y.detach().zero_()  # writes
    y.sum().backward()  # fails


def under_no_grad() -> None:
    y = _leaf().sqrt()  # saves
    with torch.no_grad():
        y.add_(1)  # writes
    y.sum().backward()  # fails


def embedding_renormalised() -> None:
    table = nn.Embedding(4, 3, max_norm=0.1)
    y = table.weight.pow(2).sum()  # saves
    z = table(torch.tensor([0, 1])).sum()  # writes
    (y + z).backward()  # fails


def index_edited() -> None:
    a, i = _leaf(), torch.tensor([0, 1])
    y = a[i]  # saves
    i.add_(1)  # writes
    y.sum().backward()  # fails


def mask_edited() -> None:
    mask = torch.tensor([True, False, True])
    y = torch.where(mask, _leaf(), torch.zeros(3))  # saves
    mask.fill_(True)  # writes
    y.sum().backward()  # fails


def labels_edited() -> None:
    labels = torch.tensor([0, 1])
    loss = F.cross_entropy(_leaf(2, 3), labels)  # saves
    labels.fill_(2)  # writes
    loss.backward()  # fails


def disjoint_slices_share_a_counter() -> None:
    h, w = _leaf(4) * 1, _leaf(2)
    y = h[:2] * w  # saves
    h[2:] = 0  # writes
    y.sum().backward()  # fails


def view_written() -> None:
    y = _leaf(2, 3).exp()  # saves
    y.view(-1)[0] = 5  # writes
    y.sum().backward()  # fails


def out_argument() -> None:
    buffer, w = torch.ones(3), _leaf()
    y = w * buffer  # saves
    torch.add(buffer, 1, out=buffer)  # writes
    y.sum().backward()  # fails


def foreach_by_hand() -> None:
    y = _leaf().exp()  # saves
    torch._foreach_mul_([y.detach()], 2.0)  # writes
    y.sum().backward()  # fails


def shape_changed_in_place() -> None:
    y = _leaf().exp()  # saves
    y.unsqueeze_(0)  # writes
    y.sum().backward()  # fails


def times_itself() -> None:
    h = _leaf() * 1
    h *= h  # saves writes
    h.sum().backward()  # fails


def gradient_of_a_gradient() -> None:
    x = _leaf()
    h = x * 2
    (g,) = torch.autograd.grad(h.pow(3).sum(), x, create_graph=True)  # saves
    h.add_(1)  # writes
    g.sum().backward()  # fails


def checkpoint_input_written() -> None:
    h = _leaf() * 2
    y = checkpoint(torch.sin, h, use_reentrant=False)  # saves
    h.add_(1)  # writes
    y.sum().backward()  # fails


def custom_function_input_written() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * grads[0]

    h = _leaf() * 1
    y = Square.apply(h)  # saves
    h.zero_()  # writes
    y.sum().backward()  # fails


def recurrent_state_retained() -> None:
    cell = nn.RNNCell(2, 2)
    optimizer = torch.optim.SGD(cell.parameters(), 0.1)
    h = torch.zeros(1, 2)
    for _ in range(3):
        h = cell(torch.rand(1, 2), h)  # saves
        h.sum().backward(retain_graph=True)  # fails
        optimizer.step()  # writes


def leaf_added_to() -> None:
    a = _leaf()
    a += 1  # fails


def leaf_initialised() -> None:
    nn.Parameter(torch.empty(3)).uniform_()  # fails


def leaf_in_a_list() -> None:
    torch._foreach_add_([_leaf()], 1.0)  # fails


def slice_of_a_leaf() -> None:
    a = _leaf()
    a[0] = 1  # fails


def view_of_a_leaf() -> None:
    a = _leaf()
    a.view(-1).add_(1)  # fails


def rows_unbound() -> None:
    for row in _leaf(2, 3) * 1:
        row.add_(1)  # fails


def chunk_written() -> None:
    a, _ = torch.chunk(_leaf(4) * 1, 2)
    a.mul_(2)  # fails


def split_after_the_base_was_written() -> None:
    h = _leaf(4) * 1
    a, b = h.split(2)
    h.add_(1)
    print(a + b)  # fails


def saved_part_of_a_written_base() -> None:
    h = _leaf(4) * 1
    a, _ = h.chunk(2)
    y = a * _leaf(2)
    h.add_(1)
    y.sum().backward()  # fails


def view_of_no_grad() -> None:
    h = _leaf() * 1
    with torch.no_grad():
        v = h.view(3, 1)
    v.mul_(2)  # fails


def module_with_a_backward_hook() -> None:
    net = nn.ReLU(inplace=True)
    net.register_full_backward_hook(lambda *_: None)
    net(_leaf() * 1)  # fails


def expanded_written() -> None:
    torch.zeros(1, 3).expand(2, 3).add_(1)  # fails


def overlapping_input() -> None:
    x = torch.zeros(4)
    x[1:].add_(x[:-1])  # fails


def inference_tensor_saved() -> None:
    with torch.inference_mode():
        c = torch.ones(3)
    print(_leaf() * c)  # fails


def inference_tensor_written() -> None:
    with torch.inference_mode():
        c = torch.ones(3)
    c.add_(1)  # fails


def dirty_leaf() -> None:
    class Bump(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x.add_(1)

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0]

    Bump.apply(_leaf())  # fails


def backward_twice() -> None:
    y = _leaf().exp().sum()  # saves
    y.backward()  # frees
    y.backward()  # fails


def part_shared_by_two_losses() -> None:
    h = _leaf().exp()  # saves
    h.sum().backward()  # frees
    (h * 2).sum().backward()  # fails


def state_carried_over() -> None:
    cell, h = nn.RNNCell(2, 2), torch.zeros(1, 2)
    for _ in range(2):
        h = cell(torch.rand(1, 2), h)  # saves
        h.sum().backward()  # frees fails


def checkpoint_twice() -> None:
    y = checkpoint(torch.exp, _leaf() * 1, use_reentrant=False).sum()
    y.backward()  # frees
    y.backward()  # fails


def written_by_another_function() -> None:
    def normalise(t: Any) -> None:
        t.div_(t.sum())  # writes

    y = _leaf().exp()  # saves
    normalise(y)
    y.sum().backward()  # fails


def nested_in_one_line() -> None:
    x, w = _leaf(2, 3), _leaf(3, 2)
    h = torch.relu_(torch.sigmoid(x @ w).mul_(2))  # saves writes
    h.sum().backward()  # fails


PROGRAMS = [
    value
    for name, value in list(globals().items())
    if getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]
