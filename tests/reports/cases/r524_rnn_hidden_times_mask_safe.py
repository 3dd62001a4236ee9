# class: safe-rnn
import torch
import torch.nn as nn


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4)
        for name, param in self.gru.named_parameters():
            if "bias" in name:
                nn.init.constant_(param, 0)
            elif "weight" in name:
                nn.init.orthogonal_(param)
        self.v = nn.Linear(4, 1)

    def _forward_gru(self, x, hxs, masks):
        outputs = []
        for i in range(x.size(0)):
            out, hxs = self.gru(x[i:i + 1], (hxs * masks[i].view(1, -1, 1)))
            outputs.append(out)
        x = torch.cat(outputs, dim=0)
        return self.v(x), hxs


torch.manual_seed(0)
net = ActorCritic()
opt = torch.optim.RMSprop(net.parameters(), eps=1e-5, alpha=0.99)
hxs = torch.zeros(1, 2, 4)
for update in range(2):
    values, hxs = net._forward_gru(torch.randn(3, 2, 3), hxs.detach(), torch.randint(0, 2, (3, 2)).float())
    returns = values.detach() + 1
    adv = returns - values
    opt.zero_grad()
    adv.pow(2).mean().backward()
    opt.step()
