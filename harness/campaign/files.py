"""Files that are there whole or not at all, whatever ends us, and the lock of a campaign's folder."""
import fcntl
import json
import os
import shutil
from pathlib import Path

from campaign.rig import Refused


def sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write(path: Path, data: bytes | str) -> None:
    """In the place of what was there, at once."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with open(made, "wb") as file:
        file.write(data.encode(errors="surrogateescape") if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, path)
    sync_folder(path.parent)


def write_json(path: Path, value) -> None:
    write(path, json.dumps(value, indent=1) + "\n")


def publish(made: Path, folder: Path) -> None:
    """A folder that was made under another name gets its own when all in it is on disk."""
    for path in made.iterdir():
        number = os.open(path, os.O_RDONLY)
        os.fsync(number)
        os.close(number)
    sync_folder(made)
    os.rename(made, folder)
    sync_folder(folder.parent)


def size(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_size
            except OSError:
                continue
    return total


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def link(source: Path, target: Path) -> None:
    """A second name; a copy where the file system has none."""
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError:
        shutil.copyfile(source, target)


class Lock:
    """One campaign in a folder; the system lets go of it however we end."""

    def __init__(self, folder: Path):
        try:
            self.file = open(folder / "lock", "a+")
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.seek(0)
            raise Refused(f"{folder}: another campaign works here (process {self.file.read().strip() or 'unknown'})")
        except OSError as error:
            raise Refused(f"{folder}: cannot be written: {error.strerror}", 2)
        self.file.truncate(0)
        self.file.write(str(os.getpid()))
        self.file.flush()
