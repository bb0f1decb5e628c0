"""The engines' time: started, kept going, listened to, ended."""
import os
import time

from campaign import files, processes
from campaign.afl import Afl
from campaign.engine import Place
from campaign.families import Families, Faults
from campaign.libfuzzer import LibFuzzer

KINDS = {"libfuzzer": LibFuzzer, "afl": Afl, "families": Families, "faults": Faults}
SAMPLE_S, SYNC_S, SWAP_S, DISK_S = 10, 5, 30, 30
NOTHING_S = 60  # an engine that ran nothing until then never will


def engines(rig, driver, place: Place, config) -> list:
    """Every kind that was asked for and fits, again and again until there are as many as processors."""
    cores = sorted(os.sched_getaffinity(0))
    kinds = [kind for kind in config.engines if kind not in ("libfuzzer", "afl") or kind in driver.engines]
    jobs = max(config.jobs or len(cores), len(kinds))
    made = [KINDS[kinds[i % len(kinds)]](rig, driver, place, i // len(kinds) + 1, config) for i in range(jobs if kinds else 0)]
    for i, engine in enumerate(made):
        if len(made) <= len(cores):
            engine.cpu = cores[i]
    return made


class Fuzzing:
    def __init__(self, campaign, running: list):
        self.campaign, self.running = campaign, running
        self.saved = {engine.name: 0 for engine in running}
        self.begin = time.monotonic()
        self.due = {"sample": 0.0, "sync": SYNC_S, "swap": SWAP_S, "disk": 0.0}
        self.ended_by = ""

    @property
    def passed(self) -> float:
        return time.monotonic() - self.begin

    def is_due(self, what: str, every: float) -> bool:
        due = self.passed >= self.due[what]
        if due:
            self.due[what] = self.passed + every
        return due

    def listen(self) -> None:
        """What engines saved goes to the judge, whatever they added goes to all."""
        for engine in self.running:
            for path in engine.saved():
                self.saved[engine.name] += self.campaign.judging.offer(path, engine.kind)

    def sync(self) -> None:
        for engine in self.running:
            self.campaign.corpus.take(engine.found())

    def sample(self) -> None:
        size = len(self.campaign.corpus)
        self.campaign.history.sample(self.campaign.night, self.passed, [
            (engine.name, engine.executions, engine.edges(), size) for engine in self.running])
        for engine in self.running:
            self.campaign.history.engine(self.campaign.night, engine, self.saved[engine.name])

    def over(self) -> bool:
        campaign = self.campaign
        if self.passed >= campaign.config.seconds:
            self.ended_by = "time"
        elif campaign.stop.asked:
            self.ended_by = "interrupted"
        elif campaign.judging.broken:
            self.ended_by = f"findings cannot be kept: {campaign.judging.broken}"
        elif self.is_due("disk", DISK_S):
            processes.end_left_behind()
            self.look_at_disk()
        return bool(self.ended_by)

    def look_at_disk(self) -> None:
        used = files.size(self.campaign.out)
        free = os.statvfs(self.campaign.out)
        if used > self.campaign.config.disk:
            self.ended_by = f"{self.campaign.out} takes {used >> 20} MiB, more than --disk allows"
        elif free.f_bavail * free.f_frsize < 64 << 20:
            self.ended_by = f"less than 64 MiB are free where {self.campaign.out} lies"

    def silent(self) -> list:
        return [engine for engine in self.running if engine.executions == 0]

    def run(self) -> None:
        for engine in self.running:
            engine.start()
        while not self.over():
            time.sleep(0.25)
            for engine in self.running:
                engine.attend()
            self.listen()
            self.campaign.announce()
            if self.is_due("sync", SYNC_S):
                self.sync()
            if self.is_due("swap", SWAP_S):
                self.campaign.swap()
            if self.is_due("sample", SAMPLE_S):
                self.sample()
            self.campaign.screen.show(self)
        self.finish()

    def finish(self) -> None:
        for engine in self.running:
            if engine.process and engine.process.poll() is None:
                engine.process.terminate()
        for engine in self.running:
            engine.stop()
        self.listen()
        self.sync()
        self.campaign.swap()
        self.sample()
