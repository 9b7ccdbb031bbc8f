// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A mechanism of three legs whose secrets are none: the client begins and ends, as with NTLM. Its
// seal is a counter, its signature a sum over the whole PDU and that counter, so that what is
// tampered with, left out, repeated or swapped is noticed.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"

#include <array>
#include <functional>

namespace played {

using namespace mpapi;
using namespace mpapi::rpc;

class Context : public SecurityContext {
  public:
    bool complete() const override { return complete_; }
    const Principal& principal() const override { return principal_; }
    void sign_header(bool negotiated) override { header_signing = negotiated; }
    std::size_t signature_length(AuthLevel, std::size_t) const override { return 16; }

    Status protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                   std::size_t length, std::span<std::uint8_t> signature) override {
        const std::uint32_t sum = sum_of(pdu, sent_);
        if (level == AuthLevel::Privacy) crypt(pdu.subspan(offset, length), sent_);
        ++sent_;
        std::fill(signature.begin(), signature.end(), std::uint8_t{0x5a});
        for (unsigned i = 0; i < 4; ++i)
            signature[i] = static_cast<std::uint8_t>(sum >> (8 * i));
        return Done{};
    }
    Status unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                     std::size_t length, std::span<const std::uint8_t> signature) override {
        if (signature.size() != 16) return Error{"verify", "", "a signature of another size"};
        if (level == AuthLevel::Privacy) crypt(pdu.subspan(offset, length), received_);
        const std::uint32_t sum = sum_of(pdu, received_);
        ++received_;
        for (unsigned i = 0; i < signature.size(); ++i)
            if (signature[i] != (i < 4 ? static_cast<std::uint8_t>(sum >> (8 * i)) : 0x5a))
                return Error{"verify", "", "a wrong signature"};
        return Done{};
    }

    bool header_signing = false;

  protected:
    bool complete_ = false;
    Principal principal_{"PLAYED\\user", {"S-1-5-32-544"}, AuthType::Ntlm};

  private:
    static std::uint32_t sum_of(std::span<const std::uint8_t> pdu, std::uint32_t count) {
        std::uint32_t sum = 0x811c9dc5u ^ count;
        for (const auto byte : pdu)
            sum = (sum ^ byte) * 0x01000193u;
        return sum;
    }
    static void crypt(std::span<std::uint8_t> bytes, std::uint32_t count) {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(byte ^ (0xa5 + count));
    }

    std::uint32_t sent_ = 0;
    std::uint32_t received_ = 0;
};

class Initiator final : public Context {
  public:
    void step(std::span<const std::uint8_t> token, StepDone done) override {
        if (token.empty()) return done(Token{'h', 'e', 'l', 'l', 'o'});
        if (Token(token.begin(), token.end()) != Token{'w', 'h', 'o'})
            return done(Error{"step", "", "a token that is none"});
        complete_ = true;
        done(Token{'m', 'e'});
    }
};

struct Acceptors final : rpc::Acceptors {
    Result<std::unique_ptr<SecurityContext>> accept(AuthType type, const PeerAddress&) override;

    std::string user = "PLAYED\\user"; // who is authenticated from here on
    bool deny = false;                 // the last token is not believed
    bool later = false;                // its answer is given by pending()
    std::function<void()> pending;
    std::size_t accepted = 0;
    bool header_signing = false; // of the context accepted last, once it is complete
};

class Acceptor final : public Context {
  public:
    explicit Acceptor(Acceptors& acceptors)
      : acceptors_(acceptors) {
        principal_.name = acceptors.user;
    }
    ~Acceptor() override { acceptors_.pending = nullptr; }

    void step(std::span<const std::uint8_t> token, StepDone done) override {
        const Token found(token.begin(), token.end());
        if (complete_) return done(Error{"step", "", "complete already"});
        if (!greeted_ && found == Token{'h', 'e', 'l', 'l', 'o'}) {
            greeted_ = true;
            return done(Token{'w', 'h', 'o'});
        }
        const bool believed = greeted_ && found == Token{'m', 'e'} && !acceptors_.deny;
        const auto answer = [this, believed, done] {
            if (!believed) return done(Error{"log on", "", "denied"});
            complete_ = true;
            acceptors_.header_signing = header_signing;
            done(Token{});
        };
        if (!acceptors_.later) return answer();
        acceptors_.pending = answer;
    }

  private:
    Acceptors& acceptors_;
    bool greeted_ = false;
};

inline Result<std::unique_ptr<SecurityContext>> Acceptors::accept(AuthType type,
                                                                  const PeerAddress&) {
    if (type != AuthType::Ntlm) return Error{"accept", "", "no such mechanism"};
    ++accepted;
    return std::unique_ptr<SecurityContext>(std::make_unique<Acceptor>(*this));
}

} // namespace played
