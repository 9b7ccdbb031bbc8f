// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/secret/secret.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>

using namespace mpapi;
using namespace mpapi::node;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Content = std::optional<Bytes>;

// Seals by turning bytes around, when it is told to.
class World {
  public:
    World() {
        assert_non_null(::mkdtemp(folder_.data()));
        begin();
    }
    ~World() {
        ::unlink(file().c_str());
        ::rmdir(folder_.data());
    }
    std::string file() const { return std::string(folder_.data()) + "/secret"; }
    // As after a reboot.
    void begin() {
        secret.emplace(file(), [this](Secret::Direction, const std::string& bytes, auto done) {
            waiting.push_back([this, bytes, done] {
                if (broken) return done(Error{"run", "systemd-creds", "no key"});
                done(std::string(bytes.rbegin(), bytes.rend()));
            });
        });
    }
    void work() {
        while (!waiting.empty()) {
            const auto one = std::move(waiting.front());
            waiting.pop_front();
            one();
        }
    }
    csvp::Outcome<Done> store(const Bytes& bytes) {
        std::optional<csvp::Outcome<Done>> outcome;
        secret->store(bytes, [&](auto result) { outcome = std::move(result); });
        work();
        assert_true(outcome.has_value());
        return *outcome;
    }
    csvp::Outcome<Content> retrieve() {
        std::optional<csvp::Outcome<Content>> outcome;
        secret->retrieve([&](auto result) { outcome = std::move(result); });
        work();
        assert_true(outcome.has_value());
        return *outcome;
    }

    std::optional<Secret> secret;
    std::deque<std::function<void()>> waiting;
    bool broken = false;

  private:
    std::array<char, 32> folder_{"/tmp/node-secret-XXXXXX"};
};

void none_was_stored_at_first(void**) {
    World world;
    const auto found = world.retrieve();
    assert_true(found && !*found);
}

void any_bytes_come_back_after_a_reboot(void**) {
    World world;
    for (const Bytes& bytes : {Bytes{}, Bytes{0}, Bytes{1, 0, 255}, Bytes(Secret::kMostBytes, 7)}) {
        assert_true(bool(world.store(bytes)));
        world.begin();
        const auto found = world.retrieve();
        assert_true(found && *found);
        assert_true(**found == bytes);
    }
}

void the_file_is_for_its_owner_and_is_not_the_secret(void**) {
    World world;
    assert_true(bool(world.store({'a', 'b', 'c'})));
    struct stat status {};
    assert_int_equal(::stat(world.file().c_str(), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_text_equal(*read_file(world.file(), 100), "cba");
}

void a_secret_that_cannot_be_sealed_leaves_the_old_one(void**) {
    World world;
    assert_true(bool(world.store({1})));
    world.broken = true;
    const auto refused = world.store({2});
    assert_true(refused.failure().code == csvp::Hresult::Failed);
    assert_contains(refused.failure().error.message(), "no key");
    assert_true(world.retrieve().failure().code == csvp::Hresult::Failed);
    world.broken = false;
    assert_true(**world.retrieve() == Bytes{1});
}

void what_is_too_large_is_refused(void**) {
    World world;
    const auto refused = world.store(Bytes(Secret::kMostBytes + 1));
    assert_true(refused.failure().code == csvp::Hresult::InvalidParameter);
}

void operations_keep_their_order(void**) {
    World world;
    std::string told;
    const auto say = [&](const char* what) {
        return [&told, what](auto outcome) { told += std::string(what) + (outcome ? " " : "! "); };
    };
    world.secret->store(Bytes{1}, say("store"));
    world.secret->retrieve(
        [&](auto found) { told += found && *found && **found == Bytes{1} ? "first " : "? "; });
    world.secret->store(Bytes{2}, say("store"));
    world.secret->retrieve(
        [&](auto found) { told += found && *found && **found == Bytes{2} ? "second " : "? "; });
    world.secret->remove(say("remove"));
    world.secret->remove(say("remove"));
    world.secret->retrieve([&](auto found) { told += found && !*found ? "none" : "?"; });
    assert_int_equal(world.waiting.size(), 1); // one at a time
    world.work();
    assert_text_equal(told, "store first store second remove remove none");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(none_was_stored_at_first),
        cmocka_unit_test(any_bytes_come_back_after_a_reboot),
        cmocka_unit_test(the_file_is_for_its_owner_and_is_not_the_secret),
        cmocka_unit_test(a_secret_that_cannot_be_sealed_leaves_the_old_one),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(operations_keep_their_order),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
