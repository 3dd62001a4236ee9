import torch
from torch import nn

import asyncio
async def step(w):
    y = w * 2
    y.mul_(2)
    return y.sum()
def run(n):
    w = torch.rand(4, requires_grad=True)
    asyncio.run(step(w)).backward()
run(3)
