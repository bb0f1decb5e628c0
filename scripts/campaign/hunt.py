#!/usr/bin/python3
"""Hunts for CPU minutes with one engine after the other, from the shipped seeds and from an empty corpus in turn.

Each turn is a line of the log: when, commit, driver, engine, start, seed, CPU seconds, executions, verdicts. Called again
it goes on behind the last turn; the seed of a turn follows from the commit and the number of the turn. Findings are
shrunk and kept by verdict and rule. Status: 0 nothing found in any turn of this commit, 1 findings, 2 usage, 3 environment.

examples:
  scripts/hunt --minutes 120
  scripts/hunt --minutes 60 --driver second --out /var/tmp/hunt-second
  scripts/hunt --minutes 12 --drawn 5           12 minutes on each of five permitted variants
  scripts/hunt --minutes 10 --engine libfuzzer --start empty
"""
import argparse
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import draw
import drivers
import engines
import findings
import seeds

ROOT = drivers.ROOT
PRESETS = {"libfuzzer": "fuzz", "afl": "afl"}
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
TURNS = [("libfuzzer", "seeds"), ("libfuzzer", "empty"), ("afl", "seeds"), ("afl", "empty")]
COLUMNS = ["when", "commit", "driver", "engine", "start", "seed", "cpu_seconds", "executions", "verdicts"]


@dataclass
class Target:
    """A driver in the builds that the engines and the judge need; None: the core, which they have."""
    name: str = "core"
    engines: dict = field(default_factory=dict)  # engine: driver
    judge: Path | None = None


def processes(first: int) -> dict:
    """CPU seconds of a process and all below it, by their numbers. An engine does not wait for all that it kills."""
    parent, used = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parent[int(folder.name)] = int(words[1])
        used[int(folder.name)] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def below(process: int) -> bool:
        while process and process != first:
            process = parent.get(process)
        return process == first

    return {process: seconds for process, seconds in used.items() if below(process)}


def attend(engine) -> float:
    """Waits for an engine; the CPU seconds that it and its children took."""
    used = {}
    while engine.process.poll() is None:
        used.update(processes(engine.process.pid))
        time.sleep(0.5)
    return sum(used.values())


def run(engine, seconds: float) -> float:
    """One turn; a finding ends libFuzzer, not the turn."""
    engine.start(max(1, int(seconds)))
    used = attend(engine)
    while seconds - used >= 2 and engine.again(int(seconds - used)):
        used += attend(engine)
    return used


def built(patch: Path, preset: str) -> Path:
    return drivers.patched(patch, ROOT / "build/hunted" / patch.stem / preset, preset, drivers.compile_commands(preset))


def target_of(word: str) -> Target:
    """The core, the second target, a permitted variant by its name, or a driver by its path."""
    if word == "core":
        return Target()
    if word == "second":
        return Target("second", {kind: ROOT / f"build/{preset}/lib/second.so" for kind, preset in PRESETS.items()},
                      ROOT / "build/asan/lib/second.so")
    patch = ROOT / f"harness/permitted/{word}.patch"
    if patch.is_file():
        return Target(word, {kind: built(patch, preset) for kind, preset in PRESETS.items()}, built(patch, "asan"))
    path = Path(word).resolve()
    return Target(word, {kind: path for kind in PRESETS}, path)


def make(target: Target, out: Path, kind: str, start: str, seed: int):
    engine = (engines.LibFuzzer if kind == "libfuzzer" else engines.Afl)(ROOT, out)
    engine.seed = seed
    if start == "empty":
        engine.seeds = out / "nothing"
        shutil.rmtree(engine.seeds, ignore_errors=True)
        engine.seeds.mkdir()
        (engine.seeds / "one").write_bytes(b"\n")
    os.environ.pop("CHIMNEYSWEEP_DRIVER", None)
    if target.engines:
        os.environ["CHIMNEYSWEEP_DRIVER"] = str(target.engines[kind])
    return engine


def turns_so_far(log: Path, name: str, driver: str) -> list:
    rows = [line.split("\t") for line in log.read_text().splitlines()[1:]] if log.exists() else []
    return [row for row in rows if row[1:3] == [name, driver]]


def hunt(options, target: Target, log: Path) -> bool:
    """Whether no turn of this commit on the target found anything."""
    name, driver = draw.commit(), target.name
    wanted = [t for t in TURNS if options.engine in (None, t[0]) and options.start in (None, t[1])]
    left, out = options.minutes * 60.0, options.out.resolve()
    seeds.make_seeds(CHIMNEYSWEEP, out / "seeds")
    seeds.make_dictionary(CHIMNEYSWEEP, out / "program.dict")
    while left >= 5:
        number = len(turns_so_far(log, name, driver))
        kind, start = wanted[number % len(wanted)]
        seconds = min(left, options.turn * 60.0)
        seed = draw.seed_of(name, number)
        engine = make(target, out, kind, start, seed)
        used = run(engine, seconds)
        left -= max(used, 1)
        found = findings.collect(CHIMNEYSWEEP, engine.crashes(), out / "turn", target.judge)
        for item in found:
            kept = out / "findings" / f"{item.folder.name}-{name[:8]}-{number}"
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(exist_ok=True)
            shutil.move(item.folder, kept)
        row = [time.strftime("%F %T"), name, driver, kind, start, seed, f"{used:.0f}", engine.executions(),
               " ".join(item.folder.name for item in found) or "none"]
        with open(log, "a") as file:
            file.write("\t".join(map(str, row)) + "\n")
        print("\t".join(map(str, row)), flush=True)
    rows = turns_so_far(log, name, driver)
    print(f"hunt: {sum(float(row[6]) for row in rows) / 60:.0f} CPU minutes of {name[:12]} on {driver}, "
          f"{sum(int(row[7]) for row in rows)} executions, log in {log}")
    return all(row[8] == "none" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/hunt", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="CPU minutes in all (60)")
    parser.add_argument("--turn", type=float, default=5, help="CPU minutes of a turn (5)")
    parser.add_argument("--engine", choices=["libfuzzer", "afl"], help="only this one")
    parser.add_argument("--start", choices=["seeds", "empty"], help="only from there")
    parser.add_argument("--driver", default="core", metavar="WHICH",
                        help="core (default), second, a variant of harness/permitted, or a driver's path")
    parser.add_argument("--drawn", type=int, metavar="N", help="N variants of harness/permitted that the commit draws")
    parser.add_argument("--out", type=Path, default=ROOT / "build/hunt", help="where to write (build/hunt)")
    options = parser.parse_args()
    if options.minutes <= 0 or options.turn <= 0:
        parser.error("--minutes and --turn: expected numbers above 0")
    variants = sorted(p.stem for p in (ROOT / "harness/permitted").glob("*.patch"))
    if options.driver not in ("core", "second", *variants) and not Path(options.driver).is_file():
        parser.error(f"--driver {options.driver}: no such file, and no such variant (scripts/permitted --list)")
    words = draw.sample(variants, options.drawn, draw.seed_of(draw.commit())) if options.drawn else [options.driver]
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out.resolve() / "log.tsv"
    if not log.exists():
        log.write_text("\t".join(COLUMNS) + "\n")
    clean = [hunt(options, target_of(word), log) for word in words]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
