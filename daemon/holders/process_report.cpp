// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/process_report.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mpapi::holders {

namespace {

constexpr std::string_view kEnd = "end\n";
constexpr std::string_view kDigits = "0123456789abcdef";

std::string_view next_word(std::string_view& rest) {
    const auto at = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return word;
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || text.empty() || text.front() == '-')
        return std::nullopt;
    return value;
}

bool is_plain(unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '%';
}

std::string encode(std::string_view text) {
    std::string out;
    for (const char each : text) {
        const auto byte = static_cast<unsigned char>(each);
        if (is_plain(byte))
            out += each;
        else
            (((out += '%') += kDigits[byte >> 4U]) += kDigits[byte & 0xfU]);
    }
    return out;
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_plain(static_cast<unsigned char>(text[at]))) {
            out += text[at];
            continue;
        }
        if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
        const auto high = kDigits.find(text[at + 1]);
        const auto low = kDigits.find(text[at + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        out += static_cast<char>(high << 4U | low);
        at += 2;
    }
    return out;
}

std::string line_of(const ProcessUse& use) {
    return "process " + std::to_string(use.pid) + " " + std::to_string(use.uid) + " " +
           dm::to_string(use.device) + " " + encode(use.name) + "\n";
}

std::string line_of(const MountUse& use) {
    return "mount " + std::to_string(use.pid) + " " + dm::to_string(use.device) + " " +
           encode(use.point) + "\n";
}

bool parse_line(std::string_view line, ProcessReport& report) {
    const auto kind = next_word(line);
    const auto pid = parse_number<std::int32_t>(next_word(line));
    const auto uid = kind == "process" ? parse_number<std::uint32_t>(next_word(line)) : 0;
    const auto device = dm::parse_device_number(next_word(line));
    auto name = decode(line);
    if (!pid || !uid || !device || !name) return false;
    if (kind == "process")
        report.processes.push_back({*pid, *uid, *device, *std::move(name)});
    else if (kind == "mount" && !name->empty())
        report.mounts.push_back({*pid, *device, *std::move(name)});
    else
        return false;
    return true;
}

} // namespace

std::string build_request(const std::vector<dm::DeviceNumber>& devices) {
    std::string line;
    for (std::size_t at = 0; at < std::min(devices.size(), kMostDevices); ++at)
        line += (at ? " " : "") + dm::to_string(devices[at]);
    return line + "\n";
}

Result<std::vector<dm::DeviceNumber>> parse_request(std::string_view line) {
    const auto wrong = [](std::string reason) {
        return Error{"parse", "request", std::move(reason), 0};
    };
    if (!line.ends_with('\n')) return wrong("expected a line");
    line.remove_suffix(1);
    std::vector<dm::DeviceNumber> devices;
    do {
        const auto device = dm::parse_device_number(next_word(line));
        if (!device) return wrong("expected device numbers, major:minor");
        if (devices.size() == kMostDevices) return wrong("too many devices");
        devices.push_back(*device);
    } while (!line.empty());
    return devices;
}

std::string build_report(const ProcessReport& report) {
    std::string text;
    std::size_t lines = 0;
    const auto put = [&](const std::string& line) {
        if (lines == kMostFound || text.size() + line.size() + kEnd.size() > kLargestReply) return;
        text += line;
        ++lines;
    };
    for (const auto& mount : report.mounts)
        put(line_of(mount));
    for (const auto& process : report.processes)
        put(line_of(process));
    return text.append(kEnd);
}

Result<ProcessReport> parse_report(std::string_view text) {
    const auto wrong = [](std::string reason) {
        return Error{"parse", "report of processes", std::move(reason), 0};
    };
    if (text.size() > kLargestReply) return wrong("too large");
    ProcessReport report;
    for (std::size_t lines = 0;; ++lines) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return wrong("it ends early");
        if (text == kEnd) return report;
        if (lines == kMostFound) return wrong("too many lines");
        if (!parse_line(text.substr(0, end), report))
            return wrong("line " + std::to_string(lines + 1) + " is not understood");
        text.remove_prefix(end + 1);
    }
}

} // namespace mpapi::holders
