"""The result would be another one in the operand's place, or may: silence about every line but those marked."""

import torch
import torch.nn.functional as F


def broadcast():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    h = h + torch.randn(4, 3)
    return h


def broadcast_the_other_way():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h + torch.randn(3)  # spare
    h = h + torch.randn(4, 1)  # spare
    return h


def broadcast_by_a_mask():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    h = h.masked_fill(torch.ones(4, 3, dtype=torch.bool), 0.0)
    return h


def one_element():
    w = torch.randn(1, requires_grad=True)
    h = w * 2
    h = h + torch.randn(3)
    return h


def no_dimensions():
    h = torch.tensor(2.0) * 2
    h = h + torch.randn(3)
    return h


def unknown_size(n: int = 3):
    h = torch.zeros(n) * 2
    h = h + torch.ones(3)
    return h


def promoted_to_double():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    h = h + torch.randn(3, dtype=torch.float64)
    return h


def promoted_from_integers():
    h = torch.arange(3) * 2
    h = h + 0.5
    return h


def divided_integers():
    h = torch.arange(3) * 2
    h = h / 2
    return h


def sigmoid_of_integers():
    h = torch.arange(3) * 2
    h = torch.sigmoid(h)
    return h


def bools():
    h = torch.ones(3, dtype=torch.bool).clone()  # spare
    h = h + 1
    return h


def complex_number():
    h = torch.randn(3) * 2
    h = h * 1j
    return h.abs()


def half():
    h = torch.randn(3, dtype=torch.float16).clone()  # spare
    h = h + torch.randn(3)
    return h


def half_and_a_number():
    h = torch.ones(3, dtype=torch.float16)
    h = h + 1  # spare
    h = h + torch.tensor(2.0)
    return h


def integers_added():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    h = h + torch.arange(3)  # spare
    return h


def expanded():
    w = torch.randn(3, requires_grad=True)
    h = (w * 2).expand(4, 3)
    h = h + 1
    return h


def transposed():
    w = torch.randn(4, 3, requires_grad=True)
    h = (w * 2).t()
    h = h + 1
    return h


def multi_output():
    w = torch.randn(4, 3, requires_grad=True)
    h, other = (w * 2).chunk(2)
    h = h + 1
    return h + other


def unbound():
    w = torch.randn(4, 3, requires_grad=True)
    total = torch.zeros(3)
    for row in (w * 2).unbind(0):
        row = row + 1
        total = total + row  # spare
    return total


def under_autocast():
    w = torch.randn(4, 4, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        h = w @ w
        h = h + torch.randn(4, 4)
    return h


def another_variable():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    other = h + 1
    h = w * 3
    return other + h


def reflected():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    h = 1 - h
    return h


def argument(h=None):
    h = torch.ones(3) if h is None else h
    h = h + 1
    return h


def branches():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    if torch.rand(()) < 0.5:
        h = w
    h = h + 1
    return h


def branches_that_both_make():
    w = torch.randn(3, requires_grad=True)
    if torch.rand(()) < 0.5:
        h = w * 2
    else:
        h = w * 3
    h = h + 1  # spare
    return h


def only_in_a_branch():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    if torch.rand(()) < 0.5:
        h = h + 1  # spare
    return h


def kept_in_a_branch():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    kept = w
    if torch.rand(()) < 0.5:
        kept = h
    h = h + 1
    return h + kept


def in_a_try():
    w = torch.randn(3, requires_grad=True)
    h = w * 2
    try:
        h = h + 1
    except RuntimeError:
        pass
    return h


def in_a_generator():
    def states():
        w = torch.randn(3, requires_grad=True)
        h = w * 2
        yield h
        h = h + 1
        yield h

    return torch.stack(list(states()))


def annotated():
    w = torch.randn(3, requires_grad=True)
    h: torch.Tensor = w * 2
    h = h + 1
    return h


def global_name():
    global counter
    counter = torch.zeros(3)
    counter = counter + 1
    return counter


def temporary():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.relu(w * 2)  # spare
    return F.dropout(h + 1, 0.5)  # spare


def temporary_that_is_saved():
    w = torch.randn(4, 3, requires_grad=True)
    return torch.relu(w.exp()) + torch.sigmoid(w.tanh())


def temporary_with_a_name():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.relu(before := w * 2)
    return h + before
