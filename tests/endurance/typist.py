"""Somebody who edits a file: types words letter by letter, deletes, pastes, undoes, breaks the syntax and mends it."""

from __future__ import annotations

import random
from collections.abc import Sequence

WORDS = (
    "    y.add_(1)\n", "    y = y.exp()\n", "    return y\n", "x.detach().zero_()\n", "import torch\n", "from torch import nn\n",
    "def first(x):\n    return x\n", "class Net(nn.Module):\n    pass\n", "with torch.no_grad():\n    w.add_(1)\n", "    y.backward()\n",
    "for i in range(2):\n    w.mul_(2)\n", "  # gradsafe: ignore\n", "# gradsafe: ignore-file\n", "LIMIT = 1\n", "        self.x += 1\n",
    "    yield x\n", "@torch.no_grad()\n", "try:\n    pass\nfinally:\n    pass\n", "# %%\n", "lambda é: é\n", "\f\n", "\r\n",
)  # fmt: skip
BREAKS = (
    "(",
    "[",
    "{",
    '"',
    "'",
    '"""',
    "\\",
    ":",
    ")",
    "def ",
    "class ",
    "\t",
    "if x:\n",
    "\0",
    "\ufeff",
    "f'{",
)
"""What makes a text broken, or may."""


class Typist:
    """``text`` is what the file holds. The same seed types the same."""

    def __init__(self, text: str, rng: random.Random, pasted: Sequence[str] = ()) -> None:
        self.text = text
        self._original = text
        self._rng = rng
        self._pasted = [*pasted, text]
        self._before: list[str] = []
        self._typing: tuple[int, str] | None = None

    def step(self) -> str:
        """One edit; what the text is then."""
        self._before = [*self._before[-40:], self.text]
        if self._typing is not None and self._rng.random() < 0.9:
            self._type()
            return self.text
        self._typing = None
        act = self._rng.choices((self._start, self._delete, self._paste, self._undo, self._break, self._restore), (40, 20, 12, 14, 12, 2))[0]  # fmt: skip
        act()
        if len(self.text) > 3 * len(self._original) + 2_000:
            self._restore()
        return self.text

    def _start(self) -> None:
        """A word, at the beginning of a line."""
        self._typing = (self._line_start(), self._rng.choice(WORDS))
        self._type()

    def _type(self) -> None:
        assert self._typing is not None
        at, word = self._typing
        self.text = self.text[:at] + word[0] + self.text[at:]
        self._typing = (at + 1, word[1:]) if len(word) > 1 else None

    def _delete(self) -> None:
        at = self._rng.randrange(len(self.text) + 1)
        if self._rng.random() < 0.4:
            start, end = self._line_start(), self._line_start()
            self.text = (
                self.text[: min(start, end)] + self.text[max(start, end) :]
                if abs(start - end) < 600
                else self.text
            )
        else:
            self.text = self.text[:at] + self.text[at + self._rng.choice((1, 1, 1, 5, 40)) :]

    def _paste(self) -> None:
        lines = self._rng.choice(self._pasted).splitlines(keepends=True)
        row = self._rng.randrange(len(lines) + 1)
        at = self._line_start()
        self.text = self.text[:at] + "".join(lines[row : row + self._rng.randrange(1, 9)]) + self.text[at:]

    def _undo(self) -> None:
        self.text = self._rng.choice(self._before[-12:])

    def _break(self) -> None:
        at = self._rng.randrange(len(self.text) + 1)
        self.text = self.text[:at] + self._rng.choice(BREAKS) + self.text[at:]

    def _restore(self) -> None:
        self.text = self._original

    def _line_start(self) -> int:
        at = self._rng.randrange(len(self.text) + 1)
        return self.text.rfind("\n", 0, at) + 1
