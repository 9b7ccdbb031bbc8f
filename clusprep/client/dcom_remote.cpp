// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/dcom_remote.hpp"

#include <utility>

namespace mpapi::client {
namespace {

Failure failure_of(const dcom::Trouble& trouble, const Error& error) {
    using Kind = dcom::Trouble::Kind;
    switch (trouble.kind) {
    case Kind::Denied:
        return {Failure::Kind::Denied, "", "", 0, error};
    // The code says it all.
    case Kind::Fault:
        return {Failure::Kind::Fault, "", "", trouble.code, {}};
    case Kind::Refused:
        return {Failure::Kind::Refused, "", "", trouble.code, {}};
    case Kind::Garbled:
        return {Failure::Kind::Garbled, "", "", 0, error};
    case Kind::None:
    case Kind::Connection:
        break;
    }
    return {Failure::Kind::Unreachable, "", "", 0, error};
}

bool lost(const dcom::Trouble& trouble) {
    return trouble.kind == dcom::Trouble::Kind::Connection;
}

} // namespace

class DcomRemote::Object final : public RemoteObject {
  public:
    Object(DcomRemote& remote, const ndr::Guid& iid, std::unique_ptr<dcom::RemoteObject> object)
      : remote_(remote)
      , iid_(iid)
      , object_(std::move(object)) {}

    // Should the release fail, the node lets go what is not pinged any more. A node that is lost is
    // not dialled for it.
    ~Object() override {
        if (!remote_.lost_) (void)object_->release_and_wait();
    }

    Outcome<std::vector<std::uint8_t>> call(std::uint16_t opnum,
                                            std::vector<std::uint8_t> stub) override {
        auto answer = object_->call_and_wait(iid_, opnum, std::move(stub));
        remote_.lost_ = lost(answer.trouble);
        if (!answer.parameters) return failure_of(answer.trouble, answer.parameters.error());
        return *std::move(answer.parameters);
    }

  private:
    DcomRemote& remote_;
    ndr::Guid iid_;
    std::unique_ptr<dcom::RemoteObject> object_;
};

DcomRemote::DcomRemote(sd_event* loop, dcom::RemoteSettings settings)
  : loop_(loop)
  , settings_(std::move(settings)) {}

Outcome<std::unique_ptr<RemoteObject>> DcomRemote::activate(const ndr::Guid& clsid,
                                                            const ndr::Guid& iid) {
    auto made = dcom::RemoteObject::activate_and_wait(loop_, settings_, clsid, {iid});
    lost_ = lost(made.trouble);
    if (!made.object) return failure_of(made.trouble, made.object.error());
    return std::unique_ptr<RemoteObject>(
        std::make_unique<Object>(*this, iid, *std::move(made.object)));
}

} // namespace mpapi::client
