# class: mask-inplace
import torch
import torch.nn as nn


class RecurrentPolicy(nn.Module):
    def __init__(self, obs, hid, act):
        super().__init__()
        self.lstm = nn.LSTMCell(obs, hid)
        self.pi, self.v = nn.Linear(hid, act), nn.Linear(hid, 1)

    def forward(self, obs, dones, state):
        h, c = state
        logits, values = [], []
        for t, (o, d) in enumerate(zip(obs, dones)):
            if d.any():
                h[d], c[d] = 0.0, 0.0
            h, c = self.lstm(o, (h, c))
            logits.append(self.pi(h))
            values.append(self.v(h))
        return torch.stack(logits), torch.stack(values), (h, c)


torch.manual_seed(0)
policy = RecurrentPolicy(3, 4, 2)
obs = torch.randn(3, 2, 3)
dones = torch.tensor([[False, False], [False, True], [True, False]])
logits, values, state = policy(obs, dones, (torch.zeros(2, 4), torch.zeros(2, 4)))
loss = -logits.log_softmax(-1)[..., 0].mean() + values.pow(2).mean()
loss.backward()
