// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two types of OLE Automation that ClusPrep uses, as they stand on the wire, declared by the
// vocabulary itself.
#pragma once

#include "clusprep/rpc/ndr/vocabulary.hpp"

#include <span>
#include <string_view>

namespace mpapi::ndr {

// MS-OAUT 2.2.23.1. A size in bytes that may be odd, so the last word may be half used.
struct FlaggedWordBlob {
    static constexpr std::uint32_t null_size = 0xffffffff;

    std::uint32_t byte_size = null_size;
    std::uint32_t word_count = 0;
    std::vector<std::uint16_t> words;

    bool operator==(const FlaggedWordBlob&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("cBytes", self.byte_size);
        v("clSize", self.word_count);
        v.conformant("asData", self.words, self.word_count);
        v.check(self.word_count ==
                    (self.byte_size == null_size ? 0 : self.byte_size / 2 + self.byte_size % 2),
                "clSize", "does not hold cBytes");
    }
};

// MS-OAUT 2.2.23.2. Text, or any bytes: NULs and odd lengths count. Null is not the same as empty.
// It is written as a pointer that is there, to a blob whose cBytes tells null; a pointer that is
// null is read as null, too.
class Bstr {
  public:
    Bstr() // null
      : blob_(FlaggedWordBlob{}) {}
    explicit Bstr(std::u16string_view text);
    static Bstr from_bytes(std::span<const std::uint8_t> bytes);

    bool is_null() const;
    std::vector<std::uint8_t> bytes() const; // empty for null
    std::u16string text() const;             // half a word at the end is left out
    std::string text_for_print() const;

    bool operator==(const Bstr& other) const;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("FLAGGED_WORD_BLOB", self.blob_);
    }

  private:
    std::optional<FlaggedWordBlob> blob_;
};

// MS-OAUT 2.2.30: a SAFEARRAY of one dimension whose elements are VT_UI1. Everything else that
// such an array can be is refused.
struct SafeArrayBound {
    std::uint32_t count = 0;
    std::int32_t lowest = 0;

    bool operator==(const SafeArrayBound&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("cElements", self.count);
        v("lLbound", self.lowest);
    }
};

struct SafeArrayBody {
    static constexpr std::uint16_t have_vartype = 0x80; // FADF_HAVEVARTYPE
    static constexpr std::uint32_t vt_ui1 = 0x11;
    static constexpr std::uint32_t sf_i1 = 0x10;

    std::uint16_t dimensions = 1;
    std::uint16_t features = have_vartype;
    std::uint32_t element_size = 1;
    std::uint32_t locks = vt_ui1 << 16; // the element's type stands in its upper half
    std::uint32_t kind = sf_i1;
    std::uint32_t size = 0;
    std::optional<std::vector<std::uint8_t>> data;
    std::vector<SafeArrayBound> bounds;

    bool operator==(const SafeArrayBody&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v.range("cDims", self.dimensions, std::uint16_t{1}, std::uint16_t{1});
        v("fFeatures", self.features);
        v.range("cbElements", self.element_size, 1u, 1u);
        v("cLocks", self.locks);
        v.range("sfType", self.kind, sf_i1, sf_i1);
        v("clSize", self.size);
        v.unique_conformant("pData", self.data, self.size);
        v.conformant("rgsabound", self.bounds, self.dimensions);
        v.check(self.bounds.size() == 1 && self.bounds.front().count == self.size, "rgsabound",
                "does not agree with clSize");
        v.check((self.features & have_vartype) == 0 || self.locks >> 16 == vt_ui1, "cLocks",
                "is not of bytes");
    }
};

class SafeArrayOfBytes {
  public:
    SafeArrayOfBytes() = default; // null
    explicit SafeArrayOfBytes(std::vector<std::uint8_t> bytes);

    bool is_null() const { return !body_; }
    std::span<const std::uint8_t> bytes() const; // empty for null

    bool operator==(const SafeArrayOfBytes&) const = default;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("SAFEARRAY", self.body_);
    }

  private:
    std::optional<SafeArrayBody> body_;
};

} // namespace mpapi::ndr
