"""A recurrent cell that stores its state with ``.data``.

Raises nothing, and learns nothing: autograd does not see what goes through ``.data``, so the layer that
computes the state gets no gradient at all. (With ``hidden = ...`` it does.)
"""

import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, inputs, state):
        super().__init__()
        self.i2h = nn.Linear(inputs + state, state)
        self.h2o = nn.Linear(state, 1)

    def forward(self, sequence):
        hidden = torch.zeros(sequence.shape[1], self.i2h.out_features)
        for step in sequence:
            combined = torch.cat([step, hidden], dim=1)
            hidden.data = torch.tanh(self.i2h(combined))
        return self.h2o(hidden)


def main():
    torch.manual_seed(0)
    cell = Cell(3, 5)
    loss = cell(torch.randn(7, 2, 3)).pow(2).mean()
    loss.backward()
    print("gradient of i2h:", cell.i2h.weight.grad, "(it should not be None)")


if __name__ == "__main__":
    main()
