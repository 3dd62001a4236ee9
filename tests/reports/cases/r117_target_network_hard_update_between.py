# class: load-state-between
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class DQNAgent:
    update_every = 1

    def __init__(self):
        self.q, self.target = (nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)) for _ in range(2))
        self.emb = nn.Linear(3, 4)
        self.opt = torch.optim.Adam(list(self.q.parameters()) + list(self.emb.parameters()))
        self.t = 0

    def learn(self, s, a, r, s2):
        q = self.q(self.emb(s)).gather(1, a)
        nxt = self.target(self.emb(s2)).max(1, keepdim=True)[0]
        loss = F.mse_loss(q, r + 0.99 * nxt)
        self.t += 1
        if self.t % self.update_every == 0:
            self.target.load_state_dict(self.q.state_dict())
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


agent = DQNAgent()
agent.learn(torch.randn(5, 3), torch.randint(0, 2, (5, 1)), torch.randn(5, 1), torch.randn(5, 3))
