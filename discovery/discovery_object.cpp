// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/discovery_object.hpp"

#include "common/system/clock.hpp"
#include "discovery/network/ipv4.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace mpapi::discovery {

namespace {

#define MPAPI_ERROR(name) "org.mpapi.Discovery1.Error." name

constexpr std::uint32_t kShortest = 100, kLongest = 60'000; // ms
constexpr unsigned kCallsPerSender = 32;
constexpr char kServer[] = "ssstt"; // name, address, interface, took, heard

void refuse(sd_bus_message* call, const char* name, const std::string& text) {
    const sd_bus_error error{name, text.c_str(), 0};
    sd_bus_reply_method_error(call, &error); // a caller that is gone needs no answer
}

std::string folder() {
    return std::string(kDiscoveryPath) + "/job";
}

std::string path_of(std::uint64_t number) {
    return folder() + "/" + std::to_string(number);
}

// The number in ".../job/3", written as path_of() does.
std::optional<std::uint64_t> number_in(std::string_view path) {
    const std::string before = folder() + "/";
    if (!path.starts_with(before)) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + before.size(), end, number);
    if (parsed.ec != std::errc() || path_of(number) != path) return std::nullopt;
    return number;
}

int append_server(sd_bus_message* message, const Server& server) {
    return sd_bus_message_append(message, kServer, server.name.c_str(),
                                 ipv4_text(server.address).c_str(), server.interface.c_str(),
                                 static_cast<std::uint64_t>(server.took.count()),
                                 static_cast<std::uint64_t>(to_time(server.heard)));
}

// What does not come from the network is plain ASCII, or was let in as such by the kernel.
template <typename Each>
int append_texts(sd_bus_message* message, const Each& for_each) {
    int r = sd_bus_message_open_container(message, 'a', "s");
    for_each([&](const std::string& text) {
        if (r >= 0) r = sd_bus_message_append(message, "s", text.c_str());
    });
    return r < 0 ? r : sd_bus_message_close_container(message);
}

// {timeout, interface}; what is not known is a mistake of the caller.
Result<Searches::Request> read_options(sd_bus_message* call) {
    Searches::Request request;
    const auto wrong = [](const std::string& option, const char* why) {
        return Error{"use", "option \"" + option + "\"", why, EINVAL};
    };
    if (const int r = sd_bus_message_enter_container(call, 'a', "{sv}"); r < 0)
        return Error{"read", "call", "", -r};
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (const int r = sd_bus_message_read(call, "s", &name); r < 0)
            return Error{"read", "call", "", -r};
        const std::string option = name;
        if (option == "timeout") {
            std::uint32_t ms = 0;
            if (sd_bus_message_read(call, "v", "u", &ms) < 0 || ms < kShortest || ms > kLongest)
                return wrong(option, "expected a uint32 of 100 to 60000 milliseconds");
            request.timeout = std::chrono::milliseconds(ms);
        } else if (option == "interface") {
            const char* interface = nullptr;
            if (sd_bus_message_read(call, "v", "s", &interface) < 0)
                return wrong(option, "expected a string");
            request.interface = interface;
        } else {
            return wrong(option, "there are \"interface\" and \"timeout\"");
        }
        sd_bus_message_exit_container(call);
    }
    return request;
}

} // namespace

// A call that is not answered yet.
struct DiscoveryObject::Waiting {
    BusMessage message;
    bus::Senders::Call admitted;
};

// What sd-bus calls.
struct DiscoveryObject::Calls {
    static DiscoveryObject& self(void* userdata) {
        return *static_cast<DiscoveryObject*>(userdata);
    }

    static int discover(sd_bus_message* call, void* userdata, sd_bus_error*) {
        self(userdata).discover(call);
        return 1;
    }

    static int cancel(sd_bus_message* call, void* userdata, sd_bus_error*) {
        self(userdata).cancel(call, self(userdata).found_->number);
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
            if (r >= 0) r = sd_bus_message_open_container(reply, 'r', kServer);
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

    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) {
        const auto number = number_in(path);
        self(userdata).found_ = number ? self(userdata).parts_.searches.find(*number) : nullptr;
        if (self(userdata).found_ == nullptr) return 0;
        *found = userdata;
        return 1;
    }

    static int get_of_job(sd_bus*, const char*, const char*, const char* property,
                          sd_bus_message* reply, void* userdata, sd_bus_error*) {
        const Search& search = *self(userdata).found_;
        const std::string_view name = property;
        if (name == "Kind") return sd_bus_message_append(reply, "s", "discover");
        if (name == "State") return sd_bus_message_append(reply, "s", name_of(search.state));
        if (name == "Error")
            return sd_bus_message_append(
                reply, "s", search.state == Search::State::Failed ? MPAPI_ERROR("Failed") : "");
        if (name == "Message") return sd_bus_message_append(reply, "s", search.message.c_str());
        if (name == "Found")
            return sd_bus_message_append(reply, "u", static_cast<std::uint32_t>(search.found));
        if (name == "Interface") return sd_bus_message_append(reply, "s", search.interface.c_str());
        if (name == "StartedAt")
            return sd_bus_message_append(reply, "t",
                                         static_cast<std::uint64_t>(to_time(search.began_at)));
        if (name == "User") return sd_bus_message_append(reply, "u", search.user);
        return -ENOENT;
    }

    static int children(sd_bus*, const char*, void* userdata, char*** nodes, sd_bus_error*) {
        std::vector<std::string> paths;
        self(userdata).parts_.searches.for_each(
            [&](const Search& search) { paths.push_back(path_of(search.number)); });
        auto** list = static_cast<char**>(std::calloc(paths.size() + 1, sizeof(char*)));
        if (!list) return -ENOMEM;
        for (std::size_t at = 0; at < paths.size(); ++at) {
            list[at] = strdup(paths[at].c_str());
            if (list[at]) continue;
            for (char** each = list; *each; ++each)
                std::free(*each);
            std::free(list);
            return -ENOMEM;
        }
        *nodes = list;
        return 0;
    }

    static int due(sd_event_source*, std::uint64_t, void* userdata) {
        self(userdata).parts_.searches.pass();
        return 0;
    }

    static const sd_bus_vtable kObject[];
    static const sd_bus_vtable kJob[];
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

const sd_bus_vtable DiscoveryObject::Calls::kJob[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Kind", "s", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Interface", "s", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "s", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Error", "s", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Message", "s", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Found", "u", Calls::get_of_job, 0, 0),
    SD_BUS_PROPERTY("StartedAt", "t", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("User", "u", Calls::get_of_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Cancel", "", "", Calls::cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS(
        "ServerAnswered",
        SD_BUS_ARGS("s", name, "s", address, "s", interface, "t", took, "t", heard), 0),
    SD_BUS_VTABLE_END,
};

DiscoveryObject::DiscoveryObject(sd_bus* bus, const Parts& parts)
  : bus_(bus)
  , parts_(parts)
  , senders_(bus, kCallsPerSender) {}

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
    r = sd_bus_add_fallback_vtable(bus_, &slot, folder().c_str(), kJobInterface, Calls::kJob,
                                   Calls::find, this);
    if (r < 0) return Error{"publish", folder(), "", -r};
    jobs_.reset(slot);
    r = sd_bus_add_node_enumerator(bus_, &slot, folder().c_str(), Calls::children, this);
    if (r < 0) return Error{"publish", folder(), "", -r};
    enumerator_.reset(slot);
    return Done{};
}

void DiscoveryObject::discover(sd_bus_message* call) {
    const auto request = read_options(call);
    if (!request)
        return refuse(call, MPAPI_ERROR("InvalidParameter"), request.error().message() + ".");
    auto admitted = senders_.admit(call);
    if (!admitted)
        return refuse(call, MPAPI_ERROR("LimitsExceeded"),
                      "Too many calls are unanswered; try again.");
    const auto waiting = std::make_shared<Waiting>(
        Waiting{BusMessage(sd_bus_message_ref(call)), std::move(*admitted)});
    parts_.gatekeeper.ask(
        call, waiting->admitted, kDiscoverAction,
        [this, waiting, request = *request](const bus::Gatekeeper::Verdict& verdict) {
            using Ruling = bus::Gatekeeper::Ruling;
            if (!verdict.allowed())
                return refuse(waiting->message.get(),
                              verdict.ruling == Ruling::Busy ? MPAPI_ERROR("LimitsExceeded")
                                                             : SD_BUS_ERROR_ACCESS_DENIED,
                              verdict.reason);
            auto wanted = request;
            wanted.user = verdict.uid.value_or(0);
            const auto number = parts_.searches.begin(wanted, [this](const std::string& interface) {
                return parts_.exchange.ask(interface);
            });
            if (!number)
                return refuse(waiting->message.get(), MPAPI_ERROR("LimitsExceeded"),
                              number.error().message() + ".");
            sd_bus_reply_method_return(waiting->message.get(), "o", path_of(*number).c_str());
        });
}

void DiscoveryObject::cancel(sd_bus_message* call, std::uint64_t number) {
    auto admitted = senders_.admit(call);
    if (!admitted)
        return refuse(call, MPAPI_ERROR("LimitsExceeded"),
                      "Too many calls are unanswered; try again.");
    const auto waiting = std::make_shared<Waiting>(
        Waiting{BusMessage(sd_bus_message_ref(call)), std::move(*admitted)});
    parts_.gatekeeper.ask(
        call, waiting->admitted, kDiscoverAction,
        [this, waiting, number](const bus::Gatekeeper::Verdict& verdict) {
            const bool known = verdict.allowed() || verdict.uid.has_value();
            const Status canceled =
                known ? parts_.searches.cancel(number, verdict.allowed() ? 0 : *verdict.uid)
                      : Status(Error{"cancel", "search", verdict.reason, EACCES});
            if (canceled) {
                sd_bus_reply_method_return(waiting->message.get(), "");
            } else if (canceled.error().errnum == EACCES) {
                refuse(waiting->message.get(), SD_BUS_ERROR_ACCESS_DENIED, verdict.reason);
            } else {
                refuse(waiting->message.get(), MPAPI_ERROR("ObjectNotFound"), "The job is gone.");
            }
        });
}

void DiscoveryObject::transport_changed() {
    sd_bus_emit_properties_changed(bus_, kDiscoveryPath, kDiscoveryName, "Transport",
                                   "TransportReason", nullptr);
}

void DiscoveryObject::interfaces_changed() {
    sd_bus_emit_properties_changed(bus_, kDiscoveryPath, kDiscoveryName, "Interfaces", nullptr);
}

void DiscoveryObject::tell(const char* path, const char* interface, const char* signal,
                           const Server& server) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_signal(bus_, &raw, path, interface, signal) < 0) return;
    const BusMessage message(raw);
    if (append_server(raw, server) >= 0) sd_bus_send(bus_, raw, nullptr);
}

void DiscoveryObject::search_added(const Search& search) {
    sd_bus_emit_interfaces_added(bus_, path_of(search.number).c_str(), kJobInterface, nullptr);
}

void DiscoveryObject::search_changed(const Search& search) {
    if (search.state == Search::State::Running) return; // "Found" is not signalled
    sd_bus_emit_properties_changed(bus_, path_of(search.number).c_str(), kJobInterface, "State",
                                   "Error", "Message", nullptr);
}

void DiscoveryObject::search_removed(const Search& search) {
    sd_bus_emit_interfaces_removed(bus_, path_of(search.number).c_str(), kJobInterface, nullptr);
}

void DiscoveryObject::server_answered(const Search& search, const Server& server) {
    tell(path_of(search.number).c_str(), kJobInterface, "ServerAnswered", server);
}

void DiscoveryObject::server_added(const Server& server) {
    tell(kDiscoveryPath, kDiscoveryName, "ServerAdded", server);
}

void DiscoveryObject::server_moved(const Server& server) {
    tell(kDiscoveryPath, kDiscoveryName, "ServerMoved", server);
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
