"""Somebody else has the operand, or may: silence about every line but those marked."""

import torch
import torch.nn.functional as F

SEEN = []


def note(tensor):
    SEEN.append(tensor)


def alias():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    first = h
    h = h + 1
    return h * 2 + first


def alias_of_an_alias():
    w = torch.randn(4, 3, requires_grad=True)
    first = second = w * 2
    h = w * 3
    second = second + 1
    h = h + 1  # spare
    return first + second + h


def alias_by_walrus():
    w = torch.randn(4, 3, requires_grad=True)
    h = (first := w * 2)
    h = h + 1
    return h + first


def view():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    row = h[0]
    h = h + 1
    return h.sum() + row.sum()


def view_of_a_view():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    column = h.t().reshape(3, 4)[0]
    h = h + 1
    return h.sum() + column.sum()


def view_that_is_gone():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    total = h.view(-1).sum()
    h = h + 1  # spare
    return h.sum() + total


def detached():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    before = h.detach()
    h = h + 1
    return h.sum() * before.mean()


def data():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    before = h.data
    h = h + 1
    return h.sum() * before.mean()


def in_a_list():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    kept = [h]
    h = h + 1
    return h.sum() + kept[0].sum()


def in_a_list_by_append():
    w = torch.randn(4, 3, requires_grad=True)
    h, kept = w * 2, []
    kept.append(h)
    h = h + 1
    return h.sum() + kept[0].sum()


def in_a_dict():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    kept = {"h": h}
    h = h + 1
    return h.sum() + kept["h"].sum()


def in_a_set():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    kept = set()
    kept.add(h)
    h = h + 1
    return h.sum() + sum(each.sum() for each in kept)


def in_an_attribute():
    class Box:
        pass

    w = torch.randn(4, 3, requires_grad=True)
    box = Box()
    h = w * 2
    box.h = h
    h = h + 1
    return h.sum() + box.h.sum()


def in_a_default():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2

    def before(value=h):
        return value.sum()

    h = h + 1
    return h.sum() + before()


def in_a_closure():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    later = lambda: h  # noqa: E731
    h = h + 1
    return h.sum() + later().sum()


def in_a_generator_expression():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    rows = (row for row in h)
    h = h + 1
    return h.sum() + sum(row.sum() for row in rows)


def in_a_function():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    note(h)
    h = h + 1
    return h.sum() + SEEN[-1].sum()


def in_its_own_attribute():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = w * 3
    other.before = h
    h = h + 1
    return h.sum() + other.before.sum()


def in_numpy():
    h = torch.zeros(4, 3)
    array = h.numpy()
    h = h + 1
    return h.sum() + float(array.sum())


def of_numpy():
    import numpy

    array = numpy.zeros((4, 3))
    h = torch.from_numpy(array)
    h = h + 1
    return h.sum() + float(array.sum())


def swapped():
    w = torch.randn(4, 3, requires_grad=True)
    a = w * 2
    b = w * 3
    a, b = b, a
    a = a + 1
    return a + b


def swapped_and_kept():
    w = torch.randn(4, 3, requires_grad=True)
    a = w * 2
    b = a
    a, b = b, a
    a = a + 1
    return a + b


def iterated():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    rows = []
    for row in h:
        rows.append(row)
    h = h + 1
    return h.sum() + rows[0].sum()


def chosen():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    other = h if w.dim() == 2 else w
    h = h + 1
    return h + other


def with_or():
    w = torch.randn(1, requires_grad=True)
    h = w * 0 + 2
    other = h or w
    h = h + 1
    return h + other


def hooked():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h.register_hook(lambda gradient: gradient * 2)
    h = h + 1
    return h


def retained():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h.retain_grad()
    h = h + 1
    return h


def kept_in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    states = []
    for _ in range(3):
        states.append(h)
        h = h + w
    return torch.stack(states)


def kept_late_in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    kept = w
    for step in range(12):
        if step == 10:
            kept = h
        h = h + w
    return h + kept


def saved_late_in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    total = w * 0
    for step in range(12):
        if step == 10:
            total = h.pow(2)
        h = h + w
    return h + total


def previous_in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    before = h
    for _ in range(3):
        before = h
        h = h + w
    return h + before


def nothing_kept_in_a_loop():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    for _ in range(3):
        h = h + w  # spare
    return h


def looked_up():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    names = locals()
    h = h + 1
    return h + names["h"]


def stacked():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    both = torch.stack([h, w])
    h = h + 1
    return h.sum() + both.sum()


def looked_at():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    print(h.shape, h.size(0), float(h.sum()) > 0)
    h = h + 1  # spare
    return h


def handed_back(inplace=False):
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    same = F.dropout(h, 0.5, training=False)
    h = h + 1
    return h + same


def perhaps_the_same():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    same = h.contiguous()
    h = h + 1
    return h + same


def of_the_same_type():
    w = torch.randn(4, 3, requires_grad=True)
    h = w.to(torch.float32)
    h = h + 1
    return h + w


def reshaped():
    w = torch.randn(4, 3, requires_grad=True)
    base = w * 2
    h = base.reshape(12)
    h = h + 1
    return h.sum() + base.sum()


def permuted_by_einsum():
    w = torch.randn(4, 3, requires_grad=True)
    base = w * 2
    h = torch.einsum("ij->ji", base)
    h = h + 1
    return h.sum() + base.sum()


def read_with_the_result():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h + h[0]
    return h


def read_by_the_operand():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h - h.mean(0)  # spare
    return h


def versions_are_read():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = h + 1
    print(h._version)
    return h


def objects_are_compared():
    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    before = id(h)
    h = h + 1
    print(id(h) == before)
    return h


def of_a_function_called_alike():
    class functional:  # noqa: N801
        @staticmethod
        def relu(value):
            return value * 3

    w = torch.randn(4, 3, requires_grad=True)
    h = w * 2
    h = functional.relu(h)
    return h
