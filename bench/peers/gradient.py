#!/usr/bin/env python3
"""One PPO gradient step of a llama: forward, loss, backward, clip by global norm, AdamW.

All parameters are trained, or with `--rank` low-rank adapters on all linears of a frozen model; the injection and the
value head always. A row is `--tokens` positions; three are the prompt (a marker, the injected target, a marker), the
rest the response. The actions are the response's tokens, predicted one position earlier: logits and values are computed
at those positions only, and the last token is not fed.
Responses have random lengths (right padding, a mask). Entropy, approximate KL and clipped share are computed as
metrics. Attention is scaled_dot_product_attention (causal), AdamW is the fused one.
Parts: forward (with the loss), backward, step (clip and AdamW). Rates: steps, and positions fed, per second.

    python3 -B bench/peers/gradient.py --threads 1                                                 # d 128, 64 x 17
    python3 -B bench/peers/gradient.py --batch 4 --tokens 64 --rank 16 \\
        --hidden 576 --layers 30 --heads 9 --kv_heads 3 --intermediate 1536 --vocab 49152                     # 135M
"""

import math

import torch

import ppo
import timing
from llama import adapt
from update import Policy


def make_batch(batch, response, vocab):
    lengths = torch.randint(response // 2, response + 1, (batch,))
    mask = (torch.arange(response) < lengths[:, None]).float()
    near = torch.full((batch, response), -math.log(vocab))
    return {
        "actions": torch.randint(vocab, (batch, response)),
        "mask": mask,
        "old_logp": near + 0.1 * torch.randn(batch, response),
        "old_values": 0.1 * torch.randn(batch, response),
        "advantages": torch.randn(batch, response),
        "returns": torch.randn(batch, response),
    }


def main():
    args = timing.parser(__doc__, batch=64, tokens=17, rank=0).parse_args()
    shape = timing.start(args)
    policy = Policy(shape)
    if args.rank:
        adapt(policy.lm, args.rank, 2 * args.rank)
    parameters = [p for p in policy.parameters() if p.requires_grad]
    optimizer = ppo.make_optimizer(parameters)
    batch = make_batch(args.batch, args.tokens - Policy.PROMPT, args.vocab)
    targets = torch.randn(args.batch, args.hidden)

    def repeat(lap):
        loss, metrics = ppo.loss_and_metrics(*policy(targets, batch["actions"]), batch)
        lap("forward")
        norm = ppo.optimizer_step(loss, parameters, optimizer, lap)
        assert torch.isfinite(norm) and torch.isfinite(metrics).all()

    timing.run("gradient", args, repeat, {"steps": 1, "positions": args.batch * (args.tokens - 1)})


if __name__ == "__main__":
    main()
