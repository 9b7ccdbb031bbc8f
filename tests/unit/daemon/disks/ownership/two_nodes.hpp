// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Nodes that share one logical unit with real reservation rules, over a clock that the test moves.
// A node is frozen, hangs, loses paths; commands are carried out at the moment they are sent and
// answered at the next turn.
#pragma once

#include "daemon/disks/ownership/ownership.hpp"
#include "daemon/san/reservations.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::disks::played {

using Time = Alarm::Time;

class Node;

class World {
  public:
    Time now{std::chrono::hours(1)};
    san::Reservations unit;
    std::deque<std::pair<Node*, std::function<void()>>> answers;
    std::vector<Node*> nodes;

    // Everything that happens in this time, in its order.
    void pass(std::chrono::milliseconds time);
    void settle();
};

class Node final : public ReservationUnit, public Alarm, public PathKeeper {
  public:
    Node(World& world, ReservationKey own, std::vector<san::Nexus> nexuses)
      : key(own)
      , paths(std::move(nexuses))
      , world_(world) {
        world.nodes.push_back(this);
        start();
    }
    ~Node() override { std::erase(world_.nodes, this); }

    // The daemon, new.
    void start() {
        ownership.reset();
        due_.reset();
        ownership = std::make_unique<Ownership>(
            *this, this, *this, key,
            Ownership::Observer{[this](OwnershipState state) { states.push_back(state); },
                                [this](const std::string& why) { losses.push_back(why); },
                                [this](const std::string& text) { notes.push_back(text); }});
    }
    void arbitrate() {
        answer.reset();
        ownership->arbitrate([this](Status status) { answer = std::move(status); });
    }
    void stop_defense() {
        answer.reset();
        ownership->stop([this](Status status) { answer = std::move(status); });
    }
    void resume() {
        answer.reset();
        ownership->resume([this](Status status) { answer = std::move(status); });
    }
    // A path that is about to carry I/O: a new nexus, or one of before.
    void bring_back(san::Nexus nexus) {
        answer.reset();
        ownership->admit(std::make_shared<Returning>(*this, nexus),
                         [this](Status status) { answer = std::move(status); });
    }
    bool registered(san::Nexus nexus) const {
        const auto& all = world_.unit.registrations();
        return std::any_of(all.begin(), all.end(), [&](const auto& each) {
            return each.nexus == nexus && each.key == key;
        });
    }
    bool holds() const {
        return std::any_of(paths.begin(), paths.end(),
                           [&](san::Nexus nexus) { return world_.unit.holds(nexus); });
    }

    ReservationKey key;
    std::vector<san::Nexus> paths; // that work
    std::vector<san::Nexus> known; // of this node's ports, besides
    bool frozen = false;           // the daemon does nothing
    bool hangs = false;            // the device does not answer
    std::unique_ptr<Ownership> ownership;
    std::vector<OwnershipState> states;
    std::vector<std::string> losses, notes, log;
    std::optional<Status> answer;
    ReservationKey kept = 0; // by multipathd
    Status keeping = Done{};
    std::function<void(const std::string& command)> before; // each command
    bool fail_release = false, fail_enroll_path = false;

    // Alarm
    Time now() const override { return world_.now; }
    void set(Time when, std::function<void()> then) override {
        due_.emplace(when, std::move(then));
    }

    void stop() override { due_.reset(); }

    std::optional<Time> due() const {
        return due_ ? std::optional<Time>(due_->first) : std::nullopt;
    }
    void ring() {
        const auto then = std::move(due_->second);
        due_.reset();
        then();
    }

    // PathKeeper
    void adopt(ReservationKey adopted, PathKeeper::Ended ended) override {
        kept = adopted;
        later([ended = std::move(ended), status = keeping] { ended(status); });
    }
    void disown(PathKeeper::Ended ended) override {
        kept = 0;
        later([ended = std::move(ended)] { ended(Done{}); });
    }

    // ReservationUnit
    void read(std::function<void(Result<Standing>)> done) override {
        if (!begin("read")) return;
        Standing standing;
        standing.type = world_.unit.type();
        for (const auto& each : world_.unit.registrations())
            standing.registrants.push_back(
                {each.key, is_ours(each.nexus), world_.unit.holds(each.nexus)});
        for (const san::Nexus nexus : paths)
            if (!has_any(nexus)) standing.bare.push_back(name(nexus));
        later([done = std::move(done), standing] { done(standing); });
    }
    void enroll(ReservationKey to, ReservationUnit::Ended ended) override {
        if (!begin("enroll")) return;
        for (const san::Nexus nexus : paths)
            world_.unit.register_key(std::vector{nexus}, 0, to, true, true);
        later([ended = std::move(ended)] { ended(Done{}); });
    }
    void enroll_path(const std::string& device, ReservationKey to,
                     ReservationUnit::Ended ended) override {
        if (!begin("enroll " + device)) return;
        if (fail_enroll_path)
            return later([ended = std::move(ended)] {
                ended(Error{"REGISTER AND IGNORE EXISTING KEY", "", "it does not answer", EIO});
            });
        world_.unit.register_key(std::vector{nexus_of(device)}, 0, to, true, true);
        later([ended = std::move(ended)] { ended(Done{}); });
    }
    void withdraw(ReservationUnit::Ended ended) override { enroll_quietly(0, std::move(ended)); }
    void withdraw_path(const std::string& device, ReservationUnit::Ended ended) override {
        if (!begin("withdraw " + device)) return;
        world_.unit.register_key(std::vector{nexus_of(device)}, 0, 0, true, true);
        later([ended = std::move(ended)] { ended(Done{}); });
    }
    void reserve(ReservationKey with, ReservationUnit::Ended ended) override {
        if (!begin("reserve")) return;
        end(world_.unit.reserve(paths.front(), with, kType).outcome, std::move(ended));
    }
    void preempt(ReservationKey with, ReservationKey victim,
                 ReservationUnit::Ended ended) override {
        if (!begin("preempt " + std::to_string(victim))) return;
        end(world_.unit.preempt(paths.front(), with, victim, kType).outcome, std::move(ended));
    }
    void release(ReservationKey with, ReservationUnit::Ended ended) override {
        if (!begin("release")) return;
        if (fail_release)
            return later([ended = std::move(ended)] {
                ended(Error{"RELEASE", "", "the holder's path is dead", EIO});
            });
        for (const san::Nexus nexus : paths)
            if (world_.unit.holds(nexus)) world_.unit.release(nexus, with, kType);
        later([ended = std::move(ended)] { ended(Done{}); });
    }

    class Returning final : public ReturningPath {
      public:
        Returning(Node& node, san::Nexus nexus)
          : node_(node)
          , nexus_(nexus) {}
        void read(std::function<void(Result<Standing>)> done) override {
            node_.known.push_back(nexus_);
            node_.read(std::move(done));
        }
        void enroll(ReservationKey to, Ended ended) override {
            node_.enroll_path(name(nexus_), to, std::move(ended));
        }
        void withdraw(Ended ended) override { node_.withdraw_path(name(nexus_), std::move(ended)); }

      private:
        Node& node_;
        san::Nexus nexus_;
    };

    static constexpr auto kType = scsi::ReservationType::WriteExclusiveRegistrantsOnly;
    static std::string name(san::Nexus nexus) { return "sd" + std::to_string(nexus); }

  private:
    bool begin(const std::string& command) {
        if (before) before(command);
        log.push_back(command);
        return !hangs;
    }
    void enroll_quietly(ReservationKey to, ReservationUnit::Ended ended) {
        if (!begin("withdraw")) return;
        for (const san::Nexus nexus : paths)
            world_.unit.register_key(std::vector{nexus}, 0, to, true, true);
        later([ended = std::move(ended)] { ended(Done{}); });
    }
    void later(std::function<void()> then) { world_.answers.emplace_back(this, std::move(then)); }
    void end(san::Reservations::Outcome outcome, ReservationUnit::Ended ended) {
        const bool good = outcome == san::Reservations::Outcome::Good;
        later([ended = std::move(ended), good] {
            ended(good ? Status(Done{})
                       : Error{"PERSISTENT RESERVE OUT", "", "RESERVATION CONFLICT", EBADE});
        });
    }
    bool is_ours(san::Nexus nexus) const {
        return std::count(paths.begin(), paths.end(), nexus) > 0 ||
               std::count(known.begin(), known.end(), nexus) > 0;
    }
    bool has_any(san::Nexus nexus) const {
        const auto& all = world_.unit.registrations();
        return std::any_of(all.begin(), all.end(),
                           [&](const auto& each) { return each.nexus == nexus; });
    }
    static san::Nexus nexus_of(const std::string& device) {
        return static_cast<san::Nexus>(std::stoul(device.substr(2)));
    }

    World& world_;
    std::optional<std::pair<Time, std::function<void()>>> due_;
};

inline void World::settle() {
    std::size_t later = 0; // of frozen nodes, kept for when they thaw
    while (later < answers.size()) {
        auto [node, then] = std::move(answers.front());
        answers.pop_front();
        if (node->frozen) {
            answers.emplace_back(node, std::move(then));
            ++later;
            continue;
        }
        later = 0;
        then();
    }
}

inline void World::pass(std::chrono::milliseconds time) {
    const Time end = now + time;
    for (settle();; settle()) {
        Node* first = nullptr;
        for (Node* node : nodes)
            if (!node->frozen && node->due() && *node->due() <= end &&
                (!first || *node->due() < *first->due()))
                first = node;
        if (!first) break;
        now = std::max(now, *first->due());
        first->ring();
    }
    now = end;
}

} // namespace mpapi::disks::played
