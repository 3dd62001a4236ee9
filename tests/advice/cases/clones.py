"""Clones that are needed, and some that are not."""

import torch


def of_a_temporary():
    w = torch.randn(4, 3, requires_grad=True)
    h = (w * 2).clone()  # spare
    h.add_(1)
    return h


def of_what_is_saved():
    w = torch.randn(4, 3, requires_grad=True)
    h = w.exp().clone()
    h.add_(1)
    return h


def of_itself():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h.clone()  # spare
    h.add_(1)
    return h


def for_the_last_time():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = h.clone()  # spare
    other.add_(1)
    return other


def of_what_is_read_again():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = h.clone()
    other.add_(1)
    return other + h


def of_what_is_read_in_the_same_statement():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    return h.clone().add_(1) + h


def of_what_is_kept():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    kept = [h]
    other = h.clone()
    other.add_(1)
    return other + kept[0]


def of_a_leaf():
    w = torch.randn(4, 3, requires_grad=True)
    h = w.clone()
    h.add_(1)
    return h


def of_a_view():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    row = h[0].clone()
    h.add_(1)
    return h.sum() + row.sum()


def of_an_expanded_one():
    w = torch.randn(3, requires_grad=True)
    h = (w * 2).expand(4, 3).clone()
    h[0] = 1
    return h


def of_a_transposed_one():
    w = torch.randn(4, 3, requires_grad=True)
    h = (w * 2).t().clone(memory_format=torch.contiguous_format)
    return h.view(-1)


def in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    states = []
    for _ in range(3):
        states.append(h.clone())
        h.add_(1)
    return torch.stack(states)


def without_grad():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    with torch.no_grad():
        h = h.clone()
        h.add_(1)
    return h * w


def of_the_old_value():
    h = torch.zeros(3)
    before = h.clone()
    h += 1
    return h - before


def function_of_torch():
    w = torch.randn(4, 3, requires_grad=True)
    h = torch.clone(w * 2)  # spare
    h.mul_(2)
    return h
