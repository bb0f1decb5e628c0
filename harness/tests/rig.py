"""What the Python tests share: where things are, and running the program."""
import json
import os
import random
import subprocess
import sys
from pathlib import Path

CHIMNEYSWEEP = Path(os.environ["CHIMNEYSWEEP"])
PROJECT = Path(os.environ["PROJECT"])
BUILD = Path(os.environ["BUILD"])
RELEASE = PROJECT / "build/release/bin/chimneysweep"
PROGRAMS = sorted((PROJECT / "corpora").rglob("*.chim")) + sorted((PROJECT / "corpora").rglob("*.bin"))


sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import draw  # noqa: E402


def drawn(which):
    """A generator of random numbers for the test of this name: each commit tries something else."""
    return random.Random(f"{draw.seed_of(draw.commit())} {which}")


def run(*arguments, program=CHIMNEYSWEEP, **options):
    return subprocess.run([str(program), *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=600, **options)


def sweep_totals(program, *paths):
    got = run("sweep", "--json", "--quiet", *paths, program=program)
    lines = got.stdout.splitlines()
    return got, [json.loads(line) for line in lines if line.startswith("{")]


def running(driver):
    """Processes that have the driver mapped."""
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if str(driver) in maps.read_text():
                yield maps.parent.name
        except OSError:
            pass
