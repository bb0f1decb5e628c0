"""What an engine begins with: every program of corpora/ in its binary form, and operations to splice in."""
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_seeds(chimneysweep: Path, folder: Path) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([chimneysweep, "asm", "-o", folder, ROOT / "corpora"], check=True)
    return len(list(folder.iterdir()))


def make_dictionary(chimneysweep: Path, out: Path) -> None:
    with open(out, "wb") as file:
        subprocess.run([chimneysweep, "show", "--dictionary"], stdout=file, check=True)
