#!/usr/bin/python3
"""Proves the oracle by planted bugs: each patch of harness/bugs/ becomes a driver of its own, which must be caught
with the expected rule by its program in corpora/bugs/, and found by the fuzzer from the shipped corpora (the median
of three runs) and from an empty corpus. What the unchanged core does as well counts as nothing.

examples:
  scripts/bugs                        the whole table (hours of CPU); status 0 only when all of it holds
  scripts/bugs --no-fuzz              only what the programs and the corpora catch (minutes)
  scripts/bugs --programs             only what each bug's own program catches
  scripts/bugs --clean                the fuzzer starts from those seeds alone that do not show the bug
  scripts/bugs --families             each bug's program changed by every family (chimneysweep family lists them)
  scripts/bugs --families pause-over,seventy-frames --sample 20 --seed 7
  scripts/bugs --states --sample 10   hunts from nothing with and without counters of states
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
from statistics import median

import drivers
import engines
import families
import findings
import states
from seeds import make_dictionary, make_seeds

ROOT = Path(__file__).resolve().parents[2]
BUGS = ROOT / "harness/bugs"
OUT = ROOT / "build/bugs"
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
FUZZER = ROOT / "build/fuzz/bin/fuzz_program"
PROGRAMS = ROOT / "corpora/bugs"
SEEDED, EMPTY = 120, 300  # seconds of CPU that a hunt may take, from seeds and from nothing
MEDIAN = 5                # what the median of all bugs from seeds may take
FROM_NOTHING = 0.9        # share of the bugs that must be found from nothing
RUNS = 3


@dataclass
class Hunt:
    rule: str = ""  # what the finding was, nothing when there was none
    cpu: float = 0.0


@dataclass
class Bug:
    name: str
    rule: str
    story: str
    patch: Path
    program: Path
    strict: bool = False  # a "should" rule: only a warning but in strict mode
    also: list = field(default_factory=list)  # rules that may name it too when its program is changed
    by_program: str = ""
    by_corpora: int = 0
    seeded: list = field(default_factory=list)
    empty: Hunt | None = None
    error: str = ""

    def mode(self) -> list:
        return ["--strict"] if self.strict else []

    def seeded_cpu(self) -> float | None:
        """The median of the hunts from seeds; None when one of them found nothing."""
        return median(h.cpu for h in self.seeded) if self.seeded and all(h.rule for h in self.seeded) else None

    def good(self) -> bool:
        return not self.error and self.by_program == self.rule and (not self.seeded or self.seeded_cpu() is not None)


def read(patch: Path) -> Bug:
    head = drivers.patch_head(patch)
    also = head.get("Also", [])
    if len(also) > 2:
        raise RuntimeError(f"{patch.name}: more than two lines Also")
    return Bug(patch.stem, head["Rule"][0], head["Story"][0], patch, PROGRAMS / f"{patch.stem}.chim",
               head.get("Strict") == ["yes"], also)


def build(bug: Bug, preset: str, commands: dict) -> Path:
    return drivers.patched(bug.patch, OUT / bug.name / preset, preset, commands)


def run(driver: Path | None, program: Path, mode: list) -> str:
    """What a program's verdict is with a driver (None: the unchanged core): rule or kind, nothing for a pass."""
    chosen = ["--driver", driver] if driver else []
    got = subprocess.run([CHIMNEYSWEEP, "run", "--json", *mode, *chosen, program], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not got.stdout:
        raise RuntimeError(got.stderr.strip()[:200])
    verdict = json.loads(got.stdout)
    return "" if verdict["verdict"] == "pass" else verdict["rule"] or verdict["verdict"]


def judge_corpora(bug: Bug, driver: Path, seeds: Path, clean: bool) -> Path:
    """Counts the shipped programs that show the bug; with clean the others become the fuzzer's seeds."""
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--json", "--quiet", *bug.mode(), "--driver", driver, seeds],
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         env={**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"})
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    shown = [line for line in lines if line.get("verdict", "pass") != "pass"]
    bug.by_corpora = len(shown)
    if not clean:
        return seeds
    own = OUT / bug.name / "seeds"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(seeds, own)
    for line in shown:
        (own / Path(line["file"]).name).unlink(missing_ok=True)
    return own


def hunt(bug: Bug, seed: int, budget: int, seeds: Path | None, program: Path = FUZZER, driver: Path | None = None,
         more: dict | None = None) -> Hunt:
    """One run of the fuzzer, until its first finding."""
    home = OUT / bug.name / (f"seeded-{seed}" if seeds else "empty")
    shutil.rmtree(home, ignore_errors=True)
    (home / "corpus").mkdir(parents=True)
    command = [program, f"-max_total_time={20 * budget}", f"-seed={seed}", f"-max_len={engines.MAX_LENGTH}",
               "-timeout=20", "-entropic=0", f"-dict={OUT}/program.dict", f"-artifact_prefix={home}/", home / "corpus",
               *([seeds] if seeds else [])]

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (budget, budget + 5))

    extra = {**(more or {}), **({"CHIMNEYSWEEP_WARNING": bug.rule} if bug.strict else {})}
    driver = driver or OUT / bug.name / "fuzz" / f"{bug.name}.so"
    with open(home / "log", "wb") as log:
        process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, preexec_fn=limit,
                                   env={**os.environ, **extra, "CHIMNEYSWEEP_DRIVER": str(driver),
                                        "ASAN_OPTIONS": "detect_leaks=0:symbolize=0"})
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    result = Hunt(cpu=usage.ru_utime + usage.ru_stime)
    for crash in sorted(p for p in home.glob("*-*") if p.is_file()):
        probe = home / "probe.bin"
        if findings.normal_form(CHIMNEYSWEEP, crash, probe) and not run(None, probe, bug.mode()):
            result.rule = run(OUT / bug.name / "asan" / f"{bug.name}.so", probe, bug.mode())
    shutil.rmtree(home / "corpus")
    return result


def prove(bug: Bug, commands: dict, seeds: Path, options: argparse.Namespace) -> Bug:
    try:
        driver = build(bug, "asan", commands["asan"])
        bug.by_program = run(driver, bug.program, bug.mode()) or "pass"
        if not options.programs:
            chosen = judge_corpora(bug, driver, seeds, options.clean)
            if not options.no_fuzz:
                build(bug, "fuzz", commands["fuzz"])
                bug.seeded = [hunt(bug, n + 1, SEEDED, chosen) for n in range(options.runs)]
                bug.empty = hunt(bug, 1, EMPTY, None) if options.empty else None
    except (RuntimeError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        bug.error = str(error)
    return bug


def text_of(hunts: list) -> str:
    return f"{hunts[0].rule or '-':<14} {median(h.cpu for h in hunts):>6.1f}" if hunts else f"{'':<14} {'':>6}"


def line_of(bug: Bug) -> str:
    mark = "" if bug.good() else "  <-- " + (bug.error or "not as expected")
    return (f"{bug.name:<48} {bug.rule:<23} {bug.by_program:<23} {bug.by_corpora:>7}  {text_of(bug.seeded)}  "
            f"{text_of([bug.empty] if bug.empty else [])}{mark}").rstrip()


def conclude(bugs: list, fuzzed: bool, empty: bool) -> bool:
    good = sum(b.good() for b in bugs)
    print(f"{good} of {len(bugs)} planted bugs caught with the expected rule"
          + (f" and found from seeds within {SEEDED} s of CPU" if fuzzed else ""))
    holds = good == len(bugs)
    if fuzzed:
        took = [b.seeded_cpu() for b in bugs if b.seeded_cpu() is not None]
        middle = median(took) if took else float(SEEDED)
        print(f"from seeds: {len(took)} found, the median within {middle:.1f} s of CPU")
        holds = holds and middle < MEDIAN
    if empty:
        found = [b.empty.cpu for b in bugs if b.empty and b.empty.rule]
        print(f"from nothing: {len(found)} of {len(bugs)} found within {EMPTY} s of CPU"
              + (f", the median within {median(found):.1f} s" if found else ""))
        holds = holds and len(found) >= FROM_NOTHING * len(bugs)
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these bugs")
    parser.add_argument("--no-fuzz", action="store_true", help="leave the fuzzer out")
    parser.add_argument("--programs", action="store_true", help="each bug on its own program alone (minutes)")
    parser.add_argument("--clean", action="store_true", help="take the seeds that show the bug away")
    parser.add_argument("--runs", type=int, default=RUNS, help="hunts from seeds for each bug")
    parser.add_argument("--no-empty", dest="empty", action="store_false", help="no hunts from an empty corpus")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.add_argument("--families", nargs="?", const="all", metavar="NAME,...",
                        help="each bug's program, changed by these families (by all)")
    parser.add_argument("--states", action="store_true", help="what counters of states do for the hunts from nothing")
    parser.add_argument("--sample", type=int, help="with --families: so many bugs, drawn by --seed; with --states: by the "
                        "commit (40)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    options = parser.parse_args()
    options.no_fuzz |= options.programs
    bugs = [read(p) for p in sorted(BUGS.glob("*.patch")) if not options.names or p.stem in options.names]
    if not bugs:
        print(f"bugs: no patch of that name in {BUGS}", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    if options.families:
        return families.main(bugs, options)
    if options.states:
        make_dictionary(CHIMNEYSWEEP, OUT / "program.dict")
        return states.main(bugs, options)
    shipped = OUT / "seeds"
    make_seeds(CHIMNEYSWEEP, shipped)
    make_dictionary(CHIMNEYSWEEP, OUT / "program.dict")
    commands = {preset: drivers.compile_commands(preset) for preset in ("asan", "fuzz")}
    out = sys.stderr if options.json else sys.stdout
    print(f"{'bug':<48} {'expected':<23} {'its program':<23} {'corpora':>7}  {'from seeds':<14} {'CPU s':>6}  "
          f"{'from nothing':<14} {'CPU s':>6}", file=out)
    done = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug in pool.map(lambda b: prove(b, commands, shipped, options), bugs):
            done.append(bug)
            print(line_of(bug), file=out, flush=True)
    if options.json:
        print(json.dumps([{"bug": b.name, "expected": b.rule, "reported": b.by_program, "corpora": b.by_corpora,
                           "seeded": [vars(h) for h in b.seeded], "empty": vars(b.empty) if b.empty else None,
                           "good": b.good(), "error": b.error} for b in done], indent=1))
        return 0 if all(b.good() for b in done) else 1
    return 0 if conclude(done, not options.no_fuzz, options.empty and not options.no_fuzz) else 1


if __name__ == "__main__":
    sys.exit(main())
