// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/plugins.hpp"

#include "library/boundary.hpp"
#include "library/configuration.hpp"
#include "library/configuration_file.hpp"
#include "library/rendezvous.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::library {
namespace {

using Table = std::vector<std::unique_ptr<Plugin>>;

// How long the end of a process, or closing the library, waits for calls and callbacks in flight.
constexpr std::chrono::seconds patience{10};

enum class Phase { Unloaded, Loading, Loaded, Closed };

// `phase` is written under the rendezvous. `table` is read in phase Loaded only.
std::atomic<Phase> phase{Phase::Unloaded};
Table* table = nullptr;
std::atomic<unsigned> visits{0};
std::optional<std::string> kept_configuration;
bool forked = false;

thread_local bool loading_here = false;
thread_local unsigned visits_here = 0;

Table load(const std::string& text) {
    Table loaded;
    for (const Entry& line : entries_of(text)) {
        auto module = Module::open(line.file);
        if (!module) continue;
        // One instance has one owner id; a second Initialize would replace the first's.
        const bool known = std::any_of(loaded.begin(), loaded.end(),
                                       [&](const auto& plugin) { return plugin->is(*module); });
        const EntryPoints entry = module->entry_points();
        if (known || entry.Initialize == nullptr) continue;
        auto plugin = std::make_unique<Plugin>(std::move(*module), entry,
                                               static_cast<MP_UINT32>(loaded.size() + 1));
        if (plugin->initialize()) loaded.push_back(std::move(plugin));
    }
    return loaded;
}

// Last in, first out; no plugin sees one gone that was there before it.
void close(std::unique_ptr<Table> gone) {
    while (!gone->empty())
        gone->pop_back();
}

void unload() {
    // A plugin's threads are not in a child; and what is in flight on this very thread (the program
    // exits inside a callback) cannot be waited for. Then all stays until the process is gone.
    if (forked || visits_here > 0 || in_callback()) return;
    std::unique_ptr<Table> gone;
    {
        std::unique_lock lock(rendezvous().mutex);
        if (phase.load() != Phase::Loaded) return;
        phase = Phase::Closed;
        stop_deliveries();
        const auto quiet = [] { return visits.load() == 0 && !delivering(); };
        if (!rendezvous().changed.wait_for(lock, patience, quiet)) return;
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
    forked = true;
    if (phase.load() == Phase::Loaded)
        for (const auto& plugin : *table)
            forget_other_threads(plugin->events);
    // The thread that loads is not here; what it had done so far is lost.
    if (phase.load() == Phase::Loading && !loading_here) phase = Phase::Unloaded;
}

struct Unloading {
    Unloading() { ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }
    ~Unloading() { unload(); }
    Unloading(const Unloading&) = delete;
    Unloading& operator=(const Unloading&) = delete;
};

// Called once plugins are there. What was constructed last is destroyed first, at exit and when the
// library is closed, so plugins are terminated before their static objects are destroyed.
void arrange_unloading() {
    static const Unloading unloading;
}

class Loading {
  public:
    Loading() { loading_here = true; }
    ~Loading() {
        loading_here = false;
        {
            const std::lock_guard lock(rendezvous().mutex);
            table = done_.release();
            phase = table != nullptr ? Phase::Loaded : Phase::Unloaded; // the next call tries again
        }
        rendezvous().changed.notify_all();
    }
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;

    void done(std::unique_ptr<Table> loaded) noexcept { done_ = std::move(loaded); }

  private:
    std::unique_ptr<Table> done_;
};

void load_once() {
    std::string text;
    {
        std::unique_lock lock(rendezvous().mutex);
        rendezvous().changed.wait(lock, [] { return phase.load() != Phase::Loading; });
        if (phase.load() != Phase::Unloaded) return;
        text = kept_configuration ? *kept_configuration
                                  : read_configuration(configuration_path()).value_or("");
        phase = Phase::Loading;
    }
    Loading loading;
    auto loaded = std::make_unique<Table>(load(text));
    arrange_unloading();
    loading.done(std::move(loaded));
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
