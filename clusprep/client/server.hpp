// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A node as the commands see it: its objects, one of each class and made when it is first needed,
// typed calls on them, and the preludes that MS-CSVP demands (3.3.4.1, 3.3.4.2, 3.5.4). What an
// object has been told stays true as long as it lives, so each prelude runs once.
#pragma once

#include "clusprep/client/remote.hpp"
#include "clusprep/interfaces/cluster_cleanup.hpp"
#include "clusprep/interfaces/cluster_firewall.hpp"
#include "clusprep/interfaces/cluster_log.hpp"
#include "clusprep/interfaces/cluster_network2.hpp"
#include "clusprep/interfaces/cluster_setup.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::client {

// Told of each call, for those who wait.
class CallWatcher {
  public:
    virtual ~CallWatcher() = default;
    // An error keeps the call from being made: the user wants to leave.
    virtual Status begins(const std::string& node, const std::string& method) = 0;
    virtual void ended() = 0;
};

class Server {
  public:
    // Both outlive it.
    Server(Remote& remote, std::string node, CallWatcher& watcher)
      : remote_(remote)
      , node_(std::move(node))
      , watcher_(watcher) {}

    const std::string& node() const { return node_; }

    // Makes the object of that class, if there is none yet.
    template <typename Interface>
    Outcome<Done> connect() {
        const auto object = object_of(Interface::clsid, Interface::iid, Interface::name);
        if (!object) return object.failure();
        return Done{};
    }

    // The answer, also of a method that failed.
    template <typename Interface, typename Method>
    Outcome<typename Method::Out> exchange(const typename Method::In& in) {
        auto stub = ndr::write(in);
        if (!stub) return failure(Failure::Kind::Local, Method::name, stub.error());
        auto answer = call(Interface::clsid, Interface::iid, Interface::name, Method::opnum,
                           Method::name, std::move(*stub));
        if (!answer) return answer.failure();
        typename Method::Out asked;
        if constexpr (requires { Method::answer_to(in); }) asked = Method::answer_to(in);
        auto out = ndr::read<typename Method::Out>(*answer, {}, 0, std::move(asked));
        if (!out) return failure(Failure::Kind::Garbled, Method::name, out.error());
        return std::move(*out);
    }

    // The answer of a method that succeeded.
    template <typename Interface, typename Method>
    Outcome<typename Method::Out> call(const typename Method::In& in) {
        auto out = exchange<Interface, Method>(in);
        if (out && !csvp::succeeded(out->result)) return failure(Method::name, out->result);
        return out;
    }

    template <typename Method>
    Outcome<typename Method::Out> storage(const typename Method::In& in) {
        return call<csvp::ClusterStorage2, Method>(in);
    }

    struct Prepared {
        std::uint32_t major = 0, minor = 0, version = 0;
        std::uint32_t disks = 0;
    };
    Outcome<csvp::CprepPrepareNode::Out> prepare_first(); // CprepPrepareNode
    // The same, and CprepPrepareNodePhase2.
    Outcome<Prepared> prepare();
    // The same, and CprepDiskAttach.
    Outcome<Done> attach(const csvp::DiskId& disk);
    // InitializeNode, and its undoing.
    Outcome<csvp::InitializeNode::Out> initialize();
    Outcome<Done> clean_up_network();

    Failure failure(const char* method, csvp::Hresult result) const {
        return {Failure::Kind::Method, node_, method, static_cast<std::uint32_t>(result), {}};
    }
    Failure failure(Failure::Kind kind, const char* method, Error error) const {
        return {kind, node_, method, 0, std::move(error)};
    }

  private:
    Outcome<RemoteObject*> object_of(const ndr::Guid& clsid, const ndr::Guid& iid,
                                     const char* interface);
    Outcome<std::vector<std::uint8_t>> call(const ndr::Guid& clsid, const ndr::Guid& iid,
                                            const char* interface, std::uint16_t opnum,
                                            const char* method, std::vector<std::uint8_t> stub);

    Remote& remote_;
    std::string node_;
    CallWatcher& watcher_;
    std::map<ndr::Guid, std::unique_ptr<RemoteObject>> objects_; // by CLSID
    std::optional<csvp::CprepPrepareNode::Out> preparing_;
    std::optional<Prepared> prepared_;
    std::vector<csvp::DiskId> attached_;
    std::optional<csvp::InitializeNode::Out> initialized_;
};

} // namespace mpapi::client
