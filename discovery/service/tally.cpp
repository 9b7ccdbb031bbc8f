// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/tally.hpp"

namespace mpapi::discovery {

namespace {

// nullptr: no line.
const char* words_for(Outcome outcome) {
    switch (outcome) {
    case Outcome::Answered:
    case Outcome::Heard:
    case Outcome::NotServing:
    case Outcome::OtherMailslot:
    case Outcome::OtherName:
    case Outcome::Unasked:
    case Outcome::Interface:
        return nullptr;
    case Outcome::Malformed:
        return "ignored a packet that is malformed";
    case Outcome::Size:
        return "ignored a message of another size than 260 bytes";
    case Outcome::Version:
        return "ignored a message of another version than 1";
    case Outcome::Name:
        return "ignored a message without a proper name";
    case Outcome::Foreign:
        return "ignored a message from beyond the network";
    case Outcome::Limited:
        return "ignored messages of a source that sends too many";
    case Outcome::Unsent:
        return "could not send mail";
    }
    return nullptr;
}

} // namespace

bool Tally::due(Outcome outcome, Time now) const {
    const Kind& kind = at(outcome);
    return words_for(outcome) != nullptr && (!kind.written || now - *kind.written >= kQuiet);
}

std::optional<std::string> Tally::note(Outcome outcome, const std::string& about, Time now) {
    Kind& kind = at(outcome);
    ++kind.count;
    if (!due(outcome, now)) {
        ++kind.left_out;
        return std::nullopt;
    }
    std::string line = words_for(outcome);
    if (!about.empty()) line += ": " + about;
    if (kind.left_out > 0) line += " (and " + std::to_string(kind.left_out) + " before it)";
    kind.left_out = 0;
    kind.written = now;
    return line;
}

} // namespace mpapi::discovery
