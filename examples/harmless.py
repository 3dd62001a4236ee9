"""In-place operations that many articles warn of, and that are right.

Runs, with right gradients; gradsafe says nothing about it. ``+`` and a multiplication by a number save nothing,
``clone()`` saves nothing, and data that needs no gradient may be written as one likes.
"""

import torch
from torch import nn


def main():
    torch.manual_seed(0)
    x = torch.randn(5, requires_grad=True)

    shifted = x + 2
    shifted.add_(1)

    scaled = x * 2
    scaled += 1

    copied = x.clone()
    copied[1:] *= 3

    clipped = x.clone()
    clipped[clipped < 0] = 0

    (shifted.sum() + scaled.sum() + copied.sum() + clipped.pow(2).sum()).backward()
    print("gradient of x:", x.grad)

    batch = torch.randn(4, 3)
    batch[batch > 2] = 0
    batch.sub_(batch.mean()).div_(batch.std())
    layer = nn.Linear(3, 5)
    layer(batch).sum().backward()

    with torch.no_grad():
        for parameter in layer.parameters():
            parameter -= 0.1 * parameter.grad


if __name__ == "__main__":
    main()
