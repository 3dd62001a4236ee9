# class: parameter-edit-between
import torch
import torch.nn as nn


def soft_update(target, source, tau):
    for tp, sp in zip(target.parameters(), source.parameters()):
        tp.detach().mul_(1 - tau).add_(sp.detach(), alpha=tau)


class Learner:
    tau = 0.01

    def __init__(self):
        self.world = nn.Linear(3, 3)
        self.v, self.v_targ = nn.Linear(3, 1), nn.Linear(3, 1)
        self.v_targ.load_state_dict(self.v.state_dict())
        self.opt = torch.optim.Adam([*self.world.parameters(), *self.v.parameters()])

    def __call__(self, s, r):
        nxt = torch.tanh(self.world(s))
        target = r + 0.9 * self.v_targ(nxt)
        loss = (self.v(s) - target).square().mean()
        soft_update(self.v_targ, self.v, self.tau)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return float(loss)


torch.manual_seed(0)
learner = Learner()
for _ in range(2):
    learner(torch.randn(4, 3), torch.randn(4, 1))
