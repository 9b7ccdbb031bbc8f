// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a server offers, and what it is told of a call. All on the loop's thread.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"
#include "clusprep/rpc/fault.hpp"
#include "clusprep/rpc/peer_address.hpp"
#include "clusprep/rpc/syntax.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::rpc {

struct Call {
    SyntaxId interface; // as it was registered
    std::uint16_t opnum = 0;
    std::optional<ndr::Guid> object;
    // Reassembled, unsealed, the verification trailer taken off and checked.
    std::vector<std::uint8_t> stub;
    // Bytes at the stub's end that may belong to no parameter, for a trailer stood aligned behind
    // them: to be handed on in ndr::Limits.
    std::size_t padding = 0;
    AuthLevel level = AuthLevel::None;
    std::shared_ptr<const Principal> principal; // null: nobody in particular
    PeerAddress peer;
    std::uint64_t connection = 0;        // never used again
    std::uint32_t association_group = 0; // ends with its last connection
};

// The one answer to a call: within call() or any time later from the loop; the connection may have
// gone meanwhile, and then nothing happens. Dropped without an answer it is nca_s_fault_unspec.
class Reply {
  public:
    // A stub, or the status of a fault.
    struct Answer {
        std::vector<std::uint8_t> stub;
        std::uint32_t fault = 0;
    };

    explicit Reply(std::function<void(Answer)> answer)
      : answer_(std::move(answer)) {}
    Reply(Reply&& other) noexcept
      : answer_(std::exchange(other.answer_, nullptr)) {}
    Reply& operator=(Reply&& other) noexcept {
        std::swap(answer_, other.answer_);
        return *this;
    }
    ~Reply() {
        if (answer_) fault(fault::unspecified);
    }

    void send(std::vector<std::uint8_t> stub) { finish({std::move(stub), 0}); }
    void fault(std::uint32_t status) { finish({{}, status}); }
    explicit operator bool() const { return bool(answer_); } // not answered yet

  private:
    void finish(Answer answer) {
        if (auto once = std::exchange(answer_, nullptr)) once(std::move(answer));
    }

    std::function<void(Answer)> answer_;
};

class Interface {
  public:
    virtual ~Interface() = default;

    virtual SyntaxId id() const = 0;
    // Opnums from here on are answered by nca_s_op_rng_error without a call.
    virtual std::uint16_t operations() const = 0;
    // Requests below it are answered by fault 5 without a call.
    virtual AuthLevel least_level() const = 0;
    // Bytes of the longest stub that one of its calls can need; longer ones are refused.
    virtual std::size_t largest_stub() const { return 64u << 10; }
    virtual void call(Call call, Reply reply) = 0;
};

} // namespace mpapi::rpc
