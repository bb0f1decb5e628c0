#!/usr/bin/python3
"""Runs both fuzz engines over the shipped corpora for a while and reports what came of it."""
import argparse
import json
import os
import shlex
import shutil
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


def sweep(folder: Path, driver: Path | None) -> list:
    """A report of each program, and the totals: how many failed, what share reached which situation."""
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--json", "--quiet", *findings.of_driver(driver), folder], text=True,
                         stdout=subprocess.PIPE)
    reports = [json.loads(line) for line in got.stdout.splitlines()]
    if not reports:
        sys.exit(got.returncode or 3)  # it has said why
    return reports


def take_out(reports: list, seeds: Path, folder: Path) -> list:
    """Only what passed is a seed: an engine that began with another would end in it again and again. The failing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    verdicts = {Path(report["file"]).name: report["verdict"] for report in reports[:-1]}
    others = [path for path in sorted(seeds.iterdir()) if verdicts.get(path.name) != "pass"]
    moved = [Path(shutil.move(path, folder / path.name)) for path in others]
    return [path for path in moved if path.name in verdicts]


def print_shares(title: str, totals: dict) -> None:
    text = "  ".join(f"{name} {100 * totals[name]:.0f} %" for name in REACHED)
    print(f"{title}: {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=ROOT / "build/campaign")
    parser.add_argument("--driver", type=Path)
    options = parser.parse_args()
    out, driver = options.out.resolve(), options.driver and options.driver.resolve()
    if driver:
        os.environ["CHIMNEYSWEEP_DRIVER"] = str(driver)
    out.mkdir(parents=True, exist_ok=True)

    programs = make_seeds(CHIMNEYSWEEP, out / "seeds")
    make_dictionary(CHIMNEYSWEEP, out / "program.dict")
    print(f"fuzz: {programs} seed programs in {out / 'seeds'}", flush=True)
    reports = sweep(out / "seeds", driver)
    totals = reports[-1]
    print_shares("fuzz: seeds reached", totals)
    failing = take_out(reports, out / "seeds", out / "no-seeds")
    if failing or totals["not_run"]:
        print(f"fuzz: {len(failing)} programs fail and are judged below, {totals['not_run']} were not run, since others "
              f"ended alike: no seeds, in {out / 'no-seeds'}")

    running = [engines.LibFuzzer(ROOT, out), engines.Afl(ROOT, out)]
    for engine in running:
        engine.start(options.seconds)
    engines.wait(running, options.seconds)

    found = findings.collect(CHIMNEYSWEEP, [*failing, *(p for e in running for p in e.crashes())],
                             out / "findings", driver)
    findings.write_sarif(CHIMNEYSWEEP, found, out / "findings.sarif", driver)
    corpus = [p for e in running for p in e.corpus()]
    counters = [sum(column) for column in zip(*(e.reached() for e in running))]
    share = {name: n / max(counters[0], 1) for name, n in zip(REACHED, counters[1:])}
    measured = None if driver else coverage.measure(ROOT, [ROOT / "corpora", *corpus], out / "coverage")
    rules = coverage.measure_rules(CHIMNEYSWEEP, [ROOT / "corpora", *corpus], driver)

    print()
    for engine in running:
        print(f"{engine.name:<10} {engine.executions():>10} executions "
              f"{engine.executions() / options.seconds:>9.0f} executions/s  corpus {engine.corpus_size()}")
    print_shares("reached    by executions", share)
    print(f"coverage   of core/: {measured.text()}" if measured else f"driver     {driver} (its coverage is not measured)")
    print(f"rules      {rules.text()}")
    print(f"findings   {len(found)}")
    for item in found:
        print(f"           {item.title}: {item.folder}/program.chim")
        words = ["build/asan/bin/chimneysweep", "run", *findings.of_driver(driver), item.folder / "program.chim"]
        print(f"             reproduce: {shlex.join(map(str, words))}")
    print(f"written    seeds, corpora, logs, findings and findings.sarif in {out}")
    if measured:
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
