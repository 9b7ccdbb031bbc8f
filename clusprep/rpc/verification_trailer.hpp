// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The verification trailer that a client may put behind a request's stub (MS-RPCE 2.2.2.13): what
// the header says, said again where a signature covers it. It stands at a multiple of 4 from the
// stub's front, so up to three bytes of padding belong neither to it nor to the parameters.
//
// It has no length in front. It is looked for in the last bytes of the stub; what looks like one
// and does not end with the stub is data.
#pragma once

#include "clusprep/rpc/pdu.hpp"

namespace mpapi::rpc {

// What the trailer is held against.
struct Expected {
    SyntaxId interface;
    SyntaxId transfer;
    std::uint32_t call_id = 0;
    std::uint16_t context = 0;
    std::uint16_t opnum = 0;
    bool header_signing = false; // bind and bind_ack agreed on it
};

// The offset at which the trailer begins, nothing when there is none; an error when there is one
// and it says something else than the request's header did.
Result<std::optional<std::size_t>> check_verification_trailer(Bytes stub, const Expected& expected);

// Appends one with all three commands, as a client that wants to be sure sends it.
void append_verification_trailer(std::vector<std::uint8_t>& stub, const Expected& expected);

} // namespace mpapi::rpc
