# class: safe-data-prep
import torch
import torch.nn as nn
import torch.nn.functional as F


def assign(ious, hi=0.7, lo=0.3):
    labels = torch.full((ious.shape[0],), -1, dtype=torch.long)
    best, arg = ious.max(1)
    labels[best < lo] = 0
    labels[best >= hi] = 1
    labels[ious.argmax(0)] = 1
    pos = torch.nonzero(labels == 1).flatten()
    if pos.numel() > 3:
        labels[pos[3:]] = -1
    return labels, arg


torch.manual_seed(0)
rpn = nn.Conv2d(4, 1, 1)
reg = nn.Conv2d(4, 4, 1)
feat = torch.randn(1, 4, 3, 3)
obj = rpn(feat).flatten()
deltas = reg(feat).permute(0, 2, 3, 1).reshape(-1, 4)
labels, matched = assign(torch.rand(9, 2))
targets = torch.zeros(9, 4)
targets[labels == 1] = torch.randn(2, 4)[matched[labels == 1]]
keep = labels >= 0
cls_loss = F.binary_cross_entropy_with_logits(obj[keep], labels[keep].float())
weights = torch.zeros(9, 4)
weights[labels == 1, :] = 1.0
reg_loss = (F.smooth_l1_loss(deltas, targets, reduction="none") * weights).sum()
(cls_loss + reg_loss).backward()
