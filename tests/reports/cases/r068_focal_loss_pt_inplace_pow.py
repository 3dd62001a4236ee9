# class: saved-input-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class FocalLoss(nn.Module):
    def __init__(self, alpha=0.25, gamma=2, reduction="mean"):
        super().__init__()
        self.alpha, self.gamma, self.reduction = alpha, gamma, reduction

    def forward(self, inputs, targets):
        p = torch.sigmoid(inputs)
        ce = F.binary_cross_entropy(p, targets, reduction="none")
        p_t = p * targets + (1 - p) * (1 - targets)
        mod = (1 - p_t).pow_(self.gamma)
        p.clamp_(1e-6, 1 - 1e-6)
        loss = ce * mod
        return loss.mean() if self.reduction == "mean" else loss.sum()


logits = nn.Linear(4, 1)(torch.randn(6, 4))
fl = FocalLoss()
fl(logits, torch.randint(0, 2, (6, 1)).float()).backward()
