"""The two engines, started and read alike."""
import os
import shutil
import struct
import subprocess
from pathlib import Path

MAX_LENGTH = 3072


class Engine:
    name = ""

    def __init__(self, root: Path, out: Path):
        self.root = root
        self.seeds = out / "seeds"
        self.dictionary = out / "program.dict"
        self.home = out / self.name
        self.log = out / f"{self.name}.log"
        self.counters = out / f"{self.name}.reached"
        for old in (self.counters, self.log):
            old.unlink(missing_ok=True)
        self.process = None
        self.seed = None  # of the engine's generator; None: its own choice

    def launch(self, command: list, extra: dict) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log,
                                            cwd=self.home, env={
                                                **os.environ, **extra,
                                                "CHIMNEYSWEEP_REACHED": str(self.counters)},
                                            start_new_session=True)

    def again(self, seconds: int) -> bool:
        """Goes on after a finding that ended it. False: it was not one."""
        return False

    def reached(self) -> list:
        """All executions, then those that reached each situation."""
        data = self.counters.read_bytes() if self.counters.exists() else b""
        return list(struct.unpack("<7Q", data[:56])) if len(data) >= 56 else [0] * 7

    def executions(self) -> int:
        return self.reached()[0]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()


class LibFuzzer(Engine):
    name = "libfuzzer"

    def start(self, seconds: int) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in ("corpus", "artifacts"):
            (self.home / folder).mkdir(parents=True)
        self.known = 0
        self.go(seconds)

    def again(self, seconds: int) -> bool:
        known, self.known = self.known, len(self.crashes())
        if self.known == known:
            return False
        self.seed = self.seed and self.seed + 1  # else it would find the same at once
        self.go(seconds)
        return True

    def go(self, seconds: int) -> None:
        # Without regard to time, half of it goes into some long programs.
        self.launch([self.root / "build/fuzz/bin/fuzz_program", "-timeout=20", "-entropic_scale_per_exec_time=1",
                     "-rss_limit_mb=4096", *([f"-seed={self.seed}"] if self.seed else []),
                     f"-max_len={MAX_LENGTH}", f"-max_total_time={seconds}", "-print_final_stats=1",
                     f"-artifact_prefix={self.home}/artifacts/", f"-dict={self.dictionary}",
                     self.home / "corpus", self.seeds],
                    {"ASAN_OPTIONS": "detect_leaks=0:handle_abort=2"})

    def crashes(self) -> list:
        return sorted((self.home / "artifacts").glob("*"))


class Afl(Engine):
    name = "afl"

    def start(self, seconds: int) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self.launch(["afl-fuzz", "-i", self.seeds, "-o", self.home, "-V", seconds, "-t", "2000+",
                     "-m", "none", *(["-s", self.seed] if self.seed else []), "-G", MAX_LENGTH, "-x", self.dictionary, "--",
                     self.root / "build/afl/bin/fuzz_program"],
                    {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
                     "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CRASHES": "1",
                     "AFL_FAST_CAL": "1",
                     "AFL_CUSTOM_MUTATOR_LIBRARY": str(self.root / "build/asan/lib/chim_mutator.so"),
                     "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0"})

    def crashes(self) -> list:
        folders = [self.home / "default/crashes", self.home / "default/hangs"]
        return sorted(p for f in folders for p in f.glob("id*"))
