"""AFL++: a main process and secondaries, which share their queues; the main one reads libFuzzer's corpus too."""
import re
import shutil

from campaign.engine import MAX_LENGTH, Engine
from campaign.rig import Refused


class Afl(Engine):
    kind = "afl"

    @property
    def queue(self):
        return self.place.out / "engines" / "afl"

    def prepare(self) -> None:
        super().prepare()
        if not shutil.which("afl-fuzz"):
            raise Refused("no afl-fuzz in PATH: ask for the Debian package afl++, or leave it out: --engines libfuzzer")
        if self.number == 1:
            shutil.rmtree(self.queue, ignore_errors=True)

    @property
    def own(self):
        return self.queue / self.name

    def command(self) -> list:
        role = ["-M", self.name, "-F", self.place.corpus] if self.number == 1 else ["-S", self.name]
        seed = ["-s", self.options.seed + self.number] if self.options.seed else []
        begin = "-" if (self.own / "fuzzer_setup").exists() else self.place.corpus  # goes on with its own queue
        return ["afl-fuzz", "-i", begin, "-o", self.queue, *role, "-t", f"{max(2, self.options.timeout) * 1000}", "-m",
                "none", *seed, "-G", MAX_LENGTH, "-x", self.place.dictionary, "--", self.program()]

    def environment(self) -> dict:
        return {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_FAST_CAL": "1",
                "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CRASHES": "1", "AFL_SYNC_TIME": "1",
                "AFL_CUSTOM_MUTATOR_LIBRARY": str(self.rig.path(self.driver.preset, "lib/chim_mutator.so")),
                "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0"}

    def stats(self) -> dict:
        path = self.own / "fuzzer_stats"
        text = path.read_text() if path.exists() else ""
        return dict(re.findall(r"^(\w+)\s*:\s*(.*)$", text, re.M))

    def saved(self) -> list:
        return sorted(p for name in ("crashes", "hangs") for p in (self.own / name).glob("id*"))

    def found(self) -> list:
        """Not what came from others or from the beginning: they have it."""
        return [p for p in (self.own / "queue").glob("id*") if ",sync:" not in p.name and ",orig:" not in p.name]

    def edges(self) -> int | None:
        value = self.stats().get("edges_found", "")
        return int(value) if value.isdigit() else None
