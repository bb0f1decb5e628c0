#!/usr/bin/python3
"""Runs both fuzz engines over the shipped corpora for a while and reports what came of it."""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import coverage
import engines
import findings
from seeds import make_dictionary, make_seeds

ROOT = Path(__file__).resolve().parents[2]
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
REACHED = ["established", "posted", "indicated", "refused", "uploaded", "disconnected"]


def shares(folders: list[Path]) -> dict:
    """What share of the programs reached which situation, and how many failed."""
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--json", "--quiet", *folders], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(got.stdout.splitlines()[-1])


def print_shares(title: str, totals: dict) -> None:
    text = "  ".join(f"{name} {100 * totals[name]:.0f} %" for name in REACHED)
    print(f"{title}: {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=ROOT / "build/campaign")
    options = parser.parse_args()
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)

    programs = make_seeds(CHIMNEYSWEEP, out / "seeds")
    make_dictionary(CHIMNEYSWEEP, out / "program.dict")
    print(f"fuzz: {programs} seed programs in {out / 'seeds'}", flush=True)
    totals = shares([ROOT / "corpora"])
    print_shares("fuzz: seeds reached", totals)

    running = [engines.LibFuzzer(ROOT, out), engines.Afl(ROOT, out)]
    for engine in running:
        engine.start(options.seconds)
    engines.wait(running, options.seconds)

    found = findings.collect(CHIMNEYSWEEP, [p for e in running for p in e.crashes()],
                             out / "findings")
    findings.write_sarif(CHIMNEYSWEEP, found, out / "findings.sarif")
    corpus = [p for e in running for p in e.corpus()]
    counters = [sum(column) for column in zip(*(e.reached() for e in running))]
    share = {name: n / max(counters[0], 1) for name, n in zip(REACHED, counters[1:])}
    measured = coverage.measure(ROOT, [ROOT / "corpora", *corpus], out / "coverage")
    rules = coverage.measure_rules(CHIMNEYSWEEP, [ROOT / "corpora", *corpus])

    print()
    for engine in running:
        print(f"{engine.name:<10} {engine.executions():>10} executions "
              f"{engine.executions() / options.seconds:>9.0f} executions/s  corpus {engine.corpus_size()}")
    print_shares("reached    by executions", share)
    print(f"coverage   of core/: {measured.text()}")
    print(f"rules      {rules.text()}")
    print(f"findings   {len(found)}")
    for item in found:
        print(f"           {item.title}: {item.folder}/program.chim")
        print(f"             reproduce: build/asan/bin/chimneysweep run {item.folder}/program.chim")
    print(f"written    seeds, corpora, logs, findings and findings.sarif in {out}")
    print(f"           coverage by file in {out / 'coverage' / 'report.txt'}")
    weak = [name for name in REACHED if totals[name] < 0.05]
    if weak:
        print(f"fuzz: fewer than 5 % of the seeds reached: {', '.join(weak)}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    start = time.monotonic()
    status = main()
    print(f"fuzz: {time.monotonic() - start:.0f} s, status {status}")
    sys.exit(status)
