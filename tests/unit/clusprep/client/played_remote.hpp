// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The other end of the client without a wire: the server's own sessions over a played node, so that
// what is asked and answered went through the bytes of both sides.
#pragma once

#include "clusprep/client/perform.hpp"
#include "clusprep/interfaces/classes.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"
#include "tests/unit/cmocka.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::client {

class PlayedRemote final : public Remote {
  public:
    explicit PlayedRemote(csvp::Node& node)
      : machine_(node) {}

    // In place of an answer, by opnum: of the next call alone.
    std::map<std::uint16_t, Outcome<std::vector<std::uint8_t>>> instead;
    std::optional<Failure> refuses; // every activation

    Outcome<std::unique_ptr<RemoteObject>> activate(const ndr::Guid& clsid,
                                                    const ndr::Guid& iid) override {
        if (refuses) return *refuses;
        for (csvp::Class& each : csvp::classes(machine_))
            if (each.clsid == clsid) {
                auto made = each.factory->create({principal_, rpc::AuthLevel::Privacy, address_});
                assert_ok(made);
                return std::unique_ptr<RemoteObject>(
                    std::make_unique<Object>(*this, std::move(*made), iid));
            }
        return Failure{Failure::Kind::Refused, "", "", 0x80040154, {}};
    }

  private:
    class Object final : public RemoteObject {
      public:
        Object(PlayedRemote& remote, std::unique_ptr<dcom::Object> object, const ndr::Guid& iid)
          : remote_(remote)
          , object_(std::move(object))
          , iid_(iid) {}
        ~Object() override {
            bool ended = false;
            object_->rundown([&] { ended = true; });
            assert_true(ended);
        }

        Outcome<std::vector<std::uint8_t>> call(std::uint16_t opnum,
                                                std::vector<std::uint8_t> stub) override {
            if (const auto found = remote_.instead.find(opnum); found != remote_.instead.end()) {
                auto answer = std::move(found->second);
                remote_.instead.erase(found);
                return answer;
            }
            std::optional<dcom::Answer> answer;
            object_->call(iid_, opnum, stub,
                          {remote_.principal_, rpc::AuthLevel::Privacy, remote_.address_},
                          dcom::Reply([&](dcom::Answer given) { answer = std::move(given); }));
            assert_true(answer.has_value());
            if (answer->fault != 0) return Failure{Failure::Kind::Fault, "", "", answer->fault, {}};
            return std::move(answer->stub);
        }

      private:
        PlayedRemote& remote_;
        std::unique_ptr<dcom::Object> object_;
        ndr::Guid iid_;
    };

    csvp::Machine machine_;
    rpc::Principal principal_{"EXAMPLE\\admin", {}, rpc::AuthType::Ntlm};
    std::string address_ = "192.0.2.99";
};

// Keeps what was called.
class Listener final : public CallWatcher {
  public:
    std::vector<std::string> calls;
    bool interrupted = false;

    Status begins(const std::string&, const std::string& method) override {
        if (interrupted) return Error{"interrupted", "", ""};
        calls.push_back(method);
        return Done{};
    }
    void ended() override {}
    std::string text() const {
        std::string text;
        for (const std::string& call : calls)
            text += (text.empty() ? "" : " ") + call;
        return text;
    }
};

// A user at a command line.
struct Desk {
    csvp::PlayedNode node;
    PlayedRemote remote{node};
    Listener listener;
    std::string out, err;
    int exit = -1;
    Console console{false, [this](const std::string& text) { out += text; },
                    [this](const std::string& text) { err += text; }};
    std::chrono::milliseconds time{0};
    Clock clock = [this] { return time += std::chrono::milliseconds(5); };

    // "disk list n1": as typed, with an object of its own. What was told is kept.
    int run(const std::string& line) {
        out.clear();
        err.clear();
        listener.calls.clear();
        const auto words = split_words(line);
        assert_ok(words);
        std::vector<const char*> arguments{"clusprep"};
        for (const std::string& word : *words)
            arguments.push_back(word.c_str());
        const Parsed parsed = parse(static_cast<int>(arguments.size()), arguments.data());
        if (const auto* stop = std::get_if<Stop>(&parsed)) {
            (stop->wrong ? err : out) += stop->text;
            return exit = stop->exit;
        }
        const auto& invocation = std::get<Invocation>(parsed);
        Server server(remote, invocation.command.node, listener);
        return exit = perform(invocation, server, console, clock);
    }

    int session(const std::vector<std::string>& lines, const std::string& options = "") {
        out.clear();
        err.clear();
        listener.calls.clear();
        const auto words = split_words("session n1 " + options);
        assert_ok(words);
        std::vector<const char*> arguments{"clusprep"};
        for (const std::string& word : *words)
            arguments.push_back(word.c_str());
        const Parsed parsed = parse(static_cast<int>(arguments.size()), arguments.data());
        assert_true(std::holds_alternative<Invocation>(parsed));
        const auto& invocation = std::get<Invocation>(parsed);
        Server server(remote, invocation.command.node, listener);
        std::size_t at = 0;
        return exit = perform_session(
                   invocation, server, console, clock,
                   [&]() -> std::optional<std::string> {
                       if (at == lines.size()) return std::nullopt;
                       return lines[at++];
                   },
                   false);
    }
};

} // namespace mpapi::client
