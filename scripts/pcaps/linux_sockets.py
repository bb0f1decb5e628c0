"""Linux captures of how programs use a socket: small writes, slow reads, every way to close."""

import socket
import struct
import time

from .catalogue import linux
from .linux_bulk import KIB, close, receive, transfer
from .payload import text


@linux("tiny-writes-nagle", "sockets", "200 writes of one byte with Nagle's algorithm")
def tiny_writes_nagle(lab):
    lab.record()
    client, server = lab.connect()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    for byte in text("tiny", 0, 200):
        client.send(bytes([byte]))
        time.sleep(0.002)
    receive(server, "tiny", 200)
    close(client, server)


@linux("tiny-writes-nodelay", "sockets", "200 writes of one byte with TCP_NODELAY: 200 segments of one byte",
       wants=("tcp.len == 1", 200))
def tiny_writes_nodelay(lab):
    lab.record()
    client, server = lab.connect()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in text("tiny", 0, 200):
        client.send(bytes([byte]))
        server.recv(1)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # or the congestion window would join them
    close(client, server)


@linux("half-close-client", "sockets", "the client says FIN first; the server still sends 50 KiB")
def half_close_client(lab):
    half_close(lab, 4, 0)


@linux("half-close-server-v6", "sockets", "the server says FIN first; the client still sends 50 KiB", ip="6")
def half_close_server(lab):
    half_close(lab, 6, 1)


def half_close(lab, ip, first):
    lab.record()
    pair = lab.connect(ip)
    early, late = pair[first], pair[1 - first]
    transfer(early, late, "early", 500)
    early.shutdown(socket.SHUT_WR)
    time.sleep(0.1)
    transfer(late, early, "late", 50 * KIB)
    late.close()
    early.close()


def abort(sock) -> None:
    """Closes with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@linux("reset-by-client", "sockets", "the client resets in the middle of the server's data",
       wants=("tcp.flags.reset == 1", 1))
def reset_by_client(lab):
    reset(lab, 4, 0)


@linux("reset-by-server", "sockets", "the server resets after data that it has not read",
       wants=("tcp.flags.reset == 1", 1))
def reset_by_server(lab):
    reset(lab, 4, 1)


@linux("reset-by-server-v6", "sockets", "the server resets after data that it has not read; seen at the server", ip="6",
       wants=("tcp.flags.reset == 1", 1))
def reset_by_server_v6(lab):
    reset(lab, 6, 1, "server")


def reset(lab, ip, who, end="client"):
    lab.record(end)
    pair = lab.connect(ip)
    transfer(*pair, "before", 3000)
    pair[1 - who].sendall(text("unread", 0, 5000))
    time.sleep(0.1)
    abort(pair[who])
    time.sleep(0.1)
    pair[1 - who].close()


@linux("reset-half-closed", "sockets", "the client closes both ways, the server goes on sending and gets an RST",
       wants=("tcp.flags.reset == 1", 1))
def reset_half_closed(lab):
    lab.record()
    client, server = lab.connect()
    transfer(client, server, "up", 1000)
    client.close()
    time.sleep(0.1)
    server.send(text("late", 0, 700))
    time.sleep(0.1)
    server.close()


def slow_reader(lab, ip, buffer, pause, size):
    def prepare(client, _listener):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)

    lab.record()
    client, server = lab.connect(ip, prepare=prepare)
    server.setblocking(True)
    lab.start_sending(server, text("slow", 0, size))
    time.sleep(pause)
    got = bytearray()
    while len(got) < size:
        got += client.recv(1500)
        time.sleep(0.01)
    if bytes(got) != text("slow", 0, size):
        raise RuntimeError("stream came out wrong")
    close(client, server)


@linux("zero-window", "sockets", "a client that reads nothing for 2.5 s: zero window, probes, then slow reading",
       wants=("tcp.analysis.zero_window", 3))
def zero_window(lab):
    slow_reader(lab, 4, 8 * KIB, 2.5, 60 * KIB)


@linux("zero-window-v6", "sockets", "the same over IPv6 with a buffer of 4 KiB", ip="6",
       wants=("tcp.analysis.zero_window", 1))
def zero_window_v6(lab):
    slow_reader(lab, 6, 4 * KIB, 1.5, 30 * KIB)


@linux("small-window", "sockets", "the smallest receive buffer there is (2304 bytes) at both ends")
def small_window(lab):
    def prepare(*ends):
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    lab.record()
    client, server = lab.connect(prepare=prepare)
    transfer(server, client, "down", 20 * KIB)
    transfer(client, server, "up", 10 * KIB)
    close(client, server)


@linux("keepalive", "sockets", "an idle client that sends keepalive probes each second, answered, then data",
       wants=("tcp.analysis.keep_alive", 3))
def keepalive(lab):
    lab.record()
    client, server = lab.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    transfer(client, server, "before", 300)
    time.sleep(3.5)
    transfer(server, client, "after", 3000)
    close(client, server)


@linux("keepalive-dead-peer", "sockets", "keepalive probes that nobody answers, then the client's RST",
       verdict="pass; the RST is the client's give-up after unanswered probes",
       wants=("tcp.analysis.keep_alive", 2))
def keepalive_dead_peer(lab):
    lab.record()
    client, server = lab.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    transfer(client, server, "before", 300)
    lab.lose("server", "tcp dport 7000")
    time.sleep(3.8)
    lab.lose_nothing()
    client.close()
    server.close()


@linux("idle-then-data", "sockets", "a burst, 1.5 s of silence, a burst the other way, silence, a last word")
def idle_then_data(lab):
    lab.record()
    client, server = lab.connect()
    transfer(client, server, "one", 20 * KIB)
    time.sleep(1.5)
    transfer(server, client, "two", 20 * KIB)
    time.sleep(1.0)
    transfer(client, server, "three", 10)
    close(server, client)


@linux("close-simultaneous", "sockets", "the first FINs are both lost, the second ones cross: CLOSING at both ends",
       wants=("tcp.flags.fin == 1", 4))
def close_simultaneous(lab):
    lab.record()
    client, server = lab.connect()
    transfer(client, server, "up", 2000)
    transfer(server, client, "down", 2000)
    time.sleep(0.3)
    for end in ("client", "server"):
        lab.lose(end, "tcp flags & fin == fin")
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    lab.lose_nothing()
    client.recv(1)
    server.recv(1)
    client.close()
    server.close()


@linux("open-simultaneous", "sockets", "both ends connect: SYNs cross, then data both ways",
       wants=("tcp.flags.syn == 1", 4))
def open_simultaneous(lab):
    lab.record()
    for end in ("client", "server"):
        lab.lose(end, "tcp flags & syn == syn")
    ends = {end: lab.socket(end) for end in ("client", "server")}
    for end, sock in ends.items():
        sock.bind((lab.address(end, 4), 7000))
        sock.setblocking(False)
    for end, other in (("client", "server"), ("server", "client")):
        ends[end].connect_ex((lab.address(other, 4), 7000))
    lab.lose_nothing()
    time.sleep(1.5)
    for sock in ends.values():
        sock.setblocking(True)
    client, server = ends["client"], ends["server"]
    transfer(client, server, "up", 3000)
    transfer(server, client, "down", 3000)
    close(client, server)


@linux("syn-lost", "sockets", "the first SYN and the first SYN-ACK are lost; the handshake takes three seconds", ip="6",
       wants=("tcp.flags.syn == 1", 4))
def syn_lost(lab):
    handle = []

    def prepare(client, _listener):
        lab.lose("server", "tcp flags & syn == syn limit rate 1/hour burst 1 packets")
        lab.lose("client", "tcp flags & syn == syn limit rate 1/hour burst 1 packets")
        handle.append(client)

    lab.record()
    client, server = lab.connect(6, prepare=prepare)
    transfer(server, client, "down", 5000)
    close(client, server)


@linux("fin-lost", "sockets", "two FINs of the client and the ACK of the third are lost",
       wants=("tcp.flags.fin == 1", 4))
def fin_lost(lab):
    lab.record()
    client, server = lab.connect()
    transfer(client, server, "up", 2000)
    lab.lose("server", "tcp flags & fin == fin limit rate 1/hour burst 2 packets")
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    lab.lose("client", "tcp flags == ack limit rate 1/hour burst 1 packets")
    transfer(server, client, "down", 2000)
    server.close()
    client.recv(1)
    client.close()
