// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/service/frame.hpp"

#include <algorithm>

namespace mpapi::service {

namespace {

constexpr std::size_t kLongestReason = 512;

std::string framed(char kind, std::string_view content) {
    std::string frame{kind};
    for (const int shift : {24, 16, 8, 0})
        frame += static_cast<char>(content.size() >> shift & 0xff);
    return frame.append(content);
}

} // namespace

std::string answer(std::string_view content) {
    return framed('+', content);
}

std::string refusal(std::string_view reason) {
    return framed('-', reason.substr(0, kLongestReason));
}

Result<std::string> read_answer(std::string_view frame, const std::string& who) {
    const auto none = [&](std::string why) { return Error{"ask", who, std::move(why)}; };
    if (frame.empty()) return none("it ended without an answer; its journal says more");
    if (frame.size() < kFrameSize) return none("its answer was cut off");
    std::size_t size = 0;
    for (std::size_t i = 1; i < kFrameSize; ++i)
        size = size << 8 | static_cast<std::uint8_t>(frame[i]);
    const std::string_view content = frame.substr(kFrameSize);
    if (content.size() != size) return none("its answer was cut off");
    if (frame[0] == '+') return std::string(content);
    if (frame[0] != '-') return none("its answer was not understood");
    // For the journal: one line of what can be shown.
    std::string reason(content.substr(0, kLongestReason));
    std::replace_if(
        reason.begin(), reason.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    return none(reason);
}

} // namespace mpapi::service
