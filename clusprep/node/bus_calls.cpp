// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/bus_calls.hpp"

#include "clusprep/interfaces/hresult.hpp"

#include <cstdint>
#include <utility>

namespace mpapi::node {

void BusCalls::call(const std::string& path, const char* interface, const char* member,
                    const Write& write, Answered answered) {
    sd_bus_message* raw = nullptr;
    int r =
        sd_bus_message_new_method_call(bus_, &raw, service_.name, path.c_str(), interface, member);
    const BusMessage message(raw);
    if (r >= 0 && write) r = write(raw);
    if (r >= 0) {
        Pending& pending = pending_.emplace_back();
        pending.calls = this;
        pending.path = path;
        pending.member = member;
        pending.self = std::prev(pending_.end());
        sd_bus_slot* slot = nullptr;
        r = sd_bus_call_async(
            bus_, &slot, raw, answer, &pending,
            static_cast<std::uint64_t>(std::chrono::microseconds(service_.patience).count()));
        if (r >= 0) {
            pending.slot.reset(slot);
            pending.answered = std::move(answered);
            return;
        }
        pending_.erase(pending.self);
    }
    answered(csvp::Failure{csvp::from_errno(-r), Error{"call", path, member, -r}});
}

int BusCalls::answer(sd_bus_message* message, void* data, sd_bus_error*) {
    Pending& pending = *static_cast<Pending*>(data);
    // Out of the list first: what is called may call again, or let go of all this.
    std::list<Pending> ended;
    ended.splice(ended.end(), pending.calls->pending_, pending.self);
    if (const sd_bus_error* error = sd_bus_message_get_error(message))
        pending.answered(pending.calls->service_.failure(pending.member, pending.path,
                                                         error->name ? error->name : "",
                                                         error->message ? error->message : ""));
    else
        pending.answered(message);
    return 1;
}

} // namespace mpapi::node
