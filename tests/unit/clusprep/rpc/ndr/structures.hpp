// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One structure for each thing that the vocabulary knows; the fuzz target reads them too.
#pragma once

#include "clusprep/rpc/ndr/type_serialization.hpp"

namespace structures {

using namespace mpapi::ndr;

enum class IdType : std::uint16_t { Signature = 0, Guid = 1, Number = 4000, Unknown = 5000 };

// As CPREP_DISKID (MS-CSVP 2.2.2).
struct DiskId {
    IdType type = IdType::Signature;
    std::uint32_t number = 0;
    Guid guid;

    bool operator==(const DiskId&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("DiskIdType", self.type);
        v.choice("Id", self.type, arm(IdType::Signature, "DiskSignature", self.number),
                 arm(IdType::Guid, "DiskGuid", self.guid),
                 arm(IdType::Number, "DeviceNumber", self.number), empty_arm(IdType::Unknown));
    }
};

// As CprepDiskRawRead (MS-CSVP 3.2.4.1).
struct RawRead {
    struct In {
        DiskId disk;
        std::uint32_t sector = 0;
        std::uint32_t size = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("ulSector", self.sector);
            v("cbData", self.size);
        }
    };
    struct Out {
        Asked asked;
        std::vector<std::uint8_t> data;
        std::uint32_t data_read = 0;
        std::uint32_t latency = 0;
        std::int32_t result = 0;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.varying("pbData", self.data, self.asked, self.data_read);
            v("pcbDataRead", self.data_read);
            v("ulLatency", self.latency);
            v("return", self.result);
        }
    };
};

// As CprepDiskWriteFileData: a string and an array between scalars.
struct WriteFile {
    std::u16string name;
    std::uint32_t size = 0;
    std::vector<std::uint8_t> data;

    bool operator==(const WriteFile&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("FileName", self.name);
        v("cbDataIn", self.size);
        v.conformant("DataIn", self.data, self.size);
    }
};

// As DUALSTRINGARRAY (MS-DCOM 2.2.19.1): the conformance stands in front of the structure.
struct DualStringArray {
    std::uint16_t entries = 0;
    std::uint16_t security_offset = 0;
    std::vector<std::uint16_t> array;

    bool operator==(const DualStringArray&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("wNumEntries", self.entries);
        v("wSecurityOffset", self.security_offset);
        v.conformant("aStringArray", self.array, self.entries);
    }
};

// The conformance of its last member stands in front of it, and it is 8-aligned.
struct Bindings {
    std::uint64_t oxid = 0;
    DualStringArray array;

    bool operator==(const Bindings&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("oxid", self.oxid);
        v("psa", self.array);
    }
};

// As PropsOutInfo (MS-DCOM 2.2.22.2.3): arrays behind pointers, one of them of pointers.
struct Properties {
    std::uint32_t count = 0;
    std::optional<std::vector<Guid>> iids;
    std::optional<std::vector<std::int32_t>> results;
    std::optional<std::vector<std::optional<DualStringArray>>> interfaces;

    bool operator==(const Properties&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("cIfs", self.count);
        v.unique_conformant("piid", self.iids, self.count);
        v.unique_conformant("phresults", self.results, self.count);
        v.unique_conformant("ppIntfData", self.interfaces, self.count);
    }
};

// A structure that points at its own kind, twice: the order of deferral shows.
struct Node {
    std::uint8_t value = 0;
    std::unique_ptr<Node> left;
    std::unique_ptr<Node> right;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("value", self.value);
        v("left", self.left);
        v("right", self.right);
    }
};

enum class Colour : std::uint16_t { Red = 1, Blue = 2 };

struct Point {
    std::int16_t x = 0;
    std::uint64_t y = 0;

    bool operator==(const Point&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("x", self.x);
        v("y", self.y);
    }
};

struct Everything {
    Colour colour = Colour::Red;
    std::uint32_t kind = 1;
    Point point;
    std::int8_t small = 0;
    std::array<char16_t, 5> label{};
    std::array<Point, 2> corners{};
    Bstr text;
    SafeArrayOfBytes bytes;
    std::optional<std::u16string> name;
    std::optional<std::string> ascii;
    std::optional<Bindings> bindings;
    std::uint32_t length = 0;
    std::optional<std::vector<Point>> some;
    std::uint16_t size = 0;
    Properties properties;
    std::vector<std::optional<DiskId>> disks;
    std::uint32_t disk_count = 0;
    std::int32_t result = 0;

    bool operator==(const Everything&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v.range("colour", self.colour, Colour::Red, Colour::Blue);
        v.encapsulated("shape", self.kind, arm(1, "point", self.point), empty_arm(2));
        v("small", self.small);
        v("label", self.label);
        v("corners", self.corners);
        v("text", self.text);
        v("bytes", self.bytes);
        v("name", self.name);
        v("ascii", self.ascii);
        v("bindings", self.bindings);
        v("length", self.length);
        v.unique_varying("some", self.some, self.size, self.length);
        v("size", self.size);
        v("properties", self.properties);
        v.conformant("disks", self.disks, self.disk_count);
        v("disk_count", self.disk_count);
        v("return", self.result);
    }
};

inline Everything everything() {
    Everything all;
    all.colour = Colour::Blue;
    all.point = {-2, 0x0102030405060708};
    all.small = -1;
    all.label = {u'l', u'a', u'b'};
    all.corners = {Point{1, 2}, Point{3, 4}};
    all.text = Bstr(u"text");
    all.bytes = SafeArrayOfBytes({1, 2, 3});
    all.name = u"name";
    all.ascii = "ascii";
    all.bindings = Bindings{7, {3, 1, {10, 11, 12}}};
    all.length = 1;
    all.some = std::vector<Point>{{5, 6}};
    all.size = 4;
    all.properties.count = 2;
    all.properties.iids = std::vector<Guid>{{1, 2, 3, {}}, {}};
    all.properties.results = std::vector<std::int32_t>{0, -1};
    all.properties.interfaces =
        std::vector<std::optional<DualStringArray>>{DualStringArray{1, 0, {9}}, std::nullopt};
    all.disks = {DiskId{IdType::Number, 3, {}}, std::nullopt,
                 DiskId{IdType::Guid, 0, {4, 5, 6, {}}}};
    all.disk_count = 3;
    all.result = -5;
    return all;
}

} // namespace structures
