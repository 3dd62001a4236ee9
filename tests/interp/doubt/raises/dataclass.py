from dataclasses import dataclass, field

import torch


@dataclass
class State:
    h: torch.Tensor
    hist: list = field(default_factory=list)

    def step(self, w):
        self.hist.append(self.h)
        self.h = (self.h * w).sigmoid()
        self.h.add_(1)


def run(n):
    w = torch.rand(4, requires_grad=True)
    s = State(torch.ones(4))
    for i in range(n):
        s.step(w)
    s.h.sum().backward()


run(3)
