// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an expression of a rule is worth for a packet, and whether it equals what a match compares
// it with (libnftables-json(5), "EXPRESSIONS"). Three-valued. Part of RuleSet.
#pragma once

#include "failover/firewall/rule_set.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::failover::firewall {

using Json = nlohmann::json;

enum class Truth : std::uint8_t { False, Unknown, True };

inline Truth operator!(Truth truth) {
    return truth == Truth::Unknown ? Truth::Unknown
                                   : (truth == Truth::True ? Truth::False : Truth::True);
}

// A number of up to 128 bits, most significant byte first.
using Number = std::array<std::uint8_t, 16>;

struct Value {
    enum class Kind : std::uint8_t {
        Unknown,
        Absent,   // the packet has no such field: no match of it is true
        Range,    // one of the numbers first to last
        Flags,    // a set of bits
        Name,     // a word, one of several that mean the same
        Exists,   // true or false
        Together, // several, side by side
    };
    // How words on the right become numbers.
    enum class Words : std::uint8_t {
        None,
        Ipv4,
        Ipv6,
        Protocol,
        IcmpType,
        Icmpv6Type,
        Family,
        EtherType
    };

    Kind kind = Kind::Unknown;
    Words words = Words::None;
    Number first{}, last{};
    std::uint32_t flags = 0;
    std::string name;
    bool patterns = false; // Name: an asterisk that ends the right side stands for anything
    bool exists = false;
    std::vector<Value> parts;
};

// Of a packet on its way; only what a rule can change of it is not in Packet.
struct Scene {
    const Packet& packet;
    std::optional<std::uint32_t> ct_state; // bits; nullopt: not known
    bool of_device = false;                // by rules of the family netdev
    bool tracked = true; // false: before it is looked up which connection the packet is of

    static constexpr std::uint32_t kNew = 8, kUntracked = 64;
};

// The elements of a named set or map; nullptr where there is none.
using Elements = std::function<const Json*(const std::string& name)>;
// Counts a step; false when there were too many.
using Step = std::function<bool()>;

Value value_of(const Json& expression, const Scene& scene);

// `right`: an immediate value, a range, a prefix, a set, or "@name".
Truth equal(const Value& left, const Json& right, const Elements& elements, const Step& step);

// `key`: one element of a set, or the key of one of a map.
Truth equal_key(const Value& left, const Json& key, const Elements& elements, const Step& step);

// nft(8), "SETS": the one for what no other element is. `key` as in equal_key().
bool is_catchall(const Json& key);

// A match statement's operator, both sides given.
Truth match(const Json& statement, const Scene& scene, const Elements& elements, const Step& step);

} // namespace mpapi::failover::firewall
