// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/catalogue.hpp"

#include "clusprep/node/disks/failures.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::node {

namespace {

constexpr char kShared[] = "/org/mpapi/Multipath1/shared";

constexpr char kDiskChanged[] =
    "type='signal',sender='org.mpapi.Multipath1',interface='org.freedesktop.DBus.Properties',"
    "member='PropertiesChanged',path_namespace='/org/mpapi/Multipath1/shared',"
    "arg0='org.mpapi.Multipath1.SharedDisk'";
constexpr char kObjects[] =
    "type='signal',sender='org.mpapi.Multipath1',path='/org/mpapi/Multipath1',"
    "interface='org.freedesktop.DBus.ObjectManager',arg0path='/org/mpapi/Multipath1/shared/'";
constexpr char kOwner[] =
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.mpapi.Multipath1'";

// Questions that are under way at once: mpapid limits what one sender has unanswered.
constexpr std::size_t kAtOnce = 16;

} // namespace

Catalogue::Catalogue(sd_bus* bus)
  : bus_(bus)
  , calls_(bus, kMpapid) {}

Status Catalogue::follow() {
    const std::pair<const char*, sd_bus_message_handler_t> rules[] = {
        {kDiskChanged, disk_changed}, {kObjects, disks_came_or_went}, {kOwner, disks_came_or_went}};
    for (const auto& [rule, handler] : rules) {
        sd_bus_slot* slot = nullptr;
        const int r = sd_bus_add_match_async(bus_, &slot, rule, handler, nullptr, this);
        if (r < 0) return Error{"follow", "org.mpapi.Multipath1", rule, -r};
        matches_.emplace_back(slot);
    }
    return Done{};
}

int Catalogue::disk_changed(sd_bus_message* message, void* self, sd_bus_error*) {
    static_cast<Catalogue*>(self)->stale_.insert(sd_bus_message_get_path(message));
    return 0;
}

int Catalogue::disks_came_or_went(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& catalogue = *static_cast<Catalogue*>(self);
    catalogue.order_stale_ = true;
    // Another mpapid: nothing of what the last one said counts.
    if (sd_bus_message_is_signal(message, "org.freedesktop.DBus", "NameOwnerChanged") > 0)
        catalogue.disks_.clear();
    return 0;
}

std::uint32_t Catalogue::sector_size(const std::string& key) const {
    const auto disk = disks_.find(key);
    return disk == disks_.end() || disk->second.sector_size == 0 ? 512 : disk->second.sector_size;
}

void Catalogue::list(csvp::Completion<csvp::DiskList> done) {
    if (asking_) {
        late_.push_back(std::move(done));
    } else if (list_ && !order_stale_ && stale_.empty()) {
        done(list_);
    } else {
        waiting_.push_back(std::move(done));
        begin();
    }
}

void Catalogue::begin() {
    asking_ = true;
    if (!std::exchange(order_stale_, false)) return ask_disks();
    calls_.call(kShared, "org.mpapi.Multipath1.SharedDisks", "ListDisks", nullptr,
                [this](const csvp::Outcome<sd_bus_message*>& answer) {
                    if (!answer) return end(answer.failure());
                    listed(*answer);
                });
}

void Catalogue::listed(sd_bus_message* answer) {
    std::vector<std::string> order;
    int r = sd_bus_message_enter_container(answer, 'a', "o");
    const char* path = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(answer, "o", &path)) > 0)
        order.emplace_back(path);
    if (r < 0) return end({csvp::Hresult::Failed, Error{"read the list of", kShared, "", -r}});

    std::map<std::string, SharedDisk> known;
    for (const std::string& one : order) {
        if (auto disk = disks_.extract(one))
            known.insert(std::move(disk));
        else
            stale_.insert(one);
    }
    disks_ = std::move(known);
    order_ = std::move(order);
    ask_disks();
}

void Catalogue::ask_disks() {
    if (to_ask_.empty() && in_flight_ == 0) {
        to_ask_.assign(stale_.begin(), stale_.end());
        stale_.clear();
        if (to_ask_.empty()) return end();
    }
    while (!to_ask_.empty() && in_flight_ < kAtOnce) {
        const std::string path = std::move(to_ask_.back());
        to_ask_.pop_back();
        ++in_flight_;
        calls_.call(
            path, "org.freedesktop.DBus.Properties", "GetAll",
            [](sd_bus_message* m) { return sd_bus_message_append(m, "s", kSharedDisk); },
            [this, path](const csvp::Outcome<sd_bus_message*>& answer) { told(path, answer); });
    }
}

void Catalogue::told(const std::string& path, const csvp::Outcome<sd_bus_message*>& answer) {
    --in_flight_;
    auto disk = answer ? read_shared_disk(*answer) : Result<SharedDisk>(answer.failure().error);
    if (disk) {
        disks_.insert_or_assign(path, *std::move(disk));
    } else {
        // It went in between, or mpapid did: the next list says.
        disks_.erase(path);
        order_stale_ = true;
    }
    if (in_flight_ == 0 && to_ask_.empty())
        end();
    else
        ask_disks();
}

void Catalogue::end() {
    auto luns = std::make_shared<std::vector<csvp::Disk>>();
    for (const std::string& path : order_)
        if (const auto disk = disks_.find(path); disk != disks_.end())
            luns->push_back(as_lun(path, disk->second));
    if (!list_ || *list_ != *luns) list_ = std::move(luns);

    asking_ = false;
    const csvp::DiskList list = list_;
    for (const auto& done : std::exchange(waiting_, std::exchange(late_, {})))
        done(list);
    if (!waiting_.empty() && !asking_) begin();
}

void Catalogue::end(const csvp::Failure& failure) {
    order_stale_ = true;
    asking_ = false;
    auto failed = std::exchange(waiting_, {});
    for (auto& one : std::exchange(late_, {}))
        failed.push_back(std::move(one));
    for (const auto& done : failed)
        done(failure);
}

} // namespace mpapi::node
