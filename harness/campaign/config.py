"""What a campaign is told: options of the command, over those of a TOML file, over the defaults."""
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from campaign.rig import Refused

FLAGS = {"json", "strict", "context-is-cell", "resume", "quick"}
PATHS = {"out", "driver", "base", "corpora", "coverage", "config", "merge", "sync"}
LISTS = {"engines", "loud"}
OTHERS = {"guard", "timeout", "memory", "time", "jobs", "disk", "seed"}
ENGINES = ("libfuzzer", "afl", "families", "faults")
QUICK_S = 180
TIME_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIZE_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass
class Config:
    out: Path = Path("campaign")
    driver: Path | None = None
    base: Path | None = None
    corpora: Path | None = None
    coverage: str | None = None
    merge: Path | None = None
    sync: Path | None = None
    seconds: float = 600
    jobs: int = 0
    engines: list = field(default_factory=lambda: ["libfuzzer", "afl"])
    loud: list = field(default_factory=list)
    disk: int = 20 << 30
    seed: int | None = None
    json: bool = False
    resume: bool = False
    quick: bool = False
    run: list = field(default_factory=list)  # options of every run, without --driver
    guard: str | None = None
    timeout: int = 10


def words_to_values(words: list) -> dict:
    """`--x V`, `--x=V` and flags; the command has checked their names."""
    values, rest = {}, iter(words)
    for word in rest:
        if not word.startswith("--") or word == "--":
            continue
        name, equals, value = word[2:].partition("=")
        values[name] = True if name in FLAGS else value if equals else next(rest)
    return values


def read_file(path: Path) -> dict:
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"--config {path}: {getattr(error, 'strerror', None) or error}", 2)
    for name, value in values.items():
        if name not in FLAGS | PATHS | LISTS | OTHERS or name == "config":
            raise Refused(f"--config {path}: unknown key '{name}'", 2)
        if name in PATHS and value != "no":
            values[name] = str(path.parent / value)
    return values


def number(name: str, text, low: int, high: int) -> int:
    if not re.fullmatch(r"\d+", str(text)) or not low <= int(text) <= high:
        raise Refused(f"--{name} '{text}': expected a number from {low} to {high}", 2)
    return int(text)


def amount(name: str, text, units: dict, high: int, example: str) -> float:
    """Of time or bytes: 90s, 1h30m, 20G."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([a-zA-Z]?)", str(text))
    if not parts or "".join(n + u for n, u in parts) != str(text) or any(u not in units for _, u in parts):
        raise Refused(f"--{name} '{text}': expected {example}", 2)
    total = sum(float(n) * units[u] for n, u in parts)
    if not 0 < total <= high:
        raise Refused(f"--{name} '{text}': expected {example}, at most {high}", 2)
    return total


def listed(name: str, value, allowed) -> list:
    items = value if isinstance(value, list) else str(value).split(",")
    for item in items:
        if item not in allowed:
            raise Refused(f"--{name} '{value}': expected some of {', '.join(list(allowed)[:8])}", 2)
    return items


def existing(name: str, value, kind: str) -> Path:
    path = Path(value)
    if not path.exists():
        raise Refused(f"--{name} {path}: no such {kind}", 2)
    return path.resolve()


def shared_folder(value: str) -> Path:
    """Made when it is missing, with the one for all machines that it lies in, but not what those lie in."""
    path = Path(value).absolute()
    if not path.parent.parent.is_dir() or (path.exists() and not path.is_dir()):
        raise Refused(f"--sync {path}: expected a folder, or PLACES/NAME where {path.parent.parent} is a folder", 2)
    return path


def run_words(values: dict) -> list:
    """The options that every run of the driver is given."""
    words = [f"--{name}" for name in ("strict", "context-is-cell") if values.get(name)]
    return words + [f"--{name}={values[name]}" for name in ("guard", "timeout", "memory") if name in values]


def make(words: list, rules) -> Config:
    """rules: called for the names of all rules, when they are needed."""
    given = words_to_values(words)
    values = {**(read_file(Path(given["config"])) if "config" in given else {}), **given}
    config = Config(run=run_words(values), guard=values.get("guard"))
    for name in ("json", "resume", "quick"):
        setattr(config, name, bool(values.get(name)))
    for name, kind in (("driver", "driver"), ("base", "driver"), ("corpora", "folder"), ("merge", "folder")):
        if name in values:
            setattr(config, name, existing(name, values[name], kind))
    if values.get("coverage", "no") != "no":
        config.coverage = str(existing("coverage", values["coverage"], "driver"))
    elif "coverage" in values:
        config.coverage = "no"
    config.seconds = amount("time", values.get("time", QUICK_S if config.quick else 600), TIME_UNITS, 60 * 86400,
                            "a time such as 90s, 20m or 8h")
    config.disk = int(amount("disk", values.get("disk", "20G"), SIZE_UNITS, 1 << 50, "a size such as 500M or 20G"))
    config.jobs = number("jobs", values["jobs"], 1, 256) if "jobs" in values else 0
    config.seed = number("seed", values["seed"], 1, 0x7FFFFFFF) if "seed" in values else None
    config.timeout = number("timeout", values.get("timeout", 10), 1, 86400)
    if "engines" in values:
        config.engines = listed("engines", values["engines"], ENGINES)
    if "loud" in values:
        config.loud = ["all"] if values["loud"] == "all" else listed("loud", values["loud"], rules())
    config.sync = shared_folder(values["sync"]) if "sync" in values else None
    config.out = Path(values.get("out", config.out)).absolute()
    return config
