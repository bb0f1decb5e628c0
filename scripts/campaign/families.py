"""Planted bugs under families: a program that was changed in a way that changes no duty must still show its bug."""
import json
import os
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import bugs
import drivers

JUDGED = ("violation", "sanitizer")  # a hang, a crash or a fault of the rig names no duty


@dataclass
class Outcome:
    bug: str
    family: str
    expected: str
    verdict: str  # pass, skipped, or a kind of finding
    rule: str
    good: bool


def fresh(driver, patch) -> bool:
    """Built from this patch and these objects."""
    if not driver.exists():
        return False
    made = driver.stat().st_mtime
    return made > patch.stat().st_mtime and made > (bugs.ROOT / "build/asan/lib/offload_core.so").stat().st_mtime


def outcome_of(bug, line: dict) -> Outcome:
    good = line["verdict"] in JUDGED and line["rule"] in (bug.rule, *bug.also)
    return Outcome(bug.name, line["family"], bug.rule, line["verdict"], line["rule"], good)


def judge(bug, commands: dict, names: str) -> list:
    """All families on one bug's program."""
    driver = bugs.OUT / bug.name / "asan" / f"{bug.name}.so"
    try:
        if not fresh(driver, bug.patch):
            bugs.build(bug, "asan", commands)
    except RuntimeError as error:
        return [Outcome(bug.name, "nothing", bug.rule, str(error), "", False)]
    got = subprocess.run([bugs.CHIMNEYSWEEP, "sweep", "--families", names, "--json", "--quiet", *bug.mode(),
                          "--driver", driver, bug.program], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env={**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"})
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith('{"family"')]
    found = [outcome_of(bug, line) for line in lines if "verdict" in line]
    return found or [Outcome(bug.name, "nothing", bug.rule, got.stderr.strip()[:200], "", False)]


def table(outcomes: list) -> bool:
    """By family: how many bugs could be asked, and how many of them were caught."""
    asked = Counter(o.family for o in outcomes if o.verdict != "skipped")
    skipped = Counter(o.family for o in outcomes if o.verdict == "skipped")
    caught = Counter(o.family for o in outcomes if o.good)
    print(f"{'family':<24} {'bugs':>6} {'skipped':>8} {'caught':>7} {'share':>7}")
    for family in dict.fromkeys(o.family for o in outcomes):
        share = f"{100 * caught[family] / asked[family]:.1f} %" if asked[family] else "-"
        print(f"{family:<24} {asked[family]:>6} {skipped[family]:>8} {caught[family]:>7} {share:>7}")
    missed = [o for o in outcomes if not o.good and o.verdict != "skipped"]
    print(f"\nmissed: {len(missed)} of {sum(asked.values())}")
    for o in sorted(missed, key=lambda o: (o.family, o.bug)):
        print(f"{o.family:<24} {o.bug:<52} {o.expected:<24} {o.rule or o.verdict}")
    return not missed


def main(chosen: list, options) -> int:
    if options.sample and options.sample < len(chosen):
        drawn = random.Random(options.seed).sample(range(len(chosen)), options.sample)
        chosen = [chosen[i] for i in sorted(drawn)]
    commands, outcomes = drivers.compile_commands("asan"), []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(lambda b: judge(b, commands, options.families), chosen), 1):
            outcomes += found
            if sys.stderr.isatty():
                print(f"\r{done} of {len(chosen)} bugs", end="\n" if done == len(chosen) else "", file=sys.stderr)
    if options.json:
        print(json.dumps([vars(o) for o in outcomes], indent=1))
        return 0 if all(o.good or o.verdict == "skipped" for o in outcomes) else 1
    return 0 if table(outcomes) else 1
