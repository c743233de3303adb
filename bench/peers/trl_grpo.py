#!/usr/bin/env python3
"""One update of TRL's GRPOTrainer: `--problems` prompts of three tokens, `--samples` completions of each, of at most
`--tokens` tokens, then `--epochs` passes over them in minibatches of `--minibatch`, with a KL to a frozen reference.

The model is a random llama of the peers' shape with a tokenizer of words; both are written to a temporary folder, since
TRL loads the reference from there. It is GRPO as TRL computes it, in float32, with none of its savings of memory that
cost time (gradient checkpointing). Of update.py's work it leaves out the value head and the reader: the reward is the
length of the text and costs nothing. What TRL does around each update (data, tokenizer, metrics) is in the time.
One part: total. Needs trl.

    python3 -B bench/peers/trl_grpo.py --threads 2
"""

import os
import tempfile
import threading

import torch
import transformers
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import GRPOConfig, GRPOTrainer

import timing
from huggingface import config_of

PAD, EOS = "<pad>", "<eos>"


def write_model(folder, shape):
    """A random llama and its tokenizer: as many words as the vocabulary has, the first two special."""
    words = [PAD, EOS, *(f"w{i}" for i in range(2, shape.vocab))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=PAD))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS).save_pretrained(
        folder
    )
    config = config_of(shape, pad_token_id=0, eos_token_id=1, bos_token_id=None)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return words


class Turns(transformers.TrainerCallback):
    """Holds the trainer, which runs in a thread of its own, until it is told to make one more update."""

    def __init__(self, steps):
        self.steps, self.go, self.done = steps, threading.Semaphore(0), threading.Semaphore(0)

    def on_step_begin(self, args, state, control, **_):
        if state.global_step % self.steps == 0:
            self.go.acquire()

    def on_step_end(self, args, state, control, **_):
        if state.global_step % self.steps == 0:
            self.done.release()

    def take(self):
        self.go.release()
        self.done.acquire()


def length(completions, **_):
    return [float(len(text)) for text in completions]


def main():
    args = timing.parser(__doc__, problems=64, samples=4, tokens=14, epochs=3, minibatch=256).parse_args()
    shape = timing.start(args)
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        words = write_model(folder, shape)
        prompts = torch.randint(2, len(words), (8 * args.problems, 3)).tolist()
        texts = args.problems * args.samples
        settings = GRPOConfig(
            output_dir=folder,
            model_init_kwargs={"dtype": "float32"},
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            num_generations=args.samples,
            generation_batch_size=texts,
            per_device_train_batch_size=args.minibatch,
            gradient_accumulation_steps=1,
            num_iterations=args.epochs,
            max_completion_length=args.tokens,
            beta=0.03,
            learning_rate=0.0,  # as in update.py
            lr_scheduler_type="constant",
            adam_beta2=0.95,
            max_grad_norm=1.0,
            max_steps=10**6,
            save_strategy="no",
            logging_steps=10**6,
            report_to=[],
            disable_tqdm=True,
        )
        turns = Turns(args.epochs * texts // args.minibatch)
        trainer = GRPOTrainer(
            model=folder,
            reward_funcs=length,
            args=settings,
            train_dataset=Dataset.from_list([{"prompt": " ".join(words[i] for i in ids)} for ids in prompts]),
            callbacks=[turns],
        )
        threading.Thread(target=trainer.train, daemon=True).start()

        def repeat(lap):
            turns.take()
            lap("update")

        timing.run("trl_grpo", args, repeat, {"texts": texts}, peer="trl")
    os._exit(0)  # the trainer waits for its next turn for ever


if __name__ == "__main__":
    main()
