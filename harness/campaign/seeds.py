"""What engines begin with: programs in their binary form that pass. Those that fail are findings at once."""
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from campaign import files
from campaign.rig import Refused, Rig

REACHED = ("established", "posted", "indicated", "refused", "uploaded", "disconnected")


@dataclass
class Judged:
    """Of a folder of programs: verdicts of the failing by path, how many passed, what was not run, what they reached."""
    failing: dict = field(default_factory=dict)
    passed: list = field(default_factory=list)
    not_run: list = field(default_factory=list)
    totals: dict = field(default_factory=dict)


def content_name(data: bytes) -> str:
    """As libFuzzer names what it keeps."""
    return hashlib.sha1(data).hexdigest()


def convert(rig: Rig, programs: Path, out: Path) -> int:
    """Every program below a folder, by one process; how many."""
    if not rig.assemble(programs, files.fresh(out)):
        raise Refused(f"--corpora {programs}: not all below it are programs", 2)
    return len(list(out.iterdir()))


def judge(rig: Rig, folder: Path, everything: bool = False, seconds: float | None = None) -> Judged:
    judged = Judged()
    for report in rig.sweep(folder, everything, seconds):
        if "programs" in report:
            judged.totals = report
        elif report["verdict"] == "pass":
            judged.passed.append(Path(report["file"]))
        else:
            judged.failing[Path(report["file"])] = report
    known = {*judged.passed, *judged.failing}
    judged.not_run = [path for path in sorted(folder.iterdir()) if path not in known]
    judged.passed = [path for path in judged.passed if path not in judged.failing]
    return judged


def take_out(judged: Judged, corpus: Path, aside: Path) -> list:
    """Only what passed stays: an engine that began with another would end in it again and again."""
    aside.mkdir(exist_ok=True)
    moved = []
    for path in [*judged.failing, *judged.not_run]:
        path.replace(aside / path.name)
        if path in judged.failing:
            moved.append(aside / path.name)
    return moved


def add(corpus: Path, programs: list) -> None:
    corpus.mkdir(exist_ok=True)
    for path in programs:
        files.link(path, corpus / content_name(path.read_bytes()))
