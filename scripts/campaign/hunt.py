#!/usr/bin/python3
"""Hunts for CPU minutes with one engine after the other, from the shipped seeds and from an empty corpus in turn.

Each turn is a line of the log: when, commit, driver, engine, start, seed, CPU seconds, executions, verdicts. Called again
it goes on behind the last turn; the seed of a turn follows from the commit and the number of the turn. Findings are
shrunk and kept by verdict and rule. Status: 0 nothing found in any turn of this commit, 1 findings, 2 usage, 3 environment.

examples:
  scripts/hunt --minutes 120
  scripts/hunt --minutes 60 --driver build/asan/lib/second.so --out /var/tmp/hunt-second
  scripts/hunt --minutes 10 --engine libfuzzer --start empty
"""
import argparse
import os
import resource
import shutil
import sys
import time
from pathlib import Path

import draw
import engines
import findings
import seeds

ROOT = Path(__file__).resolve().parents[2]
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
TURNS = [("libfuzzer", "seeds"), ("libfuzzer", "empty"), ("afl", "seeds"), ("afl", "empty")]
COLUMNS = ["when", "commit", "driver", "engine", "start", "seed", "cpu_seconds", "executions", "verdicts"]


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(engine, seconds: float) -> float:
    """One turn; a finding ends libFuzzer, not the turn."""
    begin = cpu_seconds()
    engine.start(max(1, int(seconds)))
    while True:
        engine.process.wait()
        left = seconds - (cpu_seconds() - begin)
        if left < 2 or not engine.again(int(left)):
            return cpu_seconds() - begin


def make(options, out: Path, kind: str, start: str, seed: int):
    engine = (engines.LibFuzzer if kind == "libfuzzer" else engines.Afl)(ROOT, out)
    engine.seed = seed
    if start == "empty":
        engine.seeds = out / "nothing"
        shutil.rmtree(engine.seeds, ignore_errors=True)
        engine.seeds.mkdir()
        (engine.seeds / "one").write_bytes(b"\n")
    if options.driver:
        os.environ["CHIMNEYSWEEP_DRIVER"] = str(options.driver.resolve())
    return engine


def turns_so_far(log: Path, name: str, driver: str) -> list:
    rows = [line.split("\t") for line in log.read_text().splitlines()[1:]] if log.exists() else []
    return [row for row in rows if row[1:3] == [name, driver]]


def hunt(options, log: Path) -> int:
    name, driver = draw.commit(), str(options.driver or "core")
    wanted = [t for t in TURNS if options.engine in (None, t[0]) and options.start in (None, t[1])]
    left, out = options.minutes * 60.0, options.out.resolve()
    seeds.make_seeds(CHIMNEYSWEEP, out / "seeds")
    seeds.make_dictionary(CHIMNEYSWEEP, out / "program.dict")
    while left >= 5:
        number = len(turns_so_far(log, name, driver))
        kind, start = wanted[number % len(wanted)]
        seconds = min(left, options.turn * 60.0)
        engine = make(options, out, kind, start, draw.seed_of(name, number))
        used = run(engine, seconds)
        left -= max(used, 1)
        found = findings.collect(CHIMNEYSWEEP, engine.crashes(), out / "turn", options.driver)
        for item in found:
            kept = out / "findings" / f"{item.folder.name}-{name[:8]}-{number}"
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(exist_ok=True)
            shutil.move(item.folder, kept)
        row = [time.strftime("%F %T"), name, driver, kind, start, engine.seed, f"{used:.0f}", engine.executions(),
               " ".join(item.folder.name for item in found) or "none"]
        with open(log, "a") as file:
            file.write("\t".join(map(str, row)) + "\n")
        print("\t".join(map(str, row)), flush=True)
    rows = turns_so_far(log, name, driver)
    print(f"hunt: {sum(float(row[6]) for row in rows) / 60:.0f} CPU minutes of {name[:12]} on {driver}, "
          f"{sum(int(row[7]) for row in rows)} executions, log in {log}")
    return 1 if any(row[8] != "none" for row in rows) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/hunt", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="CPU minutes in all (60)")
    parser.add_argument("--turn", type=float, default=5, help="CPU minutes of a turn (5)")
    parser.add_argument("--engine", choices=["libfuzzer", "afl"], help="only this one")
    parser.add_argument("--start", choices=["seeds", "empty"], help="only from there")
    parser.add_argument("--driver", type=Path, help="a driver built by the fuzz or afl preset (default: the core)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/hunt", help="where to write (build/hunt)")
    options = parser.parse_args()
    if options.minutes <= 0 or options.turn <= 0:
        parser.error("--minutes and --turn: expected numbers above 0")
    if options.driver and not options.driver.is_file():
        parser.error(f"--driver {options.driver}: no such file")
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out.resolve() / "log.tsv"
    if not log.exists():
        log.write_text("\t".join(COLUMNS) + "\n")
    return hunt(options, log)


if __name__ == "__main__":
    sys.exit(main())
