"""Small captures of IPv4 over Ethernet, made by hand: what a test needs and nothing else."""
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ total


class Ends:
    """Two ends of TCP; a call gives the next frame of one of them."""

    def __init__(self, port, client_number=1000, server_number=5000):
        self.ports = {"c": port, "s": 80}
        self.number = {"c": client_number, "s": server_number}

    def __call__(self, sender, flags, payload=b"", **other):
        receiver = "s" if sender == "c" else "c"
        address = {"c": bytes([10, 0, 0, 1]), "s": bytes([10, 0, 0, 2])}
        ack = other.get("ack", self.number[receiver] if flags & ACK else 0)
        tcp = struct.pack(">HHIIBBHHH", self.ports[sender], self.ports[receiver], other.get("seq", self.number[sender]),
                          ack, 0x50, flags, 60000, 0, 0) + payload
        pseudo = address[sender] + address[receiver] + struct.pack(">HH", 6, len(tcp))
        tcp = tcp[:16] + struct.pack(">H", ones_sum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + address[sender] + address[receiver]
        ip = ip[:10] + struct.pack(">H", ones_sum(ip)) + ip[12:]
        self.number[sender] = (self.number[sender] + len(payload) + bool(flags & SYN) + bool(flags & FIN)) & 0xFFFFFFFF
        return bytes(12) + b"\x08\x00" + ip + tcp


def handshake(ends):
    return [ends("c", SYN), ends("s", SYN | ACK), ends("c", ACK)]


def conversation(port, sent=b"request", answered=b"answer" * 40):
    """A whole one: handshake, a request, its answer, FINs."""
    ends = Ends(port)
    return [*handshake(ends), ends("c", ACK | PSH, sent), ends("s", ACK | PSH, answered), ends("c", ACK),
            ends("c", ACK | FIN), ends("s", ACK | FIN), ends("c", ACK)]


def pcap(frames, snapshot=262144):
    body = b"".join(struct.pack("<IIII", 1000 + i // 100, i % 100 * 10000, len(f), len(f)) + f
                    for i, f in enumerate(frames))
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snapshot, 1) + body


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def pcapng(frames, snapshot=0, simple=False, before=b""):
    """before: blocks that stand before the packets."""
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, snapshot))
    out += before
    for i, frame in enumerate(frames):
        fixed = struct.pack("<I", len(frame)) if simple else struct.pack("<IIIII", 0, 0, i * 10000, len(frame), len(frame))
        out += block(3 if simple else 6, fixed + frame)
    return out
