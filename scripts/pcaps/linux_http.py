"""Linux captures of web traffic: nginx and curl."""

import subprocess
import time

from .catalogue import linux
from .payload import text

CONFIGURATION = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi; keepalive_timeout 1s; sendfile on; tcp_nopush on;
  server {{
    listen 10.7.0.2:80; listen [fd07::2]:80;
    root {dir}/www;
    location /upload/ {{ dav_methods PUT DELETE; client_max_body_size 1m; }}
  }}
}}
"""


def serve(lab) -> None:
    """Starts nginx at the server: pages /0 to /9 of growing size, /large of 100 KiB, /upload/ for PUT."""
    www = lab.scratch / "www"
    (www / "upload").mkdir(parents=True)
    for page in range(10):
        (www / str(page)).write_bytes(text(f"page{page}", 0, 100 + page * page * 150))
    (www / "large").write_bytes(text("large", 0, 100 * 1024))
    (lab.scratch / "up").write_bytes(text("up", 0, 100 * 1024))
    configuration = lab.scratch / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(dir=lab.scratch), encoding="ascii")
    lab.start("server", "nginx", "-e", lab.scratch / "error.log", "-c", configuration, wait_for=80)


def url(lab, ip, path) -> str:
    host = lab.address("server", ip)
    return f"http://[{host}]/{path}" if ip == 6 else f"http://{host}/{path}"


def curl(lab, *words) -> None:
    lab.run("client", "curl", "-sS", "--noproxy", "*", "-o", "/dev/null", *words)


def keepalive(lab, ip):
    serve(lab)
    lab.record()
    pages = [url(lab, ip, page) for page in (1, 9, 3, 0, 5, 404)]
    curl(lab, pages[0], *(word for page in pages[1:] for word in ("-o", "/dev/null", page)))


@linux("http-keepalive", "nginx and curl", "six requests on one connection, one of them for a page that is not there")
def keepalive_v4(lab):
    keepalive(lab, 4)


@linux("http-keepalive-v6", "nginx and curl", "six requests on one connection", ip="6")
def keepalive_v6(lab):
    keepalive(lab, 6)


@linux("http-download", "nginx and curl", "a download of 100 KiB, seen at the client")
def download(lab):
    serve(lab)
    lab.record()
    curl(lab, url(lab, 4, "large"))


@linux("http-download-v6", "nginx and curl", "a download of 100 KiB, seen at the server", ip="6")
def download_v6(lab):
    serve(lab)
    lab.record("server")
    curl(lab, url(lab, 6, "large"))


@linux("http-upload", "nginx and curl", "an upload of 100 KiB by PUT, with Expect: 100-continue")
def upload(lab):
    serve(lab)
    lab.record()
    curl(lab, "-T", lab.scratch / "up", "-H", "Expect: 100-continue", url(lab, 4, "upload/file"))


@linux("http-upload-v6", "nginx and curl", "an upload of 100 KiB by PUT, seen at the server", ip="6")
def upload_v6(lab):
    serve(lab)
    lab.record("server")
    curl(lab, "-T", lab.scratch / "up", url(lab, 6, "upload/file"))


@linux("http-pipelining", "nginx and ncat", "eight requests in one segment, answered in a row")
def pipelining(lab):
    serve(lab)
    lab.record()
    requests = "".join(f"GET /{page} HTTP/1.1\r\nHost: pipeline\r\n\r\n" for page in range(8))
    ncat = lab.start("client", "ncat", lab.address("server", 4), 80, stdin=subprocess.PIPE)
    ncat.stdin.write(requests.encode())
    ncat.stdin.flush()
    time.sleep(0.5)
    ncat.stdin.close()
    ncat.wait(timeout=10)


@linux("http-parallel", "nginx and curl", "six connections at once, 3 pages and 3 larger downloads interleaved",
       conversations=6)
def parallel(lab):
    serve(lab)
    lab.record()
    pages = ["large", "9", "large", "8", "7", "6"]
    children = [lab.start("client", "curl", "-sS", "--noproxy", "*", "--limit-rate", "400k", "-o", "/dev/null",
                          url(lab, 4, page)) for page in pages]
    for child in children:
        child.wait(timeout=20)


@linux("checksum-offload", "nginx and curl", "seen at the client with transmit checksum offload on: the client's "
       "frames hold partial TCP checksums", verdict="pass; the client's wrong checksums are offload, not damage",
       wants=("tcp.checksum.status == 0", 10))
def checksum_offload(lab):
    serve(lab)
    lab.offloads("client", tx="on")
    lab.record()
    curl(lab, "-T", lab.scratch / "up", url(lab, 4, "upload/file"))


@linux("checksum-offload-v6", "nginx and curl", "seen at the server with transmit checksum offload on: the server's "
       "frames hold partial TCP checksums", ip="6",
       verdict="pass; the server's wrong checksums are offload, not damage",
       wants=("tcp.checksum.status == 0", 10))
def checksum_offload_v6(lab):
    serve(lab)
    lab.offloads("server", tx="on")
    lab.record("server")
    curl(lab, url(lab, 6, "9"), "-o", "/dev/null", url(lab, 6, "8"))


@linux("segmentation-offload", "nginx and curl", "seen at the server with TSO and GSO on: frames far over the MTU with "
       "partial checksums", verdict="pass; frames over the MTU are cut to the MSS, wrong checksums are offload",
       wants=("frame.len > 1518", 5))
def segmentation_offload(lab):
    serve(lab)
    lab.offloads("server", tx="on", sg="on", tso="on", gso="on")
    lab.record("server")
    curl(lab, url(lab, 4, "large"))


@linux("receive-coalescing", "nginx and curl", "seen at the client with GRO on: received segments merged over the MTU",
       verdict="pass; merged frames are cut to the MSS, their wrong checksums are GRO's",
       wants=("frame.len > 1518", 5))
def receive_coalescing(lab):
    serve(lab)
    lab.offloads("client", gro="on", rx="on")
    lab.record()
    curl(lab, url(lab, 4, "large"))
