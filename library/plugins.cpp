// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/plugins.hpp"

#include "library/boundary.hpp"
#include "library/cancellation.hpp"
#include "library/configuration.hpp"
#include "library/configuration_file.hpp"
#include "library/rendezvous.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::library {
namespace {

using Table = std::vector<std::unique_ptr<Plugin>>; // by owner id - 1

// How long the end of a process waits for calls and callbacks in flight. Closing the library waits
// as long as it takes: a callback would return into nothing. (A call might even so, in its last
// instructions; who closes has left the library.)
constexpr std::chrono::seconds patience{10};

enum class End { OfProcess, OfLibrary };

enum class Phase { Unloaded, Loading, Loaded, Closed };

// Written under the rendezvous. The table grows in phase Loading and is used in phase Loaded.
std::atomic<Phase> phase{Phase::Unloaded};
Table* table = nullptr;
std::atomic<unsigned> visits{0};
std::optional<std::string> kept_configuration;
bool inherited = false; // in a child after fork: what is in the table was the parent's

thread_local bool loading_here = false;
thread_local unsigned visits_here = 0;

// In a child of a process that was loading some are there already: their files are known.
void load(const std::string& text) {
    for (const Entry& line : entries_of(text)) {
        auto module = Module::open(line.file);
        if (!module) continue;
        // One instance has one owner id; a second Initialize would replace the first's.
        const bool known = std::any_of(table->begin(), table->end(),
                                       [&](const auto& plugin) { return plugin->is(*module); });
        const EntryPoints entry = module->entry_points();
        if (known || entry.Initialize == nullptr) continue;
        auto plugin = std::make_unique<Plugin>(std::move(*module), entry,
                                               static_cast<MP_UINT32>(table->size() + 1));
        if (!plugin->initialize()) continue;
        const std::lock_guard lock(rendezvous().mutex); // a child finds it there, or not at all
        table->push_back(std::move(plugin));
    }
}

// Last in, first out; no plugin sees one gone that was there before it.
void close(std::unique_ptr<Table> gone) {
    while (!gone->empty())
        gone->pop_back();
}

void unload(End end) {
    // A plugin's threads are not in a child; and what is in flight on this very thread (the program
    // exits inside a callback) cannot be waited for. Then all stays until the process is gone.
    if (inherited || visits_here > 0 || loading_here || in_callback()) return;
    const NoCancellation here;
    std::unique_ptr<Table> gone;
    {
        std::unique_lock lock(rendezvous().mutex);
        auto& changed = rendezvous().changed;
        if (phase.load() != Phase::Loaded) return;
        phase = Phase::Closed;
        stop_deliveries();
        const auto quiet = [] { return visits.load() == 0 && !delivering(); };
        if (end == End::OfLibrary)
            changed.wait(lock, quiet);
        else if (!changed.wait_for(lock, patience, quiet))
            return;
        gone.reset(table);
        table = nullptr;
    }
    close(std::move(gone));
}

void before_fork() {
    rendezvous().mutex.lock();
}

void after_fork_in_parent() {
    rendezvous().mutex.unlock();
}

void after_fork_in_child() {
    renew_rendezvous();
    forget_other_deliveries();
    visits = visits_here;
    if (table == nullptr) return;
    inherited = inherited || !table->empty();
    for (const auto& plugin : *table)
        forget_other_threads(plugin->events);
    // The thread that loads is not here; the next call goes on where it was.
    if (phase.load() == Phase::Loading && !loading_here) phase = Phase::Unloaded;
}

bool exiting = false;

// There before anybody can call: a child of a process whose first call is under way needs the
// handlers as well.
struct Opened {
    Opened() { ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }
    ~Opened() { exiting = true; }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
};
const Opened opened;

// Called before static objects are destroyed when the library is closed, and after that at exit.
[[gnu::destructor]] void closed() {
    if (!exiting) unload(End::OfLibrary);
}

// Made once plugins are there. At exit what was made last is destroyed first, so they are
// terminated before those of their static objects that were there when Initialize returned.
struct Exit {
    Exit() = default;
    ~Exit() { unload(End::OfProcess); }
    Exit(const Exit&) = delete;
    Exit& operator=(const Exit&) = delete;
};

// Ends the phase, however it ends. What could not be loaded as a whole is closed, and the next
// call tries again; but what a child inherited it keeps.
class Loading {
  public:
    Loading() { loading_here = true; }
    ~Loading() {
        if (!done_ && !inherited) close(std::unique_ptr<Table>(taken()));
        {
            const std::lock_guard lock(rendezvous().mutex);
            phase = done_ ? Phase::Loaded : Phase::Unloaded;
        }
        loading_here = false;
        rendezvous().changed.notify_all();
    }
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;

    void done() noexcept { done_ = true; }

  private:
    static Table* taken() {
        const std::lock_guard lock(rendezvous().mutex);
        return std::exchange(table, nullptr);
    }

    bool done_ = false;
};

void load_once() {
    std::string text;
    {
        std::unique_lock lock(rendezvous().mutex);
        rendezvous().changed.wait(lock, [] { return phase.load() != Phase::Loading; });
        if (phase.load() != Phase::Unloaded) return;
        text = kept_configuration ? *kept_configuration
                                  : read_configuration(configuration_path()).value_or("");
        if (table == nullptr) table = new Table;
        phase = Phase::Loading;
    }
    Loading loading;
    load(text);
    static const Exit at_exit;
    loading.done();
}

} // namespace

Plugin::~Plugin() {
    if (initialized_ && entry.Terminate != nullptr) entry.Terminate();
}

bool Plugin::initialize() {
    initialized_ = at_boundary([&] { return entry.Initialize(owner); }) == MP_STATUS_SUCCESS;
    return initialized_;
}

Visit::Visit() {
    if (!loading_here && phase.load() <= Phase::Loading) load_once();
    // Counted before looking: unloading sets the phase before it counts.
    visits.fetch_add(1);
    ++visits_here;
    if (phase.load() == Phase::Loaded) plugins_ = *table;
}

Visit::~Visit() {
    --visits_here;
    if (visits.fetch_sub(1) == 1 && phase.load() == Phase::Closed) {
        { const std::lock_guard lock(rendezvous().mutex); }
        rendezvous().changed.notify_all();
    }
}

void keep_configuration() {
    const std::lock_guard lock(rendezvous().mutex);
    if (phase.load() == Phase::Unloaded && !kept_configuration)
        kept_configuration = read_configuration(configuration_path()).value_or("");
}

} // namespace mpapi::library
