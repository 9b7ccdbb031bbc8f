// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/client.hpp"

#include "clusprep/rpc/client_connection.hpp"

namespace mpapi::rpc {

Client::Client(sd_event* loop, ClientOptions options)
  : loop_(loop)
  , connection_(std::make_shared<ClientConnection>(loop, options)) {}

Client::~Client() {
    connection_->abandon();
}

void Client::connect(const std::string& host, std::uint16_t port, Done done) {
    connection_->connect(host, port, std::move(done));
}

Status Client::attach(Fd socket) {
    return connection_->attach(std::move(socket));
}

void Client::bind(const SyntaxId& interface, AuthType type, AuthLevel level,
                  std::unique_ptr<SecurityContext> context, Done done) {
    connection_->bind(interface, type, level, std::move(context), std::move(done));
}

void Client::on_closed(std::function<void()> closed) {
    connection_->on_closed(std::move(closed));
}

void Client::alter_context(const SyntaxId& interface, Done done) {
    connection_->alter_context(interface, std::move(done));
}

void Client::call(const SyntaxId& interface, std::optional<ndr::Guid> object, std::uint16_t opnum,
                  std::vector<std::uint8_t> stub, CallDone done) {
    connection_->call(interface, object, opnum, std::move(stub), std::move(done));
}

bool Client::connected() const {
    return connection_->connected();
}

bool Client::usable() const {
    return connection_->usable();
}

bool Client::denied() const {
    return connection_->denied();
}

bool Client::garbled() const {
    return connection_->garbled();
}

std::uint32_t Client::association_group() const {
    return connection_->group();
}

const Principal* Client::principal() const {
    return connection_->principal();
}

Status Client::wait(const std::function<void(Done)>& begin) {
    std::optional<Status> result;
    begin([&](Status status) { result = std::move(status); });
    while (!result) {
        const int r = sd_event_run(loop_, UINT64_MAX);
        // The operation refers to what is on our stack.
        if (r < 0) {
            connection_->abandon();
            return Error{"run", "event loop", "", -r};
        }
    }
    return *std::move(result);
}

Status Client::connect_and_wait(const std::string& host, std::uint16_t port) {
    return wait([&](Done done) { connect(host, port, std::move(done)); });
}

Status Client::bind_and_wait(const SyntaxId& interface, AuthType type, AuthLevel level,
                             std::unique_ptr<SecurityContext> context) {
    return wait(
        [&](Done done) { bind(interface, type, level, std::move(context), std::move(done)); });
}

Status Client::alter_context_and_wait(const SyntaxId& interface) {
    return wait([&](Done done) { alter_context(interface, std::move(done)); });
}

Client::Answer Client::call_and_wait(const SyntaxId& interface, std::optional<ndr::Guid> object,
                                     std::uint16_t opnum, std::vector<std::uint8_t> stub) {
    Answer answer{std::vector<std::uint8_t>(), 0};
    auto waited = wait([&](Done done) {
        call(interface, object, opnum, std::move(stub),
             [&answer, done = std::move(done)](auto result, std::uint32_t fault) {
                 answer = {std::move(result), fault};
                 done(mpapi::Done{});
             });
    });
    if (!waited) answer.stub = std::move(waited).error();
    return answer;
}

} // namespace mpapi::rpc
