// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/signals.hpp"

#include "daemon/publish/properties.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace mpapi::publish {

namespace {

// How long the loop may stand still for one slice.
constexpr auto kSlice = std::chrono::microseconds(500);
// Calls go before slices, but not for longer than this.
constexpr auto kPatience = std::chrono::milliseconds(10);
// What may be on its way to the bus daemon. sd-bus asks for 8 MiB, thousands of signals, and the
// answer to a call would stand in line behind them all.
constexpr int kSocketBuffer = 64 << 10;

// Units of a step whose old snapshot is not dropped on the loop.
constexpr std::size_t kLargeStep = 64;

constexpr char kProperties[] = "org.freedesktop.DBus.Properties";
constexpr char kObjectManager[] = "org.freedesktop.DBus.ObjectManager";

BusMessage new_signal(sd_bus* bus, const char* path, const char* interface, const char* member) {
    sd_bus_message* message = nullptr;
    sd_bus_message_new_signal(bus, &message, path, interface, member);
    return BusMessage(message);
}

// What units refer to is the same in both.
bool same_surroundings(const model::Snapshot& one, const model::Snapshot& other) {
    return one.load_balances == other.load_balances && one.products == other.products &&
           one.initiator_ports == other.initiator_ports && one.target_ports == other.target_ports;
}

} // namespace

Result<std::unique_ptr<Signals>> Signals::create(sd_bus* bus, sd_event* loop, Retire retire) {
    std::unique_ptr<Signals> signals(new Signals(bus, std::move(retire)));
    sd_event_source* source = nullptr;
    int r = sd_event_add_defer(loop, &source, on_loop, signals.get());
    if (r < 0) return Error{"add an event source", "", "", -r};
    signals->when_idle_.reset(source);
    r = sd_event_add_post(loop, &source, on_moved, signals.get());
    if (r < 0) return Error{"add an event source", "", "", -r};
    signals->when_moved_.reset(source);
    const int socket = sd_bus_get_fd(bus);
    if (socket < 0) return Error{"use", "bus", "", -socket};
    if (setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer) < 0)
        return Error{"limit the buffer of", "bus", "", errno};
    sd_event_source_set_priority(signals->when_idle_.get(), SD_EVENT_PRIORITY_NORMAL + 10);
    sd_event_source_set_description(signals->when_idle_.get(), "signals");
    sd_event_source_set_description(signals->when_moved_.get(), "signals-congested");
    signals->schedule();
    return signals;
}

void Signals::push(model::SnapshotPtr before, model::SnapshotPtr after,
                   const std::vector<model::Event>& events, Clock::time_point cause) {
    const bool waits = !steps_.empty() && steps_.back().part == Step::Part::None;
    if (!waits) {
        steps_.emplace_back();
        steps_.back().before = std::move(before);
        steps_.back().cause = cause;
    }
    generation_ = after->generation;
    steps_.back().after = std::move(after);
    steps_.back().add(events);
    slice();
}

void Signals::when_told(std::function<void()> then) {
    if (steps_.empty()) return then();
    steps_.back().then.push_back(std::move(then));
}

void Signals::Step::add(const std::vector<model::Event>& more) {
    auto differs = [this](const model::Unit& unit) {
        const model::Sequence id = unit.unit.id;
        if ((units.empty() || units.back() != id) && in_units.insert(id).second)
            units.push_back(id);
    };
    for (const model::Event& event : more)
        std::visit(
            [&](const auto& change) {
                if constexpr (requires { change.unit_before; }) differs(change.unit());
            },
            event);
}

// The next event to tell; null at the end.
const model::Event* Signals::Step::next(Step* waiting) {
    while (next_event == events.size())
        if (!advance(waiting)) return nullptr;
    return &events[next_event++];
}

bool Signals::Step::advance(Step* waiting) {
    next_event = 0;
    switch (part) {
    case Part::None:
        part = Part::BeforeUnits;
        told_of = after;
        events = model::diff_before_units(*before, *after);
        return true;
    case Part::BeforeUnits:
        part = Part::Units;
        [[fallthrough]];
    case Part::Units:
        if (next_unit < units.size()) {
            turn_to(units[next_unit++], waiting);
            return true;
        }
        told_of = after;
        was.reset();
        part = Part::AfterUnits;
        events = model::diff_after_units(*before, *after);
        return true;
    case Part::AfterUnits:
        break;
    }
    events.clear();
    return false;
}

void Signals::Step::turn_to(model::Sequence id, Step* waiting) {
    was = before->units.row(id);
    if (auto told = ahead.extract(id)) was = std::move(told.mapped());
    told_of = after;
    // As it is by now, if all that it can refer to has been told.
    if (was && waiting && waiting->in_units.contains(id) &&
        same_surroundings(*after, *waiting->after)) {
        const model::UnitPtr& newest = waiting->after->units.row(id);
        if (newest && after->units.find(id)) {
            told_of = waiting->after;
            waiting->ahead[id] = newest;
        }
    }
    const model::Unit* now = told_of->units.find(id);
    unit_told = false;
    events.clear(); // one that came and went meanwhile is no news
    if (was.get() != now) events = model::diff_unit(was.get(), now);
}

// sd-bus reads no call while it has something to write, so what the socket does not take at once
// must be the last for now: with its queue kept filled, calls would wait until all is told.
bool Signals::congested() const {
    std::uint64_t queued = 0;
    sd_bus_get_n_queued_write(bus_, &queued);
    return queued > 0;
}

int Signals::on_loop(sd_event_source*, void* userdata) {
    static_cast<Signals*>(userdata)->slice();
    return 0;
}

int Signals::on_moved(sd_event_source*, void* userdata) {
    auto* self = static_cast<Signals*>(userdata);
    // Who keeps the daemon busy with calls must not keep others from hearing.
    if (!self->congested() && Clock::now() - self->last_slice_ > kPatience)
        self->slice();
    else
        self->schedule();
    return 0;
}

void Signals::slice() {
    last_slice_ = Clock::now();
    const auto end = last_slice_ + kSlice;
    while (!steps_.empty() && !congested()) {
        announce();
        Step& step = steps_.front();
        const model::Event* event = step.next(steps_.size() > 1 ? &steps_[1] : nullptr);
        if (!event) {
            step.told_of.reset();
            if (step.units.size() >= kLargeStep) {
                retire_(std::move(step.before));
                retire_(std::move(step.after));
            }
            const auto then = std::move(step.then);
            steps_.pop_front();
            for (const auto& call : then)
                call();
            continue;
        }
        tell(step, *event);
        if (Clock::now() >= end) break;
    }
    schedule();
}

void Signals::announce() {
    if (announced_ == generation_) return;
    announced_ = generation_;
    auto message =
        new_signal(bus_, kRoot.data(), Interface<model::Manager>::name, "GenerationChanged");
    BusWriter out(message.get());
    out.u64(generation_);
    cause_ = steps_.front().cause;
    send(message, out.status());
}

void Signals::schedule() {
    const bool waiting = !steps_.empty();
    const bool full = waiting && congested();
    sd_event_source_set_enabled(when_idle_.get(), waiting && !full ? SD_EVENT_ON : SD_EVENT_OFF);
    // While the socket is full there is nothing to do until sd-bus has written to it, which it does
    // from a source of its own.
    sd_event_source_set_enabled(when_moved_.get(), waiting ? SD_EVENT_ON : SD_EVENT_OFF);
}

void Signals::send(const BusMessage& message, int status) {
    if (!message || status < 0) return;
    if (sd_bus_send(bus_, message.get(), nullptr) < 0) return;
    ++sent_;
    latency_.record(Clock::now() - cause_);
}

template <typename T>
void Signals::added(const View<T>& view) {
    auto message = new_signal(bus_, kRoot.data(), kObjectManager, "InterfacesAdded");
    BusWriter out(message.get());
    out.path(object_path(view).c_str());
    append_interfaces(out, view);
    send(message, out.status());
}

template <typename T>
void Signals::removed(const View<T>& view) {
    auto message = new_signal(bus_, kRoot.data(), kObjectManager, "InterfacesRemoved");
    BusWriter out(message.get());
    out.path(object_path(view).c_str());
    out.open('a', "s");
    out.text(Interface<T>::name);
    out.close();
    send(message, out.status());
}

template <typename T>
void Signals::changed(const View<T>& before, const View<T>& after) {
    if (!signalled_change(before, after)) return;
    auto message = new_signal(bus_, object_path(after).c_str(), kProperties, "PropertiesChanged");
    BusWriter out(message.get());
    out.text(Interface<T>::name);
    append_changed_properties(out, before, after);
    out.open('a', "s"); // none is invalidated without its new value
    out.close();
    send(message, out.status());
}

void Signals::identity(const View<model::Path>& before, const View<model::Path>& after) {
    if (after->identity != model::Identity::Changed) return;
    if (before->identity == model::Identity::Changed && before->designator == after->designator)
        return;
    auto message = new_signal(bus_, object_path(after).c_str(), Interface<model::Path>::name,
                              "IdentityChanged");
    BusWriter out(message.get());
    out.text(before->designator.empty() ? before.unit->unit.unit_name : before->designator);
    out.text(after->designator);
    send(message, out.status());
}

template <typename T>
void Signals::tell(const View<T>& before, const View<T>& after) {
    if (!before.value) return added(after);
    if (!after.value) return removed(before);
    // An object whose path is made of something that changed is another object on the bus.
    if constexpr (std::is_same_v<T, model::LogicalUnit> || std::is_same_v<T, model::Path> ||
                  std::is_same_v<T, model::Disk>) {
        if (object_path(before) != object_path(after)) {
            removed(before);
            return added(after);
        }
    }
    changed(before, after);
    if constexpr (std::is_same_v<T, model::Path>) identity(before, after);
}

void Signals::tell(Step& step, const model::Event& event) {
    cause_ = step.cause;
    const auto* old_one = step.before.get();
    const auto* new_one = step.told_of.get();
    std::visit(
        [&](const auto& change) {
            using T = std::remove_cvref_t<decltype(change.either())>;
            if constexpr (requires { change.unit_before; }) {
                // What a unit shows of its paths (their count) changes with them.
                const bool kept = change.unit_before && change.unit_after;
                if (kept && !std::exchange(step.unit_told, true)) {
                    tell(View<model::LogicalUnit>{old_one, change.unit_before,
                                                  &change.unit_before->unit},
                         View<model::LogicalUnit>{new_one, change.unit_after,
                                                  &change.unit_after->unit});
                }
                if (std::is_same_v<T, model::LogicalUnit> && kept) return;
                tell(View<T>{old_one, change.unit_before, change.before},
                     View<T>{new_one, change.unit_after, change.after});
            } else {
                tell(View<T>{old_one, nullptr, change.before},
                     View<T>{new_one, nullptr, change.after});
            }
        },
        event);
}

} // namespace mpapi::publish
