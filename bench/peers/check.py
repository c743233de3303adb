#!/usr/bin/env python3
"""Holds the peers to what they claim, in seconds: run it after changing one. Needs transformers as well as torch.

python3 -B bench/peers/check.py
"""

import types

import torch
from transformers import LlamaForCausalLM

import lrm
import ppo
import update
from decoding import decode
from huggingface import config_of
from llama import Adapted, Llama, Prefix, Shape, adapt, causal
from reading import make_questions, readouts

SHAPE = Shape(hidden=64, layers=3, heads=4, intermediate=96, vocab=50)
GROUPED = Shape(hidden=64, layers=3, heads=4, intermediate=96, vocab=50, kv_heads=2)


def same(name, got, expected, tolerance=2e-5):
    error = (got - expected).abs().max().item()
    print(f"{'ok  ' if error <= tolerance else 'FAIL'} {name}: {error:.1e}")
    if error > tolerance:
        raise SystemExit(1)


def twin(model):
    """transformers' model of the same weights: rotary pairs (0,1)(2,3)... become (0,h)(1,h+1)..., h half a head."""
    s = model.shape
    other = LlamaForCausalLM(config_of(s)).eval()
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
                w = w.view(-1, s.head_dim // 2, 2, s.hidden).transpose(1, 2).reshape(w.shape)
            weights[f"model.layers.{i}.{full}.weight"] = w
    other.load_state_dict(weights)
    return other


def grown(model):
    """The same with weights that are further from nothing."""
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(3) if p.dim() == 2 else p.add_(0.3 * torch.randn_like(p))
    return model


@torch.no_grad()
def check_model(kind, shape):
    """Whole passes against transformers', cached decoding against whole passes."""
    model = grown(Llama(shape)).eval()
    ids = torch.randint(6, shape.vocab, (5, 12))
    logits = model.logits(model(model.embed(ids), causal))
    same(f"{kind}: logits as transformers'", logits, twin(model)(input_ids=ids).logits)

    none = torch.zeros(shape.vocab)
    for name, uniforms in (("greedy", None), ("sampled", torch.rand(6, 10))):
        new, logp = decode(model, model.embed(ids), 6, none, -1, 0, uniforms, samples=2)
        whole = torch.cat([ids.repeat_interleave(2, 0), new], 1)
        scores = torch.log_softmax(model.logits(model(model.embed(whole), causal)[:, 11:-1]), -1)
        same(f"{kind}: {name} decoding's log-probs as a whole pass's", logp, scores.gather(-1, new[..., None])[..., 0])
        if uniforms is None:
            same(f"{kind}: greedy decoding takes the best", new, scores.argmax(-1))


@torch.no_grad()
def check_adapters(shape):
    """Adapted linears against the sum of the two matrices."""
    model, ids = Llama(shape), torch.randint(shape.vocab, (2, 7))
    adapt(model, rank=4, alpha=8)
    adapted = [m for m in model.modules() if isinstance(m, Adapted)]
    for m in adapted:
        m.b.normal_(std=0.1)
    hidden = model(model.embed(ids), causal)
    for m in adapted:
        m.weight += 2 * m.b @ m.a
        m.b.zero_()
    same("adapters as if merged into the weights", hidden, model(model.embed(ids), causal))


def check_latent_reasoning(shape):
    """Loss and gradient of both stages against transformers', row by row and without padding or caches."""
    args = types.SimpleNamespace(problems=4, question=12, teacher=9, student=6, prefix=3, latents=2, vocab=shape.vocab)
    model, batch = grown(lrm.Lrm(shape, 2 * shape.hidden)), lrm.make_batch(args)
    other = twin(model.lm)
    other.requires_grad_(False)
    embed = other.get_input_embeddings()
    teacher_nll, student_nll = [], []
    own, goal = ([[] for _ in range(shape.layers + 1)] for _ in range(2))
    for row in range(args.problems):
        asked, told = (batch[name][row] for name in ("question_lengths", "teacher_lengths"))
        question, teacher = batch["ids"][row, :asked], batch["ids"][row, asked : asked + told]
        out = other(input_ids=torch.cat([question, teacher])[None], output_hidden_states=True)
        teacher_nll.append(torch.nn.functional.cross_entropy(out.logits[0, asked - 1 : -1], teacher, reduction="none"))
        before = asked + told - (args.student - args.prefix)  # answer and end are as long in both
        for layer, state in enumerate(out.hidden_states):
            goal[layer].append(state[0, before])
        x = embed(torch.cat([question, torch.tensor([lrm.BOT])]))
        for _ in range(args.latents):
            state = other(inputs_embeds=x[None], output_hidden_states=True).hidden_states[-1][0, -1]
            x = torch.cat([x, model.project(state)[None]])
        student = batch["student"][row]
        out = other(inputs_embeds=torch.cat([x, embed(student)])[None], output_hidden_states=True)
        first = len(x)
        student_nll.append(torch.nn.functional.cross_entropy(out.logits[0, first:-1], student[1:], reduction="none"))
        for layer, state in enumerate(out.hidden_states):
            own[layer].append(state[0, first + args.prefix])
    teacher_loss, student_loss = torch.cat(teacher_nll).mean(), torch.stack(student_nll)
    student_loss = 0.5 * student_loss[:, args.prefix : -1].mean() + 0.5 * student_loss.mean()
    pairs = [(torch.stack(a), torch.stack(b)) for a, b in zip(own, goal, strict=True)]
    apart = [torch.nn.functional.smooth_l1_loss(a, b) / b.std(unbiased=False) for a, b in pairs]
    whole = teacher_loss + student_loss + lrm.DISTILL_WEIGHT * torch.stack(apart).mean()
    same("latent reasoning: loss of stage A as transformers'", lrm.loss_of(model, batch, 0, args.latents), teacher_loss)
    loss = lrm.loss_of(model, batch, 1, args.latents)
    same("latent reasoning: loss of stage B as transformers'", loss, whole)
    weight = model.project[0].weight
    gradients = [torch.autograd.grad(x, weight)[0] for x in (loss, whole)]
    same("latent reasoning: gradient through the latent steps", *gradients)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    check_model("plain", SHAPE)
    check_model("grouped", GROUPED)
    check_adapters(GROUPED)
    check_latent_reasoning(SHAPE)
    model = grown(Llama(SHAPE)).eval()
    with torch.no_grad():
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
