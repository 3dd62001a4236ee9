# class: safe-mask
import torch
import torch.nn as nn


class LockedDropout(nn.Module):
    def __init__(self, dropout=None):
        super().__init__()
        self.dropout = dropout

    def forward(self, x):
        if not self.training or not self.dropout:
            return x
        m = x.data.new(1, x.size(1), x.size(2)).bernoulli_(1 - self.dropout)
        mask = m.div_(1 - self.dropout).expand_as(x)
        return mask * x


class WeightDropLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(4, 4)
        self.lock = LockedDropout(0.3)

    def forward(self, x, hid=None):
        raw, hid = self.rnn(self.lock(x), hid)
        return self.lock(raw), raw, hid


torch.manual_seed(0)
m = WeightDropLSTM()
opt = torch.optim.SGD(m.parameters(), lr=1.0)
hid = None
for i in range(2):
    if hid is not None:
        hid = tuple(v.detach() for v in hid)
    out, raw, hid = m(torch.randn(5, 2, 4), hid)
    loss = out.pow(2).mean() + 2.0 * (raw[1:] - raw[:-1]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(m.parameters(), 0.25)
    opt.step()
