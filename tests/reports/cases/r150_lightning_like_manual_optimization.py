# class: optimizer-step-between
import torch
import torch.nn as nn


class LightningLite(nn.Module):
    def __init__(self):
        super().__init__()
        self._optimizers = []

    def optimizers(self):
        return self._optimizers

    def manual_backward(self, loss, **kw):
        loss.backward(**kw)

    def fit(self, batches):
        self._optimizers = self.configure_optimizers()
        for i, b in enumerate(batches):
            self.training_step(b, i)


class VAEGAN(LightningLite):
    def __init__(self, hparams):
        super().__init__()
        self.hparams = hparams
        self.enc = nn.Linear(hparams["in"], hparams["z"])
        self.dec = nn.Linear(hparams["z"], hparams["in"])
        self.disc = nn.Sequential(nn.Linear(hparams["in"], 8), nn.ReLU(), nn.Linear(8, 1))

    def configure_optimizers(self):
        ae = torch.optim.Adam([*self.enc.parameters(), *self.dec.parameters()], lr=1e-3)
        d = torch.optim.Adam(self.disc.parameters(), lr=1e-3)
        return [ae, d]

    def training_step(self, batch, batch_idx):
        opt_ae, opt_d = self.optimizers()
        recon = self.dec(torch.tanh(self.enc(batch)))
        d_fake, d_real = self.disc(recon), self.disc(batch)
        d_loss = d_fake.mean() - d_real.mean()
        g_loss = (recon - batch).pow(2).mean() - d_fake.mean()
        opt_d.zero_grad()
        self.manual_backward(d_loss, retain_graph=True)
        opt_d.step()
        opt_ae.zero_grad()
        self.manual_backward(g_loss)
        opt_ae.step()


torch.manual_seed(0)
VAEGAN({"in": 5, "z": 2}).fit(torch.randn(2, 4, 5))
