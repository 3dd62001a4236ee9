# class: attention-weights-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)


class SpeechModel(nn.Module):
    def __init__(self, feats=5, vocab=6):
        super().__init__()
        self.rnn = nn.GRU(feats, 8, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(16, vocab)

    @staticmethod
    def lengths_to_mask(lengths, t):
        return torch.arange(t)[None, :] >= lengths[:, None]

    def forward(self, x, lengths):
        h, _ = self.rnn(x)
        log_probs = self.fc(h).log_softmax(-1)
        pad = self.lengths_to_mask(lengths, x.size(1))
        log_probs.masked_fill_(pad.unsqueeze(-1), 0.0)
        return log_probs


model, ctc = SpeechModel(), nn.CTCLoss(blank=0)
x, lengths = torch.randn(2, 9, 5), torch.tensor([9, 6])
lp = model(x, lengths).transpose(0, 1)
loss = ctc(lp, torch.tensor([[1, 2, 3], [4, 5, 1]]), lengths, torch.tensor([3, 2]))
loss.backward()
