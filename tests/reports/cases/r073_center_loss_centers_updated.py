# class: data-write-saved
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class CenterLoss(nn.Module):
    def __init__(self, num_classes=3, feat_dim=2, alpha=0.5):
        super().__init__()
        self.centers = nn.Parameter(torch.randn(num_classes, feat_dim))
        self.alpha = alpha

    def forward(self, feat, labels):
        batch_centers = self.centers.index_select(0, labels)
        loss = (feat * batch_centers).sum(1).mean()
        self.centers.data.index_add_(0, labels, self.alpha * feat.detach())
        return loss


net, center = nn.Linear(4, 2), CenterLoss()
feat = net(torch.randn(5, 4))
sim = feat @ center.centers.t()
loss = F.cross_entropy(sim, torch.tensor([0, 1, 2, 0, 1])) - 0.1 * center(feat, torch.tensor([0, 1, 2, 0, 1]))
loss.backward()
