// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Callbacks. A thread of our own waits on the bus while something is registered, and only then; the
// daemon's signal that there is a new generation wakes it. It maps the new snapshot, asks the
// daemon which objects it may differ in from the one told last, compares those and calls back with
// nothing locked. Where the daemon cannot say (it was restarted, or it is too long ago), all
// objects are compared by their ids: nothing is lost, and nothing is told that did not change.
#pragma once

#include "plugin/daemon.hpp"
#include "plugin/difference.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mpapi::plugin {

class Events {
  public:
    Events(Daemon& daemon, MP_UINT32 owner)
      : daemon_(daemon)
      , owner_(owner) {}
    // No thread is left. Not from inside a callback.
    ~Events();
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;

    // As the entry points, for any thread and inside callbacks. What happens from now on is told.
    MP_STATUS add(MP_OBJECT_PROPERTY_FN function, MP_OBJECT_TYPE type, void* data);
    MP_STATUS add(MP_OBJECT_VISIBILITY_FN function, MP_OBJECT_TYPE type, void* data);
    MP_STATUS remove(MP_OBJECT_PROPERTY_FN function, MP_OBJECT_TYPE type);
    MP_STATUS remove(MP_OBJECT_VISIBILITY_FN function, MP_OBJECT_TYPE type);

    // In a child after fork(): the thread is not there or, if it forked inside a callback, must
    // end.
    void abandon() noexcept { ending_ = true; }

  private:
    template <typename Function>
    struct Registration {
        Function function = nullptr;
        void* data = nullptr;
        // What the client could read when it registered is no news to it.
        std::uint64_t instance = 0;
        std::uint64_t generation = 0;
    };
    template <typename Function>
    using Registrations = std::array<Registration<Function>, MP_OBJECT_TYPE_MAX + 1>;

    // What was told last, or needs not be told.
    struct Told {
        PicturePtr picture; // null: there was no daemon
        MP_PLUGIN_PROPERTIES plugin;
    };

    template <typename Function>
    MP_STATUS add_to(Registrations<Function>& all, Function function, MP_OBJECT_TYPE type,
                     void* data);
    template <typename Function>
    MP_STATUS remove_from(Registrations<Function>& all, Function function, MP_OBJECT_TYPE type);
    bool none_left() const;
    void start(Told told);
    PicturePtr next_stop();

    void run();
    bool is_over();
    void step();
    bool connect();
    bool follow();
    void follow_to(const PicturePtr& picture);
    std::optional<std::vector<ObjectRef>> candidates(const Picture& before);
    void tell(const Difference& found, bool plugin_changed);
    template <typename Function, typename... First>
    void call(const Registrations<Function>& all, MP_OBJECT_TYPE type, const Sequences& sequences,
              First... first);
    template <typename Function>
    Registration<Function> registered(const Registrations<Function>& all, MP_OBJECT_TYPE slot);
    template <typename Function>
    bool knows(const Registration<Function>& registration) const;
    static int noticed(sd_bus_message* message, void* self, sd_bus_error*);
    static int owner_noticed(sd_bus_message* message, void* self, sd_bus_error*);

    Daemon& daemon_;
    const MP_UINT32 owner_;
    std::atomic<bool> ending_{false};

    std::mutex mutex_; // of the registrations and of what starts and ends the thread
    Registrations<MP_OBJECT_PROPERTY_FN> property_;
    Registrations<MP_OBJECT_VISIBILITY_FN> visibility_;
    // What clients could read when they registered, as far as the thread is not there yet. It tells
    // up to each of them before it goes on, so that what is told to the others there is not told to
    // them with what follows.
    std::vector<PicturePtr> stops_;
    bool running_ = false;
    std::thread thread_;
    Fd wake_; // an eventfd: what the thread waits for is to be left
    std::optional<Inherited> wake_inherited_;

    // The thread's own while it runs.
    Told told_{};
    std::unique_ptr<Connection> connection_;
    bool reached_ = false;                               // the bus has answered on it
    bool heard_ = false;                                 // there may be something new
    bool left_ = false;                                  // the daemon has, without another one
    std::optional<std::chrono::microseconds> try_again_; // nothing will be heard, look then
};

} // namespace mpapi::plugin
