// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/adapters_object.hpp"

#include "common/text/printable.hpp"
#include "failover/network_object.hpp"

#include <utility>

namespace mpapi::failover {

namespace {

constexpr char kInterface[] = "org.mpapi.Network1.Adapters";
constexpr unsigned kCallsPerSender = 8;
constexpr std::size_t kMostCalls = 128; // of all senders

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

void send(sd_bus_message* call, const std::vector<adapters::Adapter>& all) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_return(call, &raw);
    const BusMessage reply(raw);
    if (r >= 0) r = sd_bus_message_open_container(raw, 'a', "a{sv}");
    for (const adapters::Adapter& each : all)
        if (r >= 0) r = append(raw, each);
    if (r >= 0) r = sd_bus_message_close_container(raw);
    if (r >= 0) r = sd_bus_send(nullptr, raw, nullptr);
    if (r < 0)
        refuse(call, MPAPI_NETWORK_ERROR("Failed"),
               Error{"answer", "List", "", -r}.message() + ".");
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
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_add_object_vtable(bus, &slot, kNetworkPath, kInterface, kVtable, object.get());
    if (r < 0) return Error{"publish", kInterface, "", -r};
    object->slot_.reset(slot);
    return object;
}

int AdaptersObject::list(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AdaptersObject& self = *static_cast<AdaptersObject*>(userdata);
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
            // It goes when the last of them is answered, or has left: of what is read there is one
            // at any time, whatever the number of those who ask.
            const std::shared_ptr<const Found> told(
                found.get(), [found, self = std::weak_ptr(self_)](const Found*) {
                    if (const auto object = self.lock()) (*object)->read_on();
                });
            for (const auto& each : askers)
                answer(each, told);
        });
}

void AdaptersObject::read_on() {
    reading_ = false;
    if (!wanted_.empty()) read();
}

void AdaptersObject::answer(const std::shared_ptr<Call>& call,
                            const std::shared_ptr<const Found>& found) {
    if (!*found)
        return refuse(call->get(), MPAPI_NETWORK_ERROR("Failed"), found->error().message() + ".");
    heavy_answers_.give(
        sd_bus_message_get_sender(call->get()), [call, found] { send(call->get(), **found); },
        [call](const std::string& reason) {
            refuse(call->get(), MPAPI_NETWORK_ERROR("LimitsExceeded"), reason);
        });
}

} // namespace mpapi::failover
