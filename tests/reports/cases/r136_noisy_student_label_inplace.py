# class: saved-index-modified
import torch
import torch.nn as nn
import torch.nn.functional as F


def drop_low_confidence_(labels, conf, thr=0.6):
    labels[conf < thr] = -100
    return labels


torch.manual_seed(0)
teacher, student = nn.Linear(5, 3), nn.Linear(5, 3)
for p in teacher.parameters():
    p.requires_grad = False
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
x = torch.randn(10, 5)
conf, pseudo = teacher(x).softmax(1).max(1)
loss_all = F.cross_entropy(student(x), pseudo)
clean = drop_low_confidence_(pseudo, conf)
loss_clean = F.cross_entropy(student(x + 0.1), clean, ignore_index=-100)
optimizer.zero_grad()
(loss_all + loss_clean).backward()
optimizer.step()
