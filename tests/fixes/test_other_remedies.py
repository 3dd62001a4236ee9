"""Before and after of every remedy but the out-of-place rewrite."""

from __future__ import annotations

import pytest
from marked import plain, read

from gradsafe.syntax.chunk import build
from gradsafe.syntax.suppressions import find

HEAD = (
    "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\ndef f(x, w):\n    h = x.exp()\n"
)

CASES: list[tuple[str, str, str]] = [
    ("clone-before-write", "    «h[0] = 1»  # first\n", "    h = h.clone()\n    h[0] = 1  # first\n"),
    ("clone-before-write", "    «h.view(-1)[0].add_(1)»\n", "    h = h.clone()\n    h.view(-1)[0].add_(1)\n"),
    (
        "clone-before-write",
        "    «h += (\n        1\n    )»\n",
        "    h = h.clone()\n    h += (\n        1\n    )\n",
    ),
    ("clone-before-write", "    z = 1; «h += 1»\n", "    z = 1; h = h.clone(); h += 1\n"),
    ("clone-before-write", "    if w: «h += 1»\n", "    if w: h = h.clone(); h += 1\n"),
    (
        "clone-before-write",
        "    if «h.add_(1)».sum():\n        pass\n",
        "    h = h.clone()\n    if h.add_(1).sum():\n        pass\n",
    ),
    ("clone-before-write", "    while «h.add_(1)».sum():\n        pass\n", ""),
    ("clone-before-write", "    if w: pass\n    elif «h.add_(1)».sum(): pass\n", ""),
    ("clone-before-write", "    «torch.exp(h).add_(1)»\n", ""),
    ("clone-before-write", "    z = «act(h)»\n", "    z = act(h.clone())\n"),
    ("clone-at-save", "    z = ‹h.pow(2)›\n    «h += 1»\n", "    z = h.clone().pow(2)\n    h += 1\n"),
    (
        "clone-at-save",
        "    z = ‹h * h›  # square\n    «h += 1»\n",
        "    z = h.clone() * h.clone()  # square\n    h += 1\n",
    ),
    (
        "clone-at-save",
        "    z = ‹torch.matmul(w, h)›\n    «h += 1»\n",
        "    z = torch.matmul(w, h.clone())\n    h += 1\n",
    ),
    ("clone-at-save", "    ‹h = w.exp()›\n    «h[0] = 1»\n", "    h = w.exp().clone()\n    h[0] = 1\n"),
    ("clone-at-save", "    h = ‹1 / w›\n    «h[0] = 1»\n", "    h = (1 / w).clone()\n    h[0] = 1\n"),
    (
        "clone-at-save",
        "    z = ‹h[1:].exp()›\n    «h[0] = 1»\n",
        "    z = h[1:].clone().exp()\n    h[0] = 1\n",
    ),
    ("clone-at-save", "    ‹h.sigmoid_()›\n    «h[0] = 1»\n", ""),
    ("inplace-false", "    act = «nn.ReLU(inplace=True)»\n", "    act = nn.ReLU()\n"),
    ("inplace-false", "    act = «nn.ReLU(True)»\n", "    act = nn.ReLU()\n"),
    ("inplace-false", "    act = «nn.ReLU(inplace=w)»\n", "    act = nn.ReLU()\n"),
    ("inplace-false", "    act = «nn.Dropout(0.5, True)»\n", "    act = nn.Dropout(0.5)\n"),
    ("inplace-false", "    act = «nn.ELU(inplace=True, alpha=2)»\n", "    act = nn.ELU(alpha=2)\n"),
    (
        "inplace-false",
        "    act = nn.Sequential(\n        nn.Sigmoid(),\n        «nn.ReLU(inplace=True)»,  # fast\n    )\n",
        "    act = nn.Sequential(\n        nn.Sigmoid(),\n        nn.ReLU(),  # fast\n    )\n",
    ),
    ("inplace-false", "    act = «nn.ReLU()»\n", ""),
    ("inplace-false", "    act = «nn.ReLU(\n        inplace=True,\n    )»\n", "    act = nn.ReLU()\n"),
    (
        "inplace-false",
        "    act = «nn.ELU(\n        inplace=True,\n        alpha=2,\n    )»\n",
        "    act = nn.ELU(\n        alpha=2,\n    )\n",
    ),
    (
        "inplace-false",
        "    act = «nn.ELU(\n        2,\n        inplace=True,\n    )»\n",
        "    act = nn.ELU(\n        2,\n    )\n",
    ),
    (
        "inplace-false",
        "    act = «nn.ReLU(\n        inplace=True,  # saves memory\n    )»\n",
        "    act = nn.ReLU(\n        inplace=False,  # saves memory\n    )\n",
    ),
    ("no-grad-block", "    «w -= 1»  # step\n", "    with torch.no_grad():\n        w -= 1  # step\n"),
    (
        "no-grad-block",
        "    a -= w.grad\n    «b -= (\n        w.grad\n    )»\n    b.grad.zero_()  # at last\n    # the rest\n    c -= w.grad\n",
        (
            "    with torch.no_grad():\n        a -= w.grad\n        b -= (\n            w.grad\n        )\n"
            "        b.grad.zero_()  # at last\n    # the rest\n    c -= w.grad\n"
        ),
    ),
    (
        "no-grad-block",
        "    for _ in w:\n        a -= w.grad\n        # the bias, too\n        «b -= w.grad»\n        print(b)\n",
        (
            "    for _ in w:\n        a -= w.grad\n        # the bias, too\n"
            "        with torch.no_grad():\n            b -= w.grad\n        print(b)\n"
        ),
    ),
    (
        "no-grad-block",
        "    if w:\n        «w.zero_()»\n",
        "    if w:\n        with torch.no_grad():\n            w.zero_()\n",
    ),
    (
        "no-grad-block",
        "    if w: «w.zero_()»  # now\n",
        "    if w:\n        with torch.no_grad():\n            w.zero_()  # now\n",
    ),
    ("no-grad-block", "    if w: pass\n    elif x: «w.zero_()»\n", ""),
    ("no-grad-block", "    if w: x = w.sum(); «w.zero_()»\n", ""),
    (
        "no-grad-block",
        "    a.mul_(2); «b.zero_()»  # both\n",
        "    with torch.no_grad():\n        a.mul_(2); b.zero_()  # both\n",
    ),
    (
        "no-grad-block",
        "    «w.fill_(g('''a\nb'''))»\n",
        "    with torch.no_grad():\n        w.fill_(g('''a\nb'''))\n",
    ),
    ("data-to-detach-or-rebind", "    «h.data = torch.tanh(x)»  # new\n", "    h = torch.tanh(x)  # new\n"),
    ("data-to-detach-or-rebind", "    «h.data» = h.data * w\n", "    h = h * w\n"),
    ("data-to-detach-or-rebind", "    «h.data.mul_(2)»\n", "    h = h.mul(2)\n"),
    ("data-to-detach-or-rebind", "    «h.data.mul_(2).add_(1)»\n", "    h = h.mul(2).add(1)\n"),
    ("data-to-detach-or-rebind", "    «h.data[0] = 1»\n", "    h = h.clone()\n    h[0] = 1\n"),
    ("data-to-detach-or-rebind", "    «h.data += h.data - 1»\n", "    h = h + (h - 1)\n"),
    (
        "data-to-detach-or-rebind",
        "    «w.data -= w.grad»\n",
        "    with torch.no_grad():\n        w -= w.grad\n",
    ),
    (
        "data-to-detach-or-rebind",
        "    «w.data = w.data - w.grad»\n",
        "    with torch.no_grad():\n        w.copy_(w - w.grad)\n",
    ),
    ("data-to-detach-or-rebind", "    «h.data.copy_(x)»\n", ""),
    ("data-to-detach-or-rebind", "    «h += 1»\n", ""),
    (
        "retain-graph",
        "    ⟨h.backward()⟩\n    «h.backward()»\n",
        "    h.backward(retain_graph=True)\n    h.backward()\n",
    ),
    (
        "retain-graph",
        "    ⟨h.backward(w)⟩\n    «h.backward()»\n",
        "    h.backward(w, retain_graph=True)\n    h.backward()\n",
    ),
    (
        "retain-graph",
        "    ⟨h.backward(retain_graph=False)⟩\n    «h.backward()»\n",
        "    h.backward(retain_graph=True)\n    h.backward()\n",
    ),
    (
        "retain-graph",
        "    ⟨torch.autograd.grad(\n        h,\n        w,  # leaf\n    )⟩\n    «h.backward()»\n",
        (
            "    torch.autograd.grad(\n        h,\n        w,  # leaf\n        retain_graph=True,\n    )\n"
            "    h.backward()\n"
        ),
    ),
    (
        "detach",
        "    for x in w:\n        h = torch.tanh(h + x)\n        «⟨h.backward()⟩»  # frees\n    return h\n",
        (
            "    for x in w:\n        h = torch.tanh(h + x)\n        h.backward()  # frees\n        h = h.detach()\n"
            "    return h\n"
        ),
    ),
    (
        "detach",
        (
            "    for x in w:\n        y, (h, c) = lstm(x, (h, c))\n        total = total + y.item()\n        n += 1\n"
            "        «⟨y.backward()⟩»\n"
        ),
        (
            "    for x in w:\n        y, (h, c) = lstm(x, (h, c))\n        total = total + y.item()\n        n += 1\n"
            "        y.backward()\n        h = h.detach()\n        c = c.detach()\n"
        ),
    ),
    ("detach", "    ⟨h.backward()⟩\n    «h.backward()»\n", ""),
    ("out-of-place", "    with torch.no_grad():\n        «h.mul_(2)»\n        w = 1\n    return h\n", ""),
    ("clone-before-write", "    with torch.no_grad():\n        «h[0] = 1»\n    return h\n", ""),
    ("suppress", "    «h += 1»\n", "    h += 1  # gradsafe: ignore[saved-tensor-modified]\n"),
    ("suppress", "    «h += 1»  # why\n", "    h += 1  # why  # gradsafe: ignore[saved-tensor-modified]\n"),
    (
        "suppress",
        "    «h += 1»  # gradsafe: ignore[a, b]\n",
        "    h += 1  # gradsafe: ignore[a, b, saved-tensor-modified]\n",
    ),
    ("suppress", "    «h += 1»  # gradsafe: ignore[saved-tensor-modified]\n", ""),
    ("suppress", "    «h += 1»  # gradsafe: ignore\n", ""),
    (
        "suppress",
        "    «h += (\n        1\n    )»\n",
        "    h += (\n        1\n    )  # gradsafe: ignore[saved-tensor-modified]\n",
    ),
    (
        "suppress",
        "    «h.add_(g('''\n#'''))»\n",
        "    h.add_(g('''\n#'''))  # gradsafe: ignore[saved-tensor-modified]\n",
    ),
    (
        "suppress",
        "    z = 1; «h += 1»; y = '#'\n",
        "    z = 1; h += 1; y = '#'  # gradsafe: ignore[saved-tensor-modified]\n",
    ),
    (
        "suppress",
        "    if «h.add_(1)».sum():  # test\n        pass\n",
        "    if h.add_(1).sum():  # test  # gradsafe: ignore[saved-tensor-modified]\n        pass\n",
    ),
    (
        "suppress",
        "    @decorate(«h.add_(1)»)\n    def g(): pass\n",
        "    @decorate(h.add_(1))  # gradsafe: ignore[saved-tensor-modified]\n    def g(): pass\n",
    ),
]
IN_FILE = "# gradsafe: ignore-file[saved-tensor-modified]"
WHOLE_FILES = [
    ("import torch\n\n«h.add_(1)»\n", f"{IN_FILE}\nimport torch\n\nh.add_(1)\n"),
    (
        "#!/usr/bin/python\n# (c) me\n\nimport torch\n«h.add_(1)»\n",
        f"#!/usr/bin/python\n# (c) me\n\n{IN_FILE}\nimport torch\nh.add_(1)\n",
    ),
    (
        '"""What it\nis for."""\n\nimport torch\n«h.add_(1)»\n',
        f'"""What it\nis for."""\n\n{IN_FILE}\nimport torch\nh.add_(1)\n',
    ),
    (
        "@decorated\r\ndef f(h):\r\n    «h.add_(1)»\r\n",
        f"{IN_FILE}\r\n@decorated\r\ndef f(h):\r\n    h.add_(1)\r\n",
    ),
    ("(\n\nimport torch\n«h.add_(1)»\n", f"(\n\n{IN_FILE}\nimport torch\nh.add_(1)\n"),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("remedy", "before", "after"), CASES, ids=[f"{r}: {plain(b)!r}" for r, b, _ in CASES]
)
def test_case(remedy: str, before: str, after: str, ending: str) -> None:
    marked = read((HEAD + before).replace("\n", ending), remedy, subject="h")
    wanted = [(HEAD + after).replace("\n", ending)] if after else []
    assert marked.results() == wanted
    for result in marked.results():
        compile(result, "fixed.py", "exec")
    assert not any(fix.preferred for fix in marked.fixes())


@pytest.mark.parametrize(
    ("remedy", "body", "code", "safe"),
    [
        ("clone-before-write", "    «h[0] = 1»\n", "saved-tensor-modified", True),
        (
            "clone-before-write",
            "    v = h[1]\n    «h[0] = 1»\n    return v\n",
            "saved-tensor-modified",
            False,
        ),
        (
            "clone-at-save",
            "    v = h[1]\n    z = ‹h.pow(2)›\n    «h += 1»\n    return v\n",
            "saved-tensor-modified",
            True,
        ),
        ("no-grad-block", "    «w -= 0.1 * w.grad»\n", "leaf-modified", True),
        ("no-grad-block", "    «w.normal_()»\n", "leaf-modified", True),
        ("no-grad-block", "    «w += 1»\n", "leaf-modified", False),
        ("no-grad-block", "    «h.zero_()»\n", "saved-tensor-modified", False),
        (
            "inplace-false",
            "    a = nn.Sequential(nn.Sigmoid(), «nn.ReLU(True)»)\n",
            "saved-tensor-modified",
            True,
        ),
        (
            "inplace-false",
            "    a = nn.Sequential(nn.Identity(), «nn.ReLU(True)»)\n",
            "saved-tensor-modified",
            False,
        ),
        ("inplace-false", "    a = nn.Sequential(«nn.ReLU(True)»)\n", "saved-tensor-modified", False),
        ("inplace-false", "    a = «nn.ReLU(True)»\n", "saved-tensor-modified", False),
        ("data-to-detach-or-rebind", "    «h.data = w»\n", "data-bypasses-autograd", False),
        ("retain-graph", "    ⟨h.backward()⟩\n    «h.backward()»\n", "graph-freed", False),
        ("detach", "    for _ in w:\n        h = act(h)\n        «⟨h.backward()⟩»\n", "graph-freed", False),
        ("suppress", "    «h += 1»\n", "leaf-modified", True),
    ],
)
def test_safe(remedy: str, body: str, code: str, safe: bool) -> None:
    (fix,) = read(HEAD + body, remedy, code=code, subject="h").fixes()
    assert fix.safe is safe


def test_no_torch_no_block() -> None:
    text = "from torch import nn\n\ndef f(w):\n    «w -= w.grad»\n"
    assert read(text, "no-grad-block").results() == []
    known_as = text.replace("from torch import nn", "import torch as th")
    assert "    with th.no_grad():\n        w -= w.grad\n" in read(known_as, "no-grad-block").results()[0]


def test_a_module_built_elsewhere_is_fixed_where_it_is_built() -> None:
    text = "import torch.nn as nn\nact = «nn.ReLU(inplace=True)»\ndef f(x):\n    return act(x)\n"
    assert "act = nn.ReLU()\n" in read(text, "inplace-false").results()[0]


def test_an_in_place_module_may_get_a_copy() -> None:
    text = "import torch.nn as nn\nact = «nn.ReLU(inplace=True)»\ndef f(x):\n    h = x.exp()\n    return ⟦act(h)⟧\n"
    assert "return act(h.clone())\n" in read(text, "clone-before-write").results()[0]


def test_a_write_that_autograd_should_see_leaves_no_grad() -> None:
    text = HEAD + "    with torch.no_grad():\n        «h[:, w] = 0»  # dead\n    return h\n"
    marked = read(text, "out-of-place", code="data-bypasses-autograd")
    assert marked.results() == [HEAD + "    h[:, w] = 0  # dead\n    return h\n"]
    assert not marked.fixes()[0].safe


@pytest.mark.parametrize(
    ("remedy", "body", "wanted"),
    [
        ("out-of-place", "    hs = [h]\n    «hs[0] += 1»\n", "    hs = [h]\n    hs[0] = hs[0] + 1\n"),
        (
            "out-of-place",
            "    hs = [h for _ in w]\n    «hs[0].add_(1)»\n",
            "    hs = [h for _ in w]\n    hs[0] = hs[0].add(1)\n",
        ),
        (
            "clone-before-write",
            "    hs = [h]\n    «hs[0] += 1»\n",
            "    hs = [h]\n    hs[0] = hs[0].clone()\n    hs[0] += 1\n",
        ),
        ("clone-before-write", "    hs = h.chunk(2)\n    «hs[0].add_(1)»\n", None),
        ("clone-before-write", "    hs = [h]\n    «hs[0] = 1»\n", None),
    ],
)
def test_items_of_lists_are_bound_anew_and_those_of_tuples_are_not(
    remedy: str, body: str, wanted: str | None
) -> None:
    marked = read(HEAD + body, remedy)
    assert marked.results() == ([HEAD + wanted] if wanted is not None else [])
    assert not any(fix.safe for fix in marked.fixes())


@pytest.mark.parametrize(
    "body",
    [
        "    p = torch.ones(3, requires_grad=True)\n    «p.add_(1)»\n    return p.grad\n",
        "    p = torch.ones(3, requires_grad=True)\n    for _ in range(3):\n        «p.add_(1)»\n",
        "    for p in w.parameters():\n        «p.add_(1)»\n",
        "    «w.layer.scale.add_(1)»\n",
    ],
)
def test_a_leaf_that_is_wanted_as_a_leaf_is_not_bound_anew(body: str) -> None:
    for remedy in ("out-of-place", "clone-before-write"):
        assert read(HEAD + body, remedy, code="leaf-modified").results() == []


def test_a_parameter_of_a_module_is_not_bound_to_a_plain_tensor() -> None:
    for remedy in ("out-of-place", "clone-before-write"):
        assert read(HEAD + "    «w.fc.weight.mul_(2)»\n", remedy).results() == []


def test_an_inference_tensor_is_copied_where_it_would_be_saved() -> None:
    text = HEAD + "    return «-h * w.unsqueeze(1)»\n"
    marked = read(text, "clone-at-save", code="inference-tensor-saved", subject="w.unsqueeze(1)")
    assert marked.results() == [HEAD + "    return -h * w.unsqueeze(1).clone()\n"]


def test_the_flag_of_a_module_is_no_flag_of_a_function() -> None:
    text = HEAD + "    drop = «nn.Dropout(w, inplace=True)»\n    return ⟦drop(h)⟧\n"
    assert read(text, "clone-before-write").results() == [
        HEAD + "    drop = nn.Dropout(w, inplace=True)\n    return drop(h.clone())\n"
    ]


@pytest.mark.parametrize(("before", "after"), WHOLE_FILES)
def test_a_rule_is_disabled_in_the_whole_file(before: str, after: str) -> None:
    marked = read(before, "suppress-in-file")
    assert marked.results() == [after]
    [given] = find(build("model.py", after))
    assert given.covers("saved-tensor-modified", None)
