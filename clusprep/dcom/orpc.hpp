// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What stands at the front of every object call and of its answer (MS-DCOM 2.2.13): ORPCTHIS and
// ORPCTHAT. Extents are read, for a client may send any, and none is understood or sent.
//
// Both are a multiple of 8 bytes long whatever extents they carry, because the IDL rounds the
// extents' sizes up to 8 and their number up to 2. Parameters behind them may therefore be read and
// written as a stub of their own.
#pragma once

#include "clusprep/rpc/ndr/ndr.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::dcom {

// COMVERSION (MS-DCOM 2.2.11). 5.7 is that of Windows XP and everything later.
struct ComVersion {
    std::uint16_t major = 5;
    std::uint16_t minor = 7;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("MajorVersion", self.major);
        v("MinorVersion", self.minor);
    }
    bool operator==(const ComVersion&) const = default;
};

struct OrpcExtent {
    ndr::Guid id;
    std::uint32_t size = 0;
    std::vector<std::uint8_t> data; // rounded up to 8

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("id", self.id);
        v("size", self.size);
        v.conformant("data", self.data, (std::uint64_t{self.size} + 7) & ~std::uint64_t{7});
    }
    bool operator==(const OrpcExtent&) const = default;
};

struct OrpcExtentArray {
    std::uint32_t size = 0;
    std::uint32_t reserved = 0;
    std::optional<std::vector<std::optional<OrpcExtent>>> extents; // rounded up to 2

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("size", self.size);
        v("reserved", self.reserved);
        v.unique_conformant("extent", self.extents,
                            (std::uint64_t{self.size} + 1) & ~std::uint64_t{1});
    }
    bool operator==(const OrpcExtentArray&) const = default;
};

struct OrpcThis {
    ComVersion version;
    std::uint32_t flags = 0; // ORPCF_LOCAL is 1; the others are reserved and ignored
    std::uint32_t reserved = 0;
    ndr::Guid causality; // cid: one for each chain of calls
    std::optional<OrpcExtentArray> extensions;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("version", self.version);
        v("flags", self.flags);
        v("reserved1", self.reserved);
        v("cid", self.causality);
        v("extensions", self.extensions);
    }
    bool operator==(const OrpcThis&) const = default;
};

struct OrpcThat {
    std::uint32_t flags = 0;
    std::optional<OrpcExtentArray> extensions;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("flags", self.flags);
        v("extensions", self.extensions);
    }
    bool operator==(const OrpcThat&) const = default;
};

// MInterfacePointer (MS-DCOM 2.2.14): an OBJREF as opaque bytes.
struct InterfacePointer {
    std::uint32_t size = 0;
    std::vector<std::uint8_t> data;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ulCntData", self.size);
        v.conformant("abData", self.data, self.size);
    }
    bool operator==(const InterfacePointer&) const = default;
};

InterfacePointer interface_pointer(std::vector<std::uint8_t> object_reference);

// The front of a request, of whatever version, and the stub behind it.
struct OrpcRequest {
    OrpcThis front;
    std::span<const std::uint8_t> parameters; // into the stub
};
Result<OrpcRequest> split_request(std::span<const std::uint8_t> stub);

// The same of an answer.
Result<std::span<const std::uint8_t>> split_answer(std::span<const std::uint8_t> stub);

// An empty front, to append parameters to.
std::vector<std::uint8_t> begin_request(const ndr::Guid& causality);
std::vector<std::uint8_t> begin_answer();

} // namespace mpapi::dcom
