// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls that carry more than any of our methods takes. The system bus lets messages of 32 MiB
// through, to everybody, and neither it nor sd-bus has a limit for one service: they are refused
// here, before a method reads them, copies them, or repeats them in an error that the bus might
// find too long (it disconnects who sends such a thing). Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstddef>

namespace mpapi::bus {

// More than 65536 connections to be tickled, or a file of a cluster with its path.
inline constexpr std::size_t kMostCarried = std::size_t{4} << 20; // bytes of a call's arguments

// From now on, as long as the slot is kept.
Result<BusSlot> refuse_large_calls(sd_bus* bus);

// Whether the arguments have no more bytes than that, padding left out; the count ends where there
// are more. What cannot be read, or is nested as no argument of ours is, does not fit.
bool arguments_fit(sd_bus_message* call, std::size_t most);

} // namespace mpapi::bus
