# SPDX-License-Identifier: LGPL-2.1-or-later
"""A DCOM server that is not ours, for our client: written from MS-DCOM, MS-RPCE and C706 over impacket's structures,
with the habits of Windows that are known. It activates the classes of MS-CSVP, and `node` answers their methods.

It is strict: what the client sends that a server could object to stands in `flaws`."""
import contextlib
import dataclasses
import socket
import struct
import threading
import uuid as uuids

from impacket.dcerpc.v5 import dcomrt, rpcrt
from impacket.dcerpc.v5.ndr import NULL

import csvp_methods
from foreign_ntlm import Denied, Ntlm, Spnego, wide

NDR = uuids.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
ACTIVATOR = uuids.UUID("000001a0-0000-0000-c000-000000000046")
REM_UNKNOWN = uuids.UUID("00000131-0000-0000-c000-000000000046")
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, ALTER, ALTER_RESPONSE, AUTH3 = 0, 2, 3, 11, 12, 14, 15, 16
WHOLE, HEADER_SIGNING, DID_NOT_EXECUTE, WITH_OBJECT = 3, 4, 0x20, 0x80
PRIVACY = 6
ACCESS_DENIED, RPC_E_INVALID_OBJECT = 5, 0x80010114
S_OK, CLASS_NOT_REGISTERED = 0, 0x80040154
TRAILER = bytes.fromhex("8ae3137102f43671")  # MS-RPCE 2.2.2.13
REFERENCES = 5


def system_uuid(number):
    return uuids.UUID(int=number << 96 | 0xC000000000000046)


@dataclasses.dataclass
class Habits:
    """What servers differ in, and what goes wrong in a test."""

    fragment: int = 5840
    reference: int = 1  # OBJREF: standard 1, handler 2, extended 8
    reply_first: bool = False  # ScmReplyInfo before PropsOutInfo, and a property that nobody knows
    extents: bool = False  # an ORPCTHAT that says more
    header_signing: bool = True  # whether it is agreed to; NTLM covers headers all the same
    hangs_up: tuple = ()  # methods after whose answer the connection ends
    bindings: tuple = ("WIN-NODE2", "192.0.2.17", "2001:db8::17")
    classes: dict = dataclasses.field(default_factory=dict)  # refused by this HRESULT
    interfaces: dict = dataclasses.field(default_factory=dict)
    not_bound: tuple = ()  # interfaces that the exporter does not offer
    faults: dict = dataclasses.field(default_factory=dict)  # of a method: status, whether it is protected
    stubs: dict = dataclasses.field(default_factory=dict)  # of a method: what becomes of the answer's stub
    fragments: dict = dataclasses.field(default_factory=dict)  # and of the PDUs sent


def dual_strings(addresses):
    """Entries of a DUALSTRINGARRAY, and where the security bindings begin (MS-DCOM 2.2.19)."""
    strings = b"".join(struct.pack("<H", tower) + wide(address + "\0") for tower, address in addresses) + b"\0\0"
    security = b"".join(struct.pack("<HHH", service, 0xFFFF, 0) for service in (9, 10, 14, 16, 22, 30, 31)) + b"\0\0"
    return (len(strings) + len(security)) // 2, len(strings) // 2, strings + security


def serialized(body):
    """Type Serialization version 1 (MS-RPCE 2.2.6), filled up as Windows does."""
    body += bytes(-len(body) % 8)
    return bytes.fromhex("01100800cccccccc") + struct.pack("<II", len(body), 0xCCCCCCCC) + body


def interface_pointer(reference):
    """MInterfacePointer."""
    return struct.pack("<II", len(reference), len(reference)) + reference


def custom_reference(iid, clsid, properties):
    """An OBJREF_CUSTOM around activation properties: pairs of UUID and bytes (MS-DCOM 2.2.22)."""
    count = len(properties)
    behind = struct.pack("<I", count) + b"".join(each.bytes_le for each, _ in properties)
    behind += struct.pack("<I", count) + b"".join(struct.pack("<I", len(data)) for _, data in properties)
    header_size = len(serialized(bytes(48) + behind))
    total = header_size + sum(len(data) for _, data in properties)
    header = serialized(struct.pack("<5I16xIII", total, header_size, 0, 2, count, 0x20000, 0x20004, 0) + behind)
    blob = struct.pack("<II", total, 0) + header + b"".join(data for _, data in properties)
    return struct.pack("<II", 0x574F454D, 4) + iid.bytes_le + clsid.bytes_le + struct.pack(
        "<II", 0, len(blob) + 8) + blob


class Object:
    def __init__(self, name, state):
        self.name, self.state, self.references = name, state, REFERENCES


class Connection:
    """One client's, until it leaves."""

    def __init__(self, server, stream, exporter):
        self.server, self.stream, self.exporter = server, stream, exporter
        self.interfaces, self.security, self.denied = {}, {}, set()
        self.most, self.called, self.stub = 5840, None, b""

    def receive(self, size):
        data = b""
        while len(data) < size:
            part = self.stream.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def run(self):
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                head = self.receive(16)
                (size,) = struct.unpack_from("<H", head, 8)
                raw = head + self.receive(size - 16)
                if size > self.server.habits.fragment:
                    self.flaw(f"a fragment of {size} bytes")
                kind = raw[2]
                if kind in (BIND, ALTER):
                    self.bind(raw)
                elif kind == AUTH3:
                    self.authenticate(raw)
                elif kind == REQUEST:
                    self.request(raw)
                else:
                    self.flaw(f"a PDU of type {kind}")
                    return

    def flaw(self, what):
        self.server.flaws.append(what)

    def pdu(self, kind, call, body, flags=WHOLE, trailer=b"", token=b""):
        header = rpcrt.MSRPCHeader()
        header["type"], header["call_id"], header["flags"] = kind, call, flags
        header["pduData"], header["sec_trailer"], header["auth_data"] = body, trailer, token
        return header.get_packet()

    @staticmethod
    def trailer(kind, level, context, padding=0):
        made = rpcrt.SEC_TRAILER()
        made["auth_type"], made["auth_level"], made["auth_pad_len"] = kind, level, padding
        made["auth_ctx_id"] = context
        return made.getData()

    @staticmethod
    def verifier(raw):
        """The sec_trailer and the token behind it, where there are any."""
        (size,) = struct.unpack_from("<H", raw, 10)
        if size == 0:
            return None, b""
        at = len(raw) - size - 8
        return rpcrt.SEC_TRAILER(raw[at:at + 8]), raw[at + 8:]

    def step(self, trailer, token):
        """What the mechanism answers; b"" when that is nothing."""
        context = trailer["auth_ctx_id"]
        if context not in self.security:
            mechanism = Ntlm("WIN-NODE2", "WIN-NODE2", self.server.accounts)
            if trailer["auth_type"] == 9:
                mechanism = Spnego(mechanism)
            self.security[context] = mechanism
        mechanism = self.security[context]
        if mechanism.done:  # impacket repeats itself
            return b""
        try:
            return mechanism.step(token)
        except Denied:
            self.denied.add(context)
            return b""

    def bind(self, raw):
        call, kind = struct.unpack_from("<I", raw, 12)[0], raw[2]
        trailer, token = self.verifier(raw)
        asked = rpcrt.MSRPCBind(raw[16:])
        results = b""
        data = asked["ctx_items"]
        for _ in range(asked["ctx_num"]):
            item = rpcrt.CtxItem(data)
            data = data[len(item):]
            interface = uuids.UUID(bytes_le=item["AbstractSyntax"][:16])
            if interface in self.server.habits.not_bound and self.exporter:
                results += struct.pack("<HH20x", 2, 1)
            else:
                self.interfaces[item["ContextID"]] = interface
                results += struct.pack("<HH", 0, 0) + NDR
            if item["TransferSyntax"] != NDR:
                self.flaw("another transfer syntax")
        if kind == BIND:
            self.most = min(asked["max_rfrag"], self.server.habits.fragment)
            port = b"%d\0" % self.stream.getsockname()[1]
        else:
            port = b""
        most = self.server.habits.fragment
        body = struct.pack("<HHIH", most, most, 0x1F3A5, len(port)) + port
        body += bytes(-(16 + len(body)) % 4) + struct.pack("<BBH", asked["ctx_num"], 0, 0) + results
        flags = WHOLE | (raw[3] & HEADER_SIGNING if self.server.habits.header_signing else 0)
        answer = BIND_ACK if kind == BIND else ALTER_RESPONSE
        told = self.step(trailer, token) if trailer is not None else b""
        if trailer is not None and trailer["auth_ctx_id"] in self.denied:  # a negTokenResp could say so
            self.stream.sendall(self.fault(call, 0, ACCESS_DENIED))
            return
        made = self.trailer(trailer["auth_type"], trailer["auth_level"], trailer["auth_ctx_id"]) if told else b""
        self.stream.sendall(self.pdu(answer, call, body, flags, made, told))

    def authenticate(self, raw):
        self.step(*self.verifier(raw))  # which has no answer: a denial shows at the next request

    def fault(self, call, context, status):
        return self.pdu(FAULT, call, struct.pack("<IHBBII", 32, context, 0, 0, status, 0), WHOLE | DID_NOT_EXECUTE)

    def request(self, raw):
        call, hint, context, opnum = struct.unpack_from("<IIHH", raw, 12)
        at, flags = 24, raw[3]
        ipid = None
        if flags & WITH_OBJECT:
            ipid, at = uuids.UUID(bytes_le=raw[24:40]), 40
        trailer, token = self.verifier(raw)
        if trailer is None or trailer["auth_ctx_id"] in self.denied:
            self.stream.sendall(self.fault(call, context, ACCESS_DENIED))
            return
        mechanism = self.security[trailer["auth_ctx_id"]]
        end = len(raw) - len(token)
        stub = mechanism.theirs.open(raw[at:end - 8])
        if mechanism.theirs.sign(raw[:at] + stub + raw[end - 8:end]) != token:
            self.flaw("a signature that does not fit")
        if trailer["auth_level"] != PRIVACY:
            self.flaw(f"level {trailer['auth_level']}")
        stub = stub[:len(stub) - trailer["auth_pad_len"]]
        if flags & 1:
            self.called, self.stub = (call, context, opnum, ipid, hint), b""
        self.stub += stub
        if not flags & 2:
            return
        if self.called[0] != call or self.called[1:3] != (context, opnum) or self.called[3] != ipid:
            self.flaw("fragments of two calls")
        if self.called[4] != len(self.stub):
            self.flaw(f"alloc_hint {self.called[4]} of {len(self.stub)} bytes")
        interface = self.interfaces[context]
        parameters = self.without_trailer(self.stub, interface, call, context, opnum)
        self.answer(mechanism, trailer, call, context, *self.server.call(interface, ipid, opnum, parameters,
                                                                         mechanism.user))

    def without_trailer(self, stub, interface, call, context, opnum):
        at = stub.rfind(TRAILER)
        if at < 0:
            return stub
        rest, last = stub[at + 8:], False
        while not last:
            command, size = struct.unpack_from("<HH", rest)
            value, rest, last = rest[4:4 + size], rest[4 + size:], command & 0x4000
            if command & 0x3FFF == 2 and value != interface.bytes_le + bytes(4) + NDR:
                self.flaw("a trailer of another interface")
            if command & 0x3FFF == 3 and value != struct.pack("<B3xIIHH", REQUEST, 0x10, call, context, opnum):
                self.flaw("a trailer of another request")
        if rest:
            self.flaw("bytes behind the trailer")
        return stub[:at]

    def answer(self, mechanism, trailer, call, context, name, stub, status):
        """`status` is a fault's and whether that is protected, or None."""
        kind, fixed, auth_type, auth_context = RESPONSE, b"", trailer["auth_type"], trailer["auth_ctx_id"]
        if status is not None and not status[1]:
            self.stream.sendall(self.fault(call, context, status[0]))
            return
        if status is not None:
            # The status stands before the stub, which is sealed (C706 12.6.4.7).
            kind, fixed, stub = FAULT, struct.pack("<II", status[0], 0), b""
        clear = 24 + len(fixed)
        around = clear + 15 + 8 + 16
        chunk = (self.most - around) // 16 * 16
        sent, at = [], 0
        while True:
            part, rest = stub[at:at + chunk], len(stub) - at
            flags = (1 if at == 0 else 0) | (2 if rest <= chunk else 0)
            padding = -len(part) % 16
            head = struct.pack("<IHBB", rest, context, 0, 0) + fixed
            made = self.trailer(auth_type, PRIVACY, auth_context, padding)
            raw = self.pdu(kind, call, head + part + b"\xbb" * padding, flags, made, bytes(16))
            plain = raw[:-16]
            sealed, signature = mechanism.ours.seal(plain, plain[clear:-8])
            sent.append(plain[:clear] + sealed + plain[-8:] + signature)
            at += chunk
            if flags & 2:
                break
        hangs_up = name in self.server.habits.hangs_up
        for piece in self.server.habits.fragments.get(name, lambda pieces: pieces)(sent):
            self.stream.sendall(piece, socket.MSG_MORE if hangs_up else 0)
        if hangs_up:  # in the segment with the answer, so that nobody comes in between
            self.stream.shutdown(socket.SHUT_WR)
            raise EOFError


class ForeignServer:
    """Listens at 135, and at a port of its own for the objects. `node` gives, for the name of a method, its parameters
    and the object's state: HRESULT, values of the answer, and, if another than the usual, the answer's declaration."""

    oxid, unknown = 0x8F5B2E6611223344, uuids.UUID("00009801-0614-0000-a7c3-0011e2f94c55")

    def __init__(self, accounts, node):
        self.accounts, self.node = accounts, node
        self.habits, self.flaws, self.called, self.objects = Habits(), [], [], {}
        self.lock, self.connections, self.threads, self.made = threading.Lock(), [], [], 0
        self.listeners = [socket.create_server(("127.0.0.1", port)) for port in (135, 0)]
        self.port = self.listeners[1].getsockname()[1]
        for number, listener in enumerate(self.listeners):
            self.start(self.accept, listener, number == 1)

    def start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self, listener, exporter):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = listener.accept()
                with self.lock:
                    self.connections.append(stream)
                self.start(self.serve, stream, exporter)

    def serve(self, stream, exporter):
        try:
            with stream:
                Connection(self, stream, exporter).run()
        except Exception as error:  # pylint: disable=broad-except
            self.flaws.append(f"{type(error).__name__}: {error}")
            raise

    def close(self):
        for each in self.listeners:
            each.shutdown(socket.SHUT_RDWR)
            each.close()
        with self.lock:
            for each in self.connections:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for each in self.threads:
            each.join(20)

    # ---- calls ----

    def call(self, interface, ipid, opnum, stub, user):
        """The method's name, the answer's stub, and a fault or None."""
        with self.lock:
            if (interface, opnum, ipid) == (ACTIVATOR, 4, None):
                return "RemoteCreateInstance", self.spoilt("RemoteCreateInstance", self.create(stub, user)), None
            if (interface, opnum, ipid) == (REM_UNKNOWN, 5, self.unknown):
                return "RemRelease", self.release(stub), None
            made = self.objects.get(ipid)
            if made is None or uuids.UUID(csvp_methods.CLASSES[made.name][1]) != interface:
                return "", b"", (RPC_E_INVALID_OBJECT, True)
            return self.method(made, opnum, stub)

    def spoilt(self, name, stub):
        return self.habits.stubs.get(name, lambda same: same)(stub)

    def method(self, made, opnum, stub):
        name, method = next((name, each) for name, each in csvp_methods.CLASSES[made.name][2].items()
                            if each.call.opnum == opnum)
        if name in self.habits.faults:
            return name, b"", self.habits.faults[name]
        request = method.call(stub)
        result, outs, answer = self.node(name, request, made.state)
        self.called.append(name)
        response = getattr(csvp_methods, (answer or name) + "Response")()
        response["ORPCthat"]["flags"], response["ORPCthat"]["extensions"] = 0, NULL
        for field, value in outs.items():
            self.put(response, field, value)
        response["Result"] = result
        stub = response.getData()
        if self.habits.extents:
            stub = self.that_says_more() + stub[8:]
        return name, self.spoilt(name, stub), None

    @staticmethod
    def put(response, field, value):
        if isinstance(value, tuple):  # of an array: bytes, and how many there is room for
            response[field] = [bytes((byte,)) for byte in value[0]]
            response.fields[field].fields["MaximumCount"] = value[1]
        elif isinstance(value, list):
            for each in value:
                item = response.fields[field].item()
                for inner, number in each.items():
                    item[inner] = number
                response[field].append(item)
        elif isinstance(value, dict):
            for inner, each in value.items():
                ForeignServer.put(response[field], inner, each)
        else:
            response[field] = value

    @staticmethod
    def that_says_more():
        """An ORPCTHAT with an error of a failed call as Windows tells it: one extent, and room for another."""
        data = b"\xee" * 24
        front = struct.pack("<II", 0, 0x20000) + struct.pack("<III", 1, 0, 0x20004) + struct.pack("<III", 2, 0x20008, 0)
        return front + struct.pack("<I", len(data)) + system_uuid(0x31C).bytes_le + struct.pack("<I", 21) + data

    def create(self, stub, user):
        asked = dcomrt.RemoteCreateInstance(stub)
        reference = dcomrt.OBJREF_CUSTOM(b"".join(asked["pActProperties"]["abData"]))
        blob = dcomrt.ACTIVATION_BLOB(reference["pObjectData"])
        places, at = {}, 0
        for clsid, size in zip(blob["CustomHeader"]["pclsid"], blob["CustomHeader"]["pSizes"]):
            places[uuids.UUID(bytes_le=clsid["Data"])] = (at, size["Data"])
            at += size["Data"]
        for needed in (0x1AB, 0x1A5, 0x1A4, 0x1AA):  # MS-DCOM 3.2.4.1.1.2
            if system_uuid(needed) not in places:
                self.flaws.append(f"activated without {system_uuid(needed)}")
        at, size = places[system_uuid(0x1AB)]
        data = blob["Property"][at:at + size]
        info = dcomrt.InstantiationInfoData()
        info.fromStringReferents(data[info.fromString(data):])
        clsid = uuids.UUID(bytes_le=info["classId"])
        iid = uuids.UUID(bytes_le=info["pIID"][0]["Data"])
        name = next((name for name, (known, _, _) in csvp_methods.CLASSES.items() if uuids.UUID(known) == clsid), None)
        result = self.habits.classes.get(clsid, S_OK if name else CLASS_NOT_REGISTERED)
        if result != S_OK:
            return struct.pack("<IIII", 0, 0, 0, result)
        refused = self.habits.interfaces.get(iid, S_OK)
        oid = 0x4000 + self.made
        self.made += 1
        ipid = uuids.UUID(int=uuids.UUID("0000d002-0614-0000-91aa-b7c05d3e1f00").int + oid)
        if refused == S_OK:
            self.objects[ipid] = Object(name, {"user": user})
        properties = [(system_uuid(0x339), self.props_out(iid, refused, self.reference(iid, oid, ipid))),
                      (system_uuid(0x1B6), self.scm_reply())]
        if self.habits.reply_first:
            properties = [properties[1], (system_uuid(0x1AC), serialized(bytes(40))), properties[0]]
        whole = interface_pointer(custom_reference(system_uuid(0x1A3), system_uuid(0x339), properties))
        whole += bytes(-len(whole) % 4)
        return struct.pack("<III", 0, 0, 0x20000) + whole + struct.pack("<I", S_OK)

    def reference(self, iid, oid, ipid):
        """The object's OBJREF, of the kind that is asked for."""
        count, security, entries = dual_strings([(7, each) for each in self.habits.bindings])
        resolver = struct.pack("<HH", count, security) + entries
        standard = struct.pack("<IIQQ", 0, REFERENCES, self.oxid, oid) + ipid.bytes_le
        behind = {
            1: resolver,
            2: uuids.UUID("c72b09db-4d53-4f41-8dcc-2d752ab56f7c").bytes_le + resolver,
            # An element with a context (2.2.18.7, 2.2.20), here of nothing but its header.
            8: struct.pack("<I", 0x4E535956) + resolver + struct.pack("<II", 1, 0x4E535956) + uuids.UUID(
                "0000033b-0000-0000-c000-000000000046").bytes_le + struct.pack("<II", 48, 48) + bytes(48),
        }[self.habits.reference]
        return struct.pack("<II", 0x574F454D, self.habits.reference) + iid.bytes_le + standard + behind

    @staticmethod
    def props_out(iid, result, reference):
        front = struct.pack("<IIII", 1, 0x20000, 0x20004, 0x20008)
        front += struct.pack("<I", 1) + iid.bytes_le + struct.pack("<II", 1, result)
        if result != S_OK:
            return serialized(front + struct.pack("<II", 1, 0))
        return serialized(front + struct.pack("<II", 1, 0x2000C) + interface_pointer(reference))

    def scm_reply(self):
        count, security, entries = dual_strings(
            [(15, f"\\\\{self.habits.bindings[0]}[\\PIPE\\lsass]")] +
            [(7, f"{each}[{self.port}]") for each in self.habits.bindings])
        return serialized(struct.pack("<IIQI", 0, 0x20000, self.oxid, 0x20004) + self.unknown.bytes_le + struct.pack(
            "<IHH", PRIVACY, 5, 7) + struct.pack("<IHH", count, count, security) + entries)

    def release(self, stub):
        for each in dcomrt.RemRelease(stub)["InterfaceRefs"]:
            ipid = uuids.UUID(bytes_le=each["ipid"])
            made = self.objects.get(ipid)
            if made is None or each["cPublicRefs"] > made.references or each["cPrivateRefs"]:
                self.flaws.append(f"released {each['cPublicRefs']} references of {ipid}")
                continue
            made.references -= each["cPublicRefs"]
            if made.references == 0:
                del self.objects[ipid]
        return struct.pack("<III", 0, 0, S_OK)
