// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/server_connection.hpp"

#include "clusprep/rpc/verification_trailer.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

// For what a peer still sends after our last answer.
constexpr std::chrono::seconds lingering{2};

Error refusal(std::string reason) {
    return {"serve RPC", "", std::move(reason)};
}

// Of a fault or an answer to it: what a PDU of ours has in common with the peer's.
Header answer_header(const Header& header, PduType type, unsigned flags) {
    Header answer;
    answer.type = type;
    answer.flags = static_cast<std::uint8_t>(flags);
    answer.call_id = header.call_id;
    answer.minor = header.minor;
    return answer;
}

bool is_let_in(const SecuritySlot* slot) {
    return slot && slot->let_in;
}

} // namespace

ServerConnection::ServerConnection(ServerState& server, std::uint64_t id, Fd socket,
                                   PeerAddress peer, std::uint16_t local_port)
  : server_(server)
  , id_(id)
  , peer_(std::move(peer))
  , local_port_(local_port)
  , stream_(std::move(socket), server.limits.fragment)
  , contexts_(server.limits.presentation_contexts,
              [this](const SyntaxId& wanted) { return server_.find(wanted); })
  , owner_(peer_.network)
  , begun_(server.now())
  , active_(server.now()) {}

ServerConnection::~ServerConnection() = default;

Status ServerConnection::start() {
    return stream_.start(server_.loop, {weak_from_this(), [this] { input(); }, [this] { sent(); },
                                        [this](const Error& why) { end(why); }});
}

void ServerConnection::end(const Error& why) {
    if (ended_) return;
    ended_ = true;
    const auto self = shared_from_this();
    stream_.close();
    drop_assembly();
    running_.reset();
    server_.output.give_back(owner_, std::exchange(output_, 0));
    // A peer that goes by itself with nothing owed is no news.
    if (why.action != "receive") server_.refused(peer_, why);
    server_.remove(*this);
}

void ServerConnection::expire() {
    const Time now = server_.now();
    const auto past = [&](const std::optional<Time>& by) { return by && now >= *by; };
    const auto& limits = server_.limits;
    if (past(gone_by_)) return end({"receive", "", ""});
    const bool undecided = !bound_ || (!slots_.empty() && !authenticated_);
    if ((undecided && now - begun_ >= limits.authenticate) || (answering_ && now >= answering_->by))
        return end(refusal("did not authenticate in time"));
    if (!let_in_ && now - begun_ >= limits.stranger_life)
        return end(refusal("did not authenticate as somebody who is let in"));
    if (past(output_by_)) return end(refusal("does not take its answers"));
    if (past(pdu_by_)) return end(refusal("a PDU was begun and not finished in time"));
    if (assembly_ && now >= assembly_->by)
        return end(refusal("a call's fragments did not come in time"));
    if (!running_ && now - active_ >= (let_in_ ? limits.idle : limits.stranger_idle))
        end(refusal("idle for too long"));
}

void ServerConnection::input() {
    if (processing_ || ended_) return;
    const auto self = shared_from_this();
    processing_ = true;
    while (!ended_ && !finishing_ && next()) {
    }
    processing_ = false;
    if (ended_) return;
    if (stream_.input().empty() || busy())
        pdu_by_.reset();
    else if (!pdu_by_)
        pdu_by_ = server_.now() + server_.limits.fragments;
}

// Whether a PDU was taken.
bool ServerConnection::next() {
    const auto bytes = stream_.input();
    if (bytes.size() < header_size) return false;
    const auto header = parse_header(bytes);
    if (!header) {
        // The one thing that a stranger is told: which versions there are (C706 12.6.4.4).
        if (!bound_ && bytes[0] != 5 && bytes[2] == static_cast<std::uint8_t>(PduType::Bind)) {
            Header bind;
            bind.call_id = load<std::uint32_t>(bytes, 12);
            nak(bind, BindNak::version_unsupported, header.error());
        } else {
            end(header.error());
        }
        return false;
    }
    if (header->frag_length > server_.limits.fragment) {
        finish_with_fault(
            *header, fault::protocol_error,
            refusal("a fragment of " + std::to_string(header->frag_length) + " bytes"));
        return false;
    }
    if (bytes.size() < header->frag_length) return false;
    const bool urgent = header->type == PduType::Cancel || header->type == PduType::Orphaned;
    if (busy() && !urgent) return false;
    pdu_by_.reset();
    active_ = server_.now();
    handle(*header, bytes.first(header->frag_length));
    if (!ended_ && !finishing_) stream_.consume(header->frag_length);
    return true;
}

void ServerConnection::handle(const Header& header, std::span<std::uint8_t> pdu) {
    const auto verifier = parse_verifier(header, pdu);
    if (!verifier) return finish_with_fault(header, fault::access_denied, verifier.error());
    switch (header.type) {
    case PduType::Bind:
    case PduType::AlterContext:
        return bind(header, pdu, *verifier);
    case PduType::Auth3:
        return auth3(header, *verifier);
    case PduType::Request:
        return request(header, pdu, *verifier);
    case PduType::Cancel:
    case PduType::Orphaned:
        return abandon(header, pdu, *verifier);
    default:
        // What only a server sends.
        finish_with_fault(header, fault::protocol_error,
                          refusal("sent a PDU of type " + std::to_string(int(header.type))));
    }
}

// ---- bind and its security ----

SecuritySlot* ServerConnection::find_slot(std::uint32_t id) {
    const auto found = slots_.find(id);
    return found == slots_.end() ? nullptr : &found->second;
}

Result<SecuritySlot*> ServerConnection::make_slot(const SecTrailer& trailer) {
    if (trailer.level < static_cast<std::uint8_t>(AuthLevel::Connect) ||
        trailer.level > static_cast<std::uint8_t>(AuthLevel::Privacy))
        return refusal("authentication level " + std::to_string(trailer.level));
    if (slots_.size() >= server_.limits.security_contexts)
        return refusal("too many security contexts");
    const auto type = static_cast<AuthType>(trailer.type);
    auto context = server_.acceptors.accept(type, peer_);
    if (!context) return std::move(context).error();
    (*context)->sign_header(header_signing_);
    SecuritySlot slot;
    slot.security = {type, static_cast<AuthLevel>(trailer.level), trailer.context, context->get()};
    slot.context = std::move(*context);
    return &slots_.emplace(trailer.context, std::move(slot)).first->second;
}

void ServerConnection::bind(const Header& header, Bytes pdu,
                            const std::optional<Verifier>& verifier) {
    const bool first = header.type == PduType::Bind;
    if (first == bound_ || assembly_)
        return finish_with_fault(header, fault::protocol_error,
                                 refusal(first ? "a second bind" : "alter_context out of turn"));
    const std::size_t end_of_body = verifier ? verifier->offset : pdu.size();
    const auto bind = parse_bind(pdu.subspan(header_size, end_of_body - header_size));
    if (!bind || bind->items.empty() || (header.flags & pfc::whole) != pfc::whole) {
        const auto why = bind ? refusal("a bind without context, or in fragments") : bind.error();
        return first ? nak(header, BindNak::not_specified, why)
                     : finish_with_fault(header, fault::protocol_error, why);
    }

    if (first) {
        if (bind->max_receive < least_fragment || bind->max_transmit < least_fragment)
            return nak(header, BindNak::local_limit_exceeded, refusal("fragments are too small"));
        const auto group = server_.groups.join(bind->group);
        if (!group)
            return nak(
                header, BindNak::not_specified,
                refusal("association group " + std::to_string(bind->group) + " is not there"));
        group_ = *group;
        max_transmit_ = std::min(bind->max_receive, server_.limits.fragment);
        header_signing_ = (header.flags & pfc::support_header_sign) != 0;
    }

    OwedAnswer answering;
    answering.header = header;
    answering.ack = BindAck{};
    answering.ack->max_transmit = max_transmit_;
    answering.ack->max_receive = std::min(bind->max_transmit, server_.limits.fragment);
    answering.ack->group = group_;
    if (first) answering.ack->secondary_address = std::to_string(local_port_);

    if (verifier) {
        answering.slot = find_slot(verifier->trailer.context);
        if (!answering.slot) {
            auto made = make_slot(verifier->trailer);
            if (!made)
                return first ? nak(header, BindNak::auth_type_unknown, std::move(made).error())
                             : finish_with_fault(header, fault::access_denied,
                                                 std::move(made).error());
            answering.slot = *made;
        } else if (answering.slot->failed ||
                   verifier->trailer.type !=
                       static_cast<std::uint8_t>(answering.slot->security.type) ||
                   verifier->trailer.level !=
                       static_cast<std::uint8_t>(answering.slot->security.level)) {
            return finish_with_fault(header, fault::access_denied,
                                     refusal("a security context changed its type or level"));
        }
    }
    answering.ack->results = contexts_.negotiate(bind->items);
    bound_ = true;
    step(std::move(answering), verifier);
}

void ServerConnection::auth3(const Header& header, const std::optional<Verifier>& verifier) {
    SecuritySlot* const slot = verifier ? find_slot(verifier->trailer.context) : nullptr;
    if (!slot)
        return finish_with_fault(header, fault::protocol_error,
                                 refusal("auth3 without a security context"));
    // It has no answer that would acknowledge it, and Nagle's algorithm keeps the first request of
    // a peer back until it is: 40 ms.
    stream_.acknowledge();
    if (slot->failed) return;
    step({header, std::nullopt, slot, {}}, verifier);
}

void ServerConnection::step(OwedAnswer answering, const std::optional<Verifier>& verifier) {
    SecuritySlot* const slot = answering.slot;
    answering_ = std::move(answering);
    answering_->by = server_.now() + server_.limits.authenticate;
    if (!slot || slot->context->complete()) return stepped(SecurityContext::Token{});
    slot->context->step(verifier->value, [weak = weak_from_this()](auto token) {
        const auto self = weak.lock();
        if (!self || self->ended_) return;
        self->stepped(std::move(token));
        self->input();
    });
}

void ServerConnection::stepped(Result<SecurityContext::Token> token) {
    const OwedAnswer answering = *std::exchange(answering_, std::nullopt);
    SecuritySlot* const slot = answering.slot;
    const Header& header = answering.header;
    if (!token) {
        slot->failed = true;
        if (!answering.ack) return server_.refused(peer_, token.error());
        return header.type == PduType::Bind
                   ? nak(header, BindNak::invalid_checksum, std::move(token).error())
                   : finish_with_fault(header, fault::access_denied, std::move(token).error());
    }
    if (slot && slot->context->complete() && !slot->principal) {
        slot->principal = std::make_shared<const Principal>(slot->context->principal());
        slot->let_in = !server_.let_in || server_.let_in(*slot->principal);
        authenticated_ = true;
        if (slot->let_in && !let_in_) {
            if (!server_.take_in(*this)) return end(refusal("too many connections"));
            let_in_ = true;
            owner_ = slot->principal->name;
        }
    }
    if (!answering.ack) return;
    const bool first = header.type == PduType::Bind;
    unsigned flags = pfc::whole;
    if (header_signing_ && (header.flags & pfc::support_header_sign) != 0)
        flags |= pfc::support_header_sign;
    std::vector<std::uint8_t> out;
    auto done = append_with_token(
        out, build_bind_ack(*answering.ack),
        answer_header(header, first ? PduType::BindAck : PduType::AlterContextResponse, flags),
        slot ? slot->security : Security{}, *token);
    if (!done) return end(std::move(done).error());
    send(std::move(out));
}

// ---- requests ----

// Null: nobody in particular.
Result<SecuritySlot*> ServerConnection::slot_of_request(const std::optional<Verifier>& verifier) {
    if (!verifier) {
        // At Connect requests have no verifier (MS-RPCE 2.2.1.1.8): they are the bind's.
        for (auto& [id, slot] : slots_)
            if (slot.security.level == AuthLevel::Connect && slot.principal) return &slot;
        return nullptr;
    }
    SecuritySlot* const slot = find_slot(verifier->trailer.context);
    if (!slot) return refusal("a request of a security context that is not there");
    if (slot->failed) return Error{"serve RPC", "", ""}; // told when it failed
    if (!slot->principal) return refusal("a request before its authentication is complete");
    return slot;
}

void ServerConnection::request(const Header& header, std::span<std::uint8_t> pdu,
                               const std::optional<Verifier>& verifier) {
    const auto request = parse_request(header, pdu);
    if (!request) return finish_with_fault(header, fault::protocol_error, request.error());
    if (!bound_)
        return finish_with_fault(header, fault::protocol_error, refusal("a request before bind"));
    const auto slot = slot_of_request(verifier);
    if (!slot) return finish_with_fault(header, fault::access_denied, slot.error());
    const auto stub =
        open_fragment(pdu, request->stub, verifier, *slot ? (*slot)->security : Security{});
    if (!stub) return finish_with_fault(header, fault::access_denied, stub.error());

    if ((header.flags & pfc::first) != 0) {
        if (!begin_call(header, *request, *slot)) return;
    } else if (!assembly_) {
        return finish_with_fault(header, fault::protocol_error, refusal("a fragment of no call"));
    } else if (assembly_->header.call_id != header.call_id ||
               assembly_->request.context != request->context ||
               assembly_->request.opnum != request->opnum ||
               assembly_->request.object != request->object || assembly_->slot != *slot) {
        return finish_with_fault(header, fault::protocol_error,
                                 refusal("a fragment that does not agree with the first"));
    }

    const bool last = (header.flags & pfc::last) != 0;
    auto& assembly = *assembly_;
    if (assembly.doomed == 0) {
        std::size_t most = assembly.interface->largest_stub();
        if (!is_let_in(assembly.slot)) most = std::min(most, server_.limits.stranger_stub);
        if (stub->size() > most - assembly.stub.size()) {
            drop_assembly();
            return finish_with_fault(
                header, fault::out_of_memory,
                refusal("a call of more than " + std::to_string(most) + " bytes"));
        }
        if (!last && !count(assembly, stub->size())) {
            drop_assembly();
            return finish_with_fault(header, fault::server_too_busy,
                                     refusal("too many calls are begun"));
        }
        assembly.stub.insert(assembly.stub.end(), stub->begin(), stub->end());
    }
    if (last) dispatch();
}

// What is kept until the next fragment comes. Strangers are few and their stubs short: that is
// bound enough.
bool ServerConnection::count(CallAssembly& assembly, std::size_t bytes) {
    if (!is_let_in(assembly.slot)) return true;
    if (!server_.reassembly.take(owner_, bytes)) return false;
    assembly.counted += bytes;
    return true;
}

bool ServerConnection::begin_call(const Header& header, const Request& request,
                                  SecuritySlot* slot) {
    if (assembly_) {
        finish_with_fault(header, fault::protocol_error,
                          refusal("a call was begun before the last was complete"));
        return false;
    }
    CallAssembly& assembly = assembly_.emplace();
    assembly.header = header;
    assembly.request = request;
    assembly.slot = slot;
    assembly.interface = contexts_.find(request.context);
    assembly.by = server_.now() + server_.limits.fragments;
    const AuthLevel level = slot ? slot->security.level : AuthLevel::None;
    // Known before its stub is: one that will be refused fills no memory.
    if (!assembly.interface)
        assembly.doomed = fault::unknown_interface;
    else if (level < assembly.interface->least_level())
        assembly.doomed = fault::access_denied;
    else if (assembly.interface->least_level() > AuthLevel::None && !is_let_in(slot) &&
             (header.flags & pfc::last) == 0)
        assembly.doomed = fault::access_denied;
    else if (request.opnum >= assembly.interface->operations())
        assembly.doomed = fault::operation_range;
    return true;
}

void ServerConnection::drop_assembly() {
    if (!assembly_) return;
    server_.reassembly.give_back(owner_, assembly_->counted);
    assembly_.reset();
}

void ServerConnection::dispatch() {
    server_.reassembly.give_back(owner_, assembly_->counted);
    CallAssembly assembly = *std::exchange(assembly_, std::nullopt);
    const Header& header = assembly.header;
    const bool silent = (header.flags & pfc::maybe) != 0;
    if (assembly.doomed != 0) {
        if (!silent) fault(header, assembly.request.context, assembly.doomed, false);
        return;
    }
    Call call;
    call.interface = assembly.interface->id();
    call.opnum = assembly.request.opnum;
    call.object = assembly.request.object;
    call.stub = std::move(assembly.stub);
    call.peer = peer_;
    call.connection = id_;
    call.association_group = group_;
    if (assembly.slot) {
        call.level = assembly.slot->security.level;
        call.principal = assembly.slot->principal;
        if (assembly.slot->security.covers_calls()) {
            const auto trailer = check_verification_trailer(
                call.stub, {call.interface, ndr_syntax, header.call_id, assembly.request.context,
                            call.opnum, header_signing_});
            if (!trailer) return finish_with_fault(header, fault::access_denied, trailer.error());
            if (*trailer) {
                call.stub.resize(**trailer);
                call.padding = 3;
            }
        }
    }
    const std::uint64_t serial = ++last_serial_;
    running_ = RunningCall{serial, header, assembly.request.context,
                           assembly.slot ? assembly.slot->security : Security{}, silent};
    assembly.interface->call(std::move(call),
                             Reply([weak = weak_from_this(), serial](Reply::Answer answer) {
                                 if (const auto self = weak.lock())
                                     self->answer(serial, std::move(answer));
                             }));
}

void ServerConnection::answer(std::uint64_t serial, Reply::Answer answer) {
    if (ended_ || !running_ || running_->serial != serial) return;
    const RunningCall call = *std::exchange(running_, std::nullopt);
    active_ = server_.now();
    if (!call.silent && !finishing_) {
        if (answer.fault != 0) {
            fault(call.header, call.context, answer.fault, true);
        } else {
            std::array<std::uint8_t, response_header_size> head{};
            store(std::span<std::uint8_t>(head), 20, call.context);
            auto done = send_fragments(
                [this](std::vector<std::uint8_t> pdus) {
                    send(std::move(pdus));
                    return !ended_;
                },
                answer_header(call.header, PduType::Response, 0), head, answer.stub, max_transmit_,
                call.security);
            if (!done) return end(std::move(done).error());
        }
    }
    if (!ended_) input();
}

void ServerConnection::abandon(const Header& header, std::span<std::uint8_t> pdu,
                               const std::optional<Verifier>& verifier) {
    const auto slot = slot_of_request(verifier);
    if (!slot) return finish_with_fault(header, fault::access_denied, slot.error());
    if (verifier) {
        const auto opened = open_fragment(pdu, header_size, verifier, (*slot)->security);
        if (!opened) return finish_with_fault(header, fault::access_denied, opened.error());
    }
    if (header.type == PduType::Cancel) return;
    const auto may = [&](const Header& call, const Security* security) {
        return call.call_id == header.call_id &&
               (!security || !security->covers_calls() || verifier.has_value());
    };
    if (assembly_ && may(assembly_->header, assembly_->slot ? &assembly_->slot->security : nullptr))
        return drop_assembly();
    if (running_ && may(running_->header, &running_->security)) running_->silent = true;
}

// ---- answers ----

void ServerConnection::nak(const Header& header, std::uint16_t reason, const Error& why) {
    auto pdu = build_bind_nak({reason});
    store_header(pdu, answer_header(header, PduType::BindNak, pfc::whole));
    send(std::move(pdu));
    finish(why);
}

void ServerConnection::fault(const Header& header, std::uint16_t context, std::uint32_t status,
                             bool executed) {
    unsigned flags = pfc::whole;
    if (!executed) flags |= pfc::did_not_execute;
    send(build_fault(answer_header(header, PduType::Fault, flags), {context, status}));
}

void ServerConnection::send(std::vector<std::uint8_t> bytes) {
    if (ended_) return;
    if (auto done = stream_.send(std::move(bytes)); !done) return end(std::move(done).error());
    server_.output.give_back(owner_, std::exchange(output_, 0));
    if (stream_.unsent() == 0) return;
    if (!server_.output.take(owner_, stream_.unsent()))
        return end(refusal("answers that are not taken fill the memory"));
    output_ = stream_.unsent();
    if (!output_by_) output_by_ = server_.now() + server_.limits.slow_reader;
}

void ServerConnection::sent() {
    const auto self = shared_from_this();
    server_.output.give_back(owner_, std::exchange(output_, 0));
    output_by_.reset();
    if (finishing_)
        linger();
    else
        input();
}

void ServerConnection::finish(const Error& why) {
    if (ended_) return;
    finishing_ = true;
    drop_assembly();
    server_.refused(peer_, why);
    // Until then output_by_ is the limit.
    if (stream_.unsent() == 0) linger();
}

void ServerConnection::linger() {
    gone_by_ = server_.now() + lingering;
    stream_.drain();
}

void ServerConnection::finish_with_fault(const Header& header, std::uint32_t status,
                                         const Error& why) {
    if (header.type == PduType::Bind) return nak(header, BindNak::not_specified, why);
    fault(header, 0, status, false);
    finish(why);
}

} // namespace mpapi::rpc
