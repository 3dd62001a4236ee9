# class: safe-amp
import torch
import torch.nn as nn


class Trainer:
    def __init__(self, model, lr=1e-3, accum=2, use_amp=False):
        self.model, self.accum = model, accum
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr)
        self.scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
        self.use_amp = use_amp
        self.ema = {k: v.detach().clone() for k, v in model.state_dict().items()}

    def update_ema(self, d=0.9):
        for k, v in self.model.state_dict().items():
            self.ema[k].mul_(d).add_(v, alpha=1 - d)

    def fit(self, batches):
        for i, (x, y) in enumerate(batches, 1):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.use_amp):
                loss = nn.functional.mse_loss(self.model(x), y) / self.accum
            self.scaler.scale(loss).backward()
            if i % self.accum:
                continue
            self.scaler.unscale_(self.opt)
            nn.utils.clip_grad_value_(self.model.parameters(), 0.5)
            self.scaler.step(self.opt)
            self.scaler.update()
            self.opt.zero_grad(set_to_none=True)
            self.update_ema()


torch.manual_seed(0)
Trainer(nn.Sequential(nn.Linear(2, 4), nn.Mish(inplace=True), nn.Linear(4, 1))).fit(
    [(torch.randn(3, 2), torch.randn(3, 1)) for _ in range(4)]
)
