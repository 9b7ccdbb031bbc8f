# SPDX-License-Identifier: LGPL-2.1-or-later
"""The acceptor's side of NTLMv2 and of SPNEGO around it, computed by impacket.ntlm: nothing of it is ours."""
import os
import struct
import time

from impacket import ntlm

NTLM_OID = bytes.fromhex("2b06010401823702020a")
KEPT = (ntlm.NTLMSSP_NEGOTIATE_UNICODE | ntlm.NTLMSSP_NEGOTIATE_NTLM | ntlm.NTLMSSP_NEGOTIATE_ALWAYS_SIGN |
        ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY | ntlm.NTLMSSP_NEGOTIATE_SIGN | ntlm.NTLMSSP_NEGOTIATE_SEAL |
        ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH | ntlm.NTLMSSP_NEGOTIATE_128 | ntlm.NTLMSSP_NEGOTIATE_56 |
        ntlm.NTLMSSP_NEGOTIATE_VERSION)
ADDED = ntlm.NTLMSSP_REQUEST_TARGET | ntlm.NTLMSSP_TARGET_TYPE_SERVER | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO
VERSION = bytes.fromhex("0a003938000000") + b"\x0f"  # of Windows Server 2016
MIC_AT, MIC_SIZE = 72, 16


class Denied(Exception):
    """The client's proof is wrong."""


def wide(text):
    return text.encode("utf-16-le")


def field(message, at):
    """A security buffer (MS-NLMP 2.2): its length, its size, its offset."""
    length, _, offset = struct.unpack_from("<HHI", message, at)
    return message[offset:offset + length]


class Stream:
    """One direction: its keys, its key stream, its sequence."""

    def __init__(self, flags, session_key, side):
        self.flags, self.number = flags, 0
        self.sign_key = ntlm.SIGNKEY(flags, session_key, side)
        self.seal_key = ntlm.SEALKEY(flags, session_key, side)
        self.restart()

    def restart(self):
        self.cipher = ntlm.ARC4.new(self.seal_key)

    def sign(self, message):
        signature = ntlm.SIGN(self.flags, self.sign_key, message, self.number, self.cipher.encrypt)
        self.number += 1
        return signature.getData()

    def seal(self, message, stub):
        sealed, signature = ntlm.SEAL(self.flags, self.sign_key, self.seal_key, message, stub, self.number,
                                      self.cipher.encrypt)
        self.number += 1
        return sealed, signature.getData()

    def open(self, sealed):
        return self.cipher.decrypt(sealed)


class Ntlm:
    """NEGOTIATE in, CHALLENGE out, AUTHENTICATE in; then `user`, `theirs` and `ours`."""

    done, user, theirs, ours = False, None, None, None

    def __init__(self, name, domain, accounts):
        self.name, self.domain, self.accounts = name, domain, accounts
        self.negotiate = self.challenge = None

    def step(self, token):
        if self.negotiate is None:
            self.negotiate = token
            return self.challenged()
        self.authenticate(token)
        self.done = True
        return b""

    def challenged(self):
        asked = ntlm.NTLMAuthNegotiate()
        asked.fromString(self.negotiate)
        self.flags = asked["flags"] & KEPT | ADDED
        pairs = ntlm.AV_PAIRS()
        pairs[ntlm.NTLMSSP_AV_DOMAINNAME] = wide(self.domain)
        pairs[ntlm.NTLMSSP_AV_HOSTNAME] = wide(self.name)
        pairs[ntlm.NTLMSSP_AV_DNS_DOMAINNAME] = wide("example.org")
        pairs[ntlm.NTLMSSP_AV_DNS_HOSTNAME] = wide(f"{self.name.lower()}.example.org")
        pairs[ntlm.NTLMSSP_AV_DNS_TREENAME] = wide("example.org")
        pairs[ntlm.NTLMSSP_AV_TIME] = struct.pack("<Q", 116444736000000000 + time.time_ns() // 100)
        self.pairs = pairs.getData()
        self.number = os.urandom(8)
        message = ntlm.NTLMAuthChallenge()
        message["flags"], message["challenge"], message["Version"] = self.flags, self.number, VERSION
        message["domain_name"], message["domain_offset"] = wide(self.domain), 56
        message["TargetInfoFields"] = self.pairs
        message["TargetInfoFields_offset"] = 56 + len(wide(self.domain))
        self.challenge = message.getData()
        return self.challenge

    def authenticate(self, token):
        message = ntlm.NTLMAuthChallengeResponse()
        message.fromString(token)
        user, domain = (message[key].decode("utf-16-le") for key in ("user_name", "domain_name"))
        response = message["ntlm"]
        if user not in self.accounts or len(response) < 44:
            raise Denied(user)
        key = ntlm.NTOWFv2(user, self.accounts[user], domain)
        proof, blob = response[:16], response[16:]
        if proof != ntlm.hmac_md5(key, self.number + blob):
            raise Denied(user)
        flags = message["flags"]
        exported = ntlm.KXKEY(flags, ntlm.hmac_md5(key, proof), b"", b"", "", "", "", True)
        if flags & ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH:
            exported = ntlm.ARC4.new(exported).decrypt(field(token, 52))
        self.look_at_blob(blob, token, exported)
        self.user = f"{domain}\\{user}"
        self.theirs, self.ours = (Stream(flags, exported, side) for side in ("Client", "Server"))

    def look_at_blob(self, blob, token, exported):
        """That the client was told what we told it (MS-NLMP 3.2.5.1.2)."""
        pairs = ntlm.AV_PAIRS(blob[28:])
        for name in (ntlm.NTLMSSP_AV_HOSTNAME, ntlm.NTLMSSP_AV_TIME):
            if pairs[name] != ntlm.AV_PAIRS(self.pairs)[name]:
                raise Denied("other names than ours")
        told = pairs[ntlm.NTLMSSP_AV_FLAGS]
        if told is not None and struct.unpack("<I", told[1])[0] & 2:
            whole = token[:MIC_AT] + bytes(MIC_SIZE) + token[MIC_AT + MIC_SIZE:]
            if token[MIC_AT:MIC_AT + MIC_SIZE] != ntlm.hmac_md5(exported, self.negotiate + self.challenge + whole):
                raise Denied("the MIC")


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + struct.pack(">H", size)
    return bytes((tag,)) + length + content


def items(data):
    """Pairs of tag and content, one level deep."""
    while data:
        tag, size, at = data[0], data[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(data[2:at], "big")
        yield tag, data[at:at + size]
        data = data[at + size:]


class Spnego:
    """NTLM within negTokenInit and negTokenResp (RFC 4178), with mechListMIC both ways."""

    done = False

    def __init__(self, inner):
        self.inner, self.mechanisms = inner, None

    def step(self, token):
        if self.mechanisms is None:
            ((_, framed),) = items(token)
            _, (_, choice) = items(framed)
            ((_, sequence),) = items(choice)
            fields = dict(items(sequence))
            self.mechanisms = fields[0xA0]
            assert dict(items(self.mechanisms))[0x30].startswith(der(6, NTLM_OID)), self.mechanisms
            challenge = self.inner.step(dict(items(fields[0xA2]))[4])
            return der(0xA1, der(0x30, der(0xA0, der(10, b"\x01")), der(0xA1, der(6, NTLM_OID)),
                                 der(0xA2, der(4, challenge))))
        ((_, choice),) = items(token)
        ((_, sequence),) = items(choice)
        fields = dict(items(sequence))
        self.inner.step(dict(items(fields[0xA2]))[4])
        theirs, ours = self.theirs, self.ours
        if dict(items(fields[0xA3]))[4] != theirs.sign(self.mechanisms):
            raise Denied("mechListMIC")
        mic = ours.sign(self.mechanisms)
        theirs.restart()
        ours.restart()
        self.done = True
        return der(0xA1, der(0x30, der(0xA0, der(10, b"\x00")), der(0xA3, der(4, mic))))

    @property
    def user(self):
        return self.inner.user

    @property
    def theirs(self):
        return self.inner.theirs

    @property
    def ours(self):
        return self.inner.ours
