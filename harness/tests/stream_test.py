"""Long streams against lwIP over a bad link; the long form is `chimneysweep stream --help`'s second example."""
import json

import pytest
from rig import run

BYTES = 2 << 20
BAD_LINK = ["--loss", 2, "--reorder", 2, "--duplicate", 1, "--corrupt", 0.1]


def stream(*options):
    got = run("stream", "--json", *options)
    return got, [json.loads(line) for line in got.stdout.splitlines()]


def intact(one, length=BYTES):
    ways = (one["to_target"], one["from_target"])
    return one["verdict"] == "pass" and all(
        way["taken"] == way["sent"] == length and way["taken_sha256"] == way["sent_sha256"] for way in ways)


@pytest.mark.parametrize("listen", [False, True])
def test_streams_are_intact_over_a_bad_link_and_the_trace_hash_is_the_same_twice(listen):
    got, runs = stream("--bytes", BYTES, *BAD_LINK, "--reoffload", 1000, "--seeds", 4, "--twice",
                       *(["--listen"] if listen else []))
    assert got.returncode == 0, got.stdout + got.stderr
    assert len(runs) == 4 and all(intact(one) for one in runs)
    assert len({one["trace_hash"] for one in runs}) == 4  # the seed matters
    for one in runs:  # and everything that is promised did happen
        links = (one["link_to_target"], one["link_from_target"])
        assert all(link["lost"] and link["reordered"] and link["duplicated"] for link in links)
        assert one["uploads"] >= one["segments"] // 1000 and one["resent"] and one["forwarded"] and one["refused"]
    assert sum(one["link_to_target"]["corrupted"] + one["link_from_target"]["corrupted"] for one in runs)


def test_a_very_bad_link_and_many_uploads():
    got, runs = stream("--bytes", BYTES, "--loss", 5, "--reorder", 10, "--duplicate", 5, "--corrupt", 1,
                       "--reoffload", 50, "--gap", "30ms", "--rate", "10M", "--delay", "50ms", "--seeds", 4)
    assert got.returncode == 0, got.stdout + got.stderr
    assert all(intact(one) and one["uploads"] > 50 for one in runs)
    assert sum(one["buffered"] for one in runs)


def test_uploads_in_the_midst_of_recoveries():
    got, runs = stream("--bytes", BYTES, *BAD_LINK, "--reoffload", 200, "--seeds", 20)
    assert got.returncode == 0, [one for one in runs if one["verdict"] != "pass"]
    assert all(intact(one) for one in runs)


def test_both_hashes_are_those_of_the_payload_not_of_the_run():
    _, (plain,) = stream("--bytes", BYTES, "--reoffload", 0)
    _, (bad,) = stream("--bytes", BYTES, *BAD_LINK)
    for way in ("to_target", "from_target"):
        assert plain[way]["taken_sha256"] == bad[way]["taken_sha256"]
    assert plain["to_target"]["taken_sha256"] != plain["from_target"]["taken_sha256"]


@pytest.mark.parametrize("at", [0, 1, 777777, BYTES - 1])
def test_one_wrong_byte_is_named(at):
    got, (one,) = stream("--bytes", BYTES, *BAD_LINK, "--spoil-at", at)
    assert got.returncode == 1
    assert one["verdict"] == "violation" and f"byte {at} of the stream to the target" in one["expected"]


@pytest.mark.parametrize("option", [("--loss", "60"), ("--bytes", "many"), ("--delay", "0"), ("--rate", "1"),
                                    ("--gap", "5 minutes"), ("--reoffload", "-1"), ("--seeds", "0"), ("extra",)])
def test_bad_options_are_named(option):
    got = run("stream", *option)
    assert got.returncode == 2 and option[-1] in got.stderr and len(got.stderr.splitlines()) == 1
