"""What counters of states do for a hunt: processor time to the first finding, with and without them, from an empty
corpus. Bugs are drawn by the commit. An uninstrumented driver cannot be fuzzed without them: libFuzzer gives up."""
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import bugs as planted
import draw
import drivers

CAP = 60  # seconds of CPU that a hunt may take
FORMS = {  # form: preset of the driver, preset of the engine, counters
    "instrumented, without": ("fuzz", "fuzz", "off"),
    "instrumented, with": ("fuzz", "fuzz", "on"),
    "uninstrumented, with": ("release", "fuzz-plain", "on"),
}


@dataclass
class Row:
    bug: object
    took: dict = field(default_factory=dict)  # form: the hunts


def hunts(bug, form: str, runs: int) -> list:
    preset, engine, states = FORMS[form]
    driver = planted.OUT / bug.name / preset / f"{bug.name}.so"
    program = planted.ROOT / f"build/{engine}/bin/fuzz_program"
    return [planted.hunt(bug, n + 1, CAP, None, program, driver, {"CHIMNEYSWEEP_STATES": states}) for n in range(runs)]


def cell(took: list) -> str:
    found = sum(bool(h.rule) for h in took)
    return f"{median(h.cpu if h.rule else CAP for h in took):6.1f} ({found}/{len(took)})"


def main(all_bugs: list, options) -> int:
    """A hunt that found nothing counts as the cap."""
    commands = {preset: drivers.compile_commands(preset) for preset in ("asan", "fuzz", "release")}
    chosen = draw.sample(all_bugs, options.sample or 40, draw.seed_of(draw.commit()))
    print(f"{'bug':<48} " + "  ".join(f"{form:>22}" for form in FORMS) + "   median CPU s (found/runs)", flush=True)
    rows = []
    for bug in chosen:
        for preset, command in commands.items():
            planted.build(bug, preset, command)
        rows.append(Row(bug, {form: hunts(bug, form, options.runs) for form in FORMS}))
        print(f"{bug.name:<48} " + "  ".join(f"{cell(rows[-1].took[form]):>22}" for form in FORMS), flush=True)
        shutil.rmtree(planted.OUT / bug.name / "source", ignore_errors=True)
    for form in FORMS:
        took = [h for row in rows for h in row.took[form]]
        middle = median(median(h.cpu if h.rule else CAP for h in row.took[form]) for row in rows)
        print(f"{form}: {sum(bool(h.rule) for h in took)} of {len(took)} hunts found it, median of the medians "
              f"{middle:.1f} s of CPU")
    return 0
