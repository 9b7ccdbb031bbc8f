// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/messages.hpp"

#include "discovery/wire/ascii.hpp"

#include <optional>

namespace mpapi::discovery {

namespace {

constexpr std::string_view kBackslashes = "\\\\";

// The text of 2.2.1 and 2.2.2; nothing where it does not end or is no ASCII. Names of computers in
// other letters are of the OEM code page in NetBIOS and encoded in DNS (RFC 5890): none is found by
// what stands here.
std::optional<std::string> text_of(OctetView message) {
    std::string text;
    for (std::size_t at = 4; at + 2 <= message.size(); at += 2) {
        const std::uint16_t unit = little16(message, at);
        if (unit == 0) return text;
        if (unit > 0x7f) return std::nullopt;
        text.push_back(static_cast<char>(unit));
    }
    return std::nullopt;
}

Flaw flaw_of(OctetView message) {
    if (message.size() != kMessageSize) return Flaw::Size;
    if (little32(message, 0) != kMessageVersion) return Flaw::Version;
    return Flaw::None;
}

Octets make(std::string_view text) {
    Octets message;
    message.reserve(kMessageSize);
    append_little32(message, kMessageVersion);
    for (const char c : text)
        append_little16(message, static_cast<std::uint8_t>(c));
    append_zeros(message, kMessageSize - message.size());
    return message;
}

bool fits_label(char c) {
    constexpr std::string_view marks = "-_!@#$%^&()'{}~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
}

} // namespace

bool is_computer_name(std::string_view name) {
    bool in_label = false;
    for (const char c : name) {
        if (c == '.') {
            if (!in_label) return false;
            in_label = false;
        } else if (fits_label(c)) {
            in_label = true;
        } else {
            return false;
        }
    }
    return in_label;
}

std::string_view first_label(std::string_view name) {
    return name.substr(0, name.find('.'));
}

std::string_view fitting(std::string_view name, std::size_t longest) {
    return name.size() <= longest ? name : first_label(name).substr(0, longest);
}

ReadName read_question(OctetView message) {
    if (const Flaw flaw = flaw_of(message); flaw != Flaw::None) return {flaw, {}};
    const auto text = text_of(message);
    if (!text || !text->starts_with(kBackslashes)) return {Flaw::Name, {}};
    const std::string_view path = std::string_view(*text).substr(kBackslashes.size());
    const auto end = path.find('\\');
    if (end == std::string_view::npos || !same_name(path.substr(end), kDiscovererMailslot) ||
        !is_computer_name(path.substr(0, end)))
        return {Flaw::Name, {}};
    return {Flaw::None, std::string(path.substr(0, end))};
}

ReadName read_answer(OctetView message) {
    if (const Flaw flaw = flaw_of(message); flaw != Flaw::None) return {flaw, {}};
    auto text = text_of(message);
    if (!text || !is_computer_name(*text)) return {Flaw::Name, {}};
    return {Flaw::None, *std::move(text)};
}

Result<Octets> make_question(std::string_view asker) {
    if (!is_computer_name(asker) || asker.size() > kLongestAsker)
        return Error{"make", "WT_MAILSLOT_INFO",
                     "expected a computer name of 106 characters at most"};
    std::string path(kBackslashes);
    path += asker;
    path += kDiscovererMailslot;
    return make(path);
}

Result<Octets> make_answer(std::string_view server) {
    if (!is_computer_name(server) || server.size() > kLongestServer)
        return Error{"make", "WT_VDSPROV_MAILSLOT_MESSAGE",
                     "expected a computer name of 127 characters at most"};
    return make(server);
}

} // namespace mpapi::discovery
