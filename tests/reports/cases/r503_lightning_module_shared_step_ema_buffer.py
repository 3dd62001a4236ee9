# class: buffer-updated-between-passes
import torch
import torch.nn as nn
import torch.nn.functional as F


class LitModel(nn.Module):
    """The LightningModule hooks that matter here."""

    def __init__(self, hparams):
        super().__init__()
        self.hparams = hparams
        self.net = nn.Linear(hparams["in"], hparams["out"])
        self.register_buffer("center", torch.zeros(1, hparams["out"]))

    def training_step(self, batch, batch_idx):
        x1, x2 = batch
        z1, z2 = self.net(x1), self.net(x2)
        loss = self.dino(z1, z2) + self.dino(z2, z1)
        return {"loss": loss}

    def dino(self, s, t):
        shifted = s * self.center + s
        target = F.softmax((t - self.center).detach(), -1)
        self.update_center(t)
        return -(target * F.log_softmax(shifted, -1)).sum(-1).mean()

    @torch.no_grad()
    def update_center(self, t):
        self.center.mul_(0.9).add_(t.mean(0, keepdim=True), alpha=0.1)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams["lr"])


torch.manual_seed(0)
model = LitModel({"in": 3, "out": 4, "lr": 1e-3})
opt = model.configure_optimizers()
for i in range(1):
    out = model.training_step((torch.randn(2, 3), torch.randn(2, 3)), i)
    opt.zero_grad()
    out["loss"].backward()
    opt.step()
