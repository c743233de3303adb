#!/usr/bin/env python3
"""Decoding a tiny llama with a KV cache: a prompt of `--prompt` tokens, then `--new` tokens in each of `--batch` rows.

Every row gets all its tokens: the stop id is watched for but never chosen. Sampling is at temperature 1 by inverse CDF;
`--greedy 1` takes the best. The log-prob of each choice is returned. The cache is allocated once a call and written in
place, attention over it is scaled_dot_product_attention, all under inference_mode.
One part: decode (prefill included). Rate: new tokens per second.

    python3 -B bench/peers/decode.py --batch 16 --prompt 3 --new 14
    python3 -B bench/peers/decode.py --batch 256 --prompt 32 --new 32 --greedy 1
"""

import torch

import timing
from decoding import decode
from llama import Llama

PAD, STOP = 0, 3


def main():
    args = timing.parser(__doc__, batch=16, prompt=3, new=14, greedy=0).parse_args()
    shape = timing.start(args)
    model = Llama(shape).eval()
    ids = torch.randint(args.vocab, (args.batch, args.prompt))
    banned = torch.zeros(args.vocab)
    banned[[PAD, STOP]] = float("-inf")

    def repeat(lap):
        uniforms = None if args.greedy else torch.rand(args.new, args.batch)
        with torch.inference_mode():
            out, _ = decode(model, model.embed(ids), args.new, banned, STOP, PAD, uniforms)
        assert (out != PAD).all()
        lap("decode")

    timing.run("decode", args, repeat, {"tokens": args.batch * args.new})


if __name__ == "__main__":
    main()
