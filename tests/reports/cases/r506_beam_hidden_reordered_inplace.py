# class: saved-input-inplace
import torch
import torch.nn as nn


class BeamState:
    def __init__(self, hidden, scores):
        self.hidden = hidden
        self.scores = scores

    def map_batch_fn(self, fn):
        self.hidden = fn(self.hidden)

    def beam_update(self, idx, positions, beam):
        for e in (self.hidden,):
            sent_states = e[:, :, idx]
            sent_states.copy_(sent_states.index_select(1, positions))


torch.manual_seed(0)
cell, out = nn.GRUCell(2, 4), nn.Linear(4, 5)
beam, batch = 2, 1
h = torch.zeros(beam * batch, 4)
inp = torch.randn(beam * batch, 2)
h = cell(inp, h)
state = BeamState(h.view(1, beam, batch, 4), None)
log_p = out(h).log_softmax(-1)
best, pos = log_p.view(-1).topk(beam)
for b in range(batch):
    state.beam_update(b, pos // 5, beam)
h2 = cell(inp, state.hidden.view(-1, 4))
loss = -(best.sum() + out(h2).log_softmax(-1)[:, 0].sum())
loss.backward()
