// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/service.hpp"

#include "common/bus/large_calls.hpp"
#include "common/bus/loop_end.hpp"
#include "common/system/clock.hpp"
#include "daemon/disks/node_key.hpp"
#include "daemon/disks/standard_methods.hpp"
#include "daemon/publish/message_ids.hpp"

#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>

#include <cerrno>
#include <cstdlib>
#include <malloc.h>
#include <string>
#include <syslog.h>

namespace mpapi::daemon {

namespace {

constexpr std::chrono::milliseconds kPatienceAtTheStart{1000}; // for the state directory
constexpr std::chrono::milliseconds kPatienceAtTheEnd{1000};

// Tells this run from every other, so that generations of two runs are never compared.
Result<std::uint64_t> new_instance() {
    sd_id128_t id;
    if (const int r = sd_id128_randomize(&id); r < 0) return Error{"draw", "instance id", "", -r};
    return id.qwords[0] >> 1; // fits every language's signed 64 bits
}

} // namespace

Service::Service(sd_event* loop, sd_bus* bus, Hardware& hardware, BlockHardware& blocks,
                 MultipathPolicy& policy, holders::Lookup& lookup, const Config& config,
                 std::string disabled_record, publish::Journal::Sink sink,
                 const bus::Gatekeeper::Rules& rules)
  : loop_(loop)
  , bus_(bus)
  , hardware_(hardware)
  , blocks_(blocks)
  , policy_(policy)
  , lookup_(lookup)
  , config_(config)
  , disabled_record_(std::move(disabled_record))
  , sink_(std::move(sink))
  , rules_(rules) {}

Service::~Service() = default;

Status Service::start() {
    // What workers allocate the loop frees: arenas of their own would only hold memory back.
    mallopt(M_ARENA_MAX, 1);
    if (const int r = sd_bus_set_close_on_exit(bus_, false); r < 0)
        return Error{"use", "bus", "", -r};
    if (auto alone = check_not_running(); !alone) return alone;
    if (auto ends = bus::end_on_signals(loop_); !ends) return ends;
    if (auto watched = watch_bus(); !watched) return watched;
    auto large_calls = bus::refuse_large_calls(bus_);
    if (!large_calls) return large_calls.error();
    large_calls_ = std::move(*large_calls);
    if (!config_.state_directory.empty()) {
        auto ids = ObjectIds::open(config_.state_directory);
        if (!ids) return ids.error();
        ids_ = std::move(*ids);
        for (const std::string& notice : ids_.notices())
            note(LOG_WARNING, notice);
    }
    auto workers = Workers::create(loop_, config_.commands);
    if (!workers) return workers.error();
    workers_ = std::move(*workers);
    const auto instance = new_instance();
    if (!instance) return instance.error();
    inventory_ =
        std::make_unique<Inventory>(loop_, hardware_, *workers_, ids_, policy_, config_, *instance);
    if (auto made = make_changers(); !made) return made;
    sd_notify(0, "STATUS=Looking at what exists");
    return inventory_->start(
        [this] { publish(); },
        [this](const Error& error) {
            note(LOG_ERR,
                 error.message() + "; object numbers are kept in memory until they can be saved");
        });
}

Status Service::make_changers() {
    auto writer = Background::create(loop_);
    if (!writer) return writer.error();
    off_loop_ = std::move(*writer);
    std::optional<paths::IntentsFile> file;
    paths::Intents kept;
    if (!config_.state_directory.empty()) {
        file.emplace(config_.state_directory, disabled_record_);
        auto content = file->read();
        if (!content) return content.error();
        kept = std::move(content->intents);
        for (const std::string& notice : content->notices)
            note(LOG_WARNING, notice);
    }
    queue_ = std::make_unique<paths::ChangeQueue>(
        loop_, *inventory_, *inventory_, std::move(file),
        [off_loop = off_loop_.get()](auto work, auto done) {
            off_loop->submit(std::move(work), std::move(done));
        },
        [this](const std::string& trouble) { note(LOG_ERR, trouble); });
    queue_->begin_with(std::move(kept));
    paths::AccessStates::Options options;
    options.inquiry = config_.commands.timeout;
    options.lead = [this](const model::LogicalUnit& unit, std::uint32_t group, const auto& then) {
        if (!queue_->manager()) return then();
        queue_->manager()->lead(unit, group, then);
    };
    jobs_ = std::make_unique<jobs::Jobs>(
        *inventory_, lookup_,
        [this](const model::LogicalUnit& unit, paths::Ended ended) {
            queue_->remove(unit.id, std::move(ended));
        },
        jobs::Jobs::Clocks{jobs::Jobs::Clock::now, now_realtime});
    inventory_->add_listener(*jobs_);
    access_states_ = std::make_unique<paths::AccessStates>(loop_, hardware_, *workers_, *inventory_,
                                                           std::move(options));
    changes_ = std::make_unique<paths::Changes>(
        paths::Changes::Means{hardware_, *workers_, config_.commands.timeout}, *inventory_, *queue_,
        *access_states_,
        [this](const model::LogicalUnit& unit, uid_t user,
               std::chrono::microseconds wait) -> std::variant<std::string, paths::Refused> {
            auto job = jobs_->start_removal(unit, user, wait);
            if (job) return std::move(*job);
            return paths::Refused{job.error().errnum == EBUSY ? paths::Refusal::TryAgain
                                                              : paths::Refusal::Failed,
                                  job.error().message() + "."};
        });
    return Done{};
}

// Once there is a snapshot to begin with.
Status Service::make_disks() {
    Error drawing;
    const auto key = disks::node_key(config_.state_directory, [&]() -> std::uint64_t {
        sd_id128_t bits;
        if (const int r = sd_id128_randomize(&bits); r < 0) {
            drawing = Error{"draw", "reservation key", "", -r};
            return 1;
        }
        return bits.qwords[0] ^ bits.qwords[1];
    });
    if (!drawing.action.empty()) return drawing;
    if (!key) return key.error();
    if (!key->notice.empty()) note(LOG_ERR, key->notice);
    auto made = disks::Disks::create(
        {loop_, hardware_, blocks_, *workers_, config_.commands.timeout, config_.disks, key->key},
        inventory_->snapshot());
    if (!made) return made.error();
    disks_ = std::move(*made);
    inventory_->add_listener(*disks_);
    const auto others = blocks_.watch_other_disks(loop_, [this] { disks_->other_disks_changed(); });
    if (!others) note(LOG_WARNING, others.error().message());
    uses_watched_ = lookup_.watch([this] { disks_->uses_changed(); });
    reservations_ = std::make_unique<disks::Reservations>(disks::Reservations::Means{
        loop_, hardware_, *workers_, config_.commands.timeout, key->key});
    auto methods = disks::raw_methods(*disks_, disk_work_ ? &disk_work_->files : nullptr);
    for (auto& method : disks::reservation_methods(*reservations_))
        methods.push_back(std::move(method));
    if (disk_work_) {
        control_ = std::make_unique<disks::Control>(disks::Control::Means{
            bus_, *disks_, *reservations_, *disk_work_,
            [this](const MapRef& map, Hardware::Ended ended) {
                const auto facts = inventory_->map_facts(map.number);
                if (!facts) return ended(Error{"load the table of", map.name, "", ENODEV});
                disk_work_->load_writable
                    ? disk_work_->load_writable(map, facts->table, std::move(ended))
                    : hardware_.load_table(map, facts->table, std::move(ended));
            },
            [this](int priority, const std::string& text) { note(priority, text); }});
        for (auto& method : disks::control_methods(*control_))
            methods.push_back(std::move(method));
    }
    auto objects = disks::DiskObjects::publish(
        {bus_, *disks_, publisher_->gatekeeper(), publisher_->senders(), sink_},
        std::move(methods));
    if (!objects) return objects.error();
    disk_objects_ = std::move(*objects);
    return Done{};
}

// Nobody owns a disk before there are any.
void Service::admit(const paths::Newcomer& newcomer, std::function<void(Status)> then) {
    if (!control_) return then(Done{});
    control_->admit(newcomer, std::move(then));
}

Status Service::check_not_running() {
    const char* unique = nullptr;
    if (int r = sd_bus_get_unique_name(bus_, &unique); r < 0) return Error{"use", "bus", "", -r};
    sd_bus_creds* owner = nullptr;
    const int r = sd_bus_get_name_creds(bus_, publish::kBusName, SD_BUS_CREDS_PID, &owner);
    if (r == -ENXIO) return Done{};
    pid_t pid = 0;
    if (r >= 0) sd_bus_creds_get_pid(owner, &pid);
    sd_bus_creds_unref(owner);
    if (r < 0) return Error{"look up", publish::kBusName, "", -r};
    return Error{"start", "",
                 std::string("another instance is running: process ") + std::to_string(pid) +
                     " owns " + publish::kBusName};
}

// Without the bus nobody reaches this instance, and who has its generation page would take it for
// the one that is reached: it ends, and is started again.
Status Service::watch_bus() {
    sd_bus_slot* slot = nullptr;
    const auto lost = [](sd_bus_message*, void* self, sd_bus_error*) {
        static_cast<Service*>(self)->fail({"use", "bus", "the connection was lost", 0});
        return 0;
    };
    const int r = sd_bus_match_signal_async(bus_, &slot, "org.freedesktop.DBus.Local", nullptr,
                                            "org.freedesktop.DBus.Local", "Disconnected", lost,
                                            nullptr, this);
    if (r < 0) return Error{"watch", "bus", "", -r};
    disconnected_.reset(slot);
    return Done{};
}

// The inventory stands: show it, then take the name, then say so.
void Service::publish() {
    queue_->begin();
    // What is shown now keeps its numbers, whatever ends this process.
    if (auto written = ids_.written(kPatienceAtTheStart);
        !written && written.error().errnum == ETIMEDOUT)
        note(LOG_WARNING, "object numbers are not saved yet: the disk is slow");
    auto publisher =
        publish::Publisher::create(bus_, loop_, *inventory_, config_.bus, *changes_, sink_, rules_);
    if (!publisher) {
        fail(publisher.error());
        return;
    }
    publisher_ = std::move(*publisher);
    auto jobs = jobs::JobObjects::publish(bus_, loop_, *jobs_);
    if (!jobs) {
        fail(jobs.error());
        return;
    }
    job_objects_ = std::move(*jobs);
    if (auto made = make_disks(); !made) {
        fail(made.error());
        return;
    }
    publisher_->also_manage([this](publish::BusWriter& out) {
        job_objects_->append_all(out);
        disk_objects_->append_all(out, config_.bus.managed_objects);
    });
    jobs_->tell_ends([this](const jobs::Job& job) { record(job); });
    inventory_->add_listener(*publisher_);
    if (const int r = sd_bus_request_name(bus_, publish::kBusName, 0); r < 0) {
        const Status alone = check_not_running(); // two may have started at once
        fail(!alone
                 ? alone.error()
                 : Error{"own", publish::kBusName,
                         r == -EACCES ? "the bus policy does not allow it to this user" : "", -r});
        return;
    }
    malloc_trim(0); // the start has needs that do not come again
    const auto snapshot = inventory_->snapshot();
    sd_notifyf(0, "READY=1\nSTATUS=Watching %zu logical units", snapshot->units.size());
}

void Service::record(const jobs::Job& job) const {
    sink_({"MESSAGE=" + job.kind + " of " + job.object + ", asked for by user " +
               std::to_string(job.user) + ": " + std::string(jobs::name_of(job.state)) + " " +
               job.message,
           std::string("MESSAGE_ID=") + publish::message_id::kChange,
           "PRIORITY=" + std::to_string(LOG_NOTICE), "MPAPI_OBJECT=" + job.object});
}

void Service::note(int priority, const std::string& message) const {
    sink_({"MESSAGE=" + message, "PRIORITY=" + std::to_string(priority)});
}

void Service::fail(const Error& error) {
    if (!failure_) failure_ = error;
    sd_event_exit(loop_, EXIT_FAILURE);
}

Status Service::run() {
    sd_event_set_watchdog(loop_, true);
    const int r = sd_event_loop(loop_);
    sd_notify(0, "STOPPING=1");
    // The generation page says that this is the end before the bus does.
    disk_objects_.reset();
    publisher_.reset();
    sd_bus_close(bus_);
    left_behind_ = workers_->close(kPatienceAtTheEnd) > 0;
    if (failure_) return *failure_;
    if (r < 0) return Error{"run", "event loop", "", -r};
    return Done{};
}

} // namespace mpapi::daemon
