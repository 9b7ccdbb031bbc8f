// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/scsi_place.hpp"

#include <charconv>

namespace mpapi::kernel {
namespace {

bool starts_with_digit_after(std::string_view text, std::string_view prefix) {
    return text.size() > prefix.size() && text.substr(0, prefix.size()) == prefix &&
           text[prefix.size()] >= '0' && text[prefix.size()] <= '9';
}

template <typename T>
bool take_number(std::string_view& text, T& value) {
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return true;
}

bool take_colon(std::string_view& text) {
    if (text.empty() || text.front() != ':') return false;
    text.remove_prefix(1);
    return true;
}

} // namespace

std::optional<model::ScsiAddress> parse_scsi_address(std::string_view text) {
    model::ScsiAddress address;
    const bool whole = take_number(text, address.host) && take_colon(text) &&
                       take_number(text, address.channel) && take_colon(text) &&
                       take_number(text, address.target) && take_colon(text) &&
                       take_number(text, address.lun) && text.empty();
    if (!whole) return std::nullopt;
    return address;
}

std::string to_string(const model::ScsiAddress& address) {
    return std::to_string(address.host) + ":" + std::to_string(address.channel) + ":" +
           std::to_string(address.target) + ":" + std::to_string(address.lun);
}

std::optional<ScsiPlace> parse_scsi_place(std::string_view path) {
    ScsiPlace place;
    bool in_host = false;
    while (!path.empty()) {
        const auto end = path.find('/');
        const auto part = path.substr(0, end);
        path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);

        if (!in_host) {
            in_host = starts_with_digit_after(part, "host");
        } else if (starts_with_digit_after(part, "rport-")) {
            place.remote_port = part;
        } else if (starts_with_digit_after(part, "session")) {
            place.iscsi_session = part;
        } else if (starts_with_digit_after(part, "port-")) {
            if (place.sas_port.empty()) place.sas_port = part;
        } else if (starts_with_digit_after(part, "end_device-")) {
            place.end_device = part;
        } else if (const auto address = parse_scsi_address(part)) {
            place.address = *address;
            return place;
        }
    }
    return std::nullopt;
}

} // namespace mpapi::kernel
