"""Findings: what makes each, and how it gets onto the disk, whole or not at all."""
import json
import shlex
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from campaign import files
from campaign.drivers import Driver
from campaign.identity import name_of
from campaign.rig import Rig

AGAIN = 3  # runs in which a finding has to be the same one, or it is flaky
SHRINK_S = 30


@dataclass
class Finding:
    name: str
    identity: str
    verdict: str
    rule: str | None
    expected: str
    actual: str
    first_seen: float
    engine: str
    driver: str
    driver_build: str
    compiler: str
    rig: str
    format: str
    reproduce: str
    gdb: str
    flaky: bool = False
    operations: int = 0
    folder: Path = field(default=Path(), compare=False)

    @property
    def title(self) -> str:
        place = self.identity.partition(" in ")[2].split(" < ")[0]
        what = f"{self.verdict} {self.rule}" if self.rule else self.verdict
        return f"{what} in {place}" if place else what if self.rule else f"{what}: {self.actual[:60]}"


def read(folder: Path) -> Finding:
    values = json.loads((folder / "finding.json").read_text())
    values.pop("schema")
    return Finding(**values, folder=folder)


def read_all(home: Path) -> dict:
    """By identity. What was being written when somebody ended us is no finding."""
    found = {}
    if home.is_dir():
        for path in sorted(home.iterdir()):
            if path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)
            elif (path / "finding.json").exists():
                finding = read(path)
                found[finding.identity] = finding
    return found


class Maker:
    """Makes the folder of a finding from the input that showed it."""

    def __init__(self, rig: Rig, driver: Driver, home: Path, keep: list):
        self.rig, self.driver, self.home = rig, driver, home
        self.options = keep  # of a run, without the driver

    def lines(self, program: Path) -> tuple:
        """What a person types, with the driver as it was named. A form of it was judged when it was a folder."""
        named = Path(self.driver.name)
        driver = [] if self.driver.name == "the bundled core" else [
            "--driver", self.driver.judged if named.is_dir() else named]
        words = [self.rig.chimneysweep, "run", *driver, *self.options, program]
        line = shlex.join(str(word) for word in words)
        return line, line.replace(" run ", " run --gdb ", 1)

    def shrink(self, program: Path, out: Path) -> None:
        self.rig.ask("minimize", "--within", SHRINK_S, "-o", out, program, timeout=SHRINK_S + 60)
        if not out.exists():
            out.write_text(self.rig.text(program))

    def describe(self, made: Path) -> None:
        """The run in words, as events, as frames, and the sanitizer's own report with lines of the source."""
        program = made / "program.chim"
        said = self.rig.ask("run", "--pcapng", made / "wire.pcapng", program, timeout=300,
                            ASAN_OPTIONS="symbolize=1:detect_leaks=0", UBSAN_OPTIONS="symbolize=1:print_stacktrace=1")
        files.write(made / "verdict.txt", said.stdout.replace(str(made), str(self.home / made.name.lstrip("."))))
        if said.stderr.strip():
            files.write(made / "sanitizer.txt", said.stderr[:1 << 20])
        files.write(made / "trace.txt", self.rig.ask("run", "--trace", program, timeout=300).stdout[:16 << 20])

    def make(self, raw: Path, verdict: dict, engine: str) -> Finding:
        name, wanted = name_of(verdict), verdict["identity"].removeprefix("flaky ")
        made = files.fresh(self.home / f".{name}")
        shutil.copyfile(raw, made / "input")
        self.shrink(made / "input", made / "program.chim")
        runs = [self.rig.run(made / "program.chim") for _ in range(AGAIN)]
        same = [run for run in runs if run.get("identity") == wanted]
        if not same:
            (made / "program.chim").write_text(self.rig.text(made / "input"))
            runs = [self.rig.run(made / "program.chim") for _ in range(AGAIN)]
            same = [run for run in runs if run.get("identity") == wanted]
        best = same[0] if same else verdict
        program = self.home / name / "program.chim"
        reproduce, gdb = self.lines(program)
        finding = Finding(name, verdict["identity"], best["verdict"], best.get("rule"), best.get("expected", ""),
                          best.get("actual", ""), time.time(), engine, self.driver.name, self.driver.build_id,
                          self.driver.compiler, self.rig.build_id, self.rig.version, reproduce, gdb,
                          len(same) < AGAIN, self.operations(made / "program.chim"), self.home / name)
        self.describe(made)
        files.write_json(made / "verdict.json", {**best, "file": str(program)})
        files.write(made / "reproduce.txt", f"{reproduce}\n{gdb}\n")
        values = asdict(finding)
        values.pop("folder")
        files.write_json(made / "finding.json", {"schema": 1, **values})
        shutil.rmtree(self.home / name, ignore_errors=True)
        files.publish(made, self.home / name)
        return finding

    def operations(self, program: Path) -> int:
        """Lines of the text form behind its header are operations."""
        lines = program.read_text().splitlines()
        return sum(1 for line in lines[1:] if line.strip() and not line.startswith("#"))
