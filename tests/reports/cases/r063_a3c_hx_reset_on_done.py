# class: mask-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class A3C(torch.nn.Module):
    def __init__(self, num_inputs, num_actions):
        super(A3C, self).__init__()
        self.lstm = nn.LSTMCell(num_inputs, 8)
        self.critic_linear = nn.Linear(8, 1)
        self.actor_linear = nn.Linear(8, num_actions)
        self.train()

    def forward(self, inputs):
        x, (hx, cx) = inputs
        hx, cx = self.lstm(x, (hx, cx))
        return self.critic_linear(hx), self.actor_linear(hx), (hx, cx)


def rollout(model, states, dones):
    hx, cx = torch.zeros(1, 8), torch.zeros(1, 8)
    values, log_probs, entropies = [], [], []
    for state, done in zip(states, dones):
        value, logit, (hx, cx) = model((state.unsqueeze(0), (hx, cx)))
        prob, log_prob = F.softmax(logit, dim=-1), F.log_softmax(logit, dim=-1)
        entropies.append(-(log_prob * prob).sum(1, keepdim=True))
        action = prob.multinomial(num_samples=1).detach()
        log_probs.append(log_prob.gather(1, action))
        values.append(value)
        if done:
            hx.zero_()
            cx.zero_()
    return values, log_probs, entropies


torch.manual_seed(0)
model = A3C(4, 2)
values, log_probs, entropies = rollout(model, torch.randn(4, 4), [False, True, False, False])
R, policy_loss, value_loss = torch.zeros(1, 1), 0, 0
for i in reversed(range(len(values))):
    R = 0.99 * R + 1.0
    advantage = R - values[i]
    value_loss = value_loss + 0.5 * advantage.pow(2)
    policy_loss = policy_loss - log_probs[i] * advantage.detach() - 0.01 * entropies[i]
(policy_loss + 0.5 * value_loss).backward()
