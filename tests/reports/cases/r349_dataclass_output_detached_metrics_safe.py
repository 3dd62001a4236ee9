# class: safe-dataclass
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass(frozen=True)
class TrainConfig:
    lr: float = 1e-2
    epochs: int = 2
    label_smoothing: float = 0.1
    clip: float | None = 1.0


@dataclass
class StepResult:
    loss: torch.Tensor
    probs: torch.Tensor

    @property
    def accuracy(self):
        return (self.probs > 0.5).float().mean().item()


def train(cfg: TrainConfig):
    net = nn.Sequential(nn.Linear(4, 6), nn.Hardswish(inplace=True), nn.Linear(6, 1))
    opt = torch.optim.SGD(net.parameters(), lr=cfg.lr)
    for _ in range(cfg.epochs):
        y = torch.randint(0, 2, (5, 1)).float()
        logits = net(torch.randn(5, 4))
        target = y * (1 - cfg.label_smoothing) + 0.5 * cfg.label_smoothing
        res = StepResult(F.binary_cross_entropy_with_logits(logits, target), torch.sigmoid(logits.detach()))
        res.probs.clamp_(1e-3, 1 - 1e-3)
        opt.zero_grad()
        res.loss.backward()
        if cfg.clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), cfg.clip)
        opt.step()
    return res.accuracy


torch.manual_seed(0)
print(train(TrainConfig()), asdict(TrainConfig()))
