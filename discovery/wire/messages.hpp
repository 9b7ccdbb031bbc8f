// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two messages of MS-ISTD 2.2, and the names in them. Both are 260 bytes: a version, which is
// 1, and a text of 256 bytes in UTF-16LE, which ends with a NUL; the bytes behind it are zero when
// we send, and anything when we receive.
//
// WT_MAILSLOT_INFO (2.2.1) names a mailslot on the asking computer, "\\name\MAILSLOT\WTVDSPROV".
// The form that 2.2.1 gives is the only one that is answered: an asker does not choose the
// mailslot, and a name that stands for many ("*") or for the reader itself (".") is refused, so
// that nobody makes us write somewhere else. WT_VDSPROV_MAILSLOT_MESSAGE (2.2.2) names a serving
// computer. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/octets.hpp"

#include <string>
#include <string_view>

namespace mpapi::discovery {

inline constexpr std::string_view kServiceMailslot = "\\MAILSLOT\\WINTARGET";    // 1.9
inline constexpr std::string_view kDiscovererMailslot = "\\MAILSLOT\\WTVDSPROV"; // 1.9
inline constexpr std::size_t kMessageSize = 260;
inline constexpr std::uint32_t kMessageVersion = 1;
inline constexpr std::size_t kLongestServer = 127; // characters, beside the NUL
// "\\", and the mailslot behind it.
inline constexpr std::size_t kLongestAsker = kLongestServer - 2 - kDiscovererMailslot.size();
static_assert(kLongestAsker == 106);

// What 3.3.5.1 and 3.3.5.2 have verified, in their order.
enum class Flaw : std::uint8_t { None, Size, Version, Name };

struct ReadName {
    Flaw flaw = Flaw::None;
    std::string name; // with no flaw: of a computer, in ASCII
};

// The asker's computer name in a WT_MAILSLOT_INFO.
ReadName read_question(OctetView message);
// The server's name in a WT_VDSPROV_MAILSLOT_MESSAGE.
ReadName read_answer(OctetView message);

// `asker`: a computer name of 106 characters at most. Fails for what no reader would take.
Result<Octets> make_question(std::string_view asker);
// `server`: a computer name of 127 characters at most.
Result<Octets> make_answer(std::string_view server);

// Labels of letters, digits and "-_", or what NetBIOS allows beside them (MS-NBTE 2.2.1 leaves out
// "\/:*?\"<>|"), parted by dots; of ASCII.
bool is_computer_name(std::string_view name);

// Up to the first dot.
std::string_view first_label(std::string_view name);
// The name itself, or where it is too long its first label, cut off.
std::string_view fitting(std::string_view name, std::size_t longest);

} // namespace mpapi::discovery
