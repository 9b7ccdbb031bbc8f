// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/publisher.hpp"

#include "common/bus/held_call.hpp"
#include "common/system/clock.hpp"
#include "daemon/publish/actions.hpp"
#include "daemon/publish/describe.hpp"
#include "daemon/publish/errors.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::publish {

namespace {

// Whoever waits longer can ask again; the inventory keeps something for each wait.
constexpr std::chrono::milliseconds kLongestSettle = std::chrono::minutes(5);
constexpr unsigned kSettling = 1024;

// How long things change without anybody asking for a snapshot until the last one's memory is given
// back.
constexpr std::chrono::minutes kUnusedFileKept{1};

void reply_failure(sd_bus_message* call, const Error& failure) {
    error::reply(call, error::name_for(failure), failure.message());
}

} // namespace

struct Publisher::Pending {
    BusMessage call;
    bus::Senders::Call admitted;
};

Publisher::Publisher(sd_bus* bus, daemon::ModelSource& source,
                     const daemon::Config::BusLimits& limits, paths::Changer& changer,
                     Journal::Sink sink, const bus::Gatekeeper::Rules& rules)
  : source_(source)
  , limits_(limits)
  , current_(source.snapshot())
  , index_(*current_)
  , changes_(limits.changes_kept, current_->generation)
  , journal_(sink)
  , senders_(bus, limits.calls_per_sender)
  , heavy_answers_(bus)
  , gatekeeper_(bus, rules)
  , change_calls_(
        gatekeeper_, [this] { return current_; }, index_, changer, std::move(sink)) {}

Publisher::~Publisher() {
    *alive_ = false;
    journal_.end_burst();
}

Result<std::unique_ptr<Publisher>> Publisher::create(sd_bus* bus, sd_event* loop,
                                                     daemon::ModelSource& source,
                                                     const daemon::Config::BusLimits& limits,
                                                     paths::Changer& changer, Journal::Sink sink,
                                                     const bus::Gatekeeper::Rules& rules) {
    std::unique_ptr<Publisher> self(
        new Publisher(bus, source, limits, changer, std::move(sink), rules));
    auto take = [](auto& member, auto result) -> Status {
        if (!result) return std::move(result).error();
        member = std::move(*result);
        return Done{};
    };
    if (auto s = take(self->page_, GenerationPage::create()); !s) return std::move(s).error();
    sd_event_source* timer = nullptr;
    int r = sd_event_add_time(loop, &timer, CLOCK_MONOTONIC, 0, 0, journal_due, self.get());
    if (r < 0) return Error{"make a timer", "", "", -r};
    self->journal_timer_.reset(timer);
    r = sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    if (r < 0) return Error{"set a timer", "", "", -r};
    self->page_->set(self->current_->instance, self->current_->generation);
    if (auto s = take(self->background_, Background::create(loop)); !s) return std::move(s).error();
    auto current = [publisher = self.get()] { return publisher->current_; };
    self->snapshots_ = std::make_unique<Bulk>(
        *self->background_, current,
        [files = self->snapshot_files_](const model::Snapshot& snapshot) {
            return files->write(snapshot);
        },
        true, [files = self->snapshot_files_] { files->tidy(); });
    self->documents_ = std::make_unique<Bulk>(
        *self->background_, current,
        [](const model::Snapshot& snapshot) { return publish::describe(snapshot, {}); }, false);
    auto retire = [publisher = self.get()](model::SnapshotPtr snapshot) {
        publisher->background_->submit([snapshot = std::move(snapshot)] {}, [] {});
    };
    if (auto s = take(self->signals_, Signals::create(bus, loop, retire)); !s)
        return std::move(s).error();
    if (auto s = take(self->managed_objects_, ManagedObjects::create(loop, limits.managed_objects));
        !s)
        return std::move(s).error();
    if (auto s = take(self->objects_, Objects::publish(
                                          bus,
                                          [publisher = self.get()]() -> const model::Snapshot& {
                                              return *publisher->current_;
                                          },
                                          self->index_, *self));
        !s)
        return std::move(s).error();
    return self;
}

void Publisher::model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                              const std::vector<model::Event>& events,
                              std::chrono::steady_clock::time_point cause) {
    current_ = after;
    index_.apply(events);
    changes_.record(after->generation, events);
    failures_.record(events);
    // Closing the last descriptor frees the file's pages: off the loop.
    if (auto file = snapshots_->forget()) background_->submit([file = std::move(file)] {}, [] {});
    if (std::exchange(snapshot_wanted_, false)) {
        snapshot_file_used_ = cause;
    } else if (snapshot_file_used_ && cause - *snapshot_file_used_ > kUnusedFileKept) {
        snapshot_file_used_.reset();
        background_->submit([files = snapshot_files_] { files->forget(); }, [] {});
    }
    page_->set(after->instance, after->generation);
    signals_->push(before, after, events, cause);
    journal_.record(*after, events, cause);
    if (const auto due = journal_.due())
        sd_event_source_set_time(journal_timer_.get(), to_usec(*due));
    sd_event_source_set_enabled(journal_timer_.get(),
                                journal_.due() ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

int Publisher::journal_due(sd_event_source*, std::uint64_t, void* userdata) {
    static_cast<Publisher*>(userdata)->journal_.end_burst();
    return 0;
}

void Publisher::refuse_too_many(sd_bus_message* call) const {
    error::reply(call, error::kLimitsExceeded,
                 std::to_string(limits_.calls_per_sender) +
                     " calls of this client are unanswered already.");
}

std::shared_ptr<Publisher::Pending> Publisher::admit(sd_bus_message* call) {
    auto admitted = senders_.admit(call);
    if (!admitted) {
        refuse_too_many(call);
        return nullptr;
    }
    return std::make_shared<Pending>(Pending{bus::hold(call), std::move(*admitted)});
}

Figures Publisher::figures() const {
    return {source_.counters(), signals_->latency(), failures_, signals_->sent()};
}

std::string Publisher::metrics_text() const {
    return open_metrics(*current_, figures());
}

void Publisher::metrics(sd_bus_message* call) {
    auto pending = admit(call);
    if (!pending) return;
    metrics_wanted_.push_back(std::move(pending));
    if (!metrics_in_work_) make_metrics();
}

// One text for all that asked before it is begun.
void Publisher::make_metrics() {
    metrics_in_work_ = true;
    auto text = std::make_shared<std::string>();
    background_->submit([snapshot = current_, figures = figures(),
                         text] { *text = open_metrics(*snapshot, figures); },
                        [this, text, askers = std::exchange(metrics_wanted_, {})] {
                            for (const auto& pending : askers)
                                give(pending, [text](sd_bus_message* to) {
                                    sd_bus_reply_method_return(to, "s", text->c_str());
                                });
                            metrics_in_work_ = false;
                            if (!metrics_wanted_.empty()) make_metrics();
                        });
}

void Publisher::give(const std::shared_ptr<Pending>& pending,
                     std::function<void(sd_bus_message* to)> answer) {
    const char* client = sd_bus_message_get_sender(pending->call.get());
    heavy_answers_.give(
        client, [pending, answer = std::move(answer)] { answer(pending->call.get()); },
        [pending](const std::string& reason) {
            error::reply(pending->call.get(), error::kLimitsExceeded, reason);
        });
}

void Publisher::give(const std::shared_ptr<Pending>& pending, BusMessage reply) {
    give(pending, [reply = std::shared_ptr<sd_bus_message>(std::move(reply))](sd_bus_message*) {
        sd_bus_send(nullptr, reply.get(), nullptr);
    });
}

void Publisher::get_snapshot(sd_bus_message* call) {
    snapshot_wanted_ = true;
    auto pending = admit(call);
    if (!pending) return;
    snapshots_->get([this, pending](const Result<std::shared_ptr<const Bulk::File>>& file) {
        if (!file) return reply_failure(pending->call.get(), file.error());
        give(pending, [file = *file](sd_bus_message* to) {
            sd_bus_reply_method_return(to, "th", file->generation, file->fd.get());
        });
    });
}

void Publisher::get_generation_page(sd_bus_message* call) {
    auto pending = admit(call);
    if (!pending) return;
    give(pending, [this](sd_bus_message* to) { sd_bus_reply_method_return(to, "h", page_->fd()); });
}

void Publisher::get_changes(sd_bus_message* call, std::uint64_t instance, std::uint64_t since) {
    sd_bus_message* reply = nullptr;
    if (sd_bus_message_new_method_return(call, &reply) < 0) return;
    BusMessage owned(reply);
    const bool resync = instance != current_->instance || !changes_.reaches(since);
    BusWriter out(reply);
    out.u64(current_->instance);
    out.u64(current_->generation);
    out.boolean(resync);
    out.open('a', "(tsut)");
    if (!resync) {
        changes_.for_each_after(since, [&](const Change& change) {
            out.open('r', "tsut");
            out.u64(change.generation);
            out.text(name_of(change.kind));
            out.u32(static_cast<std::uint32_t>(change.object.type));
            out.u64(change.object.sequence);
            out.close();
        });
    }
    out.close();
    if (out.status() < 0)
        return error::reply(call, error::kFailed, "The reply could not be built.");
    if (out.bytes() < bus::HeavyAnswers::kLarge) {
        sd_bus_send(nullptr, reply, nullptr);
    } else if (auto pending = admit(call)) {
        give(pending, std::move(owned));
    }
}

void Publisher::describe(sd_bus_message* call) {
    DescribeOptions options;
    int r = sd_bus_message_enter_container(call, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
        const char* name = nullptr;
        r = sd_bus_message_read(call, "s", &name);
        if (r < 0) break;
        if (std::string_view(name) != "LogicalUnits")
            return error::reply(call, error::kInvalidParameter,
                                std::string("There is no option \"") + name +
                                    "\"; known is LogicalUnits (as).");
        char** keys = nullptr;
        r = sd_bus_message_enter_container(call, 'v', "as");
        if (r >= 0) r = sd_bus_message_read_strv(call, &keys);
        if (r < 0)
            return error::reply(call, error::kInvalidParameter,
                                "The option LogicalUnits is a list of keys (as).");
        options.units.emplace();
        for (char** key = keys; key && *key; ++key) {
            options.units->insert(*key);
            free(*key);
        }
        free(keys);
        sd_bus_message_exit_container(call);
        r = sd_bus_message_exit_container(call);
    }
    if (r < 0) return error::reply(call, error::kInvalidParameter, "The options are not an a{sv}.");

    auto pending = admit(call);
    if (!pending) return;
    if (!options.units)
        return documents_->get(
            [this, pending](const Result<std::shared_ptr<const Bulk::File>>& file) {
                if (!file) return reply_failure(pending->call.get(), file.error());
                give(pending, [file = *file](sd_bus_message* to) {
                    sd_bus_reply_method_return(to, "h", file->fd.get());
                });
            });
    auto result = std::make_shared<std::optional<Result<Fd>>>();
    background_->submit([snapshot = current_, options = std::move(options),
                         result] { *result = publish::describe(*snapshot, options); },
                        [this, pending, result] {
                            if (!**result)
                                return reply_failure(pending->call.get(), (*result)->error());
                            give(pending, [result](sd_bus_message* to) {
                                sd_bus_reply_method_return(to, "h", (**result)->get());
                            });
                        });
}

void Publisher::settled(sd_bus_message* call, std::uint64_t timeout_usec) {
    auto pending = admit(call);
    if (!pending) return;
    // Waits of clients that have left count too: they are still waits for the inventory.
    if (settling_ >= kSettling)
        return error::reply(call, error::kLimitsExceeded, "Too many clients are waiting.");
    ++settling_;
    const auto wanted = std::chrono::milliseconds(
        std::min<std::uint64_t>(timeout_usec / 1000 + (timeout_usec % 1000 != 0),
                                static_cast<std::uint64_t>(kLongestSettle.count())));
    source_.settle(wanted, [this, alive = alive_, pending](const Status& status) {
        if (!*alive) return;
        --settling_;
        if (!status) return reply_failure(pending->call.get(), status.error());
        // Who waited finds the signals of what happened before the answer, not after it.
        signals_->when_told([pending] { sd_bus_reply_method_return(pending->call.get(), ""); });
    });
}

void Publisher::refresh(sd_bus_message* call, const model::Unit* unit) {
    auto pending = admit(call);
    if (!pending) return;
    const model::Sequence id = unit ? unit->unit.id : 0;
    gatekeeper_.ask(
        call, pending->admitted, action::kRefresh,
        [this, pending, id](const bus::Gatekeeper::Verdict& verdict) {
            sd_bus_message* to = pending->call.get();
            if (!verdict.allowed())
                return error::reply(to, error::name_for(verdict.ruling), verdict.reason);
            // The object may have gone while the question was open.
            if (id != 0 && !current_->units.find(id))
                return error::reply(to, error::kObjectNotFound, "The logical unit is gone.");
            if (id != 0)
                source_.refresh(id);
            else
                current_->units.for_each(
                    [this](const model::Unit& each) { source_.refresh(each.unit.id); });
            sd_bus_reply_method_return(to, "");
        });
}

void Publisher::change(sd_bus_message* call, const ChangeMethod& method, const AnyView& object) {
    auto admitted = senders_.admit(call);
    if (!admitted) return refuse_too_many(call);
    change_calls_.take(call, std::move(*admitted), method, object);
}

void Publisher::get_managed_objects(sd_bus_message* call) {
    auto pending = admit(call);
    if (!pending) return;
    managed_objects_->answer(
        call, current_, [pending] { return pending->admitted.abandoned(); },
        [this, pending](BusMessage reply) { give(pending, std::move(reply)); });
}

} // namespace mpapi::publish
