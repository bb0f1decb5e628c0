"""The rig's programs: where they lie, and how they are asked."""
import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from campaign import processes

# Places are told by the function names of the driver's own symbols; a symboliser for each death takes longer than the run.
QUIET = {"ASAN_OPTIONS": "symbolize=0:detect_leaks=0", "UBSAN_OPTIONS": "symbolize=0"}


class Refused(Exception):
    """What was asked for is impossible; the text says why. status: 2 usage, 3 environment."""

    def __init__(self, text: str, status: int = 3):
        super().__init__(text)
        self.status = status


@dataclass
class Rig:
    """Builds lie side by side: build/PRESET of the project, libexec/chimneysweep/PRESET of a package."""
    program: Path
    preset: str = ""
    words: list = field(default_factory=list)  # --driver and all options of a run

    @property
    def builds(self) -> Path:
        return self.program.parents[2]

    @property
    def data(self) -> Path:
        built = self.builds.parent
        return built if (built / "corpora").is_dir() else built.parent / "share/chimneysweep"

    @property
    def headers(self) -> Path:
        built = self.builds.parent
        return built / "core/include" if (built / "corpora").is_dir() else built.parent / "include/chimneysweep"

    def path(self, preset: str, name: str) -> Path:
        return self.builds / preset / name

    @property
    def chimneysweep(self) -> Path:
        return self.path(self.preset, "bin/chimneysweep") if self.preset else self.program

    @cached_property
    def build_id(self) -> str:
        return hashlib.sha256(self.chimneysweep.read_bytes()).hexdigest()[:12]

    @cached_property
    def version(self) -> str:
        return processes.run([self.chimneysweep, "--version"]).stdout.strip()

    @cached_property
    def catalogue(self) -> list:
        got = processes.run([self.chimneysweep, "rules", "--json"])
        return json.loads(got.stdout)["rules"]

    def ask(self, command: str, *words, driven: bool = True, timeout: float | None = None, **environment):
        return processes.run([self.chimneysweep, command, *(self.words if driven else []), *words], timeout=timeout,
                             env={**os.environ, **QUIET, **environment})

    def run(self, program: Path) -> dict:
        """The verdict of one program; of one that cannot be read the verdict `unreadable`."""
        got = self.ask("run", "--json", program, timeout=600)
        try:
            return json.loads(got.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            return {"verdict": "unreadable", "rule": None, "identity": None, "actual": got.stderr.strip()[-300:],
                    "status": got.returncode}

    def sweep(self, folder: Path, everything: bool = False, seconds: float | None = None) -> list:
        """A report of each program that was run, and with luck the totals last."""
        got = self.ask("sweep", "--json", "--quiet", *(["--all"] if everything else []), folder, timeout=seconds)
        lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{") and line.endswith("}")]
        if not lines and got.returncode > 0:
            raise Refused(got.stderr.strip().splitlines()[-1] if got.stderr.strip() else f"{folder}: not judged",
                          got.returncode if got.returncode in (2, 3) else 3)
        return lines

    def assemble(self, source: Path, out: Path) -> bool:
        return self.ask("asm", "-o", out, source, driven=False).returncode == 0

    def reads(self, program: Path) -> bool:
        return self.ask("show", program, driven=False).returncode == 0

    def text(self, program: Path) -> str:
        return self.ask("show", program, driven=False).stdout

    def dictionary(self, out: Path) -> None:
        out.write_text(self.ask("show", "--dictionary", driven=False).stdout)

    def rules_coverage(self, paths: list) -> dict:
        """How many checked rules programs made the oracle evaluate, and which never."""
        driver = self.words[self.words.index("--driver"):][:2] if "--driver" in self.words else []
        got = processes.run([self.chimneysweep, "rules", "--coverage", "--json", *driver, *paths], timeout=900,
                            env={**os.environ, **QUIET})
        try:
            return {row["id"]: bool(row["evaluated"]) for row in json.loads(got.stdout)["rules"]
                    if row["class"] == "checked by the oracle"}
        except (ValueError, KeyError):
            return {}
