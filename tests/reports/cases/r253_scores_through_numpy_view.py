# class: numpy-write
import torch
import torch.nn as nn


def suppress(boxes, scores, thr=0.5):
    s = scores.detach().cpu().numpy()
    for i in range(len(s)):
        if s[i] < thr:
            s[i] = 0.0
    return boxes * scores.unsqueeze(1)


torch.manual_seed(0)
head = nn.Linear(4, 5)
out = head(torch.randn(6, 4))
scores, boxes = torch.sigmoid(out[:, 0]), out[:, 1:]
kept = suppress(boxes, scores)
kept.pow(2).sum().backward()
