// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What NDR asks of a declared type before its first byte: how it is aligned (C706 14.3.2), whether
// a conformance stands at its front (C706 14.3.7.1), whether it points at anything. Found once for
// each type by visiting a value of it.
#pragma once

#include "clusprep/rpc/ndr/vocabulary.hpp"

#include <algorithm>
#include <cassert>

namespace mpapi::ndr::detail {

struct Shape {
    std::size_t alignment = 1;
    std::size_t least_size = 0; // bytes on the wire at the very least, pointees apart
    bool conformant = false;
    bool pointers = false; // itself or inside
    bool checks = false;   // has counts or other conditions
};

template <typename T>
Shape shape_of();

class ShapeVisitor {
  public:
    template <typename T>
    void operator()(const char*, T&) {
        using Member = std::remove_const_t<T>;
        // In a structure a string without a pointer would be a conformant member: not in any IDL
        // we speak, and most likely a forgotten std::optional.
        assert(!is_string<Member>);
        add(shape_of<Member>());
    }

    template <typename T, typename Size>
    void conformant(const char*, std::vector<T>&, Size&&) {
        elements<T>();
        shape_.conformant = true;
    }
    template <typename T, typename Size, typename Length>
    void varying(const char*, std::vector<T>&, Size&&, const Length&) {
        elements<T>();
        shape_.conformant = true;
        shape_.least_size += 8;
    }
    template <typename T, typename Size>
    void unique_conformant(const char*, std::optional<std::vector<T>>&, Size&&) {
        add({4, 4, false, true, true});
    }
    template <typename T, typename Size, typename Length>
    void unique_varying(const char*, std::optional<std::vector<T>>&, Size&&, const Length&) {
        add({4, 4, false, true, true});
    }

    template <typename Tag, typename... Arms>
    void choice(const char*, const Tag&, Arms... arms) {
        add(shape_of<Tag>());
        (add_arm(arms), ...);
    }
    template <typename Tag, typename... Arms>
    void encapsulated(const char* name, Tag& tag, Arms... arms) {
        choice(name, tag, arms...);
    }

    template <typename T, typename Bound>
    void range(const char*, T&, Bound, Bound) {
        add(shape_of<T>());
        shape_.checks = true;
    }
    void check(bool, const char*, const char*) { shape_.checks = true; }

    Shape shape() const { return shape_; }

  private:
    void add(const Shape& member) {
        shape_.alignment = std::max(shape_.alignment, member.alignment);
        shape_.least_size += member.least_size;
        shape_.conformant |= member.conformant;
        shape_.pointers |= member.pointers;
        shape_.checks |= member.checks;
    }
    template <typename T>
    void elements() {
        Shape element = shape_of<T>();
        element.least_size = 0;
        element.checks = true;
        add(element);
    }
    template <typename Member>
    void add_arm(const Arm<Member>&) {
        Shape arm = shape_of<std::remove_const_t<Member>>();
        arm.least_size = 0;
        add(arm);
    }
    void add_arm(const EmptyArm&) {}

    Shape shape_;
};

template <typename T>
Shape shape_of() {
    if constexpr (is_scalar<T>) {
        return {sizeof(T), sizeof(T), false, false, false};
    } else if constexpr (is_guid<T>) {
        return {4, 16, false, false, false};
    } else if constexpr (is_pointer<T>) {
        // What it points at is not entered: a type may point at itself.
        return {4, 4, false, true, true};
    } else if constexpr (is_string<T>) {
        return {4, 12, false, false, false};
    } else if constexpr (is_array<T>) {
        Shape shape = shape_of<typename T::value_type>();
        shape.least_size *= std::tuple_size_v<T>;
        return shape;
    } else {
        static const Shape shape = [] {
            ShapeVisitor visitor;
            T value{};
            T::ndr(visitor, value);
            return visitor.shape();
        }();
        return shape;
    }
}

} // namespace mpapi::ndr::detail
