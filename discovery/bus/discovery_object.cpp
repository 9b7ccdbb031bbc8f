// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/bus/discovery_object.hpp"

#include "common/system/clock.hpp"
#include "discovery/bus/discover_options.hpp"
#include "discovery/bus/names.hpp"
#include "discovery/bus/server_values.hpp"

#include <cerrno>
#include <string_view>

namespace mpapi::discovery {

namespace {

// What does not come from the network is plain ASCII, or was let in as such by the kernel.
template <typename Each>
int append_texts(sd_bus_message* message, const Each& for_each) {
    int r = sd_bus_message_open_container(message, 'a', "s");
    for_each([&](const std::string& text) {
        if (r >= 0) r = sd_bus_message_append(message, "s", text.c_str());
    });
    return r < 0 ? r : sd_bus_message_close_container(message);
}

} // namespace

// What sd-bus calls.
struct DiscoveryObject::Calls {
    static DiscoveryObject& self(void* userdata) {
        return *static_cast<DiscoveryObject*>(userdata);
    }

    static int discover(sd_bus_message* call, void* userdata, sd_bus_error*) {
        self(userdata).discover(call);
        return 1;
    }

    static int get(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) {
        const Parts& parts = self(userdata).parts_;
        const std::string_view name = property;
        if (name == "Transport") return sd_bus_message_append(reply, "s", parts.transport().way);
        if (name == "TransportReason")
            return sd_bus_message_append(reply, "s", parts.transport().reason.c_str());
        if (name == "Serving") return sd_bus_message_append(reply, "b", parts.serving() ? 1 : 0);
        if (name == "Name") return sd_bus_message_append(reply, "s", parts.names().full.c_str());
        if (name == "Workgroups")
            return append_texts(reply, [&](const auto& use) {
                for (const auto& group : parts.names().mail.groups)
                    use(group.text);
            });
        if (name == "Interfaces")
            return append_texts(reply, [&](const auto& use) {
                for (const auto& interface : parts.exchange.interfaces())
                    use(interface.name);
            });
        return -ENOENT;
    }

    static int servers(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                       void* userdata, sd_bus_error*) {
        int r = sd_bus_message_open_container(reply, 'a', "(ssstt)");
        for (const Server& server : self(userdata).parts_.searches.collection().servers()) {
            if (r >= 0) r = sd_bus_message_open_container(reply, 'r', kServerValues);
            if (r >= 0) r = append_server(reply, server);
            if (r >= 0) r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
    }

    static int counters(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                        void* userdata, sd_bus_error*) {
        int r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (std::size_t at = 0; at < kOutcomes && r >= 0; ++at) {
            const auto outcome = static_cast<Outcome>(at);
            r = sd_bus_message_append(reply, "{st}", name_of(outcome),
                                      self(userdata).parts_.exchange.tally().count(outcome));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
    }

    static int due(sd_event_source*, std::uint64_t, void* userdata) {
        self(userdata).parts_.searches.pass();
        return 0;
    }

    static const sd_bus_vtable kObject[];
};

const sd_bus_vtable DiscoveryObject::Calls::kObject[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Discover", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job),
                            Calls::discover, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Servers", "a(ssstt)", Calls::servers, 0, 0),
    SD_BUS_PROPERTY("Counters", "a{st}", Calls::counters, 0, 0),
    SD_BUS_PROPERTY("Transport", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("TransportReason", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Interfaces", "as", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Serving", "b", Calls::get, 0, 0),
    SD_BUS_PROPERTY("Name", "s", Calls::get, 0, 0),
    SD_BUS_PROPERTY("Workgroups", "as", Calls::get, 0, 0),
    SD_BUS_SIGNAL_WITH_ARGS(
        "ServerAdded", SD_BUS_ARGS("s", name, "s", address, "s", interface, "t", took, "t", heard),
        0),
    SD_BUS_SIGNAL_WITH_ARGS(
        "ServerMoved", SD_BUS_ARGS("s", name, "s", address, "s", interface, "t", took, "t", heard),
        0),
    SD_BUS_SIGNAL_WITH_ARGS("ServerRemoved", SD_BUS_ARGS("s", name), 0),
    SD_BUS_VTABLE_END,
};

DiscoveryObject::DiscoveryObject(sd_bus* bus, const Parts& parts)
  : bus_(bus)
  , parts_(parts)
  , callers_(bus, parts.gatekeeper) {}

DiscoveryObject::~DiscoveryObject() {
    parts_.searches.set_observer(nullptr);
}

Result<std::unique_ptr<DiscoveryObject>> DiscoveryObject::publish(sd_bus* bus, sd_event* loop,
                                                                  const Parts& parts) {
    std::unique_ptr<DiscoveryObject> self(new DiscoveryObject(bus, parts));
    if (auto started = self->start(loop); !started) return started.error();
    parts.searches.set_observer(self.get());
    return self;
}

Status DiscoveryObject::start(sd_event* loop) {
    sd_event_source* timer = nullptr;
    int r = sd_event_add_time(loop, &timer, CLOCK_MONOTONIC, 0, 1000, Calls::due, this);
    if (r < 0) return Error{"make", "timer", "", -r};
    timer_.reset(timer);
    sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    sd_bus_slot* slot = nullptr;
    r = sd_bus_add_object_vtable(bus_, &slot, kDiscoveryPath, kDiscoveryName, Calls::kObject, this);
    if (r < 0) return Error{"publish", kDiscoveryPath, "", -r};
    object_.reset(slot);
    r = sd_bus_add_object_manager(bus_, &slot, kDiscoveryPath);
    if (r < 0) return Error{"publish", kDiscoveryPath, "", -r};
    manager_.reset(slot);
    auto jobs = SearchObjects::publish(bus_, callers_, parts_.searches);
    if (!jobs) return jobs.error();
    jobs_ = *std::move(jobs);
    return Done{};
}

void DiscoveryObject::discover(sd_bus_message* call) {
    const auto request = read_discover_options(call);
    if (!request) return refuse(call, kInvalidParameter, request.error().message() + ".");
    callers_.ask(call, [this, request = *request](sd_bus_message* asked,
                                                  const bus::Gatekeeper::Verdict& verdict) {
        if (!verdict.allowed())
            return refuse(asked,
                          verdict.ruling == bus::Gatekeeper::Ruling::Busy
                              ? kLimitsExceeded
                              : SD_BUS_ERROR_ACCESS_DENIED,
                          verdict.reason);
        auto wanted = request;
        wanted.user = verdict.uid.value_or(0);
        const auto number = parts_.searches.begin(wanted, [this](const std::string& interface) {
            return parts_.exchange.ask(interface);
        });
        if (!number) return refuse(asked, kLimitsExceeded, number.error().message() + ".");
        sd_bus_reply_method_return(asked, "o", search_path(*number).c_str());
    });
}

void DiscoveryObject::transport_changed() {
    sd_bus_emit_properties_changed(bus_, kDiscoveryPath, kDiscoveryName, "Transport",
                                   "TransportReason", nullptr);
}

void DiscoveryObject::interfaces_changed() {
    sd_bus_emit_properties_changed(bus_, kDiscoveryPath, kDiscoveryName, "Interfaces", nullptr);
}

void DiscoveryObject::server_added(const Server& server) {
    tell_server(bus_, kDiscoveryPath, kDiscoveryName, "ServerAdded", server);
}

void DiscoveryObject::server_moved(const Server& server) {
    tell_server(bus_, kDiscoveryPath, kDiscoveryName, "ServerMoved", server);
}

void DiscoveryObject::server_gone(const Server& server) {
    sd_bus_emit_signal(bus_, kDiscoveryPath, kDiscoveryName, "ServerRemoved", "s",
                       server.name.c_str());
}

void DiscoveryObject::due_at(std::optional<std::chrono::steady_clock::time_point> when) {
    if (when) sd_event_source_set_time(timer_.get(), to_usec(*when));
    sd_event_source_set_enabled(timer_.get(), when ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

} // namespace mpapi::discovery
