"""Findings of a replay that stay, and conversations as programs."""
import json
import shlex
import subprocess
import sys

import captures
import pytest
from captures import ACK, FIN, PSH, SYN, Ends
from rig import BUILD, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

PCAPS = PROJECT / "pcaps"
FILES = {"program.chim", "reproduce.txt", "verdict.json", "verdict.txt", "wire.pcapng"}


@pytest.fixture(scope="module")
def driver():
    made = {}

    def of(name):
        if name not in made:
            made[name] = bugs.build(bugs.read(PROJECT / f"harness/bugs/{name}.patch"), BUILD.name,
                                    bugs.drivers.compile_commands(BUILD.name))
        return made[name]
    return of


def lines_of(got):
    return [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]


def of_program(driver, program):
    return json.loads(run("run", "--json", *(["--driver", driver] if driver else []), program).stdout)


@pytest.mark.parametrize("name, capture", [
    ("recovery-entered-once-more", "crafted-reverse-order.pcap"), ("touch-freed-connection", "linux-vlan.pcap")])
def test_a_finding_becomes_a_short_program_that_shows_it(name, capture, driver, tmp_path):
    got = run("replay", "--json", "--save", tmp_path / "kept", "--driver", driver(name), PCAPS / capture)
    saved = [line for line in lines_of(got) if "saved" in line]
    assert got.returncode == 1 and saved and "totals" in lines_of(got)[-1]
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == sorted(line["saved"].split("/")[-1] for line in saved)
    for line in saved:
        folder = tmp_path / "kept" / line["saved"].split("/")[-1]
        assert {p.name for p in folder.iterdir()} == FILES
        assert line["same"] and line["operations"] < line["before"] and line["operations"] <= 8
        verdict = json.loads((folder / "verdict.json").read_text())
        again = of_program(driver(name), folder / "program.chim")
        assert verdict["identity"] == line["identity"] == again["identity"]
        assert of_program(None, folder / "program.chim")["verdict"] == "pass"
        flags = subprocess.run(["tshark", "-r", folder / "wire.pcapng", "-T", "fields", "-e", "tcp.flags.syn"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split()
        assert flags[:3] in (["1", "1", "0"], ["True", "True", "False"])


def test_the_commands_beside_a_finding_show_it(driver, tmp_path):
    name = "recovery-entered-once-more"
    run("replay", "--save", tmp_path, "--driver", driver(name), PCAPS / "crafted-reverse-order.pcap")
    folder, = tmp_path.iterdir()
    commands = [line for line in (folder / "reproduce.txt").read_text().splitlines() if not line.startswith("#")]
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "chimneysweep" and run(*words[1:]).returncode == 1
    before = (folder / "program.chim").read_text()
    run("replay", "--save", tmp_path, "--driver", driver(name), PCAPS / "crafted-reverse-order.pcap")
    assert list(tmp_path.iterdir()) == [folder] and (folder / "program.chim").read_text() == before


def test_nothing_is_kept_of_what_passes(tmp_path):
    assert run("replay", "--save", tmp_path, PCAPS / "crafted-holes-three.pcap").returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments, words", [
    (["--save", "{file}", "{capture}"], "is no folder"), (["--save", "{file}/below", "{capture}"], "Not a directory"),
    (["--save", "{folder}", "-"], "standard input"), (["--within", "3", "{capture}"], "only with --save"),
    (["--save", "{folder}", "--within", "0", "{capture}"], "--within '0'")])
def test_what_cannot_be_saved_is_said(arguments, words, tmp_path):
    (tmp_path / "file").write_text("x")
    names = {"file": tmp_path / "file", "folder": tmp_path / "folder", "capture": PCAPS / "crafted-holes-three.pcap"}
    got = run("replay", *[a.format(**names) for a in arguments], stdin=subprocess.DEVNULL)
    assert got.returncode == 2 and words in got.stderr and len(got.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    path = tmp_path_factory.mktemp("four") / "four.pcap"
    path.write_bytes(captures.pcap([f for frames in zip(*map(captures.conversation, range(4000, 4004))) for f in frames]))
    return path


@pytest.mark.parametrize("arguments, names", [
    ([], [f"four-{n}-{end}.bin" for n in range(4) for end in ("client", "server")]),
    (["--stream", "0,2-3", "--local", "server"], ["four-0-server.bin", "four-2-server.bin", "four-3-server.bin"]),
    (["--filter", "port 4001", "--local", "10.0.0.1", "--text"], ["four-1-client.chim"])])
def test_conversations_are_chosen_for_import(arguments, names, four, tmp_path):
    got = run("import", "-o", tmp_path / "out", *arguments, four)
    assert got.returncode == 0 and f"{len(names)} programs" in got.stdout
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(names)
    swept = run("sweep", "--quiet", tmp_path / "out")
    assert swept.returncode == 0 and f"{len(names)} programs, 0 failed" in swept.stdout


def odd():
    """A segment whose checksum is wrong, and then it is right."""
    ends = Ends(4000)
    frames = [*captures.handshake(ends), ends("c", ACK | PSH, b"request")]
    good = ends("s", ACK | PSH, b"answer" * 40)
    bad = good[:-1] + bytes([good[-1] ^ 1])
    return [*frames, bad, good, ends("c", ACK), ends("c", ACK | FIN), ends("s", ACK | FIN),
            ends("c", ACK)]


def test_times_windows_and_wrong_checksums_are_kept(tmp_path):
    path = tmp_path / "odd.pcap"
    path.write_bytes(captures.pcap(odd()))
    assert run("import", "--text", "--local", "client", "--checksums", "keep", "-o", tmp_path, path).returncode == 0
    text = (tmp_path / "odd-0-client.chim").read_text()
    assert "bad-checksum" in text and "tick time=10\n" in text and "window-value=60000" not in text
    assert "peer-window 60000" in text and "c0 send length=7\n" in text
    got = run("import", "--text", "--local", "client", "--ops", 5, "-o", tmp_path, path)
    cut = (tmp_path / "odd-0-client.chim").read_text()
    assert "program is full" in got.stderr and text.startswith(cut.replace("\n\n", "\n")[:100])


def test_what_is_damaged_is_said(tmp_path):
    got = run("import", "-o", tmp_path, PCAPS / "crafted-missing-segment.pcap")
    assert got.returncode == 0 and "compared 4200 of 5400 bytes: the capture lacks the others" in got.stderr and "2 programs" in got.stdout
    ends = Ends(5000)
    (tmp_path / "one.pcap").write_bytes(captures.pcap([ends("c", SYN)]))
    got = run("import", "-o", tmp_path / "none", tmp_path / "one.pcap")
    assert got.returncode == 2 and "no program: " in got.stderr


def test_the_imported_program_shows_what_the_replay_shows(driver, tmp_path):
    """Among them what only answers of the remote end after the capture show, or state that is handed over."""
    for name, capture in (("round-trip-without-its-scale", "crafted-midstream-fins-only.pcap"),
                          ("recovery-entered-once-more", "crafted-reverse-order.pcap")):
        folder = tmp_path / name
        found = {line["rule"] for line in lines_of(run("replay", "--json", "--failed", "--driver", driver(name),
                                                       PCAPS / capture)) if "rule" in line}
        run("import", "-o", folder, PCAPS / capture)
        shown = {line["rule"] for line in lines_of(run("sweep", "--json", "--quiet", "--driver", driver(name), folder))
                 if "rule" in line}
        assert found and found <= shown, name
