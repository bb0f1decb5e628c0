"""The catalogue: every capture that can be made, with what its line in the manifest says."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Capture:
    """One capture: how it is made and what a replay of it should find."""

    name: str
    maker: str
    ip: str
    shows: str
    make: Callable
    conversations: int
    partial: str
    verdict: str
    suffix: str
    wants: tuple[str, int] | None = None  # a tshark display filter and how many frames must at least match it

    @property
    def file(self) -> str:
        return f"{self.name}{self.suffix}"


CATALOGUE: dict[str, Capture] = {}


def _register(name, maker, ip, shows, make, conversations, partial, verdict, suffix, wants=None):
    if name in CATALOGUE:
        raise ValueError(f"two captures are called {name}")
    CATALOGUE[name] = Capture(name, maker, ip, shows, make, conversations, partial, verdict, suffix, wants)


def crafted(name, shows, *, ip="4", conversations=1, partial="", verdict="pass", suffix=".pcap"):
    """Registers a function that returns the bytes of a capture file.

    `partial` says why a conversation is not wholly in the capture; empty if all are, from SYN to FIN or RST.
    """

    def register(make):
        _register(f"crafted-{name}", "Scapy", ip, shows, make, conversations, partial, verdict, suffix)
        return make

    return register


def linux(name, by, shows, *, ip="4", conversations=1, partial="", verdict="pass", wants=None):
    """Registers a function that lets programs talk across a `lab.Lab` while one end is captured.

    `wants` is what the capture must hold to be worth keeping; where chance decides, it is made again until it does.
    """

    def register(make):
        _register(f"linux-{name}", f"Linux, {by}", ip, shows, make, conversations, partial, verdict, ".pcap",
                  wants)
        return make

    return register
