"""What is drawn by a commit: its hash seeds the draw, so that nobody chooses and everybody draws the same."""
import random
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def commit() -> str:
    """The hash of what is checked out, with -dirty behind it when that is not all."""
    got = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], cwd=ROOT, text=True,
                         stdout=subprocess.PIPE, check=True)
    return got.stdout.strip()


def seed_of(name: str, turn: int = 0) -> int:
    """The groups of eight digits of the commit, one after the other, then from the first again, one higher."""
    name = name.removesuffix("-dirty")
    groups = [int(name[i:i + 8], 16) for i in range(0, 40, 8)]
    return (groups[turn % 5] + turn // 5) % 0x7FFFFFFF or 1


def sample(items: list, count: int, seed: int) -> list:
    """So many of the items, in their own order; all of them when there are no more."""
    drawn = random.Random(seed).sample(range(len(items)), min(count, len(items)))
    return [items[i] for i in sorted(drawn)]
