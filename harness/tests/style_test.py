"""Style as a test: format, sizes, include directions, lint."""
import json
import re
import subprocess

from rig import BUILD, PROJECT

TRACKED = subprocess.run(["git", "ls-files"], cwd=PROJECT, text=True, stdout=subprocess.PIPE).stdout.split()
SOURCES = [p for p in TRACKED if p.endswith((".c", ".h")) and (PROJECT / p).exists()]

# Who may include whom (first folder of an include path); every folder may include itself.
HARNESS = {
    "base": set(),
    "ndis": {"base"},
    "oracle": {"ndis", "base"},
    "peer": {"base"},
    "link": {"base"},
    "host": {"ndis", "peer", "base"},
    "world": {"host", "oracle", "ndis", "peer", "base"},
    "program": {"world", "host", "peer", "ndis", "base"},
    "families": {"program", "world", "host", "base"},
    "replay": {"program", "world", "host", "peer", "ndis", "base"},
    "stream": {"world", "host", "peer", "link", "ndis", "base"},
    "live": {"stream", "world", "host", "peer", "ndis", "base"},
    "drivers": set(),
    "fuzz": {"program", "world", "ndis", "base", "replay"},
    "cli": {"families", "replay", "live", "stream", "link", "program", "world", "oracle", "host", "peer", "ndis", "base"},
    "tests": {"replay", "stream", "link", "program", "world", "oracle", "host", "peer", "ndis", "base"},
}
CORE = {
    "wire": set(),
    "tcp": {"wire"},
    "conn": {"wire", "tcp", "state", "miniport"},
    "state": {"conn", "wire", "tcp", "miniport"},
    "miniport": {"conn", "state", "wire", "tcp"},
}
INTERFACE = {"ndis.h", "ndischimney.h", "nic.h", "ndis_types.h", "ndis_buffer.h", "ndis_oid.h"}
NDIS_WORD = re.compile(r"\b(NDIS_\w+|Ndis\w+|NET_BUFFER\w*|PNET_BUFFER\w*|NIC_\w+|Nic[A-Z]\w+)\b")


def includes(path):
    return re.findall(r'^#include "([^"]+)"', (PROJECT / path).read_text(), re.M)


def test_format():
    got = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *SOURCES], cwd=PROJECT, text=True,
                         stderr=subprocess.PIPE)
    assert got.returncode == 0, got.stderr[:3000]


def is_python(path):
    """By its name, or by its first line: programs that people call have no suffix."""
    if path.endswith(".py"):
        return True
    with open(PROJECT / path, "rb") as file:
        return "." not in path.split("/")[-1] and b"python" in file.readline()


def test_no_file_over_450_lines():
    long = {p: n for p in TRACKED if (PROJECT / p).is_file() and not p.startswith("core/include/")
            and (p.endswith((".c", ".h")) or is_python(p))
            and (n := len((PROJECT / p).read_text().splitlines())) > 450}
    assert not long


def functions(path):
    """Name, first line and length of each function that a C file defines."""
    lines = (PROJECT / path).read_text().splitlines()
    for number, line in enumerate(lines):
        if line == "{":
            head = number - 1
            while head >= 0 and not lines[head][:1].strip():
                head -= 1
            name = re.search(r"(\w+)\(", " ".join(lines[head:number]))
            if name and not lines[head].startswith("#"):
                yield name.group(1), number, lines.index("}", number) - number - 1


def test_no_function_over_60_lines():
    assert not [f"{path}:{line}: {name} has {length} lines" for path in SOURCES
                for name, line, length in functions(path) if length > 60]


# Of programs of their own.
ENTRIES = {"main", "LLVMFuzzerTestOneInput"}


def test_names_of_functions_are_unique():
    """A reader, grep and a profile can tell them apart; helpers of under ten lines may share a name."""
    where = {}
    for path in SOURCES:
        own = path.startswith(("harness/drivers/", "harness/tests/hostile/"))
        program = path.split("/")[2] if own else "rig and core"
        for name, _, length in functions(path):
            where.setdefault((program, name), []).append((length, path))
    assert not {name: places for (_, name), places in where.items()
                if name not in ENTRIES and len(places) > 1 and max(places)[0] >= 10}


def test_includes_follow_the_arrows():
    wrong = []
    for path in SOURCES:
        parts = path.split("/")
        if parts[0] not in ("core", "harness") or parts[1] == "include":
            continue
        allowed = (HARNESS if parts[0] == "harness" else CORE).get(parts[1])
        if allowed is None:
            continue
        for included in includes(path):
            folder = included.split("/")[0] if "/" in included else None
            if included in INTERFACE or folder == parts[1] or folder is None or folder in allowed:
                continue
            wrong.append(f"{path}: {included}")
    assert not wrong


def test_no_ndis_word_in_tcp_and_wire():
    wrong = [f"{p}: {m.group()}" for p in SOURCES if p.startswith("core/tcp/")
             for m in NDIS_WORD.finditer((PROJECT / p).read_text())]
    assert not wrong


def test_the_rig_includes_nothing_of_the_core_but_its_interface():
    core = {p.split("/")[-1] for p in SOURCES if p.startswith("core/") and p.endswith(".h")
            and not p.startswith("core/include/")}
    wrong = [f"{p}: {i}" for p in SOURCES if p.startswith("harness/") for i in includes(p)
             if i.startswith("core/") or ("/" not in i and i in core - INTERFACE)]
    assert not wrong


def test_only_replay_includes_libpcap():
    wrong = [p for p in SOURCES if not p.startswith("harness/replay/")
             and "#include <pcap" in (PROJECT / p).read_text()]
    assert not wrong


def test_only_the_lwip_peer_includes_lwip():
    wrong = [p for p in SOURCES if p != "harness/peer/lwip_peer.c"
             and "#include <lwip/" in (PROJECT / p).read_text()]
    assert not wrong


def test_no_banned_calls():
    banned = re.compile(r"\b(rand|srand|time|gets|strcpy|sprintf|system)\s*\(")
    wrong = []
    for path in SOURCES:
        text = re.sub(r"/\*.*?\*/|\"[^\"\n]*\"", "", (PROJECT / path).read_text(), flags=re.S)
        wrong += [f"{path}: {m.group()}" for m in banned.finditer(text)]
    assert not wrong


def test_scripts_are_executable_and_clean():
    shells = [p for p in TRACKED if p.startswith(("scripts/", ".ci/")) and
              (PROJECT / p).read_bytes().startswith(b"#!")]
    assert shells
    import os
    assert not [p for p in shells if not os.access(PROJECT / p, os.X_OK)]


# Paths of a function that the analyzer follows, a fifth of its own limit: the rest costs two thirds of
# the time of this test. The whole: run-clang-tidy-14 -p build/asan.
PATHS = [f"-extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000")]


def test_clang_tidy():
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    files = sorted({c["file"] for c in commands if "/tests/" not in c["file"]})
    got = subprocess.run(["run-clang-tidy-14", "-quiet", "-p", str(BUILD), *PATHS, *files], cwd=PROJECT, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told = [line for line in got.stdout.splitlines() if "error:" in line]
    assert got.returncode == 0, "\n".join(told) or got.stdout[-2000:] + got.stderr[-2000:]
