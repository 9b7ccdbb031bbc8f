// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/heavy_answers.hpp"

#include <string_view>

namespace mpapi::bus {

namespace {

using Burden = HeavyAnswers::Burden;

// Two numbers of the a{sv} that the bus answers with.
std::optional<Burden> burden(sd_bus_message* reply, std::string_view descriptors,
                             std::string_view bytes) {
    if (sd_bus_message_is_method_error(reply, nullptr)) return std::nullopt;
    if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return std::nullopt;
    Burden found;
    unsigned told = 0;
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (sd_bus_message_read(reply, "s", &name) <= 0) return std::nullopt;
        std::uint32_t* wanted = name == descriptors ? &found.descriptors
                                : name == bytes     ? &found.bytes
                                                    : nullptr;
        if (wanted) {
            if (sd_bus_message_read(reply, "v", "u", wanted) <= 0) return std::nullopt;
            ++told;
        } else if (sd_bus_message_skip(reply, "v") < 0) {
            return std::nullopt;
        }
        if (sd_bus_message_exit_container(reply) < 0) return std::nullopt;
    }
    if (told != 2) return std::nullopt;
    return found;
}

// Errors that will be the same next time.
bool never_tells(sd_bus_message* reply) {
    const sd_bus_error* error = sd_bus_message_get_error(reply);
    return sd_bus_error_has_names(error, SD_BUS_ERROR_UNKNOWN_INTERFACE,
                                  SD_BUS_ERROR_UNKNOWN_METHOD, SD_BUS_ERROR_UNKNOWN_OBJECT,
                                  SD_BUS_ERROR_ACCESS_DENIED) > 0;
}

} // namespace

void HeavyAnswers::give(const char* client, Answer answer, Refusal refuse) {
    // A direct connection holds up nobody but its client.
    if (!client || !tells_) return answer();
    waiting_.push_back({client, std::move(answer), std::move(refuse)});
    if (!asking_) next();
}

// Their answers come in this order.
bool HeavyAnswers::ask() {
    const char* self = nullptr;
    if (sd_bus_get_unique_name(bus_, &self) < 0) return false;
    const char* client = waiting_.front().client.c_str();
    const auto send = [&](BusSlot& slot, const char* interface, const char* method,
                          const char* connection, sd_bus_message_handler_t handler) {
        sd_bus_slot* added = nullptr;
        const int r =
            sd_bus_call_method_async(bus_, &added, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     interface, method, handler, this, "s", connection);
        if (r < 0) return false;
        slot.reset(added);
        return true;
    };
    constexpr const char* bus = "org.freedesktop.DBus";
    constexpr const char* stats = "org.freedesktop.DBus.Debug.Stats";
    return send(own_question_, stats, "GetConnectionStats", self, own_told) &&
           send(user_question_, bus, "GetConnectionUnixUser", client, user_told) &&
           send(client_question_, stats, "GetConnectionStats", client, client_told);
}

void HeavyAnswers::next() {
    while (!waiting_.empty()) {
        asking_ = ask();
        if (asking_) return;
        waiting_.pop_front(); // nothing can be sent any more: the bus is gone
    }
}

int HeavyAnswers::own_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    auto* self = static_cast<HeavyAnswers*>(userdata);
    if (never_tells(reply)) self->tells_ = false;
    self->altogether_ = burden(reply, "IncomingFDs", "IncomingBytes");
    return 0;
}

int HeavyAnswers::user_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    std::uint32_t uid = 0;
    static_cast<HeavyAnswers*>(userdata)->root_ = !sd_bus_message_is_method_error(reply, nullptr) &&
                                                  sd_bus_message_read(reply, "u", &uid) > 0 &&
                                                  uid == 0;
    return 0;
}

int HeavyAnswers::client_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    auto* self = static_cast<HeavyAnswers*>(userdata);
    self->for_client_ = burden(reply, "OutgoingFDs", "OutgoingBytes");
    self->asking_ = false;
    self->decide();
    return 0;
}

void HeavyAnswers::decide() {
    if (!tells_) {
        std::deque<Waiting> all;
        all.swap(waiting_);
        for (const auto& each : all)
            each.answer();
        return;
    }
    const Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    if (for_client_ && for_client_->reaches(kPerClient))
        first.refuse("This client has not read what it was given before.");
    else if (for_client_ && altogether_ &&
             altogether_->reaches(root_ ? kAltogetherForRoot : kAltogether))
        first.refuse("Too much was not read by the clients that asked for it.");
    else if (for_client_)
        first.answer();
    // Otherwise the client has left.
    next();
}

} // namespace mpapi::bus
