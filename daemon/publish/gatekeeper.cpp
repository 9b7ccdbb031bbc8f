// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/gatekeeper.hpp"

namespace mpapi::publish {

struct Gatekeeper::Question {
    Gatekeeper* gatekeeper = nullptr;
    Verdict verdict;
    BusSlot slot;
};

Gatekeeper::~Gatekeeper() {
    for (auto* question : open_)
        delete question;
}

int Gatekeeper::answered(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    std::unique_ptr<Question> question(static_cast<Question*>(userdata));
    question->gatekeeper->open_.erase(question.get());
    std::uint32_t uid = 0;
    const bool told = !sd_bus_message_is_method_error(reply, nullptr) &&
                      sd_bus_message_read(reply, "u", &uid) > 0;
    question->verdict(told && uid == 0);
    return 0;
}

void Gatekeeper::ask(sd_bus_message* call, Action, Verdict verdict) {
    const char* sender = sd_bus_message_get_sender(call);
    if (!sender) {
        // A direct connection: the kernel knows its peer, nobody has to be asked.
        sd_bus_creds* creds = nullptr;
        uid_t uid = 0;
        const bool told = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds) >= 0 &&
                          sd_bus_creds_get_euid(creds, &uid) >= 0;
        sd_bus_creds_unref(creds);
        return verdict(told && uid == 0);
    }
    auto question = std::make_unique<Question>();
    question->gatekeeper = this;
    question->verdict = std::move(verdict);
    // sd_bus_query_sender_creds would wait for this same answer.
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_call_method_async(
        bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixUser", answered, question.get(), "s", sender);
    if (r < 0) return question->verdict(false);
    question->slot.reset(slot);
    open_.insert(question.release());
}

} // namespace mpapi::publish
