// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Text of others, as it may be shown at a terminal and in a log. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mpapi {

// Control characters, those that end a line or turn the direction of text, as the \xNN of their
// bytes; what is no UTF-8 as U+FFFD.
std::string printable(std::string_view text);

} // namespace mpapi
