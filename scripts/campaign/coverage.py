#!/usr/bin/python3
"""Coverage of core/ by programs, measured with the coverage build and llvm-cov, and of the rules by the oracle."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Measured:
    lines: float
    branches: float
    functions: float

    def text(self) -> str:
        return (f"lines {self.lines:.1f} %  branches {self.branches:.1f} %  "
                f"functions {self.functions:.1f} %")


@dataclass
class Rules:
    """Of the rules that the oracle checks: which of them some program made it evaluate."""
    evaluated: list
    never: list

    def text(self) -> str:
        shown = ", ".join(self.never[:20]) + (f" and {len(self.never) - 20} more" if self.never[20:] else "")
        return (f"checked {len(self.evaluated) + len(self.never)}: evaluated {len(self.evaluated)}, "
                f"never evaluated {len(self.never)}{f' ({shown})' if self.never else ''}")


def measure_rules(chimneysweep: Path, programs: list, driver: Path | None = None) -> Rules:
    got = subprocess.run([chimneysweep, "rules", "--coverage", "--json", *(["--driver", driver] if driver else []),
                          *programs], text=True, stdout=subprocess.PIPE)
    rows = [row for row in json.loads(got.stdout)["rules"] if row["class"] == "checked by the oracle"]
    return Rules([row["id"] for row in rows if row["evaluated"]], [row["id"] for row in rows if not row["evaluated"]])


def measure(root: Path, programs: list, out: Path) -> Measured:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    build = root / "build/coverage"
    subprocess.run([build / "bin/chimneysweep", "sweep", "--quiet", *programs],
                   env={**os.environ, "LLVM_PROFILE_FILE": f"{out}/%p.profraw"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    raw = list(out.glob("*.profraw"))
    profile = out / "core.profdata"
    subprocess.run(["llvm-profdata-14", "merge", "-o", profile, *raw], check=True)
    for item in raw:
        item.unlink()
    report = subprocess.run(["llvm-cov-14", "report", build / "lib/offload_core.so",
                             f"-instr-profile={profile}", "-show-branch-summary"],
                            text=True, stdout=subprocess.PIPE, check=True).stdout
    (out / "report.txt").write_text(report)
    total = [line for line in report.splitlines() if line.startswith("TOTAL")][0]
    # regions, functions, lines, branches: each as count, missed, per cent
    percent = [float(p) for p in re.findall(r"([\d.]+)%", total)]
    return Measured(lines=percent[2], branches=percent[3], functions=percent[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, default=95)
    parser.add_argument("--branches", type=float, default=90)
    wanted = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    out = root / "build/corpora-coverage"
    got = measure(root, [root / "corpora"], out)
    print(f"coverage of core/ by corpora/: {got.text()}")
    print(f"by file: {out / 'report.txt'}")
    if got.lines < wanted.lines or got.branches < wanted.branches:
        print(f"coverage: expected at least {wanted.lines} % of the lines and {wanted.branches} % of the branches",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
