"""A residual block that adds its shortcut in place.

Raises in ``backward()``: ReLU saved its result, and ``out += shortcut`` overwrites that very tensor.
Adding in place *before* the ReLU would be fine; adding out of place is always fine.
"""

import torch
from torch import nn


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        shortcut = x
        out = torch.relu(self.norm1(self.conv1(x)))
        out = torch.relu(self.norm2(self.conv2(out)))
        out += shortcut
        return out


def main():
    torch.manual_seed(0)
    block = ResidualBlock(4)
    images = torch.randn(2, 4, 8, 8)
    loss = block(images).pow(2).mean()
    loss.backward()
    print("gradient norm:", block.conv1.weight.grad.norm().item())


if __name__ == "__main__":
    main()
