#!/usr/bin/env python3
"""One training step of a latent-reasoning model (CODI, arXiv 2502.21074): loss, backward, clip by global norm, AdamW.

Stage A learns the explicit chain (the teacher): cross-entropy of chain and answer after the question. Stage B
(`--student_too 1`) adds the student: after the question the start mark, `--latents` steps whose input is the projected
last state, then end mark, answer prefix and answer, with cross-entropy and a smooth-L1 distance of its states before
the answer to the teacher's, in all layers.
A row is question and teacher beside each other, right-padded, read in one causal pass: no mask, and the question is read
once for both. The student's attention is over the question's K and V, the latent steps' and its own, with a mask.
Parts: forward (with the loss), backward, step (clip and AdamW).

    python3 -B bench/peers/lrm.py
    python3 -B bench/peers/lrm.py --student_too 1 --threads 2
"""

import torch
import torch.nn.functional as F
from torch import nn

import ppo
import timing
from llama import Llama, attention, causal

BOT, EOT, FIRST = 3, 4, 7
ANSWER_WEIGHT, DISTILL_WEIGHT = 0.5, 20.0


class Lrm(nn.Module):
    def __init__(self, shape, width):
        super().__init__()
        self.lm = Llama(shape)
        self.project = nn.Sequential(
            nn.Linear(shape.hidden, width), nn.GELU(), nn.Linear(width, shape.hidden), nn.LayerNorm(shape.hidden)
        )


def make_batch(args):
    """Questions of 7/8 to all of their width, chains too; the answer and its end are as long in teacher and student."""
    B = args.problems
    asked, told = (torch.randint(width - width // 8, width + 1, (B,)) for width in (args.question, args.teacher))
    student = torch.randint(FIRST, args.vocab, (B, args.student))
    student[:, 0] = EOT
    return {
        "ids": torch.randint(FIRST, args.vocab, (B, args.question + args.teacher)),
        "question_lengths": asked,
        "teacher_lengths": told,
        "before_answer": asked + told - (args.student - args.prefix),  # the last place before it, in `ids`
        "student": student,
        "prefix": args.prefix,
    }


def nll(lm, hidden, ids):
    """[B,T,d], [B,T] -> [B,T]."""
    return -ppo.token_log_probs(lm.logits(hidden), ids)


def loss_of(model, batch, student_too, latents):
    lm, ids, asked, told = model.lm, batch["ids"], batch["question_lengths"], batch["teacher_lengths"]
    rows, places = torch.arange(len(ids))[:, None], torch.arange(int(told.max()))
    width = int(asked.max())
    keys, values, teacher_states = [], [], []

    def reading(layer, q, k, v):
        keys.append(k[:, :width])
        values.append(v[:, :width])
        return causal(layer, q, k, v)

    hidden = lm(lm.embed(ids[:, :-1]), reading, states=teacher_states)
    told_at = (asked[:, None] + places).clamp(max=ids.shape[1] - 1)
    mask = (places < told[:, None]).float()
    teacher_loss = (nll(lm, hidden[rows, told_at - 1], ids[rows, told_at]) * mask).sum() / mask.sum()
    if not student_too:
        return teacher_loss

    unseen = torch.zeros(len(ids), width).masked_fill(torch.arange(width) >= asked[:, None], float("-inf"))

    def read_on(x, thoughts, states=None):
        """Embeddings [B,T,d] after the question and `thoughts` others -> hidden states; their K and V are kept."""
        T = x.shape[1]
        over = torch.triu(torch.full((T, T), float("-inf")), 1)
        parts = [unseen[:, None, None].expand(-1, 1, T, -1), over.new_zeros(len(x), 1, T, thoughts)]
        mask = torch.cat([*parts, over.expand(len(x), 1, T, T)], -1)

        def attend(layer, q, k, v):
            keys[layer], values[layer] = torch.cat([keys[layer], k], 1), torch.cat([values[layer], v], 1)
            return attention(q, keys[layer], values[layer], attn_mask=mask)

        return lm(x, attend, asked[:, None] + thoughts + torch.arange(T), states=states)

    x = lm.embed(torch.full((len(ids), 1), BOT))
    for thoughts in range(latents + 1):
        state = read_on(x, thoughts)
        x = model.project(state) if thoughts < latents else lm.embed(batch["student"][:, :-1])
    states, prefix = [], batch["prefix"]
    per_token = nll(lm, read_on(x, latents + 1, states), batch["student"][:, 1:])
    student_loss = ANSWER_WEIGHT * per_token[:, prefix:-1].mean() + (1 - ANSWER_WEIGHT) * per_token.mean()
    distances = []
    for own, teacher in zip(states, teacher_states, strict=True):
        goal = teacher[rows[:, 0], batch["before_answer"]].detach()
        distances.append(F.smooth_l1_loss(own[:, prefix], goal) / goal.std(unbiased=False))
    return teacher_loss + student_loss + DISTILL_WEIGHT * torch.stack(distances).mean()


def main():
    sizes = dict(problems=64, question=28, teacher=20, student=7, prefix=4, latents=4, student_too=0)
    args = timing.parser(__doc__, **sizes).parse_args()
    shape = timing.start(args)
    model = Lrm(shape, 2 * shape.hidden)
    parameters = list(model.parameters())
    optimizer = ppo.make_optimizer(parameters, lr=7e-4)
    batch = make_batch(args)

    def repeat(lap):
        loss = loss_of(model, batch, args.student_too, args.latents)
        lap("forward")
        assert torch.isfinite(ppo.optimizer_step(loss, parameters, optimizer, lap))

    timing.run("lrm", args, repeat, {"steps": 1})


if __name__ == "__main__":
    main()
