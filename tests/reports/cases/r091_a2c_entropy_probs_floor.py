# class: saved-output-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self, obs=4, n=3):
        super().__init__()
        self.affine = nn.Linear(obs, 12)
        self.action_head, self.value_head = nn.Linear(12, n), nn.Linear(12, 1)
        self.saved_actions, self.rewards, self.ent = [], [], []

    def forward(self, x):
        x = F.relu(self.affine(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


def select_action(model, state):
    probs, value = model(state)
    m = Categorical(probs)
    a = m.sample()
    model.saved_actions.append((m.log_prob(a), value))
    probs += 1e-8
    model.ent.append(-(probs * probs.log()).sum())
    return a.item()


torch.manual_seed(543)
model = Policy()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
for t in range(3):
    select_action(model, torch.randn(4))
    model.rewards.append(1.0)
policy_losses, value_losses = [], []
for (log_prob, value), r in zip(model.saved_actions, model.rewards):
    advantage = r - value.item()
    policy_losses.append(-log_prob * advantage)
    value_losses.append(F.smooth_l1_loss(value, torch.tensor([r])))
loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum() - 0.01 * torch.stack(model.ent).sum()
optimizer.zero_grad()
loss.backward()
optimizer.step()
