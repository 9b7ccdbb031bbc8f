// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/bus_client.hpp"

#include <cerrno>
#include <cstdlib>

namespace mpapi::discovery {

namespace {

constexpr char kName[] = "org.mpapi.Discovery1";
constexpr char kPath[] = "/org/mpapi/Discovery1";
constexpr char kJob[] = "org.mpapi.Discovery1.Job";
constexpr std::chrono::seconds kGrace{30};       // beyond what the search was told to take
constexpr std::uint64_t kPatience = 300'000'000; // us, with a person who types a password

class BusFailure {
  public:
    ~BusFailure() { sd_bus_error_free(&error); }
    Error because(const char* action, int r) const {
        if (error.message != nullptr) return {action, "istd", error.message};
        return {action, "istd", "", -r};
    }
    sd_bus_error error{nullptr, nullptr, 0};
};

} // namespace

Result<std::unique_ptr<BusClient>> BusClient::connect(Told told) {
    std::unique_ptr<BusClient> self(new BusClient(std::move(told)));
    sd_bus* bus = nullptr;
    if (const int r = sd_bus_open_system(&bus); r < 0)
        return Error{"connect to", "system bus", "is dbus.service running?", -r};
    self->bus_.reset(bus);
    if (auto watching = self->watch(); !watching) return watching.error();
    return self;
}

Status BusClient::watch() {
    sd_bus_slot* slot = nullptr;
    int r = sd_bus_match_signal(bus_.get(), &slot, kName, nullptr, kJob, "ServerAnswered",
                                on_answer, this);
    if (r < 0) return Error{"watch", "istd", "", -r};
    answers_.reset(slot);
    r = sd_bus_match_signal(bus_.get(), &slot, kName, kPath, kName, "ServerRemoved", on_gone, this);
    if (r < 0) return Error{"watch", "istd", "", -r};
    gone_.reset(slot);
    r = sd_bus_match_signal(bus_.get(), &slot, kName, nullptr, "org.freedesktop.DBus.Properties",
                            "PropertiesChanged", on_change, this);
    if (r < 0) return Error{"watch", "istd", "", -r};
    changes_.reset(slot);
    r = sd_bus_add_match(bus_.get(), &slot,
                         "type='signal',sender='org.freedesktop.DBus',"
                         "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                         "arg0='org.mpapi.Discovery1'",
                         on_owner, this);
    if (r < 0) return Error{"watch", "istd", "", -r};
    owner_.reset(slot);
    return Done{};
}

Result<std::string> BusClient::begin(std::chrono::milliseconds timeout,
                                     const std::string& interface) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(bus_.get(), &raw, kName, kPath, kName, "Discover");
    if (r < 0) return Error{"call", "istd", "", -r};
    const BusMessage call(raw);
    sd_bus_message_set_allow_interactive_authorization(raw, true);
    r = sd_bus_message_open_container(raw, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(raw, "{sv}", "timeout", "u",
                                  static_cast<std::uint32_t>(timeout.count()));
    if (r >= 0 && !interface.empty())
        r = sd_bus_message_append(raw, "{sv}", "interface", "s", interface.c_str());
    if (r >= 0) r = sd_bus_message_close_container(raw);
    if (r < 0) return Error{"call", "istd", "", -r};
    BusFailure failure;
    sd_bus_message* reply = nullptr;
    r = sd_bus_call(bus_.get(), raw, kPatience, &failure.error, &reply);
    if (r < 0) return failure.because("ask", r);
    const BusMessage held(reply);
    const char* job = nullptr;
    r = sd_bus_message_read(reply, "o", &job);
    if (r < 0) return Error{"read", "answer of istd", "", -r};
    return std::string(job);
}

Result<std::string> BusClient::text_of(const std::string& job, const char* property) {
    BusFailure failure;
    char* text = nullptr;
    const int r = sd_bus_get_property_string(bus_.get(), kName, job.c_str(), kJob, property,
                                             &failure.error, &text);
    if (r < 0) return failure.because("ask", r);
    const std::unique_ptr<char, DropWith<std::free>> held(text);
    return std::string(text);
}

Result<std::vector<std::string>> BusClient::texts(const char* property) {
    BusFailure failure;
    sd_bus_message* reply = nullptr;
    int r = sd_bus_get_property(bus_.get(), kName, kPath, kName, property, &failure.error, &reply,
                                "as");
    if (r < 0) return failure.because("ask", r);
    const BusMessage held(reply);
    std::vector<std::string> texts;
    r = sd_bus_message_enter_container(reply, 'a', "s");
    const char* text = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(reply, "s", &text)) > 0)
        texts.emplace_back(text);
    if (r < 0) return Error{"read", "answer of istd", "", -r};
    return texts;
}

Status BusClient::search(std::chrono::milliseconds timeout, const std::string& interface) {
    // What was told of one before: the daemon is started by the call where it is down.
    while (sd_bus_process(bus_.get(), nullptr) > 0) {
    }
    ended_ = false;
    // Answers to it may come before the next look at the connection: they wait in line.
    auto job = begin(timeout, interface);
    if (!job) return job.error();
    job_ = *job;
    changed_ = false;
    return wait_for(*job, std::chrono::steady_clock::now() + timeout + kGrace);
}

Status BusClient::wait_for(const std::string& job, std::chrono::steady_clock::time_point until) {
    for (bool look = true;;) {
        if (look) {
            const auto state = text_of(job, "State");
            if (!state) return state.error();
            if (*state != "running") {
                // Its answers were sent before its end was; they are in line here.
                while (sd_bus_process(bus_.get(), nullptr) > 0) {
                }
                if (*state == "done") return Done{};
                const auto why = text_of(job, "Message");
                return Error{"search", "", why && !why->empty() ? *why : "it was " + *state};
            }
        }
        int r = 0;
        while ((r = sd_bus_process(bus_.get(), nullptr)) > 0) {
        }
        if (r < 0) return Error{"talk to", "system bus", "", -r};
        if (ended_) return Error{"wait for", "istd", "it has ended", 0};
        look = std::exchange(changed_, false);
        if (look) continue;
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
            until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return Error{"wait for", "istd", "", ETIMEDOUT};
        r = sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left.count()));
        if (r < 0 && r != -EINTR) return Error{"talk to", "system bus", "", -r};
    }
}

int BusClient::on_answer(sd_bus_message* signal, void* userdata, sd_bus_error*) {
    auto& self = *static_cast<BusClient*>(userdata);
    if (self.job_ != sd_bus_message_get_path(signal)) return 0;
    const char *name = nullptr, *address = nullptr, *interface = nullptr;
    Found found;
    if (sd_bus_message_read(signal, "ssstt", &name, &address, &interface, &found.took,
                            &found.heard) < 0)
        return 0;
    found.name = name;
    found.address = address;
    found.interface = interface;
    self.told_.answered(found);
    return 0;
}

int BusClient::on_gone(sd_bus_message* signal, void* userdata, sd_bus_error*) {
    const char* name = nullptr;
    if (sd_bus_message_read(signal, "s", &name) >= 0)
        static_cast<BusClient*>(userdata)->told_.gone(name);
    return 0;
}

int BusClient::on_change(sd_bus_message* signal, void* userdata, sd_bus_error*) {
    auto& self = *static_cast<BusClient*>(userdata);
    if (self.job_ == sd_bus_message_get_path(signal)) self.changed_ = true;
    return 0;
}

int BusClient::on_owner(sd_bus_message* signal, void* userdata, sd_bus_error*) {
    const char *name = nullptr, *before = nullptr, *now = nullptr;
    if (sd_bus_message_read(signal, "sss", &name, &before, &now) >= 0 && *before != 0)
        static_cast<BusClient*>(userdata)->ended_ = true;
    return 0;
}

} // namespace mpapi::discovery
