# class: recurrence-buffer
import torch
import torch.nn as nn


class Decoder(nn.Module):
    def __init__(self, feat=2, hidden=8):
        super().__init__()
        self.gru = nn.GRUCell(feat, hidden)
        self.fc = nn.Linear(hidden, feat)

    def forward(self, x0, h, steps, teacher=None, ratio=0.0):
        outputs = torch.zeros(steps, x0.size(0), x0.size(1), device=x0.device)
        outputs[0] = x0
        for t in range(1, steps):
            inp = teacher[t - 1] if teacher is not None and t % 2 and ratio > 0 else outputs[t - 1]
            h = self.gru(inp, h)
            outputs[t] = self.fc(h)
        return outputs


torch.manual_seed(0)
dec = Decoder()
y = torch.randn(4, 3, 2)
out = dec(torch.zeros(3, 2), torch.zeros(3, 8), 4, teacher=y, ratio=0.5)
loss = nn.MSELoss()(out, y)
loss.backward()
