// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What became of each packet that arrived: counted, told on the bus by these names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mpapi::discovery {

enum class Outcome : std::uint8_t {
    Answered,      // a question that was answered
    Heard,         // an answer that was asked for
    NotServing,    // a question while this machine serves no block storage
    OtherMailslot, // mail that is not for us
    OtherName,     // to the name of another computer or group
    Malformed,     // no datagram, a fragment, or no mailslot write
    Size,          // a message of another size than MS-ISTD has
    Version,       // or of another version
    Name,          // or with a name that has no end, or is none
    Interface,     // on an interface that is left out, or that is not known
    Foreign,       // from an address that is not of the interface's networks
    Limited,       // of a source that asks too often, or answers with too many names
    Unasked,       // an answer while nobody listens
    Unsent,        // an answer or a question that could not be sent
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::Unsent) + 1;

inline constexpr std::array<const char*, kOutcomes> kOutcomeNames{
    "answered", "heard", "not-serving", "other-mailslot", "other-name", "malformed", "size",
    "version",  "name",  "interface",   "foreign",        "limited",    "unasked",   "unsent"};

constexpr const char* name_of(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

} // namespace mpapi::discovery
