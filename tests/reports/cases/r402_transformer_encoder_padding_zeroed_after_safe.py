# class: safe-transformer
import torch
import torch.nn as nn


class Encoder(nn.Module):
    def __init__(self, vocab=12, d=8, layers=2):
        super().__init__()
        self.emb = nn.Embedding(vocab, d, padding_idx=0)
        self.pos = nn.Parameter(torch.zeros(1, 16, d))
        nn.init.trunc_normal_(self.pos, std=0.02)
        layer = nn.TransformerEncoderLayer(d, 2, 16, dropout=0.1, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(d, vocab)

    def forward(self, ids):
        pad = ids.eq(0)
        x = self.emb(ids)
        x *= x.size(-1) ** 0.5
        x += self.pos[:, : ids.size(1)]
        y = self.enc(x, src_key_padding_mask=pad)
        y = y.masked_fill(pad.unsqueeze(-1), 0)
        return self.out(y)


torch.manual_seed(0)
ids = torch.randint(1, 12, (2, 5))
ids[1, 3:] = 0
m = Encoder()
logits = m(ids)
loss = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 12), ids[:, 1:].reshape(-1), ignore_index=0)
loss.backward()
