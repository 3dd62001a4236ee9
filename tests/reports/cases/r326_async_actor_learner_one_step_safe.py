# class: safe-async
import asyncio

import torch
import torch.nn as nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)


async def episodes(n):
    for _ in range(n):
        await asyncio.sleep(0)
        yield torch.randn(3)


async def main():
    async for obs in episodes(3):
        dist = torch.distributions.Categorical(logits=policy(obs))
        a = dist.sample()
        loss = -dist.log_prob(a) * 1.5
        opt.zero_grad()
        loss.backward()
        opt.step()


asyncio.run(main())
