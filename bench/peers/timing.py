"""What every peer shares: the options for shape and threads, the warm-up, the medians, and the one line of JSON."""

import argparse
import ctypes
import json
import resource
import statistics
import sys
import time

import torch

from llama import Shape

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h


def parser(doc, **defaults):
    """An argument parser with the options that all peers have; `defaults` override theirs."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = dict(threads=1, warmup=3, repeats=9, seed=0, hidden=128, layers=4, heads=4, intermediate=352, vocab=159)
    common["kv_heads"] = 0  # as many as heads
    for name, value in (common | defaults).items():
        p.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    p.add_argument(
        "--serve",
        action="store_true",
        help="stay warm and measure once more for every line on standard input, so that a caller can alternate peers",
    )
    return p


def keep_memory():
    """Tells glibc to keep freed memory: else each large tensor is new pages from the kernel, 5 to 30 % of the time."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    for option, value in ((M_MMAP_THRESHOLD, 1 << 25), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 1 << 26)):
        mallopt(option, value)


def start(args, positions=256):
    """Applies the options that all peers have: the model's shape."""
    keep_memory()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    return Shape(args.hidden, args.layers, args.heads, args.intermediate, args.vocab, positions, args.kv_heads or None)


def shared_memory():
    """What Linux says is mapped from files (programs, weights), which processes hold together; nothing elsewhere."""
    try:
        with open("/proc/self/status") as status:
            sizes = dict(line.split()[:2] for line in status if line.startswith("Rss"))
    except FileNotFoundError:
        return {}
    return {"shared_mb": (int(sizes["RssFile:"]) + int(sizes["RssShmem:"])) // 1024}


class Laps:
    """Splits one repeat into named parts: laps('prefill') closes the part that just ran. Seconds."""

    def __init__(self):
        self.parts, self.at = {}, time.perf_counter()

    def __call__(self, name):
        now = time.perf_counter()
        self.parts[name] = self.parts.get(name, 0.0) + now - self.at
        self.at = now


def run(case, args, repeat, per_second=None, peer="pytorch-eager"):
    """Calls repeat(laps) and prints {case, torch, options, ms: {part: {median, min, max}}, per_second, peak_rss_mb, shared_mb}.

    Of the parts, `total` is the sum and `cpu` the CPU time of all threads (well under threads x total: something else
    had the cores, measure again). per_second: {name: count} or {name: (count, part)}, what one repeat makes; its rate
    is over that part's median (the total's).
    """
    options = {k: v for k, v in vars(args).items() if k not in ("warmup", "serve")}
    for _ in range(args.warmup):
        repeat(Laps())
    for _ in sys.stdin if args.serve else [None]:
        laps = []
        for _ in range(args.repeats):
            lap, cpu = Laps(), time.process_time()
            repeat(lap)
            laps.append(lap.parts | {"total": sum(lap.parts.values()), "cpu": time.process_time() - cpu})
        ms = {
            part: {
                name: round(1e3 * f([x[part] for x in laps]), 4)
                for name, f in (("median", statistics.median), ("min", min), ("max", max))
            }
            for part in laps[0]
        }
        made = {name: made if isinstance(made, tuple) else (made, "total") for name, made in (per_second or {}).items()}
        line = {
            "case": case,
            "peer": peer,
            "torch": torch.__version__,
            "options": options,
            "ms": ms,
            "per_second": {name: round(1e3 * n / ms[part]["median"], 2) for name, (n, part) in made.items()},
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            **shared_memory(),
        }
        print(json.dumps(line), flush=True)
