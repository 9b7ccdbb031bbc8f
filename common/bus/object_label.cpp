// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/object_label.hpp"

namespace mpapi::bus {

namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

void append_byte(std::string& out, char c) {
    if (is_plain(c)) {
        out += c;
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '_';
    out += kHex[byte >> 4];
    out += kHex[byte & 0xf];
}

} // namespace

void append_escaped(std::string& out, std::string_view name) {
    if (name.empty()) {
        out += '_';
        return;
    }
    for (const char c : name)
        if (c == ',')
            out += "__";
        else
            append_byte(out, c);
}

void append_escaped_part(std::string& out, std::string_view part) {
    for (const char c : part)
        append_byte(out, c);
}

std::string escape(std::string_view name) {
    std::string label;
    append_escaped(label, name);
    return label;
}

std::optional<std::string> unescape(std::string_view label) {
    if (label.empty()) return std::nullopt;
    std::string name;
    if (label == "_") return name;
    name.reserve(label.size());
    for (std::size_t at = 0; at < label.size(); ++at) {
        if (is_plain(label[at])) {
            name += label[at];
            continue;
        }
        if (label[at] == '_' && label.substr(at + 1).starts_with('_')) {
            name += ',';
            ++at;
            continue;
        }
        if (label[at] != '_' || label.size() - at < 3) return std::nullopt;
        const int high = digit(label[at + 1]);
        const int low = digit(label[at + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        const char byte = static_cast<char>(high << 4 | low);
        if (is_plain(byte) || byte == ',')
            return std::nullopt; // one object must not have two paths
        name += byte;
        at += 2;
    }
    return name;
}

std::string plugin_label(std::string_view name) {
    std::string label(name.empty() ? "_" : name);
    for (char& c : label)
        if (!is_plain(c)) c = '_';
    return label;
}

} // namespace mpapi::bus
