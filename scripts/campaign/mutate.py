#!/usr/bin/python3
"""Mutation testing: changes core/ by one operator, constant or statement at a time, runs the corpora on each
driver so made, and lists the mutants that live, each with the class of its reason.

A mutant that compiles to the same code is equivalent and needs no run. One that lives is looked up in
harness/bugs/survivors.tsv, where reviewed ones stand as equivalent, as not observable, or as what the rig cannot make,
with the stimulus that is missing: that counts as missed, as any other does. "same trace" means that no program saw a
difference at a boundary, "other trace" that no check objected to one.

examples:
  scripts/mutate                       300 mutants (about twenty minutes)
  scripts/mutate --count 50 --seed 7
  scripts/mutate --turn 0 --reviewed /dev/null   the first seed of this commit, no survivor excused
  scripts/mutate core/tcp              only files below a folder
"""
import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import draw
import drivers
import mutants

ROOT = drivers.ROOT
OUT = ROOT / "build/mutants"
REVIEWED = ROOT / "harness/bugs/survivors.tsv"
CLASSES = ("equivalent", "not observable", "the rig cannot make it")
LIMIT = 300  # seconds that a sweep may take: one program that loops is a hang after ten
GOAL = 0.9


@dataclass
class Judged:
    mutant: mutants.Mutant
    result: str  # killed, lives, same code, not compiled
    by: str = "" # rule or kind of verdict; same trace, other trace
    reason: str = "" # equivalent, not observable, the rig cannot make it, missed
    why: str = ""


class Workshop:
    """One worker's copy of the core and what it needs to make drivers of it."""

    def __init__(self, number: int, commands: dict, original_sum: str):
        self.home = OUT / str(number)
        self.source = drivers.copy_core(self.home)
        self.commands = commands
        self.original_sum = original_sum
        self.plain = {}  # objects of the unchanged core, to compare code with

    def compile(self, paths: list, preset: str, tag: str, extra: list) -> dict:
        compiled = {p: self.home / f"{tag}-{p.replace('/', '-')}.o" for p in paths}
        for path, out in compiled.items():
            drivers.compile_one(self.commands[preset], path, self.source, preset, out, ["-w", *extra])
        return compiled

    def same_code(self, paths: list, compiled: dict) -> bool:
        return all(compiled[p].read_bytes() == self.plain[p] for p in paths)

    def sweep(self, preset: str, driver: Path) -> tuple:
        """("killed", by what) or ("lives", same or other trace)."""
        command = [ROOT / f"build/{preset}/bin/chimneysweep", "sweep", "--json", "--quiet", "--strict", "--first",
                   "--driver", driver, ROOT / "corpora"]
        try:
            got = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT,
                                 env={**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"})
        except subprocess.TimeoutExpired:
            return "killed", "hang"  # every program slow
        lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
        if got.returncode == 0:
            return "lives", "same trace" if lines[-1]["trace_sum"] == self.original_sum else "other trace"
        shown = next((line for line in lines if line.get("verdict", "pass") != "pass"), {})
        if got.returncode > 1:
            sys.exit(f"mutate: sweep ended with status {got.returncode}")
        return "killed", shown.get("rule") or shown.get("verdict") or "another trace after other runs"

    def judge(self, mutant: mutants.Mutant) -> Judged:
        file = self.source / mutant.path
        original = file.read_text()
        every = drivers.core_files(self.commands["release"])
        paths = every if mutant.path.endswith(".h") else [mutant.path]
        for path in paths:
            if path not in self.plain:
                self.plain[path] = self.compile([path], "release", "plain", ["-g0"])[path].read_bytes()
        file.write_text(mutant.apply(original))
        try:
            compiled = self.compile(paths, "release", "plain", ["-g0"])
            if self.same_code(paths, compiled):
                return Judged(mutant, "same code", reason="equivalent", why="compiles to the same code")
            driver = drivers.link(self.commands["release"], compiled, "release", self.home / "release.so")
            result, by = self.sweep("release", driver)
            if result == "lives":
                compiled = self.compile(paths, "asan", "asan", [])
                driver = drivers.link(self.commands["asan"], compiled, "asan", self.home / "asan.so")
                asan_result, asan_by = self.sweep("asan", driver)
                result, by = (asan_result, asan_by) if asan_result == "killed" else (result, by)
            return Judged(mutant, result, by)
        except RuntimeError:
            return Judged(mutant, "not compiled")
        finally:
            file.write_text(original)


def original_sum() -> str:
    """What the traces of the unchanged core come to; nothing when it does not pass."""
    got = subprocess.run([ROOT / "build/release/bin/chimneysweep", "sweep", "--json", "--quiet", "--strict",
                          ROOT / "corpora"], text=True, stdout=subprocess.PIPE)
    return "" if got.returncode else json.loads(got.stdout.splitlines()[-1])["trace_sum"]


def reviewed(path: Path) -> dict:
    """What people found out about mutants that live: key to (class, why)."""
    known = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != 6 or fields[0] not in CLASSES:
                sys.exit(f"mutate: {path}:{number}: expected class, why, file, function, line, change")
            known["\t".join(fields[2:])] = (fields[0], fields[1])
    return known


def place(mutant: mutants.Mutant) -> str:
    return f"{mutant.path}:{mutant.line} {mutant.function}: {mutant.old} -> {mutant.new or 'nothing'}"


def classify(judged: list, known: dict) -> None:
    for j in judged:
        if j.result == "lives":
            j.reason, j.why = known.get(j.mutant.key(), ("missed", j.by))


def run(workshops: list, order: list, count: int) -> list:
    """Judges mutants of the order until count of them have compiled."""
    done, waiting = [], iter(order)
    begin = last = time.monotonic()

    def work(workshop: Workshop) -> None:
        nonlocal last
        while len(done) < count:
            mutant = next(waiting, None)
            if mutant is None:
                return
            judged = workshop.judge(mutant)
            if judged.result != "not compiled":
                done.append(judged)
            if judged.result == "lives":
                print(f"mutate: lives: {place(mutant)}", file=sys.stderr, flush=True)
            if time.monotonic() - last > 10:
                last = time.monotonic()
                lives = sum(j.result == "lives" for j in done)
                print(f"mutate: {last - begin:4.0f} s: {len(done)} of {count}, {lives} live", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(len(workshops)) as pool:
        for _ in pool.map(work, workshops):
            pass
    return sorted(done[:count], key=lambda j: (j.mutant.path, j.mutant.at))


def report(judged: list, as_json: bool) -> float:
    killed = sum(j.result == "killed" for j in judged)
    equivalent = sum(j.reason == "equivalent" for j in judged)
    unseen = sum(j.reason == "not observable" for j in judged)
    unmade = sum(j.reason == "the rig cannot make it" for j in judged)
    missed = sum(j.reason == "missed" for j in judged)
    share = killed / max(len(judged) - equivalent, 1)
    if as_json:
        print(json.dumps({"mutants": len(judged), "killed": killed, "equivalent": equivalent, "not_observable": unseen,
                          "not_made": unmade, "missed": missed, "share": round(share, 4),
                          "all": [{"file": j.mutant.path, "line": j.mutant.line, "function": j.mutant.function,
                                   "change": f"{j.mutant.old} -> {j.mutant.new}", "key": j.mutant.key(),
                                   "result": j.result, "by": j.by, "reason": j.reason, "why": j.why}
                                  for j in judged]}, indent=1))
        return share
    for j in judged:
        if j.result == "lives":
            print(f"{place(j.mutant)}\n    {j.mutant.text.strip()}\n    {j.reason}: {j.why}")
    print(f"{len(judged)} mutants: {killed} killed, {equivalent} equivalent, {unseen} not observable, "
          f"{unmade} that the rig cannot make, {missed} missed; "
          f"{100 * share:.1f} % of those that are not equivalent were killed")
    return share


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help="files or folders of core/ (default: all of it)")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="which mutants")
    parser.add_argument("--turn", type=int, help="instead: the seed that this commit draws, 0 for its first")
    parser.add_argument("--reviewed", type=Path, default=REVIEWED, help="survivors that people have looked at")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        known = reviewed(options.reviewed)
    except (OSError, UnicodeDecodeError) as error:
        print(f"mutate: {options.reviewed}: {error}; expected a table of survivors", file=sys.stderr)
        return 2
    seed = options.seed if options.turn is None else draw.seed_of(draw.commit(), options.turn)
    print(f"mutate: seed {seed}", file=sys.stderr)
    commands = {preset: drivers.compile_commands(preset) for preset in ("release", "asan")}
    files = drivers.core_files(commands["release"]) + \
        sorted(str(p.relative_to(ROOT)) for p in (ROOT / "core").rglob("*.h") if "include" not in p.parts)
    wanted = [str(Path(p).resolve().relative_to(ROOT)) for p in options.paths] or ["core"]
    files = [f for f in files if any(f == w or f.startswith(w + "/") for w in wanted)]
    if not files:
        print(f"mutate: no source of core/ below {' '.join(options.paths)}", file=sys.stderr)
        return 2
    original = original_sum()
    if not original:
        print("mutate: the unchanged core does not pass the corpora", file=sys.stderr)
        return 3
    workshops = [Workshop(n, commands, original) for n in range(os.cpu_count() or 1)]
    judged = run(workshops, mutants.sample(ROOT, files, seed), options.count)
    classify(judged, known)
    return 0 if report(judged, options.json) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
