// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/verification_trailer.hpp"

#include <algorithm>
#include <array>

namespace mpapi::rpc {

namespace {

constexpr std::array<std::uint8_t, 8> signature = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};

constexpr std::uint16_t bitmask_1 = 1;
constexpr std::uint16_t pcontext = 2;
constexpr std::uint16_t header2 = 3;
constexpr std::uint16_t command_mask = 0x3fff;
constexpr std::uint16_t end_command = 0x4000;
constexpr std::uint16_t must_process = 0x8000;

constexpr std::uint32_t client_supports_header_signing = 1;

// All commands known together take 80 bytes; there is room for some that are not.
constexpr std::size_t searched = 512;

void put_syntax(std::vector<std::uint8_t>& bytes, const SyntaxId& syntax) {
    const auto uuid = ndr::guid_bytes(syntax.uuid);
    bytes.insert(bytes.end(), uuid.begin(), uuid.end());
    put(bytes, syntax.major);
    put(bytes, syntax.minor);
}

std::vector<std::uint8_t> pcontext_value(const Expected& expected) {
    std::vector<std::uint8_t> value;
    put_syntax(value, expected.interface);
    put_syntax(value, expected.transfer);
    return value;
}

std::vector<std::uint8_t> header2_value(const Expected& expected) {
    std::vector<std::uint8_t> value;
    put(value, std::uint32_t{static_cast<std::uint8_t>(PduType::Request)});
    put(value, std::uint32_t{0x10});
    put(value, expected.call_id);
    put(value, expected.context);
    put(value, expected.opnum);
    return value;
}

// Whether commands fill the bytes exactly, the last one marked so.
bool is_list_of_commands(Bytes bytes) {
    while (bytes.size() >= 4) {
        const auto command = load<std::uint16_t>(bytes, 0);
        const std::size_t length = load<std::uint16_t>(bytes, 2);
        bytes = bytes.subspan(4);
        if (length % 4 != 0 || length > bytes.size()) return false;
        bytes = bytes.subspan(length);
        if ((command & end_command) != 0) return bytes.empty();
    }
    return false;
}

Error disagreement(const char* what) {
    return {"check verification trailer", what, "is not what the request says"};
}

Status check_commands(Bytes bytes, const Expected& expected) {
    while (!bytes.empty()) {
        const auto command = load<std::uint16_t>(bytes, 0);
        const Bytes value = bytes.subspan(4, load<std::uint16_t>(bytes, 2));
        bytes = bytes.subspan(4 + value.size());
        switch (command & command_mask) {
        case bitmask_1:
            if (value.size() != 4) return disagreement("bitmask");
            // The client can sign headers, so can we, yet the bind did not say so: somebody
            // between us took the flag away (MS-RPCE 3.3.1.5.2.2).
            if ((load<std::uint32_t>(value, 0) & client_supports_header_signing) != 0 &&
                !expected.header_signing)
                return disagreement("bitmask");
            break;
        case pcontext: {
            const auto wanted = pcontext_value(expected);
            if (!std::equal(value.begin(), value.end(), wanted.begin(), wanted.end()))
                return disagreement("presentation context");
            break;
        }
        case header2: {
            const auto wanted = header2_value(expected);
            // The reserved fields behind the type are the client's business.
            if (value.size() != wanted.size() || value[0] != wanted[0] ||
                !std::equal(value.begin() + 4, value.end(), wanted.begin() + 4))
                return disagreement("header");
            break;
        }
        default:
            if ((command & must_process) != 0)
                return Error{"check verification trailer",
                             "command " + std::to_string(command & command_mask),
                             "must be processed and is unknown"};
        }
    }
    return Done{};
}

void put_command(std::vector<std::uint8_t>& bytes, unsigned command, Bytes value) {
    put(bytes, static_cast<std::uint16_t>(command));
    put(bytes, static_cast<std::uint16_t>(value.size()));
    bytes.insert(bytes.end(), value.begin(), value.end());
}

} // namespace

Result<std::optional<std::size_t>> check_verification_trailer(Bytes stub,
                                                              const Expected& expected) {
    // The last command's end is the stub's, and each is a multiple of 4: so is the trailer's front,
    // as far from the end as from the stub's.
    if (stub.size() % 4 != 0) return std::optional<std::size_t>();
    const std::size_t from = stub.size() > searched ? stub.size() - searched : 0;
    for (std::size_t at = from / 4 * 4; at + signature.size() < stub.size(); at += 4) {
        if (!std::equal(signature.begin(), signature.end(),
                        stub.begin() + static_cast<std::ptrdiff_t>(at)))
            continue;
        const Bytes commands = stub.subspan(at + signature.size());
        if (!is_list_of_commands(commands)) continue;
        if (auto checked = check_commands(commands, expected); !checked)
            return std::move(checked).error();
        return std::optional(at);
    }
    return std::optional<std::size_t>();
}

void append_verification_trailer(std::vector<std::uint8_t>& stub, const Expected& expected) {
    stub.resize((stub.size() + 3) / 4 * 4);
    stub.insert(stub.end(), signature.begin(), signature.end());
    std::vector<std::uint8_t> bitmask;
    put(bitmask, client_supports_header_signing);
    put_command(stub, bitmask_1, bitmask);
    put_command(stub, pcontext | must_process, pcontext_value(expected));
    put_command(stub, header2 | must_process | end_command, header2_value(expected));
}

} // namespace mpapi::rpc
