# class: optimizer-step-between
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, n_in, n_out):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(n_in, 10)
        self.fc2 = nn.Linear(10, n_out)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


class Agent(object):
    gamma = 0.9

    def __init__(self):
        self.feature = Net(3, 6)
        self.actor = Net(6, 2)
        self.critic = Net(6, 1)
        self.actor_optim = optim.Adam(list(self.feature.parameters()) + list(self.actor.parameters()))
        self.critic_optim = optim.Adam(self.critic.parameters(), lr=1e-2)

    def learn(self, s, a, r, s_):
        feat = self.feature(s)
        v = self.critic(feat)
        with torch.no_grad():
            td_target = r + self.gamma * self.critic(self.feature(s_))
        td = td_target - v
        critic_loss = td.pow(2).mean()
        log_prob = F.log_softmax(self.actor(feat), dim=-1).gather(1, a)
        actor_loss = -(log_prob * td).mean()

        self.critic_optim.zero_grad()
        critic_loss.backward(retain_graph=True)
        self.critic_optim.step()

        self.actor_optim.zero_grad()
        actor_loss.backward()
        self.actor_optim.step()
        return critic_loss.item(), actor_loss.item()


agent = Agent()
for episode in range(2):
    agent.learn(torch.randn(5, 3), torch.randint(0, 2, (5, 1)), torch.randn(5, 1), torch.randn(5, 3))
