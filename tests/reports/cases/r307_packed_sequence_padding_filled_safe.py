# class: safe-packed
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(0)
emb = nn.Embedding(20, 6)
gru = nn.GRU(6, 5, batch_first=True)
fc = nn.Linear(5, 1)
params = [*emb.parameters(), *gru.parameters(), *fc.parameters()]
opt = torch.optim.Adam(params, lr=1e-3)
lengths = torch.tensor([5, 3, 2])
for epoch in range(2):
    ids = torch.randint(0, 20, (3, 5))
    packed = pack_padded_sequence(emb(ids), lengths, batch_first=True, enforce_sorted=False)
    out, hn = gru(packed)
    padded, lens = pad_packed_sequence(out, batch_first=True)
    mask = torch.arange(padded.size(1))[None, :] >= lens[:, None]
    padded.masked_fill_(mask.unsqueeze(-1), 0.0)
    loss = fc(padded).squeeze(-1).pow(2).mean() + hn.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
