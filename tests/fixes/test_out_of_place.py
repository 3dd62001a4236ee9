"""The out-of-place rewrite: what becomes of each form of write, and when it may be called safe."""

from __future__ import annotations

import pytest
from marked import read

IN_A_FUNCTION = (
    "import torch\nimport torch.nn.functional as F\n\ndef f(x, w):\n    h = x.exp()\n    {}\n    return h\n"
)

FORMS = [
    ("«h.add_(1)»", "h = h.add(1)"),
    ("«h += w»", "h = h + w"),
    ("«h  *=  2»  # double it", "h = h * 2  # double it"),
    ("«h -= w + 1»", "h = h - (w + 1)"),
    ("«h += w * 2»", "h = h + w * 2"),
    ("«h *= -w»", "h = h * -w"),
    ("«h **= 2»", "h = h ** 2"),
    ("«h /= 2 if w is None else 3»", "h = h / (2 if w is None else 3)"),
    ("«h @= w»", "h = h @ w"),
    ("«h += (\n        w\n        * 2  # twice\n    )»", "h = h + (\n        w\n        * 2  # twice\n    )"),
    ("«h.sub_(w.mean()).div_(w.std())»", "h = h.sub(w.mean()).div(w.std())"),
    ("«h.sub_(w.mean())».div_(w.std())", "h = h.sub(w.mean()).div(w.std())"),
    ("«h\\\n        .sub_(1)\\\n        .div_(2)»", "h = h\\\n        .sub(1)\\\n        .div(2)"),
    ("(«h.sub_(1)\n      .div_(2)»)", "h = (h.sub(1)\n      .div(2))"),
    ("h = «h.mul_(2)»", "h = h.mul(2)"),
    ("z = «h.mul_(2)»", "z = h = h.mul(2)"),
    ("z = «h.mul_(2)».exp()", "h = h.mul(2)\n    z = h.exp()"),
    ("return «h.mul_(2)»", "return h.mul(2)"),
    ("return «F.dropout(h, 0.5, True, True)» + h", "h = F.dropout(h, 0.5, True)\n    return h + h"),
    ("return torch.stack([«h.mul_(2)», w])", "return torch.stack([h.mul(2), w])"),
    ("if «h.add_(1)».sum() > 0:\n        pass", "h = h.add(1)\n    if h.sum() > 0:\n        pass"),
    ("if w: «h.add_(1)»", "if w: h = h.add(1)"),
    ("z = 1; «h.add_(1)»; y = 2", "z = 1; h = h.add(1); y = 2"),
    ("«h.zero_()»", "h = torch.zeros_like(h)"),
    ("«h.fill_(0.5)»", "h = torch.full_like(h, 0.5)"),
    ("«h.masked_fill_(w > 0, 1)»", "h = h.masked_fill(w > 0, 1)"),
    ("«h.index_put_((w,), h[0])»", "h = h.index_put((w,), h[0])"),
    ("«F.relu(h, inplace=True)»", "h = F.relu(h)"),
    ("«F.relu(h, True)»", "h = F.relu(h)"),
    ("«F.relu(input=h, inplace=True)»", "h = F.relu(input=h)"),
    ("«F.dropout(h, 0.5, True, True)»", "h = F.dropout(h, 0.5, True)"),
    ("«F.leaky_relu(h, inplace=True, negative_slope=0.1)»", "h = F.leaky_relu(h, negative_slope=0.1)"),
    ("h = «F.relu(h, inplace=True)»", "h = F.relu(h)"),
    ("z = «F.relu(h, inplace=True)»", "z = h = F.relu(h)"),
    ("return «F.relu(h, inplace=True)»", "return F.relu(h)"),
    (
        "h = «F.elu(\n        h,  # the input\n        inplace=True,  # saves memory\n    )»",
        "h = F.elu(\n        h,  # the input\n        inplace=False,  # saves memory\n    )",
    ),
    ("h = «F.elu(\n        h,\n        inplace=True,\n    )»", "h = F.elu(\n        h,\n    )"),
    ("«F.relu_(h)»", "h = F.relu(h)"),
    ("«torch.relu_(h)»", "h = torch.relu(h)"),
    ("«torch.mul(h, w, out=h)»", "h = torch.mul(h, w)"),
    ("«h[h < 0] = 0»", "h = torch.where(h < 0, 0, h)"),
    ("«h[h.abs() > 3]» = -1.5", "h = torch.where(h.abs() > 3, -1.5, h)"),
    ("«h[torch.isnan(h)] = 0.0»", "h = torch.where(torch.isnan(h), 0.0, h)"),
    ("«h[(h < 0) | (h > 9)] = 0»", "h = torch.where((h < 0) | (h > 9), 0, h)"),
    ("«h[h > 1] = w[h > 1]»", "h = torch.where(h > 1, w, h)"),
    ("«h[h > 1] *= 2»", "h = torch.where(h > 1, h * 2, h)"),
    ("low = h < 0\n    if w: «h[low] = 0»", "low = h < 0\n    if w: h = torch.where(low, 0, h)"),
]


@pytest.mark.parametrize(("written", "wanted"), FORMS, ids=[form for form, _ in FORMS])
def test_form(written: str, wanted: str) -> None:
    marked = read(IN_A_FUNCTION.format(written), "out-of-place")
    assert marked.results() == [IN_A_FUNCTION.format(wanted)]
    assert all(fix.safe and not fix.preferred for fix in marked.fixes())
    compile(marked.results()[0], "fixed.py", "exec")


NOT_OFFERED = [
    "«h[0] = 1»",  # one element: cloning first says it better
    "«h[w] = 0»",  # the mask may have fewer dimensions than the tensor
    "low = h < 0\n    h = h[1:]\n    «h[low] = 0»",
    "low = h < 0\n    if w: low = w\n    «h[low] = 0»",
    "«h[h > 0] = w»",  # one value for each masked element
    "«h[h > 0] **= 0.5»",  # where would differentiate sqrt at 0
    "«h.view(-1).add_(1)»",
    "«h[0].add_(1)»",
    "«h.T.add_(1)»",
    "«h.bernoulli_(0.5)»",
    "«h.copy_(w)»",
    "while «h.add_(1)».sum() < 3: pass",
    "z = [«h.add_(1)» for _ in range(3)]",
    "z = w and «h.add_(1)»",
    "z = g(w.sum(), «h.add_(1)».sum()) + h.sum()",
    "«torch.nn.init.normal_(h)»",
    "if w:\n        with torch.no_grad():  # a new tensor would have no history\n            «h += 1»",
]


@pytest.mark.parametrize("written", NOT_OFFERED)
def test_not_offered(written: str) -> None:
    assert read(IN_A_FUNCTION.format(written), "out-of-place").results() == []


@pytest.mark.parametrize(
    ("imported", "written", "wanted"),
    [
        ("from torch.nn import functional as Fn", "z = «Fn.relu_(h)»", "z = h = Fn.relu(h)"),
        ("import torch.nn.functional as fun", "«fun.threshold_(h, 0.5, 0)»", "h = fun.threshold(h, 0.5, 0)"),
        ("from torch.nn import init as start", "«start.normal_(h)»", None),
    ],
)
def test_a_module_by_any_name(imported: str, written: str, wanted: str | None) -> None:
    text = f"{imported}\n{IN_A_FUNCTION}"
    assert read(text.format(written), "out-of-place").results() == ([text.format(wanted)] if wanted else [])


def test_a_global_is_not_made_local() -> None:
    text = "import torch\nh = torch.ones(3)\n\ndef f():\n    «h.add_(1)»\n"
    assert read(text, "out-of-place").results() == []
    declared = text.replace("def f():\n", "def f():\n    global h\n")
    assert read(declared, "out-of-place").results() == []


def test_tabs_crlf_and_trailing_comments_stay() -> None:
    text = "import torch\r\n\r\ndef f(x):\r\n\th = x.exp()\r\n\tz = «h.mul_(2)».exp()  # why\r\n\treturn z + h\r\n"
    assert read(text, "out-of-place").results() == [
        "import torch\r\n\r\ndef f(x):\r\n\th = x.exp()\r\n\th = h.mul(2)\r\n\tz = h.exp()  # why\r\n\treturn z + h\r\n"
    ]


def test_attributes_are_rebound_and_never_safe() -> None:
    text = "class M:\n    def f(self, x):\n        self.h = x.exp()\n        «self.h.add_(1)»\n"
    (fix,) = read(text, "out-of-place").fixes()
    assert read(text, "out-of-place").results() == [
        text.replace("«self.h.add_(1)»", "self.h = self.h.add(1)")
    ]
    assert not fix.safe


HELD_ELSEWHERE = [
    "v = h.view(-1)\n    «h.add_(1)»\n    return v",
    "v = h\n    «h.add_(1)»\n    return v",
    "v = h[0]\n    «h += 1»\n    return v + h",
    "v = g(h)\n    «h += 1»\n    return v",
    "outs = []\n    outs.append(h)\n    «h += 1»\n    return outs",
    "outs = {}\n    outs['h'] = h\n    «h += 1»\n    return outs",
    "self.h = h\n    «h += 1»",
    "h = x\n    «h += 1»",  # the caller sees it
    "h = x.detach()\n    «h += 1»",
    "for h in w:\n        «h += 1»",
    "h = self.cache\n    «h += 1»",
    "def later(): return v\n    v = h\n    «h += 1»\n    return later",
    "for _ in range(3):\n        if w: print(v)\n        v = h\n        «h += 1»",
    "«h += 1»\n    return h.grad",
]


@pytest.mark.parametrize("body", HELD_ELSEWHERE)
def test_unsafe_where_somebody_else_may_see_the_write(body: str) -> None:
    (fix,) = read(IN_A_FUNCTION.format(body), "out-of-place").fixes()
    assert not fix.safe


HELD_BY_NOBODY = [
    "v = h * 2\n    «h += 1»\n    return v",
    "v = torch.exp(h)\n    «h += 1»\n    return v",
    "v = h.clone()\n    «h += 1»\n    return v",
    "v = h[0]\n    v = 3\n    «h += 1»\n    return v",
    "h = self.conv(x)\n    residual = x\n    «h += residual»",
    "for step in range(3):\n        h = h * 2\n        «h += 1»",
    "n = h.shape\n    «h += 1»\n    return n",
    "with torch.no_grad():\n        «h += 1»\n    h = 1",
]


@pytest.mark.parametrize("body", HELD_BY_NOBODY)
def test_safe_where_nobody_else_can_see_it(body: str) -> None:
    (fix,) = read(IN_A_FUNCTION.format(body), "out-of-place").fixes()
    assert fix.safe


def test_a_lambda_gives_a_new_tensor_back() -> None:
    """Whoever calls it may hold the old one, so it is not safe."""
    marked = read(IN_A_FUNCTION.format("g = lambda t: «t.clamp_(0, 1)»"), "out-of-place")
    assert marked.results() == [IN_A_FUNCTION.format("g = lambda t: t.clamp(0, 1)")]
    assert [fix.safe for fix in marked.fixes()] == [False]
    assert not read(IN_A_FUNCTION.format("g = lambda t: «t.clamp_(0, 1)» + t"), "out-of-place").fixes()
