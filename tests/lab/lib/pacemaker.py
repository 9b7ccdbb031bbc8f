# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pacemaker over Corosync on the two guests, as their packages install them; and a network in which a client can be a
third host: `main` has the wire in a bridge, and the client is a namespace on it."""

import re
from xml.etree import ElementTree

from peer import ADDRESSES
from shell import CommandFailed, read, sh, status, wait_for, write

CONFIG = "/etc/corosync/corosync.conf"
BRIDGE, CLIENT, CLIENT_ADDRESS = "wire", "client", "10.8.0.9"
# Two nodes, and Corosync's own times: a node that says nothing for 3 s is lost.
COROSYNC = """totem {{
    version: 2
    cluster_name: lab
    transport: knet
    crypto_cipher: none
    crypto_hash: none
}}
nodelist {{
{nodes}}}
quorum {{
    provider: corosync_votequorum
    two_node: 1
}}
logging {{
    to_logfile: no
    to_syslog: yes
}}
"""
NODE = """    node {{
        name: {name}
        nodeid: {number}
        ring0_addr: {address}
    }}
"""


def client_beside():
    """On main: a third host on the wire."""
    address = ADDRESSES["main"]
    hardware = read("/sys/class/net/eth0/address")
    sh(f"ip link add {BRIDGE} address {hardware} type bridge forward_delay 0; ip link set {BRIDGE} up; "
       f"ip addr del {address}/24 dev eth0; ip link set eth0 master {BRIDGE}; ip addr add {address}/24 dev {BRIDGE}; "
       f"ip netns add {CLIENT}; ip link add to-{CLIENT} type veth peer name eth0 netns {CLIENT}; "
       f"ip link set to-{CLIENT} master {BRIDGE} up; ip -n {CLIENT} addr add {CLIENT_ADDRESS}/24 dev eth0; "
       f"ip -n {CLIENT} link set eth0 up")


def client_gone():
    address = ADDRESSES["main"]
    status(f"ip netns del {CLIENT}; ip link del {BRIDGE}; ip addr add {address}/24 dev eth0")


def start():
    """On each node."""
    nodes = "".join(NODE.format(name=name, number=number, address=address)
                    for number, (name, address) in enumerate(ADDRESSES.items(), 1))
    write(CONFIG, COROSYNC.format(nodes=nodes))
    sh("systemctl start corosync.service pacemaker.service", timeout=300)


def stop():
    status("systemctl stop pacemaker.service corosync.service", timeout=300)
    status("rm -rf /var/lib/pacemaker/cib/* /var/lib/pacemaker/pengine/* /var/lib/corosync/*")


def cluster():
    """What crm_mon tells."""
    code, told = status("crm_mon --one-shot --inactive --output-as=xml", timeout=60)
    if code != 0:
        raise CommandFailed(f"crm_mon ended with {code}: {told[-500:]}")
    return ElementTree.fromstring(told)


def nodes_online():
    return sorted(node.get("name") for node in cluster().findall("nodes/node") if node.get("online") == "true")


def where(resource):
    """The nodes on which the engine has it started."""
    found = [one for one in cluster().iter("resource") if one.get("id") == resource]
    return sorted(node.get("name") for one in found if one.get("role") == "Started" for node in one.findall("node"))


def failures():
    """What went wrong with any action, as the engine sees it."""
    return [dict(one.attrib) for one in cluster().findall("failures/failure")]


def until_on(node, *resources, deadline=180):
    wait_for(f"{', '.join(resources)} on {node} only", lambda: all(where(one) == [node] for one in resources), deadline,
             every=0.5)


def calm(deadline=180):
    """The engine has nothing left to do."""
    sh(f"crm_resource --wait --timeout={deadline}s", timeout=deadline + 30)


def configure(section, xml):
    sh(f"cibadmin --replace --scope {section} --xml-text '<{section}>{xml}</{section}>'")


def primitive(name, agent, monitor="5s", **parameters):
    """A resource that the engine looks after by one of the agents (class:provider:type)."""
    kind, provider, of_type = agent.split(":")
    given = "".join(f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>' for key, value in parameters.items())
    operations = "".join(
        f'<op id="{name}-{action}" name="{action}" interval="{interval}" timeout="{timeout}"/>'
        for action, interval, timeout in (("start", "0s", "120s"), ("stop", "0s", "180s"), ("monitor", monitor, "60s")))
    return (f'<primitive id="{name}" class="{kind}" provider="{provider}" type="{of_type}">'
            f'<instance_attributes id="{name}-given">{given}</instance_attributes>'
            f"<operations>{operations}</operations></primitive>")


def move(resource, node):
    sh(f"crm_resource --resource {resource} --move --node {node}")


def times(*patterns, since="-5min"):
    """Of each pattern, when the journal first has it: {pattern: CLOCK_MONOTONIC in seconds}, those that it has."""
    sh("journalctl --sync")
    found = {}
    for line in sh(f"journalctl --no-pager -o short-monotonic --since='{since}'", timeout=120).splitlines():
        stamp = re.match(r"\[\s*([0-9.]+)\]", line)
        for pattern in patterns:
            if stamp and pattern not in found and re.search(pattern, line):
                found[pattern] = float(stamp[1])
    return found
