"""Backward reads the operand, or may: silence about every line but those marked."""

import torch
import torch.nn.functional as F
from torch import nn


def by_the_maker():
    w = torch.randn(4, 3, requires_grad=True)
    h = w.exp()
    h = h + 1
    return h


def by_sigmoid():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.sigmoid(w)
    h = h * 2
    return h


def by_the_operation():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h * w
    return h


def by_clamp():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h.clamp(0)
    return h


def by_sin():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h.sin()
    return h


def by_another():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = h.pow(2)
    h = h + 1
    return h + other


def by_another_of_a_view():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = (h[1:] * w[1:]).sum()
    h = h + 1
    return h + other


def by_a_mask():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = torch.where(h > 0, h, w)
    h = h + 1  # spare
    return h + other


def by_a_layer():
    layer = nn.Linear(3, 3)
    h = torch.randn(4, 3) * 2
    other = layer(h)
    h = h + 1
    return h + other


def by_a_layer_as_residual():
    layer = nn.Linear(3, 3)
    h = torch.randn(4, 3) * 2
    h = h + layer(h)
    return h


def by_a_norm():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h / h.norm()
    return h


def by_nobody():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h + 1  # spare
    h = h * 0.5  # spare
    h = h - w.sum()  # spare
    h = torch.relu(h)  # spare
    h = h / 2
    return h


def by_nobody_without_grad():
    h = torch.randn(4, 3)
    h = h.clamp(0)  # spare
    h = h.sin()  # spare
    h = h * torch.ones(4, 3)  # spare
    h = F.leaky_relu(h)  # spare
    h = F.hardtanh(h)  # spare
    return h


def under_no_grad():
    w = torch.randn(4, 3, requires_grad=True)
    with torch.no_grad():
        h = w * 2
        h = h.clamp(0)  # spare
        h = h * w  # spare
    return h * w


def requires_grad_under_no_grad():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    before = h.sum()
    with torch.no_grad():
        h = h + 1
    return h.sum() + before


def by_a_freed_graph():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h.pow(2).sum().backward()
    h = h + 1
    return h.detach()


def by_a_custom_function():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            ctx.save_for_backward(value)
            return value * 2

        @staticmethod
        def backward(ctx, gradient):
            (value,) = ctx.saved_tensors
            return gradient * value

    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = Double.apply(h)
    h = h + 1
    return h + other


def unchecked_by_a_custom_function():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            ctx.value = value
            return value * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.value

    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = Double.apply(h)
    h = h + 1
    return h + other


def by_a_checkpoint():
    from torch.utils.checkpoint import checkpoint

    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = checkpoint(torch.sin, h, use_reentrant=False)
    h = h + 1
    return h + other


def leaf():
    h = torch.randn(4, 3, requires_grad=True)
    h = h + 1
    return h


def leaf_made_later():
    h = torch.randn(4, 3)
    h.requires_grad_()
    h = h + 1
    return h


def parameter():
    h = nn.Parameter(torch.randn(4, 3))
    h = h + 1
    return h


def dropout():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = F.dropout(h, 0.5)  # spare
    return h


def dropout_after_relu():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.relu(w)
    h = F.dropout(h, 0.5)
    return h


def twice_through(create_graph=True):
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h + 1  # spare
    (gradient,) = torch.autograd.grad(h.pow(3).sum(), w, create_graph=True)
    return gradient


def made_without_grad():
    w = torch.randn(4, 3, requires_grad=True)
    layer = nn.Linear(3, 3)
    with torch.no_grad():
        h = layer(torch.randn(2, 4, 3))
    h = h + w
    return h


def begins_a_graph():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.zeros(4, 3)
    h = h + w  # spare
    return h


def in_inference_mode():
    with torch.inference_mode():
        h = torch.randn(4, 3)
        h = h + 1
    return h.clone()
