# class: saved-output-inplace
import torch
import torch.nn as nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 4)
        self.rnn = nn.LSTM(4, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, seqs):
        packed = pack_sequence([self.emb(s) for s in seqs])
        y, _ = self.rnn(packed)
        act = torch.sigmoid(y.data)
        tags = self.out(act)
        act.mul_(torch.rand(act.shape).gt(0.5))
        return PackedSequence(tags, y.batch_sizes), act


torch.manual_seed(0)
tags, act = Tagger()([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
padded, lens = pad_packed_sequence(tags, batch_first=True)
(padded.sum() + act.sum()).backward()
