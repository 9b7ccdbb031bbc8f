// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/firewall/firewalld.hpp"

#include <utility>

namespace mpapi::node::firewall {

namespace {

constexpr char kName[] = "org.fedoraproject.FirewallD1";
constexpr char kPath[] = "/org/fedoraproject/FirewallD1";
constexpr char kZone[] = "org.fedoraproject.FirewallD1.zone";

} // namespace

struct Firewalld::Question {
    enum class Step : std::uint8_t { Runs, DefaultZone, ZoneOfInterface };

    Firewalld& owner;
    std::vector<std::string> adapters; // the last one is asked for
    Then then;
    Step step = Step::Runs;
    BusSlot slot;
    std::string default_zone;
    ZoneNames names;
};

Firewalld::Firewalld(sd_bus* bus)
  : bus_(bus) {}

Firewalld::~Firewalld() = default;

void Firewalld::ask(std::vector<std::string> adapters, Then then) {
    next(open_.emplace_back(Question{.owner = *this,
                                     .adapters = std::move(adapters),
                                     .then = std::move(then),
                                     .slot = {},
                                     .default_zone = {},
                                     .names = {}}));
}

void Firewalld::next(Question& question) {
    sd_bus_slot* slot = nullptr;
    int r = 0;
    switch (question.step) {
    case Question::Step::Runs:
        r = sd_bus_call_method_async(bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "NameHasOwner", replied, &question,
                                     "s", kName);
        break;
    case Question::Step::DefaultZone:
        r = sd_bus_call_method_async(bus_, &slot, kName, kPath, kName, "getDefaultZone", replied,
                                     &question, nullptr);
        break;
    case Question::Step::ZoneOfInterface:
        r = sd_bus_call_method_async(bus_, &slot, kName, kPath, kZone, "getZoneOfInterface",
                                     replied, &question, "s", question.adapters.back().c_str());
        break;
    }
    if (r < 0) return end(question, Error{"ask", "firewalld", "", -r});
    question.slot.reset(slot);
}

int Firewalld::replied(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Firewalld& self = question.owner;
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        const sd_bus_error* said = sd_bus_message_get_error(reply);
        self.end(question, Error{"ask", "firewalld", said->message ? said->message : said->name});
        return 0;
    }
    int runs = 0;
    const char* zone = nullptr;
    const int r = question.step == Question::Step::Runs ? sd_bus_message_read(reply, "b", &runs)
                                                        : sd_bus_message_read(reply, "s", &zone);
    if (r <= 0) {
        self.end(question, Error{"ask", "firewalld", "the answer is none"});
        return 0;
    }
    switch (question.step) {
    case Question::Step::Runs:
        question.step = Question::Step::DefaultZone;
        if (!runs) question.adapters.clear();
        break;
    case Question::Step::DefaultZone:
        question.step = Question::Step::ZoneOfInterface;
        question.default_zone = zone;
        break;
    case Question::Step::ZoneOfInterface:
        question.names[question.adapters.back()] = *zone ? zone : question.default_zone;
        question.adapters.pop_back();
        break;
    }
    if (question.adapters.empty())
        self.end(question, std::move(question.names));
    else
        self.next(question);
    return 0;
}

void Firewalld::end(Question& question, Result<ZoneNames> result) {
    const Then then = std::move(question.then);
    open_.remove_if([&](const Question& each) { return &each == &question; });
    then(std::move(result));
}

} // namespace mpapi::node::firewall
