// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/packet.hpp"

#include "common/text/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

namespace mpapi::failover::firewall {

namespace {

constexpr std::array<std::string_view, 3> kProtocols{"tcp", "udp", "echo"}; // as Protocol has them
constexpr std::size_t kLongestReason = 256;

// What the kernel takes for a name (dev_valid_name); made printable it is longer.
constexpr std::size_t kLongestName = 64;

bool names_interface(const std::string& name) {
    return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](char each) {
               const auto byte = static_cast<unsigned char>(each);
               return byte <= ' ' || byte == '/' || byte == ':' || byte == 0x7f;
           });
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Prefixed> network(const std::string& text) {
    const std::size_t slash = text.find('/');
    const auto ip = Ip::parse(text.substr(0, slash));
    if (!ip || slash == std::string::npos) return std::nullopt;
    const auto length = number<unsigned>(std::string_view(text).substr(slash + 1));
    if (!length || *length > ip->bits()) return std::nullopt;
    return Prefixed{*ip, *length};
}

// Up to the next `end`, which is taken too.
std::string_view cut(std::string_view& text, char end) {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

} // namespace

Result<Packet> Packet::read(const std::string& adapter, const std::string& source,
                            const std::string& destination, std::string_view protocol,
                            std::uint16_t port) {
    const auto wrong = [](const std::string& what, const char* why) {
        return Error{"judge", printable(what), why, EINVAL};
    };
    if (!names_interface(adapter)) return wrong(adapter, "expected the name of an interface");
    const auto from = network(source);
    if (!from) return wrong(source, "expected a network, as 192.0.2.0/24");
    const auto to = Ip::parse(destination);
    if (!to) return wrong(destination, "expected an address");
    if (to->family != from->ip.family)
        return wrong(destination, "expected an address of the same family as the source");
    const auto known = std::find(kProtocols.begin(), kProtocols.end(), protocol);
    if (known == kProtocols.end())
        return wrong(std::string(protocol), "expected \"tcp\", \"udp\" or \"echo\"");
    const auto which = static_cast<Protocol>(known - kProtocols.begin());
    if ((which == Protocol::Echo) != (port == 0))
        return wrong(std::string(protocol) + " port " + std::to_string(port),
                     "expected a port for TCP and UDP only");
    return Packet{adapter, *from, *to, which, port};
}

std::string question(std::span<const Packet> packets) {
    std::string text;
    for (const Packet& each : packets) {
        text += each.adapter + " " + each.source.text() + " " + each.destination.text() + " ";
        text += kProtocols[static_cast<std::size_t>(each.protocol)];
        text += " " + std::to_string(each.port) + "\n";
    }
    return text;
}

Result<std::vector<Packet>> read_question(std::string_view text) {
    std::vector<Packet> packets;
    while (!text.empty()) {
        if (packets.size() == kMostPackets)
            return Error{"read", "question", "there are too many packets", E2BIG};
        std::string_view line = cut(text, '\n');
        const std::string adapter(cut(line, ' ')), source(cut(line, ' ')), to(cut(line, ' '));
        const std::string_view protocol = cut(line, ' ');
        const auto port = number<std::uint16_t>(line);
        if (!port) return Error{"read", "question", "expected a port", EINVAL};
        auto packet = Packet::read(adapter, source, to, protocol, *port);
        if (!packet) return packet.error();
        packets.push_back(*std::move(packet));
    }
    return packets;
}

std::string answer(std::span<const Judgement> judgements) {
    std::string text;
    for (const Judgement& each : judgements)
        // Printable again, for the cut may have gone through a character.
        text += (each.allowed ? std::string("+")
                              : "-" + printable(printable(each.reason).substr(0, kLongestReason))) +
                "\n";
    return text;
}

Result<std::vector<Judgement>> read_answer(std::string_view text, std::size_t packets) {
    const auto wrong = [](const char* why) { return Error{"read", "judgements", why}; };
    std::vector<Judgement> judgements;
    while (!text.empty()) {
        const std::string_view line = cut(text, '\n');
        if (judgements.size() == packets) return wrong("there are more than packets");
        if (line != "+" && !line.starts_with("-")) return wrong("expected + or -");
        judgements.push_back({line[0] == '+', printable(line.substr(1))});
    }
    if (judgements.size() != packets) return wrong("there are fewer than packets");
    return judgements;
}

} // namespace mpapi::failover::firewall
