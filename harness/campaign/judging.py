"""What engines save is judged while they go on: told apart, counted, and made a finding when it is a new one."""
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from campaign import files
from campaign.findings import Finding, Maker
from campaign.rig import Refused, Rig
from campaign.seeds import Judged, content_name, judge

BATCH = 64         # inputs judged by one process
BATCH_S = 120      # seconds that a batch may take; what is left then is judged by the next one


@dataclass
class Event:
    kind: str  # new, known, pass, unjudged
    identity: str = ""
    verdict: dict | None = None
    finding: Finding | None = None
    count: int = 1


class Judging(threading.Thread):
    """Inputs wait in a folder, under the name ENGINE-CONTENT, until what came of them is on disk."""

    def __init__(self, rig: Rig, maker: Maker, home: Path, known: dict):
        super().__init__(daemon=True)
        self.rig, self.maker, self.home = rig, maker, home
        self.known = known  # identity: Finding
        self.events = queue.Queue()
        self.ending, self.broken = False, None
        self.seen = set()
        self.verdicts = {}  # of inputs that are judged already, by the names that they have here
        home.mkdir(exist_ok=True)

    def offer(self, path: Path, engine: str, verdict: dict | None = None) -> bool:
        """Takes an input over from an engine's folder. False when it is there already, or not written yet."""
        data = path.read_bytes()
        name = f"{engine}-{content_name(data)}"
        if not data:
            return False
        if name in self.seen:
            path.unlink()
            return False
        self.seen.add(name)
        if verdict:
            self.verdicts[name] = verdict
        path.replace(self.home / name)
        return True

    def offer_copy(self, path: Path, engine: str) -> None:
        copy = self.home / f".{engine}"
        files.write(copy, path.read_bytes())
        self.offer(copy, engine)

    def pending(self) -> list:
        return sorted((p for p in self.home.iterdir() if p.is_file() and p.name[0] != "."), key=lambda p: p.stat().st_size)

    def run(self) -> None:
        while True:
            try:
                waiting = self.pending()
                if not waiting and self.ending:
                    return
                if waiting:
                    self.batch(waiting[:BATCH])
                else:
                    time.sleep(0.2)
            except Exception as error:  # whatever it is: the night has to end by itself, and to say it
                self.broken = f"{type(error).__name__}: {error}"
                return

    def batch(self, paths: list) -> None:
        for path in paths:
            if path.name in self.verdicts:
                self.one(path, self.verdicts.pop(path.name))
        paths = [path for path in paths if path.exists()]
        if not paths:
            return
        folder = files.fresh(self.home / "batch")
        for path in paths:
            files.link(path, folder / path.name)
        try:
            judged = judge(self.rig, folder, True, BATCH_S)
        except Refused:  # one of them is no program
            judged = self.one_by_one(sorted(folder.iterdir()))
        left = {path.name for path in judged.not_run}
        for path in judged.passed:
            self.again(self.home / path.name)
        for path, verdict in sorted(judged.failing.items(), key=lambda item: item[0].stat().st_size):
            self.one(self.home / path.name, verdict)
        if len(left) == len(paths):  # nothing came through: the first of them is to blame
            self.put(Event("unjudged"), paths[0])

    def one_by_one(self, paths: list) -> Judged:
        judged = Judged()
        for path in paths:
            verdict = self.rig.run(path)
            if verdict["verdict"] == "unreadable":
                self.put(Event("unjudged"), self.home / path.name)
            elif verdict.get("identity"):
                judged.failing[path] = verdict
            else:
                judged.passed.append(path)
        return judged

    def again(self, path: Path) -> None:
        """An engine died of it, and it passes: once more, since it may be one that fails now and then."""
        for _ in range(3):
            verdict = self.rig.run(path)
            if verdict.get("identity"):
                verdict["identity"] = f"flaky {verdict['identity']}"
                self.one(path, verdict)
                return
        self.put(Event("pass"), path)

    def one(self, path: Path, verdict: dict) -> None:
        identity, engine = verdict["identity"], path.name.partition("-")[0]
        if identity in self.known:
            self.put(Event("known", identity, verdict), path)
            return
        finding = self.maker.make(path, verdict, engine)
        self.known[identity] = finding
        self.put(Event("new", identity, verdict, finding), path)

    def put(self, event: Event, path: Path) -> None:
        """Only what is on disk is told, and only what was told is forgotten."""
        self.events.put(event)
        path.unlink(missing_ok=True)
