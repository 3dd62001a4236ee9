# class: own-operand-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Discriminator(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d, 16), nn.Tanh(), nn.Linear(16, 1))

    def grad_pen(self, expert, policy, lambda_=10):
        alpha = torch.rand(expert.size(0), 1)
        mix = alpha * expert + (1 - alpha) * policy
        mix.requires_grad = True
        disc = self.trunk(mix)
        grad = torch.autograd.grad(disc, mix, torch.ones_like(disc), create_graph=True, retain_graph=True, only_inputs=True)[0]
        norm = grad.norm(2, dim=1)
        norm -= 1
        return lambda_ * norm.pow(2).mean()


D = Discriminator(4)
opt = torch.optim.Adam(D.parameters())
expert, policy = torch.randn(6, 4), torch.randn(6, 4)
e_loss = F.binary_cross_entropy_with_logits(D.trunk(expert), torch.ones(6, 1))
p_loss = F.binary_cross_entropy_with_logits(D.trunk(policy), torch.zeros(6, 1))
gp = D.grad_pen(expert, policy)
opt.zero_grad()
(e_loss + p_loss + gp).backward()
opt.step()
