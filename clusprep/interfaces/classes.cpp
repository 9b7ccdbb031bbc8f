// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/classes.hpp"

#include "clusprep/interfaces/cleanup_session.hpp"
#include "clusprep/interfaces/firewall_session.hpp"
#include "clusprep/interfaces/log_session.hpp"
#include "clusprep/interfaces/network_session.hpp"
#include "clusprep/interfaces/setup_session.hpp"
#include "clusprep/interfaces/storage_session.hpp"

namespace mpapi::csvp {

namespace {

template <typename Session>
class SessionObject : public dcom::Object {
  public:
    explicit SessionObject(Machine& machine)
      : session_(std::make_shared<Session>(machine)) {}

    void call(const ndr::Guid&, std::uint16_t opnum, std::span<const std::uint8_t> stub,
              const dcom::Caller& caller, dcom::Reply reply) override {
        dispatch(*session_, typename Session::Methods(), opnum, stub, caller, std::move(reply));
    }

    void rundown(std::function<void()> done) override {
        if constexpr (requires { session_->rundown(done); })
            session_->rundown(std::move(done));
        else
            done();
    }

  private:
    std::shared_ptr<Session> session_; // what a call awaits may hold it longer
};

template <typename Session>
class SessionFactory : public dcom::ObjectFactory {
  public:
    explicit SessionFactory(Machine& machine)
      : machine_(machine) {}

    std::string name() const override { return Session::Interface::name; }
    std::span<const ndr::Guid> interfaces() const override { return {&Session::Interface::iid, 1}; }
    Result<std::unique_ptr<dcom::Object>> create(const dcom::Caller&) override {
        return std::unique_ptr<dcom::Object>(std::make_unique<SessionObject<Session>>(machine_));
    }

  private:
    Machine& machine_;
};

template <typename Session>
Class of(Machine& machine) {
    return {Session::Interface::clsid, Session::Interface::name,
            std::make_unique<SessionFactory<Session>>(machine)};
}

} // namespace

std::vector<Class> classes(Machine& machine) {
    std::vector<Class> all;
    all.push_back(of<StorageSession>(machine));
    all.push_back(of<NetworkSession>(machine));
    all.push_back(of<CleanupSession>(machine));
    all.push_back(of<SetupSession>(machine));
    all.push_back(of<LogSession>(machine));
    all.push_back(of<FirewallSession>(machine));
    return all;
}

} // namespace mpapi::csvp
