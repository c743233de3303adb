#!/usr/bin/env python3
"""One whole PPO update of latent inversion: rollouts, reading, log-probs, advantages, epochs of minibatches.

`--problems` targets (vectors of the reader's width), `--samples` texts each of at most `--tokens` tokens. The policy
sees [INV, W z, SEP] and writes. The reader, a frozen llama of the same shape, reads each text after its problem's
question (`--question` tokens at most, left-padded, its K and V computed once and shared). The reward is the whitened
cosine of readout and target, less .2 where no end was written, and less beta times the KL to a frozen reference, per
token (k1). Advantages by GAE (gamma 1, lambda .95), whitened. Old log-probs and values come from the trainer's own
forward pass. Then `--epochs` epochs of minibatches of `--minibatch` rows, AdamW on all of the policy.
Problems are random ids and targets random vectors: what is timed depends on shapes, not on content.
The prompt is prefilled once a problem and its cache repeated for the samples; sampling is by inverse CDF; all but the
minibatches is under inference_mode. `--last 1` runs the reader's last block after its attention only where needed.
Parts: rollout, reading (questions and texts), logprobs (policy's, reference's, advantages), gradient (all minibatches).

    python3 -B bench/peers/update.py --threads 2
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import ppo
import timing
from decoding import decode
from llama import Llama, Prefix, causal
from reading import make_questions, readouts

PAD, BOT, EOT, EOS, INV, SEP = range(6)
BETA, LAMBDA, MISSING_END = 0.03, 0.95, 0.2


class Policy(nn.Module):
    PROMPT = 3

    def __init__(self, shape):
        super().__init__()
        self.lm = Llama(shape)
        self.inject, self.head = nn.Linear(shape.hidden, shape.hidden), nn.Linear(shape.hidden, 1)

    def prompt(self, targets):
        """[n,d] -> embeddings of INV, the injected target, SEP: [n,3,d]."""
        marks = self.lm.embed(torch.tensor([INV, SEP])).expand(len(targets), 2, -1)
        return torch.cat([marks[:, :1], self.inject(targets)[:, None], marks[:, 1:]], 1)

    def forward(self, targets, ids):
        """[n,d], [n,R] -> logits [n,R,V] and values [n,R] of the response tokens."""
        x = torch.cat([self.prompt(targets), self.lm.embed(ids[:, :-1])], 1)
        hidden = self.lm(x, causal)[:, self.PROMPT - 1 :]
        return self.lm.logits(hidden), self.head(hidden)[..., 0]


def whitened_cosine(readout, target, mean, whiten):
    return F.cosine_similarity((readout - mean) @ whiten, (target - mean) @ whiten, -1)


def advantages_and_returns(rewards, values, mask):
    """GAE under the mask, next value 0 at the end; returns before whitening: both [n,R]."""
    following = torch.zeros(len(rewards))
    next_value, out = torch.zeros(len(rewards)), torch.empty_like(rewards)
    for t in reversed(range(rewards.shape[1])):
        following = (rewards[:, t] + next_value - values[:, t] + LAMBDA * following) * mask[:, t]
        out[:, t], next_value = following, values[:, t] * mask[:, t]
    mean = (out * mask).sum() / mask.sum()
    deviation = (((out - mean) ** 2 * mask).sum() / mask.sum()).sqrt()
    return (out - mean) / (deviation + 1e-8) * mask, out + values


@torch.inference_mode()
def experience(args, policy, reference, reader, problem, constants, lap):
    """Everything before the minibatches: the rows that ppo.loss_and_metrics reads, and the targets they belong to."""
    targets = problem["targets"]
    uniforms = torch.rand(args.tokens, len(targets) * args.samples)
    bans = {"banned": constants["banned"], "banned_first": constants["banned_first"]}
    prompt = policy.prompt(targets)
    ids, _ = decode(policy.lm, prompt, args.tokens, stop=EOS, pad=PAD, uniforms=uniforms, samples=args.samples, **bans)
    lap("rollout")
    wrote, mask = (ids != PAD) & (ids != EOS), (ids != PAD).float()
    targets = targets.repeat_interleave(args.samples, 0)
    prefix = Prefix(reader, problem["questions"], problem["mask"])
    readout = readouts(reader, prefix, ids, wrote.sum(1), args.last)
    score = whitened_cosine(readout, targets, constants["mean"], constants["whiten"])
    score = score - MISSING_END * (ids != EOS).all(1)
    lap("reading")
    logits, values = policy(targets, ids)
    old_logp = ppo.token_log_probs(logits, ids)
    rewards = -BETA * (old_logp - ppo.token_log_probs(reference(targets, ids)[0], ids)) * mask
    rewards[torch.arange(len(ids)), mask.sum(1).long() - 1] += score
    advantages, returns = advantages_and_returns(rewards, values, mask)
    lap("logprobs")
    return {
        "targets": targets,
        "actions": ids,
        "mask": mask,
        "old_logp": old_logp,
        "old_values": values,
        "advantages": advantages,
        "returns": returns,
    }


def learn(args, policy, parameters, optimizer, rows):
    """The epochs of minibatches; the metrics of each minibatch."""
    seen = []
    for _ in range(args.epochs):
        for index in torch.randperm(len(rows["actions"])).split(args.minibatch):
            batch = {name: t[index] for name, t in rows.items()}
            logits, values = policy(batch["targets"], batch["actions"])
            loss, metrics = ppo.loss_and_metrics(logits, values, batch)
            norm = ppo.optimizer_step(loss, parameters, optimizer)
            seen.append(torch.cat([metrics, norm[None]]))
    return torch.stack(seen)


def make_problems(args):
    questions, mask = make_questions(args.problems, args.question, args.vocab)
    return {"questions": questions, "mask": mask, "targets": torch.randn(args.problems, args.hidden)}


def main():
    args = timing.parser(
        __doc__, problems=64, samples=4, tokens=14, question=32, epochs=3, minibatch=128, last=0
    ).parse_args()
    shape = timing.start(args)
    policy, reader = Policy(shape), Llama(shape).eval()
    reference = copy.deepcopy(policy).eval()
    parameters = list(policy.parameters())
    optimizer = ppo.make_optimizer(parameters, lr=0.0)  # steps that lead nowhere: else the texts' lengths would change
    banned = torch.zeros(args.vocab)
    banned[[PAD, BOT, EOT, INV, SEP]] = float("-inf")
    constants = {
        "banned": banned,
        "banned_first": banned.index_fill(0, torch.tensor([EOS]), float("-inf")),
        "mean": 0.1 * torch.randn(args.hidden),
        "whiten": torch.randn(args.hidden, args.hidden) * args.hidden**-0.5,
    }
    pool = [make_problems(args) for _ in range(8)]

    def repeat(lap):
        pool.append(pool.pop(0))
        rows = experience(args, policy, reference, reader, pool[0], constants, lap)
        assert torch.isfinite(learn(args, policy, parameters, optimizer, rows)).all()
        lap("gradient")

    timing.run("update", args, repeat, {"updates": 1, "texts": args.problems * args.samples})


if __name__ == "__main__":
    main()
