# class: recurrence-buffer
import torch
import torch.nn as nn


class StackRNN(nn.Module):
    """Differentiable stack: rows are mixed with the row above, in place."""

    def __init__(self, depth=4, dim=3):
        super().__init__()
        self.act = nn.Linear(dim, 2)
        self.push_val = nn.Linear(dim, dim)
        self.depth, self.dim = depth, dim

    def forward(self, xs):
        stack = torch.zeros(self.depth, self.dim)
        for x in xs:
            push, pop = torch.softmax(self.act(x + stack[0]), dim=0)
            v = torch.sigmoid(self.push_val(x))
            for i in range(self.depth - 1, 0, -1):
                stack[i] = push * stack[i - 1] + pop * stack[i]
            stack[0] = push * v + pop * stack[1]
        return stack[0]


torch.manual_seed(0)
m = StackRNN()
out = m(torch.randn(3, 3))
out.norm().backward()
