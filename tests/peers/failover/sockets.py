# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service on every address of a host that answers with the host's name, and its client.

sockets.py udp|tcp serve NAME
sockets.py udp|tcp ask ADDRESS    asks each millisecond; tells of each host that answers, and of the gap before
sockets.py tcp wait ADDRESS       asks once, waits for the connection's end, and connects anew"""
import select
import socket
import sys
import time

PORT = 7777


def tell(text):
    print(text, flush=True)


def serve_udp(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        here.bind(("", PORT))
        tell("ready")
        while True:
            data, control, _, sender = here.recvmsg(64, 256)
            try:  # from the address that was asked: control goes back as it came
                here.sendmsg([name.encode()], control, 0, sender)
            except OSError:
                pass  # which has gone meanwhile


def ask_udp(address):
    last, answered = None, None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.connect((address, PORT))
        here.setblocking(False)
        turn = time.monotonic()
        while True:
            try:
                here.send(b"?")
            except OSError:
                pass
            turn = max(turn + 0.001, time.monotonic())
            while (left := turn - time.monotonic()) > 0:
                if not select.select([here], [], [], left)[0]:
                    break
                try:
                    name = here.recv(64).decode()
                except OSError:
                    continue
                now = time.monotonic()
                if name != last:
                    gap = f" after {1000 * (now - answered):.1f} ms" if answered else ""
                    tell(f"answered by {name}{gap}")
                last, answered = name, now


def serve_tcp(name):
    with socket.create_server(("", PORT)) as here:
        tell("ready")
        known = []
        while True:
            for ready in select.select([here, *known], [], [])[0]:
                if ready is here:
                    known.append(here.accept()[0])
                    continue
                try:
                    if ready.recv(64):
                        ready.send(name.encode())
                        continue
                except OSError:
                    pass
                known.remove(ready)
                ready.close()


def ask_tcp(address, once=False):
    last, answered = None, None
    while True:
        try:
            with socket.create_connection((address, PORT), timeout=1) as there:
                there.settimeout(None if once else 1)
                while True:
                    there.send(b"?")
                    name = there.recv(64).decode()
                    if not name:
                        break
                    now = time.monotonic()
                    if name != last:
                        gap = f" after {1000 * (now - answered):.1f} ms" if answered else ""
                        tell(f"answered by {name} from port {there.getsockname()[1]}{gap}")
                    last, answered = name, now
                    if once:
                        there.recv(64)
                        break
                    time.sleep(0.001)
        except OSError:
            time.sleep(0.001)


if __name__ == "__main__":
    kind, act, argument = sys.argv[1:]
    if act == "serve":
        {"udp": serve_udp, "tcp": serve_tcp}[kind](argument)
    elif kind == "udp":
        ask_udp(argument)
    else:
        ask_tcp(argument, act == "wait")
