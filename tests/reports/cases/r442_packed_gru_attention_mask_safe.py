# class: safe-packed
import torch
import torch.nn as nn
from torch.nn.utils import rnn as rnn_utils


class Attn(nn.Module):
    def __init__(self, vocab=10, d=4):
        super().__init__()
        self.emb = nn.Embedding(vocab, d, padding_idx=0)
        self.gru = nn.GRU(d, d, bidirectional=True, batch_first=True)
        self.score = nn.Linear(2 * d, 1)
        self.cls = nn.Linear(2 * d, 2)

    def forward(self, x):
        lens = x.ne(0).sum(1)
        packed = rnn_utils.pack_padded_sequence(self.emb(x), lens.cpu(), batch_first=True, enforce_sorted=False)
        out, h = self.gru(packed)
        out, _ = rnn_utils.pad_packed_sequence(out, batch_first=True, total_length=x.size(1))
        s = self.score(out).squeeze(-1)
        s.masked_fill_(x.eq(0), float("-inf"))
        a = s.softmax(-1)
        ctx = (a.unsqueeze(-1) * out).sum(1)
        ctx += torch.cat([h[0], h[1]], -1)
        return self.cls(ctx)


torch.manual_seed(0)
x = torch.tensor([[1, 2, 3, 0], [4, 5, 6, 7]])
net = Attn()
nn.functional.cross_entropy(net(x), torch.tensor([0, 1])).backward()
