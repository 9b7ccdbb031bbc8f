// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NDR 2.0 (C706 chapter 14, MS-RPCE 2.2.4), declared once for each structure and for each method's
// parameters, and read, written, checked and printed from that declaration:
//
//     struct ScsiAddress {
//         std::uint32_t length = 0;
//         std::uint8_t port = 0;
//         template <typename Visitor, typename Self>
//         static void ndr(Visitor& v, Self& self) {
//             v("Length", self.length);
//             v("PortNumber", self.port);
//         }
//     };
//
// A declared type is default-constructible; `ndr` visits the same members in the same order
// whatever their values are (only a union's arms depend on one). It may be visited several times.
//
// What `v(name, member)` knows, by the member's type:
//   std::uint8_t .. std::uint64_t, std::int8_t .. std::int64_t, char16_t    scalars
//   an enum          its underlying type; an IDL enum without v1_enum is `: std::uint16_t`.
//                    LONG_PTR and its like are 32 bits (MS-RPCE 2.2.4.1.1 leaves NDR64 apart)
//   Guid             16 bytes, 4-aligned
//   std::array<T, N> a fixed array
//   a declared type  a structure, aligned to its largest member, a conformance at its front
//   std::optional<T>, std::unique_ptr<T>    [unique] T*; what it points at is deferred as
//                    C706 14.3.12.3 says. [ptr] is read the same way: aliases are not followed
//   std::u16string, std::string    [string] wchar_t* or char* as a parameter; as a member or a
//                    [unique] parameter std::optional of it. Without the terminator, which is
//                    demanded, added and counted for you
//   Bstr, SafeArrayOfBytes    see automation.hpp
// and for what needs a second look:
//   v.conformant(name, vector, size)             [size_is(size)] T x[], or T* x as a [ref]
//   parameter v.varying(name, vector, size, length)        the same, [length_is(length)]
//   v.unique_conformant(name, optional<vector>, size)            [unique, size_is(size)] T* x
//   v.unique_varying(name, optional<vector>, size, length)
//                    `size` and `length` are numbers, members before or after it as you like. The
//                    writer and the reader both demand that the vector agrees with them, and that a
//                    null pointer has size 0 (MS-RPCE 3.1.1.5.3.2.2.2, target level 6.0). Where
//                    size_is names a parameter that is not in this structure (an [out] array whose
//                    size was an [in] parameter) pass an Asked& instead
//   v.choice(name, tag, arms...)                 a union whose discriminant is `tag`, a member that
//                    was visited before: the tag is repeated on the wire and must be equal
//   v.encapsulated(name, tag, arms...)           union switch(): the tag is only here
//                    arms: ndr::arm(value, name, member), ndr::empty_arm(value). Two arms may share
//                    one member. A tag without arm is an error
//   v.range(name, number, lowest, highest)       [range]; also of enums
//   v.check(condition, name, reason)             what else must hold; evaluated when all is read
//
// A method's parameters are two such structures, In and Out, with the HRESULT last in Out; they are
// a list and no structure: each parameter's pointees follow it at once, nothing is aligned as a
// whole. See ndr.hpp for what to call.
#pragma once

#include "clusprep/rpc/ndr/guid.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace mpapi::ndr {

// The size of an [out] array where size_is names an [in] parameter. It is no parameter itself. The
// server sets it to what was asked. The reader fills it in when it is empty, else demands it.
struct Asked {
    std::optional<std::uint32_t> count;
    bool operator==(const Asked&) const = default;
};

template <typename Member>
struct Arm {
    std::uint64_t tag;
    const char* name;
    Member* member;
};

struct EmptyArm {
    std::uint64_t tag;
};

template <typename Tag>
constexpr std::uint64_t tag_number(Tag tag) {
    if constexpr (std::is_enum_v<Tag>)
        return static_cast<std::uint64_t>(static_cast<std::underlying_type_t<Tag>>(tag));
    else
        return static_cast<std::uint64_t>(tag);
}

template <typename Tag, typename Member>
Arm<Member> arm(Tag tag, const char* name, Member& member) {
    return {tag_number(tag), name, &member};
}

template <typename Tag>
EmptyArm empty_arm(Tag tag) {
    return {tag_number(tag)};
}

namespace detail {

struct AnyVisitor; // never defined: only to ask whether a type is declared

template <typename T>
struct IsArray : std::false_type {};
template <typename T, std::size_t n>
struct IsArray<std::array<T, n>> : std::true_type {};

template <typename T>
struct IsPointer : std::false_type {};
template <typename T>
struct IsPointer<std::optional<T>> : std::true_type {
    using Pointee = T;
};
template <typename T>
struct IsPointer<std::unique_ptr<T>> : std::true_type {
    using Pointee = T;
};

template <typename T>
constexpr bool is_scalar = (std::is_integral_v<T> && !std::is_same_v<T, bool>) || std::is_enum_v<T>;
template <typename T>
constexpr bool is_guid = std::is_same_v<T, Guid>;
template <typename T>
constexpr bool is_array = IsArray<T>::value;
template <typename T>
constexpr bool is_pointer = IsPointer<T>::value;
template <typename T>
constexpr bool is_string = std::is_same_v<T, std::u16string> || std::is_same_v<T, std::string>;
template <typename T>
constexpr bool is_declared =
    std::is_class_v<T> && !is_guid<T> && !is_array<T> && !is_pointer<T> && !is_string<T>;

} // namespace detail

} // namespace mpapi::ndr
