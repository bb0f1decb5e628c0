"""Several processes share the conversations of a replay: what is told is the same as with one."""
import json
import re

import captures
import pytest
from replay_life_test import dying
from rig import RELEASE, run

TIME = re.compile(r" in [0-9.]+ s \(\d+ segments/s\)|\"seconds\": [0-9.]+, \"segments_per_second\": +\d+, ")


@pytest.fixture(scope="module", name="driver")
def a_driver_that_dies(tmp_path_factory):
    """In two conversations, and once more where only several in one life come to."""
    return dying(tmp_path_factory.mktemp("driver"), "from == 4002 || to == 4066 || frames == 100")


@pytest.fixture(scope="module", name="many")
def seventy_conversations(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "many.pcap"
    path.write_bytes(captures.pcap([frame for port in range(4000, 4070) for frame in captures.conversation(port)]))
    return path


def told(*arguments):
    """All that is printed, without the time it took."""
    got = run("replay", *arguments, program=RELEASE)
    return TIME.sub("", got.stdout), got.returncode


def test_what_passes_is_told_the_same(many):
    one = told("--jobs", 1, "--json", many, many)
    assert one[0].count('"pass"') > 140 and one[1] == 0
    assert one == told("--jobs", 7, "--json", many, many) == told("--json", many, many)


def test_what_is_found_is_told_the_same(driver, many, tmp_path):
    one, three = tmp_path / "one.sarif", tmp_path / "three.sarif"
    first = told("--jobs", 1, "--driver", driver, "--sarif", one, many)
    assert first[0].count("reproduce: ") >= 2 and first[1] == 1
    assert first == told("--jobs", 3, "--driver", driver, "--sarif", three, many)
    results = json.loads(one.read_text())["runs"][0]["results"]
    assert len(results) >= 2 and results == json.loads(three.read_text())["runs"][0]["results"]


def test_chosen_ones_are_told_the_same(driver, many):
    chosen = ["--failed", "--local", "client", "--stream", "1-30", "--driver", driver, many]
    one = told("--jobs", 1, *chosen)
    assert "stream 2 " in one[0] and one == told("--jobs", 2, *chosen)


def test_how_many_is_a_number(many):
    got = run("replay", "--jobs", "0", many)
    assert got.returncode == 2 and "--jobs '0'" in got.stderr
