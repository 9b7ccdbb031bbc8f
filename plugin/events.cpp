// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/events.hpp"

#include "common/system/signals_blocked.hpp"
#include "plugin/boundary.hpp"
#include "plugin/properties.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

namespace mpapi::plugin {

namespace {

// Where no event can be waited for: a bus that does not listen on a named socket, a daemon that
// does not answer.
constexpr std::chrono::seconds kPause{1};

constexpr std::chrono::seconds kPatience{10};

constexpr char kNewGeneration[] =
    "type='signal',sender='org.mpapi.Multipath1',path='/org/mpapi/Multipath1',"
    "interface='org.mpapi.Multipath1.Manager',member='GenerationChanged'";
constexpr char kNewOwner[] =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
    "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.mpapi.Multipath1'";

void raise(const Fd& event) {
    const std::uint64_t one = 1;
    (void)!::write(event.get(), &one, sizeof one); // full only if it is raised already
}

void lower(const Fd& event) {
    std::uint64_t count = 0;
    (void)!::read(event.get(), &count, sizeof count);
}

void pause(const Fd& event) {
    pollfd one{event.get(), POLLIN, 0};
    ::poll(&one, 1, static_cast<int>(std::chrono::milliseconds(kPause).count()));
}

struct Free {
    void operator()(MP_OID_LIST* list) const { std::free(list); }
};

} // namespace

Events::~Events() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        if (wake_) raise(wake_);
    }
    if (thread_.joinable()) thread_.join();
}

MP_STATUS Events::add(MP_OBJECT_PROPERTY_FN function, MP_OBJECT_TYPE type, void* data) {
    return add_to(property_, function, type, data);
}

MP_STATUS Events::add(MP_OBJECT_VISIBILITY_FN function, MP_OBJECT_TYPE type, void* data) {
    return add_to(visibility_, function, type, data);
}

MP_STATUS Events::remove(MP_OBJECT_PROPERTY_FN function, MP_OBJECT_TYPE type) {
    return remove_from(property_, function, type);
}

MP_STATUS Events::remove(MP_OBJECT_VISIBILITY_FN function, MP_OBJECT_TYPE type) {
    return remove_from(visibility_, function, type);
}

template <typename Function>
MP_STATUS Events::add_to(Registrations<Function>& all, Function function, MP_OBJECT_TYPE type,
                         void* data) {
    if (function == nullptr || type > MP_OBJECT_TYPE_MAX) return MP_STATUS_INVALID_PARAMETER;
    const NoCancellation here;
    const auto picture = daemon_.picture();
    Registration<Function> added{function, data};
    Told told{};
    if (picture) {
        told.picture = *picture;
        added.instance = told.picture->instance();
        added.generation = told.picture->generation();
        describe_plugin(&**told.picture, {}, told.plugin);
    } else {
        describe_plugin(nullptr, picture.error().reason, told.plugin);
    }
    const std::lock_guard lock(mutex_);
    if (running_ && told.picture) stops_.push_back(told.picture);
    if (!running_) start(std::move(told));
    const bool replaces = all[type].function != nullptr;
    all[type] = added;
    return replaces ? MP_STATUS_FN_REPLACED : MP_STATUS_SUCCESS;
}

template <typename Function>
MP_STATUS Events::remove_from(Registrations<Function>& all, Function function,
                              MP_OBJECT_TYPE type) {
    if (function == nullptr || type > MP_OBJECT_TYPE_MAX) return MP_STATUS_INVALID_PARAMETER;
    const NoCancellation here;
    const std::lock_guard lock(mutex_);
    if (all[type].function != function) return MP_STATUS_UNKNOWN_FN;
    all[type] = {};
    if (none_left()) raise(wake_);
    return MP_STATUS_SUCCESS;
}

bool Events::none_left() const {
    auto none = [](const auto& all) {
        for (const auto& one : all)
            if (one.function != nullptr) return false;
        return true;
    };
    return none(property_) && none(visibility_);
}

// Where the thread has to go next from what it told last, null for the newest snapshot.
PicturePtr Events::next_stop() {
    const std::lock_guard lock(mutex_);
    const Picture* told = told_.picture.get();
    auto ahead_by = [&](const PicturePtr& stop) -> std::optional<std::uint64_t> {
        if (!told || stop->instance() != told->instance()) return std::nullopt;
        return stop->generation() - std::min(stop->generation(), told->generation());
    };
    // Those that are behind, here or with a daemon that was replaced since.
    std::erase_if(stops_, [&](const PicturePtr& stop) {
        return ahead_by(stop).value_or(stop->daemon_lives()) == 0;
    });
    // The nearest, and what is of a later daemon after all of this one.
    const auto next =
        std::min_element(stops_.begin(), stops_.end(), [&](const auto& one, const auto& other) {
            return ahead_by(one).value_or(UINT64_MAX) < ahead_by(other).value_or(UINT64_MAX);
        });
    return next == stops_.end() ? nullptr : *next;
}

// Throws where there can be no thread.
void Events::start(Told told) {
    if (thread_.joinable()) thread_.join(); // it has seen that nothing was left
    if (!wake_) {
        const Fd made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        wake_.reset(::fcntl(made.get(), F_DUPFD_CLOEXEC, kAboveStandard));
        if (!wake_) throw std::system_error(errno, std::generic_category());
        wake_inherited_.emplace(wake_.get());
    }
    lower(wake_);
    told_ = std::move(told);
    stops_.clear();
    heard_ = false;
    reached_ = false;
    left_ = false;
    try_again_.reset();
    const SignalsBlocked here; // they are for the client's own threads
    thread_ = std::thread([this] { run(); });
    running_ = true;
}

void Events::run() {
    ::pthread_setname_np(::pthread_self(), "mpapi-events");
    while (!is_over()) {
        try {
            step();
        } catch (const std::bad_alloc&) {
            heard_ = true;
            pause(wake_);
        }
    }
    connection_.reset();
    told_.picture.reset();
}

bool Events::is_over() {
    if (ending_) return true; // in a child nobody would unlock the mutex
    const std::lock_guard lock(mutex_);
    if (none_left()) {
        running_ = false;
        return true;
    }
    lower(wake_);
    return false;
}

// Handles what there is, or waits until there is something.
void Events::step() {
    if (!connection_ && !connect()) {
        (void)follow();
        return pause(wake_);
    }
    if (!connection_->process()) {
        connection_.reset();
        if (!std::exchange(reached_, false)) pause(wake_);
        heard_ = true; // without a bus there is no daemon
        return;
    }
    if (!std::exchange(heard_, false)) {
        connection_->wait(wake_.get(), try_again_);
        heard_ = try_again_.has_value();
        return;
    }
    try_again_.reset();
    // A daemon that ends while there is no bus is told by nobody, and one that leaves the bus may
    // take a moment to end.
    const bool all = follow();
    if (!all || !reached_ || (left_ && told_.picture && told_.picture->daemon_lives()))
        try_again_ = kPause;
}

bool Events::connect() {
    auto connection = Connection::open(Connection::Wait::ForBus);
    if (!connection) return false;
    // What happened before the bus knows of a match is looked for when it does.
    sd_bus* const bus = (*connection)->bus();
    if (sd_bus_add_match_async(bus, nullptr, kNewGeneration, noticed, noticed, this) < 0 ||
        sd_bus_add_match_async(bus, nullptr, kNewOwner, owner_noticed, noticed, this) < 0)
        return false;
    connection_ = std::move(*connection);
    left_ = false;
    heard_ = true; // there may be no bus to tell that the daemon has gone with it
    return true;
}

int Events::noticed(sd_bus_message*, void* self, sd_bus_error*) {
    static_cast<Events*>(self)->heard_ = true;
    static_cast<Events*>(self)->reached_ = true;
    return 0;
}

int Events::owner_noticed(sd_bus_message* message, void* self, sd_bus_error* error) {
    const char* owner = nullptr;
    if (sd_bus_message_read(message, "sss", nullptr, nullptr, &owner) > 0)
        static_cast<Events*>(self)->left_ = *owner == '\0';
    return noticed(message, self, error);
}

// Tells what is new, or a part of it. False where there may be more and no signal will come.
bool Events::follow() {
    if (const PicturePtr stop = next_stop()) {
        follow_to(stop);
        heard_ = true;
        return true;
    }
    const auto picture = daemon_.picture(wake_.get());
    if (picture) {
        follow_to(*picture);
        return true;
    }
    // Broken off, or no news of the daemon.
    if (picture.error().errnum == EINTR || picture.error().errnum == ENOMEM) return false;
    MP_PLUGIN_PROPERTIES plugin;
    describe_plugin(nullptr, picture.error().reason, plugin);
    if (std::memcmp(&plugin, &told_.plugin, sizeof plugin) != 0) {
        told_.plugin = plugin;
        tell({}, true);
    }
    return picture.error().errnum == ENOENT;
}

void Events::follow_to(const PicturePtr& picture) {
    MP_PLUGIN_PROPERTIES plugin;
    describe_plugin(&**picture, {}, plugin);
    const Picture* before = told_.picture.get();
    Difference found;
    if (!before || before->instance() != picture->instance())
        found = difference(before ? &**before : nullptr, **picture, std::nullopt);
    else if (before->generation() != picture->generation())
        found = difference(&**before, **picture, candidates(*before));
    const bool plugin_changed = std::memcmp(&plugin, &told_.plugin, sizeof plugin) != 0;
    // Known before it is told: a callback may end this for good (exit, fork).
    told_ = {picture, plugin};
    tell(found, plugin_changed);
}

// The objects that may differ between a snapshot and a later one of the same daemon; nothing where
// all have to be compared.
std::optional<std::vector<ObjectRef>> Events::candidates(const Picture& before) {
    if (!connection_) return std::nullopt;
    const auto message =
        connection_->new_call(bus::kRoot.data(), "org.mpapi.Multipath1.Manager", "GetChanges");
    if (!message ||
        sd_bus_message_append(message->get(), "tt", before.instance(), before.generation()) < 0)
        return std::nullopt;
    const Answer answer = connection_->call(*message, kPatience, wake_.get());
    if (!answer) return std::nullopt;
    sd_bus_message* in = answer.message();
    std::uint64_t instance = 0;
    std::uint64_t generation = 0;
    int resync = 0;
    if (sd_bus_message_read(in, "ttb", &instance, &generation, &resync) < 0 || resync ||
        sd_bus_message_enter_container(in, 'a', "(tsut)") < 0)
        return std::nullopt;
    std::vector<ObjectRef> refs;
    std::uint32_t type = 0;
    std::uint64_t sequence = 0;
    int r = 0;
    while ((r = sd_bus_message_read(in, "(tsut)", &generation, nullptr, &type, &sequence)) > 0) {
        // Properties of many objects are made of these.
        if (type <= MP_OBJECT_TYPE_PLUGIN || type == MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE)
            return std::nullopt;
        if (type <= MP_OBJECT_TYPE_MAX)
            refs.push_back({static_cast<MP_OBJECT_TYPE>(type), sequence});
    }
    if (r < 0) return std::nullopt;
    return refs;
}

void Events::tell(const Difference& found, bool plugin_changed) {
    for (const MP_OBJECT_TYPE type : kObjectTypes)
        call(visibility_, type, found.appeared[type], MP_BOOL{MP_TRUE});
    if (plugin_changed) call(property_, MP_OBJECT_TYPE_PLUGIN, {0});
    for (const MP_OBJECT_TYPE type : kObjectTypes)
        call(property_, type, found.changed[type]);
    for (auto type = kObjectTypes.rbegin(); type != kObjectTypes.rend(); ++type)
        call(visibility_, *type, found.vanished[*type], MP_BOOL{MP_FALSE});
}

template <typename Function, typename... First>
void Events::call(const Registrations<Function>& all, MP_OBJECT_TYPE type,
                  const Sequences& sequences, First... first) {
    if (sequences.empty()) return;
    for (const MP_OBJECT_TYPE slot : {type, MP_OBJECT_TYPE_UNKNOWN}) {
        Registration<Function> now;
        // Each gets its own: it may write to it. Where there is no memory for it, it is waited for:
        // what is not told now would never be.
        std::unique_ptr<MP_OID_LIST, Free> list;
        for (;;) {
            if (ending_) return;
            now = registered(all, slot);
            if (now.function == nullptr || (type != MP_OBJECT_TYPE_PLUGIN && knows(now))) break;
            list.reset(new_list(type, owner_, sequences));
            if (list) break;
            pause(wake_);
        }
        if (list) now.function(first..., list.get(), now.data);
    }
}

template <typename Function>
Events::Registration<Function> Events::registered(const Registrations<Function>& all,
                                                  MP_OBJECT_TYPE slot) {
    const std::lock_guard lock(mutex_);
    return all[slot];
}

// Whether the client could read what is told now when it registered.
template <typename Function>
bool Events::knows(const Registration<Function>& registration) const {
    const Picture& told = *told_.picture;
    return told.instance() == registration.instance && told.generation() <= registration.generation;
}

} // namespace mpapi::plugin
