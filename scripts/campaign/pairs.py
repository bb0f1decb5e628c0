#!/usr/bin/python3
"""Programs in which every two values of a connection meet: of its header, of the state that is handed over, of what
then happens. A table of values at and beside the bounds, and no program per case: the rows are chosen greedily until
every pair of values has stood together in one. Where so much is odd at once much is masked, so every value also stands
alone, in two stories.

examples:
  scripts/pairs                        rewrites corpora/pairs
  scripts/pairs --seed 7 --out /tmp/p  other rows over the same pairs; then: chimneysweep sweep /tmp/p
"""
import argparse
import random
import sys
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRIES = 24  # rows of which the best is kept

# Of the header: the line without its value is a flag, None leaves it out.
HEADER = {
    "state": [None, "fin-wait-1", "fin-wait-2", "close-wait", "closing", "last-ack"],
    "ticks": [None, "100", "10"],
    "window": [None, "1460", "2920", "1000000"],
    "ack-frequency": [None, 1, 3],
    "timestamps": [None, ""],
    "sack": [None, ""],
    "window-scale": [None, ""],
    "nagle": [None, ""],
    "keepalive": [None, ""],
    "ipv6": [None, ""],
    "short-state": [None, ""],
    "manual-ack": [None, ""],
    "buffered": [None, 1, 3000],
    "outstanding": [None, 1, 1460, 20000],
    "in-flight": [None, 1, 1460, 20000],
    "peer-window": [None, 1, 1460, 65535],
    "sequence": [None, 0x7FFFFF00, 0xFFFFFF00],
    "peer-sequence": [None, 0x7FFFFF00, 0xFFFFFF00],
    "indication-size": [None, 1, 1460],
    "push-ticks": [None, 1, 65535],
    "delayed-ack-ticks": [None, 1, 255],
    "uptime": [None, "wraps", "fresh", "half"],
}

# Variables that the initiate hands over (state what=...).
STATE = {
    "cwnd": [None, 1, 4380, 0x7FFFFFFF, 0xFFFFFFFF],
    "ssthresh": [None, 1, 4380, 0xFFFFFFFF],
    "srtt": [None, 1, 65535],
    "rttvar": [None, 1, 65535],
    "dup-acks": [None, 1, 2, 255],
    "count": [None, 1, 4, 255],
    "retransmit": [None, 0, 1, 100, 0x7FFFFFFF],
    "total-rt": [None, 1, 100, 0xFFFFFFFE],
    "probe-round": [None, 1, 255],
    "ka-probes": [None, 1, 255],
    "keepalive": [None, 0, 1, 0x7FFFFFFF],
    "snd-wnd": [None, 0, 1, 100000],
    "max-rt": [None, 1, 100, 0xFFFFFFFF],
    "ka-count": [None, 1, 255],
    "ka-interval": [None, 1, 100],
    "ts-recent": [None, 1, 0x7FFFFFFF, 0xFFFFFFFF],
    "ts-age": [None, 1, 2073600000, 0xFFFFFFFF],
    "host-age": [None, 1, 0xFFFFFFFF],
    "nic-age": [None, 1, 0xFFFFFFFF],
}

STORIES = {
    "received": ["c0 post length=3000", "c0 seg length=1460", "c0 seg length=1460 push", "tick time=600", "c0 query"],
    "reordered": ["c0 seg offset=1460 length=100", "c0 seg offset=3000 length=100 push fin", "tick time=600",
                  "c0 seg length=1460", "tick time=600"],
    "sent": ["c0 send length=6000", "tick time=100", "c0 ack", "c0 send length=1", "tick time=900", "c0 query", "c0 ack"],
    "lost": ["c0 send length=20000", "c0 ack less=60000 repeat=4", "tick time=700", "c0 ack less=1460", "tick time=5 unit=s"],
    "silent": ["c0 send length=2000", "tick time=5 unit=s", "c0 query", "tick time=300 unit=s"],
    "closed": ["c0 ack window=zero", "c0 send length=3000", "tick time=20 unit=s", "c0 query", "c0 ack window=full",
               "tick time=1 unit=s"],
    "left": ["c0 disconnect length=100", "tick time=300", "c0 seg fin", "tick time=10 unit=s", "c0 seg length=10 fin"],
    "idle": ["tick time=7300 unit=s", "c0 seg length=10 push", "c0 send length=100", "tick time=300"],
    "taken-back": ["c0 send length=5000", "c0 disconnect", "c0 terminate", "c0 seg length=100 push", "c0 initiate",
                   "tick time=3 unit=s"],
    "changed": ["c0 update what=ka-timeout value=100", "c0 update what=max-rt value=200", "c0 send length=100",
                "tick time=50", "c0 update what=window value=100", "tick time=60 unit=s"],
}


def factors() -> list:
    """Each is its lines, one of which a row takes; None is none."""
    header = [[v if v is None else f"{name} {v}".strip() for v in values] for name, values in HEADER.items()]
    state = [[v if v is None else f"c0 state what={name} value={v}" for v in values] for name, values in STATE.items()]
    return header + state + [list(STORIES)]


def rows(sizes: list, rng: random.Random) -> list:
    """Rows of indices that hold every pair of two factors' values."""
    open_pairs = {(a, x, b, y) for a, b in combinations(range(len(sizes)), 2)
                  for x in range(sizes[a]) for y in range(sizes[b])}
    chosen = []
    while open_pairs:
        candidates = [grown(sizes, open_pairs, rng) for _ in range(TRIES)]
        best = max(candidates, key=lambda row: len(met(row) & open_pairs))
        open_pairs -= met(best)
        chosen.append(best)
    return chosen


def met(row: list) -> set:
    return {(a, row[a], b, row[b]) for a, b in combinations(range(len(row)), 2)}


def grown(sizes: list, open_pairs: set, rng: random.Random) -> list:
    """A row that begins with an open pair; every further value is the one that meets most open ones."""
    a, x, b, y = min(rng.sample(sorted(open_pairs), 1))
    row = {a: x, b: y}
    for factor in rng.sample(range(len(sizes)), len(sizes)):
        if factor not in row:
            row[factor] = max(range(sizes[factor]), key=lambda v: sum(
                ((f, w, factor, v) if f < factor else (factor, v, f, w)) in open_pairs for f, w in row.items()))
    return [row[factor] for factor in range(len(sizes))]


def alone(sizes: list, rng: random.Random) -> list:
    """Rows of one value that is not the ordinary one."""
    *values, stories = sizes
    return [[v if f == factor else 0 for f in range(len(values))] + [story] for factor, size in enumerate(values)
            for v in range(1, size) for story in rng.sample(range(stories), 2)]


def program(row: list, table: list) -> str:
    lines = [table[factor][value] for factor, value in enumerate(row[:-1])]
    story = table[-1][row[-1]]
    header = [line for line in lines[:len(HEADER)] if line]
    state = [line for line in lines[len(HEADER):] if line]
    return "\n".join(["chimneysweep program 1", f"# values at their bounds, then: {story}", "manual-initiate", *header, *state,
                      "c0 initiate", *STORIES[story], "c0 terminate"]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="which rows (default 1)")
    parser.add_argument("--out", type=Path, default=ROOT / "corpora/pairs", help="folder to write")
    options = parser.parse_args()
    table = factors()
    sizes, rng = [len(values) for values in table], random.Random(options.seed)
    made = rows(sizes, rng) + alone(sizes, rng)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for old in options.out.glob("pairs-*.chim"):
            old.unlink()
        for number, row in enumerate(made):
            (options.out / f"pairs-{number:03}.chim").write_text(program(row, table))
    except OSError as error:
        print(f"pairs: {error.filename}: {error.strerror}; expected a folder to write", file=sys.stderr)
        return 3
    print(f"pairs: {len(made)} programs in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
