# class: safe-preallocated-output
import torch
import torch.nn as nn


class Seq2Seq(nn.Module):
    def __init__(self, feat=2, hidden=8):
        super().__init__()
        self.encoder = nn.GRU(feat, hidden)
        self.cell = nn.GRUCell(feat, hidden)
        self.fc_out = nn.Linear(hidden, feat)

    def forward(self, src, trg, teacher_forcing_ratio=0.5):
        trg_len, batch, feat = trg.shape
        outputs = torch.zeros(trg_len, batch, feat)
        _, hidden = self.encoder(src)
        hidden = hidden.squeeze(0)
        inp = trg[0, :]
        for t in range(1, trg_len):
            hidden = self.cell(inp, hidden)
            output = self.fc_out(hidden)
            outputs[t] = output
            teacher_force = torch.rand(1).item() < teacher_forcing_ratio
            inp = trg[t] if teacher_force else output
        return outputs


torch.manual_seed(0)
model = Seq2Seq()
optimizer = torch.optim.Adam(model.parameters())
for _ in range(2):
    src, trg = torch.randn(5, 3, 2), torch.randn(4, 3, 2)
    optimizer.zero_grad()
    output = model(src, trg)
    loss = nn.functional.mse_loss(output[1:].view(-1, 2), trg[1:].view(-1, 2))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
