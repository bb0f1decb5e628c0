"""What a test draws, by the hash of the commit: each commit tries something else, and the same again and again."""
import random
import subprocess

from rig import PROJECT


def seeds():
    """The groups of eight digits of the commit's hash; of a tree without git, those of one that never was."""
    got = subprocess.run(["git", "-C", str(PROJECT), "rev-parse", "HEAD"], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    name = got.stdout.strip() if got.returncode == 0 else "1" * 40
    return [int(name[i:i + 8], 16) for i in range(0, 40, 8)]


def generator(which):
    """A generator of random numbers for the test of this name."""
    return random.Random(f"{seeds()} {which}")
