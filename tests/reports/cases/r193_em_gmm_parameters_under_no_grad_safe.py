# class: safe-no-grad-inference
import torch
import torch.nn as nn


class GMM(nn.Module):
    def __init__(self, k=2, d=2):
        super().__init__()
        self.register_buffer("mu", torch.randn(k, d))
        self.register_buffer("logvar", torch.zeros(k, d))
        self.log_pi = nn.Parameter(torch.zeros(k))

    def log_prob(self, x):
        diff = x.unsqueeze(1) - self.mu
        comp = -0.5 * (diff.pow(2) / self.logvar.exp() + self.logvar).sum(-1)
        return comp + self.log_pi.log_softmax(0)

    @torch.no_grad()
    def em_step(self, x):
        r = self.log_prob(x)
        r -= r.logsumexp(1, keepdim=True)
        r.exp_()
        nk = r.sum(0).unsqueeze(1)
        self.mu.copy_(r.t() @ x / nk)
        var = (r.unsqueeze(-1) * (x.unsqueeze(1) - self.mu).pow(2)).sum(0)
        var /= nk
        self.logvar.copy_(var.clamp_(min=1e-3).log_())


torch.manual_seed(0)
gmm, x = GMM(), torch.randn(20, 2)
opt = torch.optim.SGD(gmm.parameters(), 0.1)
for _ in range(2):
    gmm.em_step(x)
    loss = -gmm.log_prob(x).logsumexp(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
