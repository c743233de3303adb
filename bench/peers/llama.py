"""A llama in plain PyTorch, as the peers need it: RMSNorm, RoPE, SwiGLU, no biases, tied head.

The maths is Hugging Face's LlamaForCausalLM (check.py holds it to that). One choice is for speed and changes nothing
but the order of weights in memory: each head's rotary pairs lie beside one another, so that RoPE is one complex
product, three times as fast (Meta's own layout; Hugging Face keeps a pair's halves half a head apart). One Linear for
q, k and v, or for gate and up, was no faster. How a token attends to others is passed in: `attend(layer, q, k, v)`,
all [B,T,H,D], returns [B,T,H,D].
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

# What F.scaled_dot_product_attention calls on a CPU; by its own name it gives the log-sum-exps too.
flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


@dataclass(frozen=True)
class Shape:
    hidden: int = 128
    layers: int = 4
    heads: int = 4
    intermediate: int = 352
    vocab: int = 159
    positions: int = 256

    @property
    def head_dim(self):
        return self.hidden // self.heads


class Norm(nn.Module):
    """RMSNorm. By vector_norm it is two passes fewer than F.rms_norm, which takes its steps one by one on a CPU."""

    def __init__(self, size, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("eps", torch.tensor(eps), persistent=False)

    def forward(self, x):
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x * torch.rsqrt(torch.addcmul(self.eps, length, length, value=1 / x.shape[-1])) * self.weight


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        d, self.heads = shape.hidden, shape.heads
        self.norm1, self.norm2 = Norm(d), Norm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.gate, self.up = nn.Linear(d, shape.intermediate, bias=False), nn.Linear(d, shape.intermediate, bias=False)
        self.down = nn.Linear(shape.intermediate, d, bias=False)

    def forward(self, x, rotation, attend, layer, last=None):
        (B, T, d), H = x.shape, self.heads
        h = self.norm1(x)
        q, k = (torch.view_as_complex(proj(h).view(B, T, H, -1, 2)) * rotation for proj in (self.q, self.k))
        q, k = torch.view_as_real(q).flatten(3), torch.view_as_real(k).flatten(3)
        y = attend(layer, q, k, self.v(h).view(B, T, H, -1)).reshape(B, T, d)
        if last is not None:  # only these positions are read afterwards
            rows = torch.arange(B)
            x, y = x[rows, last][:, None], y[rows, last][:, None]
        x = x + self.o(y)
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden)
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.05)
        speeds = 10000.0 ** -(torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
        angles = torch.outer(torch.arange(shape.positions).float(), speeds)
        self.register_buffer("rotation", torch.polar(torch.ones_like(angles), angles)[:, None], persistent=False)

    def forward(self, x, attend, start=0, last=None):
        """Embeddings [B,T,d] of the positions start... -> hidden states after the final norm [B,T,d].

        last [B]: the one position a row whose state is wanted; then [B,1,d].
        """
        rotation = self.rotation[start : start + x.shape[1]]
        for i, block in enumerate(self.blocks):
            x = block(x, rotation, attend, i, last if i == len(self.blocks) - 1 else None)
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embed.weight)


def causal(_layer, q, k, v):
    """Whole right-padded sequences: padding comes after everything that is read, so no mask is needed."""
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)


class Cache:
    """K and V of what was read so far, written in place: [B,length,H,D] a layer."""

    def __init__(self, shape: Shape, rows: int, length: int):
        size = (rows, length, shape.heads, shape.head_dim)
        self.keys = [torch.empty(size) for _ in range(shape.layers)]
        self.values = [torch.empty(size) for _ in range(shape.layers)]
        self.used = 0

    def attend(self, layer, q, k, v):
        end = self.used + q.shape[1]
        keys, values = self.keys[layer], self.values[layer]
        keys[:, self.used : end], values[:, self.used : end] = k, v
        past = (a[:, :end].transpose(1, 2) for a in (keys, values))
        out = F.scaled_dot_product_attention(q.transpose(1, 2), *past, is_causal=self.used == 0)
        self.used = end if layer == len(self.keys) - 1 else self.used
        return out.transpose(1, 2)

    def repeated(self, times: int, length: int, shape: Shape):
        """A cache of `times` consecutive rows for each row of this one."""
        wide = Cache(shape, self.keys[0].shape[0] * times, length)
        for source, target in zip(self.keys + self.values, wide.keys + wide.values, strict=True):
            target[:, : self.used] = source[:, : self.used].repeat_interleave(times, 0)
        wide.used = self.used
        return wide


class Prefix:
    """Left-padded questions, read once; texts in consecutive rows share their question's K and V, which are not copied.

    Attention over question and text is computed apart, and the two are merged by their log-sum-exps.
    """

    def __init__(self, model: Llama, ids, mask):
        self.length = ids.shape[1]
        self.bias = torch.zeros(mask.shape).masked_fill(mask == 0, -1e9)[:, None, None]
        over = torch.triu(torch.full((self.length, self.length), float("-inf")), 1)
        inside = torch.maximum(self.bias + over, torch.tensor(-1e9))  # finite also where a row is all padding
        self.keys, self.values = [], []

        def attend(_layer, q, k, v):
            q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
            self.keys.append(k)
            self.values.append(v)
            return F.scaled_dot_product_attention(q, k, v, attn_mask=inside).transpose(1, 2)

        self.hidden = model(model.embed(ids), attend)

    def attend(self, layer, q, k, v):
        (B, T, H, D), groups = q.shape, self.bias.shape[0]
        grouped = q.reshape(groups, -1, H, D).transpose(1, 2)  # every text of a question in one row
        bias = self.bias.expand(groups, 1, grouped.shape[2], self.length)
        past, past_lse = flash(grouped, self.keys[layer], self.values[layer], attn_mask=bias)
        own, own_lse = flash(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), 0.0, True)
        share = torch.sigmoid(past_lse.transpose(1, 2).reshape(B, T, H) - own_lse.transpose(1, 2))
        return torch.lerp(own.transpose(1, 2), past.transpose(1, 2).reshape(B, T, H, D), share[..., None])
