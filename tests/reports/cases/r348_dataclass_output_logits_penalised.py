# class: saved-output-inplace
from dataclasses import dataclass, field
from typing import Optional

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Output:
    loss: Optional[torch.Tensor] = None
    logits: Optional[torch.Tensor] = None
    hidden: tuple = field(default_factory=tuple)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x, labels=None):
        h = torch.tanh(x)
        logits = F.log_softmax(self.fc(h), dim=-1)
        loss = None
        if labels is not None:
            loss = F.nll_loss(logits, labels)
        return Output(loss=loss, logits=logits, hidden=(h,))


torch.manual_seed(0)
net = Classifier()
out = net(torch.randn(4, 4), labels=torch.tensor([0, 1, 2, 0]))
out.logits[:, 0] -= 1.0
(out.loss + out.logits.exp().sum() * 0.01).backward()
