"""Binary programs of format 1 mean for ever what they meant: format1/ holds some with their text, and what the texts of
random bytes came to, all of it as the last build before format 2 printed it."""
import hashlib
import json

import pytest
from rig import PROJECT, run

OLD = PROJECT / "harness/tests/format1"
BINARIES = sorted(OLD.glob("*.bin"))


def shown(path):
    got = run("show", path)
    assert got.returncode == 0, got.stderr
    return got.stdout


@pytest.mark.parametrize("path", BINARIES, ids=lambda path: path.stem)
def test_files_of_format_1_have_their_programs(path):
    assert path.read_bytes()[0] == 1
    assert shown(path) == path.with_suffix(".chim").read_text()


def test_they_hold_every_operation_of_their_time():
    texts = "".join(path.with_suffix(".chim").read_text() for path in BINARIES)
    words = {word for line in texts.splitlines() for word in line.split()[:2]}
    assert words >= {"post", "accept", "return", "send", "disconnect", "forward", "initiate", "query", "update",
                     "invalidate", "terminate", "seg", "ack", "raw", "tick", "fault", "nest", "adapter", "parameters",
                     "oid", "batch", "cpu", "host-send", "state"}


def random_program(number):
    """Operations of all codes that there were, and two more; the last one may be cut."""
    size = 32 + 21 * number
    data = bytearray(hashlib.shake_128(b"format 1, %d" % number).digest(size))
    data[0] = 1
    for at in range(32, size, 8):
        data[at] %= 27
    return data


def test_any_bytes_of_format_1_have_their_programs(tmp_path):
    for number, digest in enumerate((OLD / "random.sha256").read_text().split()):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(random_program(number))
        assert hashlib.sha256(shown(path).encode()).hexdigest() == digest, number


def test_what_is_missing_is_zero(tmp_path):
    short, whole = tmp_path / "short.bin", tmp_path / "whole.bin"
    for length in (1, 2, 9, 20, 31):
        short.write_bytes(bytes([1]) + bytes([0x22]) * (length - 1))
        whole.write_bytes(short.read_bytes().ljust(32, b"\0"))
        assert shown(short) == shown(whole)


def test_a_converted_file_is_the_same_program(tmp_path):
    for path in BINARIES:
        converted = tmp_path / path.name
        assert run("asm", "-o", converted, path).returncode == 0
        assert converted.read_bytes()[0] == 2
        assert shown(converted) == path.with_suffix(".chim").read_text()
    for path in BINARIES[::5]:
        converted = tmp_path / path.name
        hashes = [json.loads(run("run", "--json", p).stdout)["trace_hash"] for p in (path, converted)]
        assert hashes[0] == hashes[1]
