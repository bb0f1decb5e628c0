"""Linux captures with other options, sizes, tags and sequence numbers than the default ones."""

import socket
import struct

from .catalogue import linux
from .container import pcap, read_pcap
from .linux_bulk import KIB, close, transfer
from .payload import text

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
REPAIR_ON, REPAIR_OFF_SILENTLY, SEND_QUEUE = 1, -1, 2


def converse(lab, ip=4, down=30 * KIB, up=10 * KIB, prepare=lambda client, listener: None, end="client"):
    """A download, an upload and a close."""
    lab.record(end)
    client, server = lab.connect(ip, prepare=prepare)
    transfer(server, client, "down", down)
    transfer(client, server, "up", up)
    close(client, server)


@linux("no-options", "sockets", "neither timestamps, SACK nor window scaling: MSS alone")
def no_options(lab):
    for name in ("timestamps", "sack", "window_scaling"):
        lab.both(f"net.ipv4.tcp_{name}", 0)
    converse(lab)


@linux("no-timestamps", "sockets", "SACK and window scaling without timestamps", ip="6")
def no_timestamps(lab):
    lab.both("net.ipv4.tcp_timestamps", 0)
    converse(lab, 6)


@linux("no-window-scaling", "sockets", "no window scaling: windows of 64 KiB at most")
def no_window_scaling(lab):
    lab.both("net.ipv4.tcp_window_scaling", 0)
    converse(lab, down=120 * KIB)


@linux("options-of-one-end", "sockets", "the server knows neither SACK nor timestamps, the client offers both")
def options_of_one_end(lab):
    lab.sysctl("server", "net.ipv4.tcp_timestamps", 0)
    lab.sysctl("server", "net.ipv4.tcp_sack", 0)
    converse(lab)


@linux("mss-536", "sockets", "the client announces an MSS of 536, the server the usual one",
       wants=("tcp.options.mss_val == 536", 1))
def mss_536(lab):
    lab.run("client", "ip", "route", "replace", "10.7.0.0/24", "dev", "eth0", "advmss", 536)
    converse(lab)


@linux("mss-100", "sockets", "both ends announce an MSS of 100 bytes, 88 with timestamps",
       wants=("tcp.options.mss_val == 100", 2))
def mss_100(lab):
    for end in ("client", "server"):
        lab.run(end, "ip", "route", "replace", "10.7.0.0/24", "dev", "eth0", "advmss", 100)
    converse(lab, down=6 * KIB, up=3 * KIB)


@linux("mtu-576", "sockets", "an MTU of 576 on the wire")
def mtu_576(lab):
    lab.mtu(576)
    converse(lab)


@linux("mtu-1280-v6", "sockets", "an MTU of 1280 on the wire, the least that IPv6 allows", ip="6")
def mtu_1280(lab):
    lab.mtu(1280)
    converse(lab, 6)


@linux("jumbo", "sockets", "an MTU of 9000 on the wire, segments of 8948 bytes")
def jumbo(lab):
    lab.mtu(9000)
    converse(lab, down=200 * KIB)


@linux("ecn", "sockets", "ECN agreed in the handshake",
       wants=("tcp.flags.syn == 1 && tcp.flags.ece == 1", 2))
def ecn(lab):
    lab.both("net.ipv4.tcp_ecn", 1)
    converse(lab)


def set_initial_sequence(sock, number) -> None:
    """Chooses the sequence number of the first byte behind the SYN of a socket that is not yet connected."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_ON)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("I", number))
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, struct.pack("i", REPAIR_OFF_SILENTLY))


def near_wrap(client, _listener):
    set_initial_sequence(client, 2**32 - 20_000)


@linux("wrap", "sockets", "the client's sequence numbers pass 2^32 after 20,000 bytes",
       wants=("tcp.seq_raw < 100000 && tcp.len > 0", 10))
def wrap(lab):
    converse(lab, up=60 * KIB, prepare=near_wrap)


@linux("wrap-loss-v6", "sockets", "the client's sequence numbers pass 2^32 while 5 % are lost at the server", ip="6",
       wants=("tcp.analysis.retransmission", 3))
def wrap_loss(lab):
    def prepare(client, listener):
        near_wrap(client, listener)
        lab.lose("server", "tcp flags & syn == 0 numgen random mod 100 < 5")

    converse(lab, 6, up=80 * KIB, prepare=prepare)


@linux("fast-open", "sockets", "two connections: the first asks for a fast-open cookie, the second has data on its SYN",
       conversations=2,
       wants=("tcp.flags.syn == 1 && tcp.len > 0", 1))
def fast_open(lab):
    lab.both("net.ipv4.tcp_fastopen", 3)
    lab.record()
    address = (lab.address("server", 4), 7000)
    listener = lab.socket("server")
    listener.bind(address)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    listener.listen()
    for tag in ("first", "again"):
        client = lab.socket("client")
        client.setblocking(True)  # with a timeout, the call would not wait for the handshake
        client.sendto(text(tag, 0, 600), socket.MSG_FASTOPEN, address)
        server, _ = listener.accept()
        server.recv(600)
        transfer(server, client, tag, 3000)
        close(client, server)
    listener.close()


def tagged(data, *tags) -> bytes:
    """Puts VLAN tags, outermost first, into every frame of a capture: pairs of Ethernet type and control field."""
    insert = b"".join(struct.pack(">HH", *tag) for tag in tags)
    return pcap([(when, frame[:12] + insert + frame[12:]) for when, frame in read_pcap(data)])


@linux("vlan", "sockets", "802.1Q tags with id 42, priority 3 on every frame, put in afterwards")
def vlan(lab):
    converse(lab)
    return tagged(lab.stop(), (0x8100, 3 << 13 | 42))


@linux("vlan-priority-v6", "sockets", "802.1Q tags with id 0 and priority 5, put in afterwards", ip="6")
def vlan_priority(lab):
    converse(lab, 6)
    return tagged(lab.stop(), (0x8100, 5 << 13))


@linux("vlan-double", "sockets", "802.1ad and 802.1Q tags (200, 42), put in afterwards",
       verdict="pass, or inconclusive: two VLAN tags, where the replay knows one")
def vlan_double(lab):
    converse(lab)
    return tagged(lab.stop(), (0x88A8, 200), (0x8100, 42))


@linux("with-other-traffic", "sockets", "everything on the wire: ARP, neighbour discovery, ping and UDP beside two "
       "conversations", ip="4+6", conversations=2,
       wants=("udp || arp || icmpv6", 4))
def with_other_traffic(lab):
    for end in ("client", "server"):
        lab.run(end, "ip", "neigh", "flush", "nud", "permanent", "dev", "eth0")
    lab.record(expression="")
    for ip in (4, 6):
        client, server = lab.connect(ip)
        transfer(server, client, "down", 5000)
        with lab.inside("client"):
            family = socket.AF_INET if ip == 4 else socket.AF_INET6
            with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
                datagrams.sendto(text("udp", 0, 100), (lab.address("server", ip), 9))
        transfer(client, server, "up", 3000)
        close(client, server)
