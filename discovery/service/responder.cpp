// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/responder.hpp"

#include "discovery/wire/messages.hpp"

namespace mpapi::discovery {

namespace {

Outcome outcome_of(Flaw flaw) {
    switch (flaw) {
    case Flaw::Size:
        return Outcome::Size;
    case Flaw::Version:
        return Outcome::Version;
    case Flaw::None:
    case Flaw::Name:
        break;
    }
    return Outcome::Name;
}

} // namespace

Responder::Responder(const RateLimit::Limits& limits, bool beyond_network, Means means)
  : beyond_network_(beyond_network)
  , means_(std::move(means))
  , limit_(limits) {}

Responder::Answer Responder::answer(const Mail& mail, const Interface& interface,
                                    std::string_view server) {
    if (!beyond_network_ && !is_neighbour(interface, mail.from)) return {Outcome::Foreign, {}, {}};
    auto question = read_question(mail.write.data);
    if (question.flaw != Flaw::None) return {outcome_of(question.flaw), {}, {}};
    // Before anything that costs more than looking at bytes.
    if (!limit_.admit(mail.from, means_.now()))
        return {Outcome::Limited, std::move(question.name), {}};
    if (!means_.serving()) return {Outcome::NotServing, std::move(question.name), {}};
    auto message = make_answer(fitting(server, kLongestServer));
    if (!message) return {Outcome::Unsent, std::move(question.name), {}};
    return {Outcome::Answered, std::move(question.name), *std::move(message)};
}

} // namespace mpapi::discovery
