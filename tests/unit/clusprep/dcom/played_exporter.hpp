// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An exporter with one played class, and calls of its interfaces as the RPC engine makes them.
#pragma once

#include "bytes.hpp"
#include "clusprep/dcom/exporter.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/rpc/interface.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"
#include "played_objects.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace played {

struct Observer final : dcom::Observer {
    std::vector<std::string> told;

    void activated(const dcom::Caller& caller, const ndr::Guid&, dcom::Oid) override {
        told.push_back("activated " + caller.principal.name);
    }
    void activation_refused(const dcom::Caller& caller, const ndr::Guid&, dcom::HResult result,
                            const std::string& reason) override {
        char number[16];
        std::snprintf(number, sizeof number, "%08x", result);
        told.push_back("refused " + caller.principal.name + " " + number + " " + reason);
    }
    void interface_refused(const dcom::Caller&, const ndr::Guid& iid) override {
        told.push_back("no interface " + iid.text());
    }
    void caller_refused(const dcom::Caller& caller, const std::string& what) override {
        told.push_back("not allowed " + caller.principal.name + " " + what);
    }
    void object_refused(const dcom::Caller& caller, const dcom::KnownObject& object) override {
        told.push_back("refused " + caller.principal.name + " an object of " + object.client);
    }
    void ended(const dcom::KnownObject&, dcom::Ending) override { told.push_back("ended"); }

    std::string all() const {
        std::string text;
        for (const auto& line : told)
            text += line + "\n";
        return text;
    }
};

struct World {
    Factory factory;
    Loop loop;
    Observer observer;
    dcom::Time now{std::chrono::seconds(1000)};
    bool allowed = true;
    dcom::Exporter exporter;

    explicit World(const dcom::ExporterSettings& settings = {})
      : exporter(
            settings, counting(), [this] { return now; }, loop.later(),
            [this](const rpc::Principal&) { return allowed; }, observer) {
        exporter.add_class(storage_class, factory);
        exporter.set_addresses({"192.0.2.1", "2001:db8::1", "node1"}, 49152);
    }
};

inline rpc::Call a_call(std::uint16_t opnum, std::vector<std::uint8_t> stub) {
    rpc::Call call;
    call.opnum = opnum;
    call.stub = std::move(stub);
    call.level = rpc::AuthLevel::Privacy;
    call.principal = std::make_shared<const rpc::Principal>(rpc::Principal{"DOMAIN\\anna", {}, {}});
    call.peer = "192.0.2.77";
    return call;
}

inline rpc::Reply::Answer answer_of(rpc::Interface& interface, rpc::Call call) {
    std::optional<rpc::Reply::Answer> answer;
    interface.call(std::move(call),
                   rpc::Reply([&](rpc::Reply::Answer given) { answer = std::move(given); }));
    if (!answer) fail_msg("not answered");
    return *std::move(answer);
}

inline std::vector<std::uint8_t> object_stub(const auto& in) {
    auto stub = dcom::begin_request("01020304-0506-0708-090a-0b0c0d0e0f10"_guid);
    const auto appended = ndr::append(stub, in);
    assert_ok(appended);
    return stub;
}

template <typename Method>
typename Method::Out out_of(std::span<const std::uint8_t> stub) {
    auto out = ndr::read<typename Method::Out>(stub);
    assert_ok(out);
    return *std::move(out);
}

// A method without ORPCTHIS.
template <typename Method>
typename Method::Out call_plain(rpc::Interface& interface, const typename Method::In& in) {
    auto stub = ndr::write(in);
    assert_ok(stub);
    const auto answer = answer_of(interface, a_call(Method::opnum, *std::move(stub)));
    assert_int_equal(answer.fault, 0);
    return out_of<Method>(answer.stub);
}

// A method with it.
template <typename Method>
typename Method::Out call_object(rpc::Interface& interface, const typename Method::In& in,
                                 std::optional<ndr::Guid> object = {}) {
    auto call = a_call(Method::opnum, object_stub(in));
    call.object = object;
    const auto answer = answer_of(interface, std::move(call));
    assert_int_equal(answer.fault, 0);
    const auto parameters = dcom::split_answer(answer.stub);
    assert_ok(parameters);
    return out_of<Method>(*parameters);
}

} // namespace played
