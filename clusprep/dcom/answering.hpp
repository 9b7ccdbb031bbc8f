// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a call's bytes to a method's parameters and back, the same for each interface of this
// folder. `handle` takes const Method::In& and gives Method::Out.
#pragma once

#include "clusprep/dcom/orpc.hpp"
#include "clusprep/dcom/status.hpp"
#include "clusprep/rpc/interface.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace mpapi::dcom {

// The parameters of an object call behind its ORPCTHIS. nullopt: the fault was sent.
std::optional<std::span<const std::uint8_t>> object_parameters(std::span<const std::uint8_t> stub,
                                                               rpc::Reply& reply);

namespace detail {

template <typename Method, typename Handle>
void answer_onto(std::vector<std::uint8_t> front, std::span<const std::uint8_t> parameters,
                 std::size_t padding, rpc::Reply reply, Handle&& handle) {
    const auto in = ndr::read<typename Method::In>(parameters, {.padding = padding});
    if (!in) return reply.fault(rpc::fault::bad_stub_data);
    const typename Method::Out out = handle(*in);
    if (!ndr::append(front, out)) return reply.fault(rpc::fault::unspecified);
    reply.send(std::move(front));
}

} // namespace detail

// A method of an interface without ORPCTHIS.
template <typename Method, typename Handle>
void answer(const rpc::Call& call, rpc::Reply reply, Handle&& handle) {
    detail::answer_onto<Method>({}, call.stub, call.padding, std::move(reply),
                                std::forward<Handle>(handle));
}

// A method with ORPCTHIS and ORPCTHAT.
template <typename Method, typename Handle>
void answer_object(const rpc::Call& call, rpc::Reply reply, Handle&& handle) {
    const auto parameters = object_parameters(call.stub, reply);
    if (!parameters) return;
    detail::answer_onto<Method>(begin_answer(), *parameters, call.padding, std::move(reply),
                                std::forward<Handle>(handle));
}

} // namespace mpapi::dcom
