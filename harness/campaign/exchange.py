"""Machines that work on one driver: each gives its programs to a folder of its own, and takes those of the others.

A folder is laid out as AFL++'s synchronisation wants it (NAME/queue/id:000000,...), so that whatever carries files
between machines (a shared disk, rsync) will do, and an afl-fuzz of somebody else may take part."""
import re
from pathlib import Path

from campaign import files, seeds
from campaign.rig import Refused

MOST = 200  # programs that are taken at once: they are judged before
GIVEN = re.compile(r"id:(\d+),(\w+)$")


def readable(rig, folder: Path) -> seeds.Judged:
    """What others send may be no program, or not be written to its end: that alone is left out."""
    try:
        return seeds.judge(rig, folder)
    except Refused as refused:
        if refused.status != 2:
            raise
    for path in [path for path in folder.iterdir() if not rig.reads(path)]:
        path.unlink()
    return seeds.judge(rig, folder) if any(folder.iterdir()) else seeds.Judged()


class Exchange:
    def __init__(self, own: Path, scratch: Path):
        self.own, self.scratch = own, scratch
        self.queue = own / "queue"
        self.queue.mkdir(parents=True, exist_ok=True)
        there = [GIVEN.match(path.name) for path in self.queue.iterdir()]
        self.given = {match[2] for match in there if match}
        self.next = max((int(match[1]) + 1 for match in there if match), default=0)
        self.seen = set()

    def give(self, corpus: Path) -> None:
        # What two machines have found by themselves needs to be given by one of them alone.
        others = [GIVEN.match(path.name) for path in self.own.parent.glob("*/queue/id*") if path.parent != self.queue]
        theirs = {match[2] for match in others if match}
        for path in sorted(corpus.iterdir()):
            if path.name not in self.given and path.name not in theirs:
                files.write(self.queue / f"id:{self.next:06},{path.name}", path.read_bytes())
                self.given.add(path.name)
                self.next += 1

    def others(self) -> list:
        """Programs that no one has looked at yet, some at a time."""
        found = [path for path in sorted(self.own.parent.glob("*/queue/id*")) if path.parent != self.queue
                 and path not in self.seen]
        self.seen.update(found[:MOST])
        return found[:MOST]

    def take(self, rig, corpus) -> dict:
        """What passes here comes into the corpus. Returns the verdicts of what fails, whose files stay until the next time."""
        fresh = {}
        for path in self.others():
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # its machine has tidied up
            name = seeds.content_name(data)
            if name not in self.given and not (corpus.folder / name).exists():
                fresh[name] = data
        if not fresh:
            return {}
        folder = files.fresh(self.scratch)
        for name, data in fresh.items():
            (folder / name).write_bytes(data)
        judged = readable(rig, folder)
        self.given.update(path.name for path in judged.passed)  # they have it
        corpus.take(judged.passed)
        return judged.failing
