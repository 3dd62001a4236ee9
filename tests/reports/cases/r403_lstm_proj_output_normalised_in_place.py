# class: saved-output-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
lstm = nn.LSTM(3, 6, proj_size=2, batch_first=True)
head = nn.Linear(2, 1)
out, (h, c) = lstm(torch.randn(2, 4, 3))
y = head(out)
out /= out.norm(dim=-1, keepdim=True)
(y.sum() + out.sum()).backward()
