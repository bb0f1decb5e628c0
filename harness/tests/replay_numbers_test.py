"""Conversations have the numbers that tshark gives them, whatever their frames are wrapped in."""
import json
import subprocess

import pytest
from rig import RELEASE, run
from scapy.config import conf
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

conf.verb = 0
OUTER = Ether() / IP(src="192.0.2.1", dst="192.0.2.2")


def numbered(protocol):
    return OUTER / GRE(proto=protocol, seqnum_present=1, sequence_number=7)


def backbone(tag):
    return tag / Raw(b"\0\0\1\2")


WRAPPINGS = {
    "plain": lambda frame: frame,
    "vlan": lambda frame: Ether() / Dot1Q(vlan=5) / frame[IP],
    "erspan-1": lambda frame: OUTER / GRE(proto=0x88BE) / frame,
    "erspan-2": lambda frame: numbered(0x88BE) / ERSPAN_II(ver=1) / frame,
    "erspan-3": lambda frame: numbered(0x22EB) / ERSPAN_III() / frame,
    "erspan-3-platform": lambda frame: numbered(0x22EB) / ERSPAN_III(o=1) / ERSPAN_PlatformSpecific() / frame,
    "backbone": lambda frame: backbone(Ether(type=0x88E7)) / frame,
    "backbone-tagged": lambda frame: backbone(Ether(type=0x88A8) / Raw(b"\0\5\x88\xe7")) / frame,
}


class Talk:
    """Two ends; each call is a frame of one of them."""

    def __init__(self, port, client=1000, server=5000):
        self.port, self.number = port, {"c": client, "s": server}

    def __call__(self, sender, flags, payload=b""):
        other = "s" if sender == "c" else "c"
        ends = {"c": ("10.0.0.1", self.port), "s": ("10.0.0.2", 80)}
        ip = IP(src=ends[sender][0], dst=ends[other][0])
        tcp = TCP(sport=ends[sender][1], dport=ends[other][1], flags=flags, window=60000, seq=self.number[sender],
                  ack=self.number[other] if "A" in flags else 0)
        self.number[sender] += len(payload) + ("S" in flags) + ("F" in flags)
        return Ether() / ip / tcp / Raw(payload)


def whole(port, client=1000, order=(0, 1, 2), end="F"):
    """A conversation; order: of the frames of its handshake in the capture."""
    talk = Talk(port, client)
    handshake = [talk("c", "S"), talk("s", "SA"), talk("c", "A")]
    frames = [handshake[i] for i in order] + [talk("c", "PA", b"question"), talk("s", "PA", b"answer" * 50)]
    return frames + ([talk("c", "FA"), talk("s", "FA"), talk("c", "A")] if end == "F" else [talk("c", end)])


ORDERS = {
    "one": whole(4000),
    "several": [f for pair in zip(whole(4000), whole(4001), whole(4002)) for f in pair],
    "answer-first": whole(4000, order=(1, 0, 2)) + whole(4001),
    "answer-alone": whole(4000, order=(1, 2)) + whole(4001),
    "port-used-again": whole(4000) + whole(4001) + whole(4000, 90000),
    "port-used-again-after-a-reset": whole(4000, end="RA") + whole(4000, 90000) + whole(4001),
    "used-again-answer-first": whole(4000) + whole(4000, 90000, order=(1, 0, 2)) + whole(4001),
    "three-times": whole(4000) + whole(4000, 70000) + whole(4000, 140000),
}


def by_tshark(path):
    """{stream: its frames}."""
    out = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "tcp.stream"], text=True, check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split()
    return {int(n): out.count(n) for n in out}


def by_replay(path):
    got = run("replay", "--json", path, program=RELEASE)
    return {c["stream"]: c for c in map(json.loads, got.stdout.splitlines()[:-1])}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_what_it_is_wrapped_in_does_not_matter(wrapping, tmp_path):
    path = tmp_path / "x.pcap"
    wrpcap(str(path), [Ether(bytes(WRAPPINGS[wrapping](f))) for f in ORDERS["several"]])
    told = by_replay(path)
    assert {n: c["packets"] for n, c in told.items()} == by_tshark(path) == {0: 8, 1: 8, 2: 8}
    assert all(c["verdict"] == "pass" and c["bytes"]["server_to_client"] == 300 for c in told.values())


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_are_those_of_tshark(order, tmp_path):
    path = tmp_path / "x.pcap"
    wrpcap(str(path), ORDERS[order])
    assert {n: c["packets"] for n, c in by_replay(path).items()} == by_tshark(path)
