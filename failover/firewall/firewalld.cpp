// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/firewalld.hpp"

#include <string_view>
#include <utility>

namespace mpapi::failover::firewall {

namespace {

constexpr char kName[] = "org.fedoraproject.FirewallD1";
constexpr char kPath[] = "/org/fedoraproject/FirewallD1";
constexpr char kZone[] = "org.fedoraproject.FirewallD1.zone";

// a{sa{sas}}: what is bound to each active zone, by "interfaces" and "sources".
int read_active_zones(sd_bus_message* reply, std::map<std::string, std::string>& zones) {
    int r = sd_bus_message_enter_container(reply, 'a', "{sa{sas}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sa{sas}")) > 0) {
        const char* zone = nullptr;
        r = sd_bus_message_read(reply, "s", &zone);
        if (r >= 0) r = sd_bus_message_enter_container(reply, 'a', "{sas}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sas")) > 0) {
            const char* kind = nullptr;
            r = sd_bus_message_read(reply, "s", &kind);
            if (r >= 0) r = sd_bus_message_enter_container(reply, 'a', "s");
            const bool by_interface = r >= 0 && std::string_view(kind) == "interfaces";
            const char* name = nullptr;
            while (r >= 0 && (r = sd_bus_message_read(reply, "s", &name)) > 0)
                if (by_interface) zones[name] = zone;
            if (r >= 0) r = sd_bus_message_exit_container(reply);
            if (r >= 0) r = sd_bus_message_exit_container(reply);
        }
        if (r >= 0) r = sd_bus_message_exit_container(reply);
        if (r >= 0) r = sd_bus_message_exit_container(reply);
    }
    return r;
}

} // namespace

struct Firewalld::Question {
    enum class Step : std::uint8_t { Runs, UsualZone, ActiveZones };

    Firewalld& owner;
    Then then;
    Step step = Step::Runs;
    BusSlot slot;
    Zones zones;
};

Firewalld::Firewalld(sd_bus* bus)
  : bus_(bus) {}

Firewalld::~Firewalld() = default;

void Firewalld::ask(Then then) {
    next(open_.emplace_back(
        Question{.owner = *this, .then = std::move(then), .slot = {}, .zones = {}}));
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
    case Question::Step::UsualZone:
        r = sd_bus_call_method_async(bus_, &slot, kName, kPath, kName, "getDefaultZone", replied,
                                     &question, nullptr);
        break;
    case Question::Step::ActiveZones:
        r = sd_bus_call_method_async(bus_, &slot, kName, kPath, kZone, "getActiveZones", replied,
                                     &question, nullptr);
        break;
    }
    if (r < 0) return end(question, Error{"ask", "firewalld", "", -r});
    question.slot.reset(slot);
}

int Firewalld::replied(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Firewalld& self = question.owner;
    const auto end = [&](Result<Zones> result) {
        self.end(question, std::move(result));
        return 0;
    };
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        const sd_bus_error* said = sd_bus_message_get_error(reply);
        return end(Error{"ask", "firewalld", said->message ? said->message : said->name});
    }
    int runs = 0;
    const char* zone = nullptr;
    int r = 0;
    switch (question.step) {
    case Question::Step::Runs:
        r = sd_bus_message_read(reply, "b", &runs);
        if (r > 0 && !runs) return end(Zones{});
        question.step = Question::Step::UsualZone;
        break;
    case Question::Step::UsualZone:
        r = sd_bus_message_read(reply, "s", &zone);
        if (r > 0) question.zones.usual = zone;
        question.step = Question::Step::ActiveZones;
        break;
    case Question::Step::ActiveZones:
        r = read_active_zones(reply, question.zones.others);
        if (r >= 0) return end(std::move(question.zones));
        break;
    }
    if (r <= 0) return end(Error{"ask", "firewalld", "its answer is not understood"});
    self.next(question);
    return 0;
}

void Firewalld::end(Question& question, Result<Zones> result) {
    const Then then = std::move(question.then);
    open_.remove_if([&](const Question& each) { return &each == &question; });
    then(std::move(result));
}

} // namespace mpapi::failover::firewall
