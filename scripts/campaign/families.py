"""Planted bugs under families: a program that was changed in a way that changes no duty must still show its bug."""
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import draw
import drivers

JUDGED = ("violation", "sanitizer")  # a hang, a crash or a fault of the rig names no duty
SHARE = 0.95                         # of the bugs of each family must be caught
CHIMNEYSWEEP = drivers.ROOT / "build/asan/bin/chimneysweep"
BUILT = drivers.ROOT / "build/bugs"
BUGS = drivers.ROOT / "harness/bugs"
REVIEWED = BUGS / "families.tsv"


@dataclass
class Outcome:
    bug: str
    family: str
    expected: str
    verdict: str  # pass, skipped, or a kind of finding
    rule: str
    good: bool
    why: str = ""  # it was skipped, or may be missed


def reviewed() -> dict:
    """Why a bug may be missed, by family and bug."""
    rows = [line.split("\t") for line in REVIEWED.read_text().splitlines() if not line.startswith("#")]
    return {(family, bug): why for names, bug, why in rows for family in names.split(",")}


def fresh(driver, patch) -> bool:
    """Built from this patch and these objects."""
    core = drivers.ROOT / "build/asan/lib/offload_core.so"
    return driver.exists() and driver.stat().st_mtime > max(patch.stat().st_mtime, core.stat().st_mtime)


def outcome_of(bug, line: dict, allowed: dict) -> Outcome:
    good = line["verdict"] in JUDGED and line["rule"] in (bug.rule, *bug.also)
    why = line["why"] if line["verdict"] == "skipped" else "" if good else allowed.get((line["family"], bug.name), "")
    return Outcome(bug.name, line["family"], bug.rule, line["verdict"], line["rule"], good, why)


def judge(bug, commands: dict, names: str, allowed: dict) -> list:
    """All families on one bug's program."""
    driver = BUILT / bug.name / "asan" / f"{bug.name}.so"
    try:
        if not fresh(driver, bug.patch):
            drivers.patched(bug.patch, BUILT / bug.name / "asan", "asan", commands)
    except RuntimeError as error:
        return [Outcome(bug.name, "nothing", bug.rule, str(error), "", False)]
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--families", names, "--json", "--quiet", *bug.mode(),
                          "--driver", driver, bug.program], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env={**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"})
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    found = [outcome_of(bug, line, allowed) for line in lines if "family" in line and "verdict" in line]
    return found or [Outcome(bug.name, "nothing", bug.rule, got.stderr.strip()[:200], "", False)]


def missed(outcomes: list) -> list:
    return [o for o in outcomes if not o.good and o.verdict != "skipped"]


def table(outcomes: list, whole: bool) -> bool:
    """By family: how many bugs could be asked, and how many of them were caught. Whether that is enough."""
    asked = Counter(o.family for o in outcomes if o.verdict != "skipped")
    caught = Counter(o.family for o in outcomes if o.good)
    skipped = Counter(o.family for o in outcomes if o.verdict == "skipped")
    enough = True
    print(f"{'family':<24} {'bugs':>6} {'skipped':>8} {'caught':>7} {'share':>8}")
    for family in dict.fromkeys(o.family for o in outcomes):
        share = caught[family] / asked[family] if asked[family] else 1
        enough = enough and (share >= SHARE or not whole)
        text = f"{100 * share:.1f} %" if asked[family] else "missing"
        print(f"{family:<24} {asked[family]:>6} {skipped[family]:>8} {caught[family]:>7} {text:>8}")
    hidden = sorted(missed(outcomes), key=lambda o: (bool(o.why), o.family, o.bug))
    print(f"\nmissed: {len(hidden)} of {sum(asked.values())}, {sum(bool(o.why) for o in hidden)} of them reviewed")
    for o in hidden:
        print(f"{o.family:<24} {o.bug:<50} {o.expected:<22} {o.rule or o.verdict:<14} {o.why}".rstrip())
    return enough and all(o.why for o in hidden)


def stale(outcomes: list, allowed: dict) -> list:
    """What is reviewed as missed and was caught, or does not exist."""
    caught = {(o.family, o.bug) for o in outcomes if o.good}
    names = {bug.stem for bug in BUGS.glob("*.patch")}
    return [key for key in allowed if key in caught or key[1] not in names]


def main(chosen: list, options) -> int:
    whole = not options.names and not options.sample
    if options.sample:
        chosen = draw.sample(chosen, options.sample, options.seed)
    commands, outcomes, allowed = drivers.compile_commands("asan"), [], reviewed()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(lambda b: judge(b, commands, options.families, allowed), chosen), 1):
            outcomes += found
            if sys.stderr.isatty():
                print(f"\r{done} of {len(chosen)} bugs", end="\n" if done == len(chosen) else "", file=sys.stderr)
    if options.json:
        print(json.dumps([vars(o) for o in outcomes], indent=1))
        return 0 if all(o.why for o in missed(outcomes)) else 1
    good = table(outcomes, whole)
    for family, bug in stale(outcomes, allowed):
        print(f"{family}, {bug}: in {REVIEWED.name}, and caught, or no such bug")
        good = False
    return 0 if good else 1
