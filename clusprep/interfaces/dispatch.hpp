// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From an opnum and a stub to a session's method, and from its answer back to a stub. A method that
// fails is never a fault: the response carries its HRESULT and every [out] parameter, arrays with
// size_is elements of which none is there. Faults are for stubs that are none (C706 12.6.4.3 leaves
// the status to the runtime; MS-RPCE 3.1.1.5.5 names RPC_X_BAD_STUB_DATA) and for opnums beyond the
// last one.
#pragma once

#include "clusprep/dcom/object.hpp"
#include "clusprep/interfaces/machine.hpp"
#include "clusprep/interfaces/parameters.hpp"
#include "clusprep/interfaces/subject.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace mpapi::csvp {

constexpr std::uint32_t bad_stub_data = 0x000006f7;      // RPC_X_BAD_STUB_DATA
constexpr std::uint32_t opnum_out_of_range = 0x1c010002; // nca_s_op_rng_error

// Answers one call, once. Copies share the promise. It may outlive session and connection.
template <typename Method>
class Responder {
  public:
    using Out = typename Method::Out;

    // `under_way` is let go with the last copy.
    Responder(Machine& machine, const typename Method::In& in, const dcom::Caller& caller,
              dcom::Reply reply, std::shared_ptr<void> under_way)
      : call_(std::make_shared<Call>(Call{std::move(under_way), machine, blank(in),
                                          caller.principal.name, caller.peer, subject_of(in),
                                          std::move(reply)})) {}

    // What an answer begins as; size_is is right.
    Out out() const { return call_->blank; }

    void operator()(const Out& out) const {
        if constexpr (is_told<Method>) tell(out.result, std::nullopt);
        answer(out);
    }
    void operator()(Hresult result) const { (*this)(with(result)); }
    void operator()(const Failure& failure) const {
        report(failure);
        answer(with(failure.code));
    }
    // To the log alone.
    void report(const Failure& failure) const { tell(failure.code, failure.error); }

  private:
    struct Call {
        std::shared_ptr<void> under_way;
        Machine& machine;
        Out blank;
        std::string user;
        rpc::PeerAddress peer;
        std::string subject;
        dcom::Reply reply;
    };

    Out with(Hresult result) const {
        Out answer = out();
        answer.result = result;
        return answer;
    }
    void answer(const Out& out) const {
        auto stub = ndr::write(out);
        if (stub)
            call_->reply.stub(std::move(*stub));
        else
            call_->reply.fault(bad_stub_data);
    }
    void tell(Hresult code, std::optional<Error> error) const {
        call_->machine.options().report(
            {Method::name, call_->user, call_->peer, call_->subject, code, std::move(error)});
    }

    static Out blank(const typename Method::In& in) {
        if constexpr (requires { Method::answer_to(in); })
            return Method::answer_to(in);
        else
            return {};
    }

    std::shared_ptr<Call> call_;
};

// Answers a method that has no [out] parameters with how an operation ended.
template <typename Method>
Completion<Done> answer_with(Responder<Method> respond) {
    return [respond = std::move(respond)](const Outcome<Done>& ended) {
        if (ended)
            respond(Hresult::Ok);
        else
            respond(ended.failure());
    };
}

template <typename... Methods>
struct MethodList {};

namespace detail {

template <typename Method, typename Session>
void invoke(Session& session, std::span<const std::uint8_t> stub, const dcom::Caller& caller,
            dcom::Reply reply) {
    auto in = ndr::read<typename Method::In>(stub, {.padding = caller.padding});
    if (!in) return reply.fault(bad_stub_data);
    std::shared_ptr<void> under_way;
    if constexpr (requires { session.begin_call(); }) under_way = session.begin_call();
    const Responder<Method> respond(session.machine(), *in, caller, std::move(reply),
                                    std::move(under_way));
    session.on(Method{}, std::move(*in), respond);
}

} // namespace detail

// Session: `Machine& machine()` and for each method `void on(Method, Method::In,
// const Responder<Method>&)`.
template <typename Session, typename... Methods>
void dispatch(Session& session, MethodList<Methods...>, std::uint16_t opnum,
              std::span<const std::uint8_t> stub, const dcom::Caller& caller, dcom::Reply reply) {
    void (*invoke)(Session&, std::span<const std::uint8_t>, const dcom::Caller&, dcom::Reply) =
        nullptr;
    const bool known =
        ((Methods::opnum == opnum && (invoke = detail::invoke<Methods, Session>, true)) || ...);
    if (!known) return reply.fault(opnum_out_of_range);
    invoke(session, stub, caller, std::move(reply));
}

} // namespace mpapi::csvp
