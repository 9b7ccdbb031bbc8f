// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE IN and OUT to a device that answers what the test says.
#include "daemon/disks/reservation_commands.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>

using namespace mpapi;
using namespace mpapi::disks;
using daemon::ScsiReply;

namespace {

// RESERVATIONS PREEMPTED, of which each I_T nexus may have several (SAM-5 5.14, SPC-4 5.13.11).
ScsiReply attention() {
    return {{}, 2, bytes_of("7000060000000000 00000000 2a03 00000000"), 0};
}

// Answers what was put into `first`, then that all is well: no key is registered.
struct Device final : daemon::ScsiDevice {
    std::deque<ScsiReply> first;
    std::size_t commands = 0;

    ScsiReply next() {
        ++commands;
        if (first.empty()) return {};
        const ScsiReply reply = first.front();
        first.pop_front();
        return reply;
    }
    ScsiReply read(std::span<const std::uint8_t>, std::span<std::uint8_t> data,
                   std::chrono::milliseconds) override {
        ScsiReply reply = next();
        if (!reply.good()) return reply;
        const auto keys = bytes_of("00000007 00000000");
        std::copy(keys.begin(), keys.end(), data.begin());
        reply.received = keys.size();
        return reply;
    }
    ScsiReply write(std::span<const std::uint8_t>, std::span<const std::uint8_t>,
                    std::chrono::milliseconds) override {
        return next();
    }
};

struct NoProgress final : daemon::Progress {
    void begin(const char*, std::chrono::milliseconds) override {}
};

struct Scene {
    Device device;
    NoProgress progress;
    ReservationCommands commands{device, progress, std::chrono::milliseconds(100)};

    explicit Scene(std::size_t attentions = 0) { device.first.assign(attentions, attention()); }
    Status reserve() { return commands.send(scsi::ReserveOutAction::Reserve, 0xab); }
};

void five_unit_attentions_are_passed_over(void**) {
    for (std::size_t attentions = 0; attentions <= 5; ++attentions) {
        Scene in(attentions);
        const auto keys = in.commands.read_keys();
        assert_ok(keys);
        assert_int_equal(keys->generation, 7);
        assert_int_equal(in.device.commands, attentions + 1);
        Scene out(attentions);
        assert_ok(out.reserve());
        assert_int_equal(out.device.commands, attentions + 1);
    }
}

void a_sixth_one_is_the_answer(void**) {
    Scene in(6);
    const auto keys = in.commands.read_keys();
    assert_false(keys.has_value());
    assert_int_equal(keys.error().errnum, EIO);
    assert_contains(keys.error().message(), "UNIT ATTENTION");
    assert_int_equal(in.device.commands, 6);
    Scene out(6);
    const auto reserved = out.reserve();
    assert_false(reserved.has_value());
    assert_int_equal(reserved.error().errnum, EIO);
    assert_contains(reserved.error().message(), "UNIT ATTENTION");
    assert_int_equal(out.device.commands, 6);
}

void what_comes_after_attentions_counts(void**) {
    Scene scene(5);
    scene.device.first.push_back({{}, 0x18, {}, 0});
    assert_int_equal(scene.reserve().error().errnum, EBADE);
    assert_int_equal(scene.device.commands, 6);
}

void nothing_else_is_sent_again(void**) {
    struct {
        ScsiReply reply;
        int errnum;
    } const answers[] = {
        {{{}, 0x18, {}, 0}, EBADE},  // RESERVATION CONFLICT
        {{{}, 0x08, {}, 0}, EAGAIN}, // BUSY
        {{{}, 0x28, {}, 0}, EAGAIN}, // TASK SET FULL
        {{{}, 2, {}, 0}, EIO},       // CHECK CONDITION without sense data
        {{{}, 2, bytes_of("7000050000000000 00000000 2000 00000000"), 0}, EOPNOTSUPP},
        {{{}, 2, bytes_of("7000020000000000 00000000 0401 00000000"), 0}, EIO}, // NOT READY
        {{Error{"send", "sda", "", ENODEV}, 0, {}, 0}, ENODEV},
    };
    for (const auto& answer : answers) {
        Scene scene;
        scene.device.first.push_back(answer.reply);
        assert_int_equal(scene.reserve().error().errnum, answer.errnum);
        assert_int_equal(scene.device.commands, 1);
        Scene in;
        in.device.first.push_back(answer.reply);
        assert_int_equal(in.commands.read_keys().error().errnum, answer.errnum);
        assert_int_equal(in.device.commands, 1);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(five_unit_attentions_are_passed_over),
        cmocka_unit_test(a_sixth_one_is_the_answer),
        cmocka_unit_test(what_comes_after_attentions_counts),
        cmocka_unit_test(nothing_else_is_sent_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
