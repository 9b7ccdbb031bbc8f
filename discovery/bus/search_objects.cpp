// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/bus/search_objects.hpp"

#include "common/bus/child_nodes.hpp"
#include "common/system/clock.hpp"
#include "discovery/bus/names.hpp"
#include "discovery/bus/server_values.hpp"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

namespace {

std::string folder() {
    return std::string(kDiscoveryPath) + "/job";
}

// The number in ".../job/3", written as search_path() does.
std::optional<std::uint64_t> number_in(std::string_view path) {
    const std::string before = folder() + "/";
    if (!path.starts_with(before)) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + before.size(), end, number);
    if (parsed.ec != std::errc() || search_path(number) != path) return std::nullopt;
    return number;
}

} // namespace

std::string search_path(std::uint64_t number) {
    return folder() + "/" + std::to_string(number);
}

// What sd-bus calls.
struct SearchObjects::Calls {
    static SearchObjects& self(void* userdata) { return *static_cast<SearchObjects*>(userdata); }

    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) {
        const auto number = number_in(path);
        self(userdata).found_ = number ? self(userdata).searches_.find(*number) : nullptr;
        if (self(userdata).found_ == nullptr) return 0;
        *found = userdata;
        return 1;
    }

    static int cancel(sd_bus_message* call, void* userdata, sd_bus_error*) {
        self(userdata).cancel(call, self(userdata).found_->number);
        return 1;
    }

    static int get(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) {
        const Search& search = *self(userdata).found_;
        const std::string_view name = property;
        if (name == "Kind") return sd_bus_message_append(reply, "s", "discover");
        if (name == "State") return sd_bus_message_append(reply, "s", name_of(search.state));
        if (name == "Error")
            return sd_bus_message_append(
                reply, "s", search.state == Search::State::Failed ? kSearchFailed : "");
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
        self(userdata).searches_.for_each(
            [&](const Search& search) { paths.push_back(search_path(search.number)); });
        return bus::give_child_nodes(paths, nodes);
    }

    static const sd_bus_vtable kJob[];
};

const sd_bus_vtable SearchObjects::Calls::kJob[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Kind", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Interface", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Error", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Message", "s", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Found", "u", Calls::get, 0, 0),
    SD_BUS_PROPERTY("StartedAt", "t", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("User", "u", Calls::get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Cancel", "", "", Calls::cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS(
        "ServerAnswered",
        SD_BUS_ARGS("s", name, "s", address, "s", interface, "t", took, "t", heard), 0),
    SD_BUS_VTABLE_END,
};

SearchObjects::SearchObjects(sd_bus* bus, Callers& callers, Searches& searches)
  : bus_(bus)
  , callers_(callers)
  , searches_(searches) {}

Result<std::unique_ptr<SearchObjects>> SearchObjects::publish(sd_bus* bus, Callers& callers,
                                                              Searches& searches) {
    std::unique_ptr<SearchObjects> self(new SearchObjects(bus, callers, searches));
    if (auto started = self->start(); !started) return started.error();
    return self;
}

Status SearchObjects::start() {
    sd_bus_slot* slot = nullptr;
    int r = sd_bus_add_fallback_vtable(bus_, &slot, folder().c_str(), kJobInterface, Calls::kJob,
                                       Calls::find, this);
    if (r < 0) return Error{"publish", folder(), "", -r};
    objects_.reset(slot);
    r = sd_bus_add_node_enumerator(bus_, &slot, folder().c_str(), Calls::children, this);
    if (r < 0) return Error{"publish", folder(), "", -r};
    enumerator_.reset(slot);
    return Done{};
}

// By who may begin one, and by who began this one.
void SearchObjects::cancel(sd_bus_message* call, std::uint64_t number) {
    callers_.ask(call,
                 [this, number](sd_bus_message* asked, const bus::Gatekeeper::Verdict& verdict) {
                     const bool known = verdict.allowed() || verdict.uid.has_value();
                     const Status canceled =
                         known ? searches_.cancel(number, verdict.allowed() ? 0 : *verdict.uid)
                               : Status(Error{"cancel", "search", verdict.reason, EACCES});
                     if (canceled) {
                         sd_bus_reply_method_return(asked, "");
                     } else if (canceled.error().errnum == EACCES) {
                         refuse(asked, SD_BUS_ERROR_ACCESS_DENIED, verdict.reason);
                     } else {
                         refuse(asked, kObjectNotFound, "The job is gone.");
                     }
                 });
}

void SearchObjects::added(const Search& search) {
    sd_bus_emit_interfaces_added(bus_, search_path(search.number).c_str(), kJobInterface, nullptr);
}

void SearchObjects::changed(const Search& search) {
    if (search.state == Search::State::Running) return; // "Found" is not signalled
    sd_bus_emit_properties_changed(bus_, search_path(search.number).c_str(), kJobInterface, "State",
                                   "Error", "Message", nullptr);
}

void SearchObjects::removed(const Search& search) {
    sd_bus_emit_interfaces_removed(bus_, search_path(search.number).c_str(), kJobInterface,
                                   nullptr);
}

void SearchObjects::answered(const Search& search, const Server& server) {
    tell_server(bus_, search_path(search.number).c_str(), kJobInterface, "ServerAnswered", server);
}

} // namespace mpapi::discovery
