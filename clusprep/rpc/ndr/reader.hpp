// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Strict and total: every byte is accounted for, and nothing is made that the bytes could not fill.
#pragma once

#include "clusprep/rpc/ndr/walk.hpp"

#include <bit>
#include <cstring>
#include <unordered_map>

namespace mpapi::ndr::detail {

class Reader : public Walk<Reader> {
  public:
    Reader(std::span<const std::uint8_t> bytes, std::size_t from, unsigned depth)
      : Walk("read NDR", depth)
      , bytes_(bytes)
      , offset_(from) {}

    std::size_t offset() const { return offset_; }
    std::size_t left() const { return bytes_.size() - offset_; }

    void align(std::size_t alignment) {
        const std::size_t beyond = offset_ % alignment;
        if (beyond != 0) skip(alignment - beyond);
    }
    template <typename T>
    void scalar(T& value) {
        align(sizeof value);
        raw(&value, sizeof value);
    }
    void guid(Guid& value) {
        align(4);
        std::array<std::uint8_t, 16> bytes{};
        raw(bytes.data(), bytes.size());
        value = guid_from_bytes(bytes);
    }
    template <typename T>
    void bulk(std::span<T> values) {
        if (values.empty()) return;
        align(sizeof(T));
        raw(values.data(), values.size_bytes());
    }
    template <typename Char>
    void string(std::basic_string<Char>& text) {
        const auto max = conformance(0);
        const auto length = variance(0, max);
        if (failed()) return;
        if (length == 0) return fail("a string without terminator");
        if (length > left() / sizeof(Char)) return too_many(length);
        std::basic_string<Char> found(length, Char{});
        bulk(std::span(found.data(), found.size()));
        if (failed()) return;
        if (found.back() != Char{}) return fail("a string without terminator");
        found.pop_back();
        if (found.find(Char{}) != found.npos) return fail("a string with a terminator inside");
        text = std::move(found);
    }
    template <typename T>
    void referent(std::optional<T>& pointer) {
        if (has_referent())
            pointer.emplace();
        else
            pointer.reset();
    }
    template <typename T>
    void referent(std::unique_ptr<T>& pointer) {
        pointer = has_referent() ? std::make_unique<T>() : nullptr;
    }
    std::uint32_t conformance(std::uint32_t) {
        std::uint32_t count = 0;
        scalar(count);
        return count;
    }
    std::uint32_t variance(std::uint32_t, std::uint32_t max) {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        scalar(first);
        scalar(count);
        if (first != 0) fail("the array's offset is " + std::to_string(first) + ", not 0");
        if (count > max)
            fail("the actual count is " + std::to_string(count) + ", the maximum " +
                 std::to_string(max));
        return count;
    }
    template <typename T>
    void resize(std::vector<T>& array, std::uint32_t count) {
        if (failed()) return;
        const std::size_t least = std::max<std::size_t>(shape_of<T>().least_size, 1);
        if (count > left() / least) return too_many(count);
        array.clear();
        array.resize(count);
    }
    template <typename T>
    std::uint32_t front_conformance(T&) {
        return conformance(0);
    }
    template <typename Size>
    void maximum(const void* array, Size& size, std::uint32_t max) {
        if (failed()) return;
        if constexpr (is_asked<Size>) {
            if (!size.count)
                size.count = max;
            else if (*size.count != max)
                fail("the maximum count is " + std::to_string(max) + ", " +
                     std::to_string(*size.count) + " was asked for");
        }
        maxima_[array] = max;
    }
    void maximum_fits(const void* array, std::uint64_t size, std::size_t) {
        const auto found = maxima_.find(array);
        const std::uint64_t max = found == maxima_.end() ? 0 : found->second;
        if (max != size)
            fail("size_is is " + std::to_string(size) + ", the maximum count " +
                 std::to_string(max));
    }
    void at_end(std::size_t padding) {
        if (!failed() && left() > padding) fail(std::to_string(left()) + " bytes are left over");
    }

  private:
    bool has_referent() {
        std::uint32_t id = 0;
        scalar(id);
        return !failed() && id != 0;
    }
    void too_many(std::uint32_t count) {
        fail(std::to_string(count) + " elements in " + std::to_string(left()) + " bytes");
    }
    bool enough(std::size_t size) {
        if (failed()) return false;
        if (size <= left()) return true;
        fail(std::to_string(size) + " bytes are wanted at offset " + std::to_string(offset_) +
             ", " + std::to_string(left()) + " are there");
        return false;
    }
    void skip(std::size_t size) {
        if (enough(size)) offset_ += size;
    }
    void raw(void* to, std::size_t size) {
        if (!enough(size)) return;
        std::memcpy(to, bytes_.data() + offset_, size);
        offset_ += size;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t offset_;
    std::unordered_map<const void*, std::uint32_t> maxima_; // of varying arrays
};

} // namespace mpapi::ndr::detail
