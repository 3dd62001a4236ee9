# class: same-graph-twice
import torch
import torch.nn as nn
import torch.nn.functional as F


class ICM(nn.Module):
    def __init__(self, o=4, a=2, f=5):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(o, f), nn.ELU())
        self.fwd, self.inv = nn.Linear(f + a, f), nn.Linear(2 * f, a)

    def forward(self, s, s2, a):
        p, p2 = self.phi(s), self.phi(s2)
        onehot = F.one_hot(a, 2).float()
        return self.fwd(torch.cat([p, onehot], 1)), p2, self.inv(torch.cat([p, p2], 1))


torch.manual_seed(0)
icm, policy = ICM(), nn.Linear(4, 2)
icm_opt, pi_opt = torch.optim.Adam(icm.parameters()), torch.optim.Adam(policy.parameters())
s, s2, a = torch.randn(6, 4), torch.randn(6, 4), torch.randint(0, 2, (6,))
pred, target, logits = icm(s, s2, a)
intrinsic = 0.5 * (pred - target).pow(2).sum(1)
icm_loss = intrinsic.mean() + F.cross_entropy(logits, a)
icm_opt.zero_grad()
icm_loss.backward()
icm_opt.step()
logp = policy(s).log_softmax(1).gather(1, a[:, None]).squeeze(1)
pi_loss = -(logp * intrinsic).mean()
pi_opt.zero_grad()
pi_loss.backward()
pi_opt.step()
