"""Texts that nobody writes, and that come all the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

SAVES = "import torch\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\ny.add_(1)\ny.sum().backward()\n"


def texts() -> Iterator[tuple[str, str]]:
    """By name."""
    yield from _large()
    yield from _deep()
    yield from _deep_values()
    yield from _odd()
    yield from _random()


def _large() -> Iterator[tuple[str, str]]:
    yield "one line of a megabyte", "x = [" + "1, " * 350_000 + "]\n" + SAVES
    yield "one word of a megabyte", "x" * 1_000_000 + "\n" + SAVES
    yield "one string of a megabyte", '"""' + "word " * 200_000 + '"""\n' + SAVES


def _deep() -> Iterator[tuple[str, str]]:
    for mark in "([{":
        yield f"5,000 nested {mark}", SAVES + mark * 5_000
    yield "5,000 nested, closed", SAVES + "y = " + "(" * 5_000 + "x" + ")" * 5_000 + "\n"
    yield (
        "5,000 nested functions",
        SAVES + "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(300)) + " " * 300 + "pass\n",
    )
    yield "5,000 clauses", SAVES + "if x:\n    pass\n" + "elif y:\n    y.add_(1)\n" * 5_000
    yield "5,000 links", SAVES + "z = x" + ".exp()" * 5_000 + "\n"
    yield "5,000 operands", SAVES + "z = x" + " + x" * 5_000 + "\n"
    yield (
        "2,000 functions that call each other",
        "import torch\n"
        + "".join(
            f"def f{each}(x):\n    x.add_(1)\n    return f{(each * 7 + 1) % 2_000}(x.exp())\n"
            for each in range(2_000)
        ),
    )
    yield (
        "a class that inherits from itself",
        SAVES + "class A(B):\n    pass\nclass B(A):\n    pass\nB().f(x)\n",
    )
    yield (
        "500 classes deep",
        "class C0:\n    def f(self, x):\n        return x.exp()\n"
        + "".join(f"class C{each + 1}(C{each}):\n    pass\n" for each in range(500))
        + SAVES
        + "C500().f(x)\n",
    )


def _deep_values() -> Iterator[tuple[str, str]]:
    """Made by long programs, not by nested text: what goes through them is compiled code, which knows no limit of recursion."""
    for step in ("x = (x,)", "x = [x]", "x = {1: x}", "x = x.a", "x = x == y", "x = x(x)", "x = slice(x, x)",
                 "x = partial(x, 1)", "x = (x, x)", "x = torch.stack(x)", "x = x.view(3)", "x = lambda x=x: x"):  # fmt: skip
        body = f"    {step}\n" * 4_000
        yield (
            f"{step} 4,000 times",
            f"from functools import partial\n{SAVES}def f(x, y):\n{body}    print(x == x, hash(x), str(x))\n    return x\nf(x, (x,))\n",
        )


def _odd() -> Iterator[tuple[str, str]]:
    yield "nulls", SAVES.replace("y", "y\0")
    yield "form feeds", "\f" + SAVES.replace("\n", "\n\f")
    yield "CRLF", SAVES.replace("\n", "\r\n")
    yield "CR", SAVES.replace("\n", "\r")
    yield (
        "mixed ends",
        "\n".join(line + "\r" * (row % 3 == 0) for row, line in enumerate(SAVES.split("\n"))).replace(
            "exp()\n", "exp()\r"
        ),
    )
    yield "names in every script", SAVES.replace("x", "ἄλφα").replace("y", "变量")
    yield "compatible names", SAVES.replace("x =", "ｘ =").replace("y.add_", "𝐲.add_")
    yield "lone surrogates", SAVES + "z = '\ud800'\n# \udfff\n"
    yield "marks of direction", SAVES.replace("y.add_", "\u202ey.add_")
    yield (
        "newer syntax",
        SAVES
        + 'def f[T: (int, str) = int](x: T) -> T: ...\ntype A[*Ts] = tuple[*Ts]\nt"{x!r:>{y}}"\ntry: pass\nexcept A, B: pass\n',
    )
    yield "older syntax", SAVES + "print 'a'\nexec 'b' in c\nraise E, 'd'\n`x`\n0777\n"


def _random() -> Iterator[tuple[str, str]]:
    rng = random.Random(5)
    for number in range(12):
        size = rng.choice((10, 300, 4_000))
        yield f"random bytes {number}", bytes(rng.randrange(256) for _ in range(size)).decode("latin-1")
        yield (
            f"random marks {number}",
            "".join(rng.choice("()[]{}:,.'\"\\\n\t #@=xy_1*&é\0\f") for _ in range(size)),
        )
