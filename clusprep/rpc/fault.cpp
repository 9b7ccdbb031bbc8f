// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/fault.hpp"

#include <cstdio>

namespace mpapi::rpc {

namespace {

const char* name(std::uint32_t status) {
    switch (status) {
    case fault::access_denied:
        return "access denied";
    case fault::bad_stub_data:
        return "bad stub data";
    case fault::out_of_memory:
        return "out of memory";
    case fault::unspecified:
        return "unspecified fault";
    case fault::operation_range:
        return "no such operation";
    case fault::unknown_interface:
        return "unknown interface";
    case fault::protocol_error:
        return "protocol error";
    case fault::server_too_busy:
        return "server too busy";
    case fault::invalid_object:
        return "invalid object";
    default:
        return "fault";
    }
}

} // namespace

std::string fault_text(std::uint32_t status) {
    char text[64];
    std::snprintf(text, sizeof text, "%s (0x%08x)", name(status), status);
    return text;
}

} // namespace mpapi::rpc
