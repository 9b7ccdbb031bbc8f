// SPDX-License-Identifier: LGPL-2.1-or-later
//
// As much of DER (X.690) as SPNEGO needs: elements with one tag byte and definite lengths of up to
// 65535 bytes. Lengths that are longer than they need to be are read (BER's freedom, which some
// clients use) and never written. The reader goes through one level; who calls it decides how deep
// to go, so there is no recursion.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::rpc::der {

using Bytes = std::span<const std::uint8_t>;

// Tags.
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kApplication0 = 0x60;
constexpr std::uint8_t kContext0 = 0xa0; // + n for [n]

struct Element {
    std::uint8_t tag = 0;
    Bytes content;
    Bytes whole; // with tag and length
};

// The elements of one level, in order.
class Reader {
  public:
    explicit Reader(Bytes bytes)
      : rest_(bytes) {}
    bool at_end() const { return rest_.empty(); }
    Result<Element> next();

  private:
    Bytes rest_;
};

// The content of the only element in `bytes`, which must have this tag and end where they do.
Result<Bytes> only(Bytes bytes, std::uint8_t tag);

// Contents of over 65535 bytes cannot be written and yield nothing.
std::vector<std::uint8_t> element(std::uint8_t tag, std::initializer_list<Bytes> content);

} // namespace mpapi::rpc::der
