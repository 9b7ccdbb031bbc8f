// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/client/service.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

namespace mpapi::failover::client {

namespace {

using nlohmann::json;

constexpr char kName[] = "org.mpapi.Network1";
constexpr char kPath[] = "/org/mpapi/Network1";
constexpr char kManager[] = "org.mpapi.Network1.Addresses";
constexpr char kAddress[] = "org.mpapi.Network1.Address";
// Conflict detection that has to wait RATE_LIMIT_INTERVAL, and a person who types a password.
constexpr std::uint64_t kPatience = 360'000'000;
constexpr int kDeepest = 16; // of values in values

Failure failed(int r) {
    return {"", std::strerror(-r)};
}

// The next value, whatever its type; null where there is none that is understood.
json read_value(sd_bus_message* message, int depth = 0) {
    char type = 0;
    const char* contents = nullptr;
    if (depth > kDeepest || sd_bus_message_peek_type(message, &type, &contents) <= 0) return {};
    const auto number = [&](auto value) {
        return sd_bus_message_read_basic(message, type, &value) > 0 ? json(value) : json();
    };
    switch (type) {
    case 's':
    case 'o':
    case 'g': {
        const char* text = nullptr;
        return sd_bus_message_read_basic(message, type, &text) > 0 ? json(text) : json();
    }
    case 'b': {
        int flag = 0;
        return sd_bus_message_read_basic(message, type, &flag) > 0 ? json(flag != 0) : json();
    }
    case 'q':
        return number(std::uint16_t{});
    case 'u':
        return number(std::uint32_t{});
    case 't':
        return number(std::uint64_t{});
    case 'v':
    case 'a':
    case 'r':
        break;
    default:
        sd_bus_message_skip(message, nullptr);
        return {};
    }
    const bool dictionary = type == 'a' && contents[0] == '{';
    json value = dictionary ? json::object() : json::array();
    if (sd_bus_message_enter_container(message, type, contents) <= 0) return {};
    if (type == 'v') {
        value = read_value(message, depth + 1);
    } else {
        while (sd_bus_message_at_end(message, 0) == 0) {
            if (!dictionary) {
                json each = read_value(message, depth + 1);
                if (each.is_null()) return {};
                value.push_back(std::move(each));
                continue;
            }
            if (sd_bus_message_enter_container(message, 'e', nullptr) <= 0) return {};
            const json key = read_value(message, depth + 1);
            if (!key.is_string()) return {};
            value[key.get<std::string>()] = read_value(message, depth + 1);
            if (sd_bus_message_exit_container(message) < 0) return {};
        }
    }
    return sd_bus_message_exit_container(message) < 0 ? json() : value;
}

int append(sd_bus_message* message, const Option& option) {
    const char* const name = option.name.c_str();
    if (const auto* text = std::get_if<std::string>(&option.value))
        return sd_bus_message_append(message, "{sv}", name, "s", text->c_str());
    if (const auto* number = std::get_if<std::uint32_t>(&option.value))
        return sd_bus_message_append(message, "{sv}", name, "u", *number);
    if (const auto* flag = std::get_if<bool>(&option.value))
        return sd_bus_message_append(message, "{sv}", name, "b", *flag ? 1 : 0);
    const auto& numbers = std::get<std::vector<std::uint32_t>>(option.value);
    int r = sd_bus_message_open_container(message, 'e', "sv");
    if (r >= 0) r = sd_bus_message_append(message, "s", name);
    if (r >= 0) r = sd_bus_message_open_container(message, 'v', "au");
    if (r >= 0)
        r = sd_bus_message_append_array(message, 'u', numbers.data(),
                                        numbers.size() * sizeof numbers[0]);
    if (r >= 0) r = sd_bus_message_close_container(message);
    return r >= 0 ? sd_bus_message_close_container(message) : r;
}

// A signal of one of our objects; false where it says nothing of one.
bool read_event(sd_bus_message* message, json& event) {
    const std::string member = sd_bus_message_get_member(message);
    event = {{"path", sd_bus_message_get_path(message)}, {"signal", member}};
    json body = json::array();
    while (sd_bus_message_at_end(message, 1) == 0) {
        json each = read_value(message);
        if (each.is_null()) return false;
        body.push_back(std::move(each));
    }
    const std::size_t size = body.size();
    if (member == "PropertiesChanged" && size >= 2 && body[0] == kAddress) {
        event["properties"] = body[1];
        return true;
    }
    if (member == "StateChanged" && size == 3) {
        event.update({{"before", body[0]}, {"after", body[1]}, {"reason", body[2]}});
        return true;
    }
    if (member == "Conflict" && size == 2) {
        event.update({{"rival", body[0]}, {"time", body[1]}});
        return true;
    }
    if ((member == "InterfacesAdded" || member == "InterfacesRemoved") && size == 2) {
        event["path"] = body[0];
        if (member == "InterfacesAdded" && body[1].contains(kAddress))
            event["properties"] = body[1][kAddress];
        return true;
    }
    return false;
}

} // namespace

Exit Failure::exit() const {
    constexpr std::string_view own = "org.mpapi.Network1.Error.";
    static constexpr std::pair<std::string_view, Exit> known[] = {
        {"InvalidAddress", exit_usage},       {"InvalidPrefix", exit_usage},
        {"NetworkAddress", exit_usage},       {"BroadcastAddress", exit_usage},
        {"MulticastAddress", exit_usage},     {"InvalidOption", exit_usage},
        {"HostsOwn", exit_already_managed},   {"AlreadyManaged", exit_already_managed},
        {"NotManaged", exit_not_managed},     {"NoSuchInterface", exit_no_interface},
        {"NoInterface", exit_no_interface},   {"WrongInterface", exit_no_interface},
        {"InterfaceDown", exit_no_interface}, {"Conflict", exit_conflict},
        {"InvalidParameter", exit_usage},
    };
    if (name.starts_with(own))
        for (const auto& [last, exit] : known)
            if (std::string_view(name).substr(own.size()) == last) return exit;
    if (name == SD_BUS_ERROR_ACCESS_DENIED) return exit_no_permission;
    if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
        name == SD_BUS_ERROR_NO_REPLY || name == "org.mpapi.Network1.NoBus" ||
        name == "org.freedesktop.DBus.Error.TimedOut" || // the bus waits no longer for its start
        name.starts_with("org.freedesktop.DBus.Error.Spawn") ||
        name.starts_with("org.freedesktop.systemd1."))
        return exit_no_daemon;
    if (name == SD_BUS_ERROR_UNKNOWN_OBJECT) return exit_not_managed;
    return exit_failed;
}

Reply<Service> Service::connect() {
    sd_bus* raw = nullptr;
    if (const int r = sd_bus_open_system(&raw); r < 0)
        return Failure{"org.mpapi.Network1.NoBus",
                       std::string("The system bus is not reached: ") + std::strerror(-r)};
    Bus bus(raw);
    sd_bus_set_allow_interactive_authorization(raw, 1);
    return Service(std::move(bus));
}

BusMessage Service::method(const std::string& path, const char* interface, const char* name) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_method_call(bus_.get(), &raw, kName, path.c_str(), interface, name) < 0)
        return nullptr;
    return BusMessage(raw);
}

Reply<BusMessage> Service::call(sd_bus_message* message) {
    if (!message) return Failure{"", "The call could not be made."};
    sd_bus_error error{};
    sd_bus_message* raw = nullptr;
    const int r = sd_bus_call(bus_.get(), message, kPatience, &error, &raw);
    Failure failure;
    if (r < 0)
        failure = {error.name ? error.name : "", error.message ? error.message : std::strerror(-r)};
    sd_bus_error_free(&error);
    if (r < 0) return failure;
    return BusMessage(raw);
}

Reply<std::string> Service::online(const std::string& address, const std::string& interface,
                                   const std::vector<Option>& options) {
    const BusMessage message = method(kPath, kManager, "Online");
    int r = message ? sd_bus_message_append(message.get(), "ss", address.c_str(), interface.c_str())
                    : -ENOMEM;
    if (r >= 0) r = sd_bus_message_open_container(message.get(), 'a', "{sv}");
    for (const Option& each : options)
        if (r >= 0) r = append(message.get(), each);
    if (r >= 0) r = sd_bus_message_close_container(message.get());
    if (r < 0) return failed(r);
    auto reply = call(message.get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    const char* path = nullptr;
    r = sd_bus_message_read(std::get<BusMessage>(reply).get(), "o", &path);
    if (r < 0) return failed(r);
    return std::string(path);
}

Reply<std::vector<Peer>> Service::offline(const std::string& path, bool reset) {
    const BusMessage message = method(path, kAddress, "Offline");
    // Nothing where it is the default: an older daemon knows no options.
    if (message && reset) sd_bus_message_append(message.get(), "a{sv}", 0);
    if (message && !reset) sd_bus_message_append(message.get(), "a{sv}", 1, "reset", "b", 0);
    auto reply = call(message.get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    sd_bus_message* const answer = std::get<BusMessage>(reply).get();
    std::vector<Peer> peers;
    int r = sd_bus_message_enter_container(answer, 'a', "(qsq)");
    Peer each;
    const char* address = nullptr;
    while (r >= 0 &&
           (r = sd_bus_message_read(answer, "(qsq)", &each.local_port, &address, &each.port)) > 0) {
        each.address = address;
        peers.push_back(each);
    }
    if (r < 0) return failed(r);
    return peers;
}

Reply<std::monostate> Service::announce(const std::string& path) {
    auto reply = call(method(path, kAddress, "Announce").get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    return std::monostate();
}

Reply<std::monostate> Service::set_policy(const std::string& path, const std::string& policy) {
    const BusMessage message = method(path, kAddress, "SetPolicy");
    if (message) sd_bus_message_append(message.get(), "s", policy.c_str());
    auto reply = call(message.get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    return std::monostate();
}

Reply<std::uint32_t> Service::tickle(const std::string& path, const std::vector<Peer>& peers) {
    const BusMessage message = method(path, kAddress, "Tickle");
    int r = message ? sd_bus_message_open_container(message.get(), 'a', "(qsq)") : -ENOMEM;
    for (const Peer& each : peers)
        if (r >= 0)
            r = sd_bus_message_append(message.get(), "(qsq)", each.local_port, each.address.c_str(),
                                      each.port);
    if (r >= 0) r = sd_bus_message_close_container(message.get());
    if (r < 0) return failed(r);
    auto reply = call(message.get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    std::uint32_t sent = 0;
    r = sd_bus_message_read(std::get<BusMessage>(reply).get(), "u", &sent);
    if (r < 0) return failed(r);
    return sent;
}

Reply<json> Service::addresses() {
    auto reply =
        call(method(kPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    const json objects = read_value(std::get<BusMessage>(reply).get());
    json addresses = json::object();
    for (const auto& [path, interfaces] : objects.items())
        if (interfaces.contains(kAddress)) addresses[path] = interfaces[kAddress];
    return addresses;
}

Reply<json> Service::adapters() {
    auto reply = call(method(kPath, "org.mpapi.Network1.Adapters", "List").get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    return read_value(std::get<BusMessage>(reply).get());
}

Reply<std::vector<Judgement>> Service::judge(const std::vector<Packet>& packets) {
    const BusMessage message = method(kPath, "org.mpapi.Network1.Firewall", "Judge");
    int r = message ? sd_bus_message_open_container(message.get(), 'a', "(ssssq)") : -ENOMEM;
    for (const Packet& each : packets)
        if (r >= 0)
            r = sd_bus_message_append(message.get(), "(ssssq)", each.adapter.c_str(),
                                      each.source.c_str(), each.destination.c_str(),
                                      each.protocol.c_str(), each.port);
    if (r >= 0) r = sd_bus_message_close_container(message.get());
    if (r < 0) return failed(r);
    auto reply = call(message.get());
    if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
    sd_bus_message* const answer = std::get<BusMessage>(reply).get();
    std::vector<Judgement> judgements;
    int allowed = 0;
    const char* reason = nullptr;
    r = sd_bus_message_enter_container(answer, 'a', "(bs)");
    while (r >= 0 && (r = sd_bus_message_read(answer, "(bs)", &allowed, &reason)) > 0)
        judgements.push_back({allowed != 0, reason});
    if (r >= 0 && judgements.size() != packets.size()) r = -EBADMSG;
    if (r < 0) return failed(r);
    return judgements;
}

Reply<std::monostate> Service::watch(const std::function<bool()>& begun,
                                     const std::function<bool(const json&)>& event) {
    const std::string rule =
        std::string("type='signal',sender='") + kName + "',path_namespace='" + kPath + "'";
    int r = sd_bus_add_match(bus_.get(), nullptr, rule.c_str(), nullptr, nullptr);
    if (r < 0) return failed(r);
    if (!begun()) return std::monostate();
    for (;;) {
        sd_bus_message* raw = nullptr;
        r = sd_bus_process(bus_.get(), &raw);
        const BusMessage message(raw);
        if (r < 0) return failed(r);
        if (message && sd_bus_message_is_signal(raw, nullptr, nullptr) > 0) {
            json told;
            if (read_event(raw, told) && !event(told)) return std::monostate();
        }
        if (r == 0 && (r = sd_bus_wait(bus_.get(), UINT64_MAX)) < 0 && r != -EINTR)
            return failed(r);
    }
}

} // namespace mpapi::failover::client
