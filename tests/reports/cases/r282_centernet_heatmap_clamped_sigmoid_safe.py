# class: safe-activation-inplace
import torch
import torch.nn as nn


def _sigmoid(x):
    return torch.clamp(x.sigmoid_(), min=1e-4, max=1 - 1e-4)


def _neg_loss(pred, gt):
    pos, neg = gt.eq(1).float(), gt.lt(1).float()
    w = torch.pow(1 - gt, 4)
    pos_loss = (torch.log(pred) * torch.pow(1 - pred, 2) * pos).sum()
    neg_loss = (torch.log(1 - pred) * torch.pow(pred, 2) * w * neg).sum()
    n = pos.sum()
    loss = 0
    if n == 0:
        loss = loss - neg_loss
    else:
        loss = loss - (pos_loss + neg_loss) / n
    return loss


torch.manual_seed(0)
head = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 1, 1))
head[-1].bias.data.fill_(-2.19)
gt = torch.zeros(1, 1, 5, 5)
gt[0, 0, 2, 2] = 1
out = {"hm": head(torch.randn(1, 2, 5, 5))}
out["hm"] = _sigmoid(out["hm"])
_neg_loss(out["hm"], gt).backward()
