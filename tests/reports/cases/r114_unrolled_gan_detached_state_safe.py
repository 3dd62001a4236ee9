# class: safe-optimizer-order
import torch
import torch.nn as nn

torch.manual_seed(0)


class RNNGen(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.fc = nn.LSTM(2, 6, batch_first=True), nn.Linear(6, 1)

    def forward(self, z, state=None):
        out, state = self.rnn(z, state)
        return self.fc(out), state


def detach(state):
    return tuple(s.detach() for s in state)


gen, disc = RNNGen(), nn.Sequential(nn.Flatten(), nn.Linear(5, 1))
g_opt, d_opt = torch.optim.RMSprop(gen.parameters()), torch.optim.RMSprop(disc.parameters())
bce, state = nn.BCEWithLogitsLoss(), None
for chunk in torch.randn(3, 4, 5, 2):
    fake, state = gen(chunk, state)
    state = detach(state)
    d_loss = bce(disc(torch.randn(4, 5, 1)), torch.ones(4, 1)) + bce(disc(fake.detach()), torch.zeros(4, 1))
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = bce(disc(fake), torch.ones(4, 1))
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
