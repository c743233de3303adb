"""A peer's shape as transformers knows it."""

from transformers import LlamaConfig


def config_of(shape, **more):
    return LlamaConfig(
        vocab_size=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        max_position_embeddings=shape.positions,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        **more,
    )
