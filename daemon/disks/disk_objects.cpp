// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/disk_objects.hpp"

#include "common/bus/child_nodes.hpp"
#include "common/bus/object_label.hpp"
#include "common/system/turn.hpp"
#include "daemon/disks/disk_properties.hpp"
#include "daemon/publish/actions.hpp"
#include "daemon/publish/errors.hpp"
#include "daemon/publish/message_ids.hpp"

#include <cerrno>
#include <cstring>
#include <syslog.h>

namespace mpapi::disks {

namespace {

using publish::BusWriter;

constexpr char kInterface[] = "org.mpapi.Multipath1.SharedDisk";
constexpr char kListInterface[] = "org.mpapi.Multipath1.SharedDisks";
constexpr unsigned kTellsAtOnce = 32;       // signals in one turn of the loop
constexpr std::uint64_t kCongested = 5'000; // microseconds until the next try

std::string folder() {
    return std::string(bus::kRoot) + "/shared";
}

void append_property(BusWriter& out, const Property& property, const Disk& disk) {
    out.open('e', "sv");
    out.text(property.name);
    out.open('v', property.signature);
    property.append(out, disk);
    out.close();
    out.close();
}

void append_key(BusWriter& out, std::uint64_t key) {
    out.u64(key);
}

void append_allowed(BusWriter& out, const std::vector<std::string>& allowed) {
    out.open('a', "s");
    for (const auto& wwid : allowed)
        out.text(wwid);
    out.close();
}

} // namespace

std::string object_path(const Disk& disk) {
    return folder() + "/" + bus::escape(disk.id);
}

// A call from its arrival to its answer.
class DiskObjects::Pending final : public Call {
  public:
    Pending(sd_bus_message* call, bus::Senders::Call admitted, std::shared_ptr<const Method> method,
            publish::Journal::Sink journal)
      : call_(sd_bus_message_ref(call))
      , admitted_(std::move(admitted))
      , method_(std::move(method))
      , journal_(std::move(journal)) {}
    ~Pending() override {
        if (call_) fail(publish::error::kFailed, "The call was given up.");
    }

    const DiskPtr& disk() const override { return disk_; }
    sd_bus_message* message() const override { return call_.get(); }
    std::optional<uid_t> user() const override { return user_; }
    bool abandoned() const override { return admitted_.abandoned(); }
    using Call::fail;
    using Call::reply;

    void reply(const std::function<void(BusWriter&)>& write) override {
        sd_bus_message* made = nullptr;
        if (sd_bus_message_new_method_return(call_.get(), &made) < 0)
            return fail(publish::error::kFailed, "The reply could not be built.");
        BusMessage owned(made);
        BusWriter out(made);
        write(out);
        if (out.status() < 0) return fail(publish::error::kFailed, "The reply could not be built.");
        reply(std::move(owned));
    }

    void reply(BusMessage made) override {
        record(remark_.empty() ? "done" : "done, " + remark_);
        call_.reset();
        sd_bus_send(nullptr, made.get(), nullptr);
    }

    void fail(const char* name, const std::string& text) override {
        record(text);
        const BusMessage call = std::move(call_);
        publish::error::reply(call.get(), name, text);
    }

    void remark(std::string text) override { remark_ = std::move(text); }

    bus::Senders::Call& admitted() { return admitted_; }
    const Method& method() const { return *method_; }
    void begin(DiskPtr disk) { disk_ = std::move(disk); }
    void asked_by(std::optional<uid_t> user) { user_ = user; }

  private:
    // Of what was let in: a refusal before that is no change.
    void record(const std::string& how) const {
        if (!method_->recorded || !disk_) return;
        journal_({"MESSAGE=" + std::string(method_->name) + " of disk " + disk_->id +
                      ", asked for by user " + (user_ ? std::to_string(*user_) : "unknown") + ": " +
                      how,
                  std::string("MESSAGE_ID=") + publish::message_id::kChange,
                  "PRIORITY=" + std::to_string(LOG_NOTICE), "MPAPI_OBJECT=" + object_path(*disk_)});
    }

    BusMessage call_; // with its arguments, which are read when it is allowed
    bus::Senders::Call admitted_;
    const std::shared_ptr<const Method> method_;
    publish::Journal::Sink journal_;
    DiskPtr disk_;
    std::optional<uid_t> user_;
    std::string remark_;
};

// What sd-bus calls.
struct DiskObjects::Calls {
    static DiskObjects* self(void* userdata) { return static_cast<DiskObjects*>(userdata); }

    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) {
        const std::string before = folder() + "/";
        const std::string_view text(path);
        self(userdata)->found_ = nullptr;
        if (!text.starts_with(before)) return 0;
        const auto id = bus::unescape(text.substr(before.size()));
        Disks& disks = self(userdata)->means_.disks;
        // What a signal is about is as it was when it began.
        if (id)
            self(userdata)->found_ = self(userdata)->telling_ ? disks.peek(*id) : disks.find(*id);
        if (!self(userdata)->found_) return 0;
        *found = userdata;
        return 1;
    }

    static int get(sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) {
        for (const auto& property : disk_properties()) {
            if (std::strcmp(property.name, name) != 0) continue;
            BusWriter out(reply);
            property.append(out, *self(userdata)->found_);
            return out.status();
        }
        return -ENOENT;
    }

    static int call(sd_bus_message* call, void* userdata, sd_bus_error*) {
        const char* member = sd_bus_message_get_member(call);
        for (const Method& method : *self(userdata)->methods_)
            if (std::strcmp(method.name, member) == 0) self(userdata)->called(call, method);
        return 1;
    }

    static int list(sd_bus_message* call, void* userdata, sd_bus_error*) {
        self(userdata)->list(call);
        return 1;
    }

    static int get_key(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                       void* userdata, sd_bus_error*) {
        BusWriter out(reply);
        append_key(out, self(userdata)->means_.disks.means().key);
        return out.status();
    }

    static int get_allowed(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                           void* userdata, sd_bus_error*) {
        BusWriter out(reply);
        append_allowed(out, self(userdata)->means_.disks.means().config.allow);
        return out.status();
    }

    static int children(sd_bus*, const char* prefix, void* userdata, char*** nodes, sd_bus_error*) {
        std::vector<std::string> paths;
        if (prefix == folder())
            for (const auto& disk : self(userdata)->means_.disks.all())
                paths.push_back(object_path(*disk));
        return bus::give_child_nodes(paths, nodes);
    }

    static int turn(sd_event_source*, std::uint64_t, void* userdata) {
        self(userdata)->tell_changes();
        return 0;
    }
};

DiskObjects::DiskObjects(Means means, Methods methods)
  : means_(std::move(means))
  , methods_(std::make_shared<const Methods>(std::move(methods))) {}

DiskObjects::~DiskObjects() {
    *alive_ = false;
    means_.disks.remove_observer(*this);
    slots_.clear();
}

Result<std::unique_ptr<DiskObjects>> DiskObjects::publish(Means means, Methods methods) {
    std::unique_ptr<DiskObjects> self(new DiskObjects(std::move(means), std::move(methods)));
    if (auto started = self->start(); !started) return std::move(started).error();
    self->means_.disks.add_observer(*self);
    return self;
}

Status DiskObjects::start() {
    sd_event_source* source = nullptr;
    int r = add_turns(means_.disks.means().loop, &source, Calls::turn, this);
    if (r < 0) return Error{"add an event source", "", "", -r};
    turns_.reset(source);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 20); // the model goes first

    // Who may call what is decided here; without this flag sd-bus would ask for CAP_SYS_ADMIN
    // first.
    constexpr auto open = SD_BUS_VTABLE_UNPRIVILEGED;
    vtable_.push_back(SD_BUS_VTABLE_START(0));
    for (const auto& property : disk_properties())
        vtable_.push_back(SD_BUS_PROPERTY(property.name, property.signature, Calls::get, 0,
                                          property.flags & 0xff'ffff'ffff'ffff));
    for (const Method& method : *methods_) {
        sd_bus_vtable entry =
            SD_BUS_METHOD(method.name, method.signature, method.result, Calls::call, open);
        entry.x.method.names = method.names;
        vtable_.push_back(entry);
    }
    vtable_.push_back(SD_BUS_SIGNAL_WITH_NAMES("OwnershipLost", "s", SD_BUS_PARAM(reason), 0));
    vtable_.push_back(SD_BUS_VTABLE_END);
    list_vtable_ = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ReservationKey", "t", Calls::get_key, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Allowed", "as", Calls::get_allowed, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_NAMES("ListDisks", "", "", "ao", SD_BUS_PARAM(disks), Calls::list, open),
        SD_BUS_VTABLE_END,
    };
    int failed = 0;
    auto keep = [&](int result, sd_bus_slot* slot) {
        if (result < 0 && failed == 0) failed = result;
        if (result >= 0) slots_.emplace_back(slot);
    };
    sd_bus_slot* slot = nullptr;
    const std::string root(bus::kRoot);
    r = sd_bus_add_object_vtable(means_.bus, &slot, folder().c_str(), kListInterface,
                                 list_vtable_.data(), this);
    keep(r, slot);
    r = sd_bus_add_node_enumerator(means_.bus, &slot, folder().c_str(), Calls::children, this);
    keep(r, slot);
    r = sd_bus_add_fallback_vtable(means_.bus, &slot, root.c_str(), kInterface, vtable_.data(),
                                   Calls::find, this);
    keep(r, slot);
    if (failed < 0) return Error{"publish objects", folder(), "", -failed};
    return Done{};
}

void DiskObjects::append_all(BusWriter& out, std::size_t limit) {
    const auto disks = means_.disks.all();
    while (!told_.empty())
        tell_one();
    out.open('e', "oa{sa{sv}}");
    out.path(folder().c_str());
    out.open('a', "{sa{sv}}");
    out.open('e', "sa{sv}");
    out.text(kListInterface);
    out.open('a', "{sv}");
    out.open('e', "sv");
    out.text("ReservationKey");
    out.open('v', "t");
    append_key(out, means_.disks.means().key);
    out.close();
    out.close();
    out.open('e', "sv");
    out.text("Allowed");
    out.open('v', "as");
    append_allowed(out, means_.disks.means().config.allow);
    for (int level = 0; level < 6; ++level)
        out.close();
    for (const auto& disk : disks) {
        if (out.bytes() > limit) return;
        out.open('e', "oa{sa{sv}}");
        out.path(object_path(*disk).c_str());
        out.open('a', "{sa{sv}}");
        out.open('e', "sa{sv}");
        out.text(kInterface);
        out.open('a', "{sv}");
        for (const auto& property : disk_properties())
            append_property(out, property, *disk);
        for (int level = 0; level < 4; ++level)
            out.close();
    }
}

void DiskObjects::list(sd_bus_message* call) {
    sd_bus_message* made = nullptr;
    if (sd_bus_message_new_method_return(call, &made) < 0) return;
    const BusMessage reply(made);
    BusWriter out(made);
    out.open('a', "o");
    for (const auto& disk : means_.disks.all())
        out.path(object_path(*disk).c_str());
    out.close();
    if (out.status() < 0)
        return publish::error::reply(call, publish::error::kFailed,
                                     "The reply could not be built.");
    sd_bus_send(nullptr, made, nullptr);
}

void DiskObjects::called(sd_bus_message* call, const Method& method) {
    auto admitted = means_.senders.admit(call);
    if (!admitted)
        return publish::error::reply(call, publish::error::kLimitsExceeded,
                                     "Too many calls of this client are unanswered already.");
    auto pending =
        std::make_shared<Pending>(call, std::move(*admitted),
                                  std::shared_ptr<const Method>(methods_, &method), means_.journal);
    const std::string id = found_->id;
    means_.gatekeeper.ask(
        call, pending->admitted(), publish::action::kDisk,
        [this, alive = alive_, pending, id](const bus::Gatekeeper::Verdict& verdict) {
            if (!*alive) return;
            pending->asked_by(verdict.uid);
            if (!verdict.allowed())
                return pending->fail(publish::error::name_for(verdict.ruling), verdict.reason);
            allowed(pending, id);
        });
}

void DiskObjects::allowed(const std::shared_ptr<Pending>& pending, const std::string& id) {
    const DiskPtr disk = means_.disks.find(id);
    if (!disk) return pending->fail(publish::error::kObjectNotFound, "The disk is gone.");
    if (!disk->allowed)
        return pending->fail(
            error::kNotAllowed,
            disk->wwid.empty() ? "The disk has no WWID that could be on the list of allowed disks "
                                 "([disks] allow in mpapid.toml)."
                               : "The disk " + disk->wwid +
                                     " is not on the list of allowed disks ([disks] allow in "
                                     "mpapid.toml).");
    if (!pending->method().spares_used_disks) {
        pending->begin(disk);
        return pending->method().start(pending);
    }
    const auto used = means_.disks.look_at_use(id);
    if (!used)
        return pending->fail(error::kInUse, "It cannot be found out whether the system uses the "
                                            "disk: " +
                                                used.error().message() + ".");
    if (!(*used)->use->users.empty()) {
        std::string by;
        for (const auto& user : (*used)->use->users)
            by += (by.empty() ? "" : ", ") + user;
        return pending->fail(error::kInUse, "This system uses the disk: " + by + ".");
    }
    pending->begin(*used);
    pending->method().start(pending);
}

void DiskObjects::disk_changed(const DiskPtr& before, const DiskPtr& after) {
    // As it was when it was last told of; what comes and goes within a turn is no news.
    told_.emplace(before ? before->id : after->id, before);
    take_turn(turns_.get());
}

void DiskObjects::tell_changes() {
    // sd-bus reads no call while it has something to write.
    std::uint64_t queued = 0;
    sd_bus_get_n_queued_write(means_.bus, &queued);
    if (queued > 0) {
        sd_event_source_set_time_relative(turns_.get(), kCongested);
        return take_turn(turns_.get());
    }
    for (unsigned n = 0; n < kTellsAtOnce && !told_.empty(); ++n)
        tell_one();
    if (!told_.empty()) take_turn(turns_.get());
}

void DiskObjects::tell_one() {
    const auto news = told_.extract(told_.begin());
    const DiskPtr& before = news.mapped();
    const DiskPtr after = means_.disks.peek(news.key());
    const std::string path = folder() + "/" + bus::escape(news.key());
    if (!before && !after) return;
    telling_ = true;
    if (!before) {
        sd_bus_emit_interfaces_added(means_.bus, path.c_str(), kInterface, nullptr);
    } else if (!after) {
        sd_bus_emit_interfaces_removed(means_.bus, path.c_str(), kInterface, nullptr);
    } else {
        std::vector<char*> names;
        for (const auto& property : disk_properties())
            if (property.flags == SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE &&
                !property.same(*before, *after))
                names.push_back(const_cast<char*>(property.name));
        if (!names.empty()) {
            names.push_back(nullptr);
            sd_bus_emit_properties_changed_strv(means_.bus, path.c_str(), kInterface, names.data());
        }
    }
    telling_ = false;
}

} // namespace mpapi::disks
