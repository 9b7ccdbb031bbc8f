// SPDX-License-Identifier: LGPL-2.1-or-later
//
// RPC PDUs: each body is read, and what was read is built to bytes that read the same.
#include "clusprep/rpc/verification_trailer.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input(data, size);
    (void)check_verification_trailer(input, {});
    const auto header = parse_header(input);
    if (!header || header->frag_length > size) return 0;
    const Bytes pdu = input.first(header->frag_length);
    const auto verifier = parse_verifier(*header, pdu);
    if (!verifier) return 0;
    const std::size_t end = *verifier ? (*verifier)->offset : pdu.size();
    require(end >= header_size && end <= pdu.size());
    const Bytes body = pdu.subspan(header_size, end - header_size);

    if (const auto bind = parse_bind(body)) {
        const auto built = build_bind(*bind);
        const auto again = parse_bind(Bytes(built).subspan(header_size));
        require(again && *again == *bind);
    }
    if (const auto ack = parse_bind_ack(body)) {
        const auto built = build_bind_ack(*ack);
        const auto again = parse_bind_ack(Bytes(built).subspan(header_size));
        require(again && *again == *ack);
    }
    (void)parse_bind_nak(body);
    if (const auto request = parse_request(*header, pdu)) require(request->stub <= end);
    if (const auto response = parse_response(*header, pdu)) require(response->stub <= end);
    (void)parse_fault(*header, pdu);
    return 0;
}
