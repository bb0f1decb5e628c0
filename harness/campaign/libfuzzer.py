"""libFuzzer, started again after each end. All its processes keep what they find in one folder, and read it again."""
import contextlib
import random

from campaign import files
from campaign.engine import MAX_LENGTH, Engine, last_number

STORM = 3  # ends within seconds after one another: then only some of the corpus is read at a start


class LibFuzzer(Engine):
    kind = "libfuzzer"

    def prepare(self) -> None:
        super().prepare()
        self.most = 0
        for name in ("artifacts", "own"):
            (self.home / name).mkdir()

    def some(self) -> list:
        """So few that a start takes no time, others each time."""
        self.collect()
        chance = random.Random(f"{self.options.seed} {self.starts}")
        paths = sorted(self.place.corpus.iterdir())
        chosen = chance.sample(paths, min(len(paths), 2 + int(len(paths) ** 0.5)))
        return [f"-seed_inputs={','.join(map(str, chosen))}"] if chosen else []

    def command(self) -> list:
        storm = self.quick >= STORM
        seed = [f"-seed={(self.options.seed + 1000 * self.number + self.starts) & 0x7FFFFFFF}"] if self.options.seed else []
        # Without regard to time, half of it goes into some long programs.
        return [self.program(), f"-timeout={self.options.timeout}", "-entropic_scale_per_exec_time=1", "-rss_limit_mb=4096",
                "-close_fd_mask=3", "-reload=5", *seed, f"-max_len={MAX_LENGTH}", f"-dict={self.place.dictionary}",
                f"-artifact_prefix={self.home}/artifacts/", *(self.some() if storm else []),
                self.home / "own" if storm else self.place.corpus]

    def environment(self) -> dict:
        return {"ASAN_OPTIONS": "detect_leaks=0:handle_abort=2:symbolize=0"}

    def collect(self) -> None:
        """What was kept apart belongs to all."""
        for path in (self.home / "own").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it found a shorter one, and threw this away
                path.replace(self.place.corpus / path.name)

    def saved(self) -> list:
        return sorted((self.home / "artifacts").iterdir())

    def found(self) -> list:
        self.collect()
        return []

    def edges(self) -> int | None:
        """The most of all its starts: one after a death may read but some of the corpus."""
        self.most = max(self.most, last_number(r"\bft: (\d+)", self.last_words()) or 0)
        return self.most or None


def merge(engine: LibFuzzer, sources: list, out) -> list:
    """The command that keeps of all sources what is needed to reach as much."""
    files.fresh(out)
    return [engine.program(), "-merge=1", f"-timeout={engine.options.timeout}", "-rss_limit_mb=4096", f"-max_len={MAX_LENGTH}",
            f"-artifact_prefix={engine.home}/artifacts/", "-close_fd_mask=3", out, *sources]
