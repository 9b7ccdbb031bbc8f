// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/address_objects.hpp"

#include "common/bus/child_nodes.hpp"
#include "common/bus/object_label.hpp"
#include "common/text/printable.hpp"
#include "failover/calls.hpp"
#include "failover/network_object.hpp"
#include "failover/wish_options.hpp"

#include <linux/if.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mpapi::failover {

namespace {

constexpr unsigned kCallsPerSender = 1024; // an Online waits for its probes
constexpr std::size_t kMostConnections = 65536;
constexpr std::size_t kLongestAddress = 64; // with its prefix length
// Signals of conflicts: one rival once a second, and not more than so many rivals, which one host
// may forge.
constexpr std::uint64_t kConflictsApart = 1'000'000;
constexpr unsigned kRivalsASecond = 10;

std::string path_of(const std::string& key) {
    return std::string(kAddressFolder) + "/" + bus::escape(key);
}

std::string path_of(const ManagedAddress& entry) {
    return path_of(entry.key());
}

void refuse(sd_bus_message* call, const Refused& refused) {
    failover::refuse(call, std::string(MPAPI_NETWORK_ERROR("")) + name_of(refused.kind),
                     refused.text);
}

void finish(sd_bus_message* call, const std::optional<Refused>& refused) {
    if (refused)
        refuse(call, *refused);
    else
        sd_bus_reply_method_return(call, "");
}

int append_counters(sd_bus_message* reply, const Counters& counters) {
    return sd_bus_message_append(reply, "a{st}", 6, "probes", counters.probes, "announcements",
                                 counters.announcements, "defences", counters.defences, "conflicts",
                                 counters.conflicts, "send-errors", counters.send_errors,
                                 "restored", counters.restored);
}

Result<std::vector<Connection>> read_connections(sd_bus_message* message) {
    const auto wrong = [](const char* why) { return Error{"read", "connections", why, EINVAL}; };
    std::vector<Connection> connections;
    if (sd_bus_message_enter_container(message, 'a', "(qsq)") < 0) return wrong("expected a(qsq)");
    Connection each;
    const char* peer = nullptr;
    int r = 0;
    while ((r = sd_bus_message_read(message, "(qsq)", &each.local_port, &peer, &each.peer_port)) >
           0) {
        const auto ip = Ip::parse(peer);
        if (!ip) return wrong("a peer is no address");
        if (connections.size() == kMostConnections) return wrong("there are too many");
        each.peer = *ip;
        connections.push_back(each);
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0) return wrong("expected a(qsq)");
    return connections;
}

} // namespace

const sd_bus_vtable AddressObjects::kManagerVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Online", SD_BUS_ARGS("s", address, "s", interface, "a{sv}", options),
                            SD_BUS_RESULT("o", object), AddressObjects::online,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Statistics", "a{st}", AddressObjects::statistics, 0, 0),
    SD_BUS_VTABLE_END,
};

const sd_bus_vtable AddressObjects::kAddressVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Offline", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("a(qsq)", connections), AddressObjects::offline,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Announce", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, AddressObjects::announce,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetPolicy", SD_BUS_ARGS("s", policy), SD_BUS_NO_RESULT,
                            AddressObjects::set_policy, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Tickle", SD_BUS_ARGS("a(qsq)", connections), SD_BUS_RESULT("u", sent),
                            AddressObjects::tickle, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Address", "s", AddressObjects::property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Interface", "s", AddressObjects::property, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("State", "s", AddressObjects::property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Reason", "s", AddressObjects::property, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Since", "t", AddressObjects::property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("LastConflict", "(st)", AddressObjects::property, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Options", "a{sv}", AddressObjects::property, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Counters", "a{st}", AddressObjects::property, 0, 0),
    SD_BUS_SIGNAL_WITH_ARGS("StateChanged", SD_BUS_ARGS("s", before, "s", after, "s", reason), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Conflict", SD_BUS_ARGS("s", rival, "t", time), 0),
    SD_BUS_VTABLE_END,
};

AddressObjects::AddressObjects(sd_bus* bus, bus::Gatekeeper& gatekeeper, const Wish& defaults)
  : bus_(bus)
  , gatekeeper_(gatekeeper)
  , defaults_(defaults)
  , senders_(bus, kCallsPerSender) {}

Result<std::unique_ptr<AddressObjects>>
AddressObjects::publish(sd_bus* bus, bus::Gatekeeper& gatekeeper, const Wish& defaults) {
    std::unique_ptr<AddressObjects> objects(new AddressObjects(bus, gatekeeper, defaults));
    sd_bus_slot* slots[4]{};
    int r = sd_bus_add_object_vtable(bus, &slots[0], kNetworkPath, kManagerInterface,
                                     kManagerVtable, objects.get());
    if (r >= 0)
        r = sd_bus_add_fallback_vtable(bus, &slots[1], kAddressFolder, kAddressInterface,
                                       kAddressVtable, find, objects.get());
    if (r >= 0)
        r = sd_bus_add_node_enumerator(bus, &slots[2], kAddressFolder, enumerate, objects.get());
    if (r >= 0) r = sd_bus_add_object_manager(bus, &slots[3], kNetworkPath);
    for (sd_bus_slot* const slot : slots)
        objects->slots_.emplace_back(slot);
    if (r < 0) return Error{"publish", kNetworkPath, "", -r};
    return objects;
}

Addresses::Events AddressObjects::events() {
    return {
        .added = [this](const ManagedAddress& entry) { added(entry); },
        .removed = [this](const ManagedAddress& entry) { removed(entry); },
        .changed = [this](const ManagedAddress& entry, State before) { changed(entry, before); },
        .conflict = [this](const ManagedAddress& entry,
                           const Claim& claim) { conflict(entry, claim); },
        .trouble =
            [](const Error& error) {
                std::fprintf(stderr, "ipfailoverd: %s\n", printable(error.message()).c_str());
            },
    };
}

const ManagedAddress* AddressObjects::at(const char* path) const {
    const std::size_t folder = std::strlen(kAddressFolder);
    if (!addresses_ || std::strncmp(path, kAddressFolder, folder) != 0 || path[folder] != '/')
        return nullptr;
    const auto key = bus::unescape(path + folder + 1);
    return key ? addresses_->find(*key) : nullptr;
}

int AddressObjects::find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                         sd_bus_error*) {
    const AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    if (!self.at(path)) return 0;
    *found = userdata;
    return 1;
}

int AddressObjects::enumerate(sd_bus*, const char*, void* userdata, char*** nodes, sd_bus_error*) {
    const AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    std::vector<std::string> paths;
    if (self.addresses_)
        for (const ManagedAddress* each : self.addresses_->all())
            paths.push_back(path_of(*each));
    return bus::give_child_nodes(paths, nodes);
}

// `act` is called when the caller may, however much later.
void AddressObjects::admit(sd_bus_message* message, Act act) {
    const auto call = failover::admit(senders_, message);
    if (!call) return;
    gatekeeper_.ask(message, call->admitted, kManageAction,
                    [call, act = std::move(act)](const bus::Gatekeeper::Verdict& verdict) {
                        if (verdict.allowed()) return act(call);
                        failover::refuse(call->get(), verdict);
                    });
}

int AddressObjects::online(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    const char* address = nullptr;
    const char* interface = nullptr;
    if (const int r = sd_bus_message_read(message, "ss", &address, &interface); r < 0) return r;
    // What is far too long is not repeated in an answer.
    if (std::strlen(address) > kLongestAddress || std::strlen(interface) >= IFNAMSIZ) {
        const bool first = std::strlen(address) > kLongestAddress;
        refuse(message, Refused{first ? Refusal::InvalidAddress : Refusal::NoSuchInterface,
                                first ? "That is no address." : "There is no such interface."});
        return 1;
    }
    Wanted wanted;
    wanted.wish = self.defaults_;
    wanted.interface = interface;
    const auto parsed = Prefixed::parse(address);
    if (const auto* refused = std::get_if<Refused>(&parsed)) {
        refuse(message, *refused);
        return 1;
    }
    wanted.placement.address = std::get<Prefixed>(parsed);
    if (const auto refused = read_options(message, wanted)) {
        refuse(message, *refused);
        return 1;
    }
    self.admit(message, [&self, wanted](const std::shared_ptr<Call>& call) {
        self.addresses_->online(wanted, [call](const std::variant<std::string, Refused>& answer) {
            if (const auto* refused = std::get_if<Refused>(&answer))
                return refuse(call->get(), *refused);
            const std::string path = path_of(std::get<std::string>(answer));
            sd_bus_reply_method_return(call->get(), "o", path.c_str());
        });
    });
    return 1;
}

int AddressObjects::offline(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    bool reset = true;
    if (const auto refused = read_offline_options(message, reset)) {
        refuse(message, *refused);
        return 1;
    }
    const auto key =
        bus::unescape(sd_bus_message_get_path(message) + std::strlen(kAddressFolder) + 1);
    self.admit(message, [&self, key, reset](const std::shared_ptr<Call>& call) {
        const auto ended = self.addresses_->offline(key.value_or(""), reset);
        if (const auto* refused = std::get_if<Refused>(&ended))
            return refuse(call->get(), *refused);
        sd_bus_message* raw = nullptr;
        int r = sd_bus_message_new_method_return(call->get(), &raw);
        const BusMessage reply(raw);
        if (r >= 0) r = sd_bus_message_open_container(raw, 'a', "(qsq)");
        for (const Connection& each : std::get<0>(ended))
            if (r >= 0)
                r = sd_bus_message_append(raw, "(qsq)", each.local_port, each.peer.text().c_str(),
                                          each.peer_port);
        if (r >= 0) r = sd_bus_message_close_container(raw);
        if (r >= 0) sd_bus_send(nullptr, raw, nullptr);
    });
    return 1;
}

int AddressObjects::announce(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    const auto key =
        bus::unescape(sd_bus_message_get_path(message) + std::strlen(kAddressFolder) + 1);
    self.admit(message, [&self, key](const std::shared_ptr<Call>& call) {
        finish(call->get(), self.addresses_->announce(key.value_or("")));
    });
    return 1;
}

int AddressObjects::set_policy(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    const char* name = nullptr;
    if (const int r = sd_bus_message_read(message, "s", &name); r < 0) return r;
    const auto policy = policy_named(name);
    if (!policy) {
        refuse(message, Refused{Refusal::InvalidOption, "Expected always, once or never."});
        return 1;
    }
    const auto key =
        bus::unescape(sd_bus_message_get_path(message) + std::strlen(kAddressFolder) + 1);
    self.admit(message, [&self, key, policy](const std::shared_ptr<Call>& call) {
        finish(call->get(), self.addresses_->set_policy(key.value_or(""), *policy));
    });
    return 1;
}

int AddressObjects::tickle(sd_bus_message* message, void* userdata, sd_bus_error*) {
    AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    auto connections = read_connections(message);
    if (!connections) {
        refuse(message, Refused{Refusal::InvalidOption, connections.error().message() + "."});
        return 1;
    }
    const auto key =
        bus::unescape(sd_bus_message_get_path(message) + std::strlen(kAddressFolder) + 1);
    self.admit(message, [&self, key,
                         connections = *std::move(connections)](const std::shared_ptr<Call>& call) {
        const auto sent = self.addresses_->tickle(key.value_or(""), connections);
        if (const auto* refused = std::get_if<Refused>(&sent)) return refuse(call->get(), *refused);
        sd_bus_reply_method_return(call->get(), "u", std::get<0>(sent));
    });
    return 1;
}

int AddressObjects::statistics(sd_bus*, const char*, const char*, const char*,
                               sd_bus_message* reply, void* userdata, sd_bus_error*) {
    const AddressObjects& self = *static_cast<AddressObjects*>(userdata);
    const auto told = self.addresses_ ? self.addresses_->statistics() : Addresses::Statistics();
    return sd_bus_message_append(reply, "a{st}", 3, "malformed", told.malformed, "freezes",
                                 told.freezes, "send-errors", told.send_errors);
}

int AddressObjects::property(sd_bus*, const char* path, const char*, const char* property,
                             sd_bus_message* reply, void* userdata, sd_bus_error*) {
    const ManagedAddress* const entry = static_cast<AddressObjects*>(userdata)->at(path);
    if (!entry) return -ENOENT;
    const std::string_view name = property;
    const Managed& managed = entry->managed();
    const auto text = [&](const std::string& value) {
        return sd_bus_message_append(reply, "s", printable(value).c_str());
    };
    if (name == "Address") return text(entry->wanted().placement.address.text());
    if (name == "Interface") return text(entry->wanted().interface);
    if (name == "State") return text(std::string(name_of(managed.state())));
    if (name == "Reason") return text(managed.reason());
    if (name == "Since") return sd_bus_message_append(reply, "t", entry->since());
    if (name == "Options") return append_options(reply, entry->wanted(), managed.wish());
    if (name == "Counters") return append_counters(reply, managed.counters());
    const std::string rival = managed.rival() ? managed.rival()->from.text() : "";
    return sd_bus_message_append(reply, "(st)", rival.c_str(), entry->met());
}

void AddressObjects::added(const ManagedAddress& entry) {
    if (addresses_)
        sd_bus_emit_interfaces_added(bus_, path_of(entry).c_str(), kAddressInterface, nullptr);
}

void AddressObjects::removed(const ManagedAddress& entry) {
    told_.erase(entry.key());
    sd_bus_emit_interfaces_removed(bus_, path_of(entry).c_str(), kAddressInterface, nullptr);
}

void AddressObjects::changed(const ManagedAddress& entry, State before) {
    const std::string path = path_of(entry);
    sd_bus_emit_properties_changed(bus_, path.c_str(), kAddressInterface, "Interface", "State",
                                   "Reason", "Since", "LastConflict", "Options", nullptr);
    const State after = entry.managed().state();
    if (before == after) return;
    const std::string reason = printable(entry.managed().reason());
    sd_bus_emit_signal(bus_, path.c_str(), kAddressInterface, "StateChanged", "sss",
                       std::string(name_of(before)).c_str(), std::string(name_of(after)).c_str(),
                       reason.c_str());
    const bool bad = after == State::Conflict || after == State::Failed;
    // <4> and <6>: a warning and a note, as sd-daemon(3) has it.
    std::fprintf(stderr, "<%d>%s on %s is %s%s%s\n", bad ? 4 : 6, entry.key().c_str(),
                 printable(entry.wanted().interface).c_str(), std::string(name_of(after)).c_str(),
                 reason.empty() ? "" : ": ", reason.c_str());
}

void AddressObjects::conflict(const ManagedAddress& entry, const Claim& claim) {
    Told& told = told_[entry.key()];
    const std::uint64_t time = entry.met();
    if (told.rival == claim.from && time - told.time < kConflictsApart) return;
    if (time - told.second >= kConflictsApart) {
        told.second = time;
        told.in_second = 0;
    }
    if (++told.in_second > kRivalsASecond) return;
    told.rival = claim.from;
    told.time = time;
    const std::string path = path_of(entry);
    sd_bus_emit_properties_changed(bus_, path.c_str(), kAddressInterface, "LastConflict", nullptr);
    sd_bus_emit_signal(bus_, path.c_str(), kAddressInterface, "Conflict", "st",
                       claim.from.text().c_str(), time);
}

} // namespace mpapi::failover
