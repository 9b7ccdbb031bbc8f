// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes written in a test the way a dump shows them, and dumps that a failure prints.
#pragma once

#include "common/scsi/text.hpp"
#include "tests/unit/cmocka.hpp"

#include <string>
#include <string_view>
#include <vector>

// "00 83 0014": blanks are for the reader.
inline std::vector<std::uint8_t> bytes_of(std::string_view dump) {
    std::string digits;
    for (const char c : dump)
        if (c != ' ' && c != '\n') digits += c;
    auto bytes = mpapi::scsi::from_hex(digits);
    assert_ok(bytes);
    return std::move(bytes).value();
}

inline void assert_bytes_equal(mpapi::scsi::Bytes actual, mpapi::scsi::Bytes expected) {
    assert_text_equal(mpapi::scsi::to_hex(actual), mpapi::scsi::to_hex(expected));
}

template <typename T>
std::vector<std::uint8_t> concatenated(std::vector<std::uint8_t> head, const T& tail) {
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

// Every reply cut at every length must be refused or parsed, never read past: run under a sanitizer
// this finds overruns, for the cut copy is a heap block of its own.
template <typename Parse>
void parse_every_prefix(const std::vector<std::uint8_t>& reply, Parse parse) {
    for (std::size_t length = 0; length <= reply.size(); ++length) {
        const std::vector<std::uint8_t> cut(reply.begin(),
                                            reply.begin() + static_cast<std::ptrdiff_t>(length));
        parse(mpapi::scsi::Bytes(cut));
    }
}
