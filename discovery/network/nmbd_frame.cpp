// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/nmbd_frame.hpp"

#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <string>

namespace mpapi::discovery {

namespace {

constexpr int kDatagramPacket = 1;           // enum packet_type { NMB_PACKET, DGRAM_PACKET }
constexpr std::size_t kLargestPacket = 1024; // nmbd's own buffer

struct Query {
    int type;
    std::size_t mailslot_length;
    int transaction;
};

struct Header {
    std::size_t length;
    int type;
    std::time_t time;
    in_addr address;
    int port;
};

Error unknown(const char* why) {
    return {"read", "stream of nmbd", why};
}

} // namespace

Octets nmbd_query(std::string_view mailslot) {
    Query query;
    std::memset(&query, 0, sizeof query); // between its members, too
    query.type = kDatagramPacket;
    query.mailslot_length = mailslot.size();
    query.transaction = -1;
    Octets bytes(sizeof query + mailslot.size());
    std::memcpy(bytes.data(), &query, sizeof query);
    std::memcpy(bytes.data() + sizeof query, mailslot.data(), mailslot.size());
    return bytes;
}

Status NmbdFrames::feed(OctetView bytes, const Received& received) {
    if (!accepted_ && !bytes.empty()) {
        if (bytes[0] != 0) return unknown("it does not begin with a zero");
        accepted_ = true;
        bytes = bytes.subspan(1);
    }
    append(held_, bytes);
    std::size_t at = 0;
    while (held_.size() - at >= sizeof(Header)) {
        Header header{};
        std::memcpy(&header, held_.data() + at, sizeof header);
        if (header.type != kDatagramPacket) return unknown("it has packets of another kind");
        if (header.length == 0 || header.length > kLargestPacket)
            return unknown("it has a packet of an impossible length");
        if (header.port < 0 || header.port > 0xffff)
            return unknown("it has a packet from an impossible port");
        if (held_.size() - at - sizeof header < header.length) break;
        const auto packet = OctetView(held_).subspan(at + sizeof header, header.length);
        received({ntohl(header.address.s_addr), 0, packet});
        at += sizeof header + header.length;
    }
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
    return Done{};
}

Status nmbd_version_fits(std::string_view told) {
    constexpr std::string_view before = "Version ";
    const auto refuse = [&](const char* why) {
        return Error{"use", "nmbd", why + (": " + std::string(told.substr(0, told.find('\n'))))};
    };
    if (!told.starts_with(before)) return refuse("it tells no version");
    told.remove_prefix(before.size());
    unsigned major = 0, minor = 0;
    const char* const end = told.data() + told.size();
    const auto after = std::from_chars(told.data(), end, major);
    if (after.ec != std::errc() || after.ptr == end || *after.ptr != '.')
        return refuse("its version is none");
    if (std::from_chars(after.ptr + 1, end, minor).ec != std::errc())
        return refuse("its version is none");
    if (major != 4 && !(major == 3 && minor >= 6))
        return refuse("the stream of this version of Samba is not known");
    return Done{};
}

} // namespace mpapi::discovery
