"""The corpus of another campaign becomes a part of this one's: the next night judges it, and keeps what it needs."""
from pathlib import Path

from campaign import folder
from campaign.corpus import Corpus
from campaign.engine import Place
from campaign.rig import Refused


def programs_of(other: Path) -> list:
    """Of a campaign its corpus and what its engines keep apart; of any other folder all files in it."""
    if (other / folder.MARK).exists():
        found = [*Place(other).corpus.glob("*"), *other.glob("engines/*/own/*"), *other.glob("engines/*/*/queue/id*")]
    else:
        found = other.iterdir()
    return sorted(path for path in found if path.is_file())


def run(config) -> int:
    other = config.merge
    if other == config.out:
        raise Refused(f"--merge {other}: is --out itself", 2)
    programs = programs_of(other)
    if not programs:
        raise Refused(f"--merge {other}: holds no programs", 2)
    with folder.take(config.out, config.resume).file:
        corpus = Corpus(Place(config.out).corpus)
        before = len(corpus)
        corpus.take(programs)
        print(f"campaign: corpus of {config.out}: {before} programs before, {len(programs)} in {other}, {len(corpus)} now")
    return 0
