#!/usr/bin/env python3
"""A frozen reader reads texts after a question and gives each text's readout: the hidden state after the final norm at
the text's last real token.

`--texts` texts of at most `--tokens` tokens (random lengths, right-padded) are read after `--questions` questions of at
most `--question` tokens (left-padded, lengths differ by up to a quarter); consecutive texts share a question, so texts
is a multiple of questions. A question's K and V are computed once and never copied: attention over question and text is
computed apart and merged by log-sum-exp, which was faster than K and V laid beside each text and than one softmax over
two products. `--last 1` runs the last block after its attention only where the readout is taken.
Parts: question (reading the questions), texts (reading the texts). Rate: texts per second of the part `texts`.

    python3 -B bench/peers/reading.py --questions 1
    python3 -B bench/peers/reading.py --questions 64
"""

import torch

import timing
from llama import Llama, Prefix


@torch.inference_mode()
def readouts(model, prefix, ids, lengths, prune):
    """Hidden state after the final norm at each text's last token: [B,d]."""
    last = lengths - 1
    hidden = model(model.embed(ids), prefix.attend, prefix.length, last if prune else None)
    return hidden[:, 0] if prune else hidden[torch.arange(len(ids)), last]


def make_questions(count, width, vocab):
    """Random ids, left-padded with 0, and their mask."""
    lengths = torch.randint(width - width // 4, width + 1, (count,))
    lengths[0] = width
    mask = torch.arange(width) >= width - lengths[:, None]
    return torch.randint(1, vocab, (count, width)) * mask, mask


def main():
    args = timing.parser(__doc__, texts=256, tokens=14, questions=1, question=32, last=0).parse_args()
    if args.texts % args.questions:
        raise SystemExit(f"--texts {args.texts} is not a multiple of --questions {args.questions}")
    shape = timing.start(args)
    model = Llama(shape).eval()
    questions, mask = make_questions(args.questions, args.question, args.vocab)
    ids = torch.randint(1, args.vocab, (args.texts, args.tokens))
    lengths = torch.randint(args.tokens // 2, args.tokens + 1, (args.texts,))

    def repeat(lap):
        with torch.inference_mode():
            prefix = Prefix(model, questions, mask)
        lap("question")
        out = readouts(model, prefix, ids, lengths, args.last)
        assert out.shape == (args.texts, args.hidden)
        lap("texts")

    timing.run("reading", args, repeat, {"texts": (args.texts, "texts")})


if __name__ == "__main__":
    main()
