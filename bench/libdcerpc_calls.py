#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libdcerpc_calls.py PORT OPTIONS USER PASSWORD INTERFACE OPNUM STUB WHAT NUMBER: calls by Samba's client.

WHAT is `rate`: calls per second over NUMBER connections, each in a process of its own; or `connects`:
connections with a sealed bind and one call, all left open, per second in each quarter of NUMBER.
One number or a list as JSON."""
import json
import multiprocessing
import sys
import time

from samba import credentials, param
from samba.dcerpc import epmapper, srvsvc

SECONDS = 2

port, options, user, password, interface, opnum, stub, what, number = sys.argv[1:]
opnum, stub, number = int(opnum), bytes.fromhex(stub), int(number)


# Connections lean on these as long as they live.
lp = param.LoadParm()
lp.set("workgroup", "EXAMPLE")
who = credentials.Credentials()
who.guess(lp)
who.set_username(user)
who.set_password(password)
who.set_domain("EXAMPLE")
who.set_kerberos_state(credentials.DONT_USE_KERBEROS)


def connection():
    # ClientConnection of no known interface falls over when it has to authenticate.
    known = {"epmapper": epmapper.epmapper, "srvsvc": srvsvc.srvsvc}[interface]
    return known(f"ncacn_ip_tcp:127.0.0.1[{port},{options}]", lp, who)


def succeeds(client):
    answer = client.request(opnum, stub)
    assert answer[-4:] == bytes(4), answer.hex()


def caller(start, counts):
    client = connection()
    for _ in range(200):
        succeeds(client)
    start.wait()
    count, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        for _ in range(50):
            client.request(opnum, stub)
        count += 50
    counts.put(count / (SECONDS + time.monotonic() - end))


def rate():
    start, counts = multiprocessing.Barrier(number), multiprocessing.Queue()
    callers = [multiprocessing.Process(target=caller, args=(start, counts)) for _ in range(number)]
    for one in callers:
        one.start()
    found = sum(counts.get(timeout=60) for _ in callers)
    for one in callers:
        one.join()
    return found


def connects():
    clients, rates = [], []
    quarter = max(1, number // 4)
    while len(clients) < number:
        began = time.monotonic()
        for _ in range(quarter):
            clients.append(connection())
            succeeds(clients[-1])
        rates.append(quarter / (time.monotonic() - began))
    return rates


print(json.dumps(rate() if what == "rate" else connects()))
