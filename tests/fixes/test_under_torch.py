"""Torch has the last word: before its fix a program fails, after it the gradient is that of finite differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked import read

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\ndef loss(x):\n"

RAISING = {
    "method": "    h = ‹x.exp()›\n    ‹z = h.sin()›\n    «h.add_(1)»\n    return (z + h).sum()\n",
    "augmented": "    h = ‹x.exp()›\n    «h += x * 2»\n    return h.sum()\n",
    "augmented precedence": "    h = ‹x.exp()›\n    «h *= x + 1»\n    return h.sum()\n",
    "chain": "    h = ‹x.exp()›\n    «h.sub_(x).div_(3)»\n    return h.sum()\n",
    "nested": "    h = ‹x.exp()›\n    z = «h.mul_(2)».sin()\n    return (z * h).sum()\n",
    "returned": "    h = ‹x.exp()›\n    return «h.mul_(x)».sum()\n",
    "assigned": "    h = ‹x.exp()›\n    z = «h.mul_(2)»\n    return (z * h).sum()\n",
    "row": "    h = ‹x.exp()›\n    «h[0] = 1.0»\n    return h.sum()\n",
    "view": "    h = ‹x.exp()›\n    «h.view(-1)[1].mul_(3)»\n    return h.sum()\n",
    "mask": "    h = ‹x.tanh()›\n    «h[h < 0] = 0.5»\n    return (h * x).sum()\n",
    "mask scaled": "    h = ‹x.tanh()›\n    «h[h < 0] *= 0.5»\n    return (h * x).sum()\n",
    "zero": "    h = ‹x.exp()›\n    z = ‹h * h›\n    «h.zero_()»\n    return (z + h).sum()\n",
    "functional": "    h = ‹x.sigmoid()›\n    «F.elu(h, inplace=True)»\n    return (h * x).sum()\n",
    "underscore function": "    h = ‹x.sigmoid()›\n    «torch.relu_(h)»\n    return (h * x).sum()\n",
    "no_grad": "    y = x.clone()\n    z = ‹y * y›\n    with torch.no_grad():\n        «y.add_(2)»\n    return z.sum()\n",
    "loop": "    h = ‹x.exp()›\n    total = 0\n    for _ in range(3):\n        total = total + ‹h.sin()›\n        «h += 1»\n    return total.sum()\n",
    "other input": "    h = x.clone()\n    z = ‹torch.mul(x, h)›\n    «h.mul_(2)»\n    return (z + h).sum()\n",
}


@pytest.mark.parametrize("remedy", ["out-of-place", "clone-before-write", "clone-at-save"])
@pytest.mark.parametrize("body", RAISING.values(), ids=RAISING.keys())
def test_fix_of_a_broken_saved_tensor(body: str, remedy: str) -> None:
    marked = read(HEAD + body, remedy)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gradient(load(marked.text))
    values = load(marked.text)(point()).detach()
    if not marked.fixes():
        pytest.skip("this remedy has nothing to offer here")
    for result, fix in zip(marked.results(), marked.fixes(), strict=True):
        fixed = load(result)
        assert fix.safe
        assert torch.equal(fixed(point()).detach(), values), "a safe fix changed a value"
        assert_gradient_is_right(fixed)


def test_every_raising_program_has_a_safe_fix() -> None:
    remedies = ("out-of-place", "clone-before-write", "clone-at-save")
    for name, body in RAISING.items():
        assert any(read(HEAD + body, remedy).fixes() for remedy in remedies), name


@pytest.mark.parametrize(
    "body",
    [
        "    h = x.exp()\n    «h.data» = h.data * 3\n    return (h * x).sum()\n",
        "    h = x.exp()\n    «h.data.mul_(2)»\n    return (h * x).sum()\n",
        "    h = x.clone()\n    z = h * h\n    «h.data[0] = 5.0»\n    return (z + h).sum()\n",
        "    h = x.exp()\n    «h.data += x»\n    return (h * x).sum()\n",
    ],
)
def test_rebinding_mends_a_silent_wrong_gradient(body: str) -> None:
    marked = read(HEAD + body, "data-to-detach-or-rebind", code="data-bypasses-autograd")
    (result,) = marked.results()
    assert_gradient_is_right(load(result))


LEAF = [
    ("clone-before-write", "    «w[w < 0] = 0»\n    return (w * 2).sum()\n"),
    ("out-of-place", "    «w.add_(2)»\n    return (w * w).sum()\n"),
    ("out-of-place", "    «w += 1»\n    return (w * w).sum()\n"),
    ("no-grad-block", "    «w.mul_(2)»\n    return (w * w).sum()\n"),
]


@pytest.mark.parametrize(("remedy", "body"), LEAF)
def test_fix_of_a_modified_leaf(remedy: str, body: str) -> None:
    text = HEAD.replace("loss(x)", "loss()") + "    w = torch.randn(4, requires_grad=True)\n" + body
    marked = read(text, remedy, code="leaf-modified")
    with pytest.raises(RuntimeError, match="leaf Variable"):
        load(marked.text)()
    (result,) = marked.results()
    load(result)().backward()


def test_an_in_place_module_is_built_anew() -> None:
    body = "    net = nn.Sequential(nn.Linear(4, 4).double(), nn.Sigmoid(), «nn.ReLU(inplace=True)»)\n    return net(x).sum()\n"
    marked = read(HEAD + body, "inplace-false")
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gradient(load(marked.text))
    (result,) = marked.results()
    gradient(load(result))


def load(text: str) -> Callable[..., torch.Tensor]:
    namespace: dict[str, Callable[..., torch.Tensor]] = {}
    exec(compile(text, "program.py", "exec"), namespace)
    return namespace["loss"]


def point() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(4, dtype=torch.float64, requires_grad=True)


def gradient(loss: Callable[..., torch.Tensor]) -> torch.Tensor:
    x = point()
    (grad,) = torch.autograd.grad(loss(x), x)
    return grad


def assert_gradient_is_right(loss: Callable[..., torch.Tensor]) -> None:
    x, step = point().detach(), 1e-6
    wanted = torch.stack(
        [(loss(x + step * e) - loss(x - step * e)) / (2 * step) for e in torch.eye(4, dtype=x.dtype)]
    )
    torch.testing.assert_close(gradient(loss), wanted, rtol=1e-4, atol=1e-7)
