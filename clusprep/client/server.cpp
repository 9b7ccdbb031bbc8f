// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/server.hpp"

#include <algorithm>

namespace mpapi::client {
namespace {

// What `work` gives, told to the watcher; a failure with the names that it lacks.
template <typename T, typename Work>
Outcome<T> watched(CallWatcher& watcher, const std::string& node, const char* method, Work work) {
    if (auto begun = watcher.begins(node, method); !begun)
        return Failure{Failure::Kind::Local, node, method, 0, std::move(begun).error()};
    Outcome<T> done = work();
    watcher.ended();
    if (done) return done;
    Failure failure = done.failure();
    failure.node = node;
    failure.method = method;
    return failure;
}

} // namespace

Outcome<RemoteObject*> Server::object_of(const ndr::Guid& clsid, const ndr::Guid& iid,
                                         const char* interface) {
    if (const auto known = objects_.find(clsid); known != objects_.end())
        return known->second.get();
    auto made = watched<std::unique_ptr<RemoteObject>>(
        watcher_, node_, interface, [&] { return remote_.activate(clsid, iid); });
    if (!made) return made.failure();
    return objects_.emplace(clsid, std::move(*made)).first->second.get();
}

Outcome<std::vector<std::uint8_t>> Server::call(const ndr::Guid& clsid, const ndr::Guid& iid,
                                                const char* interface, std::uint16_t opnum,
                                                const char* method,
                                                std::vector<std::uint8_t> stub) {
    const auto object = object_of(clsid, iid, interface);
    if (!object) return object.failure();
    return watched<std::vector<std::uint8_t>>(
        watcher_, node_, method, [&] { return (*object)->call(opnum, std::move(stub)); });
}

Outcome<csvp::CprepPrepareNode::Out> Server::prepare_first() {
    if (preparing_) return *preparing_;
    auto answer = storage<csvp::CprepPrepareNode>({});
    if (answer) preparing_ = *answer;
    return answer;
}

Outcome<Server::Prepared> Server::prepare() {
    if (prepared_) return *prepared_;
    if (const auto first = prepare_first(); !first) return first.failure();
    csvp::CprepPrepareNodePhase2::In in;
    in.attach_disks_on_system_bus = 1; // MS-CSVP 3.2.4.4: MUST
    const auto second = storage<csvp::CprepPrepareNodePhase2>(in);
    if (!second) return second.failure();
    prepared_ = Prepared{preparing_->major_version, preparing_->minor_version,
                         preparing_->clusprep_version, second->disks};
    return *prepared_;
}

Outcome<Done> Server::attach(const csvp::DiskId& disk) {
    if (const auto prepared = prepare(); !prepared) return prepared.failure();
    if (std::find(attached_.begin(), attached_.end(), disk) != attached_.end()) return Done{};
    if (const auto attached = storage<csvp::CprepDiskAttach>({disk}); !attached)
        return attached.failure();
    attached_.push_back(disk);
    return Done{};
}

Outcome<csvp::InitializeNode::Out> Server::initialize() {
    if (initialized_) return *initialized_;
    auto answer = call<csvp::ClusterNetwork2, csvp::InitializeNode>({});
    if (answer) initialized_ = *answer;
    return answer;
}

Outcome<Done> Server::clean_up_network() {
    if (!initialized_) return Done{};
    initialized_.reset();
    if (const auto answer = call<csvp::ClusterNetwork2, csvp::CleanupNode>({}); !answer)
        return answer.failure();
    return Done{};
}

} // namespace mpapi::client
