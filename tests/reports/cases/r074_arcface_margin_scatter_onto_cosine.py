# class: index-put-saved-input
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class ArcMarginProduct(nn.Module):
    def __init__(self, in_features, out_features, s=8.0, m=0.5, easy_margin=False):
        super(ArcMarginProduct, self).__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.xavier_uniform_(self.weight)
        self.s, self.m = s, m
        self.cos_m, self.sin_m = math.cos(m), math.sin(m)

    def forward(self, x, label):
        cosine = F.linear(F.normalize(x), F.normalize(self.weight))
        sine = torch.sqrt((1.0 - torch.pow(cosine, 2)).clamp(0, 1))
        phi = cosine * self.cos_m - sine * self.sin_m
        idx = torch.arange(label.numel())
        cosine[idx, label] = phi[idx, label]
        cosine *= self.s
        return cosine


torch.manual_seed(0)
backbone = nn.Linear(6, 4)
head = ArcMarginProduct(4, 5)
x, y = torch.randn(3, 6), torch.tensor([0, 3, 4])
F.cross_entropy(head(backbone(x), y), y).backward()
