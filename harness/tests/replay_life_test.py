"""Short conversations share a life of the adapter; what goes wrong there is laid to the one that it belongs to."""
import json
import subprocess

import captures
import pytest
from rig import PROJECT, RELEASE, run

PORTS = (4000, 4001, 4002, 4003)

FRONT = r"""
#include <stdint.h>
#include <stdlib.h>
#include "nic.h"
#include "ndischimney.h"

NDIS_STATUS NDIS_CALL __real_NicTransmit(NIC_HANDLE nic, PNIC_TX tx);
NDIS_STATUS NDIS_CALL __wrap_NicTransmit(NIC_HANDLE nic, PNIC_TX tx);
NDIS_STATUS NDIS_CALL __wrap_NicTransmit(NIC_HANDLE nic, PNIC_TX tx)
{
    const uint8_t *frame = tx->Segment[0].Data;
    static uint32_t frames;
    frames++;
    uint32_t from = frame[34] << 8 | frame[35], to = frame[36] << 8 | frame[37];
    if (DIES) {
        abort();
    }
    (void)from, (void)to;
    return __real_NicTransmit(nic, tx);
}
"""


def replay(*arguments):
    got = run("replay", "--json", *arguments, program=RELEASE)
    return [json.loads(line) for line in got.stdout.splitlines()][:-1]


def dying(folder, when):
    """The core, with a death in front of its transmits."""
    source, driver = folder / "front.c", folder / "front.so"
    source.write_text(FRONT)
    subprocess.run(["clang-14", "-fuse-ld=lld", "-shared", "-fPIC", "-O1", "-w", f"-I{PROJECT}/core/include",
                    f"-DDIES={when}", "-o", driver, source, "-Wl,--whole-archive",
                    RELEASE.parents[1] / "lib/liboffload_core.a", "-Wl,--no-whole-archive", "-Wl,--wrap=NicTransmit"],
                   check=True)
    return driver


@pytest.fixture(scope="module", name="four")
def four_conversations(tmp_path_factory):
    path = tmp_path_factory.mktemp("four") / "four.pcap"
    path.write_bytes(captures.pcap([frame for port in PORTS for frame in captures.conversation(port)]))
    return path


def test_a_death_is_laid_to_its_conversation(four, tmp_path):
    lines = replay("--driver", dying(tmp_path, "from == 4002 || to == 4002"), four)
    assert [line["verdict"] for line in lines] == ["pass", "pass", "crash", "pass"]
    assert "only behind" not in lines[2]["reason"]
    assert {d["verdict"] for d in lines[2]["directions"].values()} == {"crash"}


def test_what_only_several_show_is_told_once(four, tmp_path):
    lines = replay("--driver", dying(tmp_path, "frames == 12"), four)
    found = [line for line in lines if line["verdict"] == "crash"]
    assert [line["stream"] for line in found] == [1] and "only behind the conversations before it" in found[0]["reason"]
    assert [line["verdict"] for line in lines].count("pass") == 3


def test_alone_they_are_the_same(four):
    """Whether a conversation shares a life or not does not show in its result."""
    together = replay(four)
    assert together == [line for stream in range(4) for line in replay("--stream", stream, four)]
