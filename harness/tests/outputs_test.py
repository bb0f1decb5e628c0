"""Every option that names an output: what cannot be written is refused before anything is run, what could not be
written whole is an error, and nothing half-written is left."""
import json
import os
import resource
import signal
import stat
import subprocess

import pytest
from rig import CHIMNEYSWEEP, PROJECT, run

PROGRAM = PROJECT / "corpora/situations/push-timer.chim"
CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"
SOURCE = PROJECT / "harness/tests/hostile/miniport.c"
OPTIONS = {"run --sarif": [PROGRAM], "run --pcapng": [PROGRAM], "sweep --sarif": [PROGRAM], "replay --sarif": [CAPTURE],
           "replay --pcapng": [CAPTURE], "check-driver --sarif": ["--corpora", PROGRAM], "asm -o": [PROGRAM],
           "family -o": ["vlan", PROGRAM], "minimize -o": [PROGRAM],
           "live -o": ["--tap", "none", "--local", "10.0.0.2", "get", "10.0.0.1", "/"]}
FOLDERS = {"import -o": [CAPTURE], "sweep --families vlan --out": [PROGRAM]}


@pytest.fixture
def breaker(tmp_path):
    driver = tmp_path / "breaker.so"
    subprocess.run(["clang-14", "-shared", "-fPIC", "-w", f"-I{PROJECT}/core/include", "-o", driver,
                    "-DIN_INITIALIZE=_exit(0)", SOURCE], check=True)
    return driver


def bad_paths(folder):
    (folder / "file").write_text("kept")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    return [folder, folder / "pipe", folder / "missing/out", folder / "file/out", "/dev/null/out",
            folder / "loop", folder / ("x" * 300), f"{folder}/missing/"]


@pytest.mark.parametrize("option", [*OPTIONS, *FOLDERS])
def test_a_path_that_cannot_be_written_is_refused_before_the_run(option, tmp_path):
    words = option.split()
    paths = bad_paths(tmp_path)
    before = sorted(tmp_path.iterdir())
    for path in paths[1:5] if option in FOLDERS else paths:
        if option in FOLDERS and path == tmp_path / "missing/out":
            continue
        if option == "asm -o" and path == tmp_path:
            continue  # a folder takes the programs by their names
        got = run(*words, path, *(OPTIONS | FOLDERS)[option])
        assert got.returncode == 2 and not got.stdout, (path, got)
        assert len(got.stderr.splitlines()) == 1 and str(path) in got.stderr, (path, got.stderr)
    assert sorted(tmp_path.iterdir()) == before and (tmp_path / "file").read_text() == "kept"


def short_of_room():
    """As on a disk that is full: what is longer than this cannot be written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))


def driven(option, breaker):
    return ["--driver", breaker] if option == "minimize -o" else []


@pytest.mark.parametrize("option", [o for o in OPTIONS if not o.startswith("live")])
def test_what_finds_no_room_is_an_error_and_leaves_nothing(option, tmp_path, breaker):
    words, rest = option.split(), OPTIONS[option] + driven(option, breaker)
    out = tmp_path / "out"
    for there in (False, True):
        if there:
            out.write_text("old")
        got = run(*words, out, *rest, preexec_fn=short_of_room)
        assert got.returncode == 2 and str(out) in got.stderr, got
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["breaker.so"] + ["out"] * there)
        assert not there or out.read_text() == "old"
    got = run(*words, "/dev/full", *rest)
    assert got.returncode == 2 and "/dev/full: cannot be written: No space left" in got.stderr


@pytest.mark.parametrize("option", [o for o in OPTIONS if not o.startswith("live")])
def test_a_file_is_written_whole_through_links_and_keeps_its_mode(option, tmp_path, breaker):
    words, rest = option.split(), OPTIONS[option] + driven(option, breaker)
    out, link = tmp_path / "out", tmp_path / "link"
    out.write_text("old")
    out.chmod(0o640)
    link.symlink_to(out)
    assert run(*words, link, *rest).returncode in (0, 1, 4)
    assert link.is_symlink() and out.read_bytes() not in (b"", b"old")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert len(list(tmp_path.iterdir())) == 3


def test_a_pipe_with_a_reader_is_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(tmp_path / "read", "wb") as read, subprocess.Popen(["cat", pipe], stdout=read):
        while run("run", "--sarif", pipe, PROGRAM).returncode == 2:
            pass  # it has not opened it yet
    assert json.loads((tmp_path / "read").read_bytes())["version"] == "2.1.0"


@pytest.mark.parametrize("command", [["run", "--json", PROGRAM], ["run", PROGRAM], ["rules"], ["show", PROGRAM], ["--help"],
                                     ["sweep", PROGRAM], ["replay", CAPTURE], ["check-driver", "--corpora", PROGRAM]])
def test_a_full_disk_behind_the_output_is_no_pass(command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        got = subprocess.run([CHIMNEYSWEEP, *command], stdout=full, stderr=subprocess.PIPE, text=True)
    assert got.returncode == 3 and got.stderr == "chimneysweep: standard output: cannot be written: No space left on device\n"
