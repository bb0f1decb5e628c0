"""Where captures come from: files, compressed ones, standard input, with headers that do not fit them."""
import gzip
import json
import os
import subprocess

import captures
import pytest
from rig import CHIMNEYSWEEP, run

FRAMES = captures.conversation(4000)
PCAP = captures.pcap(FRAMES)
ZSTD = subprocess.run(["zstd", "-q", "-c"], input=PCAP, stdout=subprocess.PIPE, check=True).stdout


def told(output):
    return [json.loads(line) for line in output.splitlines()]


def replay(*arguments, **options):
    got = run("replay", "--json", *arguments, **options)
    return got, told(got.stdout)


def write(path, content):
    path.write_bytes(content)
    return path


def delivered(conversation):
    return conversation["verdict"], conversation["bytes"], conversation["sha256"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    _, lines = replay(write(tmp_path_factory.mktemp("plain") / "x.pcap", PCAP))
    assert lines[0]["verdict"] == "pass" and lines[0]["bytes"] == {"client_to_server": 7, "server_to_client": 240}
    return delivered(lines[0])


SAME = {
    "x.pcap.gz": gzip.compress(PCAP),
    "two.pcap.gz": gzip.compress(PCAP[:500]) + gzip.compress(PCAP[500:]),
    "x.pcap.zst": ZSTD,
    "without-an-ending": ZSTD,
    "x.pcapng.gz": gzip.compress(captures.pcapng(FRAMES)),
    "snapshot.pcap": captures.pcap(FRAMES, snapshot=60),
    "simple.pcapng": captures.pcapng(FRAMES, snapshot=60, simple=True),
    "block.pcapng": captures.pcapng(FRAMES, before=captures.block(0xBAD, bytes(3 << 20))),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_bytes_come_out(name, plain, tmp_path):
    got, lines = replay(write(tmp_path / name, SAME[name]))
    assert got.returncode == 0, got.stderr
    assert delivered(lines[0]) == plain


@pytest.mark.parametrize("content", [PCAP, gzip.compress(PCAP), ZSTD, captures.pcapng(FRAMES)],
                         ids=["pcap", "gzip", "zstd", "pcapng"])
def test_standard_input_is_a_capture(content, plain):
    got = subprocess.run([CHIMNEYSWEEP, "replay", "--json", "-"], input=content, stdout=subprocess.PIPE, check=True)
    assert delivered(json.loads(got.stdout.splitlines()[0])) == plain


def test_standard_input_may_come_byte_by_byte(plain):
    read, written = os.pipe()
    with subprocess.Popen([CHIMNEYSWEEP, "replay", "--json", "-"], stdin=read, stdout=subprocess.PIPE) as got:
        os.close(read)
        for byte in PCAP:
            os.write(written, bytes([byte]))
        os.close(written)
        assert delivered(json.loads(got.stdout.readline())) == plain


def test_a_folder_has_compressed_captures_too(tmp_path):
    for name in ("a.pcap.gz", "b.pcapng.zst", "c.cap.gz", "d.txt.gz", "e.gz"):
        write(tmp_path / name, gzip.compress(PCAP))
    _, lines = replay(tmp_path)
    assert [os.path.basename(line["file"]) for line in lines[:-1]] == ["a.pcap.gz", "b.pcapng.zst", "c.cap.gz"]


def packet_block(captured, held, interface=0):
    return captures.block(6, bytes([interface]) + bytes(11) + 2 * captured.to_bytes(4, "little") + bytes(held))


DAMAGE = {
    "gzip-cut": (gzip.compress(PCAP)[:200], "gzip stream is damaged: it ends too early"),
    "zstd-cut": (ZSTD[:100], "zstd stream is damaged: it ends too early"),
    "gzip-and-more": (gzip.compress(PCAP) + b"behind it", "gzip stream is damaged"),
    "gzip-of-nothing": (gzip.compress(b""), "empty file"),
    "gzip-twice": (gzip.compress(gzip.compress(PCAP)), "not a pcap"),
    "zstd-magic": (b"\x28\xB5\x2F\xFDnothing of that kind", "zstd stream"),
    "packet-large": (captures.pcapng([]) + packet_block(400000, 400000), "block at byte 48: a packet of more than 256 KiB"),
    "block-cut": (captures.pcapng([]) + b"\6\0\0\0\0\0\0\x40" + bytes(5000), "block at byte 48: the file ends inside"),
    "packet-beyond-its-block": (captures.pcapng([]) + packet_block(40, 12), "longer than its block"),
    "interface": (captures.pcapng([]) + packet_block(12, 12, 1), "an interface that no block describes"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_said(name, tmp_path):
    content, words = DAMAGE[name]
    got, _ = replay(write(tmp_path / "strange.pcap", content))
    assert got.returncode == 2
    assert len(got.stderr.splitlines()) == 1 and "strange.pcap" in got.stderr and words in got.stderr


@pytest.mark.parametrize("standard_input, words", [("/dev/null", "empty file"), ("/", "a directory")])
def test_strange_standard_input_is_said(standard_input, words):
    with subprocess.Popen([CHIMNEYSWEEP, "replay", "-"], stdin=os.open(standard_input, os.O_RDONLY), text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as got:
        line = got.stderr.read()
    assert got.returncode == 2 and words in line and line.count("\n") == 1


def test_a_pipe_with_a_name_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pcap")
    got, _ = replay(tmp_path / "pipe.pcap")
    assert got.returncode == 2 and "standard input" in got.stderr


def test_a_file_that_becomes_shorter_while_it_is_read(tmp_path):
    """Its first conversations are told of while the rest is still to be read, and nobody takes that in."""
    def long_one(port):
        ends = captures.Ends(port)
        frames = captures.handshake(ends)
        for _ in range(20):
            frames += [ends("s", captures.ACK, b"answer" * 230), ends("c", captures.ACK)]
        return frames + [ends("c", captures.ACK | captures.FIN), ends("s", captures.ACK | captures.FIN),
                         ends("c", captures.ACK)]

    path = tmp_path / "shrinks.pcap"
    path.write_bytes(captures.pcap([frame for port in range(1000, 2400) for frame in long_one(port)]))
    whole = path.stat().st_size
    running = subprocess.Popen([CHIMNEYSWEEP, "replay", "--json", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    first = running.stdout.readline()
    os.truncate(path, whole // 20)
    rest, said = running.stdout.read(), running.stderr.read()
    running.wait(timeout=300)
    lines = told(first + rest)
    assert running.returncode == 2 and "shrinks.pcap: became shorter while it was read" in said, said
    verdicts = {line["verdict"] for line in lines if "verdict" in line}
    assert "pass" in verdicts and verdicts <= {"pass", "inconclusive"} and "totals" in lines[-1], verdicts
