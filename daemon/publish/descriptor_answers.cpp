// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/descriptor_answers.hpp"

#include <string_view>

namespace mpapi::publish {

namespace {

// One number of the a{sv} that the bus answers with.
std::optional<std::uint32_t> figure(sd_bus_message* reply, std::string_view wanted) {
    if (sd_bus_message_is_method_error(reply, nullptr)) return std::nullopt;
    if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return std::nullopt;
    std::optional<std::uint32_t> found;
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (sd_bus_message_read(reply, "s", &name) <= 0) return std::nullopt;
        std::uint32_t value = 0;
        if (name == wanted) {
            if (sd_bus_message_read(reply, "v", "u", &value) <= 0) return std::nullopt;
            found = value;
        } else if (sd_bus_message_skip(reply, "v") < 0) {
            return std::nullopt;
        }
        if (sd_bus_message_exit_container(reply) < 0) return std::nullopt;
    }
    return found;
}

} // namespace

void DescriptorAnswers::give(const char* client, Answer answer, Refusal refuse) {
    // A direct connection holds up nobody but its client.
    if (!client || !told_) return answer();
    waiting_.push_back({client, std::move(answer), std::move(refuse)});
    if (!asking_) next();
}

bool DescriptorAnswers::ask(BusSlot& slot, const char* connection,
                            sd_bus_message_handler_t handler) {
    sd_bus_slot* added = nullptr;
    const int r = sd_bus_call_method_async(
        bus_, &added, "org.freedesktop.DBus", "/org/freedesktop/DBus",
        "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", handler, this, "s", connection);
    if (r < 0) return false;
    slot.reset(added);
    return true;
}

void DescriptorAnswers::next() {
    while (!waiting_.empty()) {
        const char* self = nullptr;
        asking_ = sd_bus_get_unique_name(bus_, &self) >= 0 && ask(own_, self, own_told) &&
                  ask(client_, waiting_.front().client.c_str(), client_told);
        if (asking_) return;
        waiting_.pop_front(); // nothing can be sent any more: the bus is gone
    }
}

int DescriptorAnswers::own_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    auto* self = static_cast<DescriptorAnswers*>(userdata);
    const auto told = figure(reply, "IncomingFDs");
    self->told_ = told.has_value();
    self->altogether_ = told.value_or(0);
    return 0;
}

int DescriptorAnswers::client_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    static_cast<DescriptorAnswers*>(userdata)->decide(figure(reply, "OutgoingFDs"));
    return 0;
}

void DescriptorAnswers::decide(std::optional<std::uint32_t> for_client) {
    asking_ = false;
    if (!told_) {
        std::deque<Waiting> all;
        all.swap(waiting_);
        for (const auto& each : all)
            each.answer();
        return;
    }
    const Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    if (for_client && *for_client >= kPerClient)
        first.refuse("This client has not read the descriptors that it was given before.");
    else if (for_client && altogether_ >= kAltogether)
        first.refuse("Too many descriptors were not read by the clients that asked for them.");
    else if (for_client)
        first.answer();
    // Otherwise the client has left.
    next();
}

} // namespace mpapi::publish
