// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/expression.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace mpapi::failover::firewall {

namespace {

using Kind = Value::Kind;
using Words = Value::Words;

struct Word {
    std::string_view text;
    std::uint32_t number;
};

constexpr std::size_t kMostParts = 32; // of a concatenation, or of bits; rules have a few
constexpr std::size_t kLongest = 256;  // NFT_NAME_MAXLEN; no word of a rule is longer

// Of each list only what can be this packet's has to be there: another word is another value.
constexpr std::array kProtocols{Word{"tcp", 6}, Word{"udp", 17}, Word{"icmp", 1},
                                Word{"icmpv6", 58}, Word{"ipv6-icmp", 58}};
constexpr std::array kIcmpTypes{Word{"echo-request", 8}};
constexpr std::array kIcmpv6Types{Word{"echo-request", 128}};
constexpr std::array kFamilies{Word{"ipv4", 2}, Word{"ipv6", 10}};
constexpr std::array kEtherTypes{Word{"ip", 0x0800}, Word{"ip6", 0x86dd}};
// Bits: of TCP (RFC 9293 3.1) and of the state of a connection (nft(8), "CONNTRACK EXPRESSIONS").
constexpr std::array kBits{
    Word{"fin", 0x01},
    Word{"syn", 0x02},
    Word{"rst", 0x04},
    Word{"psh", 0x08},
    Word{"ack", 0x10},
    Word{"urg", 0x20},
    Word{"ecn", 0x40},
    Word{"cwr", 0x80},
    Word{"invalid", 1},
    Word{"established", 2},
    Word{"related", 4},
    Word{"new", Scene::kNew},
    Word{"untracked", Scene::kUntracked},
};

template <std::size_t Size>
std::optional<std::uint32_t> look_up(const std::array<Word, Size>& words, std::string_view text) {
    for (const Word& word : words)
        if (word.text == text) return word.number;
    return std::nullopt;
}

Number number(std::uint64_t value) {
    Number bytes{};
    for (std::size_t i = 0; i < 8; ++i)
        bytes[15 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return bytes;
}

// IPv4 addresses are the last four bytes.
Number number(const Ip& address) {
    if (!address.v4()) return address.octets;
    Number bytes{};
    std::copy_n(address.octets.begin(), 4, bytes.begin() + 12);
    return bytes;
}

// The range of all that share the first `length` of `width` bits.
void spread(Number& first, Number& last, std::size_t length, std::size_t width) {
    for (std::size_t bit = 128 - width + length; bit < 128; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
        first[bit / 8] = static_cast<std::uint8_t>(first[bit / 8] & ~mask);
        last[bit / 8] = static_cast<std::uint8_t>(last[bit / 8] | mask);
    }
}

Value range(Words words, const Number& first, const Number& last) {
    Value value;
    value.kind = Kind::Range;
    value.words = words;
    value.first = first;
    value.last = last;
    return value;
}

Value one(Words words, std::uint64_t value) {
    return range(words, number(value), number(value));
}

Value named(std::string name) {
    Value value;
    value.kind = Kind::Name;
    value.name = std::move(name);
    return value;
}

Value bits(std::uint32_t flags) {
    Value value;
    value.kind = Kind::Flags;
    value.flags = flags;
    return value;
}

Value absent() {
    Value value;
    value.kind = Kind::Absent;
    return value;
}

Value existing(bool exists) {
    Value value;
    value.kind = Kind::Exists;
    value.exists = exists;
    return value;
}

std::string_view text_at(const Json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

bool v4(const Scene& scene) {
    return scene.packet.destination.v4();
}

std::uint32_t protocol_number(const Scene& scene) {
    switch (scene.packet.protocol) {
    case Protocol::Tcp:
        return 6;
    case Protocol::Udp:
        return 17;
    case Protocol::Echo:
        break;
    }
    return v4(scene) ? 1 : 58;
}

Value address(const Scene& scene, bool source) {
    const std::size_t width = v4(scene) ? 32 : 128;
    const Words words = v4(scene) ? Words::Ipv4 : Words::Ipv6;
    const Number bytes = number(source ? scene.packet.source.ip : scene.packet.destination);
    Value value = range(words, bytes, bytes);
    if (source)
        spread(value.first, value.last, std::min<std::size_t>(scene.packet.source.length, width),
               width);
    return value;
}

Value of_ip(const Scene& scene, std::string_view field, bool ipv4) {
    if (v4(scene) != ipv4) return absent();
    if (field == "saddr" || field == "daddr") return address(scene, field == "saddr");
    if (field == "version") return one(Words::None, ipv4 ? 4 : 6);
    if (field == (ipv4 ? "protocol" : "nexthdr"))
        return one(Words::Protocol, protocol_number(scene));
    return {};
}

Value of_transport(const Scene& scene, std::string_view field) {
    if (scene.packet.protocol == Protocol::Echo) return {};
    if (field == "dport") return one(Words::None, scene.packet.port);
    return {};
}

Value of_icmp(const Scene& scene, std::string_view field, bool ipv4) {
    if (scene.packet.protocol != Protocol::Echo || v4(scene) != ipv4) return absent();
    if (field == "type") return ipv4 ? one(Words::IcmpType, 8) : one(Words::Icmpv6Type, 128);
    if (field == "code") return one(Words::None, 0);
    return {};
}

Value of_payload(const Json& payload, const Scene& scene) {
    const std::string_view protocol = text_at(payload, "protocol");
    const std::string_view field = text_at(payload, "field");
    if (protocol == "ip") return of_ip(scene, field, true);
    if (protocol == "ip6") return of_ip(scene, field, false);
    if (protocol == "icmp") return of_icmp(scene, field, true);
    if (protocol == "icmpv6") return of_icmp(scene, field, false);
    if (protocol == "th") return of_transport(scene, field);
    if (protocol == "udp")
        return scene.packet.protocol == Protocol::Udp ? of_transport(scene, field) : absent();
    if (protocol == "tcp") {
        if (scene.packet.protocol != Protocol::Tcp) return absent();
        return field == "flags" ? bits(*look_up(kBits, "syn")) : of_transport(scene, field);
    }
    for (const std::string_view other :
         {"sctp", "dccp", "udplite", "esp", "ah", "comp", "igmp", "arp"})
        if (protocol == other) return absent();
    return {};
}

Value of_meta(const Json& meta, const Scene& scene) {
    const std::string_view key = text_at(meta, "key");
    if (key == "iif") return named(scene.packet.adapter);
    if (key == "iifname") {
        Value value = named(scene.packet.adapter);
        value.patterns = true;
        return value;
    }
    if (key == "l4proto") return one(Words::Protocol, protocol_number(scene));
    // Rules of a device are of no protocol's.
    if (key == "nfproto" && !scene.of_device) return one(Words::Family, v4(scene) ? 2 : 10);
    if (key == "protocol") return one(Words::EtherType, v4(scene) ? 0x0800 : 0x86dd);
    if (key == "pkttype") return named("host");
    return {};
}

Value of_ct(const Json& ct, const Scene& scene) {
    const std::string_view key = text_at(ct, "key");
    if (!scene.tracked || (ct.is_object() && ct.contains("dir"))) return {};
    if (key == "state") return scene.ct_state ? bits(*scene.ct_state) : Value();
    if (key == "direction") return named("original");
    return {};
}

bool has_flag(const Json& fib, std::string_view flag) {
    if (!fib.is_object()) return false;
    const auto flags = fib.find("flags");
    if (flags == fib.end()) return false;
    if (flags->is_string()) return flags->get_ref<const std::string&>() == flag;
    return flags->is_array() && flags->size() <= kMostParts &&
           std::any_of(flags->begin(), flags->end(), [&](const Json& each) {
               return each.is_string() && each.get_ref<const std::string&>() == flag;
           });
}

// A source on the network of the address is behind the adapter, so there is a route back through
// it.
Value of_fib(const Json& fib, const Scene& scene) {
    const std::string_view result = text_at(fib, "result");
    const bool source = has_flag(fib, "saddr");
    if (source == has_flag(fib, "daddr")) return {};
    if (result == "type") return source ? named("unicast") : named("local");
    const Prefixed& from = scene.packet.source;
    if (source && from.length > 0 && from.contains(scene.packet.destination) &&
        (result == "oif" || result == "check"))
        return existing(true);
    return {};
}

std::optional<std::uint64_t> numeral(const Json& json) {
    if (json.is_number_unsigned()) return json.get<std::uint64_t>();
    if (!json.is_string()) return std::nullopt;
    const auto& text = json.get_ref<const std::string&>();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Number> literal_address(std::string_view text, Words words) {
    Number bytes{};
    if (text.size() > kLongest) return std::nullopt;
    const int family = words == Words::Ipv4 ? AF_INET : AF_INET6;
    const std::string terminated(text);
    if (::inet_pton(family, terminated.c_str(), bytes.data() + (family == AF_INET ? 12 : 0)) != 1)
        return std::nullopt;
    return bytes;
}

// What a word or number on the right stands for. nullopt: not known. A word that cannot be this
// packet's is a number that nothing has.
std::optional<Number> literal(const Json& json, Words words) {
    const Number nothing = [] {
        Number bytes{};
        bytes.fill(0xff);
        return bytes;
    }();
    if (words == Words::Ipv4 || words == Words::Ipv6)
        return json.is_string() ? literal_address(json.get_ref<const std::string&>(), words)
                                : std::nullopt;
    if (const auto value = numeral(json)) return number(*value);
    if (!json.is_string() || words == Words::None) return std::nullopt;
    const auto& text = json.get_ref<const std::string&>();
    std::optional<std::uint32_t> found;
    switch (words) {
    case Words::Protocol:
        found = look_up(kProtocols, text);
        break;
    case Words::IcmpType:
        found = look_up(kIcmpTypes, text);
        break;
    case Words::Icmpv6Type:
        found = look_up(kIcmpv6Types, text);
        break;
    case Words::Family:
        found = look_up(kFamilies, text);
        break;
    case Words::EtherType:
        found = look_up(kEtherTypes, text);
        break;
    case Words::None:
    case Words::Ipv4:
    case Words::Ipv6:
        break;
    }
    return found ? number(*found) : nothing;
}

struct Interval {
    Number first{}, last{};
};

std::optional<Interval> interval(const Json& right, Words words) {
    if (!right.is_object()) {
        const auto value = literal(right, words);
        if (!value) return std::nullopt;
        return Interval{*value, *value};
    }
    if (const auto range = right.find("range"); range != right.end()) {
        if (!range->is_array() || range->size() != 2) return std::nullopt;
        const auto first = literal((*range)[0], words);
        const auto last = literal((*range)[1], words);
        if (!first || !last) return std::nullopt;
        return Interval{*first, *last};
    }
    const auto prefix = right.find("prefix");
    if (prefix == right.end() || !prefix->is_object()) return std::nullopt;
    const auto length = prefix->find("len");
    const std::size_t width = words == Words::Ipv4 ? 32 : 128;
    if ((words != Words::Ipv4 && words != Words::Ipv6) || length == prefix->end() ||
        !length->is_number_unsigned() || length->get<std::uint64_t>() > width)
        return std::nullopt;
    const auto address = literal_address(text_at(*prefix, "addr"), words);
    if (!address) return std::nullopt;
    Interval found{*address, *address};
    spread(found.first, found.last, length->get<std::size_t>(), width);
    return found;
}

Truth within(const Value& left, const std::optional<Interval>& right) {
    if (!right) return Truth::Unknown;
    if (right->first <= left.first && left.last <= right->last) return Truth::True;
    if (left.last < right->first || right->last < left.first) return Truth::False;
    return Truth::Unknown;
}

// nft(8): an asterisk at the end stands for anything, unless a backslash is before it.
Truth is_named(const Value& left, const Json& right) {
    if (!right.is_string() || right.get_ref<const std::string&>().size() > kLongest)
        return Truth::Unknown;
    std::string pattern = right.get_ref<const std::string&>();
    const std::string& name = left.name;
    if (!left.patterns) {
        // Two words for one pkttype.
        const bool same = name == pattern || (name == "host" && pattern == "unicast");
        return same ? Truth::True : Truth::False;
    }
    bool open = false;
    if (!pattern.empty() && pattern.back() == '*') {
        pattern.pop_back();
        if (!pattern.empty() && pattern.back() == '\\')
            pattern.back() = '*';
        else
            open = true;
    }
    const bool same = open ? name.compare(0, pattern.size(), pattern) == 0 : name == pattern;
    return same ? Truth::True : Truth::False;
}

// The bits that a word, a number, or several of them together stand for.
std::optional<std::uint32_t> bits_of(const Json& json, unsigned depth = 0) {
    if (const auto value = numeral(json))
        return *value <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*value))
                                    : std::nullopt;
    if (json.is_string()) return look_up(kBits, json.get_ref<const std::string&>());
    const Json* list = &json;
    if (json.is_object()) {
        const auto found = json.find("|");
        if (found == json.end()) return std::nullopt;
        list = &*found;
    }
    if (!list->is_array() || list->size() > kMostParts || depth > 2) return std::nullopt;
    std::uint32_t all = 0;
    for (const Json& each : *list) {
        const auto more = bits_of(each, depth + 1);
        if (!more) return std::nullopt;
        all |= *more;
    }
    return all;
}

Value masked(const Json& operands, const Scene& scene) {
    if (!operands.is_array() || operands.size() != 2) return {};
    // The left one is no operation again: that is what rules say, and recursion ends here.
    if (operands[0].is_object() && operands[0].contains("&")) return {};
    Value value = value_of(operands[0], scene);
    if (value.kind == Kind::Absent) return value;
    const auto mask = bits_of(operands[1]);
    if (value.kind != Kind::Flags || !mask) return {};
    value.flags &= *mask;
    return value;
}

Truth together(const Value& left, const Json& right, const Elements& elements, const Step& step) {
    if (!right.is_object()) return Truth::Unknown;
    const auto concat = right.find("concat");
    if (concat == right.end() || !concat->is_array() || concat->size() != left.parts.size())
        return Truth::Unknown;
    Truth all = Truth::True;
    for (std::size_t i = 0; i < left.parts.size() && all != Truth::False; ++i) {
        const Json& part = (*concat)[i];
        // What is in a part is no set again.
        const bool plain = !part.is_object() || part.contains("range") || part.contains("prefix");
        const bool reference = part.is_string() && part.get_ref<const std::string&>()[0] == '@';
        all = std::min(all, plain && !reference ? equal(left.parts[i], part, elements, step)
                                                : Truth::Unknown);
    }
    return all;
}

// A value, a range or a prefix; no set.
Truth equal_one(const Value& left, const Json& right, const Elements& elements, const Step& step) {
    switch (left.kind) {
    case Kind::Unknown:
        return Truth::Unknown;
    case Kind::Absent:
        return Truth::False;
    case Kind::Range:
        return within(left, interval(right, left.words));
    case Kind::Flags: {
        const auto wanted = bits_of(right);
        if (!wanted) return Truth::Unknown;
        return *wanted == left.flags ? Truth::True : Truth::False;
    }
    case Kind::Name:
        return is_named(left, right);
    case Kind::Exists:
        if (!right.is_boolean()) return Truth::Unknown;
        return right.get<bool>() == left.exists ? Truth::True : Truth::False;
    case Kind::Together:
        return together(left, right, elements, step);
    }
    return Truth::Unknown;
}

Truth in_list(const Value& left, const Json& list, const Elements& elements, const Step& step) {
    if (left.kind == Kind::Absent) return Truth::False;
    if (!list.is_array()) return Truth::Unknown;
    Truth best = Truth::False;
    for (const Json& element : list) {
        if (!step()) return Truth::Unknown;
        // An element of a map is [key, data].
        const Json& key = element.is_array() && element.size() == 2 ? element[0] : element;
        best = std::max(best, equal_key(left, key, elements, step));
        if (best == Truth::True) break;
    }
    return best;
}

// <, >, <=, >=.
Truth ordered(const Value& left, std::string_view op, const Json& right) {
    if (left.kind == Kind::Absent) return Truth::False;
    const auto bound = left.kind == Kind::Range ? interval(right, left.words) : std::nullopt;
    if (!bound) return Truth::Unknown;
    const auto decide = [](bool all, bool none) {
        return all ? Truth::True : (none ? Truth::False : Truth::Unknown);
    };
    if (op == "<") return decide(left.last < bound->first, left.first >= bound->first);
    if (op == "<=") return decide(left.last <= bound->first, left.first > bound->first);
    if (op == ">") return decide(left.first > bound->first, left.last <= bound->first);
    return decide(left.first >= bound->first, left.last < bound->first);
}

} // namespace

bool is_catchall(const Json& key) {
    const Json* bare = &key;
    if (key.is_object())
        if (const auto dressed = key.find("elem"); dressed != key.end() && dressed->is_object())
            if (const auto found = dressed->find("val"); found != dressed->end()) bare = &*found;
    return bare->is_string() && bare->get_ref<const std::string&>() == "*";
}

// An element may be dressed: {"elem": {"val": ..., "timeout": ...}}.
Truth equal_key(const Value& left, const Json& element, const Elements& elements,
                const Step& step) {
    if (element.is_object()) {
        if (const auto dressed = element.find("elem"); dressed != element.end()) {
            if (!dressed->is_object()) return Truth::Unknown;
            const auto bare = dressed->find("val");
            if (bare == dressed->end()) return Truth::Unknown;
            const Truth truth =
                is_catchall(*bare) ? Truth::True : equal_one(left, *bare, elements, step);
            // A limit in it decides too.
            return dressed->contains("limit") || dressed->contains("quota")
                       ? std::min(truth, Truth::Unknown)
                       : truth;
        }
    }
    return is_catchall(element) ? Truth::True : equal_one(left, element, elements, step);
}

Value value_of(const Json& expression, const Scene& scene) {
    if (!expression.is_object() || expression.size() != 1) return {};
    const auto only = expression.begin();
    const std::string& key = only.key();
    if (key == "payload") return of_payload(*only, scene);
    if (key == "meta") return of_meta(*only, scene);
    if (key == "ct") return of_ct(*only, scene);
    if (key == "fib") return of_fib(*only, scene);
    if (key == "&") return masked(*only, scene);
    if (key != "concat" || !only->is_array() || only->size() > kMostParts) return {};
    Value value;
    value.kind = Kind::Together;
    for (const Json& part : *only) {
        // No part is a concatenation again.
        const bool nested = part.is_object() && part.contains("concat");
        value.parts.push_back(nested ? Value() : value_of(part, scene));
        if (value.parts.back().kind == Kind::Absent) return absent();
    }
    return value;
}

Truth equal(const Value& left, const Json& right, const Elements& elements, const Step& step) {
    if (!step()) return Truth::Unknown;
    if (right.is_string()) {
        const auto& text = right.get_ref<const std::string&>();
        if (!text.empty() && text[0] == '@') {
            const Json* list = elements(text.substr(1));
            if (!list) return left.kind == Kind::Absent ? Truth::False : Truth::Unknown;
            return in_list(left, *list, elements, step);
        }
    }
    if (right.is_object())
        if (const auto set = right.find("set"); set != right.end())
            return in_list(left, *set, elements, step);
    return equal_one(left, right, elements, step);
}

Truth match(const Json& statement, const Scene& scene, const Elements& elements, const Step& step) {
    if (!statement.is_object()) return Truth::Unknown;
    const auto left = statement.find("left");
    const auto right = statement.find("right");
    const std::string_view op = text_at(statement, "op");
    if (left == statement.end() || right == statement.end()) return Truth::Unknown;
    const Value value = value_of(*left, scene);
    if (op == "==") return equal(value, *right, elements, step);
    if (op == "!=")
        return value.kind == Kind::Absent ? Truth::False : !equal(value, *right, elements, step);
    if (op == "<" || op == ">" || op == "<=" || op == ">=") return ordered(value, op, *right);
    if (op != "in") return Truth::Unknown;
    // nft(8): whether one of the bits is there.
    if (value.kind != Kind::Flags) return equal(value, *right, elements, step);
    const auto wanted = bits_of(*right);
    if (!wanted) return equal(value, *right, elements, step);
    return (value.flags & *wanted) != 0 ? Truth::True : Truth::False;
}

} // namespace mpapi::failover::firewall
