"""A llama in plain PyTorch, as the peers need it: RMSNorm, RoPE, grouped queries, SwiGLU, no biases, tied head.

The maths is Hugging Face's LlamaForCausalLM (check.py holds it to that). One choice is for speed and changes nothing
but the order of weights in memory: each head's rotary pairs lie beside one another, so that RoPE is one complex
product, three times as fast (Meta's own layout; Hugging Face keeps a pair's halves half a head apart). One Linear for
q, k and v, or for gate and up, was no faster. How a token attends to others is passed in: `attend(layer, q, k, v)`,
q [B,T,H,D], k and v [B,T,G,D] with G key heads, returns [B,T,H,D].
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
    kv_heads: int | None = None  # as many as heads

    @property
    def head_dim(self):
        return self.hidden // self.heads

    @property
    def key_heads(self):
        return self.kv_heads or self.heads


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
        d, key = shape.hidden, shape.key_heads * shape.head_dim
        self.head_dim = shape.head_dim
        self.norm1, self.norm2 = Norm(d), Norm(d)
        self.q, self.o = (nn.Linear(d, d, bias=False) for _ in range(2))
        self.k, self.v = (nn.Linear(d, key, bias=False) for _ in range(2))
        self.gate, self.up = nn.Linear(d, shape.intermediate, bias=False), nn.Linear(d, shape.intermediate, bias=False)
        self.down = nn.Linear(shape.intermediate, d, bias=False)

    def forward(self, x, rotation, attend, layer, last=None):
        (B, T, d), D = x.shape, self.head_dim
        h = self.norm1(x)
        q, k = (torch.view_as_complex(proj(h).view(B, T, -1, D // 2, 2)) * rotation for proj in (self.q, self.k))
        q, k = torch.view_as_real(q).flatten(3), torch.view_as_real(k).flatten(3)
        y = attend(layer, q, k, self.v(h).view(B, T, -1, D)).reshape(B, T, d)
        if last is not None:  # only these positions are read afterwards
            rows = torch.arange(B)
            x, y = x[rows, last][:, None], y[rows, last][:, None]
        x = x + self.o(y)
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Adapted(nn.Module):
    """A frozen linear with a low-rank adapter (LoRA): W x + scale B A x."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.weight, self.scale = linear.weight.requires_grad_(False), alpha / rank
        self.a = nn.Parameter(0.02 * torch.randn(rank, linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x):
        return F.linear(x, self.weight) + F.linear(F.linear(x, self.a), self.b) * self.scale


def adapt(model, rank, alpha):
    """Freezes a Llama and puts adapters on all linears of its blocks."""
    model.requires_grad_(False)
    for block in model.blocks:
        for name in ("q", "k", "v", "o", "gate", "up", "down"):
            setattr(block, name, Adapted(getattr(block, name), rank, alpha))


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

    def forward(self, x, attend, start=0, last=None, states=None):
        """Embeddings [B,T,d] of the positions start... (or [B,T] of them) -> hidden states after the final norm [B,T,d].

        last [B]: the one position a row whose state is wanted; then [B,1,d]. To the list `states` are added Hugging
        Face's hidden states: the embeddings, each block's output but the last's, and what is returned.
        """
        rotation = self.rotation[start if torch.is_tensor(start) else slice(start, start + x.shape[1])]
        for i, block in enumerate(self.blocks):
            if states is not None:
                states.append(x)
            x = block(x, rotation, attend, i, last if i == len(self.blocks) - 1 else None)
        x = self.norm(x)
        if states is not None:
            states.append(x)
        return x

    def logits(self, hidden):
        return F.linear(hidden, self.embed.weight)


def attention(q, k, v, **options):
    """q [B,T,H,D], k and v [B,S,G,D] -> [B,T,H,D]."""
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    grouped = q.shape[1] != k.shape[1]
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=grouped, **options).transpose(1, 2)


def causal(_layer, q, k, v):
    """Whole right-padded sequences: padding comes after everything that is read, so no mask is needed."""
    return attention(q, k, v, is_causal=True)


class Cache:
    """K and V of what was read so far, written in place: [B,length,G,D] a layer."""

    def __init__(self, shape: Shape, rows: int, length: int):
        size = (rows, length, shape.key_heads, shape.head_dim)
        self.keys = [torch.empty(size) for _ in range(shape.layers)]
        self.values = [torch.empty(size) for _ in range(shape.layers)]
        self.used = 0

    def attend(self, layer, q, k, v):
        end = self.used + q.shape[1]
        keys, values = self.keys[layer], self.values[layer]
        keys[:, self.used : end], values[:, self.used : end] = k, v
        out = attention(q, keys[:, :end], values[:, :end], is_causal=self.used == 0)
        self.used = end if layer == len(self.keys) - 1 else self.used
        return out

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
