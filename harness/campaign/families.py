"""Engines without a mutator: chunks of the corpus with every family's change, or with a fault put in."""
import json
import os
import random
import re
import struct
import time

from campaign import files, processes
from campaign.engine import WORDS, Engine

CHUNK = 32  # programs that one process takes
KINDS = ("alloc", "pool", "map", "tx-stall", "link-down", "hardware")


class Families(Engine):
    """Each start is one chunk with every change that must not change a verdict; what fails then, passed before."""
    kind = "families"

    def prepare(self) -> None:
        super().prepare()
        for name in ("chunk", "changed", "failing"):
            (self.home / name).mkdir()
        self.ran = 0

    def choose(self) -> list:
        paths = sorted(self.place.corpus.iterdir())
        self.chance = random.Random(f"{self.options.seed} {self.name} {self.starts}")
        return self.chance.sample(paths, min(CHUNK, len(paths)))

    def fill(self) -> None:
        files.fresh(self.home / "changed")
        chunk = files.fresh(self.home / "chunk")
        for path in self.choose():
            files.link(path, chunk / path.name)

    def more(self) -> list:
        return ["--families", "all", "--out", self.home / "changed"]

    def command(self) -> list:
        return [self.rig.chimneysweep, "sweep", "--json", "--quiet", *self.rig.words, *self.more(), self.home / "chunk"]

    def start(self) -> None:
        self.starts += 1
        self.started = time.monotonic()
        self.fill()
        with open(self.log, "ab") as log, open(self.home / "result.json", "wb") as result:
            self.process = processes.start(self.command(), self.cpu, stdout=result, stderr=log, cwd=self.home, env={
                **os.environ, "ASAN_OPTIONS": "symbolize=0:detect_leaks=0", "UBSAN_OPTIONS": "symbolize=0"})

    def failing(self, reports: list) -> list:
        return [self.home / "changed" / f"{r['family']}-{r['file'].rpartition('/')[2]}.chim" for r in reports
                if r.get("file") and r["verdict"] not in ("pass", "skipped")]

    def attend(self) -> None:
        if self.process is None or self.process.poll() is None:
            return
        reports = [json.loads(line) for line in (self.home / "result.json").read_text(errors="replace").splitlines()
                   if line.endswith("}")]
        for path in self.failing(reports):
            if path.exists():
                path.replace(self.home / "failing" / path.name)
        self.count(reports)
        self.start()

    def count(self, reports: list) -> None:
        """As the other engines leave their counters."""
        self.ran += sum(1 for report in reports if "file" in report)
        self.counters.write_bytes(struct.pack(f"<{WORDS}Q", self.ran, *[0] * (WORDS - 1)))

    def saved(self) -> list:
        return sorted((self.home / "failing").iterdir())


class Faults(Families):
    """Each start is one chunk with a fault in the middle of each program, wherever that is."""
    kind = "faults"

    def fill(self) -> None:
        chunk = files.fresh(self.home / "chunk")
        for path in self.choose():
            lines = self.rig.text(path).splitlines()
            places = [i for i, line in enumerate(lines) if re.match(r"c\d+ |tick|fault", line)] + [len(lines)]
            fault = f"fault kind={self.chance.choice(KINDS)} skip={self.chance.randint(0, 3)} count={self.chance.randint(1, 3)}"
            lines.insert(self.chance.choice(places), fault)
            (chunk / f"{path.name}.chim").write_text("\n".join(lines) + "\n")

    def more(self) -> list:
        return []

    def failing(self, reports: list) -> list:
        return [self.home / "chunk" / r["file"].rpartition("/")[2] for r in reports
                if r.get("file") and r["verdict"] != "pass"]
