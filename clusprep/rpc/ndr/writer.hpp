// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NDR 2.0, little-endian, IEEE, ASCII: the only representation we send (MS-RPCE 2.2.4.1.1).
#pragma once

#include "clusprep/rpc/ndr/walk.hpp"

#include <bit>
#include <cstring>

namespace mpapi::ndr::detail {

static_assert(std::endian::native == std::endian::little, "bulk() copies numbers as they lie");

// The count of the conformant array that a structure ends in.
class FrontConformance {
  public:
    template <typename T>
    void operator()(const char*, T& member) {
        using Member = std::remove_const_t<T>;
        if constexpr (is_declared<Member>)
            if (shape_of<Member>().conformant) Member::ndr(*this, member);
    }
    template <typename Vector, typename Size>
    void conformant(const char*, Vector& array, const Size&) {
        count = static_cast<std::uint32_t>(array.size());
    }
    template <typename Vector, typename Size, typename Length>
    void varying(const char*, Vector&, const Size& size, const Length&) {
        count = static_cast<std::uint32_t>(number(size));
    }
    template <typename... Anything>
    void unique_conformant(const Anything&...) {}
    template <typename... Anything>
    void unique_varying(const Anything&...) {}
    template <typename... Anything>
    void choice(const Anything&...) {}
    template <typename... Anything>
    void encapsulated(const Anything&...) {}
    template <typename... Anything>
    void range(const Anything&...) {}
    void check(bool, const char*, const char*) {}

    std::uint32_t count = 0;
};

class Writer : public Walk<Writer> {
  public:
    // Appends; alignment counts from the front of `bytes`.
    Writer(std::vector<std::uint8_t>& bytes, unsigned depth)
      : Walk("write NDR", depth)
      , bytes_(bytes) {}

    void align(std::size_t alignment) {
        const std::size_t beyond = bytes_.size() % alignment;
        if (beyond != 0) bytes_.resize(bytes_.size() + alignment - beyond);
    }
    template <typename T>
    void scalar(const T& value) {
        align(sizeof value);
        raw(&value, sizeof value);
    }
    void guid(const Guid& value) {
        align(4);
        const auto bytes = guid_bytes(value);
        raw(bytes.data(), bytes.size());
    }
    template <typename T>
    void bulk(std::span<T> values) {
        if (values.empty()) return;
        align(sizeof(T));
        raw(values.data(), values.size_bytes());
    }
    template <typename Char>
    void string(const std::basic_string<Char>& text) {
        if (text.find(Char{}) != text.npos) return fail("the text has a terminator inside");
        const auto length = static_cast<std::uint32_t>(text.size() + 1);
        conformance(length);
        variance(length, length);
        bulk(std::span(text.c_str(), text.size() + 1));
    }
    template <typename Pointer>
    void referent(const Pointer& pointer) {
        // Ids are distinct and not zero; what else they are is nobody's business.
        scalar(pointer ? next_referent_ += 4 : std::uint32_t{0});
    }
    std::uint32_t conformance(std::uint32_t known) {
        scalar(known);
        return known;
    }
    std::uint32_t variance(std::uint32_t known, std::uint32_t) {
        scalar(std::uint32_t{0});
        scalar(known);
        return known;
    }
    template <typename Vector>
    void resize(const Vector&, std::uint32_t) {}
    template <typename T>
    std::uint32_t front_conformance(const T& value) {
        FrontConformance finder;
        T::ndr(finder, value);
        return conformance(finder.count);
    }
    template <typename Size>
    void maximum(const void*, const Size&, std::uint32_t) {}
    void maximum_fits(const void*, std::uint64_t size, std::size_t length) {
        if (length > size)
            fail("length_is is " + std::to_string(length) + ", size_is only " +
                 std::to_string(size));
    }

  private:
    void raw(const void* from, std::size_t size) {
        const auto* first = static_cast<const std::uint8_t*>(from);
        bytes_.insert(bytes_.end(), first, first + size);
    }

    std::vector<std::uint8_t>& bytes_;
    std::uint32_t next_referent_ = 0x20000;
};

} // namespace mpapi::ndr::detail
