"""An engine: something that runs programs for as long as it is asked to, and saves those that end it."""
import os
import re
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from campaign import files, graph, processes
from campaign.drivers import Driver
from campaign.rig import Rig

MAX_LENGTH = 3072
WORDS = 8  # of the counters: executions, six situations, microseconds of processor time; ways between states follow
LOG_MOST = 64 << 20


@dataclass
class Place:
    """What engines share of the campaign's folder."""
    out: Path

    @property
    def corpus(self) -> Path:
        return self.out / "corpus"

    @property
    def dictionary(self) -> Path:
        return self.out / "program.dict"

    @property
    def muted(self) -> Path:
        return self.out / "muted.txt"


class Engine:
    kind = ""

    def __init__(self, rig: Rig, driver: Driver, place: Place, number: int, options):
        self.rig, self.driver, self.place, self.options = rig, driver, place, options
        self.number = number
        self.name = f"{self.kind}-{number}"
        self.home = place.out / "engines" / self.name
        self.log = place.out / "logs" / f"{self.name}.log"
        self.counters = self.home / "reached"
        self.process, self.cpu = None, None
        self.starts, self.started, self.quick = 0, 0.0, 0

    # ---- what each kind says of itself ----
    def command(self) -> list:
        raise NotImplementedError

    def environment(self) -> dict:
        return {}

    def saved(self) -> list:
        return []

    def found(self) -> list:
        """Programs that it added to what it began with."""
        return []

    def edges(self) -> int | None:
        return None

    def prepare(self) -> None:
        files.fresh(self.home)

    # ---- what all of them do ----
    def start(self) -> None:
        self.starts += 1
        self.started = time.monotonic()
        if self.log.exists() and self.log.stat().st_size > LOG_MOST:
            self.log.replace(self.log.with_suffix(".old.log"))
        with open(self.log, "ab") as log:
            self.process = processes.start(self.command(), self.cpu, stdout=log, stderr=log, cwd=self.home, env={
                **os.environ, **self.driven(), **self.environment()})

    def driven(self) -> dict:
        """The options of runs, as the engine programs take them (harness/fuzz/target.c)."""
        run = self.options.run
        return {"CHIMNEYSWEEP_DRIVER": str(self.driver.engine_form(self.kind)),
                "CHIMNEYSWEEP_REACHED": str(self.counters),
                "CHIMNEYSWEEP_MUTED": str(self.place.muted),
                "CHIMNEYSWEEP_STRICT": "on" if "--strict" in run else "off",
                "CHIMNEYSWEEP_CONTEXT_IS_CELL": "on" if "--context-is-cell" in run else "off",
                "CHIMNEYSWEEP_GUARD": "off" if self.driver.sanitized or self.options.guard == "off" else "pages",
                "UBSAN_OPTIONS": "symbolize=0"}

    def program(self) -> Path:
        engine = {"libfuzzer": "fuzz", "afl": "afl"}[self.kind]
        return self.rig.path(engine if self.driver.sanitized else f"{engine}-plain", "bin/fuzz_program")

    def attend(self) -> None:
        """A finding ends a process, not the campaign. One that ends at once every time is waited with for longer."""
        if self.process is None or self.process.poll() is None:
            return
        processes.end_group(self.process)
        lived = time.monotonic() - self.started
        self.quick = self.quick + 1 if lived < 5 else 0
        if lived >= min(self.quick * 0.05, 5):
            self.start()

    def stop(self, wait: float = 10) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(wait)
            except subprocess.TimeoutExpired:
                pass
        processes.end_group(self.process)
        self.process.wait()
        self.process = None

    def reached(self) -> list:
        data = self.counters.read_bytes() if self.counters.exists() else b""
        return list(struct.unpack(f"<{WORDS}Q", data[:8 * WORDS])) if len(data) >= 8 * WORDS else [0] * WORDS

    def ways(self) -> list:
        return graph.read(self.counters, WORDS)

    @property
    def executions(self) -> int:
        return self.reached()[0]

    @property
    def cpu_seconds(self) -> float:
        return self.reached()[7] / 1e6

    def last_words(self) -> str:
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, self.log.stat().st_size - (64 << 10)))
                return file.read().decode(errors="replace")
        except OSError:
            return ""


def last_number(pattern: str, text: str) -> int | None:
    got = re.findall(pattern, text)
    return int(got[-1]) if got else None
