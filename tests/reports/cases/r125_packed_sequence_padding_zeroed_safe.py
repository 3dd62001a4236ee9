# class: safe-mask-inplace
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Encoder(nn.Module):
    def __init__(self, vocab=20, emb=6, hid=5):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb, padding_idx=0)
        self.rnn = nn.GRU(emb, hid, batch_first=True)
        self.score = nn.Linear(hid, 1)

    def forward(self, tokens, lengths):
        x = self.emb(tokens)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = self.rnn(packed)
        out, _ = pad_packed_sequence(out, batch_first=True)
        mask = tokens[:, : out.size(1)] == 0
        scores = self.score(out).squeeze(-1)
        scores.masked_fill_(mask, -1e9)
        w = scores.softmax(-1).unsqueeze(-1)
        return (w * out).sum(1)


torch.manual_seed(0)
enc = Encoder()
tokens = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])
lengths = torch.tensor([4, 2])
enc(tokens, lengths).pow(2).sum().backward()
