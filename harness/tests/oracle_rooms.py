"""The oracle's rooms, read from its code: who includes, who calls, who is asked for which event."""
import re
from pathlib import Path

ORACLE = Path(__file__).resolve().parents[1] / "oracle"
# Each room may use what stands before it; the files beside the rooms may use all.
ROOMS = ["catalogue", "base", "report", "wire", "model", "ledger", "ownership", "adapter", "sender",
         "congestion", "timers", "receive", "send", "tree", "segment", ""]
FILES = sorted(p for p in ORACLE.rglob("*.[ch]"))
CODE = {p: re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', "", p.read_text(), flags=re.S) for p in FILES}
INCLUDES = {p: re.findall(r'^#include "oracle/([^"]+)"', p.read_text(), re.M) for p in FILES}
EVENT = re.compile(r"rows->(\w+)(?:\[[^\]]*\])?\[")


def room(path) -> int:
    parts = path.relative_to(ORACLE).parts
    return ROOMS.index(parts[0] if len(parts) > 1 else "")


def defined() -> dict:
    """The file that defines each function with external linkage."""
    found = {}
    for path, text in CODE.items():
        if path.suffix == ".c":
            for name in re.findall(r"^(?!static)\w[\w *]*?\b(\w+)\([^;{]*\)\n\{", text, re.M):
                found[name] = path
    return found


def calls() -> set:
    """Who names a function of which other file: a call, or a row of the table."""
    where = defined()
    return {(path, where[name]) for path, text in CODE.items() if path.suffix == ".c"
            for name in set(re.findall(r"\b\w+\b", text)) if name in where and where[name] != path}


def handlers() -> dict:
    """The files whose functions the table names for each event that is not of the tap."""
    where = defined()
    found = {}
    for event, name in re.findall(r"\.(\w+) = (orc_\w+)", CODE[ORACLE / "checkers.c"]):
        found.setdefault(event, set()).add(where[name])
    found["sent"] = found["sent"] | found["sent_data"]
    return found
