import torch


class Stack(torch.nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 4) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).sigmoid()
            x += 1
        return x


Stack(3)(torch.rand(2, 4)).sum().backward()
