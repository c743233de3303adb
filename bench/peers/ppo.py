"""The PPO loss of the peers, and the optimiser step after it."""

import torch
import torch.nn.functional as F
from torch import nn

CLIP, VALUE_CLIP, VALUE_WEIGHT, MAX_NORM = 0.2, 0.2, 0.5, 1.0


def token_log_probs(logits, ids):
    """log softmax(logits)[ids]: [B,R,V], [B,R] -> [B,R]."""
    return -F.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="none").view(ids.shape)


def loss_and_metrics(logits, values, batch):
    """Clipped ratio and clipped value, and the metrics that a trainer logs.

    logits [B,R,V], values [B,R]; batch: actions, mask, old_logp, old_values, advantages, returns, each [B,R].
    """
    mask, count = batch["mask"], batch["mask"].sum()
    logp = token_log_probs(logits, batch["actions"])
    log_ratio = logp - batch["old_logp"]
    ratio, advantages = log_ratio.exp(), batch["advantages"]
    policy = -torch.minimum(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages)
    near = batch["old_values"] + (values - batch["old_values"]).clamp(-VALUE_CLIP, VALUE_CLIP)
    value = torch.maximum((values - batch["returns"]) ** 2, (near - batch["returns"]) ** 2)
    loss = ((policy + VALUE_WEIGHT * value) * mask).sum() / count
    with torch.no_grad():
        scores, clipped = torch.log_softmax(logits, -1), ((ratio - 1).abs() > CLIP).float()
        entropy, kl = -(scores.exp() * scores).sum(-1), (log_ratio.exp() - 1) - log_ratio
        metrics = (torch.stack([policy, value, entropy, kl, clipped]) * mask).sum((1, 2)) / count
    return loss, metrics


def make_optimizer(parameters, lr=2e-4):
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True)


def optimizer_step(loss, parameters, optimizer, lap=lambda part: None):
    """Backward, clip by global norm, AdamW: the gradient's norm before clipping."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    lap("backward")
    norm = nn.utils.clip_grad_norm_(parameters, MAX_NORM)
    optimizer.step()
    lap("step")
    return norm
