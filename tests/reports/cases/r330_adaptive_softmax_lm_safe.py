# class: safe-adaptive
import torch
import torch.nn as nn

torch.manual_seed(0)
emb, rnn = nn.Embedding(30, 8), nn.LSTM(8, 8, batch_first=True)
asm = nn.AdaptiveLogSoftmaxWithLoss(8, 30, cutoffs=[5, 15])
opt = torch.optim.Adam([*emb.parameters(), *rnn.parameters(), *asm.parameters()])
state = None
for i in range(2):
    tok = torch.randint(0, 30, (2, 6))
    out, state = rnn(emb(tok[:, :-1]), state)
    state = tuple(s.detach() for s in state)
    res = asm(out.reshape(-1, 8), tok[:, 1:].reshape(-1))
    opt.zero_grad()
    res.loss.backward()
    opt.step()
