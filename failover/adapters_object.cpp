// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/adapters_object.hpp"

#include "common/text/printable.hpp"
#include "failover/network_object.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

constexpr char kInterface[] = "org.mpapi.Network1.Adapters";
constexpr unsigned kCallsPerSender = 8;
constexpr std::size_t kMostCalls = 128; // of all senders
// Appended without a look at what else there is to do: less than a millisecond.
constexpr std::size_t kSlice = 64;

int append_text(sd_bus_message* to, const char* key, const std::string& value) {
    return sd_bus_message_append(to, "{sv}", key, "s", printable(value).c_str());
}

template <typename Each>
int append_texts(sd_bus_message* to, const char* key, const std::vector<Each>& values) {
    int r = sd_bus_message_open_container(to, 'e', "sv");
    if (r >= 0) r = sd_bus_message_append(to, "s", key);
    if (r >= 0) r = sd_bus_message_open_container(to, 'v', "as");
    if (r >= 0) r = sd_bus_message_open_container(to, 'a', "s");
    for (const Each& each : values)
        if (r >= 0) r = sd_bus_message_append(to, "s", each.text().c_str());
    for (int i = 0; i < 3 && r >= 0; ++i)
        r = sd_bus_message_close_container(to);
    return r;
}

int append(sd_bus_message* to, const adapters::Adapter& adapter) {
    int r = sd_bus_message_open_container(to, 'a', "{sv}");
    if (r >= 0) r = sd_bus_message_append(to, "{sv}", "index", "u", adapter.index);
    for (const auto& [key, value] : {std::pair("name", &adapter.name),
                                     {"alias", &adapter.alias},
                                     {"kind", &adapter.kind},
                                     {"driver", &adapter.driver},
                                     {"bus", &adapter.bus}})
        if (r >= 0) r = append_text(to, key, *value);
    if (r >= 0) r = sd_bus_message_append(to, "{sv}", "type", "u", adapter.type);
    if (r >= 0) r = sd_bus_message_append(to, "{sv}", "tunnel-type", "u", adapter.tunnel_type);
    if (r >= 0) r = append_text(to, "hardware-address", adapter.hardware_address.text());
    if (r >= 0) r = sd_bus_message_append(to, "{sv}", "status", "s", adapter.status);
    if (r >= 0) r = append_texts(to, "addresses", adapter.addresses);
    if (r >= 0) r = append_texts(to, "gateways", adapter.gateways);
    if (r >= 0) r = sd_bus_message_append(to, "{sv}", "dhcp", "b", adapter.dhcp ? 1 : 0);
    return r >= 0 ? sd_bus_message_close_container(to) : r;
}

void refuse_for(sd_bus_message* call, const Error& error) {
    refuse(call, MPAPI_NETWORK_ERROR("Failed"), error.message() + ".");
}

} // namespace

const sd_bus_vtable AdaptersObject::kVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", adapters),
                            AdaptersObject::list, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

AdaptersObject::AdaptersObject(sd_bus* bus)
  : senders_(bus, kCallsPerSender)
  , heavy_answers_(bus) {}

Result<std::unique_ptr<AdaptersObject>> AdaptersObject::publish(sd_event* loop, sd_bus* bus) {
    std::unique_ptr<AdaptersObject> object(new AdaptersObject(bus));
    auto background = Background::create(loop);
    if (!background) return background.error();
    object->background_ = *std::move(background);
    sd_event_source* source = nullptr;
    int r = sd_event_add_defer(loop, &source, slice, object.get());
    if (r >= 0) {
        object->slices_.reset(source);
        r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }
    if (r >= 0) r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
    if (r < 0) return Error{"wait for", "the loop's leisure", "", -r};
    sd_bus_slot* slot = nullptr;
    r = sd_bus_add_object_vtable(bus, &slot, kNetworkPath, kInterface, kVtable, object.get());
    if (r < 0) return Error{"publish", kInterface, "", -r};
    object->slot_.reset(slot);
    return object;
}

int AdaptersObject::list(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AdaptersObject& self = *static_cast<AdaptersObject*>(userdata);
    if (self.wanted_.size() == kMostCalls)
        std::erase_if(self.wanted_, [](const auto& each) { return each->admitted.abandoned(); });
    if (self.wanted_.size() == kMostCalls) {
        refuse(message, MPAPI_NETWORK_ERROR("LimitsExceeded"), "Too many are waiting; try again.");
        return 1;
    }
    auto call = admit(self.senders_, message);
    if (!call) return 1;
    self.wanted_.push_back(std::move(call));
    if (!self.reading_) self.read();
    return 1;
}

void AdaptersObject::read() {
    reading_ = true;
    const auto found = std::make_shared<Found>(std::vector<adapters::Adapter>());
    background_->submit(
        [found] {
            const auto facts = adapters::read_facts();
            *found = facts ? Found(adapters::make(*facts)) : Found(facts.error());
        },
        [this, found, askers = std::exchange(wanted_, {})] {
            if (*found) {
                found_ = found;
                askers_.assign(askers.begin(), askers.end());
            } else {
                for (const auto& each : askers)
                    refuse_for(each->get(), found->error());
            }
            tell_next();
        });
}

void AdaptersObject::tell_next() {
    reply_.reset();
    told_ = 0;
    while (!askers_.empty() && askers_.front()->admitted.abandoned())
        askers_.pop_front();
    if (!askers_.empty()) {
        sd_event_source_set_enabled(slices_.get(), SD_EVENT_ON);
        return;
    }
    found_.reset();
    reading_ = false;
    if (!wanted_.empty()) read();
}

int AdaptersObject::slice(sd_event_source*, void* userdata) {
    AdaptersObject& self = *static_cast<AdaptersObject*>(userdata);
    const std::vector<adapters::Adapter>& all = **self.found_;
    int r = 0;
    if (!self.reply_) {
        sd_bus_message* raw = nullptr;
        r = sd_bus_message_new_method_return(self.askers_.front()->get(), &raw);
        self.reply_.reset(raw);
        if (r >= 0) r = sd_bus_message_open_container(raw, 'a', "a{sv}");
    }
    const std::size_t end = std::min(self.told_ + kSlice, all.size());
    for (; r >= 0 && self.told_ < end; ++self.told_)
        r = append(self.reply_.get(), all[self.told_]);
    if (r >= 0 && end < all.size()) return 0;
    if (r >= 0) r = sd_bus_message_close_container(self.reply_.get());
    sd_event_source_set_enabled(self.slices_.get(), SD_EVENT_OFF);
    const std::shared_ptr<Call> call = std::move(self.askers_.front());
    self.askers_.pop_front();
    if (r < 0) {
        refuse_for(call->get(), Error{"answer", "List", "", -r});
        self.tell_next();
        return 0;
    }
    // It goes when the answer is sent or refused, or who asked has left.
    const std::shared_ptr<void> turn(nullptr, [object = std::weak_ptr(self.self_)](void*) {
        if (const auto there = object.lock()) (*there)->tell_next();
    });
    self.heavy_answers_.give(
        sd_bus_message_get_sender(call->get()),
        [call, turn,
         reply = std::shared_ptr<sd_bus_message>(self.reply_.release(), sd_bus_message_unref)] {
            if (const int sent = sd_bus_send(nullptr, reply.get(), nullptr); sent < 0)
                refuse_for(call->get(), Error{"answer", "List", "", -sent});
        },
        [call, turn](const std::string& reason) {
            refuse(call->get(), MPAPI_NETWORK_ERROR("LimitsExceeded"), reason);
        });
    return 0;
}

} // namespace mpapi::failover
