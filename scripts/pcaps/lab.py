"""Two network namespaces with one Ethernet wire between them, and tcpdump at one end of it."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

TOOLS = ("ip", "nft", "ethtool", "tcpdump", "nginx", "curl", "iperf3", "ncat", "socat")
CLONE_NEWNET = 0x40000000
ADDRESSES = {"client": ("10.7.0.1", "fd07::1"), "server": ("10.7.0.2", "fd07::2")}
MACS = {"client": "02:00:00:00:07:01", "server": "02:00:00:00:07:02"}

_setns = ctypes.CDLL(None, use_errno=True).setns


def lacking() -> str:
    """Why this system cannot make Linux captures; empty if it can."""
    tools = [tool for tool in TOOLS if not shutil.which(tool)]
    if tools:
        return f"missing: {' '.join(tools)}; run scripts/setup --for pcaps first"
    return "" if os.geteuid() == 0 else "Linux captures need root (network namespaces)"


def run(*command) -> None:
    """Runs a command; its messages come out only when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")


class Lab:
    """The wire. Used as a context manager, which takes everything down again, whatever happened inside."""

    def __init__(self, scratch: pathlib.Path):
        self.scratch = scratch
        self.names = {end: f"chimneysweep-{os.getpid()}-{end}" for end in ADDRESSES}
        self.children = []
        self.capture = None

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    def _build(self):
        for name in self.names.values():
            run("ip", "netns", "add", name)
        client, server = self.names["client"], self.names["server"]
        run("ip", "link", "add", "eth0", "address", MACS["client"], "netns", client, "type", "veth",
            "peer", "name", "eth0", "address", MACS["server"], "netns", server)
        for end, (v4, v6) in ADDRESSES.items():
            self.run(end, "ip", "addr", "add", f"{v4}/24", "dev", "eth0")
            self.run(end, "ip", "addr", "add", f"{v6}/64", "dev", "eth0", "nodad")
            self.run(end, "ip", "link", "set", "lo", "up")
            self.run(end, "ip", "link", "set", "eth0", "up")
            self.offloads(end, tso="off", gso="off", gro="off", tx="off", rx="off", sg="off")
            self.sysctl(end, "net.ipv4.tcp_congestion_control", "reno")  # the one that a namespace may always name
            self.sysctl(end, "net.ipv4.tcp_no_metrics_save", 1)
            self.run(end, "nft", "add table inet loss")
        for end, other in (("client", "server"), ("server", "client")):  # neighbours known: no ARP in the captures
            for address in ADDRESSES[other]:
                self.run(end, "ip", "neigh", "replace", address, "lladdr", MACS[other], "dev", "eth0")

    def _remove(self):
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
        for name in self.names.values():  # what the children started and left behind goes too
            left = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
            for process in left.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    # the two ends

    def _enter_words(self, end):
        """What a command line starts with to run inside an end; unlike ip-netns-exec it mounts nothing."""
        return ["nsenter", f"--net=/run/netns/{self.names[end]}"]

    def run(self, end, *command) -> None:
        """Runs a command inside an end to its finish."""
        run(*self._enter_words(end), *command)

    def start(self, end, *command, wait_for=None, stdin=None) -> subprocess.Popen:
        """Starts a program inside an end; returns once it listens on TCP port `wait_for`."""
        child = subprocess.Popen([*self._enter_words(end), *map(str, command)], stdin=stdin,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        if wait_for is not None:
            self._wait_listening(end, wait_for)
        return child

    def _wait_listening(self, end, port):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            listening = subprocess.run([*self._enter_words(end), "ss", "-Hltn", f"sport = :{port}"], capture_output=True,
                                       text=True, check=True).stdout
            if listening.strip():
                return
            time.sleep(0.02)
        raise RuntimeError(f"nothing listens on port {port} of the {end}")

    @contextlib.contextmanager
    def inside(self, end):
        """Sockets made in this block belong to that end, for good."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.names[end]}") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(namespace):
        if _setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def address(self, end, ip) -> str:
        return ADDRESSES[end][ip == 6]

    def socket(self, end, ip=4) -> socket.socket:
        """A TCP socket of that end, bound to nothing yet."""
        with self.inside(end):
            made = socket.socket(socket.AF_INET if ip == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(30)
        return made

    def connect(self, ip=4, port=7000, prepare=lambda client, listener: None):
        """Returns a connected pair (client, server); `prepare` may set options before the handshake."""
        client, listener = self.socket("client", ip), self.socket("server", ip)
        listener.bind((self.address("server", ip), port))
        prepare(client, listener)
        with listener:
            listener.listen()
            client.connect((self.address("server", ip), port))
            server, _ = listener.accept()
        server.settimeout(30)
        return client, server

    def start_sending(self, source, data) -> None:
        """Sends all of it from a thread of its own."""
        threading.Thread(target=source.sendall, args=(data,), daemon=True).start()

    # the wire

    def sysctl(self, end, name, value) -> None:
        self.run(end, "sysctl", "-qw", f"{name}={value}")

    def both(self, name, value) -> None:
        """Sets a sysctl at both ends."""
        for end in ADDRESSES:
            self.sysctl(end, name, value)

    def offloads(self, end, **switches) -> None:
        """Switches offloads of an end's card; where a card lacks one, it stays off."""
        for switch, value in switches.items():
            self.run(end, "ethtool", "-K", "eth0", switch, value)

    def mtu(self, size) -> None:
        for end in ADDRESSES:
            self.run(end, "ip", "link", "set", "eth0", "mtu", size)

    def lose(self, end, rule) -> None:
        """Lets packets that come to an end vanish there, behind the place where tcpdump sees them."""
        self.run(end, "nft", "add chain inet loss input { type filter hook prerouting priority -400; }")
        self.run(end, "nft", f"add rule inet loss input meta l4proto tcp {rule} drop")

    def lose_percent(self, end, percent) -> None:
        self.lose(end, f"numgen random mod 100 < {percent}")

    def lose_nothing(self) -> None:
        """Ends every loss."""
        for end in ADDRESSES:
            self.run(end, "nft", "flush table inet loss")

    def record(self, end="client", expression="tcp or ip6 proto 6") -> None:
        """Starts the capture at an end; call it when the wire is as it should be."""
        path = self.scratch / "capture.pcap"
        self.capture = subprocess.Popen(
            [*self._enter_words(end), "tcpdump", "-i", "eth0", "-p", "-n", "-U", "-s", "0",
             "-B", "16384", "--immediate-mode", "-Z", "root", "-w", str(path), *expression.split()],
            stderr=subprocess.PIPE, text=True)
        self.children.append(self.capture)
        for line in self.capture.stderr:
            if "listening on" in line:
                return
        raise RuntimeError("tcpdump did not start")

    def stop(self) -> bytes:
        """Ends the capture once the wire is quiet and returns its file."""
        self.settle()
        self.capture.send_signal(signal.SIGINT)
        _, messages = self.capture.communicate(timeout=10)
        if "\n0 packets dropped by kernel" not in f"\n{messages}":
            raise RuntimeError(f"tcpdump lost packets: {messages.strip()}")
        return (self.scratch / "capture.pcap").read_bytes()

    def settle(self, quiet=0.6) -> None:
        """Waits until the capture has not grown for a while."""
        path, size, since = self.scratch / "capture.pcap", -1, time.monotonic()
        while time.monotonic() - since < quiet:
            if path.stat().st_size != size:
                size, since = path.stat().st_size, time.monotonic()
            time.sleep(0.05)
