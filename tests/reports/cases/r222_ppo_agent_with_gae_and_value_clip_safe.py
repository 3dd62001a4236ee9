# class: safe-data-prep
import torch
import torch.nn as nn
from torch.distributions import Categorical


class Memory:
    def __init__(self):
        self.data = {k: [] for k in ("obs", "act", "logp", "rew", "val", "done")}

    def add(self, **kw):
        for k, v in kw.items():
            self.data[k].append(v)

    def get(self, last_val, gamma=0.99, lam=0.95):
        d = {k: torch.stack([torch.as_tensor(x, dtype=torch.float32) for x in v]) for k, v in self.data.items()}
        adv = torch.zeros_like(d["rew"])
        gae = 0.0
        for t in reversed(range(len(d["rew"]))):
            nxt = last_val if t == len(d["rew"]) - 1 else d["val"][t + 1]
            delta = d["rew"][t] + gamma * nxt * (1 - d["done"][t]) - d["val"][t]
            gae = delta + gamma * lam * (1 - d["done"][t]) * gae
            adv[t] = gae
        d["ret"] = adv + d["val"]
        adv -= adv.mean()
        adv /= adv.std() + 1e-8
        d["adv"] = adv
        return d


class Agent(nn.Module):
    def __init__(self, o=3, a=2):
        super().__init__()
        self.pi = nn.Sequential(nn.Linear(o, 8), nn.Tanh(), nn.Linear(8, a))
        self.v = nn.Sequential(nn.Linear(o, 8), nn.Tanh(), nn.Linear(8, 1))

    @torch.no_grad()
    def act(self, obs):
        dist = Categorical(logits=self.pi(obs))
        a = dist.sample()
        return a, dist.log_prob(a), self.v(obs).squeeze(-1)

    def evaluate(self, obs, act):
        dist = Categorical(logits=self.pi(obs))
        return dist.log_prob(act), dist.entropy(), self.v(obs).squeeze(-1)


torch.manual_seed(0)
agent, mem = Agent(), Memory()
opt = torch.optim.Adam(agent.parameters(), 3e-4)
obs = torch.randn(3)
for t in range(4):
    a, lp, v = agent.act(obs)
    mem.add(obs=obs, act=a, logp=lp, rew=float(t), val=v, done=0.0)
    obs = torch.randn(3)
d = mem.get(0.0)
for epoch in range(2):
    lp, ent, v = agent.evaluate(d["obs"], d["act"].long())
    ratio = (lp - d["logp"]).exp()
    surr = torch.min(ratio * d["adv"], ratio.clamp(0.8, 1.2) * d["adv"])
    loss = -surr.mean() + 0.5 * (v - d["ret"]).pow(2).mean() - 0.01 * ent.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
