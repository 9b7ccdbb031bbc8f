// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls of an object's methods in a test, through the bytes of the wire both ways.
#pragma once

#include "clusprep/interfaces/classes.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"
#include "tests/unit/cmocka.hpp"

#include <memory>
#include <optional>
#include <string>

namespace mpapi::csvp {

// An answer that may not have come yet.
using Pending = std::shared_ptr<std::optional<dcom::Answer>>;

// One object of the class that makes `Interface`.
template <typename Interface>
class Called {
  public:
    explicit Called(Machine& machine) {
        for (Class& each : classes(machine)) {
            if (each.clsid != Interface::clsid) continue;
            assert_int_equal(each.factory->interfaces().size(), 1);
            assert_true(each.factory->interfaces().front() == Interface::iid);
            auto object = each.factory->create({principal_, rpc::AuthLevel::Privacy, address_});
            assert_ok(object);
            object_ = std::move(*object);
        }
        assert_non_null(object_.get());
    }

    Pending begin_raw(std::uint16_t opnum, std::span<const std::uint8_t> stub) {
        auto pending = std::make_shared<std::optional<dcom::Answer>>();
        object_->call(
            Interface::iid, opnum, stub, {principal_, rpc::AuthLevel::Privacy, address_},
            dcom::Reply([pending](dcom::Answer answer) { *pending = std::move(answer); }));
        return pending;
    }

    dcom::Answer raw(std::uint16_t opnum, std::span<const std::uint8_t> stub) {
        const Pending pending = begin_raw(opnum, stub);
        assert_true(pending->has_value());
        return **pending;
    }

    template <typename Method>
    Pending begin(const typename Method::In& in = {}) {
        const auto stub = ndr::write(in);
        assert_ok(stub);
        return begin_raw(Method::opnum, *stub);
    }

    template <typename Method>
    typename Method::Out end(const Pending& pending, const typename Method::In& in = {}) {
        assert_true(pending->has_value());
        assert_int_equal((*pending)->fault, 0);
        typename Method::Out empty;
        if constexpr (requires { Method::answer_to(in); }) empty = Method::answer_to(in);
        auto out = ndr::read<typename Method::Out>((*pending)->stub, {}, 0, std::move(empty));
        assert_ok(out);
        return std::move(*out);
    }

    template <typename Method>
    typename Method::Out call(const typename Method::In& in = {}) {
        return end<Method>(begin<Method>(in), in);
    }

    // Whether it has ended by now.
    std::shared_ptr<bool> rundown() {
        auto ended = std::make_shared<bool>(false);
        object_->rundown([ended] { *ended = true; });
        return ended;
    }

  private:
    rpc::Principal principal_{"EXAMPLE\\admin", {}, rpc::AuthType::Ntlm};
    rpc::PeerAddress address_ = "192.0.2.99";
    std::unique_ptr<dcom::Object> object_;
};

inline void assert_result(Hresult actual, Hresult expected) {
    assert_text_equal(text(actual), text(expected));
}

} // namespace mpapi::csvp
