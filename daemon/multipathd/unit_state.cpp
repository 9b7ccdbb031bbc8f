// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/unit_state.hpp"

#include <array>
#include <cstdlib>
#include <utility>

namespace mpapi::multipathd {

namespace {

constexpr const char* systemd = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

constexpr std::array<std::pair<std::string_view, ActiveState>, 6> states = {{
    {"active", ActiveState::Active},
    {"reloading", ActiveState::Reloading},
    {"inactive", ActiveState::Inactive},
    {"failed", ActiveState::Failed},
    {"activating", ActiveState::Activating},
    {"deactivating", ActiveState::Deactivating},
}};

UnitStatus status_of(std::string_view text) {
    for (const auto& [word, state] : states)
        if (word == text) return {state, {}};
    return {ActiveState::Unknown, "systemd says \"" + std::string(text.substr(0, 80)) + "\""};
}

} // namespace

std::string_view to_string(ActiveState state) noexcept {
    for (const auto& [word, value] : states)
        if (value == state) return word;
    return "unknown";
}

UnitState::UnitState(sd_bus* bus, Changed changed, std::string unit)
  : bus_(bus)
  , unit_(std::move(unit)) {
    if (bus_ == nullptr) {
        status_.reason = "there is no system bus";
        return;
    }
    status_.reason = "systemd has not answered yet";
    if (const Status followed = follow(); !followed) status_.reason = followed.error().message();
    changed_ = std::move(changed); // not before: nothing is told from within the constructor
}

Status UnitState::follow() {
    char* encoded = nullptr;
    int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit_.c_str(), &encoded);
    const std::unique_ptr<char, DropWith<std::free>> owned(encoded);
    if (r < 0) return Error{"name", unit_, "no unit", -r};
    path_ = encoded;

    const auto keep = [](BusSlot& slot, sd_bus_slot* made) { slot.reset(made); };
    sd_bus_slot* slot = nullptr;
    const auto on_properties = [](sd_bus_message*, void* data, sd_bus_error*) {
        auto* self = static_cast<UnitState*>(data);
        self->ask();
        if (self->stirred_) self->stirred_();
        return 0;
    };
    const std::string unit_signal = "type='signal',path='" + path_ + "',interface='" +
                                    properties_interface + "',member='PropertiesChanged',arg0='" +
                                    unit_interface + "'";
    r = sd_bus_add_match_async(bus_, &slot, unit_signal.c_str(), on_properties, nullptr, this);
    if (r < 0) return Error{"watch", unit_, "", -r};
    keep(properties_changed_, slot);

    const auto on_owner = [](sd_bus_message*, void* data, sd_bus_error*) {
        auto* self = static_cast<UnitState*>(data);
        self->subscribe();
        self->ask();
        return 0;
    };
    const std::string owner_signal =
        std::string("type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                    "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='") +
        systemd + "'";
    r = sd_bus_add_match_async(bus_, &slot, owner_signal.c_str(), on_owner, nullptr, this);
    if (r < 0) return Error{"watch", systemd, "", -r};
    keep(owner_changed_, slot);

    const auto on_disconnected = [](sd_bus_message*, void* data, sd_bus_error*) {
        static_cast<UnitState*>(data)->set(
            {ActiveState::Unknown, "the connection to the system bus is lost"});
        return 0;
    };
    r = sd_bus_match_signal_async(bus_, &slot, "org.freedesktop.DBus.Local", nullptr,
                                  "org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
                                  nullptr, this);
    if (r < 0) return Error{"watch", "the bus", "", -r};
    keep(disconnected_, slot);

    subscribe();
    ask();
    return Done{};
}

Status UnitState::call(BusSlot& slot, const char* path, const char* interface, const char* method,
                       sd_bus_message_handler_t handler, const char* property) {
    sd_bus_message* made = nullptr;
    int r = sd_bus_message_new_method_call(bus_, &made, systemd, path, interface, method);
    const BusMessage message(made);
    // Looking must not start anything, systemd itself included.
    if (r >= 0) r = sd_bus_message_set_auto_start(message.get(), 0);
    if (r >= 0 && property != nullptr)
        r = sd_bus_message_append(message.get(), "ss", unit_interface, property);
    sd_bus_slot* pending = nullptr;
    if (r >= 0) r = sd_bus_call_async(bus_, &pending, message.get(), handler, this, 0);
    if (r < 0) return Error{"call", method, "", -r};
    slot.reset(pending);
    return Done{};
}

void UnitState::subscribe() {
    // Its errors ("AlreadySubscribed") do no harm, and what matters ask() will see too.
    const auto on_reply = [](sd_bus_message*, void* data, sd_bus_error*) {
        static_cast<UnitState*>(data)->subscribing_.reset();
        return 0;
    };
    (void)call(subscribing_, manager_path, manager_interface, "Subscribe", on_reply, nullptr);
}

void UnitState::ask() {
    if (asking_) {
        ask_again_ = true;
        return;
    }
    const auto on_reply = [](sd_bus_message* reply, void* data, sd_bus_error*) {
        static_cast<UnitState*>(data)->on_state(reply);
        return 0;
    };
    const Status asked =
        call(asking_, path_.c_str(), properties_interface, "Get", on_reply, "ActiveState");
    if (!asked) set({ActiveState::Unknown, asked.error().message()});
}

void UnitState::confirm(std::function<void()> then) {
    confirmed_ = std::move(then);
    ask(); // once more, where an answer is under way that may be older
}

void UnitState::on_state(sd_bus_message* reply) {
    asking_.reset();
    const char* text = nullptr;
    UnitStatus found;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply)) {
        found.reason =
            sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)
                ? "systemd is not on the bus"
                : "systemd does not say: " +
                      std::string(error->message != nullptr ? error->message : error->name);
    } else if (sd_bus_message_read(reply, "v", "s", &text) < 0) {
        found.reason = "systemd's answer is no text";
    } else {
        found = status_of(text);
    }
    const bool again = std::exchange(ask_again_, false);
    if (again) ask();
    set(std::move(found));
    if (again || !confirmed_) return;
    const auto confirmed = std::exchange(confirmed_, nullptr);
    confirmed();
}

void UnitState::set(UnitStatus status) {
    if (status == status_) return;
    status_ = std::move(status);
    if (changed_) changed_(status_);
}

} // namespace mpapi::multipathd
