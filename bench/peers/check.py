#!/usr/bin/env python3
"""Holds the peers to what they claim, in seconds: run it after changing one. Needs transformers as well as torch.

python3 -B bench/peers/check.py
"""

import types

import torch
from transformers import LlamaConfig, LlamaForCausalLM

import ppo
import update
from decoding import decode
from llama import Llama, Prefix, Shape, causal
from reading import make_questions, readouts

SHAPE = Shape(hidden=64, layers=3, heads=4, intermediate=96, vocab=50)


def same(name, got, expected, tolerance=2e-5):
    error = (got - expected).abs().max().item()
    print(f"{'ok  ' if error <= tolerance else 'FAIL'} {name}: {error:.1e}")
    if error > tolerance:
        raise SystemExit(1)


def twin(model):
    """transformers' model of the same weights: rotary pairs (0,1)(2,3)... become (0,h)(1,h+1)..., h half a head."""
    s = model.shape
    config = LlamaConfig(
        vocab_size=s.vocab,
        hidden_size=s.hidden,
        intermediate_size=s.intermediate,
        num_hidden_layers=s.layers,
        num_attention_heads=s.heads,
        num_key_value_heads=s.heads,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
    )
    other = LlamaForCausalLM(config).eval()
    names = {
        "q": "self_attn.q_proj",
        "k": "self_attn.k_proj",
        "v": "self_attn.v_proj",
        "o": "self_attn.o_proj",
        "gate": "mlp.gate_proj",
        "up": "mlp.up_proj",
        "down": "mlp.down_proj",
        "norm1": "input_layernorm",
        "norm2": "post_attention_layernorm",
    }
    weights = {
        "model.embed_tokens.weight": model.embed.weight,
        "lm_head.weight": model.embed.weight,
        "model.norm.weight": model.norm.weight,
    }
    for i, block in enumerate(model.blocks):
        for short, full in names.items():
            w = getattr(block, short).weight
            if short in "qk":
                w = w.view(s.heads, -1, 2, s.hidden).transpose(1, 2).reshape(w.shape)
            weights[f"model.layers.{i}.{full}.weight"] = w
    other.load_state_dict(weights)
    return other


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Llama(SHAPE).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(3) if p.dim() == 2 else p.add_(0.3 * torch.randn_like(p))
    ids = torch.randint(6, SHAPE.vocab, (5, 12))
    with torch.no_grad():
        hidden = model(model.embed(ids), causal)
        same("logits as transformers'", model.logits(hidden), twin(model)(input_ids=ids).logits)

        none = torch.zeros(SHAPE.vocab)
        for name, uniforms in (("greedy", None), ("sampled", torch.rand(6, 10))):
            new, logp = decode(model, model.embed(ids), 6, none, -1, 0, uniforms, samples=2)
            whole = torch.cat([ids.repeat_interleave(2, 0), new], 1)
            scores = torch.log_softmax(model.logits(model(model.embed(whole), causal)[:, 11:-1]), -1)
            same(f"{name} decoding's log-probs as a whole pass's", logp, scores.gather(-1, new[..., None])[..., 0])
            if uniforms is None:
                same("greedy decoding takes the best", new, scores.argmax(-1))

        questions, mask = make_questions(3, 16, SHAPE.vocab)
        texts, lengths = torch.randint(1, SHAPE.vocab, (6, 7)), torch.tensor([7, 3, 1, 5, 7, 2])
        prefix = Prefix(model, questions, mask)
        alone = torch.stack(
            [
                model(model.embed(torch.cat([questions[i // 2][mask[i // 2]], texts[i, : lengths[i]]])[None]), causal)[
                    0, -1
                ]
                for i in range(6)
            ]
        )
        for prune in (0, 1):
            same(
                f"readouts as of each text read alone (--last {prune})",
                readouts(model, prefix, texts, lengths, prune),
                alone,
            )

    args = types.SimpleNamespace(tokens=8, samples=2, last=0, epochs=1, minibatch=6)
    policy = update.Policy(SHAPE)
    banned = torch.zeros(SHAPE.vocab)
    problem = {"questions": questions, "mask": mask, "targets": torch.randn(3, SHAPE.hidden)}
    constants = {
        "banned": banned,
        "banned_first": banned,
        "mean": torch.zeros(SHAPE.hidden),
        "whiten": torch.eye(SHAPE.hidden),
    }
    rows = update.experience(args, policy, policy, model, problem, constants, lambda _: None)
    metrics = update.learn(args, policy, list(policy.parameters()), ppo.make_optimizer(policy.parameters()), rows)
    same("first minibatch: approximate KL and clipped share are 0", metrics[0, 3:5], torch.zeros(2))


if __name__ == "__main__":
    main()
