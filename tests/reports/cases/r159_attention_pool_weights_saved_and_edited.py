# class: attention-weights-inplace
from typing import Optional

import torch
import torch.nn as nn
from torch import Tensor


class GatedAttentionMIL(nn.Module):
    def __init__(self, d: int = 6, topk: Optional[int] = 2) -> None:
        super().__init__()
        self.V, self.U, self.w = nn.Linear(d, 4), nn.Linear(d, 4), nn.Linear(4, 1)
        self.cls = nn.Linear(d, 1)
        self.topk = topk
        self.last: Optional[Tensor] = None

    def forward(self, bag: Tensor) -> Tensor:
        A = self.w(torch.tanh(self.V(bag)) * torch.sigmoid(self.U(bag))).T
        A = A.softmax(dim=1)
        self.last = A
        if self.topk is not None:
            low = A.argsort(dim=1)[:, : -self.topk]
            A.scatter_(1, low, 0.0)
        return self.cls(A @ bag)


torch.manual_seed(0)
mil = GatedAttentionMIL()
logit = mil(torch.randn(5, 6))
nn.functional.binary_cross_entropy_with_logits(logit, torch.ones(1, 1)).backward()
