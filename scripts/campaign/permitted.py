#!/usr/bin/python3
"""Proves that the oracle sees no ghosts: each patch of harness/permitted/ becomes a driver that chooses otherwise than
the core where the documents leave a choice. With each, every program passes, warns under --strict only of the rules
that its patch names in May lines, no capture is a finding, and a stream over a bad line keeps its sum.

Status: 0 all of it holds, 1 a driver is blamed, 2 usage, 3 environment.

examples:
  scripts/permitted                          every variant (a quarter of an hour on two processors)
  scripts/permitted --list                   the choices, and what permits them
  scripts/permitted --sample 4               those that the commit's hash draws
  scripts/permitted --sample 4 --seed 7
  scripts/permitted --programs no-delayed-acknowledgement constant-ip-id
"""
import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import draw
import drivers

ROOT = drivers.ROOT
PERMITTED = ROOT / "harness/permitted"
OUT = ROOT / "build/permitted"
CHIMNEYSWEEP = ROOT / "build/asan/bin/chimneysweep"
STREAM = ["--bytes", "2M", "--loss", "2", "--reorder", "2", "--duplicate", "1", "--corrupt", "0.1", "--seeds", "2",
          "--twice"]
SHOWN = 20  # findings of a variant that are printed
QUIET = {**os.environ, "ASAN_OPTIONS": "symbolize=0", "UBSAN_OPTIONS": "symbolize=0"}


@dataclass
class Variant:
    name: str
    choice: str
    permits: list
    may: list  # rules that may warn
    patch: Path
    programs: int = 0
    skipped: int = 0
    blamed: list = field(default_factory=list)  # (what was run, file, rule or verdict)
    warned: list = field(default_factory=list)  # rules of the May lines that did warn
    error: str = ""

    def good(self) -> bool:
        return not self.error and not self.blamed


def read(patch: Path) -> Variant:
    head = drivers.patch_head(patch)
    return Variant(patch.stem, head["Choice"][0], head["Permits"], [m.split()[0] for m in head.get("May", [])], patch)


def findings(command: list, driver: Path, *arguments) -> tuple:
    """(what was found, as pairs of file and rule or verdict; the totals)."""
    got = subprocess.run([CHIMNEYSWEEP, command, "--json", *arguments, "--driver", driver], text=True, env=QUIET,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{command}: {got.stderr.strip()[:200]}")
    found = [(line.get("file", command), line.get("rule") or line["verdict"]) for line in lines
             if line.get("verdict", "pass") not in ("pass", "inconclusive")]
    if got.returncode == 1 and not found:
        found.append((command, "another trace after other runs"))
    return found, lines[-1]


def judge(variant: Variant, commands: dict, options: argparse.Namespace) -> Variant:
    def blame(kind, found):
        variant.blamed += [(kind, file, rule) for file, rule in found]

    try:
        driver = drivers.patched(variant.patch, OUT / variant.name, "asan", commands)
        if options.programs:
            found, totals = findings("sweep", driver, "--quiet", ROOT / "corpora")
            variant.programs, variant.skipped = totals["programs"], totals["skipped"]
            blame("programs", found)
            strict = set(findings("sweep", driver, "--quiet", "--strict", ROOT / "corpora")[0]) - set(found)
            blame("strict", sorted((file, rule) for file, rule in strict if rule not in variant.may))
            variant.warned = sorted({rule for _, rule in strict if rule in variant.may})
        if options.captures:
            blame("captures", findings("replay", driver, ROOT / "pcaps")[0])
        if options.stream:
            blame("stream", findings("stream", driver, *STREAM)[0])
    except (RuntimeError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
        variant.error = str(error)
    return variant


def cell(variant: Variant, kind: str, wanted: bool) -> str:
    count = sum(k == kind for k, _, _ in variant.blamed)
    return "-" if not wanted or variant.error else str(count) if count else "ok"


def line_of(variant: Variant, options: argparse.Namespace) -> str:
    cells = [cell(variant, "programs", options.programs), cell(variant, "strict", options.programs),
             cell(variant, "captures", options.captures), cell(variant, "stream", options.stream)]
    rules = sorted({rule for _, _, rule in variant.blamed})
    tail = variant.error or " ".join(rules)
    return (f"{variant.name:<52}" + "".join(f"{c:>10}" for c in cells) + f"  {' '.join(variant.warned):<24}"
            + ("" if variant.good() else f"  <-- {tail}")).rstrip()


def show(variant: Variant, out) -> None:
    for kind, file, rule in variant.blamed[:SHOWN]:
        print(f"    {kind:<10} {rule:<24} {file}", file=out)
    if len(variant.blamed) > SHOWN:
        print(f"    and {len(variant.blamed) - SHOWN} more", file=out)


def as_json(variant: Variant) -> dict:
    return {"variant": variant.name, "choice": variant.choice, "permits": variant.permits, "may": variant.may,
            "programs": variant.programs, "skipped": variant.skipped, "warned": variant.warned,
            "blamed": [dict(zip(("by", "file", "rule"), b)) for b in variant.blamed], "good": variant.good(),
            "error": variant.error}


def list_all(variants: list) -> None:
    for v in variants:
        print(f"{v.name}\n    {v.choice}")
        for sentence in v.permits:
            print(f"    {sentence}")
        for rule in v.may:
            print(f"    may warn: {rule}")


def run_all(variants: list, options: argparse.Namespace) -> bool:
    out = sys.stderr if options.json else sys.stdout
    OUT.mkdir(parents=True, exist_ok=True)
    commands = drivers.compile_commands("asan")
    print(f"{'variant':<52}{'programs':>10}{'strict':>10}{'captures':>10}{'stream':>10}  warned as it may", file=out)
    with ThreadPoolExecutor(options.jobs) as pool:
        for variant in pool.map(lambda v: judge(v, commands, options), variants):
            print(line_of(variant, options), file=out, flush=True)
            show(variant, out)
    good = sum(v.good() for v in variants)
    print(f"permitted: {good} of {len(variants)} permitted variants are not blamed", file=out)
    if options.json:
        print(json.dumps([as_json(v) for v in variants], indent=1))
    return good == len(variants)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/permitted", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these variants")
    parser.add_argument("--sample", type=int, help="so many of them, drawn")
    parser.add_argument("--seed", type=int, help="of the draw (default: from the commit's hash)")
    parser.add_argument("--programs", action="store_true", help="run the corpora; without any of these three, all")
    parser.add_argument("--captures", action="store_true", help="replay the captures")
    parser.add_argument("--stream", action="store_true", help="run a long stream over a bad line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="variants at once (one per processor)")
    parser.add_argument("--list", action="store_true", help="print the choices and run nothing")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    options = parser.parse_args()
    if not (options.programs or options.captures or options.stream):
        options.programs = options.captures = options.stream = True
    if options.jobs < 1 or (options.sample is not None and options.sample < 1):
        parser.error("--jobs and --sample: expected numbers above 0")
    patches = {p.stem: p for p in sorted(PERMITTED.glob("*.patch"))}
    unknown = [name for name in options.names if name not in patches]
    if unknown:
        parser.error(f"no patch {unknown[0]}.patch in {PERMITTED}")
    options.variants = [read(p) for name, p in patches.items() if not options.names or name in options.names]
    return options


def main() -> int:
    options = parse()
    variants = options.variants
    if options.list:
        list_all(variants)
        return 0
    if not CHIMNEYSWEEP.is_file():
        print(f"permitted: {CHIMNEYSWEEP} is missing: scripts/build asan", file=sys.stderr)
        return 3
    try:
        if options.sample is not None:
            seed = options.seed if options.seed is not None else draw.seed_of(draw.commit())
            variants = draw.sample(variants, options.sample, seed)
            print(f"permitted: {len(variants)} of {len(options.variants)} variants, drawn by {seed}", file=sys.stderr)
        return 0 if run_all(variants, options) else 1
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"permitted: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
