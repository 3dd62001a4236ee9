"""A small classifier with an in-place activation behind a sigmoid.

Raises in ``backward()``: Sigmoid saved its result, which the in-place ReLU then writes. The same ReLU behind the
linear layer is harmless, as a linear layer saves its input and not its result.
"""

import torch
from torch import nn


def main():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 16),
        nn.ReLU(inplace=True),
        nn.Linear(16, 16),
        nn.Sigmoid(),
        nn.ReLU(inplace=True),
        nn.Linear(16, 3),
    )
    loss = nn.functional.cross_entropy(model(torch.randn(10, 6)), torch.randint(0, 3, (10,)))
    loss.backward()
    print("gradient norm:", model[0].weight.grad.norm().item())


if __name__ == "__main__":
    main()
