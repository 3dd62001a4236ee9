# class: safe-python
from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
import torch.nn as nn

if TYPE_CHECKING:
    from torch import Tensor

    INPLACE = True
else:
    INPLACE = False


@runtime_checkable
class Scorer(Protocol):
    def score(self, x: Tensor) -> Tensor: ...


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def score(self, x: Tensor) -> Tensor:
        s = torch.sigmoid(self.fc(x))
        if INPLACE:
            s.mul_(2)
        return s


def run(scorer: Scorer) -> None:
    assert isinstance(scorer, Scorer)
    scorer.score(torch.randn(2, 3)).sum().backward()


torch.manual_seed(0)
run(Linear())
