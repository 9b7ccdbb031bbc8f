// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/client_connection.hpp"

#include "clusprep/rpc/verification_trailer.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::rpc {

namespace {

// Bytes that an answer may have for the asking, before it has come.
constexpr std::size_t most_reserved = 2u << 20;

// The one that our connections have.
constexpr std::uint32_t security_context_id = 1;

Error failure(const char* action, std::string reason) {
    return {action, "", std::move(reason)};
}

Client::CallDone without_stub(Client::Done done) {
    return [done = std::move(done)](auto result, std::uint32_t) {
        if (result)
            done(Done{});
        else
            done(std::move(result).error());
    };
}

std::string reason_text(const ContextResult& result) {
    switch (result.reason) {
    case ContextResult::abstract_syntax_unsupported:
        return "the server does not have this interface";
    case ContextResult::transfer_syntaxes_unsupported:
        return "the server does not speak NDR 2.0";
    case ContextResult::local_limit_exceeded:
        return "a limit of the server is exceeded";
    default:
        return "the server rejects it for no reason";
    }
}

std::string reason_text(const BindNak& nak) {
    switch (nak.reason) {
    case BindNak::local_limit_exceeded:
        return "a limit of the server is exceeded";
    case BindNak::version_unsupported:
        return "the server does not speak this version of RPC";
    case BindNak::auth_type_unknown:
        return "the server does not have this kind of authentication";
    case BindNak::invalid_checksum:
        return "access denied";
    default:
        return "the server refuses, reason " + std::to_string(nak.reason);
    }
}

} // namespace

// ---- operations ----

bool ClientConnection::begin(Doing what, std::chrono::milliseconds limit, Client::CallDone done) {
    if (doing_ != Doing::Nothing) {
        // Not this operation's place to tell, nor the other's to be disturbed: the caller's error
        // is told by a source of its own.
        struct Refused {
            Client::CallDone done;
            EventSource source;
        };
        auto refused = std::make_unique<Refused>(Refused{std::move(done), {}});
        sd_event_source* source = nullptr;
        const auto run = [](sd_event_source*, void* data) {
            const std::unique_ptr<Refused> owned(static_cast<Refused*>(data));
            owned->done(failure("call RPC server", "another operation is under way"), 0);
            return 0;
        };
        if (sd_event_add_defer(loop_, &source, run, refused.get()) < 0) return false;
        refused->source.reset(source);
        (void)refused.release();
        return false;
    }
    doing_ = what;
    done_ = std::move(done);
    sd_event_source* source = nullptr;
    const auto late = [](sd_event_source*, std::uint64_t, void* data) {
        auto& connection = *static_cast<ClientConnection*>(data);
        const auto self = connection.shared_from_this();
        connection.fail(Error{"call RPC server", "", "it did not answer in time", ETIMEDOUT});
        return 0;
    };
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    if (deadline_) {
        sd_event_source_set_time_relative(deadline_.get(), static_cast<std::uint64_t>(usec));
        sd_event_source_set_enabled(deadline_.get(), SD_EVENT_ONESHOT);
    } else if (const int r =
                   sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC,
                                              static_cast<std::uint64_t>(usec), 0, late, this);
               r < 0) {
        fail({"make", "timer", "", -r});
        return false;
    } else {
        deadline_.reset(source);
    }
    if (what != Doing::Connecting && !connected()) {
        fail(failure("call RPC server", "there is no connection"));
        return false;
    }
    return true;
}

void ClientConnection::tell(Result<std::vector<std::uint8_t>> result, std::uint32_t fault) {
    if (doing_ == Doing::Nothing || doing_ == Doing::Telling) return;
    doing_ = Doing::Telling;
    if (deadline_) sd_event_source_set_enabled(deadline_.get(), SD_EVENT_OFF);
    result_ = std::move(result);
    fault_ = fault;
    const auto run = [](sd_event_source*, void* data) {
        auto& connection = *static_cast<ClientConnection*>(data);
        const auto self = connection.shared_from_this();
        const auto done = std::exchange(connection.done_, nullptr);
        auto told = *std::exchange(connection.result_, std::nullopt);
        connection.doing_ = Doing::Nothing;
        if (done) done(std::move(told), connection.fault_);
        return 0;
    };
    if (telling_) {
        sd_event_source_set_enabled(telling_.get(), SD_EVENT_ONESHOT);
        return;
    }
    sd_event_source* source = nullptr;
    if (sd_event_add_defer(loop_, &source, run, this) >= 0) telling_.reset(source);
}

void ClientConnection::succeed(std::vector<std::uint8_t> stub) {
    tell(std::move(stub), 0);
}

void ClientConnection::fail(Error why, std::uint32_t fault) {
    if (fault == 0) {
        dialling_.reset();
        if (stream_) stream_->close();
        const auto closed = std::exchange(closed_, nullptr);
        if (closed && (doing_ == Doing::Nothing || doing_ == Doing::Telling)) return closed();
    }
    tell(std::move(why), fault);
}

void ClientConnection::deny(Error why) {
    denied_ = true;
    fail(std::move(why));
}

void ClientConnection::distrust(Error why) {
    garbled_ = true;
    fail(std::move(why));
}

void ClientConnection::abandon() {
    doing_ = Doing::Nothing;
    done_ = nullptr;
    closed_ = nullptr;
    telling_.reset();
    deadline_.reset();
    dialling_.reset();
    if (stream_) stream_->close();
}

const Principal* ClientConnection::principal() const {
    return context_ && context_->complete() ? &context_->principal() : nullptr;
}

void ClientConnection::connect(const std::string& host, std::uint16_t port, Client::Done done) {
    if (!begin(Doing::Connecting, options_.connect, without_stub(std::move(done)))) return;
    if (stream_) return fail(failure("connect", "there was a connection already"));
    dialling_ = std::make_unique<Dialling>(loop_);
    auto begun = dialling_->begin(host, port, [this](Result<Fd> socket) {
        const auto self = shared_from_this();
        if (!socket) return fail(std::move(socket).error());
        if (auto attached = attach(std::move(*socket)); !attached)
            return fail(std::move(attached).error());
        succeed();
    });
    if (!begun) fail(std::move(begun).error());
}

Status ClientConnection::attach(Fd socket) {
    if (stream_) return failure("connect", "there was a connection already");
    stream_ = std::make_unique<Stream>(std::move(socket), options_.fragment);
    return stream_->start(loop_, {weak_from_this(), [this] { input(); }, [] {},
                                  [this](Error why) {
                                      const auto self = shared_from_this();
                                      fail(std::move(why));
                                  }});
}

bool ClientConnection::send(std::vector<std::uint8_t> bytes) {
    if (auto sent = stream_->send(std::move(bytes)); !sent) {
        fail(std::move(sent).error());
        return false;
    }
    return true;
}

// ---- bind ----

void ClientConnection::bind(const SyntaxId& interface, AuthType type, AuthLevel level,
                            std::unique_ptr<SecurityContext> context, Client::Done done) {
    if (!begin(Doing::Binding, options_.bind, without_stub(std::move(done)))) return;
    if (bound_ || binding_) return fail(failure("bind", "it was bound already"));
    binding_ = interface;
    if (!context) {
        security_ = {};
        return send_bind({});
    }
    context_ = std::move(context);
    security_ = {type, level, security_context_id, context_.get()};
    context_->step({}, [this](auto token) { stepped(std::move(token)); });
}

void ClientConnection::alter_context(const SyntaxId& interface, Client::Done done) {
    if (!begin(Doing::Binding, options_.bind, without_stub(std::move(done)))) return;
    if (!bound_) return fail(failure("alter context", "nothing is bound"));
    if (contexts_.contains(interface)) return succeed();
    binding_ = interface;
    send_bind({});
}

// A bind, or an alter_context when there was one already; both have the same form. The same
// interface may be offered again with a further leg: its number stays.
void ClientConnection::send_bind(Bytes token) {
    Bind bind;
    bind.max_transmit = bind.max_receive = options_.fragment;
    bind.group = bound_ ? group_ : options_.association_group;
    const auto known = contexts_.find(*binding_);
    const auto id =
        known != contexts_.end() ? known->second : static_cast<std::uint16_t>(contexts_.size());
    bind.items.push_back({id, *binding_, {ndr_syntax}});
    Header header;
    header.type = bound_ ? PduType::AlterContext : PduType::Bind;
    header.flags = pfc::whole;
    if (security_.context && (!bound_ || header_signing_)) header.flags |= pfc::support_header_sign;
    header.call_id = ++call_id_;
    std::vector<std::uint8_t> out;
    auto built = append_with_token(out, build_bind(bind), header, security_, token);
    if (!built) return fail(std::move(built).error());
    send(std::move(out));
}

void ClientConnection::send_auth3(Bytes token) {
    std::vector<std::uint8_t> pdu(header_size + 4); // C706 has no body, the field pads four bytes
    Header header;
    header.type = PduType::Auth3;
    header.call_id = call_id_;
    std::vector<std::uint8_t> out;
    auto built = append_with_token(out, std::move(pdu), header, security_, token);
    if (!built) return fail(std::move(built).error());
    if (send(std::move(out))) succeed();
}

void ClientConnection::stepped(Result<SecurityContext::Token> token) {
    const auto self = shared_from_this();
    if (doing_ != Doing::Binding) return;
    if (!token) return deny(std::move(token).error());
    const bool complete = context_->complete();
    if (!bound_) {
        if (token->empty()) return fail(failure("bind", "there is no token to begin with"));
        return send_bind(*token);
    }
    if (!complete && token->empty())
        return deny(failure("bind", "the authentication came to no end"));
    if (!complete) return send_bind(*token);
    binding_.reset();
    if (!token->empty()) return send_auth3(*token);
    succeed();
}

void ClientConnection::bind_answered(const Header& header, std::span<std::uint8_t> pdu,
                                     const std::optional<Verifier>& verifier) {
    const bool first = header.type == PduType::BindAck;
    if (first == bound_) return distrust(failure("bind", "an answer that does not fit"));
    const std::size_t end_of_body = verifier ? verifier->offset : pdu.size();
    const auto ack = parse_bind_ack(Bytes(pdu).subspan(header_size, end_of_body - header_size));
    if (!ack) return distrust(ack.error());
    if (ack->results.size() != 1)
        return distrust(
            failure("bind", std::to_string(ack->results.size()) + " results for one item"));
    const ContextResult& result = ack->results.front();
    if (result.result != ContextResult::accepted) {
        Error why{"bind", binding_->text(), reason_text(result)};
        binding_.reset();
        // A further interface that is not there leaves the connection as it was.
        if (bound_ && !verifier) return tell(std::move(why), 0);
        return fail(std::move(why));
    }
    if (result.transfer != ndr_syntax)
        return distrust(failure("bind", "a transfer syntax that was not offered"));
    if (first) {
        if (ack->max_receive < least_fragment)
            return distrust(failure("bind", "the server's fragments are too small"));
        bound_ = true;
        group_ = ack->group;
        max_transmit_ = std::min(ack->max_receive, options_.fragment);
        header_signing_ = security_.context && (header.flags & pfc::support_header_sign) != 0;
        if (context_) context_->sign_header(header_signing_);
    }
    contexts_.emplace(*binding_, static_cast<std::uint16_t>(contexts_.size()));
    if (!context_ || context_->complete()) {
        // With a token that ends the exchange at once the server may have owed none.
        if (!verifier || !context_ || !first) {
            binding_.reset();
            return succeed();
        }
    }
    if (!verifier) return deny(failure("bind", "the server ended the authentication early"));
    if (verifier->trailer.type != static_cast<std::uint8_t>(security_.type) ||
        verifier->trailer.context != security_.id)
        return distrust(failure("bind", "the server answered for another security context"));
    context_->step(verifier->value, [this](auto token) { stepped(std::move(token)); });
}

// ---- calls ----

void ClientConnection::call(const SyntaxId& interface, const std::optional<ndr::Guid>& object,
                            std::uint16_t opnum, std::vector<std::uint8_t> stub,
                            Client::CallDone done) {
    if (!begin(Doing::Calling, options_.call, std::move(done))) return;
    const auto context = contexts_.find(interface);
    if (context == contexts_.end())
        return tell(Error{"call RPC server", interface.text(), "this interface is not bound"}, 0);
    called_ = context->second;
    stub_.clear();
    begun_ = false;
    Header header;
    header.type = PduType::Request;
    header.flags = object ? pfc::object : std::uint8_t{0};
    header.call_id = ++call_id_;
    std::array<std::uint8_t, request_header_size + object_size> head{};
    const std::size_t head_size = request_header_size + (object ? object_size : 0);
    store(std::span<std::uint8_t>(head), 20, called_);
    store(std::span<std::uint8_t>(head), 22, opnum);
    if (object) {
        const auto uuid = ndr::guid_bytes(*object);
        std::copy(uuid.begin(), uuid.end(), head.begin() + request_header_size);
    }
    if (security_.covers_calls() && options_.verification_trailer)
        append_verification_trailer(
            stub, {interface, ndr_syntax, call_id_, called_, opnum, header_signing_});
    auto sent =
        send_fragments([this](std::vector<std::uint8_t> pdus) { return send(std::move(pdus)); },
                       header, Bytes(head).first(head_size), stub, max_transmit_, security_);
    if (!sent) fail(std::move(sent).error());
}

void ClientConnection::responded(const Header& header, std::span<std::uint8_t> pdu,
                                 const std::optional<Verifier>& verifier) {
    const auto response = parse_response(header, pdu);
    if (!response) return distrust(response.error());
    const bool first = (header.flags & pfc::first) != 0;
    if (doing_ != Doing::Calling || header.call_id != call_id_ || response->context != called_ ||
        first == begun_)
        return distrust(failure("call RPC server", "an answer to no call of ours"));
    const auto stub = open_fragment(pdu, response->stub, verifier, security_);
    if (!stub) return distrust(stub.error());
    if (!std::exchange(begun_, true))
        stub_.reserve(
            std::min({std::size_t{response->alloc_hint}, options_.reply_stub, most_reserved}));
    if (stub->size() > options_.reply_stub - stub_.size())
        return distrust(failure("call RPC server", "the answer is too long"));
    stub_.insert(stub_.end(), stub->begin(), stub->end());
    if ((header.flags & pfc::last) != 0) succeed(std::exchange(stub_, {}));
}

void ClientConnection::fault_answered(const Header& header, std::span<std::uint8_t> pdu,
                                      const std::optional<Verifier>& verifier) {
    const auto fault = parse_fault(header, pdu);
    if (!fault) return distrust(fault.error());
    // Servers differ in whether faults are protected. One that is must verify, for it counts.
    if (verifier && security_.covers_calls()) {
        // Sealed is the stub, which begins behind the status (C706 12.6.4.7).
        const std::size_t stub = std::min(fault_header_size, verifier->offset);
        const auto opened = open_fragment(pdu, stub, verifier, security_);
        if (!opened) return distrust(opened.error());
    }
    Error why{"call RPC server", "", fault_text(fault->status)};
    if (doing_ == Doing::Binding)
        return fault->status == fault::access_denied ? deny(std::move(why)) : fail(std::move(why));
    if (doing_ != Doing::Calling || header.call_id != call_id_)
        return distrust(failure("call RPC server", "a fault of no call of ours"));
    // A status of 0 would be taken for no fault at all.
    fail(std::move(why), fault->status == 0 ? fault::unspecified : fault->status);
}

void ClientConnection::input() {
    const auto self = shared_from_this();
    while (connected() && next()) {
    }
}

bool ClientConnection::next() {
    const auto bytes = stream_->input();
    if (bytes.size() < header_size) return false;
    const auto header = parse_header(bytes);
    if (!header) {
        distrust(header.error());
        return false;
    }
    if (header->frag_length > options_.fragment) {
        distrust(failure("call RPC server", "a fragment longer than was agreed on"));
        return false;
    }
    if (bytes.size() < header->frag_length) return false;
    handle(*header, bytes.first(header->frag_length));
    if (connected()) stream_->consume(header->frag_length);
    return true;
}

void ClientConnection::handle(const Header& header, std::span<std::uint8_t> pdu) {
    const auto verifier = parse_verifier(header, pdu);
    if (!verifier) return distrust(verifier.error());
    switch (header.type) {
    case PduType::Response:
        return responded(header, pdu, *verifier);
    case PduType::Fault:
        return fault_answered(header, pdu, *verifier);
    case PduType::BindAck:
    case PduType::AlterContextResponse:
        if (doing_ == Doing::Binding && binding_ && header.call_id == call_id_)
            return bind_answered(header, pdu, *verifier);
        break;
    case PduType::BindNak: {
        const auto nak = parse_bind_nak(Bytes(pdu).subspan(header_size));
        if (doing_ == Doing::Binding && !bound_ && nak)
            return nak->reason == BindNak::invalid_checksum ||
                           nak->reason == BindNak::auth_type_unknown
                       ? deny(failure("bind", reason_text(*nak)))
                       : fail(failure("bind", reason_text(*nak)));
        break;
    }
    case PduType::Shutdown:
        // The server asks for the connection back; between calls it gets it (C706 12.6.4.11).
        if (doing_ == Doing::Calling || doing_ == Doing::Binding) return;
        return fail(failure("call RPC server", "the server ended the connection"));
    default:
        break;
    }
    distrust(failure("call RPC server", "a PDU out of turn"));
}

} // namespace mpapi::rpc
