# class: optimizer-step-between
import asyncio

import torch
import torch.nn as nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)


async def rollout(steps):
    logps = []
    for _ in range(steps):
        dist = torch.distributions.Categorical(logits=policy(torch.randn(3)))
        a = dist.sample()
        logps.append(dist.log_prob(a))
        await asyncio.sleep(0)
    return logps


async def learn(losses):
    opt.zero_grad()
    losses.backward()
    opt.step()


async def main():
    logps = await rollout(3)
    await learn(-logps[0])
    await learn(-torch.stack(logps[1:]).sum())


asyncio.run(main())
