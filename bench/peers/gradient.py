#!/usr/bin/env python3
"""One PPO gradient step of a tiny llama, all parameters trained: forward, loss, backward, clip by global norm, AdamW.

A row is `--tokens` positions; the first `--prompt` of them are the prompt, the rest the response. The actions are the
response's tokens, predicted one position earlier: logits and values are computed at those positions only, and the last
token is not fed.
Responses have random lengths (right padding, a mask). Entropy, approximate KL and clipped share are computed as
metrics. Attention is scaled_dot_product_attention (causal), AdamW is the fused one.
Parts: forward (with the loss), backward, step (clip and AdamW). Rates: steps, and positions fed, per second.

    python3 -B bench/peers/gradient.py --threads 1                                                 # d 128, 64 x 17
    python3 -B bench/peers/gradient.py --hidden 192 --intermediate 512 --vocab 512 --batch 32 --tokens 48 --prompt 16
"""

import math

import torch
from torch import nn

import ppo
import timing
from llama import Llama, causal


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
    args = timing.parser(__doc__, batch=64, tokens=17, prompt=3).parse_args()
    shape = timing.start(args)
    model, head = Llama(shape), nn.Linear(shape.hidden, 1)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = ppo.make_optimizer(parameters)
    batch = make_batch(args.batch, args.tokens - args.prompt, args.vocab)
    ids = torch.cat([torch.randint(args.vocab, (args.batch, args.prompt)), batch["actions"][:, :-1]], 1)

    def repeat(lap):
        hidden = model(model.embed(ids), causal)[:, args.prompt - 1 :]
        loss, metrics = ppo.loss_and_metrics(model.logits(hidden), head(hidden)[..., 0], batch)
        lap("forward")
        norm = ppo.optimizer_step(loss, parameters, optimizer, lap)
        assert torch.isfinite(norm) and torch.isfinite(metrics).all()

    timing.run("gradient", args, repeat, {"steps": 1, "positions": ids.numel()})


if __name__ == "__main__":
    main()
