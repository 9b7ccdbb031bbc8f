// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/senders.hpp"

namespace mpapi::bus {

int Senders::name_owner_changed(sd_bus_message*, void* userdata, sd_bus_error*) {
    // A unique name changes its owner only once: when it goes.
    auto* sender = static_cast<Sender*>(userdata);
    sender->gone = true;
    // The last of them may end the sender.
    for (const auto& each : std::exchange(sender->farewells, {}))
        if (const auto farewell = each.lock()) (*farewell)();
    return 0;
}

Senders::Farewell Senders::Call::on_leaving(std::function<void()> then) {
    if (!sender_) return nullptr;
    std::erase_if(sender_->farewells, [](const auto& each) { return each.expired(); });
    auto farewell = std::make_shared<std::function<void()>>(std::move(then));
    sender_->farewells.push_back(farewell);
    return farewell;
}

void Senders::sweep() {
    std::erase_if(senders_, [](const auto& each) { return each.second->calls == 0; });
}

std::optional<Senders::Call> Senders::admit(sd_bus_message* call) {
    const char* name = sd_bus_message_get_sender(call);
    if (!name) return Call(nullptr); // a direct connection has one sender, and its own end
    auto found = senders_.find(name);
    if (found == senders_.end()) {
        sweep();
        found = senders_.emplace(name, std::make_shared<Sender>()).first;
    }
    Sender& sender = *found->second;
    if (sender.calls >= limit_) return std::nullopt;
    if (sender.calls++ == 0) {
        const std::string match = "type='signal',sender='org.freedesktop.DBus',"
                                  "path='/org/freedesktop/DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                  "arg0='" +
                                  std::string(name) + "'";
        // Where the bus refuses (there are too many), the sender is not watched. Without a callback
        // for that, sd-bus would close the connection.
        const auto refused_or_not = [](sd_bus_message*, void*, sd_bus_error*) { return 0; };
        // Without waiting for the bus: a sender that leaves before the match is in force is
        // forgotten when its work ends.
        sd_bus_slot* slot = nullptr;
        if (sd_bus_add_match_async(bus_, &slot, match.c_str(), name_owner_changed, refused_or_not,
                                   &sender) >= 0)
            sender.watch.reset(slot);
    }
    return Call(found->second);
}

} // namespace mpapi::bus
