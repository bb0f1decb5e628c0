"""The folder of a campaign: made or gone on with, never one that holds something else, and by one at a time."""
from pathlib import Path

from campaign import files
from campaign.rig import Refused

MARK = "campaign.json"


def take(out: Path, must_be_there: bool = False) -> files.Lock:
    there = (out / MARK).exists()
    if must_be_there and not there:
        raise Refused(f"--resume: {out} holds no campaign", 2)
    try:
        out.mkdir(exist_ok=True)
        others = [p for p in out.iterdir() if p.name != "lock" and not p.name.startswith(f".{MARK}")]
    except OSError as error:
        raise Refused(f"--out {out}: {error.strerror}", 2)
    if others and not there:
        raise Refused(f"--out {out}: holds something else; name an empty folder, or one to be made", 2)
    lock = files.Lock(out)
    files.write_json(out / MARK, {"schema": 1, "what": "a folder of chimneysweep campaign"})
    return lock
