"""Decoding with a KV cache: prefill once, then one position a step; greedy, or by inverse CDF from given uniforms."""

import torch

from llama import Cache, Llama


@torch.inference_mode()
def decode(model: Llama, prompt, new_tokens, banned, stop, pad, uniforms=None, samples=1, banned_first=None):
    """Writes `samples` texts for each row of `prompt` [B,P,d]: ids [B*samples,new_tokens], and their log-probs.

    uniforms [new_tokens,B*samples] in [0,1), or None for greedy; banned [V] is added to the logits before choosing
    (0 or -inf), banned_first [V] instead of it for the first token; log-probs are of the distribution chosen from.
    After `stop` a row is `pad`; when all rows have stopped the loop ends.
    """
    length = prompt.shape[1] + new_tokens - 1
    cache = Cache(model.shape, len(prompt), length if samples == 1 else prompt.shape[1])
    hidden = model(prompt, cache.attend)[:, -1]
    if samples > 1:
        cache, hidden = cache.repeated(samples, length, model.shape), hidden.repeat_interleave(samples, 0)
    rows = len(hidden)
    ids, logp = torch.full((rows, new_tokens), pad), torch.zeros(rows, new_tokens)
    live = torch.ones(rows, dtype=torch.bool)
    for step in range(new_tokens):
        ban = banned_first if step == 0 and banned_first is not None else banned
        scores = torch.log_softmax(model.logits(hidden) + ban, -1)
        if uniforms is None:
            choice = scores.argmax(-1)
        else:
            upto = scores.exp().cumsum(-1)  # the draw is scaled by the sum, so that rounding never runs past the end
            choice = torch.searchsorted(upto, uniforms[step, :, None] * upto[:, -1:], right=True)[:, 0]
        ids[:, step] = torch.where(live, choice, pad)
        logp[:, step] = torch.where(live, scores.gather(1, choice[:, None])[:, 0], 0.0)
        live &= choice != stop
        if step == new_tokens - 1 or not live.any():
            break
        hidden = model(model.embed(choice)[:, None], cache.attend, cache.used)[:, -1]
    return ids, logp
