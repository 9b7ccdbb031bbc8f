// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a daemon talks to a program that has a right which it does not have itself, or does for it
// what takes long (mpapi-seal, mpapi-firewall): over a socket of systemd, one process for each
// connection. The question is everything until its end of file. The answer is framed, so that one
// that was cut off is none: '+' and the content, or '-' and the reason in UTF-8, its length before
// it (4 bytes, most significant first). Pure.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mpapi::service {

inline constexpr std::size_t kFrameSize = 5; // before the content

std::string answer(std::string_view content);
std::string refusal(std::string_view reason);

// The content; the reason is the error's. `who` names the program in it.
Result<std::string> read_answer(std::string_view frame, const std::string& who);

} // namespace mpapi::service
