// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/gatekeeper.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::failover {

namespace {

constexpr std::uint32_t kAllowUserInteraction = 1; // org.freedesktop.PolicyKit1.Authority
constexpr std::uint64_t kPatience = 30'000'000;    // µs; polkit may have to be started
constexpr std::uint64_t kPatienceWithPeople = 300'000'000;

} // namespace

struct Gatekeeper::Question {
    Gatekeeper& gatekeeper;
    BusMessage call;
    std::string action;
    Then then;
    BusSlot slot;
};

Gatekeeper::Gatekeeper(sd_bus* bus, std::vector<uid_t> trusted)
  : bus_(bus)
  , trusted_(std::move(trusted)) {}

Gatekeeper::~Gatekeeper() = default;

bool Gatekeeper::trusts(uid_t uid) const {
    return uid == 0 || std::find(trusted_.begin(), trusted_.end(), uid) != trusted_.end();
}

void Gatekeeper::ask(sd_bus_message* call, const char* action, Then then) {
    Question& question = open_.emplace_back(
        Question{*this, BusMessage(sd_bus_message_ref(call)), action, std::move(then), {}});
    sd_bus_slot* slot = nullptr;
    // sd_bus_query_sender_creds would wait for this same answer.
    const int r = sd_bus_call_method_async(
        bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixUser", user_told, &question, "s", sd_bus_message_get_sender(call));
    if (r < 0) return end(question, "The bus could not be asked who calls.");
    question.slot.reset(slot);
}

int Gatekeeper::user_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Gatekeeper& self = question.gatekeeper;
    std::uint32_t uid = 0;
    if (sd_bus_message_is_method_error(reply, nullptr) ||
        sd_bus_message_read(reply, "u", &uid) <= 0)
        self.end(question, "The bus does not tell who calls.");
    else if (self.trusts(uid))
        self.end(question, std::nullopt);
    else if (self.ask_polkit(question) < 0)
        self.end(question, "polkit could not be asked (" + question.action + ").");
    return 0;
}

int Gatekeeper::ask_polkit(Question& question) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(
        bus_, &raw, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
    if (r < 0) return r;
    const BusMessage message(raw);
    const bool interactive =
        sd_bus_message_get_allow_interactive_authorization(question.call.get()) > 0;
    r = sd_bus_message_append(raw, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                              sd_bus_message_get_sender(question.call.get()),
                              question.action.c_str(), 1, "method",
                              sd_bus_message_get_member(question.call.get()),
                              interactive ? kAllowUserInteraction : 0, "");
    if (r < 0) return r;
    sd_bus_slot* slot = nullptr;
    r = sd_bus_call_async(bus_, &slot, raw, polkit_answered, &question,
                          interactive ? kPatienceWithPeople : kPatience);
    if (r >= 0) question.slot.reset(slot);
    return r;
}

int Gatekeeper::polkit_answered(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    int authorized = 0;
    int challenge = 0;
    std::optional<std::string> refusal;
    const std::string action = " (" + question.action + ").";
    if (sd_bus_message_is_method_error(reply, nullptr) ||
        sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
        sd_bus_message_read(reply, "bb", &authorized, &challenge) <= 0)
        refusal =
            "polkit gave no answer; without it only root and user clusprep may do this" + action;
    else if (!authorized)
        refusal = (challenge ? "Authentication is required; call again with interactive "
                               "authorization allowed"
                             : "polkit does not permit this") +
                  action;
    question.gatekeeper.end(question, refusal);
    return 0;
}

void Gatekeeper::end(Question& question, const std::optional<std::string>& refusal) {
    const Then then = std::move(question.then);
    open_.remove_if([&](const Question& each) { return &each == &question; });
    then(refusal);
}

} // namespace mpapi::failover
