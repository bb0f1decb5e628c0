#!/usr/bin/python3
"""Executions in a second of processor time of every form that a driver can be fuzzed in, from the shipped corpora.

examples:
  scripts/rates
  scripts/rates --seconds 30 --forms plain,uninstrumented
"""
import argparse
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import seeds

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build/release"
FORMS = {  # form: preset of libFuzzer, of AFL++, driver (None: the preset's own), page protection
    "asan": ("fuzz", "afl", None, "off"),
    "plain": ("fuzz-plain", "afl-plain", None, "off"),
    "uninstrumented": ("fuzz-plain", "afl-plain", RELEASE / "lib/offload_core.so", "off"),
    "uninstrumented, pages": ("fuzz-plain", "afl-plain", RELEASE / "lib/offload_core.so", "pages"),
}


def command(kind: str, program: Path, inputs: Path, out: Path) -> list:
    if kind == "libFuzzer":
        return [program, "-seed=1", "-max_len=3072", "-entropic=0", f"-artifact_prefix={out}/", inputs]
    return ["afl-fuzz", "-i", inputs, "-o", out / "afl", "-t", "2000+", "-m", "none", "-s", "1", "-G", "3072", "--", program]


def rate(kind: str, preset: str, driver: Path | None, guard: str, inputs: Path, seconds: int) -> str:
    program = ROOT / f"build/{preset}/bin/fuzz_program"
    if not program.exists():
        return "not built"
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "reached"
        process = subprocess.Popen(
            [str(w) for w in command(kind, program, inputs, Path(folder))], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={
                **os.environ, "CHIMNEYSWEEP_DRIVER": str(driver or ROOT / f"build/{preset}/lib/offload_core.so"),
                "CHIMNEYSWEEP_GUARD": guard, "CHIMNEYSWEEP_REACHED": str(counts), "AFL_NO_UI": "1",
                "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
                "AFL_FAST_CAL": "1", "AFL_CUSTOM_MUTATOR_LIBRARY": str(RELEASE / "lib/chim_mutator.so"),
                "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0"})
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        process.wait(20)
        words = struct.unpack("<8Q", counts.read_bytes()) if counts.exists() and counts.stat().st_size == 64 else (0,) * 8
    return f"{words[0] / (words[7] / 1e6):.0f}/s" if words[7] else "ran nothing"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/rates", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15, help="wall time of each (15)")
    parser.add_argument("--forms", default=",".join(f for f in FORMS if "," not in f), help="some of: " + "; ".join(FORMS))
    options = parser.parse_args()
    chosen = [f for f in FORMS if f in options.forms or options.forms == "all"]
    if not chosen or options.seconds < 1:
        parser.error("--forms, --seconds: nothing to measure")
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "seeds"
        seeds.make_seeds(RELEASE / "bin/chimneysweep", inputs)
        print(f"{'form':<24} {'libFuzzer':>12} {'AFL++':>12}")
        for form in chosen:
            fuzz, afl, driver, guard = FORMS[form]
            print(f"{form:<24} {rate('libFuzzer', fuzz, driver, guard, inputs, options.seconds):>12} "
                  f"{rate('AFL++', afl, driver, guard, inputs, options.seconds):>12}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
