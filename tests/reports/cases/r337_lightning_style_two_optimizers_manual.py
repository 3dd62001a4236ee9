# class: optimizer-step-between
import torch
import torch.nn as nn
import torch.nn.functional as F


class LitGAN(nn.Module):
    """What a LightningModule with manual optimisation does, without Lightning."""

    def __init__(self):
        super().__init__()
        self.G, self.D = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
        self._optimizers = self.configure_optimizers()

    def configure_optimizers(self):
        return torch.optim.Adam(self.G.parameters()), torch.optim.Adam(self.D.parameters())

    def optimizers(self):
        return self._optimizers

    def manual_backward(self, loss, **kw):
        loss.backward(**kw)

    def training_step(self, batch, batch_idx):
        opt_g, opt_d = self.optimizers()
        z = torch.randn(batch.size(0), 2)
        fake = self.G(z)
        d_fake = self.D(fake)
        d_loss = F.softplus(-self.D(batch)).mean() + F.softplus(d_fake).mean()
        g_loss = F.softplus(-d_fake).mean()
        opt_d.zero_grad()
        self.manual_backward(d_loss, retain_graph=True)
        opt_d.step()
        opt_g.zero_grad()
        self.manual_backward(g_loss)
        opt_g.step()


torch.manual_seed(0)
lit = LitGAN()
for i in range(2):
    lit.training_step(torch.randn(4, 3), i)
