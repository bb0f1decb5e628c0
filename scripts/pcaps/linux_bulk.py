"""Linux captures of bulk data, over a good wire and over one that loses frames."""

import threading

from .catalogue import linux
from .payload import text

KIB = 1024


def transfer(source, target, tag, size) -> None:
    """Sends `size` bytes from one socket to the other, from a thread, and checks them on the way out."""
    sender = threading.Thread(target=source.sendall, args=(text(tag, 0, size),))
    sender.start()
    receive(target, tag, size)
    sender.join()


def receive(target, tag, size) -> None:
    got = bytearray()
    while len(got) < size:
        got += target.recv(65536) or b"\0" * size
    if bytes(got) != text(tag, 0, size):
        raise RuntimeError(f"stream {tag} came out wrong")


def close(first, second) -> None:
    """The first end closes, then the other."""
    first.shutdown(1)
    if second.recv(1) != b"":
        raise RuntimeError("data where the end should be")
    second.close()
    first.close()


def lossy(lab, percent, *, ip=4, size=150 * KIB, at=("client", "server"), end="client", sack=1, timestamps=1):
    """One download and one upload half as long while the wire loses frames on their way to the given ends."""
    lab.both("net.ipv4.tcp_sack", sack)
    lab.both("net.ipv4.tcp_dsack", sack)
    lab.both("net.ipv4.tcp_timestamps", timestamps)
    lab.record(end)
    client, server = lab.connect(ip)
    for losing in at:
        lab.lose_percent(losing, percent)
    transfer(server, client, "down", size)
    transfer(client, server, "up", size // 2)
    close(client, server)


@linux("loss-1", "sockets", "1 % of the frames lost both ways, SACK",
       wants=("tcp.analysis.retransmission", 1))
def loss_1(lab):
    lossy(lab, 1)


@linux("loss-3", "sockets", "3 % lost both ways, SACK, seen at the server",
       wants=("tcp.analysis.retransmission", 3))
def loss_3(lab):
    lossy(lab, 3, end="server")


@linux("loss-3-v6", "sockets", "3 % lost both ways, SACK", ip="6",
       wants=("tcp.analysis.retransmission", 3))
def loss_3_v6(lab):
    lossy(lab, 3, ip=6)


@linux("loss-10", "sockets", "10 % lost both ways, SACK: timeouts, lost retransmissions, lost ACKs and FINs",
       wants=("tcp.analysis.retransmission", 5))
def loss_10(lab):
    lossy(lab, 10, size=60 * KIB)


@linux("loss-10-v6", "sockets", "10 % lost both ways, SACK, seen at the server", ip="6",
       wants=("tcp.analysis.retransmission", 5))
def loss_10_v6(lab):
    lossy(lab, 10, ip=6, size=60 * KIB, end="server")


@linux("loss-1-no-sack", "sockets", "1 % lost both ways, no SACK", ip="6",
       wants=("tcp.analysis.retransmission", 1))
def loss_1_no_sack(lab):
    lossy(lab, 1, ip=6, sack=0)


@linux("loss-3-no-sack", "sockets", "3 % lost both ways, no SACK: duplicate ACKs, partial ACKs",
       wants=("tcp.analysis.retransmission", 3))
def loss_3_no_sack(lab):
    lossy(lab, 3, sack=0)


@linux("loss-10-no-sack-no-timestamps", "sockets", "10 % lost both ways, neither SACK nor timestamps",
       wants=("tcp.analysis.retransmission", 5))
def loss_10_bare(lab):
    lossy(lab, 10, size=60 * KIB, sack=0, timestamps=0)


@linux("loss-before-capture", "sockets", "5 % of the server's frames lost before the capture at the client sees them: "
       "real holes, filled later",
       wants=("tcp.analysis.lost_segment", 2))
def loss_before_capture(lab):
    lab.record()
    client, server = lab.connect()
    # Sent astray, not dropped: the sender hears of a drop in its own output, and just tries again.
    lab.run("server", "nft", "add table netdev astray")
    lab.run("server", "nft", "add chain netdev astray egress { type filter hook egress device eth0 priority 0; }")
    lab.run("server", "nft", "add rule netdev astray egress meta l4proto tcp numgen random mod 100 < 5 fwd to lo")
    transfer(server, client, "down", 150 * KIB)
    lab.run("server", "nft", "delete table netdev astray")
    close(client, server)


@linux("iperf3", "iperf3", "iperf3 for 200 KiB: control and data connection", conversations=2)
def iperf3(lab):
    iperf(lab, 4, [], ["-F", content(lab)])


@linux("iperf3-reverse-v6", "iperf3 -R", "iperf3 for 200 KiB towards the client", ip="6", conversations=2)
def iperf3_reverse(lab):
    iperf(lab, 6, ["-F", content(lab)], ["-R"])


def content(lab):
    """A file that iperf3 sends instead of its random bytes."""
    path = lab.scratch / "content"
    path.write_bytes(text("iperf3", 0, 400 * KIB))
    return path


def iperf(lab, ip, server_words, client_words):
    lab.start("server", "iperf3", "-s", "-1", *server_words, wait_for=5201)
    lab.record()
    lab.run("client", "iperf3", "-c", lab.address("server", ip), "-n", "200K", "-l", "16K", *client_words)


@linux("both-ways", "sockets", "100 KiB in each direction at the same time")
def both_ways(lab):
    duplex(lab, 4)


@linux("both-ways-loss-v6", "sockets", "100 KiB in each direction at the same time, 2 % lost at the server", ip="6",
       wants=("tcp.analysis.retransmission", 2))
def both_ways_loss(lab):
    duplex(lab, 6, loss=2)


def duplex(lab, ip, loss=0):
    lab.record()
    client, server = lab.connect(ip)
    if loss:
        lab.lose_percent("server", loss)
    other = threading.Thread(target=transfer, args=(client, server, "up", 100 * KIB))
    other.start()
    transfer(server, client, "down", 100 * KIB)
    other.join()
    lab.lose_nothing()
    close(server, client)


@linux("parallel-mixed", "sockets", "eight connections at once, four over IPv4, four over IPv6, 2 % lost at the client",
       ip="4+6", conversations=8,
       wants=("tcp.analysis.retransmission", 2))
def parallel_mixed(lab):
    lab.record()
    pairs = [lab.connect(ip, port=7000 + number) for number, ip in enumerate((4, 6) * 4)]
    lab.lose_percent("client", 2)
    workers = [threading.Thread(target=transfer, args=(server, client, f"par{number}", 20 * KIB))
               for number, (client, server) in enumerate(pairs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for client, server in pairs:
        close(client, server)


@linux("many-messages", "socat", "150 small questions and answers in turn through an echo server")
def many_messages(lab):
    lab.start("server", "socat", "TCP4-LISTEN:7000,reuseaddr,nodelay", "EXEC:cat", wait_for=7000)
    lab.record()
    client = lab.socket("client")
    client.connect((lab.address("server", 4), 7000))
    offset = 0
    for number in range(150):
        size = 1 + number * 7 % 60
        client.sendall(text("ping", offset, size))
        got = 0
        while got < size:
            got += len(client.recv(4096))
        offset += size
    client.shutdown(1)
    client.recv(1)
    client.close()
