// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How each C++ type that a property can have stands on the bus and in JSON. A property is declared
// with a getter only; its D-Bus signature follows from what the getter returns.
#pragma once

#include "common/model/names.hpp"
#include "daemon/publish/bus_writer.hpp"
#include "daemon/publish/json_writer.hpp"
#include "daemon/publish/object_path.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mpapi::publish {

// A string of the compiler's: made at compile time, NUL at the end.
template <std::size_t N>
struct Signature {
    char text[N]{};

    constexpr Signature(const char (&literal)[N]) { std::copy_n(literal, N, text); }
    constexpr Signature() = default;
};

template <std::size_t A, std::size_t B>
constexpr Signature<A + B - 1> operator+(const Signature<A>& a, const Signature<B>& b) {
    Signature<A + B - 1> sum;
    std::copy_n(a.text, A - 1, sum.text);
    std::copy_n(b.text, B, sum.text + A - 1);
    return sum;
}

template <typename T>
struct Codec;

template <>
struct Codec<bool> {
    static constexpr Signature signature{"b"};
    static void append(BusWriter& out, bool value) { out.boolean(value); }
    static void json(JsonWriter& out, bool value) { out.boolean(value); }
};

template <>
struct Codec<std::uint16_t> {
    static constexpr Signature signature{"q"};
    static void append(BusWriter& out, std::uint16_t value) { out.u16(value); }
    static void json(JsonWriter& out, std::uint16_t value) { out.number(value); }
};

template <>
struct Codec<std::uint32_t> {
    static constexpr Signature signature{"u"};
    static void append(BusWriter& out, std::uint32_t value) { out.u32(value); }
    static void json(JsonWriter& out, std::uint32_t value) { out.number(value); }
};

template <>
struct Codec<std::uint64_t> {
    static constexpr Signature signature{"t"};
    static void append(BusWriter& out, std::uint64_t value) { out.u64(value); }
    static void json(JsonWriter& out, std::uint64_t value) { out.number(value); }
};

// Times. There are none before 1970 in the model: 0 is never.
template <>
struct Codec<model::Time> {
    static constexpr Signature signature{"t"};
    static std::uint64_t known(model::Time value) {
        return value > 0 ? static_cast<std::uint64_t>(value) : 0;
    }
    static void append(BusWriter& out, model::Time value) { out.u64(known(value)); }
    static void json(JsonWriter& out, model::Time value) { out.number(known(value)); }
};

template <>
struct Codec<std::string_view> {
    static constexpr Signature signature{"s"};
    static void append(BusWriter& out, std::string_view value) { out.text(value); }
    static void json(JsonWriter& out, std::string_view value) { out.text(value); }
};

template <>
struct Codec<std::string> : Codec<std::string_view> {};

template <typename E>
requires std::is_enum_v<E>
struct Codec<E> {
    static constexpr Signature signature{"s"};
    static void append(BusWriter& out, E value) { out.text(model::name_of(value)); }
    static void json(JsonWriter& out, E value) { out.text(model::name_of(value)); }
};

template <typename T>
struct Codec<std::vector<T>> {
    static constexpr auto signature = Signature{"a"} + Codec<T>::signature;
    static void append(BusWriter& out, const std::vector<T>& values) {
        out.open('a', Codec<T>::signature.text);
        for (const auto& value : values)
            Codec<T>::append(out, value);
        out.close();
    }
    static void json(JsonWriter& out, const std::vector<T>& values) {
        out.begin_array();
        for (const auto& value : values)
            Codec<T>::json(out, value);
        out.end_array();
    }
};

template <>
struct Codec<Ref> {
    static constexpr Signature signature{"o"};
    static void append(BusWriter& out, const Ref& ref) { out.path(object_path(ref).c_str()); }
    static void json(JsonWriter& out, const Ref& ref) { out.text(object_path(ref)); }
};

template <>
struct Codec<model::ObjectId> {
    static constexpr Signature signature{"(ut)"};
    static void append(BusWriter& out, const model::ObjectId& id) {
        out.open('r', "ut");
        out.u32(static_cast<std::uint32_t>(id.type));
        out.u64(id.sequence);
        out.close();
    }
    static void json(JsonWriter& out, const model::ObjectId& id) {
        out.begin_object();
        out.key("Type");
        out.number(static_cast<std::uint32_t>(id.type));
        out.key("Sequence");
        out.number(id.sequence);
        out.end_object();
    }
};

template <>
struct Codec<model::DeviceNumber> {
    static constexpr Signature signature{"(uu)"};
    static void append(BusWriter& out, const model::DeviceNumber& number) {
        out.open('r', "uu");
        out.u32(number.major);
        out.u32(number.minor);
        out.close();
    }
    static void json(JsonWriter& out, const model::DeviceNumber& number) {
        out.begin_object();
        out.key("Major");
        out.number(number.major);
        out.key("Minor");
        out.number(number.minor);
        out.end_object();
    }
};

// host:channel:target:LUN, as Linux writes it.
template <>
struct Codec<model::ScsiAddress> {
    static constexpr Signature signature{"s"};
    static std::string written(const model::ScsiAddress& at) {
        return std::to_string(at.host) + ':' + std::to_string(at.channel) + ':' +
               std::to_string(at.target) + ':' + std::to_string(at.lun);
    }
    static void append(BusWriter& out, const model::ScsiAddress& at) { out.text(written(at)); }
    static void json(JsonWriter& out, const model::ScsiAddress& at) { out.text(written(at)); }
};

template <>
struct Codec<model::Shared<model::Trouble>> {
    static constexpr Signature signature{"(tss)"};
    static void append(BusWriter& out, const model::Shared<model::Trouble>& trouble) {
        out.open('r', "tss");
        Codec<model::Time>::append(out, trouble ? trouble->since : 0);
        out.text(trouble ? std::string_view(trouble->command) : "");
        out.text(trouble ? std::string_view(trouble->reason) : "");
        out.close();
    }
    static void json(JsonWriter& out, const model::Shared<model::Trouble>& trouble) {
        if (!trouble) return out.null();
        out.begin_object();
        out.key("Since");
        Codec<model::Time>::json(out, trouble->since);
        out.key("Command");
        out.text(trouble->command);
        out.key("Reason");
        out.text(trouble->reason);
        out.end_object();
    }
};

template <>
struct Codec<model::Setting> {
    static constexpr Signature signature{"(ssssuss)"};
    static void append(BusWriter& out, const model::Setting& setting) {
        out.open('r', "ssssuss");
        out.text(setting.name);
        out.text(setting.value);
        out.text(setting.section);
        out.text(setting.file);
        out.u32(setting.line);
        out.text(setting.written);
        out.text(setting.note);
        out.close();
    }
    static void json(JsonWriter& out, const model::Setting& setting) {
        out.begin_object();
        out.key("Name");
        out.text(setting.name);
        out.key("Value");
        out.text(setting.value);
        out.key("Section");
        out.text(setting.section);
        out.key("File");
        out.text(setting.file);
        out.key("Line");
        out.number(setting.line);
        out.key("Written");
        out.text(setting.written);
        out.key("Note");
        out.text(setting.note);
        out.end_object();
    }
};

// A list that most objects do not have: empty where it is not set.
template <typename T>
struct Codec<model::Shared<std::vector<T>>> {
    static constexpr auto signature = Codec<std::vector<T>>::signature;
    static void append(BusWriter& out, const model::Shared<std::vector<T>>& values) {
        Codec<std::vector<T>>::append(out, values ? *values : std::vector<T>{});
    }
    static void json(JsonWriter& out, const model::Shared<std::vector<T>>& values) {
        Codec<std::vector<T>>::json(out, values ? *values : std::vector<T>{});
    }
};

} // namespace mpapi::publish
