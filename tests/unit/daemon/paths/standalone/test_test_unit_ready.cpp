// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/test_unit_ready.hpp"

#include "common/scsi/sense.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <deque>

using namespace mpapi;
using namespace mpapi::standalone;
using daemon::ScsiReply;
using scsi::SenseKey;

namespace {

ScsiReply status(std::uint8_t code) {
    ScsiReply reply;
    reply.status = code;
    return reply;
}

ScsiReply check(SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    ScsiReply reply = status(2);
    scsi::Sense sense;
    sense.key = key;
    sense.asc = asc;
    sense.ascq = ascq;
    reply.sense = scsi::build_sense(sense);
    return reply;
}

ScsiReply lost(int errnum = 0) {
    ScsiReply reply;
    reply.error = Error{"send", "sda", "the transport gave up", errnum};
    return reply;
}

void each_reply_says_what_it_says(void**) {
    assert_true(judge(status(0)) == Answer::Ready);
    assert_true(judge(lost()) == Answer::Silent);
    assert_true(judge(lost(ENODEV)) == Answer::Silent);
    assert_true(judge(lost(EMFILE)) == Answer::NotAsked);
    for (const std::uint8_t ascq : std::initializer_list<std::uint8_t>{0x0a, 0x0b, 0x0c, 0x12})
        assert_true(judge(check(SenseKey::NotReady, 0x04, ascq)) == Answer::Waits);
    assert_true(judge(check(SenseKey::NotReady, 0x04, 0x01)) == Answer::Speaks);
    assert_true(judge(check(SenseKey::NotReady, 0x3a, 0x00)) == Answer::Speaks);
    assert_true(judge(check(SenseKey::IllegalRequest, 0x25, 0x00)) == Answer::NoUnit);
    assert_true(judge(check(SenseKey::IllegalRequest, 0x20, 0x00)) == Answer::Speaks);
    assert_true(judge(check(SenseKey::HardwareError, 0x44, 0x00)) == Answer::Speaks);
    for (const std::uint8_t code : std::initializer_list<std::uint8_t>{8, 0x18, 0x28, 0x30, 0x40})
        assert_true(judge(status(code)) == Answer::Speaks);
    assert_true(judge(status(2)) == Answer::Speaks); // without sense data
}

class Device final : public daemon::ScsiDevice {
  public:
    std::deque<ScsiReply> replies;
    int asked = 0;

    ScsiReply read(std::span<const std::uint8_t>, std::span<std::uint8_t>,
                   std::chrono::milliseconds) override {
        fail_msg("%s", "TEST UNIT READY reads nothing");
        return {};
    }
    ScsiReply write(std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> data,
                    std::chrono::milliseconds) override {
        assert_int_equal(cdb.size(), 6);
        for (const std::uint8_t byte : cdb)
            assert_int_equal(byte, 0);
        assert_true(data.empty());
        ++asked;
        ScsiReply reply = replies.front();
        if (replies.size() > 1) replies.pop_front();
        return reply;
    }
};

class NoProgress final : public daemon::Progress {
  public:
    void begin(const char* command, std::chrono::milliseconds) override {
        assert_string_equal(command, "TEST UNIT READY");
    }
};

Readiness ask(Device& device) {
    NoProgress progress;
    return test_unit_ready(device, progress, std::chrono::seconds(1));
}

void unit_attentions_are_asked_again(void**) {
    Device device;
    device.replies = {check(SenseKey::UnitAttention, 0x29, 0x00),
                      check(SenseKey::UnitAttention, 0x2a, 0x06), status(0)};
    assert_true(ask(device) == (Readiness{Answer::Ready, true}));
    assert_int_equal(device.asked, 3);
}

void attentions_about_other_things_are_no_news(void**) {
    Device device;
    device.replies = {check(SenseKey::UnitAttention, 0x2a, 0x03), status(0)};
    assert_true(ask(device) == (Readiness{Answer::Ready, false}));
}

void attentions_without_end_end(void**) {
    Device device;
    device.replies = {check(SenseKey::UnitAttention, 0x29, 0x00)};
    assert_true(ask(device) == (Readiness{Answer::Speaks, true}));
    assert_in_range(device.asked, 2, 10);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_reply_says_what_it_says),
        cmocka_unit_test(unit_attentions_are_asked_again),
        cmocka_unit_test(attentions_about_other_things_are_no_news),
        cmocka_unit_test(attentions_without_end_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
