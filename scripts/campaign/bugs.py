#!/usr/bin/python3
"""Proves the oracle by planted bugs: each patch of harness/bugs/ becomes a driver of its own, which must
be caught with the expected rule by its program, and found by the fuzzer from seeds that do not show it.

examples:
  scripts/bugs                        the whole table; status 0 only when all of it holds
  scripts/bugs --no-fuzz              only what the programs and the corpora catch (ten minutes)
  scripts/bugs --programs             only what each bug's own program catches (some minutes)
  scripts/bugs refused-data-offered-again
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import drivers
import findings

ROOT = Path(__file__).resolve().parents[2]
BUGS = ROOT / "harness/bugs"
OUT = ROOT / "build/bugs"
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
FUZZER = ROOT / "build/fuzz/bin/fuzz_program"
BUDGET = 60  # seconds of CPU


@dataclass
class Bug:
    name: str
    rule: str
    story: str
    patch: Path
    program: Path
    strict: bool = False  # a "should" rule: a warning but in strict mode, which the fuzzer does not run
    by_program: str = ""
    by_corpora: int = 0
    corpora_rules: set = field(default_factory=set)
    found: str = "-"
    cpu: float = 0.0
    error: str = ""

    def mode(self) -> list:
        return ["--strict"] if self.strict else []

    def good(self, fuzzed: bool) -> bool:
        caught = not self.error and self.by_program == self.rule
        return caught and (not fuzzed or self.strict or (self.found != "-" and self.cpu <= BUDGET))


def read(patch: Path) -> Bug:
    head = dict(line.split(": ", 1) for line in patch.read_text().split("\n\n", 1)[0].splitlines())
    return Bug(patch.stem, head["Rule"].strip(), head["Story"].strip(), patch,
               patch.with_suffix(".chim"), head.get("Strict", "").strip() == "yes")


def build(bug: Bug, preset: str, commands: dict) -> Path:
    """Compiles only what the patch changes and links it with the objects of the preset's build."""
    home = OUT / bug.name / preset
    source = drivers.copy_core(home)
    done = subprocess.run(["patch", "-p1", "--fuzz=3", "-s", "-i", bug.patch], cwd=source, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"patch does not apply: {done.stdout.strip()[:200]}")
    changed = {line[6:].strip() for line in bug.patch.read_text().splitlines() if line.startswith("+++ b/")}
    if any(path.endswith(".h") for path in changed):
        changed = set(drivers.core_files(commands))
    compiled = {}
    for path in changed:
        compiled[path] = home / (path.replace("/", "-") + ".o")
        drivers.compile_one(commands, path, source, preset, compiled[path])
    return drivers.link(commands, compiled, preset, home / f"{bug.name}.so")


def judge_corpora(bug: Bug, driver: Path, seeds: Path) -> None:
    """Counts the shipped programs that show the bug; the others become the fuzzer's seeds."""
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--json", "--quiet", *bug.mode(), "--driver", driver, seeds],
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         env={**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"})
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    shown = [line for line in lines if "verdict" in line]
    bug.by_corpora = len(shown)
    bug.corpora_rules = {line["rule"] for line in shown}
    clean = OUT / bug.name / "seeds"
    shutil.rmtree(clean, ignore_errors=True)
    shutil.copytree(seeds, clean)
    for line in shown:
        (clean / Path(line["file"]).name).unlink(missing_ok=True)


def fuzz(bug: Bug, driver: Path) -> None:
    home = OUT / bug.name / "campaign"
    shutil.rmtree(home, ignore_errors=True)
    (home / "corpus").mkdir(parents=True)
    command = [FUZZER, f"-max_total_time={BUDGET}", "-seed=1", "-max_len=2048", "-timeout=20",
               f"-artifact_prefix={home}/", home / "corpus", OUT / bug.name / "seeds"]

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (BUDGET + 5, BUDGET + 5))

    with open(home / "log", "wb") as log:
        process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, preexec_fn=limit,
                                   env={**os.environ, "CHIMNEYSWEEP_DRIVER": str(driver),
                                        "ASAN_OPTIONS": "detect_leaks=0:symbolize=0"})
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    bug.cpu = usage.ru_utime + usage.ru_stime
    for crash in sorted(p for p in home.glob("*-*") if p.is_file()):
        probe = home / "probe.bin"
        if findings.normal_form(CHIMNEYSWEEP, crash, probe):
            got = subprocess.run([CHIMNEYSWEEP, "run", "--json", "--driver",
                                  OUT / bug.name / "asan" / f"{bug.name}.so", probe], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            verdict = json.loads(got.stdout)
            if verdict["verdict"] != "pass":
                bug.found = verdict["rule"] or verdict["verdict"]


def prove(bug: Bug, commands: dict, seeds: Path | None, fuzzing: bool) -> Bug:
    try:
        driver = build(bug, "asan", commands["asan"])
        got = subprocess.run([CHIMNEYSWEEP, "run", "--json", *bug.mode(), "--driver", driver, bug.program], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        verdict = json.loads(got.stdout) if got.stdout else {"verdict": got.stderr.strip(), "rule": None}
        bug.by_program = verdict["rule"] or verdict["verdict"]
        if seeds:
            judge_corpora(bug, driver, seeds)
        if fuzzing and not bug.strict:
            fuzz(bug, build(bug, "fuzz", commands["fuzz"]))
    except (RuntimeError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        bug.error = str(error)
    return bug


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these bugs")
    parser.add_argument("--no-fuzz", action="store_true", help="leave the fuzzer out")
    parser.add_argument("--programs", action="store_true", help="each bug on its own program alone (minutes)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    options = parser.parse_args()
    options.no_fuzz |= options.programs
    bugs = [read(p) for p in sorted(BUGS.glob("*.patch")) if not options.names or p.stem in options.names]
    if not bugs:
        print(f"bugs: no patch of that name in {BUGS}", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    seeds = OUT / "seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    seeds.mkdir()
    for source in sorted((ROOT / "corpora").rglob("*")):
        if source.suffix in (".chim", ".bin"):
            subprocess.run([CHIMNEYSWEEP, "asm", "-o", seeds / f"{source.parent.name}-{source.stem}.bin",
                            source], check=True)
    commands = {preset: drivers.compile_commands(preset) for preset in ("asan", "fuzz")}
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda b: prove(b, commands, None if options.programs else seeds, not options.no_fuzz), bugs))

    fuzzed = not options.no_fuzz
    if options.json:
        print(json.dumps([{"bug": b.name, "expected": b.rule, "reported": b.by_program,
                           "corpora": b.by_corpora, "found": b.found, "cpu_s": round(b.cpu, 2),
                           "good": b.good(fuzzed), "error": b.error} for b in done], indent=1))
    else:
        print(f"{'bug':<48} {'expected':<14} {'its program':<14} {'corpora':>7}  {'fuzzer':<14} {'CPU s':>6}")
        for b in done:
            mark = "" if b.good(fuzzed) else "  <-- " + (b.error or "not as expected")
            print(f"{b.name:<48} {b.rule:<14} {b.by_program:<14} {b.by_corpora:>7}  {b.found:<14} "
                  f"{b.cpu:>6.1f}{mark}")
        good = sum(b.good(fuzzed) for b in done)
        print(f"{good} of {len(done)} planted bugs caught with the expected rule by their program"
              + (f" and found from clean seeds within {BUDGET} s of CPU" if fuzzed else ""))
    return 0 if all(b.good(fuzzed) for b in done) else 1


if __name__ == "__main__":
    sys.exit(main())
