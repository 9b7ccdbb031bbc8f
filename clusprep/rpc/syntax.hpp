// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a presentation context is made of: an interface or a transfer syntax and its version
// (p_syntax_id_t, C706 12.6.3.1).
#pragma once

#include "clusprep/rpc/ndr/guid.hpp"

namespace mpapi::rpc {

struct SyntaxId {
    ndr::Guid uuid;
    std::uint16_t major = 0;
    std::uint16_t minor = 0;

    auto operator<=>(const SyntaxId&) const = default;
    std::string text() const; // "12108a88-6858-4467-b92f-e6cf4568dfb6 v0.0"
};

using namespace ndr::literals;

constexpr SyntaxId ndr_syntax = {"8a885d04-1ceb-11c9-9fe8-08002b104860"_guid, 2, 0};
constexpr SyntaxId ndr64_syntax = {"71710533-beba-4937-8319-b5dbef9ccc36"_guid, 1, 0};

} // namespace mpapi::rpc
