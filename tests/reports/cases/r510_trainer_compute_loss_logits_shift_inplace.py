# class: saved-output-inplace
from dataclasses import dataclass
from typing import Optional

import torch
import torch.nn as nn


@dataclass
class CausalLMOutput:
    loss: Optional[torch.Tensor] = None
    logits: Optional[torch.Tensor] = None


class TinyLM(nn.Module):
    def __init__(self, vocab=7, d=4):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.lm_head = nn.Linear(d, vocab)

    def forward(self, input_ids=None, labels=None, **kwargs):
        logits = self.lm_head(torch.tanh(self.embed(input_ids)))
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, logits.size(-1)), labels[:, 1:].reshape(-1))
        return CausalLMOutput(loss=loss, logits=logits)


class DistillTrainer:
    def __init__(self, model, teacher, optimizer, alpha=0.5):
        self.model, self.teacher, self.optimizer, self.alpha = model, teacher, optimizer, alpha

    def compute_loss(self, model, inputs, return_outputs=False):
        outputs = model(**inputs)
        with torch.no_grad():
            teacher_logits = self.teacher(input_ids=inputs["input_ids"]).logits
        probs = nn.functional.softmax(outputs.logits, dim=-1)
        probs[..., 0] = 0
        kd = (probs - teacher_logits.softmax(-1)).abs().sum(-1).mean()
        loss = self.alpha * outputs.loss + (1 - self.alpha) * kd
        return (loss, outputs) if return_outputs else loss

    def training_step(self, inputs):
        self.model.train()
        loss = self.compute_loss(self.model, inputs)
        loss.backward()
        return loss.detach()

    def train(self, batches):
        for inputs in batches:
            self.training_step(inputs)
            self.optimizer.step()
            self.optimizer.zero_grad()


torch.manual_seed(0)
student, teacher = TinyLM(), TinyLM().eval()
ids = torch.randint(0, 7, (2, 5))
DistillTrainer(student, teacher, torch.optim.AdamW(student.parameters())).train([{"input_ids": ids, "labels": ids}])
