// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/firewall/firewalld.hpp"

#include "common/system/handle.hpp"

#include <cerrno>
#include <deque>
#include <set>
#include <string_view>

namespace mpapi::node::firewall {

namespace {

constexpr char kName[] = "org.fedoraproject.FirewallD1";
constexpr char kPath[] = "/org/fedoraproject/FirewallD1";
constexpr char kZone[] = "org.fedoraproject.FirewallD1.zone";
constexpr std::size_t kMostCalls = 2048; // of one question
constexpr std::size_t kMostItems = 4096; // of one list

// Settings of a zone or of a service; what is not there is empty.
struct Settings {
    std::map<std::string, std::vector<std::string>> lists;
    std::map<std::string, std::string> texts;
    std::map<std::string, bool> switches;
    Ports ports;
    bool destination = false; // for some addresses only
};

int read_texts(sd_bus_message* from, std::vector<std::string>& to) {
    int r = sd_bus_message_enter_container(from, 'a', "s");
    const char* text = nullptr;
    while (r > 0 && (r = sd_bus_message_read(from, "s", &text)) > 0)
        if (to.size() < kMostItems) to.emplace_back(text);
    return r < 0 ? r : sd_bus_message_exit_container(from);
}

int read_ports(sd_bus_message* from, Ports& to) {
    int r = sd_bus_message_enter_container(from, 'a', "(ss)");
    const char* port = nullptr;
    const char* protocol = nullptr;
    while (r > 0 && (r = sd_bus_message_read(from, "(ss)", &port, &protocol)) > 0)
        if (to.size() < kMostItems) to.emplace_back(port, protocol);
    return r < 0 ? r : sd_bus_message_exit_container(from);
}

int read_setting(sd_bus_message* from, const std::string& key, std::string_view type,
                 Settings& to) {
    int r = sd_bus_message_enter_container(from, 'v', std::string(type).c_str());
    if (r < 0) return r;
    if (type == "as") {
        r = read_texts(from, to.lists[key]);
    } else if (type == "a(ss)") {
        Ports ports; // there are those by source, too
        r = read_ports(from, key == "ports" ? to.ports : ports);
    } else if (type == "s") {
        const char* text = nullptr;
        r = sd_bus_message_read(from, "s", &text);
        if (r > 0) to.texts[key] = text;
    } else if (type == "b") {
        int value = 0;
        r = sd_bus_message_read(from, "b", &value);
        to.switches[key] = value != 0;
    } else {
        if (key == "destination") {
            const std::string content(type.substr(1));
            r = sd_bus_message_enter_container(from, 'a', content.c_str());
            if (r > 0) to.destination = sd_bus_message_at_end(from, 0) == 0;
            while (r > 0 && sd_bus_message_at_end(from, 0) == 0)
                r = sd_bus_message_skip(from, content.c_str());
            if (r >= 0) r = sd_bus_message_exit_container(from);
        } else {
            r = sd_bus_message_skip(from, std::string(type).c_str());
        }
    }
    return r < 0 ? r : sd_bus_message_exit_container(from);
}

Result<Settings> read_settings(sd_bus_message* from) {
    Settings settings;
    int r = sd_bus_message_enter_container(from, 'a', "{sv}");
    while (r > 0 && (r = sd_bus_message_enter_container(from, 'e', "sv")) > 0) {
        const char* key = nullptr;
        const char* type = nullptr;
        r = sd_bus_message_read(from, "s", &key);
        if (r > 0) r = sd_bus_message_peek_type(from, nullptr, &type);
        if (r > 0) r = read_setting(from, key, type, settings);
        if (r >= 0) r = sd_bus_message_exit_container(from);
        if (r >= 0) r = 1;
    }
    if (r < 0) return Error{"read", "answer of firewalld", "", -r};
    return settings;
}

} // namespace

struct Firewalld::Question {
    struct Call {
        const char* destination;
        const char* path;
        const char* interface;
        const char* method;
        std::optional<std::string> argument;
        // False: the answer is none.
        std::function<bool(Question&, sd_bus_message*)> read;
    };

    Firewalld& owner;
    Then then;
    std::deque<Call> calls;
    std::size_t made = 0;
    BusSlot slot;
    std::string default_zone;
    std::map<std::string, std::string> zone_of; // by adapter
    std::map<std::string, Settings> zones, services;
    bool panic = false;
    bool runs = true;

    void ask(const char* interface, const char* method, std::optional<std::string> argument,
             std::function<bool(Question&, sd_bus_message*)> read) {
        calls.push_back({kName, kPath, interface, method, std::move(argument), std::move(read)});
    }
    void ask_zone(const std::string& name);
    void ask_service(const std::string& name);
    void add_service(const std::string& name, Zone& zone, std::set<std::string>& seen) const;
    Zones found() const;
};

void Firewalld::Question::ask_zone(const std::string& name) {
    if (!zones.emplace(name, Settings()).second) return;
    ask(kZone, "getZoneSettings2", name, [name](Question& self, sd_bus_message* reply) {
        auto settings = read_settings(reply);
        if (!settings) return false;
        for (const std::string& service : settings->lists["services"])
            self.ask_service(service);
        self.zones[name] = *std::move(settings);
        return true;
    });
}

void Firewalld::Question::ask_service(const std::string& name) {
    if (!services.emplace(name, Settings()).second) return;
    ask(kName, "getServiceSettings2", name, [name](Question& self, sd_bus_message* reply) {
        auto settings = read_settings(reply);
        if (!settings) return false;
        for (const std::string& included : settings->lists["includes"])
            self.ask_service(included);
        self.services[name] = *std::move(settings);
        return true;
    });
}

void Firewalld::Question::add_service(const std::string& name, Zone& zone,
                                      std::set<std::string>& seen) const {
    // One by one: services may include each other.
    std::deque<std::string> names{name};
    while (!names.empty()) {
        const std::string each = names.front();
        names.pop_front();
        const auto found = services.find(each);
        if (found == services.end() || !seen.insert(each).second) continue;
        const Settings& settings = found->second;
        if (!settings.destination)
            zone.ports.insert(zone.ports.end(), settings.ports.begin(), settings.ports.end());
        if (const auto more = settings.lists.find("includes"); more != settings.lists.end())
            names.insert(names.end(), more->second.begin(), more->second.end());
    }
}

Zones Firewalld::Question::found() const {
    Zones all;
    all.panic = panic;
    for (const auto& [adapter, name] : zone_of) {
        const Settings& settings = zones.at(name);
        const auto list = [&](const char* key) {
            const auto at = settings.lists.find(key);
            return at == settings.lists.end() ? std::vector<std::string>() : at->second;
        };
        Zone zone;
        zone.name = name;
        const auto target = settings.texts.find("target");
        zone.target = target == settings.texts.end() ? "default" : target->second;
        zone.ports = settings.ports;
        zone.protocols = list("protocols");
        zone.icmp_blocks = list("icmp_blocks");
        const auto inversion = settings.switches.find("icmp_block_inversion");
        zone.icmp_block_inversion = inversion != settings.switches.end() && inversion->second;
        zone.rich_rules = list("rules_str");
        std::set<std::string> seen;
        for (const std::string& service : list("services"))
            add_service(service, zone, seen);
        all.by_adapter.emplace(adapter, std::move(zone));
    }
    return all;
}

Firewalld::Firewalld(sd_bus* bus)
  : bus_(bus) {}

Firewalld::~Firewalld() = default;

void Firewalld::ask(const std::vector<std::string>& adapters, Then then) {
    Question& question =
        open_.emplace_back(Question{*this, std::move(then), {}, 0, {}, {}, {}, {}, {}});
    question.calls.push_back({"org.freedesktop.DBus", "/org/freedesktop/DBus",
                              "org.freedesktop.DBus", "NameHasOwner", kName,
                              [](Question& self, sd_bus_message* reply) {
                                  int runs = 0;
                                  if (sd_bus_message_read(reply, "b", &runs) <= 0) return false;
                                  self.runs = runs != 0;
                                  return true;
                              }});
    question.ask(kName, "queryPanicMode", std::nullopt, [](Question& self, sd_bus_message* reply) {
        int panic = 0;
        if (sd_bus_message_read(reply, "b", &panic) <= 0) return false;
        self.panic = panic != 0;
        return true;
    });
    question.ask(kName, "getDefaultZone", std::nullopt, [](Question& self, sd_bus_message* reply) {
        const char* zone = nullptr;
        if (sd_bus_message_read(reply, "s", &zone) <= 0) return false;
        self.default_zone = zone;
        return true;
    });
    for (const std::string& adapter : adapters)
        question.ask(kZone, "getZoneOfInterface", adapter,
                     [adapter](Question& self, sd_bus_message* reply) {
                         const char* zone = nullptr;
                         if (sd_bus_message_read(reply, "s", &zone) <= 0) return false;
                         const std::string name = *zone ? zone : self.default_zone;
                         self.zone_of[adapter] = name;
                         self.ask_zone(name);
                         return true;
                     });
    next(question);
}

void Firewalld::next(Question& question) {
    if (!question.runs) return end(question, std::optional<Zones>());
    if (question.calls.empty()) return end(question, std::optional(question.found()));
    if (++question.made > kMostCalls)
        return end(question, Error{"ask", "firewalld", "it has too many services"});
    const Question::Call& call = question.calls.front();
    sd_bus_slot* slot = nullptr;
    const int r =
        call.argument
            ? sd_bus_call_method_async(bus_, &slot, call.destination, call.path, call.interface,
                                       call.method, replied, &question, "s", call.argument->c_str())
            : sd_bus_call_method_async(bus_, &slot, call.destination, call.path, call.interface,
                                       call.method, replied, &question, nullptr);
    if (r < 0) return end(question, Error{"ask", "firewalld", "", -r});
    question.slot.reset(slot);
}

int Firewalld::replied(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Question& question = *static_cast<Question*>(userdata);
    Firewalld& self = question.owner;
    const Question::Call call = std::move(question.calls.front());
    question.calls.pop_front();
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        const sd_bus_error* said = sd_bus_message_get_error(reply);
        self.end(question, Error{"ask firewalld for", call.method,
                                 said->message ? said->message : said->name});
    } else if (!call.read(question, reply)) {
        self.end(question, Error{"ask firewalld for", call.method, "the answer is none"});
    } else {
        self.next(question);
    }
    return 0;
}

void Firewalld::end(Question& question, Result<std::optional<Zones>> result) {
    const Then then = std::move(question.then);
    open_.remove_if([&](const Question& each) { return &each == &question; });
    then(std::move(result));
}

} // namespace mpapi::node::firewall
