# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of a session of clusprep that call every method, in an order in which each succeeds."""
import json

SECRET = b"\0shared\xff"
LINES = """
disk prepare
disk list
disk props 0
disk attach 0
disk unique 0
disk scratch 0
disk write 0 x --text tic
disk read 0 x
disk readable 0
disk ids 0
disk dsms
pr register 0
pr reserve 0
pr present 0
pr preempt 0
pr release 0
pr clear 0
pr register 0
pr unregister 0
pr arbitrate 0
disk online 0
disk set-online 0
disk is-online 0
partition fs 0 0
partition is-ntfs 0 0
file write 0 0 /probe.txt --text probe
file verify 0 0 /probe.txt --text probe
file delete 0 0 /probe.txt
disk offline 0
pr stop-defense 0
disk online 0
network initialize
network adapters --all
PINGS
network firewall
network cleanup
firewall
setup secret set --input SECRET
setup secret get
setup label
log all
log span 15
cleanup pr RESERVED
cleanup node --wait 5
"""


def lines(work, pings, reserved):
    """With each pair of addresses pinged, and that disk's reservation cleared. Puts a file into the folder `work`."""
    secret = work / "secret"
    secret.write_bytes(SECRET)
    pings = "\n".join(f"network ping {source} {destination}" for source, destination in pings)
    text = LINES.replace("PINGS", pings).replace("RESERVED", str(reserved)).replace("SECRET", str(secret))
    return text.strip().splitlines()


def answers(test, asked, told):
    """What a session told to these commands, by command: each was answered, in order, and what is everywhere the same
    is so."""
    told = [json.loads(line) for line in told.splitlines()]
    test.assertEqual(len(told), len(asked))
    by_name = {}
    for line, answer in zip(asked, told):
        test.assertTrue(line.startswith(answer["command"]), (line, answer))
        by_name[answer["command"]] = answer
    test.assertTrue(by_name["disk read"]["data"].startswith("746963" + "00" * 10))
    test.assertEqual(by_name["setup secret get"]["secret"], SECRET.hex())
    test.assertEqual(by_name["partition fs"]["fileSystem"], "NTFS")
    return by_name
