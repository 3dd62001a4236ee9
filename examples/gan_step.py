"""A GAN whose discriminator takes its step between the two backward passes.

Raises in ``g_loss.backward()``: the generator's loss was computed with the discriminator's old weights, which
backward needs, and ``d_optimizer.step()`` has changed them in place meanwhile.
"""

import torch
from torch import nn


def main():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8))
    discriminator = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    real = torch.randn(32, 8)
    ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)

    fake = generator(torch.randn(32, 4))
    g_loss = criterion(discriminator(fake), ones)
    d_loss = criterion(discriminator(real), ones) + criterion(discriminator(fake.detach()), zeros)

    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()


if __name__ == "__main__":
    main()
