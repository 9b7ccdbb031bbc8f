// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A class whose objects tell what is done to them, and a loop that runs when the test says so.
#pragma once

#include "clusprep/dcom/object.hpp"
#include "clusprep/dcom/object_table.hpp"
#include "clusprep/rpc/ndr/guid.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace played {

using namespace mpapi;
using namespace mpapi::ndr::literals;

inline constexpr auto storage_iid = "12108a88-6858-4467-b92f-e6cf4568dfb6"_guid;
inline constexpr auto setup_iid = "491260b5-05c9-40d9-b7f2-1f7bdae0927f"_guid;
inline constexpr auto newer_iid = "11942d87-a1de-4e7f-83fb-a840d9c5928d"_guid;
inline constexpr auto storage_class = "c72b09db-4d53-4f41-8dcc-2d752ab56f7c"_guid;

// What happened, in order: "made", "called 3", "run down", "destroyed".
using Story = std::vector<std::string>;

struct Factory final : dcom::ObjectFactory {
    std::vector<ndr::Guid> iids{storage_iid, setup_iid};
    Story story;
    std::optional<Error> failure;
    bool hold_rundown = false; // then each waits in `rundowns`
    std::vector<std::function<void()>> rundowns;

    struct Object final : dcom::Object {
        Factory& factory;
        explicit Object(Factory& made_by)
          : factory(made_by) {}
        ~Object() override { factory.story.push_back("destroyed"); }
        void call(const ndr::Guid&, std::uint16_t opnum, std::span<const std::uint8_t> stub,
                  const dcom::Caller&, dcom::Reply reply) override {
            factory.story.push_back("called " + std::to_string(opnum));
            reply.stub({stub.begin(), stub.end()});
        }
        void rundown(std::function<void()> done) override {
            factory.story.push_back("run down");
            if (factory.hold_rundown)
                factory.rundowns.push_back(std::move(done));
            else
                done();
        }
    };

    std::string name() const override { return "IPlayed"; }
    std::span<const ndr::Guid> interfaces() const override { return iids; }
    Result<std::unique_ptr<dcom::Object>> create(const dcom::Caller&) override {
        if (failure) return *failure;
        story.push_back("made");
        return std::unique_ptr<dcom::Object>(std::make_unique<Object>(*this));
    }
};

struct Loop {
    std::deque<std::function<void()>> queue;
    dcom::Later later() {
        return [this](std::function<void()> task) { queue.push_back(std::move(task)); };
    }
    void run() {
        while (!queue.empty()) {
            auto task = std::move(queue.front());
            queue.pop_front();
            task();
        }
    }
};

} // namespace played
