// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A declared value as one line: {DiskNumber: 3, DiskId: {DiskIdType: 4000, Id: DeviceNumber: 3}}.
// Text of a peer is quoted and its control characters are escaped; long arrays are cut.
#pragma once

#include "clusprep/rpc/ndr/walk.hpp"

namespace mpapi::ndr::detail {

std::string quoted(std::u16string_view text);
std::string quoted(std::string_view text);
std::string hexadecimal(std::span<const std::uint8_t> bytes);

class Printer {
  public:
    template <typename T>
    void operator()(const char* name, T& member) {
        begin(name);
        value(member);
    }
    template <typename Vector, typename Size>
    void conformant(const char* name, Vector& array, const Size&) {
        begin(name);
        list(array);
    }
    template <typename Vector, typename Size, typename Length>
    void varying(const char* name, Vector& array, const Size&, const Length&) {
        begin(name);
        list(array);
    }
    template <typename Optional, typename Size>
    void unique_conformant(const char* name, Optional& array, const Size&) {
        begin(name);
        if (array)
            list(*array);
        else
            text_ += "null";
    }
    template <typename Optional, typename Size, typename Length>
    void unique_varying(const char* name, Optional& array, const Size& size, const Length&) {
        unique_conformant(name, array, size);
    }
    template <typename Tag, typename... Arms>
    void choice(const char* name, const Tag& tag, Arms... arms) {
        begin(name);
        (arm(tag_number(tag), arms), ...);
    }
    template <typename Tag, typename... Arms>
    void encapsulated(const char* name, const Tag& tag, Arms... arms) {
        choice(name, tag, arms...);
    }
    template <typename T, typename Bound>
    void range(const char* name, T& member, Bound, Bound) {
        (*this)(name, member);
    }
    void check(bool, const char*, const char*) {}

    template <typename T>
    void structure(T& member) {
        text_ += "{";
        first_ = true;
        std::remove_const_t<T>::ndr(*this, member);
        text_ += "}";
        first_ = false;
    }

    std::string take() && { return std::move(text_); }

  private:
    static constexpr std::size_t most_elements = 16;
    static constexpr unsigned most_depth = 16;

    void begin(const char* name) {
        if (!std::exchange(first_, false)) text_ += ", ";
        text_ += name;
        text_ += ": ";
    }
    template <typename Member>
    void arm(std::uint64_t tag, const Arm<Member>& arm) {
        if (arm.tag != tag) return;
        text_ += arm.name;
        text_ += " ";
        value(*arm.member);
    }
    void arm(std::uint64_t tag, const EmptyArm& arm) {
        if (arm.tag == tag) text_ += "nothing";
    }
    template <typename Sequence>
    void list(Sequence& array) {
        using Element = std::remove_const_t<typename Sequence::value_type>;
        if constexpr (std::is_same_v<Element, std::uint8_t>) {
            text_ += hexadecimal(std::span(array.data(), array.size()));
        } else if constexpr (std::is_same_v<Element, char16_t>) {
            std::u16string_view text(array.data(), array.size());
            text_ += quoted(text.substr(0, text.find(u'\0')));
        } else {
            text_ += "[";
            for (std::size_t i = 0; i < array.size(); ++i) {
                if (i != 0) text_ += ", ";
                if (i == most_elements) {
                    text_ += std::to_string(array.size() - i) + " more";
                    break;
                }
                value(array[i]);
            }
            text_ += "]";
        }
    }
    template <typename T>
    void value(T& member) {
        using Member = std::remove_const_t<T>;
        if constexpr (std::is_enum_v<Member>) {
            text_ += std::to_string(static_cast<std::underlying_type_t<Member>>(member));
        } else if constexpr (is_scalar<Member>) {
            text_ += std::to_string(member);
        } else if constexpr (is_guid<Member>) {
            text_ += member.text();
        } else if constexpr (is_string<Member>) {
            text_ += quoted(std::basic_string_view<typename Member::value_type>(member));
        } else if constexpr (is_array<Member>) {
            list(member);
        } else if constexpr (is_pointer<Member>) {
            if (!member) {
                text_ += "null";
            } else if (depth_ == most_depth) {
                text_ += "...";
            } else {
                ++depth_;
                value(*member);
                --depth_;
            }
        } else if constexpr (requires { member.text_for_print(); }) {
            text_ += member.text_for_print();
        } else {
            structure(member);
        }
    }

    std::string text_;
    bool first_ = true;
    unsigned depth_ = 0;
};

} // namespace mpapi::ndr::detail
