// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/remote_object.hpp"

#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/remote_unknown_messages.hpp"
#include "clusprep/rpc/fault.hpp"
#include "common/system/handle.hpp"

#include <strings.h>
#include <sys/random.h>

#include <array>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr rpc::SyntaxId kActivator{kScmActivatorId, 0, 0};
constexpr rpc::SyntaxId kUnknown{kRemUnknownId, 0, 0};
constexpr rpc::SyntaxId kResolver{kObjectExporterId, 0, 0};

constexpr Trouble kNone{};
constexpr Trouble kConnection{Trouble::Kind::Connection, 0};
constexpr Trouble kDenied{Trouble::Kind::Denied, 0};
constexpr Trouble kGarbled{Trouble::Kind::Garbled, 0};

Trouble refusal(HResult result) {
    return {Trouble::Kind::Refused, result};
}

// Of what came to an error, with the fault of a call.
Trouble trouble_of(const rpc::Client& client, std::uint32_t fault = 0) {
    if (fault != 0) return {Trouble::Kind::Fault, fault};
    return client.denied() ? kDenied : client.garbled() ? kGarbled : kConnection;
}

// The last leg of NTLM has no answer: that we are not let in shows here (MS-RPCE 3.3.1.5.2).
Trouble trouble_of_first(const rpc::Client& client, std::uint32_t fault) {
    return fault == rpc::fault::access_denied ? kDenied : trouble_of(client, fault);
}

Error refused(const char* action, const std::string& object, HResult result) {
    char number[16];
    std::snprintf(number, sizeof number, "0x%08x", result);
    return {action, object, number};
}

ndr::Guid new_causality() {
    std::array<std::uint8_t, 16> bytes{};
    // Only to tell chains of calls apart in traces: bytes that are missing do no harm.
    [[maybe_unused]] const auto got = ::getrandom(bytes.data(), bytes.size(), GRND_NONBLOCK);
    return ndr::guid_from_bytes(bytes);
}

template <typename Method>
Result<std::vector<std::uint8_t>> object_stub(const typename Method::In& in) {
    auto stub = begin_request(new_causality());
    if (auto appended = ndr::append(stub, in); !appended) return std::move(appended).error();
    return stub;
}

template <typename Method>
Result<typename Method::Out> read_answer(const std::vector<std::uint8_t>& stub) {
    const auto parameters = split_answer(stub);
    if (!parameters) return parameters.error();
    return ndr::read<typename Method::Out>(*parameters);
}

// Where the exporter is, dialled by this host.
Result<std::uint16_t> exporter_port(const DualStringArray& bindings, const std::string& host) {
    std::optional<std::uint16_t> any;
    for (const auto& binding : bindings.strings) {
        if (binding.tower != kTcpTower) continue;
        const auto endpoint = endpoint_of(binding.address);
        if (!endpoint || endpoint->port == 0) continue;
        if (::strcasecmp(endpoint->host.c_str(), host.c_str()) == 0) return endpoint->port;
        if (!any) any = endpoint->port;
    }
    if (!any) return Error{"activate on", host, "its exporter names no TCP port"};
    return *any;
}

} // namespace

// Steps are in the order in which they follow each other. Each completion holds the state weakly:
// with the last RemoteObject everything ends.
class RemoteObject::State : public std::enable_shared_from_this<State> {
  public:
    State(sd_event* loop, RemoteSettings settings)
      : loop_(loop)
      , settings_(std::move(settings))
      , resolver_(std::make_unique<rpc::Client>(loop, settings_.options))
      , exporter_(std::make_unique<rpc::Client>(loop, settings_.options)) {}

    // `done` is called with the state still held by the caller.
    void activate(const ndr::Guid& clsid, std::vector<ndr::Guid> iids, Done done) {
        dial(*resolver_, settings_.port, kActivator,
             [this, clsid, iids = std::move(iids), done = std::move(done)](Status bound,
                                                                           Trouble why) mutable {
                 if (!bound) return done(std::move(bound), why);
                 create(clsid, std::move(iids), std::move(done));
             });
    }

    void enqueue(const rpc::SyntaxId& interface, const ndr::Guid& ipid, std::uint16_t opnum,
                 std::vector<std::uint8_t> stub, CallDone done) {
        waiting_.push_back({interface, ipid, opnum, std::move(stub), std::move(done)});
        if (!busy_) next();
    }

    const ndr::Guid* ipid_of(const ndr::Guid& iid) const {
        const auto found = interfaces_.find(iid);
        return found == interfaces_.end() ? nullptr : &found->second.ipid;
    }

    void query(const ndr::Guid& iid, Done done) {
        auto stub =
            object_stub<RemQueryInterface>({interfaces_.begin()->second.ipid, kFirst, 1, {iid}});
        if (!stub) return done(std::move(stub).error(), kGarbled);
        enqueue(kUnknown, remote_unknown_, RemQueryInterface::opnum, *std::move(stub),
                [this, iid, done = std::move(done)](auto answer, Trouble why) {
                    if (!answer) return done(answer.error(), why);
                    const auto out = read_answer<RemQueryInterface>(*answer);
                    if (!out) return done(out.error(), kGarbled);
                    if (out->result != kOk || !out->found || out->found->size() != 1)
                        return done(refused("query interface", iid.text(), out->result),
                                    refusal(out->result));
                    const StandardReference& found = out->found->front().reference;
                    auto& held = interfaces_[iid];
                    held.ipid = found.ipid;
                    held.references += found.public_references;
                    done(Done_{}, kNone);
                });
    }

    void release(Done done) {
        ping_timer_.reset();
        ReferencesIn in;
        for (const auto& [iid, held] : interfaces_)
            in.interfaces.push_back({held.ipid, held.references, 0});
        in.count = static_cast<std::uint16_t>(in.interfaces.size());
        auto stub = object_stub<RemRelease>(in);
        if (!stub) return done(std::move(stub).error(), kGarbled);
        enqueue(kUnknown, remote_unknown_, RemRelease::opnum, *std::move(stub),
                [this, done = std::move(done)](auto answer, Trouble why) {
                    if (!answer) return done(answer.error(), why);
                    const auto out = read_answer<RemRelease>(*answer);
                    if (!out) return done(out.error(), kGarbled);
                    if (out->result != kOk)
                        return done(refused("release object on", settings_.host, out->result),
                                    refusal(out->result));
                    done(Done_{}, kNone);
                });
    }

    sd_event* loop() const { return loop_; }
    Pings pings() const { return pings_; }

  private:
    using Done_ = mpapi::Done;
    static constexpr std::uint32_t kFirst = 5; // references asked for

    struct Held {
        ndr::Guid ipid;
        std::uint32_t references = 0;
    };
    struct Waiting {
        rpc::SyntaxId interface;
        ndr::Guid ipid;
        std::uint16_t opnum;
        std::vector<std::uint8_t> stub;
        CallDone done;
    };

    void dial(rpc::Client& client, std::uint16_t port, const rpc::SyntaxId& interface, Done done) {
        client.connect(
            settings_.host, port,
            [this, &client, interface, done = std::move(done)](Status connected) mutable {
                if (!connected) return done(std::move(connected), kConnection);
                auto context = settings_.initiators->initiate(settings_.type, settings_.host);
                if (!context) return done(std::move(context).error(), kDenied);
                client.bind(interface, settings_.type, rpc::AuthLevel::Privacy, *std::move(context),
                            [&client, done = std::move(done)](Status bound) {
                                const Trouble why = bound ? kNone : trouble_of(client);
                                done(std::move(bound), why);
                            });
            });
    }

    void create(const ndr::Guid& clsid, std::vector<ndr::Guid> iids, Done done) {
        auto properties = build_activation_request({clsid, {}, iids, {kTcpTower}});
        if (!properties) return done(std::move(properties).error(), kGarbled);
        auto stub = object_stub<RemoteCreateInstance>(
            {std::nullopt, interface_pointer(*std::move(properties))});
        if (!stub) return done(std::move(stub).error(), kGarbled);
        resolver_->call(kActivator, std::nullopt, RemoteCreateInstance::opnum, *std::move(stub),
                        [this, clsid, iids = std::move(iids),
                         done = std::move(done)](auto answer, std::uint32_t fault) {
                            if (!answer)
                                return done(answer.error(), trouble_of_first(*resolver_, fault));
                            const auto out = read_answer<RemoteCreateInstance>(*answer);
                            if (!out) return done(out.error(), kGarbled);
                            // CO_S_NOTALLINTERFACES: which is told for each.
                            if (failed(out->result))
                                return done(refused("activate", clsid.text(), out->result),
                                            refusal(out->result));
                            if (!out->properties)
                                return done(
                                    Error{"activate", clsid.text(), "no properties in the answer"},
                                    kGarbled);
                            const auto reply = parse_activation_reply(out->properties->data);
                            if (!reply) return done(reply.error(), kGarbled);
                            Trouble why = kGarbled;
                            auto taken = take(*reply, iids, why);
                            if (!taken) return done(std::move(taken), why);
                            start_pings();
                            done(Done_{}, kNone);
                        });
    }

    // `why` is set for what was refused.
    Status take(const ActivationReply& reply, const std::vector<ndr::Guid>& iids, Trouble& why) {
        const auto port = exporter_port(reply.bindings, settings_.host);
        if (!port) return port.error();
        std::map<ndr::Guid, Held> interfaces;
        for (const auto& interface : reply.interfaces) {
            if (interface.result != kOk || !interface.object) {
                why = refusal(interface.result);
                return refused("query interface", interface.iid.text(), interface.result);
            }
            const StandardReference& reference = interface.object->reference;
            interfaces[interface.iid] = {reference.ipid, reference.public_references};
            oid_ = reference.oid;
        }
        for (const auto& iid : iids)
            if (!interfaces.contains(iid))
                return Error{"query interface", iid.text(), "is not in the answer"};
        interfaces_ = std::move(interfaces);
        remote_unknown_ = reply.remote_unknown;
        port_ = *port;
        return Done_{};
    }

    void next() {
        if (waiting_.empty()) return;
        busy_ = true;
        const rpc::SyntaxId interface = waiting_.front().interface;
        auto bound = [this](Status status, Trouble why) {
            if (!status) return finish(std::move(status).error(), why);
            Waiting& call = waiting_.front();
            exporter_->call(call.interface, call.ipid, call.opnum, std::move(call.stub),
                            [this](auto answer, std::uint32_t fault) {
                                const Trouble trouble =
                                    answer ? kNone : trouble_of(*exporter_, fault);
                                finish(std::move(answer), trouble);
                            });
        };
        if (exporter_->usable())
            return exporter_->alter_context(interface, [this, bound](Status status) {
                bound(std::move(status), trouble_of(*exporter_));
            });
        exporter_ = std::make_unique<rpc::Client>(loop_, settings_.options);
        exporter_->on_closed(settings_.closed);
        dial(*exporter_, port_, interface, std::move(bound));
    }

    void finish(Result<std::vector<std::uint8_t>> answer, Trouble why) {
        const auto held = shared_from_this(); // the completion may destroy the object
        auto done = std::move(waiting_.front().done);
        waiting_.pop_front();
        busy_ = false;
        done(std::move(answer), why);
        if (!busy_) next();
    }

    void start_pings() {
        const auto due = [](sd_event_source* source, std::uint64_t, void* data) {
            auto& self = *static_cast<State*>(data);
            self.ping();
            sd_event_source_set_time_relative(source, self.ping_usec());
            return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        };
        sd_event_source* source = nullptr;
        // Without a timer there are no pings, and the server will forget us: memory ran out.
        if (sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC, ping_usec(),
                                       ping_usec() / 10, due, this) >= 0)
            ping_timer_.reset(source);
    }

    std::uint64_t ping_usec() const {
        return static_cast<std::uint64_t>(settings_.ping_period.count()) * 1'000'000;
    }

    // The first ping makes the set.
    void ping() {
        if (pinging_) { // one that hangs is no reason to do without the next
            resolver_ = std::make_unique<rpc::Client>(loop_, settings_.options);
            pinged(Error{"ping", settings_.host, "no answer before the next"});
        }
        pinging_ = true;
        auto bound = [this](Status status, Trouble) {
            if (!status) return pinged(std::move(status).error());
            const bool first = set_ == 0;
            auto stub = first ? ndr::write(ComplexPing::In{0, 1, 1, 0, {{oid_}}, {}})
                              : ndr::write(SimplePing::In{set_});
            if (!stub) return pinged(std::move(stub).error());
            resolver_->call(kResolver, std::nullopt, first ? ComplexPing::opnum : SimplePing::opnum,
                            *std::move(stub), [this, first](auto answer, std::uint32_t) {
                                pinged(first ? set_made(answer) : set_pinged(answer));
                            });
        };
        if (resolver_->connected())
            return resolver_->alter_context(
                kResolver, [bound](Status status) { bound(std::move(status), kConnection); });
        resolver_ = std::make_unique<rpc::Client>(loop_, settings_.options);
        dial(*resolver_, settings_.port, kResolver, std::move(bound));
    }

    Status set_made(const Result<std::vector<std::uint8_t>>& answer) {
        if (!answer) return answer.error();
        const auto out = ndr::read<ComplexPing::Out>(*answer);
        if (!out) return out.error();
        if (out->error != 0) return refused("ping", settings_.host, out->error);
        set_ = out->set;
        return Done_{};
    }

    Status set_pinged(const Result<std::vector<std::uint8_t>>& answer) {
        if (!answer) return answer.error();
        const auto out = ndr::read<SimplePing::Out>(*answer);
        if (!out) return out.error();
        // A server that forgot the set may still have the object: made again by the next ping.
        if (out->error != 0) {
            set_ = 0;
            return refused("ping", settings_.host, out->error);
        }
        return Done_{};
    }

    void pinged(const Status& status) {
        pinging_ = false;
        ++(status ? pings_.answered : pings_.failed);
    }

    sd_event* loop_;
    RemoteSettings settings_;
    std::unique_ptr<rpc::Client> resolver_;
    std::unique_ptr<rpc::Client> exporter_;
    std::map<ndr::Guid, Held> interfaces_;
    ndr::Guid remote_unknown_;
    std::uint64_t oid_ = 0;
    std::uint64_t set_ = 0;
    std::uint16_t port_ = 0;
    std::deque<Waiting> waiting_;
    bool busy_ = false;
    bool pinging_ = false;
    Pings pings_;
    EventSource ping_timer_;
};

RemoteObject::RemoteObject(std::shared_ptr<State> state)
  : state_(std::move(state)) {}

RemoteObject::~RemoteObject() = default;

void RemoteObject::activate(sd_event* loop, const RemoteSettings& settings, const ndr::Guid& clsid,
                            std::vector<ndr::Guid> iids, Made made) {
    auto state = std::make_shared<State>(loop, settings);
    State& begun = *state;
    // Until it is made the state is held by its own completion.
    begun.activate(clsid, std::move(iids),
                   [state, made = std::move(made)](Status status, Trouble why) mutable {
                       const auto held = std::move(state);
                       if (!status) return made(std::move(status).error(), why);
                       made(std::unique_ptr<RemoteObject>(new RemoteObject(held)), kNone);
                   });
}

void RemoteObject::call(const ndr::Guid& iid, std::uint16_t opnum,
                        std::vector<std::uint8_t> parameters, CallDone done) {
    auto stub = begin_request(new_causality());
    stub.insert(stub.end(), parameters.begin(), parameters.end());
    const ndr::Guid* ipid = state_->ipid_of(iid);
    state_->enqueue({iid, 0, 0}, ipid ? *ipid : ndr::Guid{}, opnum, std::move(stub),
                    [done = std::move(done)](auto answer, Trouble why) {
                        if (!answer) return done(std::move(answer), why);
                        const auto behind = split_answer(*answer);
                        if (!behind) return done(behind.error(), kGarbled);
                        const auto front = answer->size() - behind->size();
                        answer->erase(answer->begin(),
                                      answer->begin() + static_cast<std::ptrdiff_t>(front));
                        done(std::move(answer), kNone);
                    });
}

void RemoteObject::query(const ndr::Guid& iid, Done done) {
    state_->query(iid, std::move(done));
}

void RemoteObject::release(Done done) {
    state_->release(std::move(done));
}

RemoteObject::Pings RemoteObject::pings() const {
    return state_->pings();
}

namespace {

template <typename Value>
struct Told {
    Result<Value> value;
    Trouble trouble;
};

// Runs the loop until `begin`'s completion was called.
template <typename Value, typename Begin>
Told<Value> wait_for(sd_event* loop, Begin begin) {
    const auto given = std::make_shared<std::optional<Told<Value>>>();
    begin([given](Result<Value> value, Trouble trouble) {
        given->emplace(Told<Value>{std::move(value), trouble});
    });
    while (!*given) {
        if (const int r = sd_event_run(loop, UINT64_MAX); r < 0)
            return {Error{"run", "event loop", "", -r}, kConnection};
    }
    return *std::move(*given);
}

} // namespace

RemoteObject::Activation RemoteObject::activate_and_wait(sd_event* loop,
                                                         const RemoteSettings& settings,
                                                         const ndr::Guid& clsid,
                                                         std::vector<ndr::Guid> iids) {
    auto told = wait_for<std::unique_ptr<RemoteObject>>(loop, [&](auto made) {
        activate(loop, settings, clsid, std::move(iids), std::move(made));
    });
    return {std::move(told.value), told.trouble};
}

RemoteObject::Answer RemoteObject::call_and_wait(const ndr::Guid& iid, std::uint16_t opnum,
                                                 std::vector<std::uint8_t> parameters) {
    auto told = wait_for<std::vector<std::uint8_t>>(state_->loop(), [&](auto done) {
        call(iid, opnum, std::move(parameters), std::move(done));
    });
    return {std::move(told.value), told.trouble};
}

Status RemoteObject::query_and_wait(const ndr::Guid& iid) {
    return wait_for<mpapi::Done>(state_->loop(), [&](auto done) { query(iid, std::move(done)); })
        .value;
}

Status RemoteObject::release_and_wait() {
    return wait_for<mpapi::Done>(state_->loop(), [&](auto done) { release(std::move(done)); })
        .value;
}

Result<Alive> server_alive(sd_event* loop, const std::string& host, std::uint16_t port,
                           const rpc::ClientOptions& options) {
    rpc::Client client(loop, options);
    if (auto connected = client.connect_and_wait(host, port); !connected)
        return std::move(connected).error();
    if (auto bound = client.bind_and_wait(kResolver, rpc::AuthType::None, rpc::AuthLevel::None, {});
        !bound)
        return std::move(bound).error();
    const auto answer = client.call_and_wait(kResolver, std::nullopt, ServerAlive2::opnum, {});
    if (!answer.stub) return answer.stub.error();
    const auto out = ndr::read<ServerAlive2::Out>(*answer.stub);
    if (!out) return out.error();
    if (out->error != 0 || !out->bindings) return refused("ask", host, out->error);
    auto bindings = from_structure(*out->bindings);
    if (!bindings) return std::move(bindings).error();
    return Alive{out->version, *std::move(bindings)};
}

} // namespace mpapi::dcom
