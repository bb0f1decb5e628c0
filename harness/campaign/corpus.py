"""The corpus: one folder, by content, that all engines share and every night begins with."""
import shutil
from pathlib import Path

from campaign import files, processes
from campaign.libfuzzer import LibFuzzer, merge
from campaign.seeds import content_name

MERGE_S = 600


class Corpus:
    def __init__(self, folder: Path):
        self.folder = folder
        self.old = folder.with_suffix(".old")
        self.taken = set()  # files of engines that are in it
        if self.old.is_dir() and not folder.is_dir():  # ended between two renames
            self.old.rename(folder)
        shutil.rmtree(self.old, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if content_name(path.read_bytes()) != path.name:  # an engine was killed while it wrote it
                path.unlink()

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.iterdir())

    def take(self, paths: list) -> None:
        """Programs that some engine added to what it began with."""
        for path in paths:
            if path in self.taken:
                continue
            try:
                data = path.read_bytes()
                if not data:
                    continue  # no program, or not yet one
                files.link(path, self.folder / content_name(data))
            except FileNotFoundError:
                continue  # the engine has thrown it away again
            self.taken.add(path)

    def minimise(self, engine: LibFuzzer, environment: dict) -> tuple:
        """Keeps what is needed to reach as much; sizes before and after. Left as it is when that fails."""
        before, made = len(self), self.folder.with_suffix(".new")
        got = processes.run(merge(engine, [self.folder], made), timeout=MERGE_S, env=environment)
        kept = len(list(made.iterdir()))
        if got.returncode or not kept:
            shutil.rmtree(made)
            return before, before
        self.folder.rename(self.old)
        made.rename(self.folder)
        shutil.rmtree(self.old)
        return before, kept
