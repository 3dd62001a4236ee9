# class: attention-weights-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
T = 4.0


def kd_loss(student_logits, teacher_logits, ignore):
    p_t = F.softmax(teacher_logits / T, dim=1)
    log_p_s = F.log_softmax(student_logits / T, dim=1)
    log_p_s[:, ignore] = 0
    return F.kl_div(log_p_s, p_t, reduction="batchmean") * T * T


teacher = nn.Linear(6, 5).requires_grad_(False)
student = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 5))
optim = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
for x in torch.randn(2, 8, 6):
    loss = kd_loss(student(x), teacher(x), ignore=[1, 3])
    optim.zero_grad()
    loss.backward()
    optim.step()
