#!/usr/bin/env python3
"""Writes the golden values that src/lm is tested against. Run once; its output is committed.

    python tools/golden.py [--out src/lm/fixtures]          (torch 2.13, transformers 5.23, safetensors, numpy)

Two tiny random llama models, both with grouped-query attention (4 heads over 2 key-value heads) and norm weights that
are not ones: `llama-gqa-tied` (config.json as transformers 4 writes it: top-level `rope_theta`) and `llama-gqa-untied`
(as transformers 5 writes it: `rope_parameters`). The values are transformers' own (LlamaForCausalLM, eager attention,
float32, CPU, fixed seeds). Each folder holds

  config.json          the model, Hugging Face convention
  model.safetensors    its weights, float32, Hugging Face names (`lm_head.weight` only where untied)
  golden.safetensors   integers are I32, everything else F32; B rows of T tokens, V vocabulary, d hidden, L layers:
    input_ids, attention_mask, position_ids  [B,T]   rows 0-1 full, 2-3 left-padded, 4-5 right-padded; padding is id 0,
                                                     positions are cumsum(mask) - 1, at least 0
    hidden_states    [L+1,B,T,d]  as `output_hidden_states` gives them: the embeddings, each block's output, and last
                                  (in place of the last block's output) the state after the final norm
    logits           [B,T,V]
    labels           [B,T]        labels[b,t] is what logits[b,t] should predict (nothing is shifted)
    label_mask       [B,T]        1 where the label counts; never at padding
    loss             [1]          sum(label_mask * -log softmax(logits)[labels]) / sum(label_mask)
    grad.<name>                   d loss / d parameter, for every tensor of model.safetensors
    generate.input_ids, generate.attention_mask  [3,P]   left-padded prompts
    generate.new_ids     [3,N]    greedy continuation; 0 after the stop id
    generate.stop_id     [1]      the id that ends a row (it is kept); one row stops early, one never does

Values at padding mean nothing: hidden_states and logits are zeroed there, so compare under attention_mask. Greedy
choices are won by a margin that float32 noise cannot turn (checked here).
"""

import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

VOCAB, HIDDEN, INTERMEDIATE, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 40, 32, 48, 2, 4, 2, 8
PAD, NEW_TOKENS, LEAST_MARGIN = 0, 12, 1e-2
KEPT = (
    "model_type vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads "
    "head_dim max_position_embeddings hidden_act rms_norm_eps rope_parameters attention_bias mlp_bias "
    "tie_word_embeddings pad_token_id bos_token_id eos_token_id"
).split()


def make_config(tied):
    return LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=HIDDEN,
        intermediate_size=INTERMEDIATE,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        head_dim=HEAD_DIM,
        max_position_embeddings=64,
        rms_norm_eps=1e-5 if tied else 1e-6,
        tie_word_embeddings=tied,
        pad_token_id=PAD,
        bos_token_id=1,
        eos_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0 if tied else 5000.0},
    )


def config_json(config):
    """What config.json holds: the tied model's in the form of transformers 4, the untied one's in that of 5."""
    content = {key: value for key, value in config.to_dict().items() if key in KEPT}
    content["architectures"] = ["LlamaForCausalLM"]
    if config.tie_word_embeddings:
        content["rope_theta"] = content.pop("rope_parameters")["rope_theta"]
        content["rope_scaling"] = None
        content["torch_dtype"] = "float32"
    else:
        content["dtype"] = "float32"
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def make_model(tied, seed):
    generator = torch.Generator().manual_seed(seed)
    model = LlamaForCausalLM._from_config(make_config(tied), attn_implementation="eager").float().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            p.copy_(1 + 0.3 * noise if p.dim() == 1 else noise * (0.5 if "embed" in name else 1.3 * p.shape[1] ** -0.5))
    return model


def rows(lengths, width, sides, generator):
    """Random ids (never padding, bos or eos) of the given lengths in rows of `width`, with their mask."""
    ids, mask = torch.full((len(lengths), width), PAD), torch.zeros(len(lengths), width, dtype=torch.long)
    for row, (length, side) in enumerate(zip(lengths, sides, strict=True)):
        span = slice(width - length, width) if side == "left" else slice(0, length)
        ids[row, span] = torch.randint(3, VOCAB, (length,), generator=generator)
        mask[row, span] = 1
    return ids, mask


def positions_of(mask):
    return (mask.cumsum(1) - 1).clamp(min=0)


def forward_and_gradients(model, generator):
    ids, mask = rows([11, 11, 7, 3, 8, 5], 11, ["left"] * 4 + ["right"] * 2, generator)
    positions = positions_of(mask)
    labels = torch.randint(0, VOCAB, ids.shape, generator=generator)
    label_mask = mask * (torch.rand(ids.shape, generator=generator) < 0.7)
    out = model(input_ids=ids, attention_mask=mask, position_ids=positions, output_hidden_states=True)
    logp = torch.log_softmax(out.logits, -1).gather(-1, labels[..., None])[..., 0]
    loss = -(logp * label_mask).sum() / label_mask.sum()
    loss.backward()
    hidden = torch.stack(out.hidden_states)
    assert hidden.shape[0] == LAYERS + 1 and label_mask.sum() > 10
    assert torch.equal(model.lm_head(hidden[-1]), out.logits), "the last hidden state must be after the final norm"
    golden = dict(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        labels=labels,
        label_mask=label_mask,
        hidden_states=hidden * mask[None, :, :, None],
        logits=out.logits * mask[:, :, None],
        loss=loss[None],
    )
    return golden | {f"grad.{name}": p.grad for name, p in model.named_parameters()}


@torch.no_grad()
def greedy(model, ids, mask):
    """Plain greedy decoding without a cache: new ids [B,NEW_TOKENS], the least margin of a choice over the next."""
    new, margins = [], []
    for _ in range(NEW_TOKENS):
        logits = model(input_ids=ids, attention_mask=mask, position_ids=positions_of(mask)).logits[:, -1]
        best = logits.topk(2).values
        margins.append((best[:, 0] - best[:, 1]).min().item())
        new.append(logits.argmax(-1))
        ids, mask = torch.cat([ids, new[-1][:, None]], 1), torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
    return torch.stack(new, 1), min(margins)


def stop_id_of(new):
    """An id that some row first writes half way and another row never writes."""
    for row in new.tolist():
        for at, token in enumerate(row):
            if 3 <= at <= NEW_TOKENS - 4 and token not in row[:at] and any(token not in r for r in new.tolist()):
                return token
    raise SystemExit("no such stop id: change the seed")


def generation(model, generator):
    ids, mask = rows([6, 4, 2], 6, ["left"] * 3, generator)
    new, margin = greedy(model, ids, mask)
    assert margin > LEAST_MARGIN, f"a greedy choice is won by {margin:.1e} only: change the seed"
    assert not (new == PAD).any(), "padding must not be a real choice: change the seed"
    stop = stop_id_of(new)
    cut = new.clone()
    for row in cut:
        at = (row == stop).nonzero()
        if len(at):
            row[at[0, 0] + 1 :] = PAD
    cached = model.generate(
        input_ids=ids,
        attention_mask=mask,
        do_sample=False,
        max_new_tokens=NEW_TOKENS,
        eos_token_id=stop,
        pad_token_id=PAD,
    )[:, ids.shape[1] :]
    assert torch.equal(cached, cut), "transformers' generate must agree"
    return {
        "generate.input_ids": ids,
        "generate.attention_mask": mask,
        "generate.new_ids": cut,
        "generate.stop_id": torch.tensor([stop]),
    }


def stored(tensor):
    tensor = tensor.detach().contiguous()
    return tensor if tensor.is_floating_point() else tensor.to(torch.int32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "src/lm/fixtures")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    for name, tied, seed in (("llama-gqa-tied", True, 61), ("llama-gqa-untied", False, 2)):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        model, generator = make_model(tied, seed), torch.Generator().manual_seed(seed + 1000)
        golden = forward_and_gradients(model, generator) | generation(model, generator)
        (folder / "config.json").write_text(config_json(model.config))
        save_file({n: stored(p) for n, p in model.named_parameters()}, folder / "model.safetensors", {"format": "pt"})
        save_file({n: stored(t) for n, t in golden.items()}, folder / "golden.safetensors")
        sizes = ", ".join(f"{f.name} {f.stat().st_size:,}" for f in sorted(folder.iterdir()))
        print(f"{folder}: loss {golden['loss'].item():.6f}; stop id {golden['generate.stop_id'].item()}; {sizes}")


if __name__ == "__main__":
    main()
